/**
 * Listpack: a short sequence of strings and integers in one run of bytes, as Redis 7 keeps small
 * collections and nodes of lists.
 *
 * ```
 * [total bytes: 4][elements: 2, or 65535 for "count them"] entry … entry [0xff]
 *
 * entry = encoding and data, then the length of these two, readable from its end:
 *   0xxxxxxx                     0 to 127
 *   10llllll  bytes              up to 63 bytes
 *   110xxxxx xxxxxxxx            13 bits with sign, the highest byte first
 *   1110llll llllllll  bytes     up to 4095 bytes
 *   11110000 llll  bytes         length in 4 bytes
 *   11110001 … 11110100          integer of 2, 3, 4, 8 bytes
 * ```
 *
 * All else is lowest byte first. Source: listpack.c of Redis 7.0. Integers are texts to everyone
 * outside; which text becomes one is decided as Redis does.
 */

import { copyBytes, dataOf } from "../bytes/copy.ts";
import type { Int64 } from "../bytes/int64.ts";
import { parseBigInteger, parseInteger } from "../bytes/integer.ts";
import { decodeListpackInteger } from "../structures/listpack_block.ts";
import { ByteSlice, type PackedElements } from "./byte_slice.ts";
import { RdbIntegrityError } from "./rdb_error.ts";
import { WholeView } from "./whole_view.ts";

const HEADER_BYTES = 6;
const END = 0xff;
const UNCOUNTED = 0xffff;
const LONGEST_INTEGER = 20;
const SAFE_INTEGER_DIGITS = 15;
/** Lengths from here on take one byte more, read from the end: 7 bits in each. */
const BACK_LENGTH_STEPS = [128, 16383, 2097151, 268435455] as const;

const Code = {
  STRING_32: 0xf0,
  INT_16: 0xf1,
  INT_24: 0xf2,
  INT_32: 0xf3,
  INT_64: 0xf4,
} as const;

/** Reads a listpack from its start to its end and checks every byte that is not an element's. */
export class ListpackReader implements PackedElements {
  private readonly bytes: Uint8Array;
  private readonly data: DataView;
  private at: number;
  /** Where the byte that ends the listpack is. */
  private readonly last: number;
  private readonly expected: number;
  private count = 0;
  private readonly passed = new ByteSlice();

  /** @throws RdbError when head or end are wrong. */
  constructor(packed: ByteSlice) {
    const { bytes, data, offset, length } = packed;
    if (length < HEADER_BYTES + 1 || data.getUint32(offset, true) !== length) {
      throw new RdbIntegrityError("a listpack of another length than it says");
    }
    this.bytes = bytes;
    this.data = data;
    this.at = offset + HEADER_BYTES;
    this.last = offset + length - 1;
    this.expected = data.getUint16(offset + 4, true);
    if (bytes[this.last] !== END) throw new RdbIntegrityError("a listpack without its end");
  }

  next(into: ByteSlice): boolean {
    const { at, last } = this;
    if (at === last) {
      if (this.expected !== UNCOUNTED && this.expected !== this.count) {
        throw new RdbIntegrityError(`a listpack of ${this.count} elements, not ${this.expected}`);
      }
      return false;
    }
    const size = this.element(at, into);
    this.checkBackLength(at + size, size);
    this.at = at + size + backLengthBytes(size);
    this.count++;
    return true;
  }

  /** The first byte of the next element, which says its encoding; 0xff at the end. */
  get head(): number {
    return this.bytes[this.at];
  }

  /**
   * Reads the next element where it must be one that is kept as an integer.
   *
   * @throws RdbError when it is another one, or none.
   */
  integer(into: Int64): void {
    const { at, data, head } = this;
    const isInteger = head < 0x80 || head >>> 5 === 6 || head >= Code.INT_16 && head <= Code.INT_64;
    if (!isInteger) throw new RdbIntegrityError("an element of a listpack that is not an integer");
    this.next(this.passed);
    decodeListpackInteger(data, at, into);
  }

  /** Lends the element at `at`; how many bytes it has, the length behind it apart. */
  private element(at: number, into: ByteSlice): number {
    const { bytes, data, last } = this;
    const first = bytes[at];
    if (first < 0x80) {
      into.setInteger(first);
      return 1;
    }
    if (first < 0xc0) return this.text(at, 1, first & 63, into);
    if (first < 0xe0) {
      this.within(at, 2);
      const value = (first & 31) << 8 | bytes[at + 1];
      into.setInteger(value << 19 >> 19);
      return 2;
    }
    if (first < 0xf0) {
      this.within(at, 2);
      return this.text(at, 2, (first & 15) << 8 | bytes[at + 1], into);
    }
    switch (first) {
      case Code.STRING_32:
        this.within(at, 5);
        return this.text(at, 5, data.getUint32(at + 1, true), into);
      case Code.INT_16:
        this.within(at, 3);
        into.setInteger(data.getInt16(at + 1, true));
        return 3;
      case Code.INT_24:
        this.within(at, 4);
        into.setInteger(data.getInt8(at + 3) << 16 | data.getUint16(at + 1, true));
        return 4;
      case Code.INT_32:
        this.within(at, 5);
        into.setInteger(data.getInt32(at + 1, true));
        return 5;
      case Code.INT_64:
        this.within(at, 9);
        into.setBigInteger(data.getBigInt64(at + 1, true));
        return 9;
      default:
        throw new RdbIntegrityError(
          `unknown element of a listpack ${last - at} bytes before its end`,
        );
    }
  }

  private text(at: number, head: number, length: number, into: ByteSlice): number {
    this.within(at, head + length);
    into.point(this.bytes, this.data, at + head, length);
    return head + length;
  }

  private within(at: number, size: number): void {
    if (at + size > this.last) throw new RdbIntegrityError("an element of a listpack is cut short");
  }

  private checkBackLength(at: number, size: number): void {
    const count = backLengthBytes(size);
    if (at + count > this.last) {
      throw new RdbIntegrityError("an element of a listpack is cut short");
    }
    let rest = size;
    for (let i = count - 1; i >= 0; i--) {
      const expected = i === 0 ? rest : rest % 128 | 128;
      if (this.bytes[at + i] !== expected) {
        throw new RdbIntegrityError("an element of a listpack with another length behind it");
      }
      rest = Math.floor(rest / 128);
    }
  }
}

/** Puts a listpack together. Begin with `clear`, end with `finish`. */
export class ListpackWriter {
  bytes: Uint8Array = new Uint8Array(256);
  data: DataView = dataOf(this.bytes);
  /** Bytes so far, the head included. */
  length: number = HEADER_BYTES;
  count = 0;
  private readonly whole = new WholeView();

  clear(): void {
    this.length = HEADER_BYTES;
    this.count = 0;
  }

  /** Appends a string, as an integer where it is the text of one. */
  append(data: DataView, offset: number, length: number): void {
    if (length <= LONGEST_INTEGER) {
      const bytes = this.whole.of(data);
      const start = data.byteOffset + offset;
      const value = parseInteger(bytes, start, length);
      if (value === value) return this.appendInteger(value);
      if (length > SAFE_INTEGER_DIGITS) {
        const big = parseBigInteger(bytes, start, length);
        if (big !== null) return this.appendBigInteger(big);
      }
    }
    const head = length < 64 ? 1 : length < 4096 ? 2 : 5;
    this.reserve(head + length);
    const at = this.length;
    if (head === 1) this.bytes[at] = 0x80 | length;
    else if (head === 2) this.data.setUint16(at, 0xe000 | length);
    else {
      this.bytes[at] = Code.STRING_32;
      this.data.setUint32(at + 1, length, true);
    }
    copyBytes(data, offset, this.data, at + head, length);
    this.finishElement(head + length);
  }

  appendInteger(value: number): void {
    if (value < -(2 ** 31) || value >= 2 ** 31) return this.appendBigInteger(BigInt(value));
    this.reserve(5);
    const { bytes, data, length: at } = this;
    if (value >= 0 && value < 128) {
      bytes[at] = value;
      this.finishElement(1);
    } else if (value >= -4096 && value < 4096) {
      data.setUint16(at, 0xc000 | value & 0x1fff);
      this.finishElement(2);
    } else if (value >= -32768 && value < 32768) {
      bytes[at] = Code.INT_16;
      data.setInt16(at + 1, value, true);
      this.finishElement(3);
    } else if (value >= -8388608 && value < 8388608) {
      bytes[at] = Code.INT_24;
      data.setInt32(at + 1, value, true);
      this.finishElement(4);
    } else {
      bytes[at] = Code.INT_32;
      data.setInt32(at + 1, value, true);
      this.finishElement(5);
    }
  }

  /** The listpack, lent until the next call. */
  finish(): Uint8Array {
    this.reserve(1);
    this.bytes[this.length++] = END;
    this.data.setUint32(0, this.length, true);
    this.data.setUint16(4, Math.min(this.count, UNCOUNTED), true);
    return this.bytes.subarray(0, this.length);
  }

  private appendBigInteger(value: bigint): void {
    this.reserve(9);
    this.bytes[this.length] = Code.INT_64;
    this.data.setBigInt64(this.length + 1, value, true);
    this.finishElement(9);
  }

  private finishElement(size: number): void {
    const count = backLengthBytes(size);
    const start = this.length + size;
    let rest = size;
    for (let i = count - 1; i >= 0; i--) {
      this.bytes[start + i] = i === 0 ? rest : rest % 128 | 128;
      rest = Math.floor(rest / 128);
    }
    this.length = start + count;
    this.count++;
  }

  /** Makes room for so many bytes and a length behind them. */
  private reserve(count: number): void {
    const needed = this.length + count + BACK_LENGTH_STEPS.length + 1;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.data = dataOf(grown);
  }
}

/** How many bytes the length behind an element of `size` bytes takes. */
function backLengthBytes(size: number): number {
  let bytes = 1;
  while (bytes <= BACK_LENGTH_STEPS.length && size >= BACK_LENGTH_STEPS[bytes - 1]) bytes++;
  return bytes;
}
