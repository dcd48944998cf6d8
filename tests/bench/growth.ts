/**
 * How the cost of commands grows with their collection: processor time an operation at 1,000, 100,000
 * and 10 million elements, through parser, dispatcher and command, as a Markdown table.
 *
 *     deno run -A tests/bench/growth.ts [names, apart by commas] [sizes, apart by commas]
 *
 * One collection exists at a time, so 10 million elements need less than 2 GB. What is added is
 * removed again between the rounds; elements have 16 bytes, and scores are random.
 */

import { SeededRandom } from "../../lib/host/random.ts";
import { grouped, median, table } from "../tools/figures.ts";
import { EngineDriver, PIPELINE, pipelined, type Words } from "./engine_driver.ts";

const SIZES = [1_000, 100_000, 10_000_000];
const ROUNDS = 15;
/** Operations of a round, or as many as there are elements: then there are more rounds. */
const OPERATIONS = 8_000;
/** Elements of a collection that is measured first in vain, so that V8 knows the code. */
const WARM_UP = 20_000;
/** Requests made at a time while a collection is filled. */
const FILL_REQUESTS = 16_000;

const random = new SeededRandom(1);

interface Operation {
  /** The request that is measured; `i` counts from the number of elements on. */
  readonly request: (i: number, size: number) => Words;
  /** Takes the element back that the request added. */
  readonly undo?: (i: number) => Words;
}

interface Collection {
  readonly fill: (i: number) => Words;
  readonly operations: Readonly<Record<string, Operation>>;
}

const COLLECTIONS: readonly Collection[] = [
  {
    fill: (i) => ["ZADD", "key", score(), element(i)],
    operations: {
      ZADD: {
        request: (i) => ["ZADD", "key", score(), element(i)],
        undo: (i) => ["ZREM", "key", element(i)],
      },
      ZRANK: { request: (_, size) => ["ZRANK", "key", element(random.below(size))] },
    },
  },
  {
    fill: (i) => ["HSET", "key", element(i), "value"],
    operations: {
      HSET: {
        request: (i) => ["HSET", "key", element(i), "value"],
        undo: (i) => ["HDEL", "key", element(i)],
      },
    },
  },
  {
    fill: (i) => ["SADD", "key", element(i)],
    operations: {
      SADD: {
        request: (i) => ["SADD", "key", element(i)],
        undo: (i) => ["SREM", "key", element(i)],
      },
    },
  },
  {
    fill: (i) => ["RPUSH", "key", element(i)],
    operations: {
      LPUSH: { request: (i) => ["LPUSH", "key", element(i)], undo: () => ["LPOP", "key"] },
      "LINDEX in the middle": {
        request: (_, size) => ["LINDEX", "key", (size >> 1) + random.below(16)],
      },
    },
  },
];

function main(): void {
  const names = Deno.args[0]?.split(",");
  const sizes = Deno.args[1]?.split(",").map(Number) ?? SIZES;
  const rows = new Map<string, string[]>();
  for (const { fill, operations } of COLLECTIONS) {
    const chosen = Object.entries(operations)
      .filter(([name]) => names === undefined || names.includes(name));
    if (chosen.length === 0) continue;
    const first = filled(fill, WARM_UP);
    for (const [, operation] of chosen) cost(first, operation, WARM_UP);
    for (const size of sizes) {
      const driver = filled(fill, size);
      for (const [name, operation] of chosen) {
        const nanoseconds = cost(driver, operation, size);
        rows.set(name, [...rows.get(name) ?? [name], nanoseconds.toFixed(0)]);
        console.error(`${name} at ${grouped(size)}: ${nanoseconds.toFixed(0)} ns`);
      }
    }
  }
  const header = ["ns an operation", ...sizes.map((size) => `${grouped(size)} elements`)];
  console.log(table(header, [...rows.values()]));
}

/** Nanoseconds of processor time an operation, the median of the rounds. */
function cost(driver: EngineDriver, { request, undo }: Operation, size: number): number {
  const count = Math.floor(Math.min(OPERATIONS, size) / PIPELINE) * PIPELINE;
  const times: number[] = [];
  const rounds = Math.max(ROUNDS, ROUNDS * OPERATIONS / count);
  for (let round = 0; round < rounds; round++) {
    times.push(driver.measure(pipelined(numbered(size, count, (i) => request(i, size)))));
    if (undo !== undefined) driver.run(pipelined(numbered(size, count, undo)));
  }
  return median(times);
}

function filled(fill: (i: number) => Words, size: number): EngineDriver {
  const driver = new EngineDriver();
  for (let i = 0; i < size; i += FILL_REQUESTS) {
    driver.run(pipelined(numbered(i, Math.min(FILL_REQUESTS, size - i), fill)));
  }
  return driver;
}

function numbered(from: number, count: number, words: (i: number) => Words): Words[] {
  return Array.from({ length: count }, (_, i) => words(from + i));
}

function element(i: number): string {
  return `element:${String(i).padStart(8, "0")}`;
}

function score(): number {
  return random.below(1e9);
}

if (import.meta.main) main();
