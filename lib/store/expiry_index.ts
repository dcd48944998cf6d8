/**
 * When the keys of one database expire: a heap of four children a node with the soonest on top,
 * in typed arrays outside the garbage collector's sight. [hot]
 *
 * Redis samples its table of expiring keys and may keep dead ones for long; with a heap the
 * active cycle takes exactly those that are due, the eviction policy volatile-ttl is exact, and a
 * random place of the heap is a random expiring key. Each entry knows its place (word EXPIRY), so
 * that a change or removal costs O(log n), and its time is one array read away.
 *
 * The arrays are cut in chunks, so that growing never copies what is there.
 */

import type { Arena } from "../structures/arena.ts";
import { EXPIRY_WORD, readWord, writeWord } from "../values/entry.ts";

const CHUNK_SHIFT = 15;
const CHUNK = 1 << CHUNK_SHIFT;
const IN_CHUNK = CHUNK - 1;

export class ExpiryIndex {
  /** Number of keys that expire. */
  count = 0;
  private readonly times: Float64Array[] = [];
  private readonly refs: Int32Array[] = [];
  /** Times that a double does not hold exactly, by ref; hardly ever anything. */
  private readonly exactTimes: Map<number, bigint> = new Map();
  /** Sum of all expiry times, for INFO's avg_ttl. */
  private timeSum = 0;

  constructor(private readonly arena: Arena) {}

  /** Unix time in milliseconds when the entry expires; -1 when it does not. */
  timeOf(ref: number): number {
    const place = readWord(this.arena, ref, EXPIRY_WORD);
    return place === 0 ? -1 : this.timeAt(place - 1);
  }

  /** The entry that expires first; 0 when none does. */
  soonest(): number {
    return this.count === 0 ? 0 : this.refs[0][0];
  }

  /** When the first one expires; Infinity when none does. */
  soonestTime(): number {
    return this.count === 0 ? Infinity : this.times[0][0];
  }

  /** The entry at a place from 0 to count - 1, for picking at random. */
  refAt(place: number): number {
    return this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK];
  }

  timeAt(place: number): number {
    return this.times[place >>> CHUNK_SHIFT][place & IN_CHUNK];
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
    if (place >= 0) {
      const before = this.timeAt(place);
      this.timeSum += time - before;
      if (time < before) this.siftUp(place, ref, time);
      else this.siftDown(place, ref, time);
      return;
    }
    const last = this.count++;
    if (last >>> CHUNK_SHIFT === this.times.length) {
      this.times.push(new Float64Array(CHUNK));
      this.refs.push(new Int32Array(CHUNK));
    }
    this.timeSum += time;
    this.siftUp(last, ref, time);
  }

  /** Makes the entry live for ever; true when it had an expiry. */
  remove(ref: number): boolean {
    const place = readWord(this.arena, ref, EXPIRY_WORD) - 1;
    if (place < 0) return false;
    writeWord(this.arena, ref, EXPIRY_WORD, 0);
    if (this.exactTimes.size > 0) this.exactTimes.delete(ref);
    this.timeSum -= this.timeAt(place);
    const last = --this.count;
    if (place !== last) {
      const movedRef = this.refAt(last);
      const movedTime = this.timeAt(last);
      const parent = place === 0 ? -1 : (place - 1) >>> 2;
      if (parent >= 0 && this.timeAt(parent) > movedTime) this.siftUp(place, movedRef, movedTime);
      else this.siftDown(place, movedRef, movedTime);
    }
    if (last === 0) this.timeSum = 0;
    if (this.times.length > (last >>> CHUNK_SHIFT) + 2) {
      this.times.pop();
      this.refs.pop();
    }
    return true;
  }

  /** Tells the index that an entry was moved to another ref, its words copied. */
  moved(oldRef: number, newRef: number): void {
    const place = readWord(this.arena, newRef, EXPIRY_WORD) - 1;
    if (place < 0) return;
    this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK] = newRef;
    if (this.exactTimes.size > 0) this.moveExactTime(oldRef, newRef);
  }

  get memoryBytes(): number {
    return this.times.length * CHUNK * 12;
  }

  private moveExactTime(oldRef: number, newRef: number): void {
    const time = this.exactTimes.get(oldRef);
    if (time === undefined) return;
    this.exactTimes.delete(oldRef);
    this.exactTimes.set(newRef, time);
  }

  private put(place: number, ref: number, time: number): void {
    this.times[place >>> CHUNK_SHIFT][place & IN_CHUNK] = time;
    this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK] = ref;
    writeWord(this.arena, ref, EXPIRY_WORD, place + 1);
  }

  private siftUp(place: number, ref: number, time: number): void {
    while (place > 0) {
      const parent = (place - 1) >>> 2;
      const parentTime = this.timeAt(parent);
      if (parentTime <= time) break;
      this.put(place, this.refAt(parent), parentTime);
      place = parent;
    }
    this.put(place, ref, time);
  }

  private siftDown(place: number, ref: number, time: number): void {
    for (;;) {
      const first = place * 4 + 1;
      if (first >= this.count) break;
      const end = Math.min(first + 4, this.count);
      let child = first;
      let childTime = this.timeAt(first);
      for (let i = first + 1; i < end; i++) {
        const candidate = this.timeAt(i);
        if (candidate < childTime) {
          child = i;
          childTime = candidate;
        }
      }
      if (childTime >= time) break;
      this.put(place, this.refAt(child), childTime);
      place = child;
    }
    this.put(place, ref, time);
  }
}
