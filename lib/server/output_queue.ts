/**
 * Replies that wait behind a write in flight, in the buffers that they were written into.
 *
 * While a client does not read, its replies would otherwise gather in one buffer that doubles: at 32
 * MiB, the usual limit of a subscriber, that took over 100 MB with what was copied and left to the
 * collector. Sealed buffers stay where they are, and new ones are of the size that is needed.
 */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";

/** A buffer with less in it is not worth a write of its own. */
export const LEAST_SEALED_BYTES = 32 * 1024;

interface Sealed {
  readonly memory: ByteBuffer;
  readonly length: number;
}

export class OutputQueue {
  /** Bytes that wait. */
  bytes = 0;
  /** Memory that they take. */
  memoryBytes = 0;
  private sealed: Sealed[] = [];

  /** Number of buffers. */
  get count(): number {
    return this.sealed.length;
  }

  /** @param length how much of the buffer is replies. */
  add(memory: ByteBuffer, length: number): void {
    this.sealed.push({ memory, length });
    this.bytes += length;
    this.memoryBytes += memory.bytes.length;
  }

  /** Takes over all that another queue has. */
  addAll(other: OutputQueue): void {
    if (other.sealed.length === 0) return;
    for (const { memory, length } of other.sealed) this.add(memory, length);
    other.clear();
  }

  /** The oldest buffer, which waits no more; undefined when there is none. */
  take(): Sealed | undefined {
    const oldest = this.sealed.shift();
    if (oldest !== undefined) {
      this.bytes -= oldest.length;
      this.memoryBytes -= oldest.memory.bytes.length;
    }
    return oldest;
  }

  clear(): void {
    this.sealed = [];
    this.bytes = 0;
    this.memoryBytes = 0;
  }
}
