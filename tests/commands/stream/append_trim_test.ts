import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("XADD counts ids up within a millisecond and never goes back", () => {
  const redis = new EngineHarness();
  const now = redis.clock.unixMs();
  assertEquals(redis.run("XADD", "s", "*", "a", "b"), `"${now}-0"`);
  assertEquals(redis.run("XADD", "s", "*", "a", "b"), `"${now}-1"`);
  redis.clock.advance(5);
  assertEquals(redis.run("XADD", "s", "*", "a", "b"), `"${now + 5}-0"`);
  assertEquals(redis.run("XADD", "s", `${now + 100}-*`, "a", "b"), `"${now + 100}-0"`);
  assertEquals(redis.run("XADD", "s", "*", "a", "b"), `"${now + 100}-1"`);
  assertEquals(redis.run("XLEN", "s"), "(integer) 5");
  assertEquals(redis.events, Array(5).fill("xadd s"));
});

Deno.test("a command that fails leaves neither a stream nor an effect", () => {
  const redis = new EngineHarness();
  for (const args of [["0-0", "a", "b"], ["x", "a", "b"], ["1-1", "a"], ["MAXLEN", "-1", "*"]]) {
    assertEquals(redis.run("XADD", "s", ...args).startsWith("(error)"), true);
  }
  assertEquals(redis.run("EXISTS", "s"), "(integer) 0");
  assertEquals([redis.effects, redis.events], [[], []]);
});

Deno.test("what redis-server passes on of an approximate trim, LIMIT and all, is accepted", () => {
  const redis = new EngineHarness();
  const refused = redis.run("XADD", "s", "MAXLEN", "=", "2", "LIMIT", "1", "1-0", "a", "b");
  assertEquals(refused.startsWith("(error)"), true);
  redis.session.isTrusted = true;
  for (let i = 1; i <= 4; i++) {
    redis.run("XADD", "s", "MAXLEN", "=", "2", "LIMIT", "1", `${i}-0`, "a", "b");
  }
  assertEquals(redis.run("XLEN", "s"), "(integer) 2");
});

Deno.test("an approximate trim takes whole blocks and goes out as an exact one", () => {
  const redis = new EngineHarness({ config: { "stream-node-max-entries": "10" } });
  for (let i = 1; i <= 35; i++) redis.run("XADD", "s", `${i}-0`, "a", String(i));
  redis.effects = [];
  assertEquals(redis.run("XTRIM", "s", "MAXLEN", "~", 12), "(integer) 20");
  assertEquals(redis.run("XTRIM", "s", "MINID", "~", 31), "(integer) 10");
  assertEquals(redis.run("XTRIM", "s", "MINID", "~", 35), "(integer) 0");
  assertEquals(redis.effects, ["XTRIM s MAXLEN = 15", "XTRIM s MINID = 31-0"]);
});

Deno.test("wrong types are refused", () => {
  const redis = new EngineHarness();
  redis.run("SET", "str", "v");
  const wrongType = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
  assertEquals(redis.run("XADD", "str", "1-1", "a", "b"), wrongType);
  assertEquals(redis.run("XLEN", "str"), wrongType);
  assertEquals(redis.run("XREAD", "STREAMS", "str", "0"), wrongType);
  redis.run("XADD", "s", "1-1", "a", "b");
  assertEquals(redis.run("GET", "s"), wrongType);
});

Deno.test("a stream gives back its memory when its key goes", () => {
  const redis = new EngineHarness();
  redis.run("SET", "warm", "v");
  redis.run("DEL", "warm");
  const { arena } = redis.session.db;
  const before = arena.usedBytes + arena.outsideBytes;
  for (let i = 1; i <= 500; i++) redis.run("XADD", "s", `${i}-0`, "a", String(i));
  redis.run("XGROUP", "CREATE", "s", "g", "0");
  redis.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  redis.run("COPY", "s", "t");
  redis.run("DEL", "s", "t");
  // Large values are given back in slices.
  while (redis.engine.context.store.lazyFree.tick(100, redis.clock));
  assertEquals(arena.usedBytes + arena.outsideBytes, before);
});
