/**
 * Reply buffers that are free, so that a turn of replies allocates nothing. Taken last in, first
 * out: the one just written is still in the processor's cache. [hot]
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import type { MemorySource } from "../resp/reply_writer.ts";

export const BUFFER_BYTES = 16 * 1024;
/** Size of the buffers for much output: what grows beyond a small one, or waits behind a write. */
export const CHUNK_BYTES = 64 * 1024;

/** Buffers of one size. */
interface Shelf {
  readonly bytes: number;
  /** Most of them that are kept; those beyond are left to the collector. */
  readonly kept: number;
  readonly free: ByteBuffer[];
}

export class BufferPool implements MemorySource {
  private readonly small: Shelf = { bytes: BUFFER_BYTES, kept: 256, free: [] };
  /** Four times as large from one to the next: 13 MB at most are kept in them. */
  private readonly chunks: readonly Shelf[] = [
    { bytes: CHUNK_BYTES, kept: 128, free: [] },
    { bytes: CHUNK_BYTES * 4, kept: 8, free: [] },
    { bytes: CHUNK_BYTES * 16, kept: 3, free: [] },
  ];

  take(): ByteBuffer {
    return this.small.free.pop() ?? new ByteBuffer(BUFFER_BYTES);
  }

  /** A buffer for much output, with hardly more room than for so many bytes: it may wait for long. */
  takeChunk(bytes: number): ByteBuffer {
    return bytes > CHUNK_BYTES ? new ByteBuffer(bytes) : this.takeLarge(bytes);
  }

  /** A buffer for replies that grow, and are sent when the turn ends. */
  takeLarge(bytes: number): ByteBuffer {
    for (const shelf of this.chunks) {
      if (bytes <= shelf.bytes) return shelf.free.pop() ?? new ByteBuffer(shelf.bytes);
    }
    return new ByteBuffer(bytes);
  }

  /** Takes a buffer back; odd sizes, from very long replies, are not kept. */
  give(buffer: ByteBuffer): void {
    const { length } = buffer.bytes;
    if (length === BUFFER_BYTES) keep(this.small, buffer);
    else for (const shelf of this.chunks) if (length === shelf.bytes) keep(shelf, buffer);
  }
}

function keep(shelf: Shelf, buffer: ByteBuffer): void {
  if (shelf.free.length < shelf.kept) shelf.free.push(buffer);
}
