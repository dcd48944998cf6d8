/** Scores, ranks, counts and ranges, in both encodings and both protocols. */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

const CONFIGS: Readonly<Record<string, string>>[] = [{}, { "zset-max-listpack-entries": "0" }];

for (const config of CONFIGS) {
  const name = Object.keys(config).length === 0 ? "listpack" : "skiplist";

  Deno.test(`scores and ranks are told, and what is missing (${name})`, () => {
    const redis = filled(config);
    assertEquals(redis.run("ZSCORE", "z", "c"), '"2.5"');
    assertEquals(redis.run("ZSCORE", "z", "nope"), "(nil)");
    assertEquals(redis.run("ZSCORE", "missing", "a"), "(nil)");
    assertEquals(redis.run("ZMSCORE", "z", "a", "nope", "e"), '1) "1"\n2) (nil)\n3) "inf"');
    assertEquals(redis.run("ZMSCORE", "missing", "a"), "1) (nil)");
    assertEquals(redis.run("ZCARD", "z"), "(integer) 5");
    assertEquals(redis.run("ZRANK", "z", "b"), "(integer) 1");
    assertEquals(redis.run("ZREVRANK", "z", "b"), "(integer) 3");
    assertEquals(redis.run("ZRANK", "z", "nope"), "(nil)");
    assertEquals(redis.run("ZRANK", "z", "b", "WITHSCORE"), '1) (integer) 1\n2) "2"');
    assertEquals(
      bytes(redis, "ZREVRANK", "z", "nope", "withscore"),
      "*-1\r\n",
    );
    assertEquals(redis.run("ZRANK", "z", "b", "NOPE"), "(error) ERR syntax error");
    assertEquals(
      redis.run("ZRANK", "z", "b", "WITHSCORE", "x"),
      "(error) ERR wrong number of arguments for 'zrank' command",
    );
  });

  Deno.test(`ranges go by rank, score and bytes, in both directions (${name})`, () => {
    const redis = filled(config);
    const range = (...args: (string | number)[]) => members(redis, "ZRANGE", "z", ...args);
    assertEquals(range(1, 2), "b c");
    assertEquals(range(-2, -1), "d e");
    assertEquals(range(0, 1, "REV"), "e d");
    assertEquals(range(3, 1), "");
    assertEquals(range("(1", "(3", "BYSCORE"), "b c");
    assertEquals(range("+inf", "2", "BYSCORE", "REV"), "e d c b");
    assertEquals(range("-inf", "+inf", "BYSCORE", "LIMIT", 1, 2), "b c");
    assertEquals(range("-inf", "+inf", "BYSCORE", "LIMIT", -1, 2), "");
    assertEquals(range("-inf", "+inf", "BYSCORE", "LIMIT", 3, -1), "d e");
    assertEquals(members(redis, "ZREVRANGEBYSCORE", "z", 3, 2, "LIMIT", 1, 1), "c");
    assertEquals(redis.run("ZCOUNT", "z", 2, "(3"), "(integer) 2");
    for (const member of ["a", "b", "c", "d", "e"]) redis.run("ZADD", "lex", 0, member);
    assertEquals(members(redis, "ZRANGE", "lex", "(a", "[c", "BYLEX"), "b c");
    assertEquals(members(redis, "ZREVRANGEBYLEX", "lex", "+", "[c", "LIMIT", 1, 5), "d c");
    assertEquals(redis.run("ZLEXCOUNT", "lex", "-", "(d"), "(integer) 3");
    assertEquals(redis.run("ZREMRANGEBYLEX", "lex", "[b", "[c"), "(integer) 2");
    assertEquals(members(redis, "ZRANGE", "lex", 0, -1), "a d e");
  });

  Deno.test(`ranges are stored and removed (${name})`, () => {
    const redis = filled(config);
    assertEquals(redis.run("ZRANGESTORE", "d", "z", 1, 3), "(integer) 3");
    assertEquals(members(redis, "ZRANGE", "d", 0, -1), "b c d");
    assertEquals(redis.run("ZRANGESTORE", "d", "z", 9, 10), "(integer) 0");
    assertEquals(redis.run("EXISTS", "d"), "(integer) 0");
    assertEquals(redis.run("ZREMRANGEBYSCORE", "z", "(1", 2), "(integer) 1");
    assertEquals(redis.run("ZREMRANGEBYRANK", "z", -2, -1), "(integer) 2");
    assertEquals(members(redis, "ZRANGE", "z", 0, -1), "a c");
    assertEquals(redis.run("ZREMRANGEBYRANK", "z", 0, 9), "(integer) 2");
    assertEquals(redis.run("EXISTS", "z"), "(integer) 0");
    assertEquals(redis.events.slice(-2), ["zremrangebyrank z", "del z"]);
  });

  Deno.test(`scores come flat in RESP2 and in pairs in RESP3 (${name})`, () => {
    const redis = filled(config);
    assertEquals(
      bytes(redis, "ZRANGE", "z", 0, 1, "WITHSCORES"),
      "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n",
    );
    redis.session.reply.protocol = 3;
    assertEquals(
      bytes(redis, "ZRANGE", "z", 2, 4, "WITHSCORES"),
      "*3\r\n*2\r\n$1\r\nc\r\n,2.5\r\n*2\r\n$1\r\nd\r\n,3\r\n*2\r\n$1\r\ne\r\n,inf\r\n",
    );
    assertEquals(bytes(redis, "ZSCORE", "z", "c"), ",2.5\r\n");
    assertEquals(bytes(redis, "ZPOPMIN", "z"), "*2\r\n$1\r\na\r\n,1\r\n");
    assertEquals(bytes(redis, "ZPOPMIN", "z", 1), "*1\r\n*2\r\n$1\r\nb\r\n,2\r\n");
  });

  Deno.test(`members are picked at random and scanned (${name})`, () => {
    const redis = filled(config);
    const all = ["a", "b", "c", "d", "e"];
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) seen.add(redis.run("ZRANDMEMBER", "z").slice(1, -1));
    assertEquals([...seen].sort(), all);
    assertEquals(members(redis, "ZRANDMEMBER", "z", 9).split(" ").sort(), all);
    assertEquals(new Set(members(redis, "ZRANDMEMBER", "z", 3).split(" ")).size, 3);
    assertEquals(members(redis, "ZRANDMEMBER", "z", -20).split(" ").length, 20);
    const words = members(redis, "ZSCAN", "z", 0, "COUNT", 100, "MATCH", "[ac]").split(" ");
    assertEquals(words.filter((word) => word === "a" || word === "c").sort(), ["a", "c"]);
  });
}

Deno.test("ZSCAN shows every member that stays while others come and go", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 1_000; i++) redis.run("ZADD", "z", i, `stays:${i}`);
  const seen = new Set<string>();
  let cursor = "0";
  let round = 0;
  do {
    const reply = redis.reply("ZSCAN", "z", cursor, "COUNT", 20);
    if (reply.kind !== "array" || reply.items === null) throw new Error("not an array");
    const [next, page] = reply.items;
    cursor = text(next);
    if (page.kind === "array") page.items?.forEach((item) => seen.add(text(item)));
    // Others come by the hundred and go again, so that the table grows and shrinks.
    for (let i = 0; i < 100; i++) redis.run("ZADD", "z", -1, `comes:${round}:${i}`);
    if (round++ % 30 === 29) redis.run("ZREMRANGEBYSCORE", "z", -1, -1);
  } while (cursor !== "0");
  for (let i = 0; i < 1_000; i++) assertEquals(seen.has(`stays:${i}`), true, `stays:${i}`);
});

Deno.test("bad ranges and options are refused", () => {
  const redis = filled({});
  const refusals: [string, string][] = [
    ["ZRANGE z a b", "ERR value is not an integer or out of range"],
    ["ZRANGE z a b BYSCORE", "ERR min or max is not a float"],
    ["ZRANGE z a b BYLEX", "ERR min or max not valid string range item"],
    [
      "ZRANGE z 0 1 LIMIT 0 1",
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
    ],
    [
      "ZRANGE z - + BYLEX WITHSCORES",
      "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
    ],
    ["ZRANGE z 0 1 REV REV", "ERR syntax error"],
    ["ZRANGESTORE d z 0 1 WITHSCORES", "ERR syntax error"],
    ["ZCOUNT z (x 1", "ERR min or max is not a float"],
    ["ZRANDMEMBER z 1 NOPE", "ERR syntax error"],
    ["ZSCAN z nope", "ERR invalid cursor"],
    ["ZRANGE z 0", "ERR wrong number of arguments for 'zrange' command"],
  ];
  for (const [command, error] of refusals) {
    assertEquals(redis.run(...command.split(" ")), `(error) ${error}`, command);
  }
});

function filled(config: Readonly<Record<string, string>>): EngineHarness {
  const redis = new EngineHarness({ config });
  redis.run("ZADD", "z", 3, "d", 1, "a", 2.5, "c", "inf", "e", 2, "b");
  return redis;
}

/** The strings of a reply, at any depth, with spaces between. */
function members(redis: EngineHarness, ...args: (string | number)[]): string {
  return [...redis.run(...args).matchAll(/"([^"]*)"/g)].map((match) => match[1]).join(" ");
}

function bytes(redis: EngineHarness, ...args: (string | number)[]): string {
  return latin1(redis.bytesTo(redis.session, ...args));
}

function text(reply: ReturnType<EngineHarness["reply"]>): string {
  return reply.kind === "bulk" && reply.bytes !== null ? latin1(reply.bytes) : "";
}
