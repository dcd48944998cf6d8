/**
 * A sorted set of signed 64-bit integers in one block of the arena, each in as few bytes (2, 4 or
 * 8) as the widest of them needs: the idea of Redis's intset. [hot]
 *
 * ```
 * u32 bytes used after this word │ u32 width │ integers in ascending order, little-endian …
 * ```
 *
 * Finding is a binary search; adding and removing move what lies behind, which is cheap for the few
 * hundred integers this is meant for. The set of a million integers should be a hash table.
 *
 * Integers go in and out as two 32-bit halves, so that all 64 bits are exact and nothing is
 * allocated. Whatever changes a block returns its ref, which may be another one than before.
 */

import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;

const HEADER_BYTES = 8;
/** The part of the header that the first word counts. */
const COUNTED_HEADER_BYTES = 4;
const NARROW = 2;
const MIDDLE = 4;
const WIDE = 8;

export class IntSet {
  /** The halves of the integer last loaded. */
  high = 0;
  low = 0;

  constructor(private readonly arena: Arena) {}

  /** An empty set. */
  create(): number {
    return this.allocate(NARROW, 0);
  }

  count(block: number): number {
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    return countOf(words[at], words[at + 1]);
  }

  /** Loads the integer at a place, counted from 0, into {@linkcode high} and {@linkcode low}. */
  load(block: number, index: number): void {
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    const width = words[at + 1];
    if (width === WIDE) {
      this.low = words[at + 2 + index * 2];
      this.high = words[at + 3 + index * 2];
      return;
    }
    this.low = width === MIDDLE ? words[at + 2 + index] : narrowAt(words, at + 2, index);
    this.high = this.low >> 31;
  }

  /** The place of an integer, or, when it is not there, `~place` with where it would be. */
  search(block: number, high: number, low: number): number {
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    const width = words[at + 1];
    const count = countOf(words[at], width);
    if (width === WIDE) return searchWide(words, at + 2, count, high, low);
    // What does not fit the width is smaller or larger than all.
    if (widthOf(high, low) > width) return high < 0 ? ~0 : ~count;
    if (width === MIDDLE) return searchMiddle(words, at + 2, count, low);
    return searchNarrow(words, at + 2, count, low);
  }

  /** Adds an integer that is not there, at the place that {@linkcode search} told. */
  insert(block: number, place: number, high: number, low: number): number {
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const width = words[((block & REF_IN_SEGMENT) << (REF_UNIT - 2)) + 1];
    const needed = widthOf(high, low);
    if (needed > width) block = this.widen(block, needed, place === 0 ? 1 : 0);
    else block = this.open(block, place, width);
    this.store(block, place, high, low);
    return block;
  }

  /** Takes out the integer at a place. */
  remove(block: number, place: number): number {
    const segment = block >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    const width = words[at + 1];
    const end = (at << 2) + COUNTED_HEADER_BYTES + words[at];
    const from = (at << 2) + HEADER_BYTES + place * width;
    this.arena.bytes[segment].copyWithin(from, from + width, end);
    words[at] -= width;
    const bytes = COUNTED_HEADER_BYTES + words[at];
    // Half of the block may lie idle, so that one who comes and goes does not copy each time.
    if (roundedSize(bytes) * 2 > this.arena.capacityOf(block)) return block;
    return this.moved(block, bytes, bytes);
  }

  /** Makes room for one more at a place. */
  private open(block: number, place: number, width: number): number {
    const used = this.arena.words[block >>> SEGMENT_OF_REF][
      (block & REF_IN_SEGMENT) << (REF_UNIT - 2)
    ];
    const bytes = COUNTED_HEADER_BYTES + used;
    if (bytes + width > this.arena.capacityOf(block)) {
      block = this.moved(block, bytes + width, bytes);
    }
    const segment = block >>> SEGMENT_OF_REF;
    const start = (block & REF_IN_SEGMENT) << REF_UNIT;
    const from = start + HEADER_BYTES + place * width;
    const end = start + bytes;
    if (from < end) this.arena.bytes[segment].copyWithin(from + width, from, end);
    this.arena.words[segment][start >>> 2] = used + width;
    return block;
  }

  /** A copy with wider integers and one free place, the first when `shift` is 1, else the last. */
  private widen(block: number, width: number, shift: number): number {
    const count = this.count(block);
    const wide = this.allocate(width, count + 1);
    for (let i = 0; i < count; i++) {
      this.load(block, i);
      this.store(wide, i + shift, this.high, this.low);
    }
    this.arena.free(block);
    return wide;
  }

  private store(block: number, index: number, high: number, low: number): void {
    const segment = block >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    const width = words[at + 1];
    if (width === WIDE) {
      words[at + 2 + index * 2] = low;
      words[at + 3 + index * 2] = high;
    } else if (width === MIDDLE) words[at + 2 + index] = low;
    else this.arena.data[segment].setInt16((at << 2) + HEADER_BYTES + index * 2, low, true);
  }

  private allocate(width: number, count: number): number {
    const block = this.arena.allocate(HEADER_BYTES + width * count);
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const at = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    words[at] = COUNTED_HEADER_BYTES + width * count;
    words[at + 1] = width;
    return block;
  }

  /** The block's first `kept` bytes in a new one of `bytes`. */
  private moved(block: number, bytes: number, kept: number): number {
    const target = this.arena.allocate(bytes);
    const from = (block & REF_IN_SEGMENT) << REF_UNIT;
    this.arena.bytes[target >>> SEGMENT_OF_REF].set(
      this.arena.bytes[block >>> SEGMENT_OF_REF].subarray(from, from + kept),
      (target & REF_IN_SEGMENT) << REF_UNIT,
    );
    this.arena.free(block);
    return target;
  }
}

/** Bytes that an integer needs. */
function widthOf(high: number, low: number): number {
  if (high !== low >> 31) return WIDE;
  return low === low << 16 >> 16 ? NARROW : MIDDLE;
}

function countOf(used: number, width: number): number {
  // 2, 4 and 8 as shifts by 1, 2 and 3.
  return (used - COUNTED_HEADER_BYTES) >>> (width === WIDE ? 3 : width >>> 1);
}

/** The 16-bit integer number `index` from word `at` on. */
function narrowAt(words: Int32Array, at: number, index: number): number {
  const word = words[at + (index >>> 1)];
  return (index & 1) === 0 ? word << 16 >> 16 : word >> 16;
}

function searchNarrow(words: Int32Array, at: number, count: number, low: number): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const value = narrowAt(words, at, middle);
    if (value === low) return middle;
    if (value < low) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

function searchMiddle(words: Int32Array, at: number, count: number, low: number): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const value = words[at + middle];
    if (value === low) return middle;
    if (value < low) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

function searchWide(
  words: Int32Array,
  at: number,
  count: number,
  high: number,
  low: number,
): number {
  const unsigned = low >>> 0;
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const valueHigh = words[at + middle * 2 + 1];
    const valueLow = words[at + middle * 2] >>> 0;
    if (valueHigh === high && valueLow === unsigned) return middle;
    if (valueHigh < high || (valueHigh === high && valueLow < unsigned)) from = middle + 1;
    else to = middle;
  }
  return ~from;
}
