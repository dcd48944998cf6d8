import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const NOT_AN_INTEGER = "(error) ERR value is not an integer or out of range";

Deno.test("HINCRBY adds exactly to the ends of 64 bits", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HINCRBY", "h", "f", 5), "(integer) 5");
  assertEquals(redis.run("HINCRBY", "h", "f", -7), "(integer) -2");
  redis.run("HSET", "h", "f", "9007199254740993");
  assertEquals(redis.run("HINCRBY", "h", "f", 2), "(integer) 9007199254740995");
  assertEquals(
    redis.run("HINCRBY", "h", "g", "9223372036854775807"),
    "(integer) 9223372036854775807",
  );
  assertEquals(
    redis.run("HINCRBY", "h", "g", 1),
    "(error) ERR increment or decrement would overflow",
  );
  assertEquals(redis.run("HGET", "h", "g"), '"9223372036854775807"');
  assertEquals(redis.effects.at(-1), "HINCRBY h g 9223372036854775807");
  assertEquals(new Set(redis.events), new Set(["hincrby h", "hset h"]));
});

Deno.test("HINCRBY refuses what is not an integer, and makes no key", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HINCRBY", "h", "f", "1.5"), NOT_AN_INTEGER);
  assertEquals(redis.run("HINCRBY", "h", "f", "9223372036854775808"), NOT_AN_INTEGER);
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
  redis.run("HSET", "h", "f", "1.5");
  assertEquals(redis.run("HINCRBY", "h", "f", 1), "(error) ERR hash value is not an integer");
  assertEquals(redis.run("HGET", "h", "f"), '"1.5"');
  assertEquals(redis.effects, ["HSET h f 1.5"]);
});

Deno.test("HINCRBYFLOAT propagates the sum", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", "10.5"), '"10.5"');
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", "0.1"), '"10.6"');
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", "-10.6"), '"0"');
  assertEquals(redis.effects, ["HSET h f 10.5", "HSET h f 10.6", "HSET h f 0"]);
  assertEquals(redis.events, Array(3).fill("hincrbyfloat h"));
});

Deno.test("HINCRBYFLOAT refuses what is not a float, and makes no key", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", "x"), "(error) ERR value is not a valid float");
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", "inf"), "(error) ERR value is NaN or Infinity");
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
  redis.run("HSET", "h", "f", "x");
  assertEquals(redis.run("HINCRBYFLOAT", "h", "f", 1), "(error) ERR hash value is not a float");
});

Deno.test("counters leave the expiry of their field", () => {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "f", "1", "g", "2");
  redis.run("HPEXPIREAT", "h", "1800000000000", "FIELDS", "2", "f", "g");
  redis.effects = [];
  redis.run("HINCRBY", "h", "f", 1);
  redis.run("HINCRBYFLOAT", "h", "g", "0.5");
  assertEquals(
    redis.run("HPEXPIRETIME", "h", "FIELDS", "2", "f", "g"),
    "1) (integer) 1800000000000\n2) (integer) 1800000000000",
  );
  assertEquals(redis.effects, ["HINCRBY h f 1", "HSETEX h KEEPTTL FIELDS 1 g 2.5"]);
});
