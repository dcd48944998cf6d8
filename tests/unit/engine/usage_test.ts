import { assertEquals, assertThrows } from "@std/assert";
import type { ArgumentDoc } from "../../../lib/engine/command_spec.ts";
import { arityOf, conventionalType, parseUsage } from "../../../lib/engine/usage.ts";

Deno.test("an empty line is a command without arguments", () => {
  assertEquals(parseUsage(""), []);
  assertEquals(arityOf(parseUsage(""), 1), 1);
  assertEquals(arityOf(parseUsage(""), 2), 2);
});

Deno.test("types follow from names, or from what stands behind a colon", () => {
  assertEquals(parseUsage("key value:integer pattern score ip:port"), [
    { name: "key", type: "key", keySpecIndex: 0 },
    { name: "value", type: "integer" },
    { name: "pattern", type: "pattern" },
    { name: "score", type: "double" },
    { name: "ip:port", type: "string" },
  ]);
  assertEquals(conventionalType("unix-time-milliseconds"), "unix-time");
  assertEquals(conventionalType("member"), "string");
});

Deno.test("a token belongs to what follows it, or is an argument of its own", () => {
  assertEquals(parseUsage("[GET] [EX seconds] NO ONE"), [
    { name: "get", type: "pure-token", token: "GET", optional: true },
    { name: "seconds", type: "integer", token: "EX", optional: true },
    { name: "no", type: "pure-token", token: "NO" },
    { name: "one", type: "pure-token", token: "ONE" },
  ]);
  assertEquals(parseUsage('[change=CH] (id_or_auto: auto_id="*" | id) (x: empty="" | y)'), [
    { name: "change", type: "pure-token", token: "CH", optional: true },
    {
      name: "id_or_auto",
      type: "oneof",
      arguments: [
        { name: "auto_id", type: "pure-token", token: "*" },
        { name: "id", type: "string" },
      ],
    },
    {
      name: "x",
      type: "oneof",
      arguments: [
        { name: "empty", type: "pure-token", token: "" },
        { name: "y", type: "string" },
      ],
    },
  ]);
});

Deno.test("an optional token does not take the argument behind it", () => {
  assertEquals(parseUsage("[REPLACE] function-code"), [
    { name: "replace", type: "pure-token", token: "REPLACE", optional: true },
    { name: "function-code", type: "string" },
  ]);
});

Deno.test("an unnamed group gives its token to all that follows and is named after it", () => {
  const block: ArgumentDoc = {
    name: "offset_count",
    type: "block",
    token: "LIMIT",
    optional: true,
    arguments: [{ name: "offset", type: "integer" }, { name: "count", type: "integer" }],
  };
  assertEquals(parseUsage("[LIMIT offset count]"), [block]);
  assertEquals(parseUsage("[LIMIT (offset count)]"), [block]);
});

Deno.test("a named group keeps tokens inside", () => {
  assertEquals(parseUsage("[count: COUNT count [ANY]]"), [{
    name: "count",
    type: "block",
    optional: true,
    arguments: [
      { name: "count", type: "integer", token: "COUNT" },
      { name: "any", type: "pure-token", token: "ANY", optional: true },
    ],
  }]);
  assertEquals(parseUsage("(parameter: parameter) ..."), [{
    name: "parameter",
    type: "block",
    multiple: true,
    arguments: [{ name: "parameter", type: "string" }],
  }]);
});

Deno.test("repetition: x [x ...], x ..., [x ...] and with the token before each", () => {
  const member: ArgumentDoc = { name: "member", type: "string", multiple: true };
  assertEquals(parseUsage("member [member ...]"), [member]);
  assertEquals(parseUsage("member ..."), [member]);
  assertEquals(parseUsage("[member ...]"), [{ ...member, optional: true }]);
  assertEquals(parseUsage("[KEYS member [member ...]]"), [
    { ...member, token: "KEYS", optional: true },
  ]);
  assertEquals(parseUsage("[KEYS member ...]"), parseUsage("[KEYS member [member ...]]"));
  assertEquals(parseUsage("[GET member] ..."), [
    { ...member, token: "GET", optional: true, multipleToken: true },
  ]);
  assertEquals(parseUsage("score member [score member ...]"), [{
    name: "score_member",
    type: "block",
    multiple: true,
    arguments: [{ name: "score", type: "double" }, { name: "member", type: "string" }],
  }]);
});

Deno.test("versions stand behind what they belong to", () => {
  assertEquals(parseUsage("(kind: old@1.0.0@-2.8.12 | NEW@3.2.0) [count]@6.2.0"), [
    {
      name: "kind",
      type: "oneof",
      arguments: [
        { name: "old", type: "string", since: "1.0.0", deprecatedSince: "2.8.12" },
        { name: "new", type: "pure-token", token: "NEW", since: "3.2.0" },
      ],
    },
    { name: "count", type: "integer", since: "6.2.0", optional: true },
  ]);
});

Deno.test("keys count through the key specs, a number behind # starts anew", () => {
  const indexes = (usage: string) => parseUsage(usage).map((arg) => arg.keySpecIndex);
  assertEquals(indexes("source value destination"), [0, undefined, 1]);
  assertEquals(indexes("key1 key2#0"), [0, 0]);
  assertEquals(indexes("key [BY pattern#1] [STORE destination]"), [0, 1, 2]);
});

Deno.test("arity is the least number of words, negative when there may be more", () => {
  const arity = (usage: string) => arityOf(parseUsage(usage), 1);
  assertEquals(arity("key value"), 3);
  assertEquals(arity("key [count]"), -2);
  assertEquals(arity("key member [member ...]"), -3);
  assertEquals(arity("key (where: BEFORE | AFTER) pivot element"), 5);
  assertEquals(arity("(mode: ALL | SOME count)"), -2);
  assertEquals(arity("GROUP (group consumer) STREAMS (streams: key [key ...] id [id ...])"), -7);
});

Deno.test("malformed lines are refused with the line quoted", () => {
  for (const usage of ["[key", "key]", "(a | )", "()", "... key", "@1.0.0 key", "a | b", "[a)"]) {
    const error = assertThrows(() => parseUsage(usage), Error);
    assertEquals(error.message.includes(`"${usage}"`), true, error.message);
  }
});
