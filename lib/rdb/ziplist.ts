/**
 * Ziplist: what Redis had before the listpack, up to version 6; only read.
 *
 * ```
 * [total bytes: 4][offset of the last entry: 4][entries: 2, or 65535 for "count them"] entry … [0xff]
 *
 * entry = bytes of the entry before (1, or 0xfe and 4), then encoding and data:
 *   00llllll  bytes                 up to 63 bytes
 *   01llllll llllllll  bytes        up to 16383 bytes, the highest byte first
 *   10______ llll  bytes            length in 4 bytes, the highest byte first
 *   11000000 11010000 11100000      integer of 2, 4, 8 bytes
 *   11110000 11111110               integer of 3, 1 bytes
 *   1111xxxx                        xxxx from 1 to 13: 0 to 12
 * ```
 *
 * Source: ziplist.c of Redis 6.2.
 */

import type { ByteSlice, PackedElements } from "./byte_slice.ts";
import { RdbIntegrityError } from "./rdb_error.ts";

const HEADER_BYTES = 10;
const END = 0xff;
const UNCOUNTED = 0xffff;
/** In place of a length: it follows in four bytes. */
const LONG_PREVIOUS = 0xfe;

const Code = {
  INT_16: 0xc0,
  INT_32: 0xd0,
  INT_64: 0xe0,
  INT_24: 0xf0,
  INT_8: 0xfe,
} as const;

/** Reads a ziplist from its start to its end and checks every byte that is not an element's. */
export class ZiplistReader implements PackedElements {
  private readonly bytes: Uint8Array;
  private readonly data: DataView;
  private at: number;
  /** Where the byte that ends the ziplist is. */
  private readonly last: number;
  private readonly expected: number;
  private readonly lastEntry: number;
  private previous = 0;
  private count = 0;

  /** @throws RdbError when head or end are wrong. */
  constructor(packed: ByteSlice) {
    const { bytes, data, offset, length } = packed;
    if (length < HEADER_BYTES + 1 || data.getUint32(offset, true) !== length) {
      throw new RdbIntegrityError("a ziplist of another length than it says");
    }
    this.bytes = bytes;
    this.data = data;
    this.at = offset + HEADER_BYTES;
    this.last = offset + length - 1;
    this.lastEntry = offset + data.getUint32(offset + 4, true);
    this.expected = data.getUint16(offset + 8, true);
    if (bytes[this.last] !== END) throw new RdbIntegrityError("a ziplist without its end");
  }

  next(into: ByteSlice): boolean {
    const start = this.at;
    if (start === this.last) {
      this.checkEnd();
      return false;
    }
    const head = this.bytes[start] === LONG_PREVIOUS ? 5 : 1;
    this.within(start, head + 1);
    const previous = head === 1 ? this.bytes[start] : this.data.getUint32(start + 1, true);
    if (previous !== this.previous) {
      throw new RdbIntegrityError("an entry of a ziplist with a wrong length before it");
    }
    this.previous = head + this.element(start + head, into);
    this.at = start + this.previous;
    this.count++;
    return true;
  }

  private checkEnd(): void {
    if (this.expected !== UNCOUNTED && this.expected !== this.count) {
      throw new RdbIntegrityError(`a ziplist of ${this.count} entries, not ${this.expected}`);
    }
    if (this.lastEntry !== this.last - this.previous && this.count > 0) {
      throw new RdbIntegrityError("a ziplist with its last entry elsewhere");
    }
  }

  /** Lends the element whose encoding is at `at`; how many bytes it has. */
  private element(at: number, into: ByteSlice): number {
    const { bytes, data } = this;
    const first = bytes[at];
    switch (first >>> 6) {
      case 0:
        return this.text(at, 1, first, into);
      case 1:
        this.within(at, 2);
        return this.text(at, 2, (first & 63) << 8 | bytes[at + 1], into);
      case 2:
        this.within(at, 5);
        return this.text(at, 5, data.getUint32(at + 1), into);
    }
    switch (first) {
      case Code.INT_8:
        this.within(at, 2);
        into.setInteger(data.getInt8(at + 1));
        return 2;
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
    }
    if (first < 0xf1 || first > 0xfd) {
      throw new RdbIntegrityError(`unknown entry of a ziplist: ${first}`);
    }
    into.setInteger((first & 15) - 1);
    return 1;
  }

  private text(at: number, head: number, length: number, into: ByteSlice): number {
    this.within(at, head + length);
    into.point(this.bytes, this.data, at + head, length);
    return head + length;
  }

  private within(at: number, size: number): void {
    if (at + size > this.last) throw new RdbIntegrityError("an entry of a ziplist is cut short");
  }
}
