import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("SETBIT replies the old bit and grows the string", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SETBIT", "k", 9, 1), "(integer) 0");
  assertEquals(redis.run("SETBIT", "k", 9, 0), "(integer) 1");
  assertEquals(redis.run("SETBIT", "k", 0, 1), "(integer) 0");
  assertEquals(redis.run("GET", "k"), '"\\x80\\x00"');
  assertEquals(redis.run("GETBIT", "k", 0), "(integer) 1");
  assertEquals(redis.run("GETBIT", "k", 100), "(integer) 0");
  assertEquals(redis.run("GETBIT", "none", 0), "(integer) 0");
});

Deno.test("SETBIT that changes nothing leaves no trace", () => {
  const redis = new EngineHarness();
  redis.run("SETBIT", "k", 7, 1);
  redis.run("SETBIT", "k", 7, 1);
  redis.run("SETBIT", "k", 8, 0);
  assertEquals(redis.effects, ["SETBIT k 7 1", "SETBIT k 8 0"]);
  assertEquals(redis.events, ["setbit k", "setbit k"]);
});

Deno.test("places of bits end at proto-max-bulk-len", () => {
  const redis = new EngineHarness({ config: { "proto-max-bulk-len": "1mb" } });
  const error = "(error) ERR bit offset is not an integer or out of range";
  for (const place of ["-1", "8388608", "9223372036854775807", "x", "", "#1"]) {
    assertEquals(redis.run("SETBIT", "k", place, 1), error, place);
    assertEquals(redis.run("GETBIT", "k", place), error, place);
  }
  assertEquals(redis.run("SETBIT", "k", 8388607, 1), "(integer) 0");
  assertEquals(redis.run("STRLEN", "k"), "(integer) 1048576");
  assertEquals(redis.run("BITCOUNT", "k"), "(integer) 1");
  assertEquals(redis.run("BITPOS", "k", 1), "(integer) 8388607");
  for (const bit of ["2", "-1", "x"]) {
    assertEquals(
      redis.run("SETBIT", "k", 0, bit),
      "(error) ERR bit is not an integer or out of range",
    );
  }
});

Deno.test("BITCOUNT and BITPOS agree with a bit by bit count over any range", () => {
  const seed = 4711;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const redis = new EngineHarness();
  for (let round = 0; round < 300; round++) {
    const value = random.bytes(1 + random.below(80));
    if (random.below(2) === 0) value.fill(random.below(2) * 255, 0, random.below(value.length));
    redis.run("SET", "k", value);
    const bits = [...value].flatMap((byte) => [...byte.toString(2).padStart(8, "0")].map(Number));
    const start = random.below(bits.length);
    const end = start + random.below(bits.length - start);
    const part = bits.slice(start, end + 1);
    const ones = part.reduce((sum, bit) => sum + bit, 0);
    assertEquals(redis.run("BITCOUNT", "k", start, end, "BIT"), `(integer) ${ones}`);
    for (const bit of [0, 1]) {
      const at = part.indexOf(bit);
      assertEquals(
        redis.run("BITPOS", "k", bit, start, end, "bit"),
        `(integer) ${at < 0 ? -1 : start + at}`,
      );
    }
  }
});

Deno.test("a string without an end given counts as followed by zeros", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", Uint8Array.of(0xff, 0xff));
  assertEquals(redis.run("BITPOS", "k", 0), "(integer) 16");
  assertEquals(redis.run("BITPOS", "k", 0, 1), "(integer) 16");
  assertEquals(redis.run("BITPOS", "k", 0, 0, -1), "(integer) -1");
  assertEquals(redis.run("BITPOS", "k", 0, 2), "(integer) -1");
  assertEquals(redis.run("BITPOS", "none", 0), "(integer) 0");
  assertEquals(redis.run("BITPOS", "none", 1), "(integer) -1");
});

Deno.test("BITCOUNT and BITPOS refuse what they do not know", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "foobar");
  assertEquals(redis.run("BITCOUNT", "k", 0), "(error) ERR syntax error");
  assertEquals(redis.run("BITCOUNT", "k", 0, 1, "BITS"), "(error) ERR syntax error");
  assertEquals(redis.run("BITPOS", "k", 2), "(error) ERR The bit argument must be 1 or 0.");
  assertEquals(redis.run("BITPOS", "k", 1, 0, 1, "NIBBLE"), "(error) ERR syntax error");
});
