/**
 * The basic parts of the RDB format, written into memory that grows: lengths, strings (as an
 * integer, compressed or as they are, whichever Redis would choose), doubles, times, and the
 * footer of DUMP. Whoever writes a file takes the bytes out now and then with `clear`.
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import { copyBytes, dataOf } from "../bytes/copy.ts";
import { Crc64 } from "../bytes/crc64.ts";
import { parseInteger } from "../bytes/integer.ts";
import { compressLzf, compressLzfInto } from "../bytes/lzf.ts";
import { LENGTH_32, LENGTH_64, LengthBits, RDB_VERSION, StringForm } from "./opcodes.ts";
import { WholeView } from "./whole_view.ts";

const INITIAL_BYTES = 256;
/** The longest text of a number that has an integer's form: "-2147483648". */
const LONGEST_INTEGER = 11;
/** Strings up to this length are never compressed. */
const UNCOMPRESSED_BYTES = 20;
const MAX_32 = 2 ** 32 - 1;
/** Where strings up to its size are compressed, in place of memory that is made for each. */
const SCRATCH = new ByteBuffer(1 << 16);
const ENCODED = LengthBits.ENCODED << 6;

export class RdbWriter {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  data: DataView = dataOf(this.bytes);
  /** Number of bytes written. */
  length = 0;
  /** The version that the footer names; a value that needs a newer one raises it. */
  version: number = RDB_VERSION;
  private readonly whole = new WholeView();

  /** @param compresses whether long strings are compressed (`rdbcompression`). */
  constructor(readonly compresses: boolean) {}

  /** Starts over; memory is kept. */
  clear(): void {
    this.length = 0;
  }

  /** What was written, lent until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** A count or length, a whole number from 0 to 2^53 - 1. */
  lengthOf(value: number): void {
    this.reserve(9);
    if (value < 1 << 6) {
      this.bytes[this.length++] = value;
    } else if (value < 1 << 14) {
      this.data.setUint16(this.length, LengthBits.FOURTEEN << 14 | value);
      this.length += 2;
    } else if (value <= MAX_32) {
      this.bytes[this.length] = LENGTH_32;
      this.data.setUint32(this.length + 1, value);
      this.length += 5;
    } else {
      this.bytes[this.length] = LENGTH_64;
      this.data.setBigUint64(this.length + 1, BigInt(value));
      this.length += 9;
    }
  }

  /** As {@linkcode lengthOf}, for 64 bits without sign. */
  bigLengthOf(value: bigint): void {
    if (value <= MAX_32) return this.lengthOf(Number(value));
    this.reserve(9);
    this.bytes[this.length] = LENGTH_64;
    this.data.setBigUint64(this.length + 1, value);
    this.length += 9;
  }

  /** A string in the shortest of its forms. */
  string(data: DataView, offset: number, length: number): void {
    const start = data.byteOffset + offset;
    if (length <= LONGEST_INTEGER) {
      if (this.integerForm(parseInteger(this.whole.of(data), start, length))) return;
    } else if (this.compresses && length > UNCOMPRESSED_BYTES) {
      if (this.compressed(this.whole.of(data), start, length)) return;
    }
    this.lengthOf(length);
    this.reserve(length);
    copyBytes(data, offset, this.data, this.length, length);
    this.length += length;
  }

  /** The same for bytes that have no view yet. */
  stringOf(bytes: Uint8Array): void {
    this.string(dataOf(bytes), 0, bytes.length);
  }

  binaryDouble(value: number): void {
    this.reserve(8);
    this.data.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Signed 64 bits, the lowest first: Unix milliseconds. */
  milliseconds(value: bigint): void {
    this.reserve(8);
    this.data.setBigInt64(this.length, value, true);
    this.length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Ends a DUMP payload: the version in two bytes, then CRC-64 of all before, lowest byte first. */
  dumpFooter(): void {
    this.reserve(10);
    this.data.setUint16(this.length, this.version, true);
    this.length += 2;
    const sum = new Crc64();
    sum.update(this.bytes, 0, this.length);
    sum.writeTo(this.bytes, this.length);
    this.length += 8;
  }

  /** Writes a string in its compressed form; false when that does not pay. */
  private compressed(bytes: Uint8Array, start: number, length: number): boolean {
    if (length > SCRATCH.bytes.length) {
      const compressed = compressLzf(bytes, start, length);
      if (compressed === null) return false;
      this.beginCompressed(compressed.length, length);
      this.raw(compressed);
      return true;
    }
    const count = compressLzfInto(bytes, start, length, SCRATCH.bytes);
    if (count === 0) return false;
    this.beginCompressed(count, length);
    this.reserve(count);
    copyBytes(SCRATCH.data, 0, this.data, this.length, count);
    this.length += count;
    return true;
  }

  private beginCompressed(compressedBytes: number, bytes: number): void {
    this.byte(ENCODED | StringForm.LZF);
    this.lengthOf(compressedBytes);
    this.lengthOf(bytes);
  }

  /** Writes a number of up to 32 bits as such; false when it is none. */
  private integerForm(value: number): boolean {
    if (!(value >= -(2 ** 31) && value < 2 ** 31)) return false;
    this.reserve(5);
    const { data, length } = this;
    if (value >= -128 && value < 128) {
      data.setUint8(length, ENCODED | StringForm.INT8);
      data.setInt8(length + 1, value);
      this.length += 2;
    } else if (value >= -32768 && value < 32768) {
      data.setUint8(length, ENCODED | StringForm.INT16);
      data.setInt16(length + 1, value, true);
      this.length += 3;
    } else {
      data.setUint8(length, ENCODED | StringForm.INT32);
      data.setInt32(length + 1, value, true);
      this.length += 5;
    }
    return true;
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.data = dataOf(grown);
  }
}
