/**
 * Which sessions have read which keys: the memory behind CLIENT TRACKING.
 *
 * A million keys may be in here, so they are records of a hash table in the store's arena, and count
 * as used memory. Behind the prefix each record has one word for its readers: the serial number of the
 * only one, or the negative ref of a set of several. Such a set is an open-addressed table of numbers:
 *
 * ```
 * 0 count │ 4 number of slots, a power of two │ 8 slots: a serial number each, 0 for none …
 * ```
 *
 * A set only grows, and goes with its key: a key that was changed is to be read again first.
 */

import { copyBytes } from "../bytes/copy.ts";
import type { Random } from "../host/random.ts";
import type { StoreState } from "../store/store_state.ts";
import type { Arena } from "../structures/arena.ts";
import { REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } from "../structures/arena.ts";
import { type HashTable, RECORD_PREFIX_BYTES } from "../structures/hash_table.ts";

const READERS_WORD = RECORD_PREFIX_BYTES >>> 2;
const KEY_OFFSET = RECORD_PREFIX_BYTES + 4;
const WORD = REF_UNIT - 2;
const SET_HEADER_WORDS = 2;
const SMALLEST_SET = 4;
/** Multiplies serial numbers, which follow one another, into places all over a set. */
const SCATTER = 0x9e3779b1;

export class TrackingTable {
  /** Number of pairs of key and reader. */
  readerCount = 0;
  private readonly arena: Arena;
  private readonly table: HashTable;

  constructor(state: StoreState, private readonly random: Random) {
    this.arena = state.arena;
    this.table = state.newTable(KEY_OFFSET);
  }

  get keyCount(): number {
    return this.table.count;
  }

  /**
   * Notes that somebody has read a key.
   *
   * @param serial a whole number from 1 to 2^31 - 1.
   * @throws {ArenaFullError} when there is no memory, and then the key is as it was.
   */
  add(key: DataView, offset: number, length: number, serial: number): void {
    const { table } = this;
    const hash = table.hash(key, offset, length);
    const ref = table.find(key, offset, length, hash);
    if (ref !== 0) return this.addReader(ref, serial);
    const record = this.arena.allocate(KEY_OFFSET + length);
    const segment = record >>> SEGMENT_OF_REF;
    const at = (record & REF_IN_SEGMENT) << WORD;
    this.arena.words[segment][at + READERS_WORD] = serial;
    copyBytes(key, offset, this.arena.data[segment], (at << 2) + KEY_OFFSET, length);
    if (table.count === 0) this.arena.join();
    table.insert(record, hash, length);
    this.readerCount++;
  }

  /** Forgets a key; the serial numbers of those who had read it, lowest first. */
  take(key: DataView, length: number): number[] {
    const { table } = this;
    if (table.count === 0) return [];
    const ref = table.find(key, 0, length, table.hash(key, 0, length));
    if (ref === 0) return [];
    const readers = this.readersOf(ref);
    table.remove(ref);
    this.free(ref);
    this.readerCount -= readers.length;
    if (table.count === 0) this.arena.leave();
    return readers;
  }

  /** A copy of a key picked at random; null when there is none. */
  randomKey(): Uint8Array<ArrayBuffer> | null {
    const ref = this.table.pick(this.random);
    if (ref === 0) return null;
    const start = ((ref & REF_IN_SEGMENT) << REF_UNIT) + KEY_OFFSET;
    const bytes = this.arena.bytes[ref >>> SEGMENT_OF_REF];
    return new Uint8Array(bytes.subarray(start, start + this.table.keyLengthOf(ref)));
  }

  clear(): void {
    if (this.table.count === 0) return;
    while (this.table.drain(1024, (ref) => this.free(ref)));
    this.readerCount = 0;
    this.arena.leave();
  }

  private readersOf(ref: number): number[] {
    const readers = this.wordsOf(ref)[firstWord(ref) + READERS_WORD];
    if (readers > 0) return [readers];
    const words = this.wordsOf(-readers);
    const start = firstWord(-readers);
    const found: number[] = [];
    for (let slot = 0; slot < words[start + 1]; slot++) {
      const serial = words[start + SET_HEADER_WORDS + slot];
      if (serial !== 0) found.push(serial);
    }
    return found.sort((a, b) => a - b);
  }

  private addReader(ref: number, serial: number): void {
    const place = firstWord(ref) + READERS_WORD;
    const words = this.wordsOf(ref);
    const readers = words[place];
    if (readers === serial) return;
    let set = -readers;
    if (readers > 0) {
      set = this.newSet(SMALLEST_SET);
      put(this.wordsOf(set), firstWord(set), readers);
    } else if (this.isNearlyFull(set)) set = this.grown(set);
    words[place] = -set;
    if (put(this.wordsOf(set), firstWord(set), serial)) this.readerCount++;
  }

  /** Three quarters are taken, so that a search ends soon. */
  private isNearlyFull(set: number): boolean {
    const words = this.wordsOf(set);
    const start = firstWord(set);
    return words[start] * 4 >= words[start + 1] * 3;
  }

  private grown(set: number): number {
    const words = this.wordsOf(set);
    const start = firstWord(set);
    const larger = this.newSet(words[start + 1] * 2);
    for (let slot = 0; slot < words[start + 1]; slot++) {
      const serial = words[start + SET_HEADER_WORDS + slot];
      if (serial !== 0) put(this.wordsOf(larger), firstWord(larger), serial);
    }
    this.arena.free(set);
    return larger;
  }

  private newSet(slots: number): number {
    const set = this.arena.allocate((SET_HEADER_WORDS + slots) * 4);
    const start = firstWord(set);
    const words = this.wordsOf(set);
    words.fill(0, start, start + SET_HEADER_WORDS + slots);
    words[start + 1] = slots;
    return set;
  }

  private free(ref: number): void {
    const readers = this.wordsOf(ref)[firstWord(ref) + READERS_WORD];
    if (readers < 0) this.arena.free(-readers);
    this.arena.free(ref);
  }

  private wordsOf(ref: number): Int32Array {
    return this.arena.words[ref >>> SEGMENT_OF_REF];
  }
}

function firstWord(ref: number): number {
  return (ref & REF_IN_SEGMENT) << WORD;
}

/** Puts a number into a set that has room; false where it was there. */
function put(words: Int32Array, start: number, serial: number): boolean {
  const mask = words[start + 1] - 1;
  let slot = Math.imul(serial, SCATTER) >>> 7 & mask;
  for (;;) {
    const at = start + SET_HEADER_WORDS + slot;
    if (words[at] === serial) return false;
    if (words[at] === 0) {
      words[at] = serial;
      words[start]++;
      return true;
    }
    slot = (slot + 1) & mask;
  }
}
