/**
 * DUMP payloads of every type in every encoding that is read, for tests of RESTORE and for its
 * fuzzer; each has a title, so that a failure says which.
 */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { encodeIntset } from "../../lib/rdb/intset.ts";
import { RdbType } from "../../lib/rdb/opcodes.ts";
import type { RdbWriter } from "../../lib/rdb/rdb_writer.ts";
import { listpack, payload, textScore, ziplist, zipmap } from "./old_encodings.ts";
import { STREAM_PAYLOADS } from "./stream_payloads.ts";

export interface Sample {
  readonly title: string;
  readonly bytes: Uint8Array;
  /** The command that shows the whole value, its key left out. */
  readonly show: readonly string[];
  /** Whether redis-server 7.0 does not know the type. */
  readonly newer?: boolean;
}

/** Texts and integers at the edges of what encodings tell apart. */
export const ELEMENTS: readonly string[] = [
  ...["", "a", "text", "\xff\0\r\n", "007", "-0", "1.5", "+1", "9223372036854775808"],
  ...["0", "12", "13", "127", "128", "-1", "-128", "-129", "4095", "4096", "-4096", "-4097"],
  ...["32767", "32768", "-32768", "-32769", "8388607", "8388608", "-8388608", "-8388609"],
  ...["2147483647", "2147483648", "-2147483648", "-2147483649"],
  ...["9223372036854775807", "-9223372036854775808"],
  ...[62, 63, 64, 126, 127, 253, 254, 255, 4095, 4096, 16382, 16383, 16384].map((length) =>
    `${length}:`.padEnd(length, "xyz")
  ),
];

const SHORT = ELEMENTS.filter((element) => element.length <= 64);
const PAIRS = SHORT.flatMap((element, i) => [element, `value ${i}`]);
const SCORES = ["-inf", "-1e+20", "-3", "0", "0.5", "1", "3.1400000000000001", "1e+300", "inf"];
const SCORED = SCORES.flatMap((score, i) => [`member ${i}`, score]);
/** Unix milliseconds far from now. */
const FAR = 4_000_000_000_000;

export const SAMPLES: readonly Sample[] = [
  ...ELEMENTS.map((element): Sample => ({
    title: `string of ${element.length} bytes`,
    bytes: payload(RdbType.STRING, (writer) => string(writer, element)),
    show: ["GET"],
  })),
  {
    title: "string, compressed",
    bytes: compressed(),
    show: ["GET"],
  },
  list("linked list", RdbType.LIST, (writer) => strings(writer, ELEMENTS)),
  list("ziplist", RdbType.LIST_ZIPLIST, (writer) => writer.stringOf(ziplist(ELEMENTS))),
  list("quicklist of ziplists", RdbType.LIST_QUICKLIST, (writer) => {
    writer.lengthOf(3);
    writer.stringOf(ziplist(ELEMENTS.slice(0, 10)));
    writer.stringOf(ziplist([]));
    writer.stringOf(ziplist(ELEMENTS.slice(10)));
  }),
  list("quicklist of listpacks", RdbType.LIST_QUICKLIST_2, (writer) => {
    writer.lengthOf(3);
    writer.lengthOf(2);
    writer.stringOf(listpack(ELEMENTS.slice(0, 10)));
    writer.lengthOf(1);
    string(writer, "a plain node");
    writer.lengthOf(2);
    writer.stringOf(listpack(ELEMENTS.slice(10)));
  }),
  set("table", RdbType.SET, (writer) => strings(writer, ELEMENTS)),
  set("intset of 16 bits", RdbType.SET_INTSET, (writer) => intset(writer, [-5n, 0n, 300n])),
  set("intset of 32 bits", RdbType.SET_INTSET, (writer) => intset(writer, [-70000n, 1n, 70000n])),
  set("intset of 64 bits", RdbType.SET_INTSET, (writer) => {
    intset(writer, [-(2n ** 63n), -1n, 2n ** 63n - 1n]);
  }),
  {
    ...set("listpack", RdbType.SET_LISTPACK, (writer) => writer.stringOf(listpack(SHORT))),
    newer: true,
  },
  hash("table", RdbType.HASH, (writer) => strings(writer, PAIRS, 2)),
  hash("zipmap", RdbType.HASH_ZIPMAP, (writer) => writer.stringOf(zipmap(PAIRS))),
  hash("zipmap with unused bytes", RdbType.HASH_ZIPMAP, (writer) => {
    writer.stringOf(zipmap([...PAIRS, "long", "x".repeat(300)], 3));
  }),
  hash("ziplist", RdbType.HASH_ZIPLIST, (writer) => writer.stringOf(ziplist(PAIRS))),
  hash("listpack", RdbType.HASH_LISTPACK, (writer) => writer.stringOf(listpack(PAIRS))),
  {
    ...hash("table of expiring fields", RdbType.HASH_METADATA, (writer) => {
      writer.milliseconds(BigInt(FAR));
      writer.lengthOf(SHORT.length);
      SHORT.forEach((element, i) => {
        writer.lengthOf(i % 3);
        string(writer, element);
        string(writer, `value ${i}`);
      });
    }),
    newer: true,
  },
  {
    ...hash("listpack of expiring fields", RdbType.HASH_LISTPACK_EX, (writer) => {
      writer.milliseconds(BigInt(FAR));
      const triples = SHORT.flatMap((element, i) => [
        element,
        `value ${i}`,
        i % 2 === 0 ? "0" : String(FAR + i),
      ]);
      writer.stringOf(listpack(triples));
    }),
    newer: true,
  },
  sortedSet("scores as text", RdbType.ZSET, (writer) => {
    writer.lengthOf(SCORES.length);
    SCORES.forEach((score, i) => {
      string(writer, `member ${i}`);
      writer.raw(textScore(score));
    });
  }),
  sortedSet("binary scores", RdbType.ZSET_2, (writer) => {
    writer.lengthOf(SCORES.length);
    SCORES.forEach((score, i) => {
      string(writer, `member ${i}`);
      writer.binaryDouble(Number(score.replace("inf", "Infinity")));
    });
  }),
  sortedSet("ziplist", RdbType.ZSET_ZIPLIST, (writer) => writer.stringOf(ziplist(SCORED))),
  sortedSet("listpack", RdbType.ZSET_LISTPACK, (writer) => writer.stringOf(listpack(SCORED))),
  ...STREAM_PAYLOADS.map(({ title, bytes, newer }): Sample => ({
    title: `stream: ${title}`,
    bytes,
    show: ["XRANGE", "-", "+"],
    newer,
  })),
];

type Write = (writer: RdbWriter) => void;

function list(encoding: string, type: number, write: Write): Sample {
  const show = ["LRANGE", "0", "-1"];
  return { title: `list: ${encoding}`, bytes: payload(type, write), show };
}

function set(encoding: string, type: number, write: Write): Sample {
  return { title: `set: ${encoding}`, bytes: payload(type, write), show: ["SMEMBERS"] };
}

function hash(encoding: string, type: number, write: Write): Sample {
  return { title: `hash: ${encoding}`, bytes: payload(type, write), show: ["HGETALL"] };
}

function sortedSet(encoding: string, type: number, write: Write): Sample {
  const show = ["ZRANGE", "0", "-1", "WITHSCORES"];
  return { title: `sorted set: ${encoding}`, bytes: payload(type, write), show };
}

/** Elements with their number before them; `each` elements count as one. */
function strings(writer: RdbWriter, elements: readonly string[], each = 1): void {
  writer.lengthOf(elements.length / each);
  for (const element of elements) string(writer, element);
}

function string(writer: RdbWriter, text: string): void {
  writer.stringOf(fromLatin1(text));
}

function intset(writer: RdbWriter, values: readonly bigint[]): void {
  writer.stringOf(encodeIntset(BigInt64Array.from(values)));
}

/** "aaaa…", as LZF: a literal and copies of it. */
function compressed(): Uint8Array {
  return payload(RdbType.STRING, (writer) => {
    writer.byte(0xc3);
    writer.lengthOf(5);
    writer.lengthOf(102);
    writer.raw(new Uint8Array([0, 0x61, 0xe0, 92, 0]));
  });
}
