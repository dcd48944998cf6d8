import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";
import { show } from "../../support/resp_client.ts";

const SYNTAX = "(error) ERR syntax error";
const NO_DOUBLE = "(error) ERR One or more scores can't be converted into double";

/** The elements of an array reply, separated by spaces; anything else as it is shown. */
function run(redis: EngineHarness, command: string): string {
  const reply = redis.reply(...command.split(" "));
  if (reply.kind !== "array") return show(reply);
  return (reply.items ?? []).map((item) => {
    if (item.kind === "null" || (item.kind === "bulk" && item.bytes === null)) return "(nil)";
    return item.kind === "bulk" ? new TextDecoder().decode(item.bytes ?? undefined) : item.kind;
  }).join(" ");
}

function harness(protocol: 2 | 3 = 2): EngineHarness {
  const redis = new EngineHarness({ protocol });
  run(redis, "RPUSH list 3 1 10 2");
  run(redis, "SADD set 3 1 10 2");
  run(redis, "ZADD zset 1 3 2 1 3 10 4 2");
  run(redis, "MSET w_1 4 w_2 3 w_3 2 w_10 1 n_1 one n_2 two n_3 three");
  run(redis, "HSET h_1 w 9 name one");
  run(redis, "HSET h_2 w 8");
  run(redis, "HSET h_3 w 7 name three");
  redis.effects = [];
  redis.events = [];
  return redis;
}

for (const protocol of [2, 3] as const) {
  for (const key of ["list", "set", "zset"]) {
    Deno.test(`SORT of a ${key}, RESP${protocol}`, () => {
      const redis = harness(protocol);
      assertEquals(run(redis, `SORT ${key}`), "1 2 3 10");
      assertEquals(run(redis, `SORT ${key} DESC`), "10 3 2 1");
      assertEquals(run(redis, `SORT ${key} ALPHA`), "1 10 2 3");
      assertEquals(run(redis, `SORT ${key} ALPHA DESC LIMIT 1 2`), "2 10");
      assertEquals(run(redis, `SORT ${key} BY w_*`), "10 3 2 1");
      assertEquals(run(redis, `SORT ${key} BY h_*->w`), "10 3 2 1");
      assertEquals(run(redis, `SORT ${key} BY n_* ALPHA`), "10 1 3 2");
      assertEquals(run(redis, `SORT_RO ${key} GET n_* GET #`), "one 1 two 2 three 3 (nil) 10");
      assertEquals(run(redis, `SORT ${key} GET h_*->name`), "one (nil) three (nil)");
    });
  }
}

Deno.test("SORT of a missing key is empty", () => {
  const redis = harness();
  assertEquals(redis.run("SORT", "missing"), "(empty array)");
  assertEquals(redis.run("SORT_RO", "missing", "BY", "nosort", "GET", "#"), "(empty array)");
});

Deno.test("SORT of what is no collection is refused", () => {
  const redis = harness();
  for (const key of ["w_1", "h_1"]) {
    assertEquals(
      run(redis, `SORT ${key}`),
      "(error) WRONGTYPE Operation against a key holding the wrong kind of value",
    );
  }
});

Deno.test("SORT BY a constant leaves lists and sorted sets as they are", () => {
  const redis = harness();
  assertEquals(run(redis, "SORT list BY nosort"), "3 1 10 2");
  assertEquals(run(redis, "SORT list BY nosort DESC LIMIT 1 2"), "10 1");
  assertEquals(run(redis, "SORT zset BY nosort DESC"), "2 10 1 3");
  assertEquals(run(redis, "SORT zset BY nosort LIMIT 3 5 GET n_*"), "two");
});

Deno.test("SORT with LIMIT takes what is there", () => {
  const redis = harness();
  const limits: [string, string][] = [
    ["0 2", "1 2"],
    ["2 100", "3 10"],
    ["-5 1", "1"],
    ["1 -1", "2 3 10"],
    ["1 -7", "2 3 10"],
    ["4 1", ""],
    ["1 0", ""],
    ["9223372036854775807 9223372036854775807", ""],
  ];
  for (const [limit, expected] of limits) {
    assertEquals(run(redis, `SORT list LIMIT ${limit}`), expected, limit);
  }
});

Deno.test("SORT by numbers reads them as strtod does, or refuses", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "list", "0x10", " 5", "-inf", "1e1", "", "7\0x");
  assertEquals(
    redis.run("SORT", "list"),
    '1) "-inf"\n2) ""\n3) " 5"\n4) "7\\x00x"\n5) "1e1"\n6) "0x10"',
  );
  for (const text of ["word", "1 ", " ", "nan", "1e999"]) {
    redis.run("DEL", "wrong");
    redis.run("RPUSH", "wrong", text);
    assertEquals(redis.run("SORT", "wrong"), NO_DOUBLE, JSON.stringify(text));
  }
});

Deno.test("SORT puts elements of equal weight in the order of their bytes", () => {
  const redis = new EngineHarness();
  run(redis, "RPUSH list 2.0 b 1 a 2");
  run(redis, "MSET w_b 1 w_a 1 w_1 1");
  assertEquals(run(redis, "SORT list BY w_*"), "2 2.0 1 a b");
  assertEquals(run(redis, "SORT list BY w_* DESC"), "b a 1 2.0 2");
});

Deno.test("patterns of SORT: what stands around the asterisk, and fields", () => {
  const redis = new EngineHarness();
  run(redis, "RPUSH list 1");
  run(redis, "MSET a_1_b 1 a_1 2 1 3 a_1-> 4 a_1->* 5");
  run(redis, "HSET h_1 * star f field");
  run(redis, "HSET h_1x f suffix");
  const patterns: [string, string][] = [
    ["a_*_b", "1"],
    ["a_*", "2"],
    ["*", "3"],
    ["a_*->", "4"],
    ["h_*->f", "field"],
    ["h_*->*", "star"],
    ["h_*x->f", "suffix"],
    ["h_*->nosuch", "(nil)"],
    ["h_*", "(nil)"],
    ["a_*->f", "(nil)"],
    ["#", "1"],
    ["constant", "(nil)"],
    ["##", "(nil)"],
  ];
  for (const [pattern, expected] of patterns) {
    assertEquals(run(redis, `SORT list GET ${pattern}`), expected, pattern);
  }
});

Deno.test("SORT with STORE makes a list in place of what was there", () => {
  const redis = harness();
  run(redis, "SET target x");
  run(redis, "EXPIRE target 100");
  redis.effects = [];
  redis.events = [];
  assertEquals(run(redis, "SORT set DESC STORE target"), "(integer) 4");
  assertEquals(run(redis, "LRANGE target 0 -1"), "10 3 2 1");
  assertEquals(run(redis, "TTL target"), "(integer) -1");
  assertEquals(run(redis, "SORT list GET n_* GET # STORE list"), "(integer) 8");
  assertEquals(run(redis, "LRANGE list 0 -1"), "one 1 two 2 three 3  10");
  assertEquals(redis.effects, [
    "SORT set DESC STORE target",
    "SORT list GET n_* GET # STORE list",
  ]);
  assertEquals(redis.events, ["sortstore target", "sortstore list"]);
});

Deno.test("SORT with STORE of nothing deletes the destination", () => {
  const redis = harness();
  assertEquals(run(redis, "SORT missing STORE nowhere"), "(integer) 0");
  assertEquals(redis.effects, []);
  assertEquals(run(redis, "SORT list LIMIT 9 1 STORE set"), "(integer) 0");
  assertEquals(run(redis, "EXISTS set"), "(integer) 0");
  assertEquals(redis.effects, ["SORT list LIMIT 9 1 STORE set"]);
  assertEquals(redis.events, ["del set"]);
});

Deno.test("SORT with STORE puts even an unsorted set in order, so that replicas agree", () => {
  const redis = harness();
  run(redis, "SADD words c a b");
  assertEquals(run(redis, "SORT words BY nosort STORE target"), "(integer) 3");
  assertEquals(run(redis, "LRANGE target 0 -1"), "a b c");
});

Deno.test("SORT refuses wrong options", () => {
  const redis = harness();
  for (const options of ["NOSUCH", "BY", "GET", "STORE", "LIMIT 1", "DESC ALPHA x"]) {
    assertEquals(run(redis, `SORT list ${options}`), SYNTAX, options);
  }
  assertEquals(run(redis, "SORT_RO list STORE target"), SYNTAX);
  assertEquals(
    run(redis, "SORT list LIMIT x 1"),
    "(error) ERR value is not an integer or out of range",
  );
  assertEquals(
    redis.run("SORT"),
    "(error) ERR wrong number of arguments for 'sort' command",
  );
});

Deno.test("SORT of a failed STORE leaves the destination", () => {
  const redis = harness();
  run(redis, "RPUSH words a b");
  assertEquals(run(redis, "SORT words STORE list"), NO_DOUBLE);
  assertEquals(run(redis, "LRANGE list 0 -1"), "3 1 10 2");
  assertEquals(redis.effects, ["RPUSH words a b"]);
});

Deno.test("SORT of many elements", () => {
  const redis = new EngineHarness();
  const numbers = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5000);
  redis.run("RPUSH", "list", ...numbers);
  const sorted = Array.from({ length: 5000 }, (_, i) => String(i));
  assertEquals(run(redis, "SORT list"), sorted.join(" "));
  assertEquals(run(redis, "SORT list ALPHA DESC"), sorted.sort().reverse().join(" "));
});

Deno.test("SORT of a sorted set leaves it as a skip list, as in Redis", () => {
  const redis = harness();
  assertEquals(redis.run("OBJECT", "ENCODING", "zset"), '"listpack"');
  run(redis, "SORT_RO zset");
  assertEquals(redis.run("OBJECT", "ENCODING", "zset"), '"skiplist"');
  assertEquals(run(redis, "ZRANGE zset 0 -1"), "3 1 10 2");
});
