/** Memory with both of the views that hot code needs, so that neither is made anew for each use. */

import { dataOf } from "./copy.ts";

export class ByteBuffer {
  readonly bytes: Uint8Array;
  /** The same memory, for reading and writing several bytes at a time. */
  readonly data: DataView;
  /** What {@linkcode first} gave last. */
  private start: Uint8Array;

  /** @param memory a number of bytes, or memory that is there already. */
  constructor(memory: number | Uint8Array) {
    this.bytes = typeof memory === "number" ? new Uint8Array(memory) : memory;
    this.data = dataOf(this.bytes);
    this.start = this.bytes;
  }

  /**
   * The first so many bytes. The view that was asked for last is kept: making one takes 70 ns, and
   * replies tend to be as long as those before them.
   */
  first(length: number): Uint8Array {
    if (this.start.length !== length) this.start = this.bytes.subarray(0, length);
    return this.start;
  }
}

/** The buffer of those who have none. */
export const NO_BUFFER: ByteBuffer = new ByteBuffer(0);
