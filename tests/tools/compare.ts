/**
 * Our server beside a redis-server under the same load in turn: throughput and the server's processor
 * time a request, as a table for the README. `deno task compare --help` lists the options.
 *
 * Each round runs both servers right after each other, and the next round in the other order, so that
 * a slower stretch of the machine meets both; what counts is the median of the rounds' ratios.
 */

import { parseArgs } from "@std/cli";
import { encodeCommand } from "../support/resp_client.ts";
import { connect } from "../support/resp_client.ts";
import { type Exchange, EXCHANGES, runExchange } from "./exchanges.ts";
import { grouped, median, shown, table } from "./figures.ts";
import { type Load, LOAD_KEYS, loadOf, OWN_LOADS } from "./loads.ts";
import { cpuSeconds, NAMES, type Pair, type Side, withPair } from "./pair.ts";

const HELP = `Measures Redino beside redis-server, with redis-benchmark.

  --tests LIST     ${"ping_mbulk,set,get,incr,mset"} unless given; also
                   lpush,rpush,sadd,hset,zadd and redis-benchmark's other tests,
                   ${[...OWN_LOADS, ...Object.keys(EXCHANGES)].join(",")}
  --config TEXT    more of both command lines, as --config="--appendonly yes"
  --pipeline LIST  requests in one write: 1,16
  --rounds N       5
  --requests N     100000 for each run, four times as many when pipelined
  --clients N      50
  --noise          redis-server beside itself: how much the figures scatter
  --json           figures of every run instead of the table
`;

const listenPath = new URL("./listen.ts", import.meta.url).pathname;

const KEYS = 100_000;
const VALUE_BYTES = 32;

interface Plan {
  test: string;
  pipeline: number;
  requests: number;
  clients: number;
}

interface Run {
  perSecond: number;
  cpuMicroseconds: number;
}

interface Result extends Plan {
  /** By round. */
  rounds: Record<Side, Run>[];
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json", "noise"],
    string: ["tests", "pipeline", "rounds", "requests", "clients", "config"],
    unknown: (argument) => {
      console.error(`compare: unknown option "${argument}", see --help`);
      Deno.exit(1);
    },
  });
  if (options.help) return console.log(HELP);
  const tests = (options.tests ?? "ping_mbulk,set,get,incr,mset").split(",");
  const pipelines = (options.pipeline ?? "1,16").split(",").map(Number);
  const requests = Number(options.requests ?? 100_000);
  const rounds = Number(options.rounds ?? 5);
  const clients = Number(options.clients ?? 50);
  const plans = pipelines.flatMap((pipeline) =>
    tests.map((test) => {
      const share = (loadOf(test).share ?? 1) * (pipeline > 1 ? 4 : 1);
      return { test, pipeline, clients, requests: Math.max(1_000, requests * share) };
    })
  );
  const args = (options.config ?? "").split(/\s+/).filter((word) => word !== "");
  await withPair({ noise: options.noise, args }, async (pair) => {
    for (const { port } of Object.values(pair)) await fill(port);
    const results: Result[] = [];
    for (const plan of plans) {
      // Code that has not run yet is slow code in both, but not equally: the first round is no figure.
      await runRound(pair, plan, 0);
      const result: Result = { ...plan, rounds: [] };
      for (let round = 0; round < rounds; round++) {
        result.rounds.push(await runRound(pair, plan, round));
      }
      results.push(result);
      if (!options.json) console.error(`${plan.test} P=${plan.pipeline} done`);
    }
    console.log(options.json ? JSON.stringify(results, null, 2) : summary(results, options.noise));
  });
}

async function runRound(pair: Pair, plan: Plan, round: number): Promise<Record<Side, Run>> {
  const order: Side[] = round % 2 === 0 ? ["ours", "theirs"] : ["theirs", "ours"];
  const runs: Partial<Record<Side, Run>> = {};
  for (const side of order) runs[side] = await runOne(pair[side], plan);
  return { ours: runs.ours!, theirs: runs.theirs! };
}

async function runOne(server: { port: number; pid: number }, plan: Plan): Promise<Run> {
  const exchange = EXCHANGES[plan.test];
  if (exchange !== undefined) return runExchangeOf(exchange, server, plan);
  const load = loadOf(plan.test);
  await prepare(server.port, plan, load);
  await using _listening = await listeners(server.port, load.subscribers ?? 0);
  const before = cpuSeconds(server.pid);
  const perSecond = await benchmark(server.port, plan, load.arguments);
  const used = cpuSeconds(server.pid) - before;
  return { perSecond, cpuMicroseconds: used * 1e6 / plan.requests };
}

async function runExchangeOf(
  exchange: Exchange,
  server: { port: number; pid: number },
  { requests, clients, pipeline }: Plan,
): Promise<Run> {
  // What takes several steps is done less often.
  const load = { count: Math.ceil(requests / 5), clients, pipeline };
  const before = cpuSeconds(server.pid);
  const perSecond = await runExchange(exchange, server.port, load);
  const used = cpuSeconds(server.pid) - before;
  return { perSecond, cpuMicroseconds: used * 1e6 / load.count };
}

async function prepare(port: number, plan: Plan, load: Load): Promise<void> {
  await using client = await connect(port);
  await client.send("DEL", ...LOAD_KEYS);
  await load.fill?.(client);
  if (load.stock === undefined) return;
  const { test, requests = plan.requests } = load.stock;
  await benchmark(port, { ...plan, pipeline: 16, requests }, ["-t", test]);
}

/** Clients in a process of their own that subscribe to `channel` and read; none for 0. */
async function listeners(port: number, count: number): Promise<AsyncDisposable> {
  if (count === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", listenPath, String(port), String(count)],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const ready = child.stdout.getReader();
  if ((await ready.read()).done) throw new Error("the subscribers ended");
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
      await ready.cancel();
    },
  };
}

/** Requests a second, as redis-benchmark says. */
async function benchmark(port: number, plan: Plan, load: readonly string[]): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command("redis-benchmark", {
    args: [
      ...["-p", String(port), "-n", String(plan.requests), "-c", String(plan.clients)],
      ...["-P", String(plan.pipeline), "-d", String(VALUE_BYTES), "-r", String(KEYS)],
      ...["--csv", ...load],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const lines = new TextDecoder().decode(stdout).split(/[\r\n]+/);
  const row = lines.filter((line) => /^"[^"]*","[\d.]+"/.test(line)).at(-1);
  if (!success || row === undefined) {
    const output = new TextDecoder().decode(stderr) + lines.join("\n");
    throw new Error(`redis-benchmark ${load.join(" ")} gave no figure: ${output}`);
  }
  return Number(row.split(",")[1].replaceAll('"', ""));
}

/** All the keys that SET, GET and MSET pick from, so that GET finds what it asks for. */
async function fill(port: number): Promise<void> {
  await using client = await connect(port);
  const value = "x".repeat(VALUE_BYTES);
  for (let start = 0; start < KEYS; start += 1_000) {
    const words = ["MSET"];
    for (let i = start; i < start + 1_000; i++) {
      words.push(`key:${String(i).padStart(12, "0")}`, value);
    }
    const stored = client.nextReply();
    await client.raw(encodeCommand(words));
    // A server without MSET is filled by the SETs that are measured.
    if ((await stored).kind === "error") return;
  }
}

function summary(results: readonly Result[], noise: boolean): string {
  const ours = noise ? "redis-server beside itself" : NAMES.ours;
  const header = [
    "test",
    "P",
    `${ours} requests/s`,
    `${NAMES.theirs} requests/s`,
    "ratio (min to max)",
    `${ours} CPU µs/request`,
    `${NAMES.theirs} CPU µs/request`,
    "CPU ratio",
  ];
  return table(header, results.map(rowOf));
}

function rowOf({ test, pipeline, rounds }: Result): string[] {
  const of = (side: Side, key: keyof Run) => median(rounds.map((round) => round[side][key]));
  const ratios = rounds.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond);
  const cpuRatios = rounds.map(({ ours, theirs }) => ours.cpuMicroseconds / theirs.cpuMicroseconds);
  return [
    test,
    String(pipeline),
    grouped(of("ours", "perSecond")),
    grouped(of("theirs", "perSecond")),
    `${shown(median(ratios))} (${shown(Math.min(...ratios))} to ${shown(Math.max(...ratios))})`,
    shown(of("ours", "cpuMicroseconds")),
    shown(of("theirs", "cpuMicroseconds")),
    shown(median(cpuRatios)),
  ];
}

if (import.meta.main) await main();
