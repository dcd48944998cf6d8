/**
 * When the keys of one database expire. [hot]
 *
 * Redis samples its table of expiring keys and may keep dead ones for long; with a heap the
 * active cycle takes exactly those that are due, the eviction policy volatile-ttl is exact, and a
 * random place of the heap is a random expiring key. Each entry knows its place (word EXPIRY).
 */

import type { Arena } from "../structures/arena.ts";
import { TimeHeap } from "../structures/time_heap.ts";
import * as entryModule from "../values/entry.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { EXPIRY_WORD, readWord, writeWord } = entryModule;

/** Keys that there is room for at first. */
const FIRST_CHUNK = 1024;

export class ExpiryIndex extends TimeHeap {
  /** Times that a double does not hold exactly, by ref; hardly ever anything. */
  private readonly exactTimes: Map<number, bigint> = new Map();
  /** Sum of all expiry times, for INFO's avg_ttl. */
  private timeSum = 0;

  constructor(private readonly arena: Arena) {
    super(FIRST_CHUNK);
  }

  /** Unix time in milliseconds when the entry expires; -1 when it does not. */
  timeOf(ref: number): number {
    const place = readWord(this.arena, ref, EXPIRY_WORD);
    return place === 0 ? -1 : this.timeAt(place - 1);
  }

  /** Mean of what is left to live, in milliseconds, 0 when nothing expires. */
  averageTtl(now: number): number {
    return this.count === 0 ? 0 : Math.max(0, Math.round(this.timeSum / this.count - now));
  }

  /** As {@linkcode timeOf}, exact also beyond 2^53. */
  exactTimeOf(ref: number): bigint {
    return this.exactTimes.get(ref) ?? BigInt(this.timeOf(ref));
  }

  /** As {@linkcode set}, and remembers the time exactly also beyond 2^53. */
  setExact(ref: number, time: bigint): void {
    this.set(ref, Number(time));
    if (!Number.isSafeInteger(Number(time))) this.exactTimes.set(ref, time);
  }

  set(ref: number, time: number): void {
    if (this.exactTimes.size > 0) this.exactTimes.delete(ref);
    const place = readWord(this.arena, ref, EXPIRY_WORD) - 1;
    this.timeSum += time;
    if (place >= 0) {
      this.timeSum -= this.timeAt(place);
      this.changeTime(place, time);
    } else this.add(ref, time);
  }

  /** Makes the entry live for ever; true when it had an expiry. */
  remove(ref: number): boolean {
    const place = readWord(this.arena, ref, EXPIRY_WORD) - 1;
    if (place < 0) return false;
    writeWord(this.arena, ref, EXPIRY_WORD, 0);
    if (this.exactTimes.size > 0) this.exactTimes.delete(ref);
    this.timeSum -= this.timeAt(place);
    this.removeAt(place);
    if (this.count === 0) this.timeSum = 0;
    return true;
  }

  /** Tells the index that an entry was moved to another ref, its words copied. */
  moved(oldRef: number, newRef: number): void {
    const place = readWord(this.arena, newRef, EXPIRY_WORD) - 1;
    if (place < 0) return;
    this.setRefAt(place, newRef);
    if (this.exactTimes.size > 0) this.moveExactTime(oldRef, newRef);
  }

  protected setPlace(ref: number, place: number): void {
    writeWord(this.arena, ref, EXPIRY_WORD, place + 1);
  }

  private moveExactTime(oldRef: number, newRef: number): void {
    const time = this.exactTimes.get(oldRef);
    if (time === undefined) return;
    this.exactTimes.delete(oldRef);
    this.exactTimes.set(newRef, time);
  }
}
