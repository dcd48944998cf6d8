import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

/** Now, by the harness's clock. */
const START = 1_700_000_000_000;

/** A reply of integers as redis-cli shows it. */
function integers(...values: number[]): string {
  return values.map((value, i) => `${i + 1}) (integer) ${value}`).join("\n");
}

function withHash(): EngineHarness {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "a", "1", "b", "2", "c", "3");
  redis.effects = [];
  redis.events = [];
  return redis;
}

Deno.test("fields expire by seconds and milliseconds, from now or at a time", () => {
  const redis = withHash();
  const times: [string, number, number][] = [
    ["HEXPIRE", 100, START + 100_000],
    ["HPEXPIRE", 1500, START + 1500],
    ["HEXPIREAT", 1_800_000_000, 1_800_000_000_000],
    ["HPEXPIREAT", 1_800_000_000_001, 1_800_000_000_001],
  ];
  for (const [name, given, time] of times) {
    redis.effects = [];
    assertEquals(redis.run(name, "h", given, "FIELDS", 3, "a", "x", "b"), integers(1, -2, 1));
    assertEquals(redis.run("HPEXPIRETIME", "h", "FIELDS", 1, "a"), integers(time));
    assertEquals(redis.run("HPTTL", "h", "FIELDS", 1, "b"), integers(time - START));
    const seconds = Math.ceil(time / 1000);
    assertEquals(redis.run("HEXPIRETIME", "h", "fields", 1, "a"), integers(seconds));
    assertEquals(redis.run("HTTL", "h", "FIELDS", 1, "a"), integers(seconds - START / 1000));
    assertEquals(redis.effects, [`HPEXPIREAT h ${time} FIELDS 2 a b`]);
  }
  assertEquals(redis.events, Array(4).fill("hexpire h"));
});

Deno.test("NX, XX, GT and LT decide by the expiry there is", () => {
  const results = (condition: string): number[] =>
    [0, 100, 200, 300].map((before) => {
      const redis = withHash();
      if (before > 0) redis.run("HEXPIRE", "h", before, "FIELDS", 1, "a");
      const reply = redis.run("HEXPIRE", "h", 200, condition, "FIELDS", 1, "a");
      return Number(reply.split(" ").at(-1));
    });
  assertEquals(results("NX"), [1, 0, 0, 0]);
  assertEquals(results("XX"), [0, 1, 1, 1]);
  assertEquals(results("GT"), [0, 1, 0, 0]);
  assertEquals(results("lt"), [1, 0, 0, 1]);
});

Deno.test("a refused condition leaves no trace, and others are propagated without it", () => {
  const redis = withHash();
  redis.run("HPEXPIREAT", "h", START + 5000, "FIELDS", 1, "a");
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("HPEXPIREAT", "h", START + 6000, "NX", "FIELDS", 1, "a"), integers(0));
  assertEquals(redis.effects, []);
  assertEquals(redis.run("HEXPIRE", "h", 6, "NX", "FIELDS", 2, "a", "b"), integers(0, 1));
  assertEquals(redis.effects, [`HPEXPIREAT h ${START + 6000} FIELDS 1 b`]);
  assertEquals(redis.events, ["hexpire h"]);
});

Deno.test("a time in the past removes fields at once, and the key with the last one", () => {
  const redis = withHash();
  assertEquals(
    redis.run("HPEXPIREAT", "h", START, "FIELDS", 3, "a", "x", "a"),
    integers(2, -2, -2),
  );
  assertEquals(redis.run("HEXPIRE", "h", 0, "FIELDS", 2, "b", "c"), integers(2, 2));
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
  assertEquals(redis.effects, ["HDEL h a", "HDEL h b c"]);
  assertEquals(redis.events, ["hdel h", "hdel h", "del h"]);
});

Deno.test("HPERSIST takes expiries away", () => {
  const redis = withHash();
  redis.run("HEXPIRE", "h", 100, "FIELDS", 1, "a");
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("HPERSIST", "h", "FIELDS", 3, "a", "b", "x"), integers(1, -1, -2));
  assertEquals(redis.run("HTTL", "h", "FIELDS", 1, "a"), integers(-1));
  assertEquals(redis.effects, ["HPERSIST h FIELDS 1 a"]);
  assertEquals(redis.events, ["hpersist h"]);
  assertEquals(redis.run("HPERSIST", "none", "FIELDS", 1, "a"), integers(-2));
});

Deno.test("a missing key has no fields", () => {
  const redis = new EngineHarness();
  for (const words of ["HEXPIRE h 1 FIELDS 2 a b", "HTTL h FIELDS 2 a b"]) {
    assertEquals(redis.run(...words.split(" ")), integers(-2, -2));
  }
  assertEquals(redis.effects, []);
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
});

Deno.test("HSET lets a field live for ever again", () => {
  const redis = withHash();
  redis.run("HEXPIRE", "h", 100, "FIELDS", 2, "a", "b");
  redis.run("HSET", "h", "a", "new");
  assertEquals(redis.run("HTTL", "h", "FIELDS", 2, "a", "b"), integers(-1, 100));
});

Deno.test("bad arguments are named, and nothing changes", () => {
  const redis = withHash();
  const fields = "ERR Mandatory argument FIELDS is missing or not at the right position";
  const mismatch = "ERR The `numfields` parameter must match the number of arguments";
  const notInteger = "ERR value is not an integer or out of range";
  const cases: [string, string][] = [
    ["HEXPIRE h 1 FIELD 1 a", fields],
    ["HEXPIRE h 1 YY FIELDS 1 a", fields],
    ["HEXPIRE h 1 NX XX FIELDS 1 a", fields],
    ["HEXPIRE h 1 FIELDS 0 a", "ERR Parameter `numFields` should be greater than 0"],
    ["HEXPIRE h 1 FIELDS x a", "ERR Parameter `numFields` should be greater than 0"],
    ["HEXPIRE h 1 FIELDS 2 a", mismatch],
    ["HEXPIRE h x FIELDS 1 a", notInteger],
    ["HEXPIRE h -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0"],
    ["HEXPIRE h 70368744178 FIELDS 1 a", "ERR invalid expire time in 'hexpire' command"],
    ["HPEXPIREAT h 70368744177664 FIELDS 1 a", "ERR invalid expire time in 'hpexpireat' command"],
    ["HEXPIRE h 9223372036854775807 FIELDS 1 a", "ERR invalid expire time in 'hexpire' command"],
    ["HEXPIRE h 1 FIELDS 1", "ERR wrong number of arguments for 'hexpire' command"],
    ["HTTL h FIELDS 0 a", "ERR Number of fields must be a positive integer"],
    ["HTTL h FIELDS 2 a", mismatch],
    ["HTTL h NONE 1 a", fields],
    ["HTTL h FIELDS 1", "ERR wrong number of arguments for 'httl' command"],
    ["HPERSIST h FIELDS x a", "ERR Number of fields must be a positive integer"],
    ["HPERSIST h 1 FIELDS a", fields],
  ];
  for (const [words, error] of cases) {
    assertEquals(redis.run(...words.split(" ")), `(error) ${error}`, words);
  }
  assertEquals(redis.effects, []);
  assertEquals(redis.run("HTTL", "h", "FIELDS", 1, "a"), integers(-1));
  assertEquals(
    redis.run("HPEXPIREAT", "h", "70368744177663", "FIELDS", 1, "a"),
    integers(1),
  );
});
