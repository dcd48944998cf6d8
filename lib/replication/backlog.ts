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
  /** Memory of all chunks, that of the spare one included. */
  memoryBytes = 0;
  /** Set when a chunk was added: there may be one to give back. */
  hasGrown = false;
  private chunks: Chunk[] = [];
  /** The last of them. */
  private last: Chunk | null = null;
  /** Place of the first byte that is kept. */
  private firstPlace: number;
  /** Memory of a chunk that was given back, for the next one: new memory costs page faults. */
  private spare: Uint8Array | null = null;
  /** Chunks that begin before this place may still be read by writes of connections that ended. */
  private reusableFrom = 0;

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
    return this.add(bytes);
  }

  private add(bytes: number): Chunk {
    const { spare } = this;
    const fits = spare !== null && bytes <= spare.length;
    const memory = fits ? spare : new Uint8Array(Math.max(CHUNK_BYTES, bytes));
    if (fits) this.spare = null;
    else this.memoryBytes += memory.length;
    const chunk = { start: this.end, bytes: memory, data: dataOf(memory), length: 0 };
    this.chunks.push(chunk);
    this.last = chunk;
    this.hasGrown = true;
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
    this.hasGrown = false;
    const from = Math.min(this.committed - keptBytes, leastInUse);
    let count = 0;
    while (count + 1 < this.chunks.length && this.chunks[count + 1].start <= from) {
      this.giveBack(this.chunks[count]);
      count++;
    }
    if (count > 0) this.chunks.splice(0, count);
    if (this.chunks.length > 0) this.firstPlace = Math.max(this.firstPlace, this.chunks[0].start);
  }

  /** A reader is gone, and a write of what it was lent may not be over yet. */
  readerGone(): void {
    this.reusableFrom = this.end;
  }

  private giveBack({ start, bytes }: Chunk): void {
    const isSpare = this.spare === null && start >= this.reusableFrom &&
      bytes.length === CHUNK_BYTES;
    if (isSpare) this.spare = bytes;
    else this.memoryBytes -= bytes.length;
  }

  /** The chunk that holds a place: nearly always one of the last. */
  private indexOf(place: number): number {
    let index = this.chunks.length - 1;
    while (this.chunks[index].start > place) index--;
    return index;
  }
}
