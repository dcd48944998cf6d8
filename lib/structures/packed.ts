/**
 * A small collection as packed bytes in one block of the arena: what a hash, set or sorted set of a
 * few elements is, without an object or a table of its own. [hot]
 *
 * ```
 * 0 used (u32): bytes after this word │ 4 count (u32): elements │ 8 element … element
 * element: length (1 byte below 254, otherwise 254 and 4 bytes, little-endian) │ bytes
 * ```
 *
 * Looking something up is a walk along the elements, which for some hundred bytes that lie in a row
 * is as fast as a table. Places of elements (`at`) are bytes from the block's start, so they
 * outlive a move of the block, but not a change of what lies before them. Blocks grow by the
 * arena's size classes, which are at least an eighth apart, so appending stays cheap; they shrink
 * when half of them or more would be empty.
 *
 * Every call that changes a block returns its ref, which may be another one.
 *
 * @example
 * ```ts
 * import { Arena } from "./arena.ts";
 * import { Packed } from "./packed.ts";
 * import { dataOf } from "../bytes/copy.ts";
 *
 * const packed = new Packed(new Arena());
 * const word = dataOf(new TextEncoder().encode("word"));
 * let block = packed.create();
 * block = packed.append(block, word, 0, 4);
 * if (packed.find(block, word, 0, 4, 1) !== packed.first(block)) throw new Error("unexpected");
 * if (packed.point(block, packed.first(block)).length !== 4) throw new Error("unexpected");
 * ```
 */

import * as copyModule from "../bytes/copy.ts";
import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, equalData } = copyModule;
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;

/** Place of the first element. */
const FIRST = 8;
/** A length byte that says: the length is in the four bytes that follow. */
const LONG_LENGTH = 254;
/** Above this the arena's sizes are single pages, too near each other to grow by. */
const LARGE_BYTES = 32768;

/** Takes elements, each lent until the call returns; it must not change the block. */
export interface ElementSink {
  bulkRange(data: DataView, offset: number, length: number): void;
}

export class Packed {
  /** The segment of the element last pointed at; lent until the arena changes. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes. */
  data: DataView = new DataView(new ArrayBuffer(0));
  /** Where the element's bytes begin in {@linkcode bytes}. */
  offset = 0;
  /** Their number. */
  length = 0;

  constructor(private readonly arena: Arena) {}

  /**
   * A new empty block.
   *
   * @param capacityBytes room for the whole of it: 8 bytes, and each element with its length.
   */
  create(capacityBytes = 16): number {
    const block = this.arena.allocate(Math.max(capacityBytes, FIRST));
    const words = this.arena.words[block >>> SEGMENT_OF_REF];
    const base = (block & REF_IN_SEGMENT) << (REF_UNIT - 2);
    words[base] = FIRST - 4;
    words[base + 1] = 0;
    return block;
  }

  /** Number of elements. */
  count(block: number): number {
    return this.arena.words[block >>> SEGMENT_OF_REF][
      ((block & REF_IN_SEGMENT) << (REF_UNIT - 2)) + 1
    ];
  }

  /** Bytes that are in use, the eight of the header included. */
  usedBytes(block: number): number {
    return this.arena.words[block >>> SEGMENT_OF_REF][
      (block & REF_IN_SEGMENT) << (REF_UNIT - 2)
    ] + 4;
  }

  /** Place of the first element; -1 when there is none. */
  first(block: number): number {
    return this.count(block) === 0 ? -1 : FIRST;
  }

  /** Place of the element after the one at `at`; -1 when that was the last. */
  next(block: number, at: number): number {
    const data = this.arena.data[block >>> SEGMENT_OF_REF];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    const following = after(data, base + at) - base;
    return following < data.getInt32(base, true) + 4 ? following : -1;
  }

  /** Place of the element with this number, counted from 0; -1 when there are fewer. */
  nth(block: number, index: number): number {
    if (index >= this.count(block)) return -1;
    const data = this.arena.data[block >>> SEGMENT_OF_REF];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    let at = base + FIRST;
    for (let i = 0; i < index; i++) at = after(data, at);
    return at - base;
  }

  /** Hands the elements on to a sink, every `stride`-th from element number `from` on. */
  writeTo(sink: ElementSink, block: number, stride: number, from: number): void {
    const segment = block >>> SEGMENT_OF_REF;
    const data = this.arena.data[segment];
    const bytes = this.arena.bytes[segment];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    const end = base + 4 + data.getInt32(base, true);
    let skip = from;
    for (let at = base + FIRST; at < end;) {
      const size = bytes[at];
      const isShort = size < LONG_LENGTH;
      const start = isShort ? at + 1 : at + 5;
      const length = isShort ? size : data.getUint32(at + 1, true);
      at = start + length;
      if (skip-- > 0) continue;
      sink.bulkRange(data, start, length);
      skip = stride - 1;
    }
  }

  /** Sets {@linkcode bytes}, {@linkcode data}, {@linkcode offset} and {@linkcode length}. */
  point(block: number, at: number): this {
    const segment = block >>> SEGMENT_OF_REF;
    const data = this.arena.data[segment];
    const start = ((block & REF_IN_SEGMENT) << REF_UNIT) + at;
    const size = data.getUint8(start);
    if (data !== this.data) {
      this.data = data;
      this.bytes = this.arena.bytes[segment];
    }
    if (size < LONG_LENGTH) {
      this.offset = start + 1;
      this.length = size;
    } else {
      this.offset = start + 5;
      this.length = data.getUint32(start + 1, true);
    }
    return this;
  }

  /**
   * Place of the first element that has these bytes, among every `stride`-th from element number
   * `from` on; -1 when there is none.
   */
  find(
    block: number,
    key: DataView,
    offset: number,
    length: number,
    stride: number,
    from = 0,
  ): number {
    const segment = block >>> SEGMENT_OF_REF;
    const data = this.arena.data[segment];
    // Single bytes are read faster from an array than from a DataView: a walk takes half the time.
    const bytes = this.arena.bytes[segment];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    const end = base + 4 + data.getInt32(base, true);
    // Names in one collection are often alike but for their ends (user:1, user:2), so those are
    // compared first.
    const tail = length >= 4 ? key.getInt32(offset + length - 4, true) : 0;
    let at = base + FIRST;
    for (let skip = from; skip > 0 && at < end; skip--) at = after(data, at);
    while (at < end) {
      const size = bytes[at];
      if (size < LONG_LENGTH) {
        if (
          size === length && (length < 4 || data.getInt32(at + length - 3, true) === tail) &&
          equalData(data, at + 1, key, offset, length)
        ) return at - base;
        at += 1 + size;
      } else {
        const long = data.getUint32(at + 1, true);
        if (long === length && equalData(data, at + 5, key, offset, length)) return at - base;
        at += 5 + long;
      }
      if (stride === 1 || at >= end) continue;
      const skipped = bytes[at];
      at += skipped < LONG_LENGTH ? 1 + skipped : 5 + data.getUint32(at + 1, true);
      for (let skip = stride; skip > 2 && at < end; skip--) at = after(data, at);
    }
    return -1;
  }

  /** Adds an element at the end; its bytes must not lie in this block. */
  append(block: number, source: DataView, offset: number, length: number): number {
    const before = this.usedBytes(block);
    block = this.resize(block, before, before + packedSize(length));
    this.write(block, before, source, offset, length);
    this.addCount(block, 1);
    return block;
  }

  /** Adds two elements at the end, such as a field and its value; see append. */
  appendPair(
    block: number,
    first: DataView,
    firstOffset: number,
    firstLength: number,
    second: DataView,
    secondOffset: number,
    secondLength: number,
  ): number {
    const before = this.usedBytes(block);
    const middle = before + packedSize(firstLength);
    block = this.resize(block, before, middle + packedSize(secondLength));
    this.write(block, before, first, firstOffset, firstLength);
    this.write(block, middle, second, secondOffset, secondLength);
    this.addCount(block, 2);
    return block;
  }

  /** Adds an element before the one at `at`, or at the end when that is -1; see append. */
  insert(block: number, at: number, source: DataView, offset: number, length: number): number {
    if (at < 0) return this.append(block, source, offset, length);
    block = this.openGap(block, at, at, packedSize(length));
    this.write(block, at, source, offset, length);
    this.addCount(block, 1);
    return block;
  }

  /** Puts other bytes, which must not lie in this block, in the place of an element's. */
  replace(block: number, at: number, source: DataView, offset: number, length: number): number {
    const data = this.arena.data[block >>> SEGMENT_OF_REF];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    const end = after(data, base + at) - base;
    if (end - at !== packedSize(length)) block = this.openGap(block, at, end, packedSize(length));
    this.write(block, at, source, offset, length);
    return block;
  }

  /** Removes `elements` elements from the one at `at` on; what follows them is at `at` then. */
  remove(block: number, at: number, elements: number): number {
    const data = this.arena.data[block >>> SEGMENT_OF_REF];
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    let end = base + at;
    for (let i = 0; i < elements; i++) end = after(data, end);
    block = this.openGap(block, at, end - base, 0);
    this.addCount(block, -elements);
    return block;
  }

  private addCount(block: number, elements: number): void {
    this.arena.words[block >>> SEGMENT_OF_REF][
      ((block & REF_IN_SEGMENT) << (REF_UNIT - 2)) + 1
    ] += elements;
  }

  private write(block: number, at: number, source: DataView, offset: number, length: number) {
    const data = this.arena.data[block >>> SEGMENT_OF_REF];
    const start = ((block & REF_IN_SEGMENT) << REF_UNIT) + at;
    if (length < LONG_LENGTH) {
      data.setUint8(start, length);
      copyBytes(source, offset, data, start + 1, length);
    } else {
      data.setUint8(start, LONG_LENGTH);
      data.setUint32(start + 1, length, true);
      copyBytes(source, offset, data, start + 5, length);
    }
  }

  /** Makes the bytes from `from` to `to` be `bytes` bytes, of undefined content, instead. */
  private openGap(block: number, from: number, to: number, bytes: number): number {
    const used = this.usedBytes(block);
    const usedAfter = used - (to - from) + bytes;
    // What follows the gap moves inside the block, before that shrinks or after it has grown.
    if (usedAfter < used) {
      this.shift(block, to, used, from + bytes);
      return this.resize(block, used, usedAfter);
    }
    block = this.resize(block, used, usedAfter);
    this.shift(block, to, used, from + bytes);
    return block;
  }

  private shift(block: number, from: number, end: number, to: number): void {
    if (from === end) return;
    const base = (block & REF_IN_SEGMENT) << REF_UNIT;
    this.arena.bytes[block >>> SEGMENT_OF_REF].copyWithin(base + to, base + from, base + end);
  }

  /** Lets a block be `used` bytes long; the first `kept` of them move along when it moves. */
  private resize(block: number, kept: number, used: number): number {
    const { arena } = this;
    const capacity = arena.capacityOf(block);
    if (used > capacity) {
      block = this.move(block, kept, used > LARGE_BYTES ? used + (used >>> 3) : used);
    } else if (used < kept && roundedSize(used) * 2 <= capacity) {
      block = this.move(block, used, used);
    }
    arena.words[block >>> SEGMENT_OF_REF][(block & REF_IN_SEGMENT) << (REF_UNIT - 2)] = used - 4;
    return block;
  }

  private move(block: number, kept: number, capacity: number): number {
    const { arena } = this;
    const moved = arena.allocate(capacity);
    copyBytes(
      arena.data[block >>> SEGMENT_OF_REF],
      (block & REF_IN_SEGMENT) << REF_UNIT,
      arena.data[moved >>> SEGMENT_OF_REF],
      (moved & REF_IN_SEGMENT) << REF_UNIT,
      kept,
    );
    arena.free(block);
    return moved;
  }
}

/** Bytes that an element of `length` bytes takes with its length. */
export function packedSize(length: number): number {
  return length < LONG_LENGTH ? length + 1 : length + 5;
}

/** Where the element at `at` ends. */
function after(data: DataView, at: number): number {
  const size = data.getUint8(at);
  return size < LONG_LENGTH ? at + 1 + size : at + 5 + data.getUint32(at + 1, true);
}
