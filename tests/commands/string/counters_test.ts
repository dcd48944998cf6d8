import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("counters start at zero", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("INCR", "a"), "(integer) 1");
  assertEquals(redis.run("DECR", "b"), "(integer) -1");
  assertEquals(redis.run("INCRBY", "c", 5), "(integer) 5");
  assertEquals(redis.run("DECRBY", "d", 5), "(integer) -5");
  assertEquals(redis.run("INCRBYFLOAT", "e", "0.5"), '"0.5"');
});

Deno.test("counters are exact over 64 bits", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "9007199254740991");
  assertEquals(redis.run("INCR", "k"), "(integer) 9007199254740992");
  assertEquals(redis.run("INCR", "k"), "(integer) 9007199254740993");
  assertEquals(redis.run("DECRBY", "k", 2), "(integer) 9007199254740991");
  assertEquals(
    redis.run("INCRBY", "k", "9214364837600034816"),
    "(integer) 9223372036854775807",
  );
  const overflow = "(error) ERR increment or decrement would overflow";
  assertEquals(redis.run("INCR", "k"), overflow);
  redis.run("SET", "k", "-9223372036854775808");
  assertEquals(redis.run("DECR", "k"), overflow);
  assertEquals(
    redis.run("INCRBY", "k", "9223372036854775807"),
    "(integer) -1",
  );
  assertEquals(
    redis.run("DECRBY", "k", "-9223372036854775808"),
    "(error) ERR decrement would overflow",
  );
});

Deno.test("a counter goes on from any number by any increment", () => {
  const redis = new EngineHarness();
  const ends = [0n, 9n, 10n, 99n, 999_999_999n, 10n ** 14n - 1n, 10n ** 17n, 10n ** 18n - 1n];
  for (const end of ends.flatMap((end) => [end, -end])) {
    for (let start = end - 11n; start <= end + 11n; start++) {
      for (const increment of [-11n, -9n, -1n, 0n, 1n, 2n, 9n, 10n]) {
        redis.run("SET", "k", String(start));
        const sum = start + increment;
        assertEquals(redis.run("INCRBY", "k", String(increment)), `(integer) ${sum}`);
        assertEquals(redis.run("GET", "k"), `"${sum}"`);
      }
    }
  }
  redis.run("SET", "k", "9223372036854775806");
  assertEquals(redis.run("INCR", "k"), "(integer) 9223372036854775807");
  assertEquals(redis.run("INCR", "k"), "(error) ERR increment or decrement would overflow");
  assertEquals(redis.run("OBJECT", "ENCODING", "k"), '"int"');
});

Deno.test("a counter keeps its time to live", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", 1, "PX", 10);
  redis.run("INCR", "k");
  redis.run("INCRBYFLOAT", "k", 1);
  redis.clock.advance(10);
  assertEquals(redis.run("GET", "k"), "(nil)");
});

Deno.test("only canonical whole numbers can be counted", () => {
  const redis = new EngineHarness();
  const error = "(error) ERR value is not an integer or out of range";
  for (const value of ["", " 1", "1 ", "01", "+1", "-0", "1.0", "x", "9223372036854775808"]) {
    redis.run("SET", "k", value);
    assertEquals(redis.run("INCR", "k"), error, value);
    assertEquals(redis.run("INCRBY", "none", value), error, value);
    assertEquals(redis.run("DECRBY", "none", value), error, value);
  }
});

Deno.test("INCRBYFLOAT adds as a long double and prints no exponent", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "10.50");
  assertEquals(redis.run("INCRBYFLOAT", "k", "0.1"), '"10.6"');
  redis.run("SET", "k", "5.0e3");
  assertEquals(redis.run("INCRBYFLOAT", "k", "2.0e2"), '"5200"');
  assertEquals(redis.effects.pop(), "SET k 5200 KEEPTTL");
  assertEquals(redis.run("INCRBYFLOAT", "k", "x"), "(error) ERR value is not a valid float");
  assertEquals(
    redis.run("INCRBYFLOAT", "k", "inf"),
    "(error) ERR increment would produce NaN or Infinity",
  );
});

Deno.test("a counter reads the same in RESP3", () => {
  const redis = new EngineHarness({ protocol: 3 });
  assertEquals(redis.run("INCRBY", "k", "9223372036854775807"), "(integer) 9223372036854775807");
  assertEquals(redis.run("INCRBYFLOAT", "f", "3.25"), '"3.25"');
});
