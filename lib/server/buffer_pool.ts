/**
 * Reply buffers that are free, so that a turn of replies allocates nothing. Taken last in, first
 * out: the one just written is still in the processor's cache. [hot]
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";

export const BUFFER_BYTES = 16 * 1024;
/** Buffers kept at most; those beyond are left to the collector. */
const KEPT = 256;

export class BufferPool {
  private readonly free: ByteBuffer[] = [];

  take(): ByteBuffer {
    return this.free.pop() ?? new ByteBuffer(BUFFER_BYTES);
  }

  /** Takes a buffer back; odd sizes, from long replies, are not kept. */
  give(buffer: ByteBuffer): void {
    if (buffer.bytes.length === BUFFER_BYTES && this.free.length < KEPT) this.free.push(buffer);
  }
}
