import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

/** Now, by the harness's clock. */
const START = 1_700_000_000_000;

function withHash(): EngineHarness {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "a", "1", "b", "2", "c", "3");
  redis.effects = [];
  redis.events = [];
  return redis;
}

Deno.test("HGETDEL replies with values and removes their fields", () => {
  const redis = withHash();
  assertEquals(redis.run("HGETDEL", "h", "FIELDS", 3, "a", "x", "a"), '1) "1"\n2) (nil)\n3) (nil)');
  assertEquals(redis.run("HGETDEL", "h", "FIELDS", 1, "x"), "1) (nil)");
  assertEquals(redis.run("HGETDEL", "h", "FIELDS", 3, "b", "c", "b"), '1) "2"\n2) "3"\n3) (nil)');
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
  assertEquals(redis.effects, ["HDEL h a", "HDEL h b c"]);
  assertEquals(redis.events, ["hdel h", "hdel h", "del h"]);
  assertEquals(redis.run("HGETDEL", "h", "FIELDS", 2, "a", "b"), "1) (nil)\n2) (nil)");
});

Deno.test("HGETEX reads, and sets or takes away expiries", () => {
  const redis = withHash();
  const run = (words: string) => redis.run(...words.split(" "));
  assertEquals(run("HGETEX h FIELDS 2 a x"), '1) "1"\n2) (nil)');
  assertEquals(redis.effects, []);
  run("HGETEX h EX 10 FIELDS 2 a x");
  run("HGETEX h PX 10 FIELDS 1 b");
  run("HGETEX h EXAT 1800000000 FIELDS 1 c");
  run("HGETEX h PXAT 1800000000001 FIELDS 1 b");
  run("HGETEX h PERSIST FIELDS 2 a x");
  run("HGETEX h PERSIST FIELDS 1 a");
  assertEquals(redis.effects, [
    `HPEXPIREAT h ${START + 10_000} FIELDS 1 a`,
    `HPEXPIREAT h ${START + 10} FIELDS 1 b`,
    "HPEXPIREAT h 1800000000000 FIELDS 1 c",
    "HPEXPIREAT h 1800000000001 FIELDS 1 b",
    "HPERSIST h FIELDS 1 a",
  ]);
  assertEquals(redis.events, [...Array<string>(4).fill("hexpire h"), "hpersist h"]);
  redis.effects = [];
  redis.events = [];
  assertEquals(run("HGETEX h EXAT 1 FIELDS 3 a b c"), '1) "1"\n2) "2"\n3) "3"');
  assertEquals(run("EXISTS h"), "(integer) 0");
  assertEquals(redis.effects, ["HDEL h a b c"]);
  assertEquals(redis.events, ["hdel h", "del h"]);
  assertEquals(run("HGETEX h EX 10 FIELDS 1 a"), "1) (nil)");
});

Deno.test("HGETEX with a time in the past finds a field once, however often it is named", () => {
  const redis = new EngineHarness();
  const run = (words: string) => redis.run(...words.split(" "));
  run("HSET h a 1 b 2");
  redis.effects = [];
  assertEquals(run("HGETEX h PXAT 1 FIELDS 2 a a"), '1) "1"\n2) (nil)');
  assertEquals(run("HGETALL h"), '1) "b"\n2) "2"');
  assertEquals(run("HGETEX h EXAT 1 FIELDS 3 b a b"), '1) "2"\n2) (nil)\n3) (nil)');
  assertEquals(run("EXISTS h"), "(integer) 0");
  assertEquals(redis.effects, ["HDEL h a", "HDEL h b"]);
});

Deno.test("HSETEX sets fields with their expiry", () => {
  const redis = new EngineHarness();
  const run = (words: string) => redis.run(...words.split(" "));
  assertEquals(run("HSETEX h EX 10 FIELDS 2 a 1 b 2"), "(integer) 1");
  assertEquals(run("HTTL h FIELDS 2 a b"), "1) (integer) 10\n2) (integer) 10");
  assertEquals(run("HSETEX h KEEPTTL FIELDS 1 a 3"), "(integer) 1");
  assertEquals(run("HSETEX h FIELDS 1 b 3"), "(integer) 1");
  assertEquals(run("HTTL h FIELDS 2 a b"), "1) (integer) 10\n2) (integer) -1");
  assertEquals(run("HMGET h a b"), '1) "3"\n2) "3"');
  assertEquals(redis.effects, [
    `HSETEX h PXAT ${START + 10_000} FIELDS 2 a 1 b 2`,
    "HSETEX h KEEPTTL FIELDS 1 a 3",
    "HSETEX h FIELDS 1 b 3",
  ]);
  assertEquals(redis.events, ["hset h", "hexpire h", "hset h", "hset h"]);
});

Deno.test("HSETEX sets all or nothing under a condition", () => {
  const redis = new EngineHarness();
  const run = (words: string) => redis.run(...words.split(" "));
  assertEquals(run("HSETEX h FXX FIELDS 1 a 1"), "(integer) 0");
  assertEquals(run("EXISTS h"), "(integer) 0");
  assertEquals(run("HSETEX h FNX FIELDS 1 a 1"), "(integer) 1");
  assertEquals(run("HSETEX h FNX FIELDS 2 b 2 a 2"), "(integer) 0");
  assertEquals(run("HSETEX h FXX FIELDS 2 a 2 b 2"), "(integer) 0");
  assertEquals(run("HGETALL h"), '1) "a"\n2) "1"');
  assertEquals(run("HSETEX h fxx px 10 fields 1 a 5"), "(integer) 1");
  assertEquals(redis.effects, [
    "HSETEX h FNX FIELDS 1 a 1",
    `HSETEX h fxx PXAT ${START + 10} fields 1 a 5`,
  ]);
});

Deno.test("HSETEX with a time in the past removes the fields", () => {
  const redis = withHash();
  assertEquals(
    redis.run("HSETEX", "h", "PXAT", 1, "FIELDS", 2, "a", "9", "new", "9"),
    "(integer) 1",
  );
  assertEquals(redis.run("HKEYS", "h"), '1) "b"\n2) "c"');
  assertEquals(redis.effects, ["HDEL h a new"]);
  assertEquals(redis.events, ["hset h", "hdel h"]);
  assertEquals(redis.run("HSETEX", "other", "EXAT", 1, "FIELDS", 1, "a", "9"), "(integer) 1");
  assertEquals(redis.run("EXISTS", "other"), "(integer) 0");
});

Deno.test("bad arguments are named, and nothing changes", () => {
  const redis = withHash();
  const arity = (name: string) => `ERR wrong number of arguments for '${name}' command`;
  const fields = "ERR Mandatory argument FIELDS is missing or not at the right position";
  const twoTimes = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
  const cases: [string, string][] = [
    ["HGETDEL h FIELD 1 a", fields],
    ["HGETDEL h FIELDS 0 a", "ERR Number of fields must be a positive integer"],
    ["HGETDEL h FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments"],
    ["HGETEX h EX 10 a b", fields],
    ["HGETEX h EX 10 FIELDS", arity("hgetex")],
    ["HGETEX h EX -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0"],
    ["HGETEX h EX 70368744178 FIELDS 1 a", "ERR invalid expire time in 'hgetex' command"],
    ["HGETEX h PERSIST EX 1 FIELDS 1 a", fields],
    ["HSETEX h NX FIELDS 1 a 1", "ERR unknown argument: NX"],
    ["HSETEX h FNX FXX FIELDS 1 a 1", "ERR Only one of FXX or FNX arguments can be specified"],
    ["HSETEX h EX 1 PX 1 FIELDS 1 a 1", twoTimes],
    ["HSETEX h KEEPTTL EX 1 FIELDS 1 a 1", twoTimes],
    ["HSETEX h FNX KEEPTTL FNX PXAT", "ERR Only one of FXX or FNX arguments can be specified"],
    ["HSETEX h FNX KEEPTTL EX 1", twoTimes],
    ["HSETEX h FNX FNX FNX EX", "ERR Only one of FXX or FNX arguments can be specified"],
    ["HSETEX h EX 10 FNX EX", twoTimes],
    ["HSETEX h EX x FIELDS 1 a 1", "ERR value is not an integer or out of range"],
    ["HSETEX h FIELDS 0 a 1", "ERR invalid number of fields"],
    ["HSETEX h FIELDS x a 1", "ERR invalid number of fields"],
    ["HSETEX h FIELDS 2 a 1", arity("hsetex")],
    ["HSETEX h FIELDS 1 a 1 b", arity("hsetex")],
    ["HSETEX h FIELDS 1 a", arity("hsetex")],
    ["HSETEX h FNX EX 10 FIELDS", arity("hsetex")],
    ["HSETEX h FNX EX 10 EX", twoTimes],
  ];
  for (const [words, error] of cases) {
    assertEquals(redis.run(...words.split(" ")), `(error) ${error}`, words);
  }
  assertEquals(redis.run("HSETEX", "h", "FNX", "x", "y", "EX"), "(error) ERR unknown argument: x");
  assertEquals(redis.run("HSETEX", "h", "FNX", "EX", "1", "PX"), `(error) ${twoTimes}`);
  assertEquals(redis.effects, []);
});
