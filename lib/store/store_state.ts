/**
 * What all databases of a store share: the arena, the hash key, the time that expiry is judged
 * by, the access clock and the hit counters. One plain object that hot code reads fields of.
 */

import type { Random } from "../host/random.ts";
import { Arena } from "../structures/arena.ts";
import { HashTable } from "../structures/hash_table.ts";
import { ENTRY_KEY_OFFSET } from "../values/entry.ts";

/** Frequency of a new key, high enough to survive until it had a chance to be used. */
const INITIAL_FREQUENCY = 5;
const MAX_FREQUENCY = 255;

export class StoreState {
  readonly arena = new Arena();
  /** Unix milliseconds that the running turn counts as now. */
  now = 0;
  hits = 0;
  misses = 0;
  /** Version stamped on entries as they are written; a snapshot raises it (16 bits). */
  epoch = 0;
  /** False while the store is loaded from a file: nothing expires then. */
  expires = true;
  /** False on a replica, which waits for its primary's DEL. */
  removesExpired = true;
  observesMisses = false;
  observesNewKeys = false;
  preservesEntries = false;
  /** True while look-ups leave no trace in the access clock (CLIENT NO-TOUCH). */
  accessFrozen = false;
  /** True under the LFU policies. */
  countsFrequency = false;
  /** The LRU clock: seconds modulo 2^24. */
  accessStamp = 0;
  /** What a new entry's access word is set to. */
  newAccess = 0;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;

  private readonly key0: number;
  private readonly key1: number;

  constructor(private readonly random: Random) {
    this.key0 = random.uint32();
    this.key1 = random.uint32();
  }

  newTable(): HashTable {
    return new HashTable(this.arena, ENTRY_KEY_OFFSET, this.key0, this.key1);
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
