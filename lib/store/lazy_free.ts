/**
 * Freeing in slices what FLUSHALL ASYNC and FLUSHDB ASYNC took out of use: a database that was
 * detached is gone for its users at once, and its records are freed a millisecond or so at a time
 * between requests. Redis has a thread for that (lazyfree.c); one thread that owns the arena needs
 * no locks, and a budget keeps it from being noticed.
 *
 * A single value needs none of this: one or two calls of `Arena.free` free a string of any size.
 */

import type { Clock } from "../host/clock.ts";
import type { HashTable } from "../structures/hash_table.ts";
import type { StoreState } from "./store_state.ts";

/** Records freed between two looks at the clock: about 10 µs of work. */
const RECORDS_PER_SLICE = 128;
const SLICES_OF_HELP = 16;

export class LazyFree {
  /** Keys that were freed here since start or CONFIG RESETSTAT (`lazyfreed_objects`). */
  freedObjects = 0;
  private readonly tables: HashTable[] = [];
  private readonly freeRecord: (ref: number) => void;

  constructor(private readonly state: StoreState) {
    this.freeRecord = (ref) => state.freeEntry(ref);
  }

  /** Keys that wait to be freed (`lazyfree_pending_objects`). */
  get pendingObjects(): number {
    let total = this.state.discarded.length;
    for (const table of this.tables) total += table.count;
    return total;
  }

  get hasWork(): boolean {
    return this.tables.length > 0 || this.state.discarded.length > 0;
  }

  /** Takes over a table that is out of use, from `Database.detach`, with its records. */
  add(table: HashTable): void {
    if (table.count === 0) return;
    if (this.tables.length === 0) this.state.arena.join();
    this.tables.push(table);
  }

  /** Frees for about `budgetMs`; whether there is more to free. */
  tick(budgetMs: number, clock: Clock): boolean {
    if (!this.hasWork) return false;
    const endMs = clock.monotonicMs() + budgetMs;
    do {
      this.slice();
    } while (this.hasWork && clock.monotonicMs() < endMs);
    return this.hasWork;
  }

  /** Frees for those who need the memory now: some tenths of a millisecond; whether there is more. */
  help(): boolean {
    for (let slices = SLICES_OF_HELP; slices > 0 && this.hasWork; slices--) this.slice();
    return this.hasWork;
  }

  private slice(): void {
    const { discarded } = this.state;
    if (discarded.length > 0) {
      if (!discarded[discarded.length - 1].drain(RECORDS_PER_SLICE)) {
        discarded.pop();
        this.freedObjects++;
      }
      return;
    }
    const table = this.tables[0];
    const before = table.count;
    const more = table.drain(RECORDS_PER_SLICE, this.freeRecord);
    this.freedObjects += before - table.count;
    if (more) return;
    this.tables.shift();
    if (this.tables.length === 0) this.state.arena.leave();
  }
}
