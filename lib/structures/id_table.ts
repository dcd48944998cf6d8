/**
 * Records that are found by their id and walked in its order, in blocks of the arena: a million of
 * them are ten thousand blocks and two typed arrays. [hot]
 *
 * ```
 * block   record record …            as many as 4 KiB hold, fewer in a small table
 * record  id (four words) │ words of the owner
 * ```
 *
 * Most records come at the end and go from the front; a full block is halved only when one comes in
 * its middle, so blocks that were filled in order stay full.
 */

import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";
import { IdIndex } from "./id_index.ts";
import { StreamId } from "./stream_id.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;

const BLOCK_BYTES = 4096;
const ID_WORDS = 4;
/** Word 0 of a block is the number of its records. */
const FIRST_WORD = 4;
const SMALLEST_RECORDS = 4;

export class IdTable {
  /** Number of records. */
  size = 0;
  private readonly index: IdIndex;
  private readonly recordWords: number;
  private readonly blockRecords: number;
  private blockBytes = 0;

  // Where the record last sought is: its block, and its number there.
  private block = 0;
  private place = 0;

  /** @param words the owner's words in each record, which are signed. */
  constructor(private readonly arena: Arena, private readonly words: number) {
    this.index = new IdIndex(arena);
    this.recordWords = ID_WORDS + words;
    this.blockRecords = Math.floor((BLOCK_BYTES / 4 - FIRST_WORD) / this.recordWords);
  }

  get memoryBytes(): number {
    return this.blockBytes + this.index.bytes;
  }

  /** Turns to the record of an id; false when there is none. */
  find(id: StreamId): boolean {
    return this.seek(id) && this.compareHere(id) === 0;
  }

  /** Turns to the first record with this id or a later one; false when there is none. */
  seek(id: StreamId): boolean {
    if (this.index.length === 0) return false;
    this.locate(id);
    return this.settle();
  }

  first(): boolean {
    this.block = 0;
    this.place = 0;
    return this.size > 0;
  }

  last(): boolean {
    if (this.size === 0) return false;
    this.block = this.index.length - 1;
    this.place = this.countHere() - 1;
    return true;
  }

  /** Goes on to the next record; false when there is none. */
  next(): boolean {
    this.place++;
    return this.settle();
  }

  /** Sets `id` to that of the record turned to. */
  readId(id: StreamId): void {
    const words = this.wordsHere();
    const at = this.recordAt(this.place);
    id.setWords(words[at] >>> 0, words[at + 1] >>> 0, words[at + 2] >>> 0, words[at + 3] >>> 0);
  }

  /** One of the owner's words in the record turned to. */
  word(number: number): number {
    return this.wordsHere()[this.recordAt(this.place) + ID_WORDS + number];
  }

  setWord(number: number, value: number): void {
    this.wordsHere()[this.recordAt(this.place) + ID_WORDS + number] = value;
  }

  /** Adds a record, whose id must not be there, and turns to it; its words are undefined. */
  insert(id: StreamId): void {
    this.toPlaceOf(id);
    this.insertHere(id);
  }

  /** Turns to the record of an id, which is added if it is not there; whether it was. */
  put(id: StreamId): boolean {
    this.toPlaceOf(id);
    if (this.place < this.countHere() && this.compareHere(id) === 0) return false;
    this.insertHere(id);
    return true;
  }

  private toPlaceOf(id: StreamId): void {
    const { index } = this;
    if (index.length === 0) index.insert(0, id, this.newBlock(SMALLEST_RECORDS));
    this.locate(id);
  }

  private insertHere(id: StreamId): void {
    const { index } = this;
    // What a block begins with in the index is no later than its first record.
    if (this.block === 0 && this.place === 0) index.setIdAt(0, id);
    if (this.countHere() === this.blockRecords) this.split(id);
    else this.reserve(this.countHere() + 1);
    const words = this.wordsHere();
    const at = this.recordAt(this.place);
    const end = this.recordAt(this.countHere());
    if (at < end) words.copyWithin(at + this.recordWords, at, end);
    words[at] = id.msHigh | 0;
    words[at + 1] = id.msLow | 0;
    words[at + 2] = id.seqHigh | 0;
    words[at + 3] = id.seqLow | 0;
    words[this.base(this.index.refAt(this.block))]++;
    this.size++;
  }

  /** Removes the record turned to, and turns to the next one; false when there is none. */
  remove(): boolean {
    const words = this.wordsHere();
    const count = this.countHere();
    const at = this.recordAt(this.place);
    if (this.place < count - 1) {
      words.copyWithin(at, at + this.recordWords, this.recordAt(count));
    }
    words[this.base(this.index.refAt(this.block))] = count - 1;
    this.size--;
    if (count === 1) this.dropBlock(this.block);
    else this.shrink(count - 1);
    return this.index.length > 0 && this.settle();
  }

  /** Gives back about so many records; true while there are more. */
  drain(records: number): boolean {
    let left = records;
    while (left > 0 && this.index.length > 0) {
      this.block = this.index.length - 1;
      const count = this.countHere();
      this.dropBlock(this.block);
      this.size -= count;
      left -= count;
    }
    if (this.index.length > 0) return true;
    this.index.release();
    return false;
  }

  copy(): IdTable {
    const copy = new IdTable(this.arena, this.words);
    const id = new StreamId();
    for (let at = 0; at < this.index.length; at++) {
      this.index.idAt(at, id);
      copy.index.insert(at, id, copy.copyBlock(this.index.refAt(at)));
    }
    copy.size = this.size;
    return copy;
  }

  private copyBlock(ref: number): number {
    const { arena } = this;
    const words = arena.words[ref >>> SEGMENT_OF_REF];
    const from = this.base(ref);
    const copied = this.newBlock(Math.max(words[from], 1));
    const end = from + FIRST_WORD + words[from] * this.recordWords;
    arena.words[copied >>> SEGMENT_OF_REF].set(words.subarray(from, end), this.base(copied));
    return copied;
  }

  /** Turns to the place where the id is or belongs, which may be behind the last of a block. */
  private locate(id: StreamId): void {
    this.block = Math.max(0, this.index.find(id));
    const count = this.countHere();
    // What was delivered last comes behind all others, and is mostly what is looked for next.
    this.place = count - 1;
    if (count > 0 && this.compareHere(id) > 0) {
      this.place = count;
      return;
    }
    let low = 0;
    let high = count;
    while (low < high) {
      this.place = (low + high) >>> 1;
      if (this.compareHere(id) > 0) low = this.place + 1;
      else high = this.place;
    }
    this.place = low;
  }

  /** Goes on to the next block if the place is behind the last record of this one. */
  private settle(): boolean {
    if (this.block >= this.index.length) return false;
    if (this.place < this.countHere()) return true;
    this.block++;
    this.place = 0;
    return this.block < this.index.length;
  }

  private compareHere(id: StreamId): number {
    const words = this.wordsHere();
    const at = this.recordAt(this.place);
    return id.compareWords(
      words[at] >>> 0,
      words[at + 1] >>> 0,
      words[at + 2] >>> 0,
      words[at + 3] >>> 0,
    );
  }

  private wordsHere(): Int32Array {
    return this.arena.words[this.index.refAt(this.block) >>> SEGMENT_OF_REF];
  }

  private countHere(): number {
    return this.wordsHere()[this.base(this.index.refAt(this.block))];
  }

  private recordAt(place: number): number {
    return this.base(this.index.refAt(this.block)) + FIRST_WORD + place * this.recordWords;
  }

  private base(ref: number): number {
    return (ref & REF_IN_SEGMENT) << (REF_UNIT - 2);
  }

  /** Makes room in a full block for a record at the place, which may come to lie in another block. */
  private split(id: StreamId): void {
    const count = this.blockRecords;
    if (this.place === count) {
      this.index.insert(++this.block, id, this.newBlock(SMALLEST_RECORDS));
      this.place = 0;
      return;
    }
    const half = count >>> 1;
    const from = this.recordAt(half);
    const end = this.recordAt(count);
    const words = this.wordsHere();
    const right = this.newBlock(count);
    const to = this.base(right);
    const moved = this.arena.words[right >>> SEGMENT_OF_REF];
    moved.set(words.subarray(from, end), to + FIRST_WORD);
    moved[to] = count - half;
    words[this.base(this.index.refAt(this.block))] = half;
    const middle = new StreamId().setWords(
      words[from] >>> 0,
      words[from + 1] >>> 0,
      words[from + 2] >>> 0,
      words[from + 3] >>> 0,
    );
    this.index.insert(this.block + 1, middle, right);
    if (this.place <= half) return;
    this.block++;
    this.place -= half;
  }

  /** Makes the block turned to hold `records`. */
  private reserve(records: number): void {
    const ref = this.index.refAt(this.block);
    if (this.bytesFor(records) <= this.arena.capacityOf(ref)) return;
    this.moveBlock(ref, Math.min(records * 2, this.blockRecords));
  }

  private shrink(records: number): void {
    const ref = this.index.refAt(this.block);
    const wanted = roundedSize(this.bytesFor(Math.max(records, SMALLEST_RECORDS)));
    if (wanted * 4 <= this.arena.capacityOf(ref)) this.moveBlock(ref, records * 2);
  }

  private moveBlock(ref: number, records: number): void {
    const { arena } = this;
    const moved = this.newBlock(Math.max(records, SMALLEST_RECORDS));
    const words = arena.words[ref >>> SEGMENT_OF_REF];
    const from = this.base(ref);
    const end = from + FIRST_WORD + words[from] * this.recordWords;
    arena.words[moved >>> SEGMENT_OF_REF].set(words.subarray(from, end), this.base(moved));
    this.index.setRefAt(this.block, moved);
    this.free(ref);
  }

  private newBlock(records: number): number {
    const ref = this.arena.allocate(this.bytesFor(records));
    this.blockBytes += this.arena.capacityOf(ref);
    this.arena.words[ref >>> SEGMENT_OF_REF][this.base(ref)] = 0;
    return ref;
  }

  private bytesFor(records: number): number {
    return (FIRST_WORD + records * this.recordWords) * 4;
  }

  private dropBlock(at: number): void {
    this.free(this.index.refAt(at));
    this.index.remove(at);
  }

  private free(ref: number): void {
    this.blockBytes -= this.arena.capacityOf(ref);
    this.arena.free(ref);
  }
}
