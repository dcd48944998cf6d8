/**
 * Buffers that connections read into, given back when one is closed or needs another size. Clients
 * that come and go leave nothing to the collector then, which is slow to notice memory outside of
 * its own heap.
 */

import type { ReadMemory } from "../resp/request_parser.ts";

/** Most bytes of free buffers that are kept, of each size. */
const KEPT_BYTES = 1024 * 1024;

export class ReadBuffers implements ReadMemory {
  /** The free ones by their size; there are few sizes, and each is a power of two. */
  private readonly free: Map<number, Uint8Array[]> = new Map();

  /** What lies in it is what was there before. */
  take(bytes: number): Uint8Array {
    return this.free.get(bytes)?.pop() ?? new Uint8Array(bytes);
  }

  give(buffer: Uint8Array): void {
    const { length } = buffer;
    if (length === 0 || length > KEPT_BYTES >> 4 || (length & (length - 1)) !== 0) return;
    const free = this.free.get(length);
    if (free === undefined) this.free.set(length, [buffer]);
    else if (free.length * length < KEPT_BYTES) free.push(buffer);
  }
}
