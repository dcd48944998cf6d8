/**
 * The chunks of a list in their order: how one is found, added, dropped, made larger or joined with
 * its neighbour, and how elements are walked and handed out. chunked_list.ts, which is built on this,
 * adds the operations of a list. [hot]
 *
 * ```
 * spans    [60,000 elements] [61,000] [40,000]       a few objects
 * span     ref ref ref … with counts 256 256 104 …   two typed arrays (chunk_span.ts)
 * chunk    $1 a $1 b $1 c …                          bytes in the arena, framed as they are sent
 * ```
 *
 * Counting along is linear in each level, but over numbers that lie side by side: with 10 million
 * elements that is some 160 spans and at most 128 counts, from the nearer end.
 *
 * There is always at least one chunk, and only a chunk that is alone may be empty.
 */

import { ArenaFullError } from "./arena.ts";
import * as arenaModule from "./arena.ts";
import { ChunkSpan } from "./chunk_span.ts";
import * as chunkSpanModule from "./chunk_span.ts";
import type { ListChunks } from "./list_chunks.ts";
import * as listChunksModule from "./list_chunks.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { SEGMENT_OF_REF } = arenaModule;
const { SPAN_CHUNKS } = chunkSpanModule;
const { blockBytes, CHUNK_BYTES, CHUNK_ELEMENTS, CHUNK_FRAME_BYTES, Room } = listChunksModule;

/** A chunk that is alone is not made smaller than this. */
const SMALLEST_BYTES = 128;
/** Two neighbours whose frames together take no more than this become one chunk. */
const MERGED_BYTES = CHUNK_BYTES / 2;

/** Takes ranges of elements, framed one after the other; they are lent until the call returns. */
export interface FrameSink {
  rawRange(data: DataView, offset: number, length: number): void;
}

export class ChunkSequence {
  /** Number of elements. */
  size = 0;
  chunkCount = 0;
  protected readonly spans: ChunkSpan[];

  private accounted = false;

  // Where the element last sought is: its span, its chunk in the span, its place in the chunk.
  protected cursorSpan = 0;
  protected cursorChunk = 0;
  protected cursorIndex = 0;

  /** @param chunks whose element is the one that this list points at. */
  constructor(readonly chunks: ListChunks) {
    this.spans = [new ChunkSpan(chunks.arena)];
  }

  /** Lets the arena count what the list keeps outside of it; a list that only borrows does not. */
  account(): void {
    this.accounted = true;
    for (const span of this.spans) span.account();
  }

  get firstChunk(): number {
    const span = this.spans[0];
    return span.refs[span.head];
  }

  get memoryBytes(): number {
    const { arena } = this.chunks;
    let total = 0;
    for (const span of this.spans) {
      total += span.bytes;
      for (let i = 0; i < span.length; i++) total += arena.capacityOf(span.refs[span.head + i]);
    }
    return total;
  }

  /** Points `chunks` at the first element, without a place to go on from. */
  pointFirst(): void {
    this.chunks.pointAt(this.firstChunk, 0);
  }

  /** Points `chunks` at the last element, without a place to go on from. */
  pointLast(): void {
    const span = this.spans[this.spans.length - 1];
    const at = span.head + span.length - 1;
    this.chunks.pointAt(span.refs[at], span.counts[at] - 1);
  }

  /** Points `chunks` at an element; the index must be in range. */
  seek(index: number): void {
    this.find(index);
    const span = this.spans[this.cursorSpan];
    this.chunks.pointAt(span.refs[span.head + this.cursorChunk], this.cursorIndex);
  }

  /** Points at the element after the one that is pointed at; false when there is none. */
  next(): boolean {
    let span = this.spans[this.cursorSpan];
    if (++this.cursorIndex < span.counts[span.head + this.cursorChunk]) {
      this.chunks.pointNext();
      return true;
    }
    if (!this.nextChunk()) return false;
    span = this.spans[this.cursorSpan];
    this.chunks.pointAt(span.refs[span.head + this.cursorChunk], 0);
    return true;
  }

  /** Points at the element before the one that is pointed at; false when there is none. */
  previous(): boolean {
    if (this.cursorIndex === 0) {
      if (this.cursorChunk > 0) this.cursorChunk--;
      else if (this.cursorSpan === 0) return false;
      else this.cursorChunk = this.spans[--this.cursorSpan].length - 1;
      const span = this.spans[this.cursorSpan];
      this.cursorIndex = span.counts[span.head + this.cursorChunk];
    }
    const span = this.spans[this.cursorSpan];
    this.chunks.pointAt(span.refs[span.head + this.cursorChunk], --this.cursorIndex);
    return true;
  }

  /** Hands the frames of `elements` elements from `from` on to a sink; all must be in range. */
  writeRange(from: number, elements: number, sink: FrameSink): void {
    const { chunks } = this;
    this.find(from);
    let index = this.cursorIndex;
    let left = elements;
    while (left > 0) {
      const span = this.spans[this.cursorSpan];
      const ref = span.refs[span.head + this.cursorChunk];
      const count = span.counts[span.head + this.cursorChunk];
      const begin = index === 0 ? chunks.startOf(ref) : chunks.locate(ref, index);
      const taken = Math.min(left, count - index);
      const end = index + taken === count ? chunks.endOf(ref) : chunks.locate(ref, index + taken);
      sink.rawRange(chunks.arena.data[ref >>> SEGMENT_OF_REF], begin, end - begin);
      left -= taken;
      index = 0;
      if (left > 0) this.nextChunk();
    }
  }

  /** Frees about `elements` chunks of a list that is out of use; true while there are more. */
  drain(elements: number): boolean {
    for (let left = elements; left > 0 && this.spans.length > 0; left--) {
      const span = this.spans[this.spans.length - 1];
      if (span.length > 0) this.chunks.arena.free(span.refs[span.head + --span.length]);
      if (span.length > 0) continue;
      span.release();
      this.spans.pop();
    }
    return this.spans.length > 0;
  }

  /** Adds a chunk at one end. */
  protected addChunk(ref: number, count: number, atFront: boolean): void {
    let span = this.spans[atFront ? 0 : this.spans.length - 1];
    if (span.isFull) {
      span = new ChunkSpan(this.chunks.arena);
      if (this.accounted) span.account();
      if (atFront) this.spans.unshift(span);
      else this.spans.push(span);
    }
    span.insert(atFront ? 0 : span.length, ref, count);
    this.chunkCount++;
  }

  /** Frees a chunk, and its span when it was the only one there. */
  protected dropChunk(spanIndex: number, chunk: number): void {
    const span = this.spans[spanIndex];
    this.chunks.arena.free(span.refs[span.head + chunk]);
    span.remove(chunk);
    this.chunkCount--;
    if (span.length === 0) this.dropSpan(spanIndex);
  }

  protected dropSpan(index: number): void {
    this.spans[index].release();
    if (index === 0) this.spans.shift();
    else this.spans.splice(index, 1);
  }

  protected countRemoved(span: ChunkSpan, chunk: number, elements: number): void {
    span.counts[span.head + chunk] -= elements;
    span.elements -= elements;
    this.size -= elements;
  }

  /** Sets the cursor, counting from the nearer end on each level. */
  protected find(index: number): void {
    const { spans } = this;
    let rest = index;
    let at = 0;
    if (index * 2 < this.size) {
      while (rest >= spans[at].elements) rest -= spans[at++].elements;
    } else {
      at = spans.length - 1;
      let behind = this.size - index;
      while (behind > spans[at].elements) behind -= spans[at--].elements;
      rest = spans[at].elements - behind;
    }
    this.cursorSpan = at;
    this.findIn(spans[at], rest);
  }

  private findIn(span: ChunkSpan, index: number): void {
    const { counts, head } = span;
    let rest = index;
    let at = head;
    if (index * 2 < span.elements) {
      while (rest >= counts[at]) rest -= counts[at++];
    } else {
      at = head + span.length - 1;
      let behind = span.elements - index;
      while (behind > counts[at]) behind -= counts[at--];
      rest = counts[at] - behind;
    }
    this.cursorChunk = at - head;
    this.cursorIndex = rest;
  }

  /** Moves the cursor to the first element of the next chunk; false when there is none. */
  protected nextChunk(): boolean {
    this.cursorIndex = 0;
    if (++this.cursorChunk < this.spans[this.cursorSpan].length) return true;
    this.cursorChunk = 0;
    return ++this.cursorSpan < this.spans.length;
  }

  /** Makes room in a chunk for a frame, if it may have more; false otherwise. */
  protected grow(span: ChunkSpan, at: number, bytes: number, room: number): boolean {
    const { chunks } = this;
    const ref = span.refs[at];
    if (span.counts[at] === CHUNK_ELEMENTS) return false;
    const capacity = chunks.capacity(ref);
    const free = chunks.room(ref);
    if (free >= bytes * 2 && free * 4 >= capacity) {
      chunks.center(ref);
      return true;
    }
    const used = chunks.usedBytes(ref);
    if (capacity >= CHUNK_BYTES || used + bytes > CHUNK_FRAME_BYTES) return false;
    const wanted = Math.max(used + bytes, used + (used >> 1));
    span.refs[at] = chunks.resize(ref, Math.min(wanted, CHUNK_FRAME_BYTES), room);
    return true;
  }

  /** Gives back the free bytes of a chunk that no push is about to use, if they are many. */
  protected fit(span: ChunkSpan, at: number): void {
    const ref = span.refs[at];
    const used = this.chunks.usedBytes(ref);
    if (blockBytes(used) * 4 > this.chunks.capacity(ref) * 3) return;
    this.resize(span, at, used, Room.AT_BACK);
  }

  /** Gives back memory of a chunk that is alone and nearly empty. */
  protected shrink(): void {
    if (this.size === 0) return;
    const span = this.spans[0];
    const ref = span.refs[span.head];
    const capacity = this.chunks.capacity(ref);
    if (capacity <= SMALLEST_BYTES) return;
    const used = this.chunks.usedBytes(ref);
    if (blockBytes(used) * 4 > capacity) return;
    this.resize(span, span.head, used * 2, Room.AT_BOTH);
  }

  /** Makes one chunk of a chunk and the next in its span, if both are small; false otherwise. */
  protected merge(span: ChunkSpan, chunk: number): boolean {
    if (chunk + 1 >= span.length) return false;
    const { chunks } = this;
    const at = span.head + chunk;
    const next = span.refs[at + 1];
    const count = span.counts[at + 1];
    if (span.counts[at] + count > CHUNK_ELEMENTS) return false;
    const added = chunks.usedBytes(next);
    const used = chunks.usedBytes(span.refs[at]) + added;
    if (used > MERGED_BYTES) return false;
    const fits = added <= chunks.room(span.refs[at]) ||
      this.resize(span, at, used, Room.AT_BACK);
    if (!fits) return false;
    chunks.append(span.refs[at], next, 0, count);
    chunks.arena.free(next);
    span.remove(chunk + 1);
    // Removing may have moved the arrays' head.
    span.counts[span.head + chunk] += count;
    span.elements += count;
    this.chunkCount--;
    return true;
  }

  /** The cursor's span, split if it has no room for more chunks; the cursor stays at its element. */
  protected spanWithRoom(chunks: number): ChunkSpan {
    const span = this.spans[this.cursorSpan];
    if (span.length + chunks <= SPAN_CHUNKS) return span;
    const other = span.split();
    this.spans.splice(this.cursorSpan + 1, 0, other);
    if (this.cursorChunk < span.length) return span;
    this.cursorChunk -= span.length;
    this.cursorSpan++;
    return other;
  }

  /** Moves a chunk to a block of another size; false, and nothing is lost, for want of memory. */
  private resize(span: ChunkSpan, at: number, bytes: number, room: number): boolean {
    try {
      span.refs[at] = this.chunks.resize(span.refs[at], bytes, room);
      return true;
    } catch (error) {
      if (error instanceof ArenaFullError) return false;
      throw error;
    }
  }
}
