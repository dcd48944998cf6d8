/**
 * Reply buffers that are free, so that a turn of replies allocates nothing. Taken last in, first
 * out: the one just written is still in the processor's cache. [hot]
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";

export const BUFFER_BYTES = 16 * 1024;
/** Size of the buffers for much output: what grows beyond a small one, or waits behind a write. */
export const CHUNK_BYTES = 64 * 1024;
/** Buffers of each size kept at most; those beyond are left to the collector. */
const KEPT = 256;
const KEPT_CHUNKS = 128;

export class BufferPool {
  private readonly free: ByteBuffer[] = [];
  private readonly freeChunks: ByteBuffer[] = [];

  take(): ByteBuffer {
    return this.free.pop() ?? new ByteBuffer(BUFFER_BYTES);
  }

  /** A buffer for much output, or one that has room for so many bytes if that is more. */
  takeChunk(bytes: number): ByteBuffer {
    if (bytes > CHUNK_BYTES) return new ByteBuffer(bytes);
    return this.freeChunks.pop() ?? new ByteBuffer(CHUNK_BYTES);
  }

  /** Takes a buffer back; odd sizes, from long replies, are not kept. */
  give(buffer: ByteBuffer): void {
    const { length } = buffer.bytes;
    if (length === BUFFER_BYTES) {
      if (this.free.length < KEPT) this.free.push(buffer);
    } else if (length === CHUNK_BYTES && this.freeChunks.length < KEPT_CHUNKS) {
      this.freeChunks.push(buffer);
    }
  }
}
