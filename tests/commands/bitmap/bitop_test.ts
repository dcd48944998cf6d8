import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

function get(redis: EngineHarness, key: string): Uint8Array | null {
  const reply = redis.reply("GET", key);
  return reply.kind === "bulk" ? reply.bytes : null;
}

Deno.test("BITOP combines strings of any length at any address", () => {
  const seed = 99;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const redis = new EngineHarness();
  const operations: Record<string, (a: number, b: number) => number> = {
    AND: (a, b) => a & b,
    OR: (a, b) => a | b,
    XOR: (a, b) => a ^ b,
  };
  for (let round = 0; round < 60; round++) {
    const longest = round % 10 === 0 ? 40_000 : 200;
    const sources = Array.from({ length: 3 }, () => random.bytes(1 + random.below(longest)));
    sources.forEach((source, i) => redis.run("SET", "source".slice(i), source));
    const length = Math.max(...sources.map((source) => source.length));
    for (const [name, combine] of Object.entries(operations)) {
      const expected = Uint8Array.from(
        { length },
        (_, at) => sources.map((source) => source[at] ?? 0).reduce((a, b) => combine(a, b)),
      );
      const reply = redis.run("BITOP", name, "target", "source", "ource", "urce");
      assertEquals(reply, `(integer) ${length}`);
      assertEquals(get(redis, "target"), expected, `${name} ${length}`);
    }
    redis.run("BITOP", "NOT", "target", "source");
    assertEquals(get(redis, "target"), sources[0].map((byte) => ~byte));
  }
});

Deno.test("BITOP may write to one of its sources", () => {
  const redis = new EngineHarness();
  redis.run("MSET", "a", "abc", "b", "\x00".repeat(2000));
  assertEquals(redis.run("BITOP", "OR", "a", "a", "b"), "(integer) 2000");
  assertEquals(get(redis, "a")?.slice(0, 4), Uint8Array.of(97, 98, 99, 0));
  assertEquals(redis.run("BITOP", "XOR", "a", "a", "a"), "(integer) 2000");
  assertEquals(redis.run("BITCOUNT", "a"), "(integer) 0");
});

Deno.test("BITOP of nothing deletes the target", () => {
  const redis = new EngineHarness();
  redis.run("SET", "t", "x");
  assertEquals(redis.run("BITOP", "AND", "t", "none", "nothing"), "(integer) 0");
  assertEquals(redis.run("BITOP", "AND", "t", "none"), "(integer) 0");
  assertEquals(get(redis, "t"), null);
  assertEquals(redis.effects, ["SET t x", "BITOP AND t none nothing"]);
  assertEquals(redis.events, ["set t", "del t"]);
});

Deno.test("BITOP forgets the time to live of its target", () => {
  const redis = new EngineHarness();
  redis.run("SET", "t", "x", "PX", 10);
  redis.run("BITOP", "NOT", "t", "t");
  redis.clock.advance(10);
  assertEquals(get(redis, "t"), Uint8Array.of(0x87));
});

Deno.test("BITOP checks its operation and NOT its single source", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("BITOP", "NAND", "t", "a"), "(error) ERR syntax error");
  assertEquals(
    redis.run("BITOP", "NOT", "t", "a", "b"),
    "(error) ERR BITOP NOT must be called with a single source key.",
  );
});
