/** Popping, and unions, intersections and differences. */

import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const CONFIGS: Readonly<Record<string, string>>[] = [{}, { "zset-max-listpack-entries": "0" }];

for (const config of CONFIGS) {
  const name = Object.keys(config).length === 0 ? "listpack" : "skiplist";

  Deno.test(`members are popped from either end (${name})`, () => {
    const redis = new EngineHarness({ config });
    redis.run("ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d", 5, "e");
    assertEquals(redis.run("ZPOPMIN", "z"), '1) "a"\n2) "1"');
    assertEquals(redis.run("ZPOPMAX", "z", 2), '1) "e"\n2) "5"\n3) "d"\n4) "4"');
    assertEquals(redis.run("ZPOPMIN", "z", 0), "(empty array)");
    assertEquals(
      redis.run("ZMPOP", 2, "missing", "z", "MIN", "COUNT", 9),
      '1) "z"\n2) 1) 1) "b"\n      2) "2"\n   2) 1) "c"\n      2) "3"',
    );
    assertEquals(redis.run("EXISTS", "z"), "(integer) 0");
    assertEquals(redis.effects.slice(1), ["ZPOPMIN z", "ZPOPMAX z 2", "ZPOPMIN z 2"]);
    assertEquals(redis.events, ["zadd z", "zpopmin z", "zpopmax z", "zpopmin z", "del z"]);
    assertEquals(redis.run("ZPOPMIN", "z"), "(empty array)");
    assertEquals(redis.run("ZMPOP", 1, "z", "MAX"), "(nil)");
  });

  Deno.test(`sorted sets and sets are united, intersected and subtracted (${name})`, () => {
    const redis = new EngineHarness({ config });
    redis.run("ZADD", "a", 1, "x", 2, "y", 3, "z");
    redis.run("ZADD", "b", 10, "y", 20, "z", 30, "w");
    redis.run("SADD", "s", "x", "y");
    const run = (line: string) =>
      [...redis.run(...line.split(" ")).matchAll(/"([^"]*)"/g)].map((match) => match[1]).join(" ");
    assertEquals(run("ZUNION 2 a b WITHSCORES"), "x 1 y 12 z 23 w 30");
    assertEquals(
      run("ZUNION 2 a b WEIGHTS 2 -1 AGGREGATE MIN WITHSCORES"),
      "w -30 z -20 y -10 x 2",
    );
    assertEquals(run("ZINTER 2 a b AGGREGATE MAX WITHSCORES"), "y 10 z 20");
    assertEquals(run("ZINTER 2 a s WITHSCORES"), "x 2 y 3");
    assertEquals(run("ZDIFF 2 a s"), "z");
    assertEquals(run("ZDIFF 2 s a"), "");
    assertEquals(redis.run("ZINTERCARD", 2, "a", "b"), "(integer) 2");
    assertEquals(redis.run("ZINTERCARD", 2, "a", "b", "LIMIT", 1), "(integer) 1");
    redis.run("EXPIRE", "b", 100);
    assertEquals(redis.run("ZUNIONSTORE", "b", 2, "a", "b"), "(integer) 4");
    assertEquals(redis.run("TTL", "b"), "(integer) -1");
    assertEquals(run("ZRANGE b 0 -1 WITHSCORES"), "x 1 y 12 z 23 w 30");
    assertEquals(redis.run("ZINTERSTORE", "b", 2, "a", "missing"), "(integer) 0");
    assertEquals(redis.run("EXISTS", "b"), "(integer) 0");
    assertEquals(redis.events.slice(-2), ["zunionstore b", "del b"]);
  });
}

Deno.test("infinities that cancel each other out count as nothing", () => {
  const redis = new EngineHarness();
  redis.run("ZADD", "a", "inf", "x");
  redis.run("ZADD", "b", "-inf", "x");
  assertEquals(redis.run("ZUNION", 2, "a", "b", "WITHSCORES"), '1) "x"\n2) "0"');
  assertEquals(redis.run("ZUNION", 1, "a", "WEIGHTS", 0, "WITHSCORES"), '1) "x"\n2) "0"');
});

Deno.test("bad numbers of keys, weights and counts are refused", () => {
  const redis = new EngineHarness();
  const refusals: [string, string][] = [
    ["ZUNION 0 a", "ERR at least 1 input key is needed for 'zunion' command"],
    ["ZUNIONSTORE d 0 a", "ERR at least 1 input key is needed for 'zunionstore' command"],
    ["ZUNION 2 a", "ERR syntax error"],
    ["ZUNION x a", "ERR value is not an integer or out of range"],
    ["ZUNION 1 a WEIGHTS x", "ERR weight value is not a float"],
    ["ZUNION 1 a AGGREGATE AVG", "ERR syntax error"],
    ["ZDIFF 1 a WEIGHTS 1", "ERR syntax error"],
    ["ZINTERCARD 1 a LIMIT -1", "ERR LIMIT can't be negative"],
    ["ZMPOP 0 z MIN", "ERR numkeys should be greater than 0"],
    ["ZMPOP 1 z MIN COUNT 0", "ERR count should be greater than 0"],
    ["ZMPOP 1 z MIDDLE", "ERR syntax error"],
    ["ZPOPMIN z -1", "ERR value is out of range, must be positive"],
    ["ZPOPMIN z 1 2", "ERR syntax error"],
  ];
  for (const [command, error] of refusals) {
    assertEquals(redis.run(...command.split(" ")), `(error) ${error}`, command);
  }
});
