/**
 * The active expiry cycle: removes keys, and fields of hashes, whose time is up though nobody asks
 * for them.
 *
 * Redis draws samples of the keys that expire and goes on while many of a sample are dead (expire.c),
 * so dead keys may stay for long. The expiry index knows exactly which keys are due, soonest first,
 * so the cycle takes those and looks at no other; what it costs depends on the dead only. A time
 * budget bounds each tick, however many keys die at the same moment.
 */

import type { Clock } from "../host/clock.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";

/** Keys removed between two looks at the clock: some 10 µs of work. */
const KEYS_PER_LOOK = 32;

/** Where the cycle counts, for INFO. */
export interface ExpiryCounters {
  /** Ticks that ended with keys still due (`expired_time_cap_reached_count`). */
  expireTimeCapReached: number;
  /** Time spent in ticks, in milliseconds (`expire_cycle_cpu_milliseconds`). */
  expireCycleMs: number;
}

export class ExpiryCycle {
  /** DEBUG SET-ACTIVE-EXPIRE turns it off; look-ups drop what they find dead all the same. */
  enabled = true;
  /** The database to begin with, so that one full of dead keys does not keep others waiting. */
  private nextDb = 0;

  constructor(private readonly store: Store, private readonly counters: ExpiryCounters) {}

  /** Whether a tick would find keys to remove, by the time of the last turn. */
  get hasDue(): boolean {
    const { state, databases } = this.store;
    return this.mayRemove && databases.some((db) => hasDue(db, state.now));
  }

  /** Nothing expires while data is loaded or writes are held up, nor on a replica by itself. */
  private get mayRemove(): boolean {
    const { state } = this.store;
    return this.enabled && state.expires && state.removesExpired;
  }

  /**
   * Removes keys that are due by the time of the open turn, for about `budgetMs` at most; what
   * remains is left to the next tick.
   *
   * @returns how many keys and batches of fields were removed.
   */
  tick(budgetMs: number, clock: Clock): number {
    const { state, databases } = this.store;
    if (!this.mayRemove) return 0;
    const startMs = clock.monotonicMs();
    const endMs = startMs + budgetMs;
    let nowMs = startMs;
    let removed = 0;
    for (let visited = 0; visited < databases.length && nowMs < endMs; visited++) {
      const db = databases[this.nextDb];
      this.nextDb = (this.nextDb + 1) % databases.length;
      while (nowMs < endMs && hasDue(db, state.now)) {
        const count = removeDue(db, state.now);
        removed += count;
        nowMs = clock.monotonicMs();
        // What is due may have to wait for a snapshot.
        if (count === 0) break;
      }
    }
    if (removed === 0) return 0;
    this.counters.expireCycleMs += nowMs - startMs;
    if (nowMs >= endMs && this.hasDue) this.counters.expireTimeCapReached++;
    return removed;
  }
}

function hasDue(db: Database, now: number): boolean {
  return db.expiry.soonestTime() <= now || db.hashExpiry.soonestTime() <= now;
}

/** Removes a few of the keys and fields that are due. */
function removeDue(db: Database, now: number): number {
  let removed = 0;
  const hash = db.hashExpiry.soonest();
  if (hash !== null && hash.dueTime <= now && !db.postponesExpiry(hash.entry)) {
    db.dropExpiredFields(hash.entry, KEYS_PER_LOOK);
    removed++;
  }
  while (removed < KEYS_PER_LOOK && db.expiry.soonestTime() <= now) {
    db.dropIfExpired(db.expiry.soonest());
    removed++;
  }
  return removed;
}
