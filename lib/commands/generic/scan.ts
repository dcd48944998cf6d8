/**
 * Finding keys: KEYS all at once, SCAN a few at a time. Neither shows a key that is past its time.
 *
 * The guarantee of SCAN (what is there from start to end is returned) is held by the hash table's
 * cursor. Cursors and options are read here for SSCAN, HSCAN and ZSCAN as well.
 */

import { matchGlob } from "../../bytes/glob.ts";
import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { Database } from "../../store/database.ts";
import { byteBase, ENTRY_KEY_OFFSET, TYPE_NAMES, typeOf } from "../../values/entry.ts";
import { SEGMENT_OF_REF } from "../../structures/arena.ts";

const INVALID_CURSOR = new CommandError("ERR invalid cursor");
const DEFAULT_COUNT = 10;
/** Steps of the table for each element asked for, so that a sparse table is left in time. */
const STEPS_PER_ELEMENT = 10;
const MAX_UINT64 = 2n ** 64n - 1n;

export interface ScanOptions {
  /** Index of the pattern's argument; 0 when everything matches. */
  readonly pattern: number;
  /** At least 1. */
  readonly count: number;
  /** Lower-case name of a type, or null for all. */
  readonly type: string | null;
  /** Whether HSCAN is to leave out the values. */
  readonly noValues: boolean;
}

export const KEYS = command({
  name: "KEYS",
  usage: "pattern",
  summary: "Lists all keys that match a pattern; takes long where there are many.",
  since: "1.0.0",
  complexity: "O(N) for N keys in the database",
  flags: Flag.READONLY,
  categories: ["@dangerous", "@keyspace"],
  tips: ["request_policy:all_shards", "nondeterministic_output_order"],
  run(call) {
    const { db, reply } = call;
    const pattern = matchesAll(call, 1) ? 0 : 1;
    const start = reply.length;
    let found = 0;
    db.table.forEach((ref) => {
      if (!keyMatches(call, ref, pattern) || db.isExpired(ref)) return;
      replyKey(call, ref);
      found++;
    });
    reply.arrayAt(start, found);
  },
});

export const SCAN = command({
  name: "SCAN",
  usage: "cursor [MATCH pattern] [COUNT count] [TYPE type]@6.0.0",
  summary: "Lists the keys of a database a few at a time.",
  since: "2.8.0",
  complexity: "O(1) a call; O(N) for the N keys of a whole walk",
  flags: Flag.READONLY,
  tips: ["nondeterministic_output", "request_policy:special"],
  meetsAnyKey: true,
  run(call) {
    const { db, reply } = call;
    let cursor = readCursor(call, 1);
    const { pattern, count, type } = readScanOptions(call, 2, true);
    const refs: number[] = [];
    const visit = (ref: number) => {
      refs.push(ref);
    };
    let steps = count * STEPS_PER_ELEMENT;
    do {
      cursor = db.table.scan(cursor, visit);
    } while (cursor !== 0 && steps-- > 0 && refs.length < count);
    reply.array(2);
    reply.bulkInteger(cursor);
    const start = reply.length;
    let found = 0;
    // Removing what expired leaves the refs of other keys as they are.
    for (const ref of refs) {
      if (!keyMatches(call, ref, pattern) || !isOfType(db, ref, type)) continue;
      if (db.dropIfExpired(ref)) continue;
      replyKey(call, ref);
      found++;
    }
    reply.arrayAt(start, found);
  },
});

/**
 * The cursor at an argument, read as C's `strtoul` does: a sign is allowed, nothing stands for 0,
 * and what follows a zero byte is not seen. Only the low 32 bits count, since no table has more.
 *
 * @throws `ERR invalid cursor`
 */
export function readCursor(call: Call, index: number): number {
  const { buffer, offsets, lengths } = call.request;
  let at = offsets[index];
  const end = at + lengths[index];
  if (at === end || buffer[at] === 0) return 0;
  const negative = buffer[at] === 0x2d;
  if (negative || buffer[at] === 0x2b) at++;
  let value = 0n;
  let digits = 0;
  for (; at < end && buffer[at] !== 0; at++, digits++) {
    const digit = buffer[at] - 0x30;
    if (digit < 0 || digit > 9) throw INVALID_CURSOR;
    value = value * 10n + BigInt(digit);
    if (value > MAX_UINT64) throw INVALID_CURSOR;
  }
  if (digits === 0) throw INVALID_CURSOR;
  return Number(BigInt.asUintN(32, negative ? -value : value));
}

/**
 * The options from an argument on; of an option given twice the last one counts.
 *
 * @param withType whether TYPE is one of them.
 * @param withNoValues whether NOVALUES is one of them.
 * @throws SYNTAX, or NOT_AN_INTEGER for the count.
 */
export function readScanOptions(
  call: Call,
  from: number,
  withType: boolean,
  withNoValues = false,
): ScanOptions {
  const { request } = call;
  let pattern = 0;
  let count = DEFAULT_COUNT;
  let type: string | null = null;
  let noValues = false;
  for (let i = from; i < call.count; i += 2) {
    if (withNoValues && request.is(i, "NOVALUES")) {
      noValues = true;
      i--;
      continue;
    }
    const value = i + 1;
    if (value === call.count) throw errors.SYNTAX;
    if (request.is(i, "COUNT")) {
      count = readClampedInteger(call, value);
      if (count < 1) throw errors.SYNTAX;
    } else if (request.is(i, "MATCH")) pattern = matchesAll(call, value) ? 0 : value;
    else if (withType && request.is(i, "TYPE")) type = request.text(value).toLowerCase();
    else throw errors.SYNTAX;
  }
  return { pattern, count, type, noValues };
}

/** `*` by itself also matches the empty key, which no other pattern but the empty one does. */
function matchesAll(call: Call, index: number): boolean {
  const { buffer, offsets, lengths } = call.request;
  return lengths[index] === 1 && buffer[offsets[index]] === 0x2a;
}

function keyMatches(call: Call, ref: number, pattern: number): boolean {
  if (pattern === 0) return true;
  const { buffer, offsets, lengths } = call.request;
  const { arena, table } = call.db;
  return matchGlob(
    buffer,
    offsets[pattern],
    lengths[pattern],
    arena.bytes[ref >>> SEGMENT_OF_REF],
    byteBase(ref) + ENTRY_KEY_OFFSET,
    table.keyLengthOf(ref),
    false,
  );
}

function isOfType(db: Database, ref: number, type: string | null): boolean {
  return type === null || TYPE_NAMES[typeOf(db.arena, ref)] === type;
}

function replyKey(call: Call, ref: number): void {
  const { arena, table } = call.db;
  call.reply.bulkRange(
    arena.data[ref >>> SEGMENT_OF_REF],
    byteBase(ref) + ENTRY_KEY_OFFSET,
    table.keyLengthOf(ref),
  );
}

export const SCAN_COMMANDS = [KEYS, SCAN];
