/** What set commands propagate, which events they cause and which encodings they leave. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

const MANY = Array.from({ length: 513 }, (_, i) => String(i));

const SCRIPT: string[][] = [
  ...[["SADD", "s", "1", "2", "3"], ["SADD", "s", "1"], ["SADD", "s", "3", "4"]],
  ...[["SREM", "s", "9"], ["SREM", "s", "1", "9", "2"], ["SREM", "s", "3", "4", "5"]],
  ...[["SADD", "a", "1", "2", "x"], ["SADD", "b", "2", "x", "y"], ["SMOVE", "a", "b", "1"]],
  ...[["SMOVE", "a", "b", "1"], ["SMOVE", "a", "b", "2"], ["SMOVE", "a", "a", "x"]],
  ...[["SMOVE", "a", "c", "x"], ["SADD", "a", "1", "2"], ["SINTERSTORE", "d", "a", "b"]],
  ...[["SINTERSTORE", "d", "a", "none"], ["SINTERSTORE", "d", "a", "none"]],
  ...[["SUNIONSTORE", "d", "a", "b"], ["SDIFFSTORE", "d", "b", "a"], ["SDIFFSTORE", "d", "a", "a"]],
  ...[["SUNIONSTORE", "e", "none"], ["SADD", "one", "x"], ["SPOP", "one"], ["SPOP", "one"]],
  ...[["SADD", "one", "x"], ["SPOP", "one", "1"], ["SADD", "two", "x", "y"], ["SPOP", "two", "5"]],
  ...[["SADD", "two", "x"], ["SPOP", "two", "0"], ["SRANDMEMBER", "two"], ["SPOP", "none", "2"]],
  ...[["SADD", "ints", ...MANY.slice(1)], ["SADD", "many", ...MANY], ["SUNIONSTORE", "u", "many"]],
  ...[["SADD", "mixed", "1"], ["SADD", "mixed", "x"], ["SADD", "back", "1", "x"]],
  ...[["SREM", "back", "x"], ["SINTERSTORE", "i", "mixed", "back"], ["SMEMBERS", "i"]],
];

const KEYS = ["b", "c", "ints", "many", "u", "mixed", "back", "i", "two"];

needs("redis-server", "set commands leave the traces that redis-server leaves", async () => {
  assertEquals(tracesOfEngine(SCRIPT, KEYS), await tracesOfRedis(SCRIPT, KEYS));
});

Deno.test("SPOP is propagated as what it took", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "s", "a", "b", "c", "d", "e");
  redis.effects = [];
  redis.events = [];
  const one = redis.run("SPOP", "s").slice(1, -1);
  const two = [...redis.run("SPOP", "s", 2).matchAll(/"(.)"/g)].map(([, member]) => member);
  redis.run("SPOP", "s", 2);
  assertEquals(redis.effects, [`SREM s ${one}`, `SREM s ${two.join(" ")}`, "DEL s"]);
  assertEquals(redis.events, ["spop s", "spop s", "spop s", "del s"]);
});

Deno.test("SPOP of everything is propagated as UNLINK where deletions are lazy", () => {
  const redis = new EngineHarness({ config: { "lazyfree-lazy-server-del": "yes" } });
  redis.run("SADD", "s", "a", "b");
  redis.run("SPOP", "s", 2);
  assertEquals(redis.effects, ["SADD s a b", "UNLINK s"]);
});

Deno.test("SPOP of many is propagated in parts that leave the same set", () => {
  const redis = new EngineHarness();
  const replica = new EngineHarness();
  const members = Array.from({ length: 5_000 }, (_, i) => `m${i}`);
  redis.run("SADD", "s", ...members);
  replica.run("SADD", "s", ...members);
  redis.effects = [];
  redis.run("SPOP", "s", 3_000);
  const removals = redis.effects.filter((effect) => effect.startsWith("SREM"));
  assertEquals(removals.map((effect) => effect.split(" ").length - 2), [1024, 1024, 952]);
  for (const effect of removals) replica.run(...effect.split(" "));
  const left = (harness: EngineHarness) => harness.run("SMEMBERS", "s").match(/"m\d+"/g)!.sort();
  assertEquals(left(replica), left(redis));
});
