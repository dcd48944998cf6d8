/** Every method of the writer, read back by the decoder in both protocols. */

import { dataOf } from "../../../lib/bytes/copy.ts";
import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import { type Reply, ReplyDecoder } from "../../../lib/resp/reply_decoder.ts";
import { ReplyWriter } from "../../../lib/resp/reply_writer.ts";

type Protocol = 2 | 3;

/** What some calls wrote. */
function written(protocol: Protocol, write: (reply: ReplyWriter) => void): string {
  const reply = new ReplyWriter();
  reply.protocol = protocol;
  write(reply);
  return latin1(reply.buffer, 0, reply.length);
}

function decoded(protocol: Protocol, write: (reply: ReplyWriter) => void): Reply {
  const decoder = new ReplyDecoder();
  decoder.feed(fromLatin1(written(protocol, write)));
  const found = decoder.next();
  assert(found !== undefined, "not a whole reply");
  assertEquals(decoder.next(), undefined);
  return found;
}

const CASES: readonly [string, (reply: ReplyWriter) => void, resp2: string, resp3: string][] = [
  ["ok", (r) => r.ok(), "+OK\r\n", "+OK\r\n"],
  ["one digit", (r) => r.integer(7), ":7\r\n", ":7\r\n"],
  ["two digits", (r) => r.integer(10), ":10\r\n", ":10\r\n"],
  ["a negative integer", (r) => r.integer(-1), ":-1\r\n", ":-1\r\n"],
  ["a long integer", (r) => r.integer(9007199254740991), ":9007199254740991\r\n", ""],
  ["the largest integer", (r) => r.bigInteger(2n ** 63n - 1n), ":9223372036854775807\r\n", ""],
  ["the smallest integer", (r) => r.bigInteger(-(2n ** 63n)), ":-9223372036854775808\r\n", ""],
  ["part of a buffer", (r) => r.bulkRange(dataOf(fromLatin1("abcdef")), 2, 3), "$3\r\ncde\r\n", ""],
  ["framed bytes", (r) => r.rawRange(dataOf(fromLatin1("..:1\r\n.")), 2, 4), ":1\r\n", ""],
  ["an empty bulk", (r) => r.bulkBytes(new Uint8Array(0)), "$0\r\n\r\n", ""],
  ["text as UTF-8", (r) => r.bulk("é"), "$2\r\n\xc3\xa9\r\n", ""],
  ["an integer as bulk", (r) => r.bulkInteger(-12), "$3\r\n-12\r\n", ""],
  [
    "a long integer as bulk",
    (r) => r.bulkInteger(-9007199254740991),
    "$17\r\n-9007199254740991\r\n",
    "",
  ],
  ["a status", (r) => r.simple("PONG"), "+PONG\r\n", ""],
  ["an error on one line", (r) => r.error("ERR a\r\nb\nc"), "-ERR a  b c\r\n", ""],
  ["null", (r) => r.null(), "$-1\r\n", "_\r\n"],
  ["a null array", (r) => r.nullArray(), "*-1\r\n", "_\r\n"],
  ["an empty array", (r) => r.array(0), "*0\r\n", ""],
  ["an empty map", (r) => r.map(0), "*0\r\n", "%0\r\n"],
  ["an empty set", (r) => r.set(0), "*0\r\n", "~0\r\n"],
  ["an empty push", (r) => r.push(0), "*0\r\n", ">0\r\n"],
  ["a double", (r) => r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"],
  ["infinity", (r) => r.double(-Infinity), "$4\r\n-inf\r\n", ",-inf\r\n"],
  ["true", (r) => r.boolean(true), ":1\r\n", "#t\r\n"],
  ["false", (r) => r.boolean(false), ":0\r\n", "#f\r\n"],
  [
    "a big number",
    (r) => r.bigNumber("123456789012345678901"),
    "$21\r\n123456789012345678901\r\n",
    "(123456789012345678901\r\n",
  ],
  ["verbatim text", (r) => r.verbatim("txt", "é"), "$2\r\n\xc3\xa9\r\n", "=6\r\ntxt:\xc3\xa9\r\n"],
  ["bytes that are a reply", (r) => r.raw(fromLatin1(":5\r\n")), ":5\r\n", ""],
];

for (const [name, write, resp2, resp3] of CASES) {
  Deno.test(`${name} is written as each protocol has it`, () => {
    assertEquals(written(2, write), resp2);
    assertEquals(written(3, write), resp3 === "" ? resp2 : resp3);
    decoded(2, write);
    decoded(3, write);
  });
}

Deno.test("aggregates hold what follows them", () => {
  const write = (r: ReplyWriter): void => {
    r.array(3);
    r.map(1);
    r.bulk("k");
    r.set(2);
    r.integer(1);
    r.integer(2);
    r.null();
    r.bulk("end");
  };
  const resp2 = written(2, write);
  assertEquals(resp2, "*3\r\n*2\r\n$1\r\nk\r\n*2\r\n:1\r\n:2\r\n$-1\r\n$3\r\nend\r\n");
  const found = decoded(3, write);
  assert(found.kind === "array" && found.items !== null);
  assertEquals(found.items.map(({ kind }) => kind), ["map", "null", "bulk"]);
});

Deno.test("a count that is known late goes in front of its elements", () => {
  for (const protocol of [2, 3] as const) {
    for (const count of [0, 1, 9, 10, 12_345]) {
      const write = (r: ReplyWriter): void => {
        r.array(3);
        const numbers = r.length;
        for (let i = 0; i < count; i++) r.integer(i);
        r.arrayAt(numbers, count);
        const members = r.length;
        for (let i = 0; i < count; i++) r.bulkInteger(i);
        r.setAt(members, count);
        const pairs = r.length;
        for (let i = 0; i < count * 2; i++) r.bulk(`${i}`);
        r.mapAt(pairs, count);
      };
      const found = decoded(protocol, write);
      const known = decoded(protocol, (r) => {
        r.array(3);
        r.array(count);
        for (let i = 0; i < count; i++) r.integer(i);
        r.set(count);
        for (let i = 0; i < count; i++) r.bulkInteger(i);
        r.map(count);
        for (let i = 0; i < count * 2; i++) r.bulk(`${i}`);
      });
      assertEquals(found, known, `RESP${protocol}, ${count}`);
    }
  }
});

Deno.test("replies of every size around the buffer's are whole", () => {
  const reply = new ReplyWriter();
  const decoder = new ReplyDecoder();
  let replies = 0;
  for (let size = 0; size < 4200; size += 7) {
    const bytes = new Uint8Array(size).fill(size & 255);
    reply.bulkBytes(bytes);
    reply.integer(size);
    reply.bulkInteger(size);
    reply.null();
    replies += 4;
  }
  reply.bulkBytes(new Uint8Array(5_000_000));
  decoder.feed(reply.buffer.subarray(0, reply.length));
  for (let i = 0; i < replies; i += 4) {
    const found = decoder.next();
    assert(found?.kind === "bulk" && found.bytes?.length === i / 4 * 7);
    assertEquals(decoder.next(), { kind: "integer", value: i / 4 * 7 });
    decoder.next();
    decoder.next();
  }
  const last = decoder.next();
  assert(last?.kind === "bulk" && last.bytes?.length === 5_000_000);
});

Deno.test("each short reply fits where the buffer is nearly full", () => {
  const writes = CASES.map(([, write]) => write);
  for (const write of writes) {
    const expected = written(3, write);
    for (let gap = 0; gap <= 60; gap++) {
      const reply = new ReplyWriter();
      reply.protocol = 3;
      reply.reserve(1);
      const filler = reply.buffer.length - gap;
      reply.raw(new Uint8Array(filler));
      write(reply);
      assertEquals(latin1(reply.buffer, filler, reply.length - filler), expected);
    }
  }
});

Deno.test("what was written since a mark can be taken back", () => {
  const text = written(2, (r) => {
    r.ok();
    const mark = r.length;
    r.array(2);
    r.bulk("half");
    r.cutTo(mark);
    r.error("ERR no");
  });
  assertEquals(text, "+OK\r\n-ERR no\r\n");
});

Deno.test("a listener is told of replies that outgrow a pooled buffer, before they are written", () => {
  const reply = new ReplyWriter();
  const told: number[] = [];
  reply.listener = { replyGrows: (bytes) => told.push(bytes) > 0 };
  reply.bulkBytes(new Uint8Array(10_000));
  assertEquals(told, []);
  reply.bulkBytes(new Uint8Array(20_000));
  assertEquals(told.length, 1);
  assert(told[0] >= 30_000 && told[0] < 31_000);
});

Deno.test("what a listener refuses takes no more memory, however much more is written", () => {
  const limit = 100_000;
  const reply = new ReplyWriter();
  reply.listener = { replyGrows: (bytes) => bytes <= limit };
  const element = new Uint8Array(1000);
  reply.array(10_000);
  for (let i = 0; i < 10_000; i++) {
    const start = reply.length;
    reply.bulkBytes(element);
    reply.bulk("text");
    reply.integer(i);
    reply.double(0.5);
    if (i % 10 === 0) reply.arrayAt(start, 4);
    if (i % 100 === 0) reply.cutTo(start);
  }
  reply.arrayAt(0, 10_000);
  assert(reply.length >= limit / 2, `${reply.length}`);
  assert(reply.buffer.length <= 4 * limit, `${reply.buffer.length}`);
  reply.bulkBytes(new Uint8Array(1_000_000));
  assert(reply.buffer.length <= 4_000_000, `${reply.buffer.length}`);
});

Deno.test("numbers that grow from reply to reply are each written as they are", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const writers = [new ReplyWriter(), new ReplyWriter()];
  const expected = ["", ""];
  const starts = [-3, 0, 7, 95, 9_990, 123_456, 999_999_990, 2 ** 31 - 20, 2 ** 53 - 40];
  for (let run = 0; run < 1_000; run++) {
    let value = starts[random.below(starts.length)] + random.below(20);
    for (let length = random.below(15); length > 0; length--) {
      const i = random.below(2);
      writers[i].integer(value);
      expected[i] += `:${value}\r\n`;
      // Now and then the same again, a gap, or something else in between.
      if (random.below(20) === 0) value += random.below(3) - 1;
      else value++;
      if (random.below(20) === 0) {
        writers[i].null();
        expected[i] += "$-1\r\n";
      }
    }
  }
  for (const [i, { buffer, length }] of writers.entries()) {
    assertEquals(latin1(buffer, 0, length), expected[i]);
  }
});
