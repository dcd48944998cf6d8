import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

const WRONG_TYPE = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER = "(error) ERR value is not an integer or out of range";

/** A harness with a list `l` of these elements, and a string `s`. */
function withList(...elements: string[]): EngineHarness {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", ...elements);
  redis.run("SET", "s", "text");
  return redis;
}

function elementsOf(redis: EngineHarness): string {
  return redis.run("LRANGE", "l", 0, -1).replace(/\d+\) "(.*)"\n?/g, "$1 ").trim();
}

Deno.test("LLEN counts, and a missing list has no elements", () => {
  const redis = withList("a", "b");
  assertEquals(redis.run("LLEN", "l"), "(integer) 2");
  assertEquals(redis.run("LLEN", "none"), "(integer) 0");
  assertEquals(redis.run("LLEN", "s"), WRONG_TYPE);
});

Deno.test("LINDEX counts from the start, or from the end below zero", () => {
  const redis = withList("a", "b", "c");
  const found = [0, 2, -1, -3, 3, -4].map((index) => redis.run("LINDEX", "l", index));
  assertEquals(found, [`"a"`, `"c"`, `"c"`, `"a"`, "(nil)", "(nil)"]);
  assertEquals(redis.run("LINDEX", "l", "x"), NOT_AN_INTEGER);
  assertEquals(redis.run("LINDEX", "none", "x"), "(nil)");
  assertEquals(redis.run("LINDEX", "s", "x"), WRONG_TYPE);
});

for (const protocol of [2, 3] as const) {
  Deno.test(`LRANGE replies bulk strings whatever the bytes, RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    const binary = new Uint8Array([0, 255, 13, 10, 36, 49]);
    redis.run("RPUSH", "l", "", binary, "x".repeat(100));
    assertEquals(
      latin1(redis.bytesTo(redis.session, "LRANGE", "l", "0", "-1")),
      `*3\r\n$0\r\n\r\n$6\r\n\0\xff\r\n$1\r\n$100\r\n${"x".repeat(100)}\r\n`,
    );
    assertEquals(latin1(redis.bytesTo(redis.session, "LRANGE", "none", "0", "-1")), "*0\r\n");
  });
}

Deno.test("LRANGE cuts what lies outside", () => {
  const redis = withList("a", "b", "c", "d");
  assertEquals(redis.run("LRANGE", "l", -100, 1), `1) "a"\n2) "b"`);
  assertEquals(redis.run("LRANGE", "l", -2, 100), `1) "c"\n2) "d"`);
  for (const [start, stop] of [[2, 1], [4, 9], [-1, -2]]) {
    assertEquals(redis.run("LRANGE", "l", start, stop), "(empty array)");
  }
  assertEquals(redis.run("LRANGE", "none", "x", 1), NOT_AN_INTEGER);
  assertEquals(redis.run("LRANGE", "s", 0, 1), WRONG_TYPE);
});

Deno.test("LSET replaces by elements of any length", () => {
  const redis = withList("a", "b", "c");
  assertEquals(redis.run("LSET", "l", 1, "B"), "OK");
  assertEquals(redis.run("LSET", "l", -1, "longer"), "OK");
  assertEquals(redis.run("LSET", "l", 0, ""), "OK");
  assertEquals(redis.run("LRANGE", "l", 0, -1), `1) ""\n2) "B"\n3) "longer"`);
  assertEquals(redis.run("LSET", "l", 3, "x"), "(error) ERR index out of range");
  assertEquals(redis.run("LSET", "l", "x", "x"), NOT_AN_INTEGER);
  assertEquals(redis.run("LSET", "none", 0, "x"), "(error) ERR no such key");
  assertEquals(redis.run("LSET", "s", 0, "x"), WRONG_TYPE);
});

Deno.test("LSET puts an element of a megabyte amid small ones, and small ones for it", () => {
  const redis = withList("a", "b", "c");
  const long = "y".repeat(1_000_000);
  redis.run("LSET", "l", 1, long);
  assertEquals(redis.run("LINDEX", "l", 1).length, 1_000_002);
  assertEquals(redis.run("LINDEX", "l", 2), `"c"`);
  redis.run("LSET", "l", 1, "B");
  assertEquals(elementsOf(redis), "a B c");
});

Deno.test("LINSERT finds its pivot from the start", () => {
  const redis = withList("a", "b", "a");
  assertEquals(redis.run("LINSERT", "l", "after", "a", "x"), "(integer) 4");
  assertEquals(redis.run("LINSERT", "l", "BEFORE", "a", "y"), "(integer) 5");
  assertEquals(elementsOf(redis), "y a x b a");
  assertEquals(redis.run("LINSERT", "l", "BEFORE", "nothing", "y"), "(integer) -1");
  assertEquals(redis.run("LINSERT", "none", "BEFORE", "a", "y"), "(integer) 0");
  assertEquals(redis.run("LINSERT", "none", "NEAR", "a", "y"), "(error) ERR syntax error");
  assertEquals(redis.run("LINSERT", "s", "BEFORE", "a", "y"), WRONG_TYPE);
});

Deno.test("LREM takes so many from either side, or all", () => {
  const redis = withList("a", "b", "a", "c", "a", "b", "a");
  assertEquals(redis.run("LREM", "l", 1, "a"), "(integer) 1");
  assertEquals(redis.run("LREM", "l", -2, "a"), "(integer) 2");
  assertEquals(elementsOf(redis), "b a c b");
  assertEquals(redis.run("LREM", "l", 0, "b"), "(integer) 2");
  assertEquals(redis.run("LREM", "l", 5, "nothing"), "(integer) 0");
  redis.run("LREM", "l", 0, "a");
  redis.events = [];
  assertEquals(redis.run("LREM", "l", 0, "c"), "(integer) 1");
  assertEquals(redis.events, ["lrem l", "del l"]);
  assertEquals(redis.run("LREM", "l", "x", "c"), NOT_AN_INTEGER);
  assertEquals(redis.run("LREM", "l", 0, "c"), "(integer) 0");
  assertEquals(redis.run("LREM", "s", 0, "c"), WRONG_TYPE);
});

Deno.test("LTRIM keeps a range, and removes the key when nothing is in it", () => {
  const redis = withList("a", "b", "c", "d", "e");
  assertEquals(redis.run("LTRIM", "l", 1, -2), "OK");
  assertEquals(elementsOf(redis), "b c d");
  assertEquals(redis.run("LTRIM", "l", -100, 1), "OK");
  assertEquals(elementsOf(redis), "b c");
  assertEquals(redis.run("LTRIM", "l", 5, 9), "OK");
  assertEquals(redis.run("EXISTS", "l"), "(integer) 0");
  assertEquals(redis.run("LTRIM", "l", 0, 1), "OK");
  assertEquals(redis.run("LTRIM", "l", "x", 1), NOT_AN_INTEGER);
  assertEquals(redis.run("LTRIM", "s", 0, 1), WRONG_TYPE);
});

Deno.test("LPOS finds from either end, so many and so far", () => {
  const redis = withList("a", "b", "c", "1", "2", "3", "c", "c");
  const position = (...options: string[]) => redis.run("LPOS", "l", ...options);
  assertEquals(position("c"), "(integer) 2");
  assertEquals(position("c", "RANK", "2"), "(integer) 6");
  assertEquals(position("c", "rank", "-1"), "(integer) 7");
  assertEquals(position("c", "RANK", "4"), "(nil)");
  assertEquals(position("nothing"), "(nil)");
  assertEquals(position("nothing", "COUNT", "0"), "(empty array)");
  assertEquals(position("c", "COUNT", "2"), "1) (integer) 2\n2) (integer) 6");
  assertEquals(position("c", "COUNT", "0", "RANK", "-2"), "1) (integer) 6\n2) (integer) 2");
  assertEquals(position("c", "COUNT", "0", "MAXLEN", "7"), "1) (integer) 2\n2) (integer) 6");
  assertEquals(position("c", "RANK", "-3", "MAXLEN", "5"), "(nil)");
  assertEquals(redis.run("LPOS", "none", "a"), "(nil)");
  assertEquals(redis.run("LPOS", "none", "a", "COUNT", 1), "(empty array)");
  assertEquals(redis.run("LPOS", "s", "a"), WRONG_TYPE);
});

Deno.test("LPOS says what is wrong with its options", () => {
  const redis = withList("a");
  const error = (...options: string[]) => redis.run("LPOS", "l", "a", ...options);
  assertEquals(error("RANK", "0").slice(0, 31), "(error) ERR RANK can't be zero:");
  assertEquals(error("RANK", "x"), NOT_AN_INTEGER);
  assertEquals(error("COUNT", "-1"), "(error) ERR COUNT can't be negative");
  assertEquals(error("COUNT", "x"), "(error) ERR COUNT can't be negative");
  assertEquals(error("MAXLEN", "-1"), "(error) ERR MAXLEN can't be negative");
  assertEquals(error("RANK"), "(error) ERR syntax error");
  assertEquals(error("NEAR", "1"), "(error) ERR syntax error");
});
