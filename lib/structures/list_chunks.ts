/**
 * Runs of list elements, each run in one block of the arena, every element framed as it is sent:
 * `$5 CR LF hello CR LF`. A range of elements is thus one copy into a reply. [hot]
 *
 * ```
 * word 0 capacity   bytes of the block after this word
 *      1 start      where the first frame begins, in bytes from the block's start
 *      2 end        where the last frame ends
 *      3 count (16 bits) │ number of the first element (8 bits, high half)
 * byte 16  …room… [frame][frame][frame] …room… [anchors: 32 offsets of 16 bits]
 * ```
 *
 * There is room on both sides, so that a push or pop at either end moves nothing. Frames can only
 * be walked forwards; an element is found from the anchors, the offsets of every eighth element.
 * Elements are numbered modulo 256 so that the numbers stay the same when others come and go in
 * front: element i of a chunk has the number first + i, and an anchor lies at number / 8. Since a
 * chunk has at most 256 elements, no two of them share an anchor. Blocks below 512 bytes have no
 * anchors and are walked from their start.
 *
 * A chunk has at most 8 KiB, but for an element that is longer: it gets a block that it fills.
 * Measured on lists of 32-byte elements: 39.4 bytes an element, where a listpack needs 34.4;
 * with the offset of every element it would be 41.2.
 */

import * as copyModule from "../bytes/copy.ts";
import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";
import * as bulkFrameModule from "./bulk_frame.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, equalData } = copyModule;
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;
const { frameBytes, headerBytes, lengthAt, writeFrame } = bulkFrameModule;

/** Bytes of the largest block that several elements share. */
export const CHUNK_BYTES = 8192;
/** Bytes of frames that it has room for. */
export const CHUNK_FRAME_BYTES = CHUNK_BYTES - 80;
/** Elements of a chunk at most. */
export const CHUNK_ELEMENTS = 256;

const HEADER_BYTES = 16;
const ANCHORED_BYTES = 512;
const ANCHOR_SHIFT = 3;
const ANCHORS = CHUNK_ELEMENTS >> ANCHOR_SHIFT;
const ANCHOR_BYTES = ANCHORS * 2;
const NUMBER_MASK = CHUNK_ELEMENTS - 1;
const BETWEEN_ANCHORS = (1 << ANCHOR_SHIFT) - 1;

const START = 1;
const END = 2;
const INFO = 3;
const COUNT_MASK = 0xffff;
const NUMBER_SHIFT = 16;

/** Which end of a new block has its free bytes. */
export const Room = { AT_BACK: 0, AT_FRONT: 1, AT_BOTH: 2 } as const;

/** Bytes of a block for frames of this many bytes. */
export function blockBytes(usedBytes: number): number {
  const bytes = HEADER_BYTES + usedBytes;
  return bytes >= ANCHORED_BYTES - ANCHOR_BYTES ? bytes + ANCHOR_BYTES : bytes;
}

/** An element where it lies, lent until its list changes. */
export interface ListElement {
  readonly data: DataView;
  readonly offset: number;
  readonly length: number;
  /** Where in the same memory its frame begins, which ends two bytes after the element. */
  readonly frame: number;
}

export class ListChunks implements ListElement {
  // The element last pointed at.
  data: DataView = new DataView(new ArrayBuffer(0));
  offset = 0;
  length = 0;
  frame = 0;

  constructor(readonly arena: Arena) {}

  /**
   * An empty chunk with a block for frames of `usedBytes`.
   *
   * @param room which end has the room beyond the `kept` bytes that come first.
   */
  create(usedBytes: number, room: number, kept = 0): number {
    const bytes = blockBytes(usedBytes);
    // A long element's block has no room to spare, so that nothing else gets in: offsets of
    // further elements would not fit the anchors.
    const capacity = bytes > CHUNK_BYTES ? Math.ceil(bytes / 4) * 4 : roundedSize(bytes);
    const ref = this.arena.allocate(capacity);
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    words[at] = capacity - 4;
    const free = limitOf(capacity - 4) - HEADER_BYTES - kept;
    const start = HEADER_BYTES +
      (room === Room.AT_BACK ? 0 : room === Room.AT_FRONT ? free : free >> 1);
    words[at + START] = start;
    words[at + END] = start;
    words[at + INFO] = 0;
    return ref;
  }

  /** A copy of a whole chunk. */
  copy(ref: number): number {
    const bytes = this.capacity(ref);
    const copy = this.arena.allocate(bytes);
    copyBytes(
      this.arena.data[ref >>> SEGMENT_OF_REF],
      wordsOf(ref) * 4,
      this.arena.data[copy >>> SEGMENT_OF_REF],
      wordsOf(copy) * 4,
      bytes,
    );
    return copy;
  }

  count(ref: number): number {
    return this.arena.words[ref >>> SEGMENT_OF_REF][wordsOf(ref) + INFO] & COUNT_MASK;
  }

  /** Bytes of all frames. */
  usedBytes(ref: number): number {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    return words[at + END] - words[at + START];
  }

  /** Bytes of the block. */
  capacity(ref: number): number {
    return this.arena.words[ref >>> SEGMENT_OF_REF][wordsOf(ref)] + 4;
  }

  /** Bytes of frames that could be added, wherever the room is. */
  room(ref: number): number {
    const capacity = this.arena.words[ref >>> SEGMENT_OF_REF][wordsOf(ref)];
    return limitOf(capacity) - HEADER_BYTES - this.usedBytes(ref);
  }

  /** Adds an element at the end; false when there is no room. */
  pushBack(ref: number, source: DataView, offset: number, length: number): boolean {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    const end = words[at + END];
    const newEnd = end + frameBytes(length);
    if (newEnd > limitOf(words[at]) || (info & COUNT_MASK) === CHUNK_ELEMENTS) return false;
    this.write(segment, at * 4 + end, source, offset, length);
    const number = (info >>> NUMBER_SHIFT) + (info & COUNT_MASK);
    if ((number & BETWEEN_ANCHORS) === 0) this.setAnchor(segment, at, number, end);
    words[at + END] = newEnd;
    words[at + INFO] = info + 1;
    return true;
  }

  /** Adds an element before the first; false when there is no room. */
  pushFront(ref: number, source: DataView, offset: number, length: number): boolean {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    const start = words[at + START] - frameBytes(length);
    if (start < HEADER_BYTES || (info & COUNT_MASK) === CHUNK_ELEMENTS) return false;
    this.write(segment, at * 4 + start, source, offset, length);
    const number = ((info >>> NUMBER_SHIFT) - 1) & NUMBER_MASK;
    if ((number & BETWEEN_ANCHORS) === 0) this.setAnchor(segment, at, number, start);
    words[at + START] = start;
    words[at + INFO] = number << NUMBER_SHIFT | (info & COUNT_MASK) + 1;
    return true;
  }

  /** Takes away the first `elements` elements. */
  dropFront(ref: number, elements: number): void {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    words[at + START] = this.locate(ref, elements) - at * 4;
    const number = ((info >>> NUMBER_SHIFT) + elements) & NUMBER_MASK;
    words[at + INFO] = number << NUMBER_SHIFT | (info & COUNT_MASK) - elements;
  }

  /** Takes away the first element, which must be the one pointed at. */
  dropPointedFirst(ref: number): void {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    words[at + START] = this.offset + this.length + 2 - at * 4;
    const number = ((info >>> NUMBER_SHIFT) + 1) & NUMBER_MASK;
    words[at + INFO] = number << NUMBER_SHIFT | (info & COUNT_MASK) - 1;
  }

  /** Takes away the last element, which must be the one pointed at. */
  dropPointedLast(ref: number): void {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    words[at + END] = this.frame - at * 4;
    words[at + INFO]--;
  }

  /** Takes away the last `elements` elements. */
  dropBack(ref: number, elements: number): void {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    words[at + END] = this.locate(ref, (info & COUNT_MASK) - elements) - at * 4;
    words[at + INFO] = info - elements;
  }

  /** Points at an element of a chunk; the index must be in range. */
  pointAt(ref: number, index: number): this {
    return this.pointFrame(this.arena.data[ref >>> SEGMENT_OF_REF], this.locate(ref, index));
  }

  /** Points at the element after the one pointed at, which must be in the same chunk. */
  pointNext(): this {
    return this.pointFrame(this.data, this.offset + this.length + 2);
  }

  /**
   * Where the frame of an element begins, in bytes from the start of the block's segment; for the
   * index after the last one, where the frames end.
   */
  locate(ref: number, index: number): number {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const info = words[at + INFO];
    if (index === (info & COUNT_MASK)) return at * 4 + words[at + END];
    const data = this.arena.data[segment];
    const number = (info >>> NUMBER_SHIFT) + index;
    const past = number & BETWEEN_ANCHORS;
    let place = at * 4 + words[at + START];
    let steps = index;
    const capacity = words[at] + 4;
    if (past < index && capacity >= ANCHORED_BYTES) {
      place = at * 4 + data.getUint16(anchorPlace(at, capacity, number), true);
      steps = past;
    }
    for (; steps > 0; steps--) place += frameBytes(lengthAt(data, place));
    return place;
  }

  /** Adds an element before the one at `index`, moving others; false when there is no room. */
  insert(ref: number, index: number, source: DataView, offset: number, length: number): boolean {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const bytes = frameBytes(length);
    const count = words[at + INFO] & COUNT_MASK;
    if (bytes > this.room(ref) || count === CHUNK_ELEMENTS) return false;
    const base = at * 4;
    let place = this.locate(ref, index);
    const start = base + words[at + START];
    const end = base + words[at + END];
    const memory = this.arena.bytes[segment];
    const roomBehind = base + limitOf(words[at]) - end;
    const roomBefore = start - base - HEADER_BYTES;
    if (roomBehind >= bytes && (end - place <= place - start || roomBefore < bytes)) {
      memory.copyWithin(place + bytes, place, end);
      words[at + END] += bytes;
    } else {
      // With room on neither side alone, the frames before go to the block's start.
      const moved = Math.min(roomBefore, bytes);
      memory.copyWithin(start - moved, start, place);
      if (moved < bytes) memory.copyWithin(place + bytes - moved, place, end);
      words[at + START] -= moved;
      words[at + END] += bytes - moved;
      place -= moved;
    }
    words[at + INFO]++;
    this.write(segment, place, source, offset, length);
    this.reindex(ref);
    return true;
  }

  /** Takes away one element, wherever it is. */
  remove(ref: number, index: number): void {
    const count = this.count(ref);
    if (index === 0) return this.dropFront(ref, 1);
    if (index === count - 1) return this.dropBack(ref, 1);
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const place = this.locate(ref, index);
    const end = at * 4 + words[at + END];
    const next = place + frameBytes(lengthAt(this.arena.data[segment], place));
    this.arena.bytes[segment].copyWithin(place, next, end);
    words[at + END] -= next - place;
    words[at + INFO]--;
    this.reindex(ref);
  }

  /**
   * Takes away elements that equal the given one, from the front or, with `fromBack`, from the
   * back; at most `limit`. Says how many there were.
   */
  removeEqual(
    ref: number,
    source: DataView,
    offset: number,
    length: number,
    limit: number,
    fromBack: boolean,
  ): number {
    const matches = this.countEqual(ref, source, offset, length);
    if (matches === 0) return 0;
    let spared = fromBack ? Math.max(0, matches - limit) : 0;
    let left = Math.min(matches, limit);
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const memory = this.arena.bytes[segment];
    const at = wordsOf(ref);
    const removed = left;
    const end = at * 4 + words[at + END];
    let to = at * 4 + words[at + START];
    this.pointFrame(this.arena.data[segment], to);
    for (let place = to; place < end; place = this.offset + this.length + 2) {
      this.pointFrame(this.data, place);
      const next = this.offset + this.length + 2;
      if (left > 0 && this.equals(source, offset, length) && spared-- <= 0) {
        left--;
        continue;
      }
      if (to !== place) memory.copyWithin(to, place, next);
      to += next - place;
    }
    words[at + END] = to - at * 4;
    words[at + INFO] -= removed;
    this.reindex(ref);
    return removed;
  }

  /** Whether the element pointed at equals the given one. */
  equals(source: DataView, offset: number, length: number): boolean {
    return this.length === length &&
      equalData(this.data, this.offset, source, offset, length);
  }

  /** Puts other bytes in the place of an element of the same length. */
  overwrite(ref: number, index: number, source: DataView, offset: number, length: number): void {
    this.pointAt(ref, index);
    copyBytes(source, offset, this.data, this.offset, length);
  }

  /** Adds a range of one chunk's elements to the end of another, which must have the room. */
  append(target: number, source: number, from: number, elements: number): void {
    const begin = this.locate(source, from);
    const bytes = this.locate(source, from + elements) - begin;
    const words = this.arena.words[target >>> SEGMENT_OF_REF];
    const at = wordsOf(target);
    if (words[at + END] + bytes > limitOf(words[at])) this.shift(target, HEADER_BYTES);
    copyBytes(
      this.arena.data[source >>> SEGMENT_OF_REF],
      begin,
      this.arena.data[target >>> SEGMENT_OF_REF],
      at * 4 + words[at + END],
      bytes,
    );
    words[at + END] += bytes;
    words[at + INFO] += elements;
    this.reindex(target);
  }

  /** Moves the elements to a block for `usedBytes` of frames and frees the old one. */
  resize(ref: number, usedBytes: number, room: number): number {
    const resized = this.create(usedBytes, room, this.usedBytes(ref));
    this.append(resized, ref, 0, this.count(ref));
    this.arena.free(ref);
    return resized;
  }

  /** Moves the elements inside their block so that both sides have the same room. */
  center(ref: number): void {
    this.shift(ref, HEADER_BYTES + (this.room(ref) >> 1));
  }

  /** Where the first frame begins and the last one ends, as {@linkcode locate} counts. */
  startOf(ref: number): number {
    const at = wordsOf(ref);
    return at * 4 + this.arena.words[ref >>> SEGMENT_OF_REF][at + START];
  }

  endOf(ref: number): number {
    const at = wordsOf(ref);
    return at * 4 + this.arena.words[ref >>> SEGMENT_OF_REF][at + END];
  }

  private countEqual(ref: number, source: DataView, offset: number, length: number): number {
    const end = this.endOf(ref);
    this.data = this.arena.data[ref >>> SEGMENT_OF_REF];
    let matches = 0;
    for (let place = this.startOf(ref); place < end; place = this.offset + this.length + 2) {
      this.pointFrame(this.data, place);
      if (this.equals(source, offset, length)) matches++;
    }
    return matches;
  }

  private shift(ref: number, start: number): void {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const moved = start - words[at + START];
    this.arena.bytes[segment].copyWithin(
      at * 4 + start,
      at * 4 + words[at + START],
      at * 4 + words[at + END],
    );
    words[at + START] += moved;
    words[at + END] += moved;
    this.reindex(ref);
  }

  /** Numbers the elements anew and sets all anchors. */
  private reindex(ref: number): void {
    const segment = ref >>> SEGMENT_OF_REF;
    const words = this.arena.words[segment];
    const at = wordsOf(ref);
    const count = words[at + INFO] & COUNT_MASK;
    words[at + INFO] = count;
    const capacity = words[at] + 4;
    if (capacity < ANCHORED_BYTES) return;
    const data = this.arena.data[segment];
    const base = at * 4;
    let place = base + words[at + START];
    for (let number = 0; number < count; number++) {
      if ((number & BETWEEN_ANCHORS) === 0) {
        data.setUint16(anchorPlace(at, capacity, number), place - base, true);
      }
      place += frameBytes(lengthAt(data, place));
    }
  }

  private setAnchor(segment: number, at: number, number: number, offset: number): void {
    const capacity = this.arena.words[segment][at] + 4;
    if (capacity < ANCHORED_BYTES) return;
    this.arena.data[segment].setUint16(anchorPlace(at, capacity, number), offset, true);
  }

  private pointFrame(data: DataView, place: number): this {
    const length = lengthAt(data, place);
    this.data = data;
    this.frame = place;
    this.length = length;
    this.offset = place + headerBytes(length);
    return this;
  }

  private write(segment: number, place: number, source: DataView, offset: number, length: number) {
    const { bytes, data } = this.arena;
    writeFrame(bytes[segment], data[segment], place, source, offset, length);
  }
}

function wordsOf(ref: number): number {
  return (ref & REF_IN_SEGMENT) << (REF_UNIT - 2);
}

/** Where frames must end, in bytes from the start of a block. */
function limitOf(capacityWord: number): number {
  return capacityWord >= ANCHORED_BYTES - 4 ? capacityWord + 4 - ANCHOR_BYTES : capacityWord + 4;
}

function anchorPlace(at: number, capacity: number, number: number): number {
  return at * 4 + capacity - ANCHOR_BYTES + ((number & NUMBER_MASK) >> ANCHOR_SHIFT) * 2;
}
