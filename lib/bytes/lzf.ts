/**
 * LZF: the compression of long strings in RDB files.
 *
 * A compressed run is a sequence of
 *
 *     000LLLLL <L+1 bytes>                 literal bytes, 1 to 32
 *     LLLooooo oooooooo                    L from 1 to 6: copy L+2 bytes from o+1 bytes back
 *     111ooooo LLLLLLLL oooooooo           copy L+9 bytes from o+1 bytes back (o up to 8191)
 *
 * where a copy may overlap what it writes. The compressor looks up the next three bytes in a table
 * of where such a triple was last seen. The table is kept from call to call: its entries carry a
 * base that grows, so what an earlier call left reads as "nothing", without a fill of 64 KiB.
 *
 * Source: the format of Marc Lehmann's LibLZF, as Redis uses it (lzf_c.c, lzf_d.c). Redis reads
 * what this writes and the reverse; the compressed bytes themselves may differ.
 */

const TABLE_BITS = 14;
const MAX_LITERAL = 32;
const MAX_DISTANCE = 1 << 13;
const MAX_COPY = 264;
const MAX_BASE = 1 << 30;

/** Three bytes can stand for 264 at most. */
const MAX_EXPANSION = 88;

/** Redis takes the compressed form only when it saves at least this much. */
const MIN_SAVING = 4;

const table = new Int32Array(1 << TABLE_BITS);
let base = 1;

/** Thrown for bytes that are not the compressed form of what they should be. */
export class LzfError extends Error {
  override name = "LzfError";
}

/**
 * Compresses some bytes. Returns null when that does not pay, that is when it would not save at
 * least 5 bytes (as Redis decides).
 */
export function compressLzf(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Uint8Array<ArrayBuffer> | null {
  if (length <= MIN_SAVING) return null;
  const target = new Uint8Array(length - MIN_SAVING);
  const written = compressLzfInto(bytes, offset, length, target);
  return written === 0 ? null : target.slice(0, written);
}

/**
 * As {@linkcode compressLzf}, into the start of memory that there is, which has room for `length`
 * bytes less 4: how many bytes were written, 0 when that does not pay.
 */
export function compressLzfInto(
  bytes: Uint8Array,
  offset: number,
  length: number,
  target: Uint8Array,
): number {
  const limit = length - MIN_SAVING;
  if (limit <= 0) return 0;
  if (base > MAX_BASE - length) {
    table.fill(0);
    base = 1;
  }
  const written = compressInto(bytes, offset, length, target, limit);
  base += length;
  return written;
}

/**
 * Restores `expectedLength` bytes. Throws an {@linkcode LzfError} when the input is cut short,
 * refers to before its start, or comes to more or fewer bytes; it never writes past the length
 * and allocates nothing for an input that stands for fewer bytes.
 *
 * @example
 * ```ts
 * import { compressLzf, decompressLzf } from "./lzf.ts";
 *
 * const plain = new TextEncoder().encode("na".repeat(40));
 * const packed = compressLzf(plain, 0, plain.length);
 * if (packed === null) throw new Error("unexpected");
 * if (decompressLzf(packed, 0, packed.length, 80).length !== 80) throw new Error("unexpected");
 * ```
 */
export function decompressLzf(
  bytes: Uint8Array,
  offset: number,
  length: number,
  expectedLength: number,
): Uint8Array<ArrayBuffer> {
  const end = offset + length;
  if (end > bytes.length) {
    throw new LzfError("input is shorter than its length");
  }
  if (!(expectedLength >= 0 && expectedLength <= length * MAX_EXPANSION)) {
    throw new LzfError(`${length} bytes cannot stand for ${expectedLength}`);
  }
  if (restoredLength(bytes, offset, end) < expectedLength) {
    throw new LzfError("output is shorter than expected");
  }
  const target = new Uint8Array(expectedLength);
  decompressLzfInto(bytes, offset, length, expectedLength, target);
  return target;
}

/** As {@linkcode decompressLzf}, into the start of memory that there is. */
export function decompressLzfInto(
  bytes: Uint8Array,
  offset: number,
  length: number,
  expectedLength: number,
  target: Uint8Array,
): void {
  const end = offset + length;
  if (end > bytes.length) throw new LzfError("input is shorter than its length");
  if (expectedLength > target.length) throw new LzfError("there is no room for the output");
  let at = offset;
  let to = 0;
  while (at < end) {
    const control = bytes[at++];
    if (control < MAX_LITERAL) {
      const run = control + 1;
      if (run > end - at) throw new LzfError("literal bytes are cut short");
      if (run > expectedLength - to) {
        throw new LzfError("output is longer than expected");
      }
      for (let i = 0; i < run; i++) target[to + i] = bytes[at + i];
      at += run;
      to += run;
      continue;
    }
    let run = (control >> 5) + 2;
    if (end - at < (run === 9 ? 2 : 1)) {
      throw new LzfError("a reference is cut short");
    }
    if (run === 9) run += bytes[at++];
    let from = to - (((control & 31) << 8) | bytes[at++]) - 1;
    if (from < 0) throw new LzfError("a reference points before the start");
    if (run > expectedLength - to) {
      throw new LzfError("output is longer than expected");
    }
    for (const stop = to + run; to < stop; to++) target[to] = target[from++];
  }
  if (to < expectedLength) throw new LzfError("output is shorter than expected");
}

/**
 * How many bytes the input stands for, if it is right: a length that only pretends to be larger is
 * found before there is memory for it. Input that is wrong is left for the decoder to name.
 */
function restoredLength(bytes: Uint8Array, offset: number, end: number): number {
  let length = 0;
  let at = offset;
  while (at < end) {
    const control = bytes[at];
    if (control < MAX_LITERAL) {
      length += control + 1;
      at += control + 2;
    } else if (control >>> 5 === 7) {
      length += 9 + bytes[at + 1];
      at += 3;
    } else {
      length += (control >>> 5) + 2;
      at += 2;
    }
  }
  return length;
}

/** Fills `target` and returns how much of it was used; 0 when `limit` bytes are too few. */
function compressInto(
  bytes: Uint8Array,
  offset: number,
  length: number,
  target: Uint8Array,
  limit: number,
): number {
  const end = offset + length;
  const toPosition = offset - base;
  let at = offset;
  let to = 0;
  let literals = offset;
  while (at + 2 < end) {
    const slot = slotOf(bytes, at);
    const seen = table[slot] + toPosition;
    table[slot] = at - toPosition;
    const distance = at - seen - 1;
    if (
      seen < offset || distance >= MAX_DISTANCE || bytes[seen] !== bytes[at] ||
      bytes[seen + 1] !== bytes[at + 1] || bytes[seen + 2] !== bytes[at + 2]
    ) {
      at++;
      continue;
    }
    const most = Math.min(MAX_COPY, end - at);
    let run = 3;
    while (run < most && bytes[seen + run] === bytes[at + run]) run++;
    to = writeLiterals(bytes, literals, at, target, to, limit);
    if (to < 0 || to + 3 > limit) return 0;
    const coded = run - 2;
    target[to++] = (Math.min(coded, 7) << 5) | (distance >> 8);
    if (coded >= 7) target[to++] = coded - 7;
    target[to++] = distance & 255;
    at += run;
    literals = at;
    // The triples at the end of the copy are the likeliest to be seen again.
    for (
      let back = Math.max(offset, at - 2);
      back < at && back + 2 < end;
      back++
    ) {
      table[slotOf(bytes, back)] = back - toPosition;
    }
  }
  to = writeLiterals(bytes, literals, end, target, to, limit);
  return to < 0 ? 0 : to;
}

/** Writes the bytes from `from` to `end` as literals: the new place in target, or -1 if full. */
function writeLiterals(
  bytes: Uint8Array,
  from: number,
  end: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  let at = from;
  let place = to;
  while (at < end) {
    const run = Math.min(MAX_LITERAL, end - at);
    if (place + 1 + run > limit) return -1;
    target[place++] = run - 1;
    for (let i = 0; i < run; i++) target[place++] = bytes[at++];
  }
  return place;
}

/** Where the table keeps the three bytes at `at`. */
function slotOf(bytes: Uint8Array, at: number): number {
  const triple = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
  return Math.imul(triple, 0x9e3779b1) >>> (32 - TABLE_BITS);
}
