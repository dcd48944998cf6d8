/**
 * The one place that hears of every change of a key: commands come through `call.changed`, expiry
 * and eviction through the store's observer. What must know of changes (WATCH, keyspace events,
 * client tracking, snapshots, blocked clients) hangs here and nowhere else.
 */

import type { Database, StoreObserver } from "../store/database.ts";
import { keyCopy } from "../values/entry.ts";
import type { Propagation } from "./propagation.ts";
import type { EngineStats } from "./stats/engine_stats.ts";

/** Hears of changes; the key is lent until the call returns. */
export interface ChangeListener {
  /** @param event the keyspace event's name, e.g. `set`, `expired`. */
  keyChanged(db: Database, key: Uint8Array, event: string): void;
  /** A database was emptied as a whole, for which there is no change of single keys. */
  flushed?(db: Database): void;
  /** Two databases changed what they hold. */
  swapped?(a: Database, b: Database): void;
}

/** How an expired or evicted key leaves: `lazyfree-lazy-expire`, `lazyfree-lazy-eviction`. */
export interface RemovalConfig {
  lazyExpire: boolean;
  lazyEviction: boolean;
}

export class Keyspace implements StoreObserver {
  /** Whether anyone listens; checked before a key's view is made. */
  observed = false;
  readonly removal: RemovalConfig = { lazyExpire: false, lazyEviction: false };
  /** Replaced and never changed: a listener may leave while all are told. */
  private listeners: readonly ChangeListener[] = [];

  constructor(private readonly propagation: Propagation, private readonly stats: EngineStats) {}

  listen(listener: ChangeListener): void {
    this.listeners = [...this.listeners, listener];
    this.observed = true;
  }

  unlisten(listener: ChangeListener): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
    this.observed = this.listeners.length > 0;
  }

  changed(db: Database, key: Uint8Array, event: string): void {
    for (const listener of this.listeners) listener.keyChanged(db, key, event);
  }

  /** FLUSHDB and FLUSHALL, before the keys are gone. */
  flushed(db: Database): void {
    for (const listener of this.listeners) listener.flushed?.(db);
  }

  /** SWAPDB. */
  swapped(a: Database, b: Database): void {
    for (const listener of this.listeners) listener.swapped?.(a, b);
  }

  /** Removes an entry whose time is up and makes it known as a deletion. */
  expired(db: Database, ref: number): void {
    this.stats.expiredKeys++;
    this.removeEntry(db, ref, "expired", this.removal.lazyExpire);
  }

  /** Makes known that fields of a hash are gone, and removes the hash if they were its last. */
  fieldsExpired(
    db: Database,
    ref: number,
    fields: readonly Uint8Array[],
    emptied: boolean,
  ): void {
    this.stats.expiredFields += fields.length;
    const key = keyCopy(db.arena, ref);
    if (emptied) db.remove(ref);
    this.propagation.emitCommand(db.index, ["HDEL", key, ...fields]);
    if (!this.observed) return;
    this.changed(db, key, "hexpired");
    if (emptied) this.changed(db, key, "del");
  }

  /** Removes an entry for lack of memory and makes it known as a deletion. */
  evict(db: Database, ref: number): void {
    this.stats.evictedKeys++;
    this.removeEntry(db, ref, "evicted", this.removal.lazyEviction);
  }

  keyMissed(db: Database, key: Uint8Array): void {
    this.changed(db, key, "keymiss");
  }

  keyAdded(db: Database, ref: number): void {
    this.changed(db, db.keyOf(ref), "new");
  }

  /** Set by a snapshot while it runs, which keeps the old state of what it has not saved yet. */
  beforeChange(): void {}

  private removeEntry(db: Database, ref: number, event: string, lazily: boolean): void {
    if (!this.observed && !this.propagation.active) {
      db.remove(ref);
      return;
    }
    const key = keyCopy(db.arena, ref);
    db.remove(ref);
    this.propagation.emitCommand(db.index, [lazily ? "UNLINK" : "DEL", key]);
    if (this.observed) this.changed(db, key, event);
  }
}
