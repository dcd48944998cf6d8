/**
 * A listpack in a block of the arena: strings and integers one after the other, in the bytes that
 * Redis keeps in memory and writes to its files, so that sizes are equal and saving is copying. [hot]
 *
 * ```
 * 0 bytes (u32), these and the end included │ 4 elements (u16) │ 6 element … element │ 0xff
 * element: encoding and value │ length of both (backwards, 7 bits a byte)
 * 0xxxxxxx  integer 0 … 127              110xxxxx +1 byte   integer of 13 bits with sign
 * 10xxxxxx  string up to 63 bytes        0xf1 … 0xf4        integers of 16, 24, 32, 64 bits
 * 1110xxxx +1 byte  string up to 4095    0xf0 + 4 bytes     longer string
 * ```
 *
 * What looks like an integer is kept as one and written out again when it is read. Places are bytes
 * from the block's start. Format: https://github.com/antirez/listpack/blob/master/listpack.md.
 */

import { Int64 } from "../bytes/int64.ts";
import * as int64Module from "../bytes/int64.ts";
import * as integerModule from "../bytes/integer.ts";
import * as copyModule from "../bytes/copy.ts";
import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { INT64_TEXT_BYTES } = int64Module;
const { formatInteger } = integerModule;
const { copyBytes, dataOf } = copyModule;
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;

/** Place of the first element. */
export const LISTPACK_FIRST = 6;
const END = 0xff;
/** Elements that the header counts; more are not counted. */
const UNCOUNTED = 0xffff;
/** Longest integer element. */
const INTEGER_BYTES = 10;

const parsed = new Int64();
const digits = new Uint8Array(INT64_TEXT_BYTES);
const digitsData = dataOf(digits);

export class ListpackBlock {
  /** The bytes last pointed at: in the arena, or digits that were written out; lent. */
  data: DataView = digitsData;
  offset = 0;
  length = 0;
  /** The integer last read by {@linkcode readInteger}, as 64 bits with sign. */
  readonly integer: Int64 = new Int64();

  // Where elements are being put, between `begin` and `end`.
  private target: DataView = digitsData;
  private place = 0;

  constructor(readonly arena: Arena) {}

  /** A new listpack without elements. */
  create(capacityBytes: number): number {
    const ref = this.arena.allocate(Math.max(capacityBytes, LISTPACK_FIRST + 1));
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    const base = (ref & REF_IN_SEGMENT) << REF_UNIT;
    data.setUint32(base, LISTPACK_FIRST + 1, true);
    data.setUint16(base + 4, 0, true);
    data.setUint8(base + LISTPACK_FIRST, END);
    return ref;
  }

  /** Bytes of the whole listpack, as its header says. */
  bytes(ref: number): number {
    return this.arena.data[ref >>> SEGMENT_OF_REF].getUint32(
      (ref & REF_IN_SEGMENT) << REF_UNIT,
      true,
    );
  }

  /** Place of the end, where the next element is going to be. */
  endOf(ref: number): number {
    return this.bytes(ref) - 1;
  }

  /** Place of the element after the one at `at`; the end's after the last one. */
  next(ref: number, at: number): number {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    const base = (ref & REF_IN_SEGMENT) << REF_UNIT;
    const bytes = encodedBytes(data, base + at);
    return at + bytes + backLength(bytes);
  }

  /** Place of the element after so many. */
  skip(ref: number, at: number, elements: number): number {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    let place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + at;
    for (let left = elements; left > 0; left--) {
      const head = data.getUint8(place);
      // Nearly all elements are short strings and small integers, of which one byte says all.
      if (head < 0x80) place += 2;
      else if (head < 0xc0) place += head - 0x80 + 2;
      else {
        const bytes = encodedBytes(data, place);
        place += bytes + backLength(bytes);
      }
    }
    return place - ((ref & REF_IN_SEGMENT) << REF_UNIT);
  }

  /** Place of the element before the one, or the end, at `at`. */
  previous(ref: number, at: number): number {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    let place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + at - 1;
    let bytes = 0;
    let scale = 1;
    for (;;) {
      const byte = data.getUint8(place);
      bytes += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      place--;
    }
    return place - bytes - ((ref & REF_IN_SEGMENT) << REF_UNIT);
  }

  /** The integer at a place as a number; exact where it is known to be small. */
  numberAt(ref: number, at: number): number {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    const place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + at;
    const head = data.getUint8(place);
    if (head < 0x80) return head;
    this.readInteger(ref, at);
    return this.integer.high * 2 ** 32 + (this.integer.low >>> 0);
  }

  /** Sets {@linkcode integer} to the one at a place. */
  readInteger(ref: number, at: number): void {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    decodeListpackInteger(data, ((ref & REF_IN_SEGMENT) << REF_UNIT) + at, this.integer);
  }

  /**
   * Points at the bytes of an element: sets data, offset and length.
   *
   * @returns the place of the element after it.
   */
  point(ref: number, at: number): number {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    const place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + at;
    const head = data.getUint8(place);
    let start: number;
    if (head >>> 6 === 2) {
      this.data = data;
      this.offset = place + 1;
      this.length = head & 63;
      return at + this.length + 2;
    }
    if (head >>> 4 === 14) {
      start = place + 2;
      this.length = (head & 15) << 8 | data.getUint8(place + 1);
    } else if (head === 0xf0) {
      start = place + 5;
      this.length = data.getUint32(place + 1, true);
    } else return this.pointInteger(data, place, at);
    this.data = data;
    this.offset = start;
    const bytes = start - place + this.length;
    return at + bytes + backLength(bytes);
  }

  /**
   * Makes room for elements that are put at the end, one after another, and by {@linkcode end} become
   * part of the listpack: together they cost half as much as each by itself.
   *
   * @param elements how many at most.
   * @param bytes of all their strings.
   * @returns the ref, which may be another one.
   */
  begin(ref: number, elements: number, bytes: number): number {
    ref = this.grow(ref, bytes + elements * INTEGER_BYTES);
    this.target = this.arena.data[ref >>> SEGMENT_OF_REF];
    this.place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + this.endOf(ref);
    return ref;
  }

  putNumber(value: number): void {
    if (value < 0 || value > 127) return this.putInteger(Math.floor(value / 2 ** 32), value | 0);
    this.target.setUint16(this.place, value << 8 | 1);
    this.place += 2;
  }

  /** An integer as the halves of its 64 bits. */
  putInteger(high: number, low: number): void {
    const { target, place } = this;
    const bytes = encodeInteger(target, place, high | 0, low | 0);
    target.setUint8(place + bytes, bytes);
    this.place = place + bytes + 1;
  }

  /** A string, or the integer that it says. */
  put(source: DataView, offset: number, length: number): void {
    if (length <= INT64_TEXT_BYTES && parsed.parse(source, offset, length)) {
      return this.putInteger(parsed.high, parsed.low);
    }
    const { target, place } = this;
    const start = place + stringHead(length);
    if (length < 64) target.setUint8(place, 0x80 | length);
    else if (length < 4096) target.setUint16(place, 0xe000 | length);
    else {
      target.setUint8(place, 0xf0);
      target.setUint32(place + 1, length, true);
    }
    copyBytes(source, offset, target, start, length);
    const end = start + length;
    this.place = end + writeBackLength(target, end, end - place);
  }

  /** @param elements how many were put. */
  end(ref: number, elements: number): void {
    const { target, place } = this;
    const base = (ref & REF_IN_SEGMENT) << REF_UNIT;
    target.setUint8(place, END);
    target.setUint32(base, place + 1 - base, true);
    const before = target.getUint16(base + 4, true);
    if (before !== UNCOUNTED) {
      target.setUint16(base + 4, Math.min(UNCOUNTED, before + elements), true);
    }
  }

  /** Adds a string, or the integer that it says; returns the ref, which may be another one. */
  append(ref: number, source: DataView, offset: number, length: number): number {
    ref = this.begin(ref, 1, length);
    this.put(source, offset, length);
    this.end(ref, 1);
    return ref;
  }

  /** Adds an integer, as the halves of its 64 bits; returns the ref, which may be another one. */
  appendInteger(ref: number, high: number, low: number): number {
    ref = this.begin(ref, 1, 0);
    this.putInteger(high, low);
    this.end(ref, 1);
    return ref;
  }

  appendNumber(ref: number, value: number): number {
    return this.appendInteger(ref, Math.floor(value / 2 ** 32), value | 0);
  }

  /** Puts another integer in the place of one; returns the ref, which may be another one. */
  replaceNumber(ref: number, at: number, value: number): number {
    const place = ((ref & REF_IN_SEGMENT) << REF_UNIT) + at;
    const block = this.arena.data[ref >>> SEGMENT_OF_REF];
    if (block.getUint8(place) < 0x80 && value >= 0 && value < 0x80) {
      block.setUint8(place, value);
      return ref;
    }
    const before = this.next(ref, at) - at;
    const bytes = encodeInteger(scratchData, 0, 0, value);
    const after = bytes + backLength(bytes);
    const end = this.bytes(ref);
    if (after > before) ref = this.grow(ref, after - before);
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    const base = (ref & REF_IN_SEGMENT) << REF_UNIT;
    if (after !== before) {
      const segment = this.arena.bytes[ref >>> SEGMENT_OF_REF];
      segment.copyWithin(base + at + after, base + at + before, base + end);
      data.setUint32(base, end + after - before, true);
    }
    encodeInteger(data, base + at, 0, value);
    writeBackLength(data, base + at + bytes, bytes);
    return ref;
  }

  /** Writes out the digits of an integer, and points at them. */
  private pointInteger(data: DataView, place: number, at: number): number {
    this.data = digitsData;
    this.offset = 0;
    const head = data.getUint8(place);
    if (head < 0x80) {
      this.length = formatInteger(head, digits, 0);
      return at + 2;
    }
    const { integer } = this;
    decodeListpackInteger(data, place, integer);
    // What 32 bits hold needs no look at the upper half.
    this.length = integer.high === integer.low >> 31
      ? formatInteger(integer.low, digits, 0)
      : integer.format(digits, 0);
    return at + encodedBytes(data, place) + 1;
  }

  /** Gives back room that the elements don't use; returns the ref, which may be another one. */
  fit(ref: number): number {
    const bytes = this.bytes(ref);
    return roundedSize(bytes) < this.arena.capacityOf(ref) ? this.move(ref, bytes) : ref;
  }

  copy(ref: number): number {
    this.pointWhole(ref);
    return this.import(this.data, this.offset, this.length);
  }

  /** Points at the bytes of the whole listpack. */
  pointWhole(ref: number): void {
    this.data = this.arena.data[ref >>> SEGMENT_OF_REF];
    this.offset = (ref & REF_IN_SEGMENT) << REF_UNIT;
    this.length = this.bytes(ref);
  }

  /** A new listpack of bytes that are one, and were found to be right. */
  import(source: DataView, offset: number, length: number): number {
    const ref = this.arena.allocate(length);
    copyBytes(
      source,
      offset,
      this.arena.data[ref >>> SEGMENT_OF_REF],
      (ref & REF_IN_SEGMENT) << REF_UNIT,
      length,
    );
    return ref;
  }

  /** Makes room for so many bytes more. */
  private grow(ref: number, bytes: number): number {
    const needed = this.bytes(ref) + bytes;
    if (needed <= this.arena.capacityOf(ref)) return ref;
    return this.move(ref, needed + (needed >>> 1));
  }

  private move(ref: number, capacity: number): number {
    const { arena } = this;
    const moved = arena.allocate(capacity);
    copyBytes(
      arena.data[ref >>> SEGMENT_OF_REF],
      (ref & REF_IN_SEGMENT) << REF_UNIT,
      arena.data[moved >>> SEGMENT_OF_REF],
      (moved & REF_IN_SEGMENT) << REF_UNIT,
      this.bytes(ref),
    );
    arena.free(ref);
    return moved;
  }
}

const scratchData = new DataView(new ArrayBuffer(INTEGER_BYTES));

function stringHead(length: number): number {
  return length < 64 ? 1 : length < 4096 ? 2 : 5;
}

/** Bytes of encoding and value of an element. */
function encodedBytes(data: DataView, place: number): number {
  const head = data.getUint8(place);
  if (head < 0x80) return 1;
  if (head < 0xc0) return 1 + (head & 63);
  if (head < 0xe0) return 2;
  if (head < 0xf0) return 2 + ((head & 15) << 8 | data.getUint8(place + 1));
  switch (head) {
    case 0xf0:
      return 5 + data.getUint32(place + 1, true);
    case 0xf1:
      return 3;
    case 0xf2:
      return 4;
    case 0xf3:
      return 5;
    default:
      return 9;
  }
}

function encodeInteger(data: DataView, place: number, high: number, low: number): number {
  if (high !== low >> 31) {
    data.setUint8(place, 0xf4);
    data.setInt32(place + 1, low, true);
    data.setInt32(place + 5, high, true);
    return 9;
  }
  if (low >= 0 && low < 128) {
    data.setUint8(place, low);
    return 1;
  }
  if (low >= -4096 && low < 4096) {
    data.setUint16(place, 0xc000 | low & 0x1fff);
    return 2;
  }
  if (low >= -32768 && low < 32768) {
    data.setUint8(place, 0xf1);
    data.setInt16(place + 1, low, true);
    return 3;
  }
  if (low >= -0x800000 && low < 0x800000) {
    data.setUint8(place, 0xf2);
    data.setUint16(place + 1, low & 0xffff, true);
    data.setUint8(place + 3, low >>> 16 & 0xff);
    return 4;
  }
  data.setUint8(place, 0xf3);
  data.setInt32(place + 1, low, true);
  return 5;
}

/** Reads an element that is an integer, out of the bytes of a listpack anywhere. */
export function decodeListpackInteger(data: DataView, place: number, target: Int64): void {
  const head = data.getUint8(place);
  let low: number;
  if (head < 0x80) low = head;
  else if (head < 0xe0) low = (data.getUint16(place) & 0x1fff) << 19 >> 19;
  else if (head === 0xf1) low = data.getInt16(place + 1, true);
  else if (head === 0xf2) {
    low = data.getUint16(place + 1, true) | data.getInt8(place + 3) << 16;
  } else low = data.getInt32(place + 1, true);
  target.low = low;
  target.high = head === 0xf4 ? data.getInt32(place + 5, true) : low >> 31;
}

/** Bytes that the length of an element takes behind it. */
function backLength(bytes: number): number {
  if (bytes <= 127) return 1;
  if (bytes < 16383) return 2;
  if (bytes < 2097151) return 3;
  return bytes < 268435455 ? 4 : 5;
}

function writeBackLength(data: DataView, place: number, bytes: number): number {
  const length = backLength(bytes);
  let rest = bytes;
  for (let at = place + length - 1; at > place; at--) {
    data.setUint8(at, rest & 127 | 128);
    rest = Math.floor(rest / 128);
  }
  data.setUint8(place, rest);
  return length;
}
