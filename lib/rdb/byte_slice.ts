/**
 * Some bytes where they lie: how strings are handed from the reader to those who store them, without
 * a copy and without a new object for each. A slice is lent: it is good until its owner reads into
 * it again, but what else is read meanwhile does not harm it.
 */

import { dataOf } from "../bytes/copy.ts";
import { formatBigInteger, formatInteger } from "../bytes/integer.ts";

/** The longest text of a 64-bit integer. */
const INTEGER_BYTES = 20;
/** Memory of its own that a slice keeps for the next string. */
const KEPT_ROOM_BYTES = 1 << 16;
const NO_BYTES = new Uint8Array(0);
const NO_DATA = dataOf(NO_BYTES);

export class ByteSlice {
  bytes: Uint8Array = NO_BYTES;
  /** The memory that {@linkcode bytes} shows; offsets are the same in both. */
  data: DataView = NO_DATA;
  offset = 0;
  length = 0;
  /** Memory of its own, made when it is needed first: many slices live for one value only. */
  private room: Uint8Array = NO_BYTES;
  private roomData: DataView = NO_DATA;

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

  /** Shows `length` bytes of memory of its own, for the caller to fill. */
  makeRoom(length: number): Uint8Array {
    if (length > KEPT_ROOM_BYTES) {
      this.pointAll(new Uint8Array(length));
      return this.bytes;
    }
    if (this.room.length < length) {
      this.room = new Uint8Array(Math.min(KEPT_ROOM_BYTES, length * 2));
      this.roomData = dataOf(this.room);
    }
    this.point(this.room, this.roomData, 0, length);
    return this.room;
  }

  /** Holds the text of a safe integer. */
  setInteger(value: number): void {
    this.length = formatInteger(value, this.makeRoom(INTEGER_BYTES), 0);
  }

  /** Holds the text of a signed 64-bit integer. */
  setBigInteger(value: bigint): void {
    this.length = formatBigInteger(value, this.makeRoom(INTEGER_BYTES), 0);
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
