/**
 * Our server beside a redis-server under the same load in turn: throughput and the server's processor
 * time a request, as a table for the README. `deno task compare --help` lists the options.
 * `--floor` adds a program that only reads and writes (`floor_server.ts`): what is left when a server
 * does nothing shows how much of a load is the sockets, and the program that makes the load.
 *
 * Each round runs both servers right after each other, and the next round in the other order, so that
 * a slower stretch of the machine meets both; what counts is the median of the rounds' ratios.
 */

import { parseArgs } from "@std/cli";
import { encodeCommand } from "../support/resp_client.ts";
import { connect } from "../support/resp_client.ts";
import {
  floorSummary,
  type Plan,
  type Result,
  type Round,
  type Run,
  summary,
} from "./compare_tables.ts";
import { type Exchange, EXCHANGES, runExchange } from "./exchanges.ts";
import { Relay, startFloor } from "./floor.ts";
import type { Conversation } from "./floor_server.ts";
import { type Load, LOAD_KEYS, loadOf, OWN_LOADS } from "./loads.ts";
import { cpuSeconds, type Pair, withChild, withPair } from "./pair.ts";

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
  --floor          also a Deno program that only reads and writes: ratios, and processor cores
                   in use; "–" where requests can't be told apart by their length
  --json           figures of every run instead of the table
`;

const listenPath = new URL("./listen.ts", import.meta.url).pathname;

/** Tests of redis-benchmark's that are run as they are. */
const STOCK_TESTS: readonly string[] = [
  ...["ping_inline", "ping_mbulk", "set", "get", "incr", "mset"],
  ...["lpush", "rpush", "sadd", "hset", "zadd"],
];

const KEYS = 100_000;
const VALUE_BYTES = 32;

/**
 * Requests that the floor learns a load from: some, since replies with numbers differ in length. Whole
 * pipelines of 16, with which the lists are filled: redis-benchmark may give up on part of one.
 */
const LEARNED_REQUESTS = 32;

interface Address {
  readonly port: number;
  readonly pid: number;
}

type Servers = Pair & { readonly floor?: Address };

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json", "noise", "floor"],
    string: ["tests", "pipeline", "rounds", "requests", "clients", "config"],
    unknown: (argument) => {
      console.error(`compare: unknown option "${argument}", see --help`);
      Deno.exit(1);
    },
  });
  if (options.help) return console.log(HELP);
  const tests = (options.tests ?? "ping_mbulk,set,get,incr,mset").split(",");
  const unknown = tests.filter((test) => !isKnown(test));
  if (unknown.length > 0) {
    console.error(`compare: no such load: ${unknown.join(", ")}, see --help`);
    Deno.exit(1);
  }
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
      const conversations = options.floor ? await learned(pair.theirs.port, plan) : null;
      const measure = async (servers: Servers) => {
        results.push({ ...plan, rounds: await runRounds(servers, plan, rounds) });
      };
      if (conversations === null) await measure(pair);
      else {
        const floor = await startFloor(conversations);
        await withChild(floor, (floor) => measure({ ...pair, floor }));
      }
      if (!options.json) console.error(`${plan.test} P=${plan.pipeline} done`);
    }
    const tables = options.floor ? floorSummary : summary;
    console.log(options.json ? JSON.stringify(results, null, 2) : tables(results, options.noise));
  });
}

/** A name that is in none of the three would be noticed only when its turn has come. */
function isKnown(test: string): boolean {
  return test in EXCHANGES || OWN_LOADS.includes(test) || STOCK_TESTS.includes(test);
}

async function runRounds(servers: Servers, plan: Plan, count: number): Promise<Round[]> {
  // Code that has not run yet is slow code in both, but not equally: the first round is no figure.
  await runRound(servers, plan, 0);
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) rounds.push(await runRound(servers, plan, round));
  return rounds;
}

async function runRound(servers: Servers, plan: Plan, round: number): Promise<Round> {
  const { ours, theirs, floor } = servers;
  const runs: Partial<Round> = {};
  const steps = [
    async () => runs.ours = await runOne(ours, plan),
    async () => runs.theirs = await runOne(theirs, plan),
    async () => {
      if (floor !== undefined) runs.floor = await runOne(floor, plan, { filled: true });
    },
  ];
  for (const step of round % 2 === 0 ? steps : steps.reverse()) await step();
  return runs as Round;
}

/** What a load says and redis-server answers; null when the floor can't know what to answer. */
async function learned(port: number, plan: Plan): Promise<Conversation[] | null> {
  const sample = { ...plan, requests: LEARNED_REQUESTS, clients: 1, pipeline: 1 };
  await using relay = new Relay(port);
  const exchange = EXCHANGES[plan.test];
  if (exchange !== undefined) {
    await exchange.fill?.(port, LEARNED_REQUESTS);
    await runExchange(exchange, relay.port, { ...sample, count: LEARNED_REQUESTS });
  } else {
    const load = loadOf(plan.test);
    await prepare(port, sample, load);
    await using _listening = await listeners(relay.port, Math.min(1, load.subscribers ?? 0));
    await benchmark(relay.port, sample, load.arguments);
  }
  return relay.conversations();
}

/** `filled` where no data is needed. */
async function runOne(server: Address, plan: Plan, { filled = false } = {}): Promise<Run> {
  const exchange = EXCHANGES[plan.test];
  if (exchange !== undefined) return await runExchangeOf(exchange, server, plan, filled);
  const load = loadOf(plan.test);
  if (!filled) await prepare(server.port, plan, load);
  await using _listening = await listeners(server.port, load.subscribers ?? 0);
  return await measured(
    server.pid,
    plan.requests,
    () => benchmark(server.port, plan, load.arguments),
  );
}

async function runExchangeOf(
  exchange: Exchange,
  server: Address,
  { requests, clients, pipeline }: Plan,
  filled: boolean,
): Promise<Run> {
  // What takes several steps is done less often.
  const load = { count: Math.ceil(requests / 5), clients, pipeline };
  if (!filled) await exchange.fill?.(server.port, load.count);
  return await measured(server.pid, load.count, () => runExchange(exchange, server.port, load));
}

/** What the process used for so many requests, while `run` made so many a second of them. */
async function measured(pid: number, count: number, run: () => Promise<number>): Promise<Run> {
  const before = cpuSeconds(pid);
  const perSecond = await run();
  const used = cpuSeconds(pid) - before;
  return { perSecond, cpuMicroseconds: used * 1e6 / count, coreShare: used * perSecond / count };
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
  const row = lines.filter((line) => /^"[^"]*","(?:[\d.]+|inf)"/.test(line)).at(-1);
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

if (import.meta.main) await main();
