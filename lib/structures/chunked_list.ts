/**
 * A list of byte strings that is pushed to and popped from at both ends in constant time; in the
 * middle the cost is that of finding the chunk (chunk_sequence.ts), and of moving at most the 8 KiB
 * of one. [hot]
 *
 * A list of one chunk needs no object at all to be kept: its owner keeps the chunk's ref and lends
 * it to a list for the time of an operation ({@linkcode ChunkedList.borrow}).
 */

import * as bulkFrameModule from "./bulk_frame.ts";
import type { ChunkSpan } from "./chunk_span.ts";
import { ChunkSequence } from "./chunk_sequence.ts";
import * as listChunksModule from "./list_chunks.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { frameBytes } = bulkFrameModule;
const { CHUNK_BYTES, CHUNK_ELEMENTS, CHUNK_FRAME_BYTES, Room } = listChunksModule;

export type { FrameSink } from "./chunk_sequence.ts";

export class ChunkedList extends ChunkSequence {
  /** Makes the list one of this chunk only; it must not have chunks of its own. */
  borrow(ref: number): void {
    const span = this.spans[0];
    const count = this.chunks.count(ref);
    span.head = 0;
    span.length = 1;
    span.refs[0] = ref;
    span.counts[0] = count;
    span.elements = count;
    this.size = count;
    this.chunkCount = 1;
  }

  /** Hands over the only chunk; the list is of no use after that. */
  takeChunk(): number {
    const ref = this.firstChunk;
    this.spans[0].release();
    this.spans.length = 0;
    this.chunkCount = 0;
    this.size = 0;
    return ref;
  }

  /** Whether it is one chunk that has room for twice of what it holds. */
  get isSmall(): boolean {
    return this.chunkCount === 1 && this.size * 2 <= CHUNK_ELEMENTS &&
      this.chunks.usedBytes(this.firstChunk) * 2 <= CHUNK_BYTES;
  }

  pushBack(source: DataView, offset: number, length: number): void {
    let span = this.spans[this.spans.length - 1];
    if (!this.chunks.pushBack(span.refs[span.head + span.length - 1], source, offset, length)) {
      span = this.pushToNewRoom(source, offset, length, false);
    }
    span.counts[span.head + span.length - 1]++;
    span.elements++;
    this.size++;
  }

  pushFront(source: DataView, offset: number, length: number): void {
    let span = this.spans[0];
    if (!this.chunks.pushFront(span.refs[span.head], source, offset, length)) {
      span = this.pushToNewRoom(source, offset, length, true);
    }
    span.counts[span.head]++;
    span.elements++;
    this.size++;
  }

  /** Pushes an element that the chunk at the end has no room for; the span that it is in now. */
  private pushToNewRoom(
    source: DataView,
    offset: number,
    length: number,
    atFront: boolean,
  ): ChunkSpan {
    this.makeRoom(frameBytes(length), atFront);
    const { chunks, spans } = this;
    const span = spans[atFront ? 0 : spans.length - 1];
    if (atFront) chunks.pushFront(span.refs[span.head], source, offset, length);
    else chunks.pushBack(span.refs[span.head + span.length - 1], source, offset, length);
    return span;
  }

  /** Takes away the first `elements` elements, of which there must be so many. */
  removeFront(elements: number): void {
    let left = elements;
    while (left > 0) {
      const span = this.spans[0];
      const count = span.counts[span.head];
      if (left >= count && this.chunkCount > 1) {
        this.dropChunk(0, 0);
        this.size -= count;
        left -= count;
      } else {
        this.chunks.dropFront(span.refs[span.head], left);
        this.countRemoved(span, 0, left);
        left = 0;
      }
    }
    if (this.chunkCount === 1) this.shrink();
  }

  /** Takes away the first element, which must be the one pointed at: it is not read again. */
  removeFirst(): void {
    const span = this.spans[0];
    if (span.counts[span.head] === 1 && this.chunkCount > 1) {
      this.dropChunk(0, 0);
      this.size--;
    } else {
      this.chunks.dropPointedFirst(span.refs[span.head]);
      this.countRemoved(span, 0, 1);
    }
    if (this.chunkCount === 1) this.shrink();
  }

  /** Takes away the last element, which must be the one pointed at: it is not sought again. */
  removeLast(): void {
    const span = this.spans[this.spans.length - 1];
    const last = span.length - 1;
    if (span.counts[span.head + last] === 1 && this.chunkCount > 1) {
      this.dropChunk(this.spans.length - 1, last);
      this.size--;
    } else {
      this.chunks.dropPointedLast(span.refs[span.head + last]);
      this.countRemoved(span, last, 1);
    }
    if (this.chunkCount === 1) this.shrink();
  }

  /** Takes away the last `elements` elements, of which there must be so many. */
  removeBack(elements: number): void {
    let left = elements;
    while (left > 0) {
      const span = this.spans[this.spans.length - 1];
      const last = span.length - 1;
      const count = span.counts[span.head + last];
      if (left >= count && this.chunkCount > 1) {
        this.dropChunk(this.spans.length - 1, last);
        this.size -= count;
        left -= count;
      } else {
        this.chunks.dropBack(span.refs[span.head + last], left);
        this.countRemoved(span, last, left);
        left = 0;
      }
    }
    if (this.chunkCount === 1) this.shrink();
  }

  /** Adds an element before the one at `index`, or at the end when that is the size. */
  insert(index: number, source: DataView, offset: number, length: number): void {
    if (index === 0) return this.pushFront(source, offset, length);
    if (index === this.size) return this.pushBack(source, offset, length);
    this.find(index);
    const span = this.spans[this.cursorSpan];
    const at = span.head + this.cursorChunk;
    if (this.insertInto(span, at, source, offset, length)) return;
    if (this.grow(span, at, frameBytes(length), Room.AT_BOTH)) {
      this.insertInto(span, at, source, offset, length);
      return;
    }
    this.insertBetween(source, offset, length);
  }

  /** Puts other bytes in the place of the element at `index`, which must be in range. */
  replace(index: number, source: DataView, offset: number, length: number): void {
    this.seek(index);
    if (this.chunks.length === length) {
      const span = this.spans[this.cursorSpan];
      const ref = span.refs[span.head + this.cursorChunk];
      this.chunks.overwrite(ref, this.cursorIndex, source, offset, length);
    } else {
      this.insert(index, source, offset, length);
      this.removeAt(index + 1);
    }
  }

  /** Takes away the element at `index`, which must be in range. */
  removeAt(index: number): void {
    this.find(index);
    const span = this.spans[this.cursorSpan];
    const chunk = this.cursorChunk;
    this.chunks.remove(span.refs[span.head + chunk], this.cursorIndex);
    this.countRemoved(span, chunk, 1);
    if (this.chunkCount > 1 && span.counts[span.head + chunk] === 0) {
      this.dropChunk(this.cursorSpan, chunk);
      if (chunk > 0) this.merge(span, chunk - 1);
    } else if (!this.merge(span, chunk) && chunk > 0) this.merge(span, chunk - 1);
    if (this.chunkCount === 1) this.shrink();
  }

  /**
   * Takes away elements that equal the given one, the first `limit` of them or, with `fromBack`, the
   * last, and says how many there were.
   */
  removeEqual(
    source: DataView,
    offset: number,
    length: number,
    limit: number,
    fromBack: boolean,
  ): number {
    let removed = 0;
    const step = fromBack ? -1 : 1;
    let at = fromBack ? this.spans.length - 1 : 0;
    for (; removed < limit && at >= 0 && at < this.spans.length; at += step) {
      const span = this.spans[at];
      removed += this.removeEqualIn(span, source, offset, length, limit - removed, fromBack);
      if (span.length === 0) {
        this.dropSpan(at);
        if (!fromBack) at--;
      }
    }
    if (this.chunkCount === 1) this.shrink();
    return removed;
  }

  copy(): ChunkedList {
    const copy = new ChunkedList(this.chunks);
    for (const span of this.spans) {
      for (let i = 0; i < span.length; i++) {
        const ref = this.chunks.copy(span.refs[span.head + i]);
        copy.addChunk(ref, span.counts[span.head + i], false);
      }
    }
    copy.size = this.size;
    copy.account();
    return copy;
  }

  /** Makes sure that the chunk at one end has room for a frame. */
  private makeRoom(bytes: number, atFront: boolean): void {
    const { chunks } = this;
    const span = this.spans[atFront ? 0 : this.spans.length - 1];
    const at = atFront ? span.head : span.head + span.length - 1;
    const ref = span.refs[at];
    const room = atFront ? Room.AT_FRONT : Room.AT_BACK;
    if (this.size === 0) {
      const created = chunks.create(bytes, room);
      chunks.arena.free(ref);
      span.refs[at] = created;
      return;
    }
    if (this.grow(span, at, bytes, room)) return;
    this.fit(span, at);
    const created = chunks.create(this.newChunkBytes(span, at, bytes), room);
    this.addChunk(created, 0, atFront);
  }

  /** Bytes of frames that a chunk beside this one is made for. */
  private newChunkBytes(span: ChunkSpan, at: number, bytes: number): number {
    if (bytes * 2 > CHUNK_FRAME_BYTES) return bytes;
    if (span.counts[at] < CHUNK_ELEMENTS) return CHUNK_FRAME_BYTES;
    // A chunk that is full of many small elements is followed by one of its size, which grows when
    // they become longer. Room for an eighth more took a million elements of 3 bytes 12 MB, not 10.
    return Math.max(bytes, Math.min(this.chunks.usedBytes(span.refs[at]), CHUNK_FRAME_BYTES));
  }

  private insertInto(
    span: ChunkSpan,
    at: number,
    source: DataView,
    offset: number,
    length: number,
  ): boolean {
    const inserted = this.chunks.insert(span.refs[at], this.cursorIndex, source, offset, length);
    if (inserted) {
      span.counts[at]++;
      span.elements++;
      this.size++;
    }
    return inserted;
  }

  /** Adds an element at the cursor, whose chunk is full and is split there. */
  private insertBetween(source: DataView, offset: number, length: number): void {
    const { chunks } = this;
    const bytes = frameBytes(length);
    // Of one chunk may become three.
    const span = this.spanWithRoom(2);
    let chunk = this.cursorChunk;
    if (this.cursorIndex > 0) this.splitChunk(span, chunk++);
    if (chunk > 0) {
      const at = span.head + chunk - 1;
      if (chunks.pushBack(span.refs[at], source, offset, length)) {
        span.counts[at]++;
        span.elements++;
        this.size++;
        return;
      }
    }
    const alone = bytes * 2 > CHUNK_FRAME_BYTES ? bytes : CHUNK_FRAME_BYTES >> 1;
    const ref = chunks.create(alone, Room.AT_BACK);
    chunks.pushBack(ref, source, offset, length);
    span.insert(chunk, ref, 1);
    this.chunkCount++;
    this.size++;
    if (!this.merge(span, chunk) && chunk > 0) this.merge(span, chunk - 1);
  }

  /** Moves the elements from the cursor on to a chunk of their own behind this one. */
  private splitChunk(span: ChunkSpan, chunk: number): void {
    const { chunks, cursorIndex } = this;
    const at = span.head + chunk;
    const ref = span.refs[at];
    const moved = span.counts[at] - cursorIndex;
    const bytes = chunks.endOf(ref) - chunks.locate(ref, cursorIndex);
    const right = chunks.create(bytes, Room.AT_BACK);
    chunks.append(right, ref, cursorIndex, moved);
    chunks.dropBack(ref, moved);
    span.counts[at] -= moved;
    span.elements -= moved;
    span.insert(chunk + 1, right, moved);
    this.chunkCount++;
  }

  private removeEqualIn(
    span: ChunkSpan,
    source: DataView,
    offset: number,
    length: number,
    limit: number,
    fromBack: boolean,
  ): number {
    let removed = 0;
    let chunk = fromBack ? span.length - 1 : 0;
    while (removed < limit && chunk >= 0 && chunk < span.length) {
      const ref = span.refs[span.head + chunk];
      const found = this.chunks.removeEqual(ref, source, offset, length, limit - removed, fromBack);
      removed += found;
      if (found > 0) {
        this.countRemoved(span, chunk, found);
        if (span.counts[span.head + chunk] === 0 && this.chunkCount > 1) {
          this.chunks.arena.free(ref);
          span.remove(chunk);
          this.chunkCount--;
          // What has been looked at already may now be in one chunk with what has not.
          const merged = chunk > 0 && this.merge(span, chunk - 1);
          if (merged || fromBack) chunk--;
          continue;
        }
        if (fromBack) this.merge(span, chunk);
        else if (chunk > 0 && this.merge(span, chunk - 1)) continue;
      }
      chunk += fromBack ? -1 : 1;
    }
    return removed;
  }
}
