/** Effects of one command are one unit, told as such when they are several. */

import { assertEquals } from "@std/assert";
import { Propagation } from "../../../lib/engine/propagation.ts";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { Request } from "../../../lib/resp/request.ts";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

Deno.test("what expires under a command is one unit with what the command does", () => {
  const redis = new EngineHarness();
  redis.run("MSET", "a", 1, "b", 2, "c", 3);
  for (const key of ["a", "b", "c"]) redis.run("PEXPIRE", key, 10);
  redis.clock.advance(10);
  redis.effects = [];
  redis.run("SET", "a", "new");
  assertEquals(redis.effects, ["MULTI", "DEL a", "SET a new", "EXEC"]);
  redis.effects = [];
  redis.run("MGET", "a", "b", "c");
  assertEquals(redis.effects, ["MULTI", "DEL b", "DEL c", "EXEC"]);
});

Deno.test("one effect is no unit of several, whatever it came from", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", 1);
  redis.run("SET", "b", "text");
  redis.run("PEXPIRE", "a", 10);
  redis.run("PEXPIRE", "b", 10);
  redis.clock.advance(10);
  redis.effects = [];
  redis.run("GET", "a");
  redis.run("SETRANGE", "b", -1, "x");
  redis.run("DEL", "b");
  redis.run("SET", "c", 1);
  assertEquals(redis.effects, ["DEL a", "DEL b", "SET c 1"]);
});

Deno.test("what a failed command has expired is passed on", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", 1, "PX", 10);
  redis.run("SET", "b", "text");
  redis.clock.advance(10);
  redis.effects = [];
  assertEquals(redis.run("SETRANGE", "a", 600_000_000, "x").startsWith("(error)"), true);
  redis.run("MGET", "a", "b");
  assertEquals(redis.effects, ["DEL a"]);
});

Deno.test("keys that the cron expires are units by themselves", () => {
  const redis = new EngineHarness();
  for (const key of ["a", "b"]) redis.run("SET", key, 1, "PX", 10);
  redis.clock.advance(10);
  redis.effects = [];
  redis.engine.beginTurn();
  redis.engine.expiry.tick(10, redis.clock);
  redis.engine.endTurn();
  assertEquals(redis.effects.toSorted(), ["DEL a", "DEL b"]);
});

Deno.test("a command that propagates several others makes one unit of them", () => {
  const { propagation, seen } = recorded();
  propagation.beginUnit(0);
  for (const text of ["one", "two"]) propagation.emit(0, Request.from([text]));
  propagation.endUnit();
  assertEquals([propagation.unitOpen, ...seen], [false, "begin", "0 one", "0 two", "end"]);
});

Deno.test("the first effect of a unit is kept as it was while the command goes on", () => {
  const { propagation, seen } = recorded();
  propagation.isInUnit = () => true;
  const request = Request.from(["one"]);
  propagation.emit(3, request);
  request.buffer.fill(0);
  assertEquals(seen, []);
  propagation.emit(0, Request.from(["two"]));
  propagation.emit(0, Request.from(["three"]));
  propagation.endUnit();
  propagation.emit(1, Request.from(["alone"]));
  propagation.endUnit();
  assertEquals(seen, ["begin", "3 one", "0 two", "0 three", "end", "1 alone"]);
});

needs("redis-server", "units are redis-server's", async () => {
  const script: string[][] = [
    ...[["SET", "a", "1", "PXAT", "1"], ["SET", "a", "2"], ["SET", "b", "1", "PXAT", "1"]],
    ...[["SET", "c", "1", "PXAT", "1"], ["MGET", "a", "b", "c"], ["SET", "b", "1", "PXAT", "1"]],
    ...[["SET", "c", "1", "PXAT", "1"], ["MSET", "b", "1", "c", "2"], ["GETDEL", "b"]],
    ...[["SET", "d", "1", "PXAT", "1"], ["INCR", "d"], ["SET", "e", "1", "PXAT", "1"]],
    ...[["DEL", "e"], ["SET", "e", "1", "PXAT", "1"], ["INCRBYFLOAT", "e", "1.5"]],
    ...[["SET", "f", "1", "PXAT", "1"], ["RENAME", "a", "f"], ["SET", "g", "1", "PXAT", "1"]],
    ...[["COPY", "f", "g"], ["SET", "h", "1", "PXAT", "1"], ["SETEX", "h", "100", "v"]],
    ...[["SET", "i", "1", "PXAT", "1"], ["GETEX", "i", "EX", "9"], ["SET", "i", "1", "PXAT", "1"]],
    ...[["APPEND", "i", "x"], ["SET", "j", "1", "PXAT", "1"], ["SETBIT", "j", "1", "2"]],
    ...[["SET", "j", "1", "PXAT", "1"], ["BITOP", "NOT", "j", "i"], ["LCS", "i", "j"]],
  ];
  for (const lazy of ["no", "yes"]) {
    const config = { "lazyfree-lazy-expire": lazy };
    const theirs = await tracesOfRedis(script, [], config);
    assertEquals(tracesOfEngine(script, [], config).effects, theirs.effects);
  }
});

function recorded(): { propagation: Propagation; seen: string[] } {
  const propagation = new Propagation();
  const seen: string[] = [];
  propagation.subscribe({
    effect: (db, request) => seen.push(`${db} ${latin1(request.view(0))}`),
    beginUnit: () => seen.push("begin"),
    endUnit: () => seen.push("end"),
  });
  // One that does not care about units hears of the effects all the same.
  propagation.subscribe({ effect: () => {} });
  return { propagation, seen };
}
