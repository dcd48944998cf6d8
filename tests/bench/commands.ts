/**
 * Processor time a request of single commands, sockets apart: pipelines of 16 requests go as bytes
 * through the parser, the dispatcher and the engine, as a connection hands them on, with the keys of
 * redis-benchmark among 100,000 members.
 *
 *     deno run -A tests/bench/commands.ts [names, apart by commas] [rounds]
 *
 * All commands are run before the first is measured, because what V8 has seen of others is part of
 * what a command costs in a server. Rounds are short, so that on a busy machine some are undisturbed: the
 * lowest figure is the one to compare.
 */

import { SeededRandom } from "../../lib/host/random.ts";
import { median } from "../tools/figures.ts";
import { EngineDriver, PIPELINE, pipelined, type Words } from "./engine_driver.ts";

/** Pipelines of one round. */
const PIPELINES = 1_000;
/** Rounds before the first that counts. */
const WARM_UP_ROUNDS = 3;
const MEMBERS = 100_000;
const VALUE = "x".repeat(32);
const random = new SeededRandom(1);

interface Subject {
  /** Words of one request. */
  readonly request: () => Words;
  /** Commands before each round that are not measured. */
  readonly fill?: () => Iterable<Words>;
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  ping: { request: () => ["PING"] },
  set: { request: () => ["SET", `key:${rand()}`, VALUE] },
  get: { request: () => ["GET", `key:${rand()}`] },
  incr: { request: () => ["INCR", `counter:${rand()}`] },
  mset_10: { request: () => ["MSET", ...tenKeys().flatMap((key) => [key, VALUE])] },
  mget_10: { request: () => ["MGET", ...tenKeys()] },
  lpush: { request: () => ["LPUSH", "mylist", VALUE] },
  rpush: { request: () => ["RPUSH", "mylist", VALUE] },
  lpop: { request: () => ["LPOP", "mylist"], fill: () => elements("mylist") },
  rpop: { request: () => ["RPOP", "mylist"], fill: () => elements("mylist") },
  sadd: { request: () => ["SADD", "myset", `element:${rand()}`] },
  spop: { request: () => ["SPOP", "myset"], fill: () => members(["SADD", "myset"]) },
  hset: { request: () => ["HSET", "myhash", `element:${rand()}`, VALUE] },
  hget: { request: () => ["HGET", "myhash", `element:${rand()}`] },
  hlen: { request: () => ["HLEN", "myhash"] },
  llen: { request: () => ["LLEN", "mylist"] },
  zcard: { request: () => ["ZCARD", "myzset3"] },
  zadd: { request: () => ["ZADD", "myzset", rand(), `element:${rand()}`] },
  zpopmin: { request: () => ["ZPOPMIN", "myzset2"], fill: () => scored("myzset2") },
  zrank: { request: () => ["ZRANK", "myzset3", `element:${rand()}`] },
  zscore: { request: () => ["ZSCORE", "myzset3", `element:${rand()}`] },
  zrange_10: { request: () => ["ZRANGE", "myzset3", 50_000, 50_009] },
  hgetall_10: { request: () => ["HGETALL", "smallhash"] },
  lrange_100: { request: () => ["LRANGE", "mylist2", 0, 99] },
};

function tenKeys(): string[] {
  return Array.from({ length: 10 }, () => `key:${rand()}`);
}

function main(): void {
  const names = Deno.args[0] === undefined || Deno.args[0] === "all"
    ? Object.keys(SUBJECTS)
    : Deno.args[0].split(",");
  const rounds = Number(Deno.args[1] ?? 25);
  const driver = new EngineDriver();
  prepare(driver);
  const plans = Object.entries(SUBJECTS).map(([name, { request, fill }]) => {
    return {
      name,
      fill: fill === undefined ? [] : pipelined([...fill()]),
      request,
      times: [] as number[],
    };
  });
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const plan of plans) runOnce(driver, plan);
  }
  const chosen = plans.filter((plan) => names.includes(plan.name));
  for (let round = 0; round < rounds; round++) {
    for (const plan of chosen) plan.times.push(runOnce(driver, plan));
  }
  console.log("command        ns of processor time a request: lowest, median");
  for (const { name, times } of chosen) {
    const lowest = Math.min(...times).toFixed(0);
    console.log(`${name.padEnd(14)} ${lowest.padStart(5)} ${median(times).toFixed(0).padStart(5)}`);
  }
}

/** Nanoseconds a request. */
function runOnce(
  driver: EngineDriver,
  { fill, request }: { fill: readonly Uint8Array[]; request: () => Words },
): number {
  driver.run(fill);
  const pipelines = pipelined(Array.from({ length: PIPELINES * PIPELINE }, request));
  return driver.measure(pipelines);
}

function prepare(driver: EngineDriver): void {
  driver.run(pipelined([
    ...Array.from({ length: MEMBERS }, (_, i) => ["SET", `key:${padded(i)}`, VALUE]),
    ...scored("myzset3"),
    ...Array.from({ length: 10 }, (_, i) => ["HSET", "smallhash", `field:${i}`, "x".repeat(16)]),
    ...Array.from({ length: 1_000 }, () => ["RPUSH", "mylist2", "abc"]),
  ]));
}

function elements(key: string): Words[] {
  return [
    ["DEL", key],
    ...Array.from({ length: PIPELINES * PIPELINE }, () => ["RPUSH", key, VALUE]),
  ];
}

function members(words: string[]): Words[] {
  return Array.from({ length: MEMBERS }, (_, i) => [...words, `element:${padded(i)}`]);
}

function scored(key: string): Words[] {
  return Array.from({ length: MEMBERS }, (_, i) => ["ZADD", key, i, `element:${padded(i)}`]);
}

/** A number as redis-benchmark writes its `__rand_int__`. */
function rand(): string {
  return padded(random.below(MEMBERS));
}

function padded(number: number): string {
  return String(number).padStart(12, "0");
}

if (import.meta.main) main();
