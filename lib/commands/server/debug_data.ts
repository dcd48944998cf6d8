/** The subcommands of DEBUG that look at keys, or make them: OBJECT, HTSTATS, POPULATE. */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { dataOf } from "../../bytes/copy.ts";
import { parseInteger } from "../../bytes/integer.ts";
import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import { saveValue } from "../../values/codecs.ts";
import {
  ACCESS_WORD,
  Encoding,
  ENCODING_NAMES,
  encodingOf,
  readWord,
  Storage,
  storageOf,
} from "../../values/entry.ts";

const NO_SUCH_DB = new CommandError("ERR Out of range database");
const NO_TABLE = new CommandError(
  "ERR The value stored at the specified key is not represented using an hash table",
);
const TOO_MANY_KEYS = new CommandError("ERR OOM in dictTryExpand");

/** Refs of the arena are 31 bits: no database can hold more. */
const MAX_KEYS = 2 ** 31;
/** Whole numbers that Redis shares among all keys, and how it then counts their users. */
const SHARED_INTEGERS = 10_000;
const SHARED_COUNT = 2 ** 31 - 1;
/** Longest text that is kept as EMBSTR. */
const EMBSTR_BYTES = 44;

/**
 * DEBUG OBJECT: one line in Redis's form; the address is the record's place in the arena. It shows
 * what is there, also what a replica holds past its time.
 */
export function replyObject(call: Call): void {
  const ref = call.entryOf(2);
  if (ref === 0) throw errors.NO_SUCH_KEY;
  const { db } = call;
  const { state } = call.context.store;
  const encoding = encodingOf(db.arena, ref);
  const text = encoding === Encoding.INT ? db.stringOf(ref) : null;
  const number = text === null ? NaN : parseInteger(text.bytes, text.offset, text.length);
  const users = number >= 0 && number < SHARED_INTEGERS ? SHARED_COUNT : 1;
  const access = readWord(db.arena, ref, ACCESS_WORD);
  const idle = state.countsFrequency ? 0 : state.idleSeconds(access);
  call.reply.simple(
    `Value at:0x${(ref * 16).toString(16)} refcount:${users} ` +
      `encoding:${ENCODING_NAMES[encoding]} ` +
      `serializedlength:${serializedLength(call, ref)} ` +
      `lru:${access & 0xffffff} lru_seconds_idle:${idle}`,
  );
}

/** Bytes that an RDB file needs for a value. */
function serializedLength(call: Call, ref: number): number {
  const writer = new RdbWriter(call.context.config.get("rdbcompression"));
  saveValue(writer, call.db, ref);
  return writer.length;
}

/** DEBUG HTSTATS. What expires is kept in a heap here, so its table has no chains. */
export function replyTableStats(call: Call): void {
  const index = readClampedInteger(call, 2);
  const db = call.context.store.databases[index];
  if (db === undefined) throw NO_SUCH_DB;
  const text = `[Dictionary HT]\n${tableText(db.table)}` +
    `[Expires HT]\nNo hash table but a heap of ${db.expiry.count} elements, soonest first\n`;
  call.reply.verbatim("txt", text);
}

/** DEBUG HTSTATS-KEY: large hashes, sets and sorted sets have a table. */
export function replyValueTableStats(call: Call): void {
  const { db } = call;
  const ref = call.peek(2);
  if (ref === 0) throw errors.NO_SUCH_KEY;
  const table = storageOf(db.arena, ref) === Storage.OBJECT ? db.objectOf(ref).table : undefined;
  if (table === undefined) throw NO_TABLE;
  call.reply.verbatim("txt", tableText(table));
}

function tableText(table: HashTable): string {
  const title = "Hash table 0 stats (main hash table):\n";
  const { count } = table;
  if (count === 0) return `${title}No stats available for empty dictionaries\n`;
  const { current, old } = table.slotCounts;
  const lengths = new Int32Array(current);
  table.forEach((ref) => lengths[table.hashOf(ref) & (current - 1)]++);
  const byLength: number[] = [];
  for (const length of lengths) byLength[length] = (byLength[length] ?? 0) + 1;
  const used = current - (byLength[0] ?? 0);
  const lines = [
    ` table size: ${current}`,
    ` number of elements: ${count}`,
    ` different slots: ${used}`,
    ` max chain length: ${byLength.length - 1}`,
    ` avg chain length (counted): ${(count / used).toFixed(2)}`,
    ` avg chain length (computed): ${(count / used).toFixed(2)}`,
    " Chain length distribution:",
    ...byLength.flatMap((slots, length) =>
      slots === 0 ? [] : [`   ${length}: ${slots} (${(slots * 100 / current).toFixed(2)}%)`]
    ),
    ...(old > 0 ? [` moving from a table of ${old} slots`] : []),
  ];
  return title + lines.map((line) => line + "\n").join("");
}

/** DEBUG POPULATE: keys that are there stay as they are. */
export function populate(call: Call): void {
  const count = readPositive(call, 2);
  const prefix = call.count > 3 ? latin1(call.request.view(3)) : "key";
  const size = call.count > 4 ? readPositive(call, 4) : -1;
  if (count > MAX_KEYS) throw TOO_MANY_KEYS;
  if (size > call.context.config.get("proto-max-bulk-len")) throw errors.STRING_TOO_LONG;
  const { db } = call;
  db.table.reserve(db.size + count);
  const sized = new Uint8Array(Math.max(0, size));
  for (let i = 0; i < count; i++) {
    const key = dataOf(fromLatin1(`${prefix}:${i}`));
    if (db.lookUpWrite(key, 0, key.byteLength) !== 0) continue;
    let value: Uint8Array = fromLatin1(`value:${i}`);
    if (size >= 0) {
      sized.fill(0);
      sized.set(value.subarray(0, size));
      value = sized;
    }
    const encoding = value.length <= EMBSTR_BYTES ? Encoding.EMBSTR : Encoding.RAW;
    db.setString(0, key, 0, key.byteLength, dataOf(value), 0, value.length, encoding);
  }
  call.reply.ok();
}

function readPositive(call: Call, index: number): number {
  const value = readClampedInteger(call, index, errors.MUST_BE_POSITIVE);
  if (value < 0) throw errors.MUST_BE_POSITIVE;
  return value;
}
