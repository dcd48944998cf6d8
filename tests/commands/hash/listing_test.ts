import { assert, assertEquals, assertLess } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

function texts(redis: EngineHarness, ...words: string[]): string[] {
  const reply = redis.reply(...words);
  assert(reply.kind === "array" && reply.items !== null, words.join(" "));
  return reply.items.map((item) => {
    assert(item.kind === "bulk" && item.bytes !== null);
    return latin1(item.bytes);
  });
}

Deno.test("HGETALL, HKEYS and HVALS list a packed hash in its order", () => {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "a", "1", "b", "2");
  assertEquals(texts(redis, "HGETALL", "h"), ["a", "1", "b", "2"]);
  assertEquals(texts(redis, "HKEYS", "h"), ["a", "b"]);
  assertEquals(texts(redis, "HVALS", "h"), ["1", "2"]);
  for (const name of ["HGETALL", "HKEYS", "HVALS"]) assertEquals(texts(redis, name, "none"), []);
});

Deno.test("HGETALL is a map in RESP3, the others are arrays", () => {
  const redis = new EngineHarness({ protocol: 3 });
  redis.run("HSET", "h", "a", "1");
  const bytes = (...words: string[]) => latin1(redis.bytesTo(redis.session, ...words));
  assertEquals(bytes("HGETALL", "h"), "%1\r\n$1\r\na\r\n$1\r\n1\r\n");
  assertEquals(bytes("HGETALL", "none"), "%0\r\n");
  assertEquals(bytes("HKEYS", "h"), "*1\r\n$1\r\na\r\n");
  assertEquals(bytes("HRANDFIELD", "h", "1", "WITHVALUES"), "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n");
  assertEquals(bytes("HRANDFIELD", "none"), "_\r\n");
});

for (const size of [5, 300, 2000]) {
  Deno.test(`HRANDFIELD picks different fields, or any, of ${size}`, () => {
    const redis = new EngineHarness();
    for (let i = 0; i < size; i++) redis.run("HSET", "h", `f${i}`, `v${i}`);
    for (const count of [1, 3, Math.floor(size / 20), size - 1, size, size + 5]) {
      const fields = texts(redis, "HRANDFIELD", "h", String(count));
      assertEquals(fields.length, Math.min(count, size));
      assertEquals(new Set(fields).size, fields.length);
      const repeated = texts(redis, "HRANDFIELD", "h", String(-count), "WITHVALUES");
      assertEquals(repeated.length, count * 2);
      for (let i = 0; i < repeated.length; i += 2) {
        assertEquals(repeated[i + 1], repeated[i].replace("f", "v"));
      }
    }
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) seen.add(redis.run("HRANDFIELD", "h"));
    assertLess(Math.min(size, 20) - 1, seen.size);
  });
}

Deno.test("HSCAN shows a packed hash at once, a table in parts, without values if asked", () => {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "a1", "1", "a2", "2", "b", "3");
  const scan = (...words: string[]) => redis.run("HSCAN", "h", "0", ...words);
  assertEquals(scan("COUNT", "1", "MATCH", "a*").split("\n").length, 5);
  assertEquals(scan("NOVALUES", "MATCH", "a*"), '1) "0"\n2) 1) "a1"\n   2) "a2"');
  assertEquals(scan("MATCH", "a1", "novalues", "COUNT", "5"), '1) "0"\n2) 1) "a1"');
  assertEquals(scan("NOVALUES", "x"), "(error) ERR syntax error");
  assertEquals(scan("MATCH", "[3]"), '1) "0"\n2) (empty array)');
  for (let i = 0; i < 1000; i++) redis.run("HSET", "large", `f${i}`, `v${i}`);
  const found = new Set<string>();
  let cursor = "0";
  let calls = 0;
  do {
    const reply = redis.reply("HSCAN", "large", cursor, "COUNT", "20");
    assert(reply.kind === "array" && reply.items !== null);
    const [next, fields] = reply.items;
    assert(next.kind === "bulk" && next.bytes !== null);
    assert(fields.kind === "array" && fields.items !== null);
    cursor = latin1(next.bytes);
    for (const item of fields.items) {
      assert(item.kind === "bulk" && item.bytes !== null);
      found.add(latin1(item.bytes));
    }
    calls++;
    // Fields that come and go meanwhile do not hide the others.
    redis.run("HSET", "large", `x${calls}`, "y");
    redis.run("HDEL", "large", `x${calls - 5}`);
  } while (cursor !== "0");
  for (let i = 0; i < 1000; i++) assert(found.has(`f${i}`) && found.has(`v${i}`));
  assert(calls > 10 && calls < 120);
});

Deno.test("HRANDFIELD refuses to repeat fields until the memory is full", () => {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "f", "v");
  const refused = "(error) ERR value is out of range";
  assertEquals(redis.run("HRANDFIELD", "h", "-9223372036854775807"), refused);
  assertEquals(redis.run("HRANDFIELD", "h", "-100000000"), refused);
});
