/**
 * Zipmap: small hashes of Redis up to 2.4; only read.
 *
 * ```
 * [fields: 1, or 254 for "count them"] entry … [0xff]
 * entry = [length][field] [length][unused: 1][value][unused bytes]
 * length = 1 byte below 254, or 254 and 4 bytes, the lowest first
 * ```
 *
 * Source: zipmap.c of Redis 2.4. Fields and values come in turn.
 */

import type { ByteSlice, PackedElements } from "./byte_slice.ts";
import { RdbIntegrityError } from "./rdb_error.ts";

const END = 0xff;
const LONG_LENGTH = 254;

export class ZipmapReader implements PackedElements {
  private readonly bytes: Uint8Array;
  private readonly data: DataView;
  private at: number;
  /** Where the byte that ends the zipmap is. */
  private readonly last: number;
  private readonly expected: number;
  private count = 0;
  private isValue = false;

  /** @throws RdbError when the end is wrong. */
  constructor(packed: ByteSlice) {
    const { bytes, data, offset, length } = packed;
    this.bytes = bytes;
    this.data = data;
    this.at = offset + 1;
    this.last = offset + length - 1;
    if (length < 2 || bytes[this.last] !== END) {
      throw new RdbIntegrityError("a zipmap without its end");
    }
    this.expected = bytes[offset];
  }

  next(into: ByteSlice): boolean {
    if (this.at === this.last) {
      if (this.isValue) throw new RdbIntegrityError("a field of a zipmap without value");
      if (this.expected < LONG_LENGTH && this.expected !== this.count) {
        throw new RdbIntegrityError(`a zipmap of ${this.count} fields, not ${this.expected}`);
      }
      return false;
    }
    const length = this.length();
    let unused = 0;
    if (this.isValue) {
      this.within(1);
      unused = this.bytes[this.at++];
    } else this.count++;
    this.within(length + unused);
    into.point(this.bytes, this.data, this.at, length);
    this.at += length + unused;
    this.isValue = !this.isValue;
    return true;
  }

  private length(): number {
    const first = this.bytes[this.at];
    if (first < LONG_LENGTH) {
      this.at++;
      return first;
    }
    this.within(5);
    if (first !== LONG_LENGTH) throw new RdbIntegrityError("a zipmap that ends too early");
    const length = this.data.getUint32(this.at + 1, true);
    this.at += 5;
    return length;
  }

  private within(size: number): void {
    if (this.at + size > this.last) {
      throw new RdbIntegrityError("an entry of a zipmap is cut short");
    }
  }
}
