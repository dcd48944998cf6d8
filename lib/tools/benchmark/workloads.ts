/** The tests that a benchmark runs: redis-benchmark's names, commands and order. */

import { INLINE_PING } from "./request_template.ts";

export interface Workload {
  readonly title: string;
  /** By which of the names given with -t it is chosen. */
  readonly names: readonly string[];
  /** The arguments, or the bytes of the request as they are. */
  readonly request: (data: string) => readonly string[] | Uint8Array;
}

const LRANGE = ["lrange", "lrange_100", "lrange_300", "lrange_500", "lrange_600"];

export const WORKLOADS: readonly Workload[] = [
  { title: "PING_INLINE", names: ["ping", "ping_inline"], request: () => INLINE_PING },
  { title: "PING_MBULK", names: ["ping", "ping_mbulk"], request: () => ["PING"] },
  simple("SET", "set", (data) => ["SET", "key:__rand_int__", data]),
  simple("GET", "get", () => ["GET", "key:__rand_int__"]),
  simple("INCR", "incr", () => ["INCR", "counter:__rand_int__"]),
  simple("LPUSH", "lpush", (data) => ["LPUSH", "mylist", data]),
  simple("RPUSH", "rpush", (data) => ["RPUSH", "mylist", data]),
  simple("LPOP", "lpop", () => ["LPOP", "mylist"]),
  simple("RPOP", "rpop", () => ["RPOP", "mylist"]),
  simple("SADD", "sadd", () => ["SADD", "myset", "element:__rand_int__"]),
  simple("HSET", "hset", (data) => ["HSET", "myhash", "element:__rand_int__", data]),
  simple("SPOP", "spop", () => ["SPOP", "myset"]),
  // Without random keys the score has to be a number all the same.
  simple("ZADD", "zadd", () => ["ZADD", "myzset", "__score__", "element:__rand_int__"]),
  simple("ZPOPMIN", "zpopmin", () => ["ZPOPMIN", "myzset"]),
  {
    title: "LPUSH (needed to benchmark LRANGE)",
    names: LRANGE,
    request: (data) => ["LPUSH", "mylist", data],
  },
  range(100),
  range(300),
  range(500),
  range(600),
  simple("MSET (10 keys)", "mset", (data) => {
    return ["MSET", ...Array.from({ length: 10 }, () => ["key:__rand_int__", data]).flat()];
  }),
];

/** Those whose names are in the list; all when there is none. */
export function chosenWorkloads(names: readonly string[] | null): Workload[] {
  if (names === null) return [...WORKLOADS];
  return WORKLOADS.filter((workload) => workload.names.some((name) => names.includes(name)));
}

function simple(title: string, name: string, request: Workload["request"]): Workload {
  return { title, names: [name], request };
}

function range(count: number): Workload {
  return {
    title: `LRANGE_${count} (first ${count} elements)`,
    names: ["lrange", `lrange_${count}`],
    request: () => ["LRANGE", "mylist", "0", String(count - 1)],
  };
}
