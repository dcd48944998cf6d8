/**
 * What `compare` can run besides redis-benchmark's own tests: commands on data that is put there
 * first, and clients that listen while others publish.
 */

import { sha1 } from "../../lib/bytes/sha.ts";
import type { RespClient } from "../support/resp_client.ts";

export interface Load {
  /** Arguments of redis-benchmark: `-t test`, or a command. */
  readonly arguments: readonly string[];
  /** One of redis-benchmark's tests that is run first, as often as the load itself unless said. */
  readonly stock?: { readonly test: string; readonly requests?: number };
  /** Puts the data there that the command works on; the keys are gone by then. */
  readonly fill?: (client: RespClient) => Promise<void>;
  /** Clients that subscribe to the channel `channel` and read what they get. */
  readonly subscribers?: number;
  /** Share of the usual number of requests, for commands that do much; 1 unless given. */
  readonly share?: number;
}

/** Keys that loads use, removed before each run. */
export const LOAD_KEYS = ["mylist", "myset", "myset2", "myzset", "myhash", "mystream"];

/** Requests in one write while data is put there. */
const FILL_BATCH = 500;

const OWN: Readonly<Record<string, Load>> = {
  lrange_100: range(100),
  lrange_600: range(600),
  lpop: { arguments: ["-t", "lpop"], stock: { test: "lpush" } },
  rpop: { arguments: ["-t", "rpop"], stock: { test: "lpush" } },
  spop: { arguments: ["-t", "spop"], stock: { test: "sadd" } },
  zpopmin: { arguments: ["-t", "zpopmin"], stock: { test: "zadd" } },
  hgetall_10: hash(10, 1),
  hgetall_1000: hash(1_000, 0.05),
  zrange_10: {
    arguments: ["ZRANGE", "myzset", "50000", "50009"],
    fill: (client) => each(client, 100_000, (i) => ["ZADD", "myzset", i, `member:${i}`]),
  },
  zrank: {
    arguments: ["ZRANK", "myzset", "member:__rand_int__"],
    fill: (client) => each(client, 100_000, (i) => ["ZADD", "myzset", i, `member:${padded(i)}`]),
  },
  sinter_10000: {
    arguments: ["SINTER", "myset", "myset2"],
    fill: async (client) => {
      await each(client, 10_000, (i) => ["SADD", "myset", `member:${i}`]);
      await each(client, 10_000, (i) => ["SADD", "myset2", `member:${i * 2}`]);
    },
    share: 0.005,
  },
  smembers_1000: {
    arguments: ["SMEMBERS", "myset"],
    fill: (client) => each(client, 1_000, (i) => ["SADD", "myset", `member:${i}`]),
    share: 0.05,
  },
  publish_1: { arguments: ["PUBLISH", "channel", "x".repeat(32)], subscribers: 1 },
  publish_100: { arguments: ["PUBLISH", "channel", "x".repeat(32)], subscribers: 100, share: 0.05 },
  publish_1000: {
    arguments: ["PUBLISH", "channel", "x".repeat(32)],
    subscribers: 1_000,
    share: 0.005,
  },
  xadd: { arguments: ["XADD", "mystream", "*", "field", "x".repeat(32)] },
  xrange_100: {
    arguments: ["XRANGE", "mystream", "-", "+", "COUNT", "100"],
    fill: (client) => each(client, 1_000, () => ["XADD", "mystream", "*", "field", "x".repeat(32)]),
    share: 0.2,
  },
  evalsha_get: script("return redis.call('GET', KEYS[1])", "key:__rand_int__"),
  evalsha_limiter: script(
    `local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
if count > tonumber(ARGV[2]) then return 0 end
return 1`,
    "limit:__rand_int__",
    "100",
    "1000000",
  ),
  evalsha_loop: {
    ...script("for i = 1, 1000 do redis.call('GET', KEYS[1]) end", "key:000000000001"),
    share: 0.02,
  },
};

/** The load of a name; what is not here is a test of redis-benchmark's. */
export function loadOf(name: string): Load {
  return OWN[name] ?? { arguments: ["-t", name] };
}

/** Names of the loads that are not redis-benchmark's. */
export const OWN_LOADS: readonly string[] = Object.keys(OWN);

/** redis-benchmark's own test would push the elements within the measured time. */
function range(elements: number): Load {
  return {
    arguments: ["LRANGE", "mylist", "0", String(elements - 1)],
    stock: { test: "lpush", requests: 1_000 },
    share: 0.2,
  };
}

function hash(fields: number, share: number): Load {
  return {
    arguments: ["HGETALL", "myhash"],
    fill: (client) => each(client, fields, (i) => ["HSET", "myhash", `field:${i}`, "x".repeat(16)]),
    share,
  };
}

/** A script that the server keeps, with one key. */
function script(source: string, key: string, ...args: string[]): Load {
  return {
    arguments: ["EVALSHA", sha1(new TextEncoder().encode(source)), "1", key, ...args],
    fill: async (client) => {
      await client.send("SCRIPT", "LOAD", source);
    },
  };
}

/** As redis-benchmark writes the numbers of its `__rand_int__`. */
function padded(number: number): string {
  return String(number).padStart(12, "0");
}

async function each(
  client: RespClient,
  count: number,
  command: (i: number) => (string | number)[],
): Promise<void> {
  for (let start = 0; start < count; start += FILL_BATCH) {
    const size = Math.min(FILL_BATCH, count - start);
    const replies = await client.pipeline(
      Array.from({ length: size }, (_, i) => command(start + i)),
    );
    const refused = replies.find((reply) => reply.kind === "error");
    if (refused !== undefined) throw new Error(`filling was refused: ${JSON.stringify(refused)}`);
  }
}
