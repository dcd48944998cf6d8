/** What hash commands propagate, which events they cause and which encodings they leave. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { needs } from "../../support/peers.ts";

const LONG = "x".repeat(65);

const SCRIPT: string[][] = [
  ...[["HSET", "h", "a", "1", "b", "2"], ["hset", "h", "a", "1"], ["HMSET", "m", "a", "1"]],
  ...[["HSETNX", "h", "a", "2"], ["HSETNX", "h", "c", "2"], ["HSETNX", "n", "c", "2"]],
  ...[["HINCRBY", "h", "a", "5"], ["HINCRBY", "h", "b", "x"], ["HINCRBY", "i", "new", "0"]],
  ...[["HINCRBYFLOAT", "h", "a", "0.1"], ["HINCRBYFLOAT", "f", "new", "3"]],
  ...[["HDEL", "h", "none"], ["HDEL", "h", "a", "none"], ["HDEL", "h", "b", "c", "b"]],
  ...[["HDEL", "h", "a"], ["HGET", "m", "a"], ["HGETALL", "m"], ["HSET", "m", "a"]],
  ...[["HSET", "long", "a", LONG], ["HSET", "long", "a", "1"], ["HSET", "name", LONG, "1"]],
  ...[["HRANDFIELD", "m", "2"], ["HSCAN", "m", "0"], ["HINCRBY", "sum", LONG, "1"]],
  ...[["SET", "m", "text"], ["HSET", "m", "a", "1"], ["COPY", "f", "g"], ["RENAME", "g", "r"]],
];

const KEYS = ["h", "m", "n", "i", "f", "long", "name", "sum", "r"];

needs("redis-server", "hash commands leave the traces that redis-server leaves", async () => {
  assertEquals(tracesOfEngine(SCRIPT, KEYS), await tracesOfRedis(SCRIPT, KEYS));
});
