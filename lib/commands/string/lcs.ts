/**
 * The longest common subsequence of two strings, by the table of Wagner and Fischer (1974).
 *
 * The way back through the table needs to know only which of two neighbours was larger, so it
 * keeps one bit a cell and one row of lengths, a thirty-second of what Redis allocates. The limit
 * is Redis's all the same, because time grows with the table too: at most `proto-max-bulk-len`
 * bytes for a table of 32-bit lengths.
 */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { typeOf, ValueType } from "../../values/entry.ts";
import { StringView } from "../../values/string/string.ts";
import { maxStringLength } from "./growth.ts";

/** What Redis's table has a cell for, in bytes. */
const CELL_BYTES = 4;

export const LCS = command({
  name: "LCS",
  usage: "key1 key2#0 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]",
  summary: "Finds the longest common subsequence of two strings.",
  since: "7.0.0",
  complexity: "O(N*M) for strings of N and M bytes",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const { reply, db } = call;
    const first = call.lookUpRead(1);
    const second = call.lookUpRead(2);
    requireStringOrNone(call, first);
    requireStringOrNone(call, second);
    const options = readOptions(call);
    const a = first === 0 ? NOTHING : new StringView().point(db.arena, first).view();
    const b = second === 0 ? NOTHING : new StringView().point(db.arena, second).view();
    if ((a.length + 1) * (b.length + 1) * CELL_BYTES > maxStringLength(call)) {
      throw errors.LCS_MEMORY;
    }
    if (options.onlyLength) return reply.integer(new SubsequenceTable(a, b, false).length);
    const table = new SubsequenceTable(a, b, true);
    if (options.indexes) replyMatches(call, table, options);
    else reply.bulkBytes(table.subsequence());
  },
});

export const LCS_COMMANDS = [LCS];

const NOTHING = new Uint8Array(0);

interface LcsOptions {
  onlyLength: boolean;
  indexes: boolean;
  withLengths: boolean;
  minLength: number;
}

function requireStringOrNone(call: Call, ref: number): void {
  if (ref !== 0 && typeOf(call.db.arena, ref) !== ValueType.STRING) throw errors.LCS_NOT_STRINGS;
}

function readOptions(call: Call): LcsOptions {
  const { request } = call;
  const options = { onlyLength: false, indexes: false, withLengths: false, minLength: 0 };
  for (let i = 3; i < request.count; i++) {
    if (request.is(i, "IDX")) options.indexes = true;
    else if (request.is(i, "LEN")) options.onlyLength = true;
    else if (request.is(i, "WITHMATCHLEN")) options.withLengths = true;
    else if (request.is(i, "MINMATCHLEN") && i + 1 < request.count) {
      options.minLength = Math.max(0, readClampedInteger(call, ++i));
    } else throw errors.SYNTAX;
  }
  if (options.indexes && options.onlyLength) throw errors.LCS_LENGTH_AND_INDEXES;
  return options;
}

/** Ranges that match, from the last to the first, and the length of the whole. */
function replyMatches(call: Call, table: SubsequenceTable, options: LcsOptions): void {
  const { reply } = call;
  reply.map(2);
  reply.bulk("matches");
  const start = reply.length;
  let count = 0;
  table.eachMatch((a, b, length) => {
    if (length < options.minLength) return;
    reply.array(options.withLengths ? 3 : 2);
    reply.array(2);
    reply.integer(a);
    reply.integer(a + length - 1);
    reply.array(2);
    reply.integer(b);
    reply.integer(b + length - 1);
    if (options.withLengths) reply.integer(length);
    count++;
  });
  reply.arrayAt(start, count);
  reply.bulk("len");
  reply.integer(table.length);
}

/**
 * The table, whose cell (i, j) stands for the first i bytes of one string and the first j bytes
 * of the other.
 */
class SubsequenceTable {
  /** Length of the longest common subsequence. */
  readonly length: number;
  /** A bit for each cell from (1, 1) on: whether the cell above it is larger than the one before. */
  private readonly above: Uint32Array;
  private readonly wordsPerRow: number;

  constructor(
    private readonly a: Uint8Array,
    private readonly b: Uint8Array,
    keepsWay: boolean,
  ) {
    this.wordsPerRow = keepsWay ? Math.ceil(b.length / 32) : 0;
    this.above = new Uint32Array(this.wordsPerRow * a.length);
    const row = new Uint32Array(b.length + 1);
    for (let i = 0; i < a.length; i++) {
      fillRow(row, a[i], b, this.above, i * this.wordsPerRow, keepsWay);
    }
    this.length = row[b.length];
  }

  subsequence(): Uint8Array {
    const found = new Uint8Array(this.length);
    let end = found.length;
    this.eachMatch((a, _b, length) => {
      end -= length;
      found.set(this.a.subarray(a, a + length), end);
    });
    return found;
  }

  /** Calls with each longest run of bytes that both share on the way, the last one first. */
  eachMatch(found: (a: number, b: number, length: number) => void): void {
    const { a, b } = this;
    let i = a.length;
    let j = b.length;
    while (i > 0 && j > 0) {
      let length = 0;
      while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
        i--;
        j--;
        length++;
      }
      if (length > 0) found(i, j, length);
      else if (this.isAboveLarger(i - 1, j - 1)) i--;
      else j--;
    }
  }

  private isAboveLarger(row: number, column: number): boolean {
    return (this.above[row * this.wordsPerRow + (column >>> 5)] >>> (column & 31) & 1) === 1;
  }
}

/** Turns the row for i bytes into the one for i + 1, and notes the way back. */
function fillRow(
  row: Uint32Array,
  byte: number,
  other: Uint8Array,
  above: Uint32Array,
  firstWord: number,
  keepsWay: boolean,
): void {
  let diagonal = 0;
  let before = 0;
  let bits = 0;
  let word = firstWord;
  for (let j = 0; j < other.length; j++) {
    const up = row[j + 1];
    let cell = before;
    if (byte === other[j]) cell = diagonal + 1;
    else if (up > before) {
      cell = up;
      bits |= 1 << (j & 31);
    }
    diagonal = up;
    row[j + 1] = cell;
    before = cell;
    if ((j & 31) === 31 && keepsWay) {
      above[word++] = bits;
      bits = 0;
    }
  }
  if (keepsWay && (other.length & 31) !== 0) above[word] = bits;
}
