/**
 * Which key leaves when memory is short: the eight policies of `maxmemory-policy`.
 *
 * Redis approximates LRU and LFU by comparing a few random keys with a pool of the best seen
 * (https://redis.io/docs/reference/eviction); so do we, over all databases. Where Redis samples
 * for volatile-ttl, the expiry index knows the answer.
 */

import type { Random } from "../host/random.ts";
import { ACCESS_WORD, readWord } from "../values/entry.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";

export type EvictionPolicy =
  | "noeviction"
  | "allkeys-lru"
  | "allkeys-lfu"
  | "allkeys-random"
  | "volatile-lru"
  | "volatile-lfu"
  | "volatile-random"
  | "volatile-ttl";

export interface Victim {
  readonly db: Database;
  readonly ref: number;
}

export class Eviction {
  policy: EvictionPolicy = "noeviction";
  /** Keys compared for each one evicted (`maxmemory-samples`). */
  samples = 5;
  /** Where the random policies go on, so that no database is favoured. */
  private nextDb = 0;

  constructor(private readonly store: Store, private readonly random: Random) {}

  /** The key to evict next, or null when the policy leaves none. */
  pick(): Victim | null {
    switch (this.policy) {
      case "noeviction":
        return null;
      case "volatile-ttl":
        return this.soonestToExpire();
      case "allkeys-random":
      case "volatile-random":
        return this.anyKey(this.policy === "volatile-random");
      default:
        return this.leastUsed();
    }
  }

  private soonestToExpire(): Victim | null {
    let best: Victim | null = null;
    let soonest = Infinity;
    for (const db of this.store.databases) {
      if (db.expiry.soonestTime() >= soonest) continue;
      soonest = db.expiry.soonestTime();
      best = { db, ref: db.expiry.soonest() };
    }
    return best;
  }

  private anyKey(volatile: boolean): Victim | null {
    const databases = this.store.databases;
    for (let i = 0; i < databases.length; i++) {
      const db = databases[this.nextDb++ % databases.length];
      const ref = this.sample(db, volatile);
      if (ref !== 0) return { db, ref };
    }
    return null;
  }

  private leastUsed(): Victim | null {
    const volatile = this.policy.startsWith("volatile");
    const frequency = this.policy.endsWith("lfu");
    let best: Victim | null = null;
    let bestScore = -1;
    for (const db of this.store.databases) {
      const available = volatile ? db.expiry.count : db.size;
      for (let i = Math.min(this.samples, available); i > 0; i--) {
        const ref = this.sample(db, volatile);
        const word = readWord(db.arena, ref, ACCESS_WORD);
        const state = this.store.state;
        const score = frequency ? 255 - state.decayed(word) : state.idleSeconds(word);
        if (score <= bestScore) continue;
        bestScore = score;
        best = { db, ref };
      }
    }
    return best;
  }

  private sample(db: Database, volatile: boolean): number {
    if (!volatile) return db.table.random(() => this.random.uint32());
    return db.expiry.count === 0 ? 0 : db.expiry.refAt(this.random.below(db.expiry.count));
  }
}
