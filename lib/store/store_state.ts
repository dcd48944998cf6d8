/**
 * What all databases of a store share: the arena, the hash key, the time that expiry is judged
 * by, the access clock and the hit counters. One plain object that hot code reads fields of.
 */

import type { Random } from "../host/random.ts";
import { Arena } from "../structures/arena.ts";
import { HashTable } from "../structures/hash_table.ts";
import { ENTRY_KEY_OFFSET, readWord, Storage, storageOf, VALUE_WORD } from "../values/entry.ts";
import { ValueLimits } from "../values/limits.ts";
import type { StoredObject } from "../values/value.ts";
import { ObjectTable } from "../values/value.ts";

/** Frequency of a new key, high enough to survive until it had a chance to be used. */
const INITIAL_FREQUENCY = 5;
const MAX_FREQUENCY = 255;

/** Elements of a large value that are freed by the command that drops it. */
const DISCARDED_AT_ONCE = 64;

export class StoreState {
  readonly arena = new Arena();
  readonly objects = new ObjectTable();
  readonly limits = new ValueLimits();
  /** Large values that are out of use and wait to be given back in slices. */
  readonly discarded: StoredObject[] = [];
  /** Unix milliseconds that the running turn counts as now. */
  now = 0;
  hits = 0;
  misses = 0;
  /** Version stamped on entries as they are written; a snapshot raises it (16 bits). */
  epoch = 0;
  /** False while the store is loaded from a file: nothing expires then. */
  expires = true;
  /** On a replica keys that are past their time wait for the primary's DEL. */
  leavesExpiry = false;
  /** What is there stays as it is, while clients' writes are held up. */
  isHeld = false;
  /**
   * Whether clients change data that a primary changes as well: what they find past its time makes
   * way for what they write, and is theirs to remove where they had given it an expiry.
   */
  isWritableReplica = false;
  observesMisses = false;
  observesNewKeys = false;
  preservesEntries = false;
  /** Whether a look-up just stamps the entry with the clock: neither of the two below holds. */
  stampsAccess = true;
  /** The LRU clock: seconds modulo 2^24. */
  accessStamp = 0;
  /** What a new entry's access word is set to. */
  newAccess = 0;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;

  private freezesAccess = false;
  private frequencies = false;
  private readonly key0: number;
  private readonly key1: number;

  constructor(private readonly random: Random) {
    this.key0 = random.uint32();
    this.key1 = random.uint32();
  }

  /** Whether what is past its time is removed, and not just left out of replies. */
  get removesExpired(): boolean {
    return !this.leavesExpiry && !this.isHeld;
  }

  /** True while look-ups leave no trace in the access clock (CLIENT NO-TOUCH). */
  get accessFrozen(): boolean {
    return this.freezesAccess;
  }

  set accessFrozen(frozen: boolean) {
    this.freezesAccess = frozen;
    this.stampsAccess = !frozen && !this.frequencies;
  }

  /** True under the LFU policies. */
  get countsFrequency(): boolean {
    return this.frequencies;
  }

  set countsFrequency(counts: boolean) {
    this.frequencies = counts;
    this.stampsAccess = !counts && !this.freezesAccess;
  }

  /**
   * An empty table in the arena, hashed with the store's secret key.
   *
   * @param keyOffset where a record's key begins, in bytes from its start.
   */
  newTable(keyOffset: number = ENTRY_KEY_OFFSET): HashTable {
    return new HashTable(this.arena, keyOffset, this.key0, this.key1);
  }

  /** Frees an entry that is in no table and no expiry index any more, with its value. */
  freeEntry(ref: number): void {
    this.freeValue(ref);
    this.arena.free(ref);
  }

  /** Frees what an entry's value has outside of the record; of a large one the rest comes later. */
  freeValue(ref: number): void {
    const storage = storageOf(this.arena, ref);
    if (storage === Storage.INLINE) return;
    const value = readWord(this.arena, ref, VALUE_WORD);
    if (storage === Storage.BLOCK) this.arena.free(value);
    else this.discard(this.objects.take(value));
  }

  /** Gives back a value that is out of use: at once if it is small, otherwise in slices. */
  discard(object: StoredObject): void {
    if (object.drain(DISCARDED_AT_ONCE)) this.discarded.push(object);
  }

  /** Sets the time that the following look-ups are judged by, in Unix milliseconds. */
  setNow(unixMs: number): void {
    this.now = unixMs;
    this.accessStamp = Math.floor(unixMs / 1000) & 0xffffff;
    this.newAccess = this.countsFrequency
      ? this.minutes << 8 | INITIAL_FREQUENCY
      : this.accessStamp;
  }

  /** The access word after one more use: the counter decays with time and grows by chance. */
  frequencyAfterAccess(word: number): number {
    return this.minutes << 8 | this.grown(this.decayed(word));
  }

  /** The frequency counter of an access word as of now, from 0 to 255. */
  decayed(word: number): number {
    const counter = word & 0xff;
    if (this.lfuDecayMinutes === 0) return counter;
    const idle = (this.minutes - (word >>> 8)) & 0xffff;
    return Math.max(0, counter - Math.floor(idle / this.lfuDecayMinutes));
  }

  /** Seconds since the access that an LRU word records. */
  idleSeconds(word: number): number {
    return (this.accessStamp - word) & 0xffffff;
  }

  /** Logarithmic counting after Morris (1978): the more there is, the less likely to add one. */
  private grown(counter: number): number {
    if (counter === MAX_FREQUENCY) return counter;
    const base = Math.max(0, counter - INITIAL_FREQUENCY);
    const chance = 1 / (base * this.lfuLogFactor + 1);
    return this.random.uint32() / 2 ** 32 < chance ? counter + 1 : counter;
  }

  private get minutes(): number {
    return Math.floor(this.now / 60_000) & 0xffff;
  }
}
