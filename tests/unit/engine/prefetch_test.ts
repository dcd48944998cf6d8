/** Requests whose keys and elements were looked at ahead are answered like all others. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { Prefetch } from "../../../lib/engine/prefetch.ts";
import { Request } from "../../../lib/resp/request.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { Random, seed } from "../bytes/random.ts";

/** Keys of the database, and elements of a collection: enough for them to be looked at ahead. */
const ELEMENTS = 33_000;
/** Elements added at a time. */
const FILL = 1_000;
const PIPELINE = 16;
const PIPELINES = 200;

Deno.test("a pipeline on large collections is answered as its requests one by one", () => {
  const random = new Random(seed());
  const ahead = filled();
  const plain = filled();
  const prefetch = new Prefetch(PIPELINE);
  let hashed = 0;
  for (let i = 0; i < PIPELINES; i++) {
    // Half of the pipelines stay with one collection, as those of clients mostly do.
    const key = i % 2 === 0 ? random.pick(KEYS) : null;
    const words = Array.from(
      { length: PIPELINE },
      () => request(random, key ?? random.pick(KEYS)),
    );
    const requests = words.map((args) => Request.from(args));
    prefetch.touch(ahead.session.db, requests, PIPELINE);
    for (const [n, made] of requests.entries()) {
      if (made.hashedElement > 0) hashed++;
      assertEquals(run(ahead, made), run(plain, Request.from(words[n])), words[n].join(" "));
    }
  }
  assert(hashed > PIPELINES * PIPELINE / 8, `only ${hashed} elements were looked at`);
  for (const [size, key] of [["SCARD", "set"], ["HLEN", "hash"], ["ZCARD", "scores"]]) {
    assertEquals(ahead.run(size, key), plain.run(size, key));
  }
});

Deno.test("the key of a pipeline is hashed for all its requests, a script's digest for none", () => {
  const { db } = filled().session;
  const prefetch = new Prefetch(PIPELINE);
  const touched = (...words: string[]) => {
    const requests = Array.from({ length: PIPELINE }, () => Request.from(words));
    prefetch.touch(db, requests, PIPELINE);
    return requests.map(({ hasKeyHash, keyHash }) => hasKeyHash ? keyHash : null);
  };
  const key = new TextEncoder().encode("key:1");
  const hash = db.table.hash(new DataView(key.buffer), 0, key.length);
  assertEquals(touched("GET", "key:1"), new Array(PIPELINE).fill(hash));
  assertEquals(
    touched("EVALSHA", "0123456789".repeat(4), "1", "key:1"),
    new Array(PIPELINE).fill(null),
  );
});

const KEYS = ["set", "hash", "scores", "string", "list", "small", "missing"];

function filled(): EngineHarness {
  const redis = new EngineHarness();
  for (let from = 0; from < ELEMENTS; from += FILL) {
    const numbers = Array.from({ length: FILL }, (_, i) => from + i);
    redis.run("MSET", ...numbers.flatMap((i) => [`key:${i}`, i]));
    redis.run("SADD", "set", ...numbers.map((i) => `member:${i}`));
    redis.run("HSET", "hash", ...numbers.flatMap((i) => [`member:${i}`, i]));
    redis.run("ZADD", "scores", ...numbers.flatMap((i) => [i, `member:${i}`]));
  }
  redis.run("SET", "string", "value");
  redis.run("RPUSH", "list", "member:1", "member:2");
  redis.run("SADD", "small", "member:1", "member:2");
  return redis;
}

function request(random: Random, key: string): string[] {
  const member = `member:${random.below(ELEMENTS * 2)}`;
  const other = `member:${random.below(ELEMENTS * 2)}`;
  const number = String(random.below(1000));
  return random.pick([
    ["SADD", key, member],
    ["SADD", key, member, other],
    ["SREM", key, member, other],
    ["SISMEMBER", key, member],
    ["HSET", key, member, number],
    ["HSET", key, member, number, other, number],
    ["HGET", key, member],
    ["HDEL", key, member],
    ["ZADD", key, number, member],
    ["ZADD", key, "NX", number, member],
    ["ZINCRBY", key, number, member],
    ["ZSCORE", key, member],
    ["ZRANK", key, member],
    ["ZREM", key, member, other],
    ["GET", key],
    ["PING"],
    ["NONSENSE", key, member],
  ]);
}

function run({ engine, session }: EngineHarness, request: Request): string {
  session.reply.length = 0;
  engine.beginTurn();
  engine.execute(session, request);
  engine.endTurn();
  return latin1(session.reply.buffer.subarray(0, session.reply.length));
}
