import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Reply } from "../../../lib/resp/reply_decoder.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** The strings of an array reply. */
function texts(reply: Reply): string[] {
  assert(reply.kind === "array" && reply.items !== null);
  return reply.items.map((item) => {
    assert(item.kind === "bulk" && item.bytes !== null);
    return latin1(item.bytes);
  });
}

/** A whole walk: what it returned, and in how many calls. */
function walk(redis: EngineHarness, ...options: string[]): { keys: string[]; calls: number } {
  const keys: string[] = [];
  let cursor = "0";
  let calls = 0;
  do {
    const reply = redis.reply("SCAN", cursor, ...options);
    assert(reply.kind === "array" && reply.items !== null);
    const [next, found] = reply.items;
    assert(next.kind === "bulk" && next.bytes !== null);
    cursor = latin1(next.bytes);
    keys.push(...texts(found));
    calls++;
  } while (cursor !== "0");
  return { keys, calls };
}

for (const protocol of [2, 3] as const) {
  Deno.test(`KEYS lists what matches (RESP${protocol})`, () => {
    const redis = new EngineHarness({ protocol });
    for (const key of ["one", "two", "three", "four", "", "a*b"]) redis.run("SET", key, "v");
    const keys = (pattern: string) => texts(redis.reply("KEYS", pattern)).sort();
    assertEquals(keys("*"), ["", "a*b", "four", "one", "three", "two"]);
    assertEquals(keys("**"), ["a*b", "four", "one", "three", "two"]);
    assertEquals(keys(""), [""]);
    assertEquals(keys("t*"), ["three", "two"]);
    assertEquals(keys("[of]*"), ["four", "one"]);
    assertEquals(keys("a\\*b"), ["a*b"]);
    assertEquals(redis.run("KEYS", "nothing"), "(empty array)");
  });

  Deno.test(`a walk with SCAN returns every key (RESP${protocol})`, () => {
    const redis = new EngineHarness({ protocol });
    assertEquals(redis.run("SCAN", 0), '1) "0"\n2) (empty array)');
    for (let i = 0; i < 1000; i++) redis.run("SET", `k${i}`, "v");
    const all = walk(redis);
    assertEquals(new Set(all.keys).size, 1000);
    assertGreater(all.calls, 50);
    const large = walk(redis, "COUNT", "5000");
    assertEquals([new Set(large.keys).size, large.calls], [1000, 1]);
    const some = walk(redis, "match", "k99*", "COUNT", "100");
    assertEquals([...new Set(some.keys)].sort(), [
      ...["k99", "k990", "k991", "k992", "k993", "k994"],
      ...["k995", "k996", "k997", "k998", "k999"],
    ]);
    assertEquals(new Set(walk(redis, "TYPE", "StrinG").keys).size, 1000);
    assertEquals(walk(redis, "TYPE", "list").keys, []);
    assertEquals(walk(redis, "TYPE", "list", "TYPE", "string", "MATCH", "k7").keys, ["k7"]);
  });
}

Deno.test("a sparse database is walked in few calls of bounded work", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 5000; i++) redis.run("SET", `k${i}`, "v");
  for (let i = 0; i < 4990; i++) redis.run("DEL", `k${i}`);
  const { keys, calls } = walk(redis);
  assertEquals(new Set(keys).size, 10);
  assertLess(calls, 50);
});

Deno.test("neither KEYS nor SCAN shows dead keys; SCAN removes them", () => {
  const redis = new EngineHarness();
  for (const key of ["a", "b", "c"]) redis.run("SET", key, "v");
  redis.run("PEXPIRE", "b", 5);
  redis.run("PEXPIRE", "c", 5);
  redis.clock.advance(10);
  redis.effects = [];
  assertEquals(redis.run("KEYS", "*"), '1) "a"');
  assertEquals(redis.effects, []);
  redis.engine.context.store.state.leavesExpiry = true;
  assertEquals(walk(redis).keys, ["a"]);
  assertEquals(redis.effects, []);
  redis.engine.context.store.state.leavesExpiry = false;
  assertEquals(walk(redis, "MATCH", "c").keys, []);
  assertEquals(redis.effects, ["DEL c"]);
  assertEquals(walk(redis).keys, ["a"]);
  assertEquals(redis.effects, ["DEL c", "DEL b"]);
});

Deno.test("cursors are read as C reads unsigned 64-bit numbers", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  for (const cursor of ["0", "", "-0", "+0", "000", "0\0junk", "\0", "4294967296"]) {
    assertEquals(redis.run("SCAN", cursor), '1) "0"\n2) 1) "k"', `cursor ${cursor}`);
  }
  for (const cursor of ["18446744073709551615", "-1", "-18446744073709551615", "3"]) {
    assertEquals(redis.reply("SCAN", cursor, "COUNT", 100).kind, "array");
  }
  for (const cursor of ["x", "1x", " 1", "+", "-", "1 ", "0x10", "18446744073709551616", "--1"]) {
    assertEquals(redis.run("SCAN", cursor), "(error) ERR invalid cursor", `cursor ${cursor}`);
  }
  assertEquals(redis.run("SCAN", "-18446744073709551616"), "(error) ERR invalid cursor");
});

Deno.test("SCAN refuses wrong options", () => {
  const redis = new EngineHarness();
  const notAnInteger = "(error) ERR value is not an integer or out of range";
  assertEquals(redis.run("SCAN", 0, "COUNT", 0), "(error) ERR syntax error");
  assertEquals(redis.run("SCAN", 0, "COUNT", -5), "(error) ERR syntax error");
  assertEquals(redis.run("SCAN", 0, "COUNT"), "(error) ERR syntax error");
  assertEquals(redis.run("SCAN", 0, "NOVALUES"), "(error) ERR syntax error");
  assertEquals(redis.run("SCAN", 0, "OTHER", 5), "(error) ERR syntax error");
  assertEquals(redis.run("SCAN", 0, "COUNT", "x"), notAnInteger);
  assertEquals(redis.run("SCAN", "x", "COUNT", "x"), "(error) ERR invalid cursor");
  assertEquals(redis.run("SCAN"), "(error) ERR wrong number of arguments for 'scan' command");
  assertEquals(redis.run("KEYS"), "(error) ERR wrong number of arguments for 'keys' command");
});

Deno.test("keys that SCAN and RANDOMKEY find expired go one by one, those of a script together", () => {
  for (
    const command of [["SCAN", "0"], ["RANDOMKEY"], ["EVAL", "return redis.call('scan', 0)", "0"]]
  ) {
    const redis = new EngineHarness();
    redis.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    for (const key of ["a", "b"]) redis.run("SET", key, "v", "PX", "10");
    redis.clock.advance(11);
    redis.effects.length = 0;
    redis.run(...command);
    const isUnit = command[0] === "EVAL";
    const deleted = redis.effects.filter((effect) => /^(DEL|UNLINK) [ab]$/.test(effect));
    assertEquals(deleted.length, 2, redis.effects.join());
    assertEquals(redis.effects.length, isUnit ? 4 : 2);
    assertEquals(redis.effects[0] === "MULTI", isUnit);
  }
});
