/**
 * The one place that hears of every change of a key: commands come through `call.changed`, expiry
 * and eviction through the store's observer. What must know of changes (WATCH, keyspace events,
 * client tracking, snapshots, blocked clients) hangs here and nowhere else.
 */

import type { Database, StoreObserver } from "../store/database.ts";
import type { EntryTable } from "../store/entry_table.ts";
import type { StoreState } from "../store/store_state.ts";
import { keyCopy } from "../values/entry.ts";
import type { Propagation } from "./propagation.ts";
import type { EngineStats } from "./stats/engine_stats.ts";

/** Hears of changes; the key is lent until the call returns. */
export interface ChangeListener {
  /** @param event the keyspace event's name, e.g. `set`, `expired`. */
  keyChanged(db: Database, key: Uint8Array, event: string): void;
  /** A change that has no event: what is there reads otherwise than before. */
  keyTouched?(db: Database, key: Uint8Array): void;
  /** A database was emptied as a whole, for which there is no change of single keys. */
  flushed?(db: Database): void;
  /** Two databases changed what they hold. */
  swapped?(a: Database, b: Database): void;
  /** A database holds other keys now than `before`, which lists those that it held. */
  replaced?(db: Database, before: Database): void;
}

/** Hears of keys that somebody waits for. */
export interface AddedKeyListener {
  /** A key was added; of its value only the type is there yet. */
  keyAdded(db: Database, ref: number): void;
  /** Two databases changed what they hold. */
  exchanged(a: Database, b: Database): void;
}

/** How an expired or evicted key leaves: `lazyfree-lazy-expire`, `lazyfree-lazy-eviction`. */
export interface RemovalConfig {
  lazyExpire: boolean;
  lazyEviction: boolean;
}

/** A snapshot that runs, which keeps the old state of what it has not saved yet. */
export interface EntryPreserver {
  /** An entry is about to be changed or removed. */
  preserve(db: Database, ref: number): void;
  /** See {@linkcode StoreObserver.keepsDetached}. */
  keepsDetached(db: Pick<Database, "table">): boolean;
  /** See {@linkcode StoreObserver.keepsRemoved}. */
  keepsRemoved(db: Database, ref: number): boolean;
  /** See {@linkcode StoreObserver.postponesChange}. */
  postponesChange(db: Database, ref: number): boolean;
}

/** Keeps the old state of keys for checkpoints that are open. */
export interface CheckpointKeeper extends Pick<EntryPreserver, "preserve" | "keepsDetached"> {
  /** A key was added; of its value only the type is there yet. */
  keyAdded(db: Database, ref: number): void;
}

export class Keyspace implements StoreObserver {
  /** Set while a snapshot runs; to be followed by {@linkcode observe}, as the two others. */
  preserver: EntryPreserver | null = null;
  /** Whether anyone listens; checked before a key's view is made. */
  observed = false;
  /** Set while a checkpoint is open. */
  checkpoints: CheckpointKeeper | null = null;
  /** Set while somebody waits for keys. */
  addedKeys: AddedKeyListener | null = null;
  /** Whether new keys have their event. */
  announcesNewKeys = false;
  /** Hears of keys that a writable replica has to remove itself. */
  ownKeys: { note(db: EntryTable, ref: number): void } | null = null;
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

  /** Has the store tell what somebody here wants to hear of, and nothing else. */
  observe(state: StoreState): void {
    state.preservesEntries = this.preserver !== null || this.checkpoints !== null;
    state.observesNewKeys = this.addedKeys !== null || this.announcesNewKeys ||
      this.checkpoints !== null;
  }

  changed(db: Database, key: Uint8Array, event: string): void {
    for (const listener of this.listeners) listener.keyChanged(db, key, event);
  }

  /** A change without an event. */
  touched(db: Database, key: Uint8Array): void {
    for (const listener of this.listeners) listener.keyTouched?.(db, key);
  }

  /** FLUSHDB and FLUSHALL, before the keys are gone. */
  flushed(db: Database): void {
    for (const listener of this.listeners) listener.flushed?.(db);
  }

  /** SWAPDB. */
  swapped(a: Database, b: Database): void {
    for (const listener of this.listeners) listener.swapped?.(a, b);
    this.addedKeys?.exchanged(a, b);
  }

  /** What a database held went back to what it held before: `before` has what it held until now. */
  replaced(db: Database, before: Database): void {
    for (const listener of this.listeners) listener.replaced?.(db, before);
    this.addedKeys?.exchanged(db, db);
  }

  /** Removes an entry whose time is up and makes it known as a deletion. */
  expired(db: Database, ref: number): void {
    this.stats.expiredKeys++;
    this.removeEntry(db, ref, "expired", this.removal.lazyExpire);
  }

  ownExpiry(db: EntryTable, ref: number): void {
    this.ownKeys?.note(db, ref);
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
    this.checkpoints?.keyAdded(db, ref);
    this.addedKeys?.keyAdded(db, ref);
    if (this.announcesNewKeys) this.changed(db, db.keyOf(ref), "new");
  }

  beforeChange(db: Database, ref: number): void {
    this.preserver?.preserve(db, ref);
    this.checkpoints?.preserve(db, ref);
  }

  keepsDetached(db: Database): boolean {
    // A table that a checkpoint keeps is walked by a snapshot as if it were in use.
    if (this.checkpoints?.keepsDetached(db) === true) return true;
    return this.preserver !== null && this.preserver.keepsDetached(db);
  }

  keepsRemoved(db: Database, ref: number): boolean {
    this.checkpoints?.preserve(db, ref);
    return this.preserver !== null && this.preserver.keepsRemoved(db, ref);
  }

  postponesChange(db: Database, ref: number): boolean {
    return this.preserver !== null && this.preserver.postponesChange(db, ref);
  }

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
