/**
 * The stream that replicas follow, as bytes: one buffer for all of them, and for those who come
 * back after their link was lost (PSYNC). Each replica knows its place in the stream; what a slow
 * one still needs stays, besides the `repl-backlog-size` that is always kept.
 *
 * ```
 *   first            least place in use     committed         end
 *     │ kept for PSYNC │ being sent            │ not for others │
 *     └─ chunk ─┴─ chunk ─┴─ chunk ─────────┴─ chunk ───────────┘
 * ```
 *
 * A primary commits what it appends at once. A replica that feeds others appends what it reads and
 * commits what it has applied, so that nobody is told of half a transaction.
 *
 * Places are numbers of bytes since the history began. PSYNC and INFO count from 1, so the offset
 * that they name is a place and one more.
 */

import { dataOf } from "../bytes/copy.ts";

/** Room of a chunk; one command that is longer has a chunk of its own. */
const CHUNK_BYTES = 64 * 1024;

interface Chunk {
  /** Place of its first byte. */
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly data: DataView;
  /** Bytes used. */
  length: number;
}

export class Backlog {
  /** Place up to which replicas may read. */
  committed: number;
  /** Memory of all chunks. */
  memoryBytes = 0;
  private chunks: Chunk[] = [];
  /** The last of them. */
  private last: Chunk | null = null;
  /** Place of the first byte that is kept. */
  private firstPlace: number;

  /** @param start place at which the stream goes on. */
  constructor(start: number) {
    this.committed = start;
    this.firstPlace = start;
  }

  /** Place of the first byte that is kept. */
  get first(): number {
    return this.firstPlace;
  }

  /** Place behind the last byte. */
  get end(): number {
    return this.last === null ? this.firstPlace : this.last.start + this.last.length;
  }

  /** A chunk with room for so many bytes in one piece, to be written at its `length`. */
  reserve(bytes: number): Chunk {
    const { last } = this;
    if (last !== null && last.bytes.length - last.length >= bytes) return last;
    const memory = new Uint8Array(Math.max(CHUNK_BYTES, bytes));
    const chunk = { start: this.end, bytes: memory, data: dataOf(memory), length: 0 };
    this.chunks.push(chunk);
    this.last = chunk;
    this.memoryBytes += memory.length;
    return chunk;
  }

  /** Copies bytes to the end. */
  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const chunk = this.reserve(1);
      const part = bytes.subarray(at, at + chunk.bytes.length - chunk.length);
      chunk.bytes.set(part, chunk.length);
      chunk.length += part.length;
      at += part.length;
    }
  }

  /** Forgets what was appended and never committed: the link ended in the middle of it. */
  dropUncommitted(): void {
    for (let { last } = this; last !== null; last = this.last) {
      if (last.start < this.committed) {
        last.length = Math.min(last.length, this.committed - last.start);
        return;
      }
      this.chunks.pop();
      this.last = this.chunks.at(-1) ?? null;
      this.memoryBytes -= last.bytes.length;
    }
  }

  /** Whether everything from a place on is there. */
  has(place: number): boolean {
    return place >= this.firstPlace && place <= this.committed;
  }

  /** Committed bytes from a place on, as many as lie together; lent. Null when there are none. */
  read(place: number): Uint8Array | null {
    if (place >= this.committed) return null;
    const chunk = this.chunks[this.indexOf(place)];
    const end = Math.min(chunk.start + chunk.length, this.committed);
    return chunk.bytes.subarray(place - chunk.start, end - chunk.start);
  }

  /**
   * Gives chunks back that nobody needs.
   *
   * @param keptBytes how much of the stream is kept in any case.
   * @param leastInUse the place from which on somebody still reads.
   */
  trim(keptBytes: number, leastInUse: number): void {
    const from = Math.min(this.committed - keptBytes, leastInUse);
    let count = 0;
    while (count + 1 < this.chunks.length && this.chunks[count + 1].start <= from) {
      this.memoryBytes -= this.chunks[count].bytes.length;
      count++;
    }
    if (count > 0) this.chunks.splice(0, count);
    if (this.chunks.length > 0) this.firstPlace = Math.max(this.firstPlace, this.chunks[0].start);
  }

  /** The chunk that holds a place: nearly always one of the last. */
  private indexOf(place: number): number {
    let index = this.chunks.length - 1;
    while (this.chunks[index].start > place) index--;
    return index;
  }
}
