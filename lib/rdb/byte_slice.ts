/**
 * Some bytes where they lie: how strings are handed from the reader to those who store them, without
 * a copy and without a new object for each. A slice is lent: it is good until its owner reads into
 * it again, but what else is read meanwhile does not harm it.
 */

import { dataOf } from "../bytes/copy.ts";
import { formatBigInteger, formatInteger } from "../bytes/integer.ts";

/** The longest text of a 64-bit integer. */
const INTEGER_BYTES = 20;

export class ByteSlice {
  bytes: Uint8Array = new Uint8Array(0);
  /** The memory that {@linkcode bytes} shows; offsets are the same in both. */
  data: DataView = new DataView(this.bytes.buffer);
  offset = 0;
  length = 0;
  private readonly text = new Uint8Array(INTEGER_BYTES);
  private readonly textData = dataOf(this.text);

  /** Shows part of some memory; `data` must show the same memory as `bytes`. */
  point(bytes: Uint8Array, data: DataView, offset: number, length: number): void {
    this.bytes = bytes;
    this.data = data;
    this.offset = offset;
    this.length = length;
  }

  /** Shows all of some memory. */
  pointAll(bytes: Uint8Array): void {
    this.point(bytes, dataOf(bytes), 0, bytes.length);
  }

  /** Holds the text of a safe integer. */
  setInteger(value: number): void {
    this.point(this.text, this.textData, 0, formatInteger(value, this.text, 0));
  }

  /** Holds the text of a signed 64-bit integer. */
  setBigInteger(value: bigint): void {
    this.point(this.text, this.textData, 0, formatBigInteger(value, this.text, 0));
  }

  /** The bytes as a view, as lent as the slice. */
  view(): Uint8Array {
    return this.bytes.subarray(this.offset, this.offset + this.length);
  }
}

/** Elements that come one after the other, out of one packed value. */
export interface PackedElements {
  /**
   * Lends the next element; false when there is none left.
   *
   * @throws RdbError when the bytes are not what the format asks for.
   */
  next(into: ByteSlice): boolean;
}
