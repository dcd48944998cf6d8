/** What string commands propagate, which events they cause and which encodings they leave. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

const LONG = "x".repeat(45);

const SCRIPT: string[][] = [
  ...[["SET", "k", "v"], ["set", "k", "v", "ex", "100"], ["SET", "k", "v", "PX", "100000", "GET"]],
  ["SET", "k", "v", "EXAT", "4102444800", "XX"],
  ["SET", "k", "v", "PXAT", "4102444800000", "GET"],
  ["SET", "k", "v", "KEEPTTL", "GET", "get", "XX"],
  ...[["SET", "k", "v", "NX"], ["SET", "k", "v", "NX", "GET"], ["SET", "none", "v", "XX"]],
  ...[["SET", "k", "v", "GET", "NX", "XX"], ["SET", "new", "v", "NX", "EX", "100"]],
  ...[["SETNX", "k", "x"], ["SETNX", "nx", "12"], ["SETEX", "ex", "100", "v"]],
  ...[["PSETEX", "pex", "100000", "v"], ["SETEX", "ex", "0", "v"], ["GETSET", "k", "2"]],
  ...[["GETSET", "gs", "v"], ["GETDEL", "gs"], ["GETDEL", "gs"], ["GETEX", "none", "EX", "1"]],
  ...[["GETEX", "k"], ["GETEX", "k", "EX", "100"], ["GETEX", "k", "PERSIST"]],
  ...[["GETEX", "k", "PERSIST"], ["GETEX", "k", "PXAT", "4102444800000"]],
  ...[["GETEX", "k", "EXAT", "4102444800"], ["GETEX", "k", "EXAT", "1"], ["GETEX", "k", "EX", "9"]],
  ...[["SET", "past", "v", "PXAT", "1"], ["GET", "past"], ["SET", "past", "v", "EXAT", "1"]],
  ...[["GET", "past"], ["SET", "past", "w"], ["SETEX", "e", "100", "1"], ["INCR", "e"], [
    "DECR",
    "c",
  ]],
  ...[["INCRBY", "c", "10"], ["DECRBY", "c", "3"], ["INCRBY", "c", "0"], ["INCR", "past"]],
  ...[["INCRBYFLOAT", "e", "1.5"], ["INCRBYFLOAT", "f", "3"], ["INCRBYFLOAT", "f", "0"]],
  ...[["APPEND", "a", "12"], ["APPEND", "a", ""], ["APPEND", "a2", "1"], ["APPEND", "a2", "2"]],
  ...[["APPEND", "a3", ""], ["SETRANGE", "r", "0", ""], ["SETRANGE", "r", "3", "x"]],
  ...[["SETRANGE", "r", "1", ""], ["SETRANGE", "n", "1", "2"], ["SET", "n2", "123"]],
  ...[["SETRANGE", "n2", "1", "2"], ["MSET", "m1", "1", "m2", LONG, "m1", "3"]],
  ...[["MSETNX", "m3", "1", "m4", "b"], ["MSETNX", "m5", "1", "m1", "2"], ["MSET", "m1"]],
  ...[["SET", "big", "9223372036854775807"], ["SET", "huge", "9223372036854775808"]],
  ...[["SET", "zero", "007"], ["SET", "long", LONG], ["SET", "short", LONG.slice(1)]],
  ...[["SET", "bigger", "9223372036854775806"], ["INCR", "bigger"], ["SET", "empty", ""]],
  ...[["INCRBYFLOAT", "long2", "1e43"], ["INCRBYFLOAT", "long3", "1e44"], ["GET", "k"]],
  ...[["LCS", "k", "a"], ["STRLEN", "a"], ["GETRANGE", "a", "0", "1"], ["MGET", "a", "k"]],
];

const KEYS = [
  ...["k", "new", "nx", "ex", "e", "c", "f", "a", "a2", "a3", "r", "n", "n2", "m1", "m2", "m3"],
  ...["big", "huge", "zero", "long", "short", "bigger", "empty", "long2", "long3", "past"],
];

needs("redis-server", "string commands leave the traces that redis-server leaves", async () => {
  assertEquals(tracesOfEngine(SCRIPT, KEYS), await tracesOfRedis(SCRIPT, KEYS));
});

needs("redis-server", "lazy deletion turns the effects of GETDEL and GETEX to UNLINK", async () => {
  const config = { "lazyfree-lazy-user-del": "yes", "lazyfree-lazy-expire": "yes" };
  const script = [
    ...[["SET", "a", "v"], ["GETDEL", "a"], ["SET", "b", "v"], ["GETEX", "b", "EXAT", "1"]],
    ...[["SET", "c", "v", "PXAT", "1"], ["GET", "c"]],
  ];
  const ours = tracesOfEngine(script, [], config);
  assertEquals(ours, await tracesOfRedis(script, [], config));
  assertEquals(ours.effects[1], "UNLINK a");
});

Deno.test("a relative time is propagated as the moment it ends", () => {
  const redis = new EngineHarness();
  const end = redis.clock.unixMs() + 1500;
  redis.run("SET", "k", "v", "PX", 1500);
  redis.run("GETEX", "k", "PX", 1500);
  redis.run("PSETEX", "k", 1500, "w");
  assertEquals(redis.effects, [
    `SET k v PXAT ${end}`,
    `PEXPIREAT k ${end}`,
    `SET k w PXAT ${end}`,
  ]);
});

Deno.test("a failed command changes, propagates and notifies nothing", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "text");
  redis.effects = [];
  redis.events = [];
  for (
    const command of [
      ["SET", "k", "v", "EX", "0"],
      ["SET", "k", "v", "GET", "PX", "x"],
      ["INCR", "k"],
      ["INCRBYFLOAT", "k", "1"],
      ["SETRANGE", "k", "-1", "x"],
      ["SETRANGE", "k", "536870912", "x"],
      ["MSET", "k", "v", "l"],
      ["GETEX", "k", "EX", "0"],
    ]
  ) assertEquals(redis.run(...command).slice(0, 7), "(error)", command.join(" "));
  assertEquals(redis.run("GET", "k"), `"text"`);
  assertEquals([redis.effects, redis.events], [[], []]);
});
