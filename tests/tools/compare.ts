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
import { grouped, median, shown, table } from "./figures.ts";
import { cpuSeconds, NAMES, type Pair, type Side, withPair } from "./pair.ts";

const HELP = `Measures Redino beside redis-server, with redis-benchmark.

  --tests LIST     ${"ping_mbulk,set,get,incr,mset"} unless given; also
                   lpush,rpush,lpop,rpop,lrange_100,lrange_600,sadd,spop,hset,zadd,zpopmin
  --pipeline LIST  requests in one write: 1,16
  --rounds N       5
  --requests N     100000 for each run, four times as many when pipelined
  --clients N      50
  --noise          redis-server beside itself: how much the figures scatter
  --json           figures of every run instead of the table
`;

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
    string: ["tests", "pipeline", "rounds", "requests", "clients"],
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
      return { test, pipeline, clients, requests: pipeline > 1 ? requests * 4 : requests };
    })
  );
  await withPair({ noise: options.noise }, async (pair) => {
    for (const { port } of Object.values(pair)) await fill(port);
    const results: Result[] = [];
    for (const plan of plans) {
      // Code that has not run yet is slow code in both, but not equally.
      await runRound(pair, { ...plan, requests: Math.ceil(plan.requests / 5) }, 0);
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
  await prepare(server.port, plan);
  const before = cpuSeconds(server.pid);
  const perSecond = await benchmark(server.port, plan, loadOf(plan.test));
  const used = cpuSeconds(server.pid) - before;
  return { perSecond, cpuMicroseconds: used * 1e6 / plan.requests };
}

/** redis-benchmark's own test would push the elements within the measured time. */
function loadOf(test: string): string[] {
  const range = /^lrange_(\d+)$/.exec(test);
  return range === null ? ["-t", test] : ["LRANGE", "mylist", "0", String(Number(range[1]) - 1)];
}

/** What the tests that take away find, there before each run. */
const stocks: Readonly<Record<string, string>> = {
  lpop: "lpush",
  rpop: "lpush",
  spop: "sadd",
  zpopmin: "zadd",
};

async function prepare(port: number, plan: Plan): Promise<void> {
  const stock = stocks[plan.test] ?? (plan.test.startsWith("lrange") ? "lpush" : undefined);
  if (stock === undefined) return;
  const requests = stock === "lpush" && plan.test.startsWith("lrange") ? 1_000 : plan.requests;
  await using client = await connect(port);
  await client.send("DEL", "mylist", "myset", "myzset");
  await benchmark(port, { ...plan, pipeline: 16, requests }, ["-t", stock]);
}

/** Requests a second, as redis-benchmark says. */
async function benchmark(port: number, plan: Plan, load: string[]): Promise<number> {
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
