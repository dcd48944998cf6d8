/** What list commands propagate, and which events they cause. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

const SCRIPT: string[][] = `
  RPUSH l a b c d e f g h
  LPUSH l x y
  LPUSHX l z
  RPUSHX l w
  LPUSHX none z
  RPUSHX none z
  LPOP l
  RPOP l
  LPOP l 2
  RPOP l 0
  RPOP l 1
  LPOP none
  LPOP none 2
  LSET l 0 first
  LSET l 99 no
  LINSERT l BEFORE first second
  LINSERT l AFTER nothing no
  LREM l 0 nothing
  LREM l 1 first
  LTRIM l 0 -1
  LTRIM l 1 -2
  LMOVE l l LEFT RIGHT
  LMOVE l m LEFT RIGHT
  LMOVE l m RIGHT LEFT
  RPOPLPUSH l m
  RPOPLPUSH m m
  RPOPLPUSH none m
  LMOVE none m LEFT LEFT
  RPUSH n 1 2 3 4 5 6
  LMPOP 2 none n LEFT
  LMPOP 2 none n RIGHT COUNT 2
  LMPOP 1 none RIGHT COUNT 2
  lmpop 1 n left count 100
  RPUSH one 1
  LPOP one
  RPUSH one 1
  RPOP one 5
  RPUSH one 1 1
  LREM one -2 1
  RPUSH one 1
  LTRIM one 5 9
  RPUSH one 1
  LMOVE one one LEFT LEFT
  LMOVE one two LEFT LEFT
  RPOPLPUSH two one
  LRANGE one 0 -1
  LPOS one 1
`.trim().split("\n").map((line) => line.trim().split(" "));

needs("redis-server", "list commands leave the traces that redis-server leaves", async () => {
  const keys = ["l", "m", "n", "one", "two"];
  assertEquals(tracesOfEngine(SCRIPT, keys), await tracesOfRedis(SCRIPT, keys));
});

Deno.test("LMPOP is propagated as the pop that it was, and moves as they were sent", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a", "b", "c");
  redis.effects = [];
  redis.run("LMPOP", 2, "none", "l", "RIGHT", "COUNT", 10);
  redis.run("RPUSH", "m", "a");
  redis.run("rpoplpush", "m", "l");
  assertEquals(redis.effects, ["RPOP l 3", "RPUSH m a", "rpoplpush m l"]);
});

Deno.test("a failed list command changes, propagates and notifies nothing", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a", "b");
  redis.run("SET", "s", "text");
  redis.effects = [];
  redis.events = [];
  for (
    const command of [
      ["LPUSH", "s", "a"],
      ["RPUSHX", "s", "a"],
      ["LPOP", "l", "-1"],
      ["LPOP", "l", "1", "1"],
      ["LSET", "l", "2", "x"],
      ["LSET", "none", "0", "x"],
      ["LINSERT", "l", "NEAR", "a", "x"],
      ["LREM", "l", "x", "a"],
      ["LTRIM", "l", "x", "1"],
      ["LMOVE", "l", "s", "LEFT", "LEFT"],
      ["LMOVE", "s", "l", "LEFT", "LEFT"],
      ["RPOPLPUSH", "l", "s"],
      ["LMPOP", "1", "s", "LEFT"],
      ["LMPOP", "1", "l", "LEFT", "COUNT", "0"],
    ]
  ) assertEquals(redis.run(...command).slice(0, 7), "(error)", command.join(" "));
  assertEquals(redis.run("LRANGE", "l", 0, -1), `1) "a"\n2) "b"`);
  assertEquals([redis.effects, redis.events], [[], []]);
});

Deno.test("each element pushed or taken counts as a change, a move as one", () => {
  const redis = new EngineHarness();
  const { stats } = redis.engine.context;
  const changes = (...command: string[]): number => {
    const before = stats.dirty;
    redis.run(...command);
    return stats.dirty - before;
  };
  assertEquals(changes("RPUSH", "l", "a", "b", "a", "c", "d", "e"), 6);
  assertEquals(changes("LPOP", "l", "2"), 2);
  assertEquals(changes("RPOP", "l"), 1);
  assertEquals(changes("LREM", "l", "0", "a"), 1);
  assertEquals(changes("LTRIM", "l", "0", "0"), 1);
  assertEquals(changes("LTRIM", "l", "0", "-1"), 0);
  assertEquals(changes("LMOVE", "l", "m", "LEFT", "LEFT"), 1);
  assertEquals(changes("LMPOP", "1", "m", "LEFT", "COUNT", "4"), 1);
});
