/** Memory with both of the views that hot code needs, so that neither is made anew for each use. */

import { dataOf } from "./copy.ts";

export class ByteBuffer {
  readonly bytes: Uint8Array;
  /** The same memory, for reading and writing several bytes at a time. */
  readonly data: DataView;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.data = dataOf(this.bytes);
  }
}

/** The buffer of those who have none. */
export const NO_BUFFER: ByteBuffer = new ByteBuffer(0);
