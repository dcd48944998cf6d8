/**
 * Intset: a small set of integers, sorted.
 *
 * ```
 * [bytes of each: 4, either 2, 4 or 8][count: 4] integer …
 * ```
 *
 * All lowest byte first. Source: intset.c of Redis 7.0.
 */

import { dataOf } from "../bytes/copy.ts";
import type { ByteSlice, PackedElements } from "./byte_slice.ts";
import { RdbIntegrityError } from "./rdb_error.ts";

const HEADER_BYTES = 8;

/** Reads an intset; integers that are not in ascending order are refused. */
export class IntsetReader implements PackedElements {
  private readonly data: DataView;
  private at: number;
  private readonly end: number;
  private readonly width: number;
  private previous = NaN;
  private previousBig: bigint | null = null;

  /** @throws RdbError when the head does not agree with the length. */
  constructor(packed: ByteSlice) {
    const { data, offset, length } = packed;
    this.data = data;
    this.at = offset + HEADER_BYTES;
    this.end = offset + length;
    if (length < HEADER_BYTES) throw new RdbIntegrityError("an intset without its head");
    this.width = data.getUint32(offset, true);
    const count = data.getUint32(offset + 4, true);
    if (this.width !== 2 && this.width !== 4 && this.width !== 8) {
      throw new RdbIntegrityError(`an intset of integers of ${this.width} bytes`);
    }
    if (HEADER_BYTES + count * this.width !== length) {
      throw new RdbIntegrityError("an intset of another length than it says");
    }
  }

  next(into: ByteSlice): boolean {
    const { at } = this;
    if (at === this.end) return false;
    this.at = at + this.width;
    if (this.width === 8) {
      const value = this.data.getBigInt64(at, true);
      if (this.previousBig !== null && value <= this.previousBig) throw unsorted();
      this.previousBig = value;
      into.setBigInteger(value);
      return true;
    }
    const value = this.width === 2 ? this.data.getInt16(at, true) : this.data.getInt32(at, true);
    if (value <= this.previous) throw unsorted();
    this.previous = value;
    into.setInteger(value);
    return true;
  }
}

/** The intset of some integers, which must be sorted and different. */
export function encodeIntset(values: BigInt64Array): Uint8Array {
  const first = values[0];
  const last = values[values.length - 1];
  const width = fits(first, last, 16) ? 2 : fits(first, last, 32) ? 4 : 8;
  const bytes = new Uint8Array(HEADER_BYTES + values.length * width);
  const data = dataOf(bytes);
  data.setUint32(0, width, true);
  data.setUint32(4, values.length, true);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += width) {
    if (width === 8) data.setBigInt64(at, values[i], true);
    else if (width === 4) data.setInt32(at, Number(values[i]), true);
    else data.setInt16(at, Number(values[i]), true);
  }
  return bytes;
}

function fits(first: bigint, last: bigint, bits: number): boolean {
  return first >= BigInt(-(2 ** (bits - 1))) && last < BigInt(2 ** (bits - 1));
}

function unsorted(): RdbIntegrityError {
  return new RdbIntegrityError("an intset that is not sorted");
}
