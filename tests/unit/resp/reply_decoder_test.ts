/** Every kind of reply, whole and in pieces, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { type Reply, ReplyDecoder, ReplyFormatError } from "../../../lib/resp/reply_decoder.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const bulk = (text: string): Reply => ({ kind: "bulk", bytes: bytes(text) });
const integer = (value: number | bigint): Reply => ({ kind: "integer", value });

function nested(depth: number): Reply {
  let reply: Reply = integer(1);
  for (let i = 0; i < depth; i++) reply = { kind: "array", items: [reply] };
  return reply;
}

const cases: [name: string, wire: string, replies: Reply[]][] = [
  ["simple", "+OK\r\n", [{ kind: "simple", text: "OK" }]],
  ["empty simple", "+\r\n", [{ kind: "simple", text: "" }]],
  ["simple with a lone CR and LF", "+a\rb\nc\r\n", [{ kind: "simple", text: "a\rb\nc" }]],
  ["simple of bytes", "+\xff\x00\r\n", [{ kind: "simple", text: "\xff\x00" }]],
  ["error", "-ERR no\r\n", [{ kind: "error", text: "ERR no" }]],
  ["integers", ":0\r\n:-12\r\n:+7\r\n", [integer(0), integer(-12), integer(7)]],
  ["64-bit integers", ":9223372036854775807\r\n:-9223372036854775808\r\n", [
    integer(9223372036854775807n),
    integer(-9223372036854775808n),
  ]],
  ["bulk", "$3\r\na\r\n\r\n$0\r\n\r\n", [bulk("a\r\n"), bulk("")]],
  ["nulls of RESP2", "$-1\r\n*-1\r\n", [
    { kind: "bulk", bytes: null },
    { kind: "array", items: null },
  ]],
  ["null of RESP3", "_\r\n", [{ kind: "null" }]],
  ["array", "*3\r\n$1\r\na\r\n*0\r\n:1\r\n", [
    { kind: "array", items: [bulk("a"), { kind: "array", items: [] }, integer(1)] },
  ]],
  ["doubles", ",1.5\r\n,-inf\r\n,1e5\r\n", [
    { kind: "double", value: 1.5, text: "1.5" },
    { kind: "double", value: -Infinity, text: "-inf" },
    { kind: "double", value: 100_000, text: "1e5" },
  ]],
  ["not a number", ",nan\r\n", [{ kind: "double", value: NaN, text: "nan" }]],
  ["booleans", "#t\r\n#f\r\n", [
    { kind: "boolean", value: true },
    { kind: "boolean", value: false },
  ]],
  ["big number", "(123456789012345678901234567890\r\n", [
    { kind: "bignumber", value: 123456789012345678901234567890n },
  ]],
  ["blob error", "!5\r\nERR x\r\n", [{ kind: "blob error", bytes: bytes("ERR x") }]],
  ["verbatim", "=7\r\ntxt:abc\r\n", [{ kind: "verbatim", format: "txt", bytes: bytes("abc") }]],
  ["map", "%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n", [
    {
      kind: "map",
      entries: [
        [{ kind: "simple", text: "a" }, integer(1)],
        [{ kind: "simple", text: "b" }, { kind: "map", entries: [] }],
      ],
    },
  ]],
  ["set", "~2\r\n:1\r\n:2\r\n", [{ kind: "set", items: [integer(1), integer(2)] }]],
  ["push", ">2\r\n+message\r\n:2\r\n:3\r\n", [
    { kind: "push", items: [{ kind: "simple", text: "message" }, integer(2)] },
    integer(3),
  ]],
  ["attribute", "|1\r\n+ttl\r\n:9\r\n*1\r\n:1\r\n", [
    {
      kind: "attribute",
      entries: [[{ kind: "simple", text: "ttl" }, integer(9)]],
      reply: { kind: "array", items: [integer(1)] },
    },
  ]],
  ["deep nesting", "*1\r\n".repeat(512) + ":1\r\n", [nested(512)]],
];

function decodeInPieces(wire: string, pieceLength: number): Reply[] {
  const decoder = new ReplyDecoder();
  const replies: Reply[] = [];
  for (let i = 0; i < wire.length; i += pieceLength) {
    decoder.feed(bytes(wire.slice(i, i + pieceLength)));
    for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
      replies.push(reply);
    }
  }
  assertEquals(decoder.consumedBytes, wire.length);
  assertEquals(decoder.pending, false);
  return replies;
}

for (const [name, wire, replies] of cases) {
  Deno.test(`decodes ${name}, whole, in threes and byte by byte`, () => {
    for (const pieceLength of [wire.length, 3, 1]) {
      assertEquals(decodeInPieces(wire, pieceLength), replies, `pieces of ${pieceLength}`);
    }
  });
}

Deno.test("decodes all kinds in a row, cut at every place", () => {
  const wire = cases.map((entry) => entry[1]).join("");
  const expected = cases.flatMap((entry) => entry[2]);
  for (const pieceLength of [wire.length, 1, 2, 5, 17, 1000]) {
    assertEquals(decodeInPieces(wire, pieceLength), expected, `pieces of ${pieceLength}`);
  }
});

Deno.test("a large bulk string in small pieces arrives whole", () => {
  const content = "0123456789abcdef".repeat(64 * 1024);
  const replies = decodeInPieces(`$${content.length}\r\n${content}\r\n+OK\r\n`, 4099);
  assertEquals(replies, [bulk(content), { kind: "simple", text: "OK" }]);
});

const refused: [wire: string, message: string][] = [
  ["\r\n", "an empty line"],
  ["hello\r\n", 'unknown reply type: "h"'],
  [":1x\r\n", 'invalid integer: "1x"'],
  [":\r\n", 'invalid integer: ""'],
  ["$-2\r\n", 'invalid bulk length: "-2"'],
  ["$?\r\n", 'invalid bulk length: "?"'],
  ["$1001\r\n", "bulk length 1001 is over the limit of 1000"],
  ["$1\r\nabc", "no line end after 1 bytes"],
  ["*-2\r\n", 'invalid number of elements: "-2"'],
  ["*101\r\n", "number of elements 101 is over the limit of 100"],
  ["%-1\r\n", 'invalid number of elements: "-1"'],
  ["_x\r\n", "null reply with content"],
  ["#x\r\n", "invalid boolean"],
  [",1.x\r\n", "invalid double"],
  ["(1.5\r\n", "invalid big number"],
  ["=3\r\ntxt\r\n", "verbatim string without its format"],
  ["*1\r\n".repeat(5), "replies nested deeper than 4"],
  ["+" + "a".repeat(1001), "a line of more than 1000 bytes"],
];

for (const [wire, message] of refused) {
  Deno.test(`refuses ${JSON.stringify(wire.slice(0, 20))}`, () => {
    const decode = (pieceLength: number) => {
      const decoder = new ReplyDecoder({ depth: 4, lengthBytes: 1000, items: 100 });
      for (let i = 0; i < wire.length; i += pieceLength) {
        decoder.feed(bytes(wire.slice(i, i + pieceLength)));
        decoder.next();
      }
    };
    assertThrows(() => decode(wire.length), ReplyFormatError, message);
    assertThrows(() => decode(1), ReplyFormatError, message);
  });
}

Deno.test("headers that promise much allocate nothing", () => {
  const decoder = new ReplyDecoder();
  decoder.feed(bytes("*2147483647\r\n$536870912\r\n"));
  assertEquals(decoder.next(), undefined);
  assertEquals(decoder.pending, true);
});

Deno.test("the rest can be taken between replies, not inside one", () => {
  const decoder = new ReplyDecoder();
  decoder.feed(bytes("+FULLRESYNC\r\nREDIS0010"));
  decoder.next();
  assertEquals(decoder.takeRest(), bytes("REDIS0010"));
  assertEquals(decoder.pending, false);
  decoder.feed(bytes("*2\r\n:1\r\n"));
  decoder.next();
  assertThrows(() => decoder.takeRest(), ReplyFormatError);
});
