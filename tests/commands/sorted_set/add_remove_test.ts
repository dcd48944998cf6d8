/** ZADD, ZINCRBY and ZREM, in both encodings. */

import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

/** The same sorted sets as listpack and as skiplist. */
const ENCODINGS = [
  { name: "listpack", config: {} },
  { name: "skiplist", config: { "zset-max-listpack-entries": "0" } },
] as const;

for (const { name, config } of ENCODINGS) {
  Deno.test(`ZADD adds members and changes scores (${name})`, () => {
    const redis = new EngineHarness({ config });
    assertEquals(redis.run("ZADD", "z", 2, "b", 1, "a", 3, "c"), "(integer) 3");
    assertEquals(redis.run("OBJECT", "ENCODING", "z"), `"${name}"`);
    assertEquals(redis.run("ZADD", "z", 9, "a", 4, "d"), "(integer) 1");
    assertEquals(redis.run("ZADD", "z", "CH", 10, "a", 4, "d", 5, "e"), "(integer) 2");
    assertEquals(
      redis.run("ZRANGE", "z", 0, -1),
      '1) "b"\n2) "c"\n3) "d"\n4) "e"\n5) "a"',
    );
    assertEquals(redis.run("TYPE", "z"), "zset");
  });

  Deno.test(`ZADD's conditions choose what is changed (${name})`, () => {
    const redis = new EngineHarness({ config });
    assertEquals(redis.run("ZADD", "z", "XX", 1, "a"), "(integer) 0");
    assertEquals(redis.run("EXISTS", "z"), "(integer) 0");
    redis.run("ZADD", "z", 5, "a");
    assertEquals(redis.run("ZADD", "z", "NX", "CH", 9, "a", 1, "b"), "(integer) 1");
    assertEquals(redis.run("ZADD", "z", "GT", "CH", 4, "a"), "(integer) 0");
    assertEquals(redis.run("ZADD", "z", "GT", "CH", 6, "a"), "(integer) 1");
    assertEquals(redis.run("ZADD", "z", "LT", "CH", 7, "a"), "(integer) 0");
    assertEquals(redis.run("ZADD", "z", "LT", "CH", 3, "a", 8, "new"), "(integer) 2");
    assertEquals(redis.run("ZSCORE", "z", "a"), '"3"');
    assertEquals(redis.run("ZADD", "z", "INCR", 1.5, "a"), '"4.5"');
    assertEquals(redis.run("ZADD", "z", "GT", "INCR", -1, "a"), "(nil)");
    assertEquals(redis.run("ZADD", "z", "NX", "INCR", 1, "a"), "(nil)");
    assertEquals(redis.run("ZADD", "z", "XX", "INCR", 1, "nope"), "(nil)");
  });

  Deno.test(`ZINCRBY adds to scores, but not infinities that cancel out (${name})`, () => {
    const redis = new EngineHarness({ config });
    assertEquals(redis.run("ZINCRBY", "z", 0.1, "a"), '"0.10000000000000001"');
    assertEquals(redis.run("ZINCRBY", "z", 0.2, "a"), '"0.30000000000000004"');
    assertEquals(redis.run("ZINCRBY", "z", "inf", "a"), '"inf"');
    assertEquals(
      redis.run("ZINCRBY", "z", "-inf", "a"),
      "(error) ERR resulting score is not a number (NaN)",
    );
    assertEquals(redis.run("ZSCORE", "z", "a"), '"inf"');
  });

  Deno.test(`ZREM removes members, and the key with the last of them (${name})`, () => {
    const redis = new EngineHarness({ config });
    redis.run("ZADD", "z", 1, "a", 2, "b", 3, "c");
    assertEquals(redis.run("ZREM", "z", "a", "nope", "a"), "(integer) 1");
    assertEquals(redis.run("ZREM", "z", "b", "c", "d"), "(integer) 2");
    assertEquals(redis.run("EXISTS", "z"), "(integer) 0");
    assertEquals(redis.run("ZREM", "z", "a"), "(integer) 0");
  });
}

Deno.test("ZADD refuses what does not go together, and then changes nothing", () => {
  const redis = new EngineHarness();
  const refused: [string, ...(string | number)[]][] = [
    ["ERR wrong number of arguments for 'zadd' command", 1],
    ["ERR syntax error", 1, "a", 2],
    ["ERR syntax error", "NX", "CH"],
    ["ERR value is not a valid float", 1, "a", "x", "b"],
    ["ERR value is not a valid float", "nan", "a"],
    ["ERR XX and NX options at the same time are not compatible", "NX", "XX", 1, "a"],
    ["ERR GT, LT, and/or NX options at the same time are not compatible", "GT", "LT", 1, "a"],
    ["ERR GT, LT, and/or NX options at the same time are not compatible", "GT", "NX", 1, "a"],
    ["ERR INCR option supports a single increment-element pair", "INCR", 1, "a", 2, "b"],
  ];
  for (const [error, ...args] of refused) {
    assertEquals(redis.run("ZADD", "z", ...args), `(error) ${error}`);
  }
  assertEquals(redis.run("EXISTS", "z"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("sorted set commands refuse other types", () => {
  const redis = new EngineHarness();
  redis.run("SET", "s", "value");
  const wrong = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
  for (
    const command of [
      "ZADD s 1 a",
      "ZINCRBY s 1 a",
      "ZREM s a",
      "ZSCORE s a",
      "ZMSCORE s a",
      "ZCARD s",
      "ZCOUNT s 0 1",
      "ZLEXCOUNT s - +",
      "ZRANK s a",
      "ZRANGE s 0 1",
      "ZRANGESTORE d s 0 1",
      "ZREMRANGEBYRANK s 0 1",
      "ZPOPMIN s",
      "ZMPOP 1 s MIN",
      "ZUNION 1 s",
      "ZINTERCARD 1 s",
      "ZRANDMEMBER s",
      "ZSCAN s 0",
      "GEOADD s 1 1 a",
      "GEOPOS s a",
      "GEOSEARCH s FROMLONLAT 1 1 BYRADIUS 1 m",
    ]
  ) assertEquals(redis.run(...command.split(" ")), wrong, command);
  assertEquals(redis.run("GET", "s"), '"value"');
});

Deno.test("a sorted set becomes a skiplist past the limits of its listpack", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 128; i++) redis.run("ZADD", "z", i % 10, `member:${i}`);
  assertEquals(redis.run("OBJECT", "ENCODING", "z"), '"listpack"');
  const before = redis.run("ZRANGE", "z", 0, -1, "WITHSCORES");
  redis.run("ZADD", "z", 5, "one more");
  assertEquals(redis.run("OBJECT", "ENCODING", "z"), '"skiplist"');
  redis.run("ZREM", "z", "one more");
  assertEquals(redis.run("ZRANGE", "z", 0, -1, "WITHSCORES"), before);
  redis.run("ZADD", "long", 1, "x".repeat(64));
  assertEquals(redis.run("OBJECT", "ENCODING", "long"), '"listpack"');
  redis.run("ZADD", "long", 1, "x".repeat(65));
  assertEquals(redis.run("OBJECT", "ENCODING", "long"), '"skiplist"');
});

Deno.test("all memory of a sorted set is given back with it", () => {
  const redis = new EngineHarness();
  const { arena, discarded } = redis.engine.context.store.state;
  redis.run("SET", "other", "value");
  const before = arena.usedBytes + arena.outsideBytes;
  for (let i = 0; i < 3_000; i++) redis.run("ZADD", "z", (i * 7919) % 1000, `member:${i}`);
  redis.run("COPY", "z", "copy");
  assertEquals(redis.run("ZRANGE", "copy", 0, -1), redis.run("ZRANGE", "z", 0, -1));
  assertEquals(redis.run("ZREMRANGEBYRANK", "z", 0, -1), "(integer) 3000");
  redis.run("DEL", "copy");
  for (const value of discarded) while (value.drain(100));
  discarded.length = 0;
  assertEquals(arena.usedBytes + arena.outsideBytes, before);
});
