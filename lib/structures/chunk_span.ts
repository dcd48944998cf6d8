/**
 * A stretch of a long list's chunks: their refs and how many elements each has, side by side, so
 * that counting along touches no chunk. Chunks come and go at both ends, and seldom in between.
 */

import type { Arena } from "./arena.ts";

/** Chunks of a span at most: about 60,000 small elements. */
export const SPAN_CHUNKS = 256;

const FIRST_CHUNKS = 8;
/** A ref of 4 bytes and a count of 2. */
const BYTES_PER_CHUNK = 6;

export class ChunkSpan {
  refs: Int32Array = new Int32Array(FIRST_CHUNKS);
  counts: Uint16Array = new Uint16Array(FIRST_CHUNKS);
  /** Where in the arrays the first chunk is. */
  head = 0;
  /** Number of chunks. */
  length = 0;
  /** Elements of all chunks. */
  elements = 0;
  /** What the arena's account knows of; 0 until {@linkcode account} is called. */
  private accountedBytes = 0;

  constructor(private readonly arena: Arena) {}

  /** Whether no more chunks can be added. */
  get isFull(): boolean {
    return this.length === SPAN_CHUNKS;
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.refs.length * BYTES_PER_CHUNK;
  }

  /** Lets the arena count the arrays, from now on and until {@linkcode release}. */
  account(): void {
    this.arena.outsideBytes += this.bytes - this.accountedBytes;
    this.accountedBytes = this.bytes;
  }

  /** Says that the span is out of use. */
  release(): void {
    this.arena.outsideBytes -= this.accountedBytes;
    this.accountedBytes = 0;
  }

  /** Puts a chunk before the one at `index`, counted from the head; the span must not be full. */
  insert(index: number, ref: number, count: number): void {
    if (this.length === this.refs.length) this.grow(index);
    const { refs, counts } = this;
    const end = this.head + this.length;
    const shiftsFront = this.head > 0 && (index * 2 < this.length || end === refs.length);
    if (shiftsFront) {
      refs.copyWithin(this.head - 1, this.head, this.head + index);
      counts.copyWithin(this.head - 1, this.head, this.head + index);
      this.head--;
    } else {
      refs.copyWithin(this.head + index + 1, this.head + index, end);
      counts.copyWithin(this.head + index + 1, this.head + index, end);
    }
    refs[this.head + index] = ref;
    counts[this.head + index] = count;
    this.length++;
    this.elements += count;
  }

  /** Forgets the chunk at `index`. */
  remove(index: number): void {
    const { refs, counts, head, length } = this;
    this.elements -= counts[head + index];
    if (index * 2 < length) {
      refs.copyWithin(head + 1, head, head + index);
      counts.copyWithin(head + 1, head, head + index);
      this.head++;
    } else {
      refs.copyWithin(head + index, head + index + 1, head + length);
      counts.copyWithin(head + index, head + index + 1, head + length);
    }
    this.length--;
  }

  /** Moves the second half of the chunks to a span of their own. */
  split(): ChunkSpan {
    const kept = this.length >> 1;
    const other = new ChunkSpan(this.arena);
    if (this.accountedBytes > 0) other.account();
    for (let i = kept; i < this.length; i++) {
      other.insert(i - kept, this.refs[this.head + i], this.counts[this.head + i]);
    }
    this.length = kept;
    this.elements -= other.elements;
    return other;
  }

  /** Doubles the arrays, with the new room on the side where the next chunk comes. */
  private grow(index: number): void {
    const refs = new Int32Array(this.refs.length * 2);
    const counts = new Uint16Array(refs.length);
    const head = index * 2 < this.length ? refs.length - this.length : 0;
    refs.set(this.refs.subarray(this.head, this.head + this.length), head);
    counts.set(this.counts.subarray(this.head, this.head + this.length), head);
    this.refs = refs;
    this.counts = counts;
    this.head = head;
    if (this.accountedBytes > 0) this.account();
  }
}
