/**
 * When the fields of one hash expire. Each expiring field's record (large_hash.ts) has a word behind
 * its value for its place in this heap; the records of other fields do not pay for it.
 */

import type { Arena } from "../../structures/arena.ts";
import { TimeHeap } from "../../structures/time_heap.ts";
import { readWord, writeWord } from "../entry.ts";

/** Most hashes have few expiring fields, and there may be many such hashes. */
const FIRST_CHUNK = 4;

export class FieldExpiry extends TimeHeap {
  private accountedBytes = 0;

  /** @param placeWord says which word of a record holds its place. */
  constructor(private readonly arena: Arena, private readonly placeWord: (ref: number) => number) {
    super(FIRST_CHUNK);
  }

  timeOf(ref: number): number {
    return this.timeAt(this.placeOf(ref));
  }

  /** Adds a record that is not in the heap. */
  insert(ref: number, time: number): void {
    this.add(ref, time);
    this.account();
  }

  /** Changes the time of a record that is in the heap. */
  change(ref: number, time: number): void {
    this.changeTime(this.placeOf(ref), time);
  }

  remove(ref: number): void {
    this.removeAt(this.placeOf(ref));
    this.account();
  }

  /** Notes that a record lies elsewhere now, its word copied. */
  moved(ref: number): void {
    this.setRefAt(this.placeOf(ref), ref);
  }

  /** Takes what the heap itself takes out of the arena's account, before it is dropped. */
  release(): void {
    this.arena.outsideBytes -= this.accountedBytes;
    this.accountedBytes = 0;
  }

  protected setPlace(ref: number, place: number): void {
    writeWord(this.arena, ref, this.placeWord(ref), place);
  }

  private placeOf(ref: number): number {
    return readWord(this.arena, ref, this.placeWord(ref));
  }

  private account(): void {
    const bytes = this.memoryBytes;
    this.arena.outsideBytes += bytes - this.accountedBytes;
    this.accountedBytes = bytes;
  }
}
