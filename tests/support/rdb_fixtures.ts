/** The files of fixtures/rdb: every encoding of every type, and every item between keys, by hand. */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { encodeIntset } from "../../lib/rdb/intset.ts";
import { Opcode, RdbType } from "../../lib/rdb/opcodes.ts";
import type { RdbWriter } from "../../lib/rdb/rdb_writer.ts";
import { listpack, textScore, ziplist, zipmap } from "./old_encodings.ts";
import { ELEMENTS } from "./payloads.ts";
import { RdbFileBuilder } from "./rdb_file.ts";
import { STREAM_PAYLOADS } from "./stream_payloads.ts";

export interface Fixture {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether redis-server 7.0 loads it. */
  readonly isOld: boolean;
}

const SHORT = ELEMENTS.filter((element) => element.length <= 64);
const PAIRS = SHORT.flatMap((element, i) => [element, `value ${i}`]);
const SCORES = ["-inf", "-1e+20", "-3", "0", "0.5", "1", "3.14", "1e+300", "inf"];
const SCORED = SCORES.flatMap((score, i) => [`member ${i}`, score]);
/** Unix milliseconds far from now. */
const FAR = 4_000_000_000_000;
/** The id of the module type "ReJSON-RL", encoding 1: characters of 6 bits each. */
const MODULE_ID = 0x45e25238df912c01n;

export function fixtures(): Fixture[] {
  const old = (name: string, bytes: Uint8Array) => ({ name, bytes, isOld: true });
  const newer = (name: string, bytes: Uint8Array) => ({ name, bytes, isOld: false });
  return [
    old("version_1", versionOne()),
    old("strings", strings()),
    old("lists", lists()),
    old("sets", sets()),
    old("hashes", hashes()),
    old("sorted_sets", sortedSets()),
    old("streams", streams(new RdbFileBuilder(), false)),
    old("between_keys", betweenKeys()),
    old("no_checksum", new RdbFileBuilder("REDIS0009").string("k", "v").end("zero")),
    newer("version_12", versionTwelve()),
    newer("valkey", valkey()),
    newer("modules", modules()),
  ];
}

/** As servers of 2.2 wrote them: no checksum, no items but these. */
function versionOne(): Uint8Array {
  return new RdbFileBuilder("REDIS0001").select(0).string("text", "value")
    .expiresAtSeconds(2_000_000_000).string("expiring", "in seconds")
    .key("linked list", RdbType.LIST, (writer) => plain(writer, SHORT))
    .key("zipmap", RdbType.HASH_ZIPMAP, (writer) => writer.stringOf(zipmap(PAIRS)))
    .select(5).string("in five", "5").end("none");
}

function strings(): Uint8Array {
  const file = new RdbFileBuilder("REDIS0006").select(0);
  SHORT.forEach((element, i) => file.string(`string ${i}`, element));
  file.key("compressed", RdbType.STRING, (writer) => {
    writer.raw(new Uint8Array([0xc3, 5, 0x40, 102, 0, 0x61, 0xe0, 92, 0]));
  });
  return file.string("12345", "key as integer").string("-70000", "key of 32 bits").end();
}

function lists(): Uint8Array {
  return new RdbFileBuilder().select(0)
    .key("linked list", RdbType.LIST, (writer) => plain(writer, SHORT))
    .key("ziplist", RdbType.LIST_ZIPLIST, (writer) => writer.stringOf(ziplist(SHORT)))
    .key("quicklist of ziplists", RdbType.LIST_QUICKLIST, (writer) => {
      writer.lengthOf(3);
      writer.stringOf(ziplist(SHORT.slice(0, 10)));
      writer.stringOf(ziplist([]));
      writer.stringOf(ziplist(SHORT.slice(10)));
    })
    .key("quicklist of listpacks", RdbType.LIST_QUICKLIST_2, (writer) => {
      writer.lengthOf(3);
      writer.lengthOf(2);
      writer.stringOf(listpack(SHORT.slice(0, 10)));
      writer.lengthOf(1);
      writer.stringOf(fromLatin1("a plain node"));
      writer.lengthOf(2);
      writer.stringOf(listpack(SHORT.slice(10)));
    }).end();
}

function sets(): Uint8Array {
  const intset = (...values: readonly bigint[]) => (writer: RdbWriter) =>
    writer.stringOf(encodeIntset(BigInt64Array.from(values)));
  return new RdbFileBuilder().select(0)
    .key("table", RdbType.SET, (writer) => plain(writer, SHORT))
    .key("intset of 16 bits", RdbType.SET_INTSET, intset(-5n, 0n, 300n))
    .key("intset of 32 bits", RdbType.SET_INTSET, intset(-70000n, 1n, 70000n))
    .key("intset of 64 bits", RdbType.SET_INTSET, intset(-(2n ** 63n), -1n, 2n ** 63n - 1n))
    .end();
}

function hashes(): Uint8Array {
  return new RdbFileBuilder().select(0)
    .key("table", RdbType.HASH, (writer) => plain(writer, PAIRS, 2))
    .key("zipmap", RdbType.HASH_ZIPMAP, (writer) => writer.stringOf(zipmap(PAIRS)))
    .key("zipmap with unused bytes", RdbType.HASH_ZIPMAP, (writer) => {
      writer.stringOf(zipmap([...PAIRS, "long", "x".repeat(300)], 3));
    })
    .key("ziplist", RdbType.HASH_ZIPLIST, (writer) => writer.stringOf(ziplist(PAIRS)))
    .key("listpack", RdbType.HASH_LISTPACK, (writer) => writer.stringOf(listpack(PAIRS)))
    .end();
}

function sortedSets(): Uint8Array {
  return new RdbFileBuilder().select(0)
    .key("scores as text", RdbType.ZSET, (writer) => {
      writer.lengthOf(SCORES.length);
      SCORES.forEach((score, i) => {
        writer.stringOf(fromLatin1(`member ${i}`));
        writer.raw(textScore(score));
      });
    })
    .key("binary scores", RdbType.ZSET_2, (writer) => {
      writer.lengthOf(SCORES.length);
      SCORES.forEach((score, i) => {
        writer.stringOf(fromLatin1(`member ${i}`));
        writer.binaryDouble(Number(score.replace("inf", "Infinity")));
      });
    })
    .key("ziplist", RdbType.ZSET_ZIPLIST, (writer) => writer.stringOf(ziplist(SCORED)))
    .key("listpack", RdbType.ZSET_LISTPACK, (writer) => writer.stringOf(listpack(SCORED)))
    .end();
}

function streams(file: RdbFileBuilder, areNewer: boolean): Uint8Array {
  for (const { title, bytes, newer } of STREAM_PAYLOADS) {
    if ((newer ?? false) === areNewer) file.payload(`stream ${title}`, bytes);
  }
  return file.end();
}

function betweenKeys(): Uint8Array {
  return new RdbFileBuilder().aux("redis-ver", "7.0.15").aux("redis-bits", "64")
    .aux("ctime", "1700000000").aux("used-mem", "1000000")
    .aux("repl-stream-db", "3").aux("repl-id", "0123456789abcdef0123456789abcdef01234567")
    .aux("repl-offset", "4711").aux("aof-base", "0").aux("%note", "for operators")
    .select(3).resize(5, 2)
    .expiresAtMs(BigInt(FAR)).string("expires in ms", "v")
    .expiresAtSeconds(2_000_000_000).string("expires in seconds", "v")
    .lengths(Opcode.IDLE, 1000).string("idle", "v")
    .opcode(Opcode.FREQ).raw(new Uint8Array([77])).string("used often", "v")
    .expiresAtMs(BigInt(FAR)).lengths(Opcode.IDLE, 5).string("both", "v")
    .select(15).resize(1, 0).string("last", "database").end();
}

function versionTwelve(): Uint8Array {
  const file = new RdbFileBuilder("REDIS0012").aux("redis-ver", "7.4.0").select(0).resize(6, 0)
    .lengths(Opcode.SLOT_INFO, 866, 1, 0)
    .key("set as listpack", RdbType.SET_LISTPACK, (writer) => writer.stringOf(listpack(SHORT)))
    .key("fields that expire", RdbType.HASH_METADATA, (writer) => {
      writer.milliseconds(BigInt(FAR));
      expiringFields(writer, (i) => i % 3);
    })
    .key("of a release candidate", RdbType.HASH_METADATA_PRE_GA, (writer) => {
      expiringFields(writer, (i) => i % 2 === 0 ? 0 : FAR + i);
    });
  const triples = SHORT.flatMap((element, i) => [
    element,
    `value ${i}`,
    i % 2 === 0 ? "0" : String(FAR + i),
  ]);
  file.key("listpack", RdbType.HASH_LISTPACK_EX, (writer) => {
    writer.milliseconds(BigInt(FAR));
    writer.stringOf(listpack(triples));
  }).key("listpack of a release candidate", RdbType.HASH_LISTPACK_EX_PRE_GA, (writer) => {
    writer.stringOf(listpack(triples));
  });
  file.opcode(Opcode.FUNCTION_2).text("#!lua name=library\nreturn");
  return streams(file, true);
}

function valkey(): Uint8Array {
  return new RdbFileBuilder("VALKEY080").aux("valkey-ver", "9.0.0").select(0).resize(2, 0)
    .lengths(Opcode.SLOT_INFO, 866, 1, 0)
    .opcode(Opcode.SLOT_IMPORT).text("0123456789abcdef0123456789abcdef01234567").lengths(1, 5, 9)
    .key("fields that expire", 22, (writer) => {
      writer.lengthOf(2);
      for (const [field, time] of [["stays", -1n], ["goes", BigInt(FAR)]] as const) {
        writer.stringOf(fromLatin1(field));
        writer.stringOf(fromLatin1("value"));
        writer.milliseconds(time);
      }
    }).string("text", "value").end();
}

function modules(): Uint8Array {
  const file = new RdbFileBuilder("REDIS0009").opcode(Opcode.MODULE_AUX);
  file.writer.bigLengthOf(MODULE_ID);
  file.lengths(2, 1).lengths(1, 7).lengths(2, 8).opcode(3).raw(new Uint8Array(4)).opcode(4)
    .raw(new Uint8Array(8)).opcode(5).text("text").opcode(0);
  file.select(0).opcode(RdbType.MODULE_2).text("json");
  file.writer.bigLengthOf(MODULE_ID);
  return file.opcode(5).text('{"a":1}').opcode(0).string("after", "it").end();
}

function expiringFields(writer: RdbWriter, time: (i: number) => number): void {
  writer.lengthOf(SHORT.length);
  SHORT.forEach((element, i) => {
    writer.lengthOf(time(i));
    writer.stringOf(fromLatin1(element));
    writer.stringOf(fromLatin1(`value ${i}`));
  });
}

/** Elements with their number before them; `each` elements count as one. */
function plain(writer: RdbWriter, elements: readonly string[], each = 1): void {
  writer.lengthOf(elements.length / each);
  for (const element of elements) writer.stringOf(fromLatin1(element));
}
