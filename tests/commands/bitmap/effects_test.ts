/** What bitmap commands propagate, which events they cause and which encodings they leave. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

const SCRIPT: string[][] = [
  ...[["SETBIT", "b", "7", "1"], ["SETBIT", "b", "7", "1"], ["SETBIT", "b", "7", "0"]],
  ...[["SETBIT", "b", "15", "0"], ["SETBIT", "z", "0", "0"], ["SET", "n", "1"]],
  ...[["SETBIT", "n", "7", "1"], ["SET", "m", "1"], ["GETBIT", "m", "1"], ["BITCOUNT", "m"]],
  ...[["BITFIELD", "f", "SET", "u8", "0", "0"], ["BITFIELD", "f", "SET", "u8", "0", "0"]],
  ...[["BITFIELD", "f", "INCRBY", "u8", "0", "1", "GET", "u8", "0", "SET", "i5", "9", "3"]],
  ...[["BITFIELD", "f", "OVERFLOW", "FAIL", "SET", "u2", "0", "9"], ["BITFIELD", "f"]],
  ...[["BITFIELD", "none", "GET", "u8", "0"], ["BITFIELD_RO", "f", "GET", "u8", "0"]],
  ...[["BITOP", "AND", "o", "b", "f"], ["BITOP", "AND", "o", "none"], ["BITOP", "OR", "o", "none"]],
  ...[["SETEX", "t", "100", "x"], ["BITOP", "NOT", "t", "f"], ["BITOP", "XOR", "t", "t", "t"]],
  ...[["SETEX", "t2", "100", "5"], ["SETBIT", "t2", "1", "1"], ["BITPOS", "t2", "1"]],
];

needs("redis-server", "bitmap commands leave the traces that redis-server leaves", async () => {
  const keys = ["b", "z", "n", "m", "f", "t", "t2"];
  assertEquals(tracesOfEngine(SCRIPT, keys), await tracesOfRedis(SCRIPT, keys));
});

Deno.test("BITFIELD propagates the growth of a string even when its write failed", () => {
  // Redis keeps the new bytes to itself here, so that its replicas do not have them.
  const redis = new EngineHarness();
  assertEquals(redis.run("BITFIELD", "f", "OVERFLOW", "FAIL", "SET", "u2", 0, 9), "1) (nil)");
  assertEquals(redis.run("GET", "f"), '"\\x00"');
  assertEquals(redis.effects, ["BITFIELD f OVERFLOW FAIL SET u2 0 9"]);
});

Deno.test("BITFIELD counts each of its changes", () => {
  const redis = new EngineHarness();
  const stats = redis.engine.context.stats;
  redis.run("BITFIELD", "f", "SET", "u8", 0, 1, "INCRBY", "u8", 0, 0, "INCRBY", "u8", 8, 2);
  // The string is new, so that writing the same counts as well.
  assertEquals(stats.dirty, 3);
  redis.run("BITFIELD", "f", "SET", "u8", 0, 1, "INCRBY", "u8", 0, 0, "INCRBY", "u8", 8, 2);
  assertEquals(stats.dirty, 4);
  assertEquals(redis.events, ["setbit f", "setbit f"]);
});
