import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("APPEND makes a key and adds to it", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("APPEND", "k", "ab"), "(integer) 2");
  assertEquals(redis.run("APPEND", "k", "cd"), "(integer) 4");
  assertEquals(redis.run("GET", "k"), '"abcd"');
  assertEquals(redis.effects, ["APPEND k ab", "APPEND k cd"]);
});

Deno.test("strings grow by APPEND and SETRANGE through every size and keep their neighbours", () => {
  const seed = 20_240_117;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const redis = new EngineHarness();
  const models = Array.from({ length: 4 }, () => new Uint8Array(0));
  for (let round = 0; round < 1500; round++) {
    const which = random.below(models.length);
    const key = `key${which}`;
    const part = random.bytes(1 + random.below(random.below(50) === 0 ? 60_000 : 300));
    const before = models[which];
    const at = random.below(3) === 0 ? random.below(before.length + 100) : before.length;
    const after = new Uint8Array(Math.max(before.length, at + part.length));
    after.set(before);
    after.set(part, at);
    const reply = at === before.length
      ? redis.run("APPEND", key, part)
      : redis.run("SETRANGE", key, at, part);
    assertEquals(reply, `(integer) ${after.length}`);
    models[which] = random.below(200) === 0 ? (redis.run("GETDEL", key), new Uint8Array(0)) : after;
    if (round % 50 > 0) continue;
    models.forEach((model, i) => {
      const value = redis.reply("GET", `key${i}`);
      if (value.kind !== "bulk") throw new Error(value.kind);
      assertEquals(value.bytes ?? new Uint8Array(0), model);
    });
  }
});

Deno.test("STRLEN counts bytes", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("STRLEN", "k"), "(integer) 0");
  redis.run("SET", "k", "é\0");
  assertEquals(redis.run("STRLEN", "k"), "(integer) 3");
});

Deno.test("GETRANGE counts from either end and is cut to the string", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "This is a string");
  const ranges: [string, string, string][] = [
    ["0", "3", "This"],
    ["-3", "-1", "ing"],
    ["0", "-1", "This is a string"],
    ["10", "100", "string"],
    ["5", "3", ""],
    ["100", "200", ""],
    ["-100", "-99", "T"],
    ["-99", "-100", ""],
    ["-9223372036854775808", "9223372036854775807", "This is a string"],
  ];
  for (const [start, end, text] of ranges) {
    assertEquals(redis.run("GETRANGE", "k", start, end), `"${text}"`, `${start} ${end}`);
    assertEquals(redis.run("SUBSTR", "k", start, end), `"${text}"`);
  }
  assertEquals(redis.run("GETRANGE", "none", 0, -1), '""');
  assertEquals(
    redis.run("GETRANGE", "k", "x", 0),
    "(error) ERR value is not an integer or out of range",
  );
});

Deno.test("SETRANGE fills the gap with zeros and writes nothing for nothing", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SETRANGE", "k", 5, ""), "(integer) 0");
  assertEquals(redis.run("SETRANGE", "k", 2, "x"), "(integer) 3");
  assertEquals(redis.run("GET", "k"), '"\\x00\\x00x"');
  assertEquals(redis.run("SETRANGE", "k", 0, ""), "(integer) 3");
  assertEquals(redis.run("SETRANGE", "k", -1, "x"), "(error) ERR offset is out of range");
  assertEquals(redis.effects, ["SETRANGE k 2 x"]);
});

Deno.test("no string grows beyond proto-max-bulk-len", () => {
  const redis = new EngineHarness({ config: { "proto-max-bulk-len": "1mb" } });
  const error = "(error) ERR string exceeds maximum allowed size (proto-max-bulk-len)";
  assertEquals(redis.run("SETRANGE", "k", 1048576, "x"), error);
  assertEquals(redis.run("SETRANGE", "k", "9223372036854775807", "x"), error);
  assertEquals(redis.run("SETRANGE", "k", 1048575, "x"), "(integer) 1048576");
  assertEquals(redis.run("APPEND", "k", "x"), error);
  assertEquals(redis.run("APPEND", "k", ""), "(integer) 1048576");
});
