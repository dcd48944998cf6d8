import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** The integers of a reply, null where an operation failed. */
function run(redis: EngineHarness, ...words: (string | number | bigint)[]): (string | null)[] {
  const reply = redis.reply("BITFIELD", "k", ...words);
  if (reply.kind !== "array" || reply.items === null) throw new Error(reply.kind);
  return reply.items.map((item) => item.kind === "integer" ? String(item.value) : null);
}

Deno.test("fields of every width hold their ends at any place", () => {
  const seed = 31;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (let bits = 1; bits <= 64; bits++) {
    for (const sign of bits < 64 ? ["u", "i"] : ["i"]) {
      const redis = new EngineHarness();
      const max = 2n ** BigInt(sign === "u" ? bits : bits - 1) - 1n;
      const min = sign === "u" ? 0n : -max - 1n;
      const place = random.below(100);
      const type = `${sign}${bits}`;
      // The neighbours are full of ones and must stay so.
      run(redis, "SET", "i64", 0, -1, "SET", "i64", 64, -1, "SET", "i64", 128, -1);
      const old = run(redis, "GET", type, place)[0];
      assertEquals(run(redis, "SET", type, place, max), [old], type);
      assertEquals(run(redis, "SET", type, place, min), [String(max)], type);
      assertEquals(run(redis, "GET", type, place), [String(min)], type);
      const ones = sign === "u" ? 0 : 1;
      assertEquals(redis.run("BITCOUNT", "k"), `(integer) ${192 - bits + ones}`, type);
      const wrapped = run(redis, "INCRBY", type, place, -1);
      assertEquals(wrapped, [String(max)], type);
      const ends = run(redis, "OVERFLOW", "SAT", "INCRBY", type, place, 1, "GET", type, place);
      assertEquals(ends, [String(max), String(max)], type);
      const failed = run(redis, "OVERFLOW", "FAIL", "INCRBY", type, place, 1, "GET", type, place);
      assertEquals(failed, [null, String(max)], type);
    }
  }
});

Deno.test("an offset with # counts in fields", () => {
  const redis = new EngineHarness();
  assertEquals(run(redis, "SET", "u8", "#2", 7, "GET", "u8", 16), ["0", "7"]);
  assertEquals(redis.run("GET", "k"), '"\\x00\\x00\\a"');
});

Deno.test("OVERFLOW holds for the operations after it", () => {
  const redis = new EngineHarness();
  assertEquals(
    run(
      redis,
      ...["SET", "u8", 0, 300, "OVERFLOW", "SAT", "SET", "u8", 0, 300, "OVERFLOW", "FAIL"],
      ...["SET", "u8", 0, 300, "OVERFLOW", "WRAP", "INCRBY", "u8", 0, 2],
    ),
    ["0", "44", null, "1"],
  );
});

Deno.test("reading makes no key and replies zeros", () => {
  const redis = new EngineHarness();
  assertEquals(run(redis, "GET", "u63", 1000, "GET", "i5", 3), ["0", "0"]);
  assertEquals(run(redis), []);
  assertEquals(redis.run("STRLEN", "k"), "(integer) 0");
  assertEquals(redis.effects, []);
  redis.run("SET", "k", "\x7f");
  assertEquals(run(redis, "GET", "u16", 4), ["61440"]);
});

Deno.test("BITFIELD_RO only reads", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "a");
  assertEquals(redis.run("BITFIELD_RO", "k", "GET", "u8", 0), "1) (integer) 97");
  assertEquals(
    redis.run("BITFIELD_RO", "k", "GET", "u8", 0, "SET", "u8", 0, 1),
    "(error) ERR BITFIELD_RO only supports the GET subcommand",
  );
  assertEquals(redis.run("GET", "k"), '"a"');
});

Deno.test("a wrong operation anywhere changes nothing", () => {
  const redis = new EngineHarness();
  const type = "(error) ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is " +
    "not supported but i64 is.";
  const cases: [string, string][] = [
    ["SET u8 0 1 GET u64 0", type],
    ["SET u8 0 1 GET i65 0", type],
    ["SET u8 0 1 GET u0 0", type],
    ["SET u8 0 1 GET U8 0", type],
    ["SET u8 0 1 GET u8 -1", "(error) ERR bit offset is not an integer or out of range"],
    ["SET u8 0 1 GET u8", "(error) ERR syntax error"],
    ["SET u8 0 1 SET u8 0 x", "(error) ERR value is not an integer or out of range"],
    ["SET u8 0 1 OVERFLOW NONE", "(error) ERR Invalid OVERFLOW type specified"],
  ];
  for (const [words, error] of cases) {
    assertEquals(redis.run("BITFIELD", "k", ...words.split(" ")), error, words);
  }
  assertEquals(redis.run("GET", "k"), "(nil)");
});

Deno.test("a failed write is null in both protocols", () => {
  for (const [protocol, text] of [[2, "*1\r\n$-1\r\n"], [3, "*1\r\n_\r\n"]] as const) {
    const redis = new EngineHarness({ protocol });
    const words = ["BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "u1", "0", "2"];
    assertEquals(new TextDecoder().decode(redis.bytesTo(redis.session, ...words)), text);
  }
});
