/**
 * Checkpoints: the data of one instant, to go back to. For tests in other people's projects, which
 * want a known state before each test and can't wait for it to be built anew.
 *
 * Nothing is copied when a checkpoint is made: it notes which table each database has. From then on
 * the store tells of every key that is added, or is about to change or to go; the old state of a key
 * is copied aside when that happens first (a value of many elements costs its copy then), in the
 * journal of its table. A table that FLUSHALL, FLUSHDB or SWAPDB takes from its database is kept as
 * it is. To go back is to give each database its table again and to put back what the journals have.
 *
 * Checkpoints lie on a stack. Only the newest keeps a journal; one that is released hands its own to
 * the one below, where what is older counts. Going back to one ends those above it.
 *
 * Time, the random generator, scripts, functions, configuration and what clients are in the middle
 * of are no data and stay as they are. Subscribers of effects get the way back as effects: a unit of
 * DEL and RESTORE, after FLUSHDB where a database got another table back, which is then long.
 */

import { fromLatin1, latin1 } from "../bytes/byte_string.ts";
import { dataOf } from "../bytes/copy.ts";
import { Database } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import type { HashTable } from "../structures/hash_table.ts";
import { EXPIRY_WORD, keyCopy, readWord } from "../values/entry.ts";
import { dumpValue } from "../values/dump.ts";
import type { CheckpointKeeper, Keyspace } from "./keyspace.ts";
import type { Loading } from "./loading.ts";
import type { MemoryLimit } from "./memory_limit.ts";
import type { Propagation } from "./propagation.ts";
import type { Scripts } from "./scripts.ts";
import type { EngineStats } from "./stats/engine_stats.ts";
import type { Tracking } from "./tracking.ts";

/** The parts of an engine that have to do with changes of the data. */
export interface DataParts {
  readonly store: Store;
  readonly keyspace: Keyspace;
  readonly memory: MemoryLimit;
  readonly loading: Loading;
  readonly scripts: Scripts;
  readonly tracking: Tracking;
  readonly propagation: Propagation;
  readonly stats: EngineStats;
}

/** The state of the data at one instant, as long as it is open. */
export interface Checkpoint extends Disposable {
  readonly name: string;
  /** False once it was rolled back or released, or one below it was rolled back. */
  readonly isOpen: boolean;
  /** Keys whose old state is kept: what {@linkcode rollback} has to do. */
  readonly changedKeys: number;
  /** Goes back to this state; the checkpoint, and those made after it, are over. */
  rollback(): void;
  /** Goes back to this state and keeps the checkpoint; those made after it are over. */
  reset(): void;
  /** The data stay as they are, and what was kept is given back. */
  release(): void;
  /** Rolls back, unless the checkpoint is over. */
  [Symbol.dispose](): void;
}

/** What a database consists of, as SWAPDB exchanges it. */
type Shelf = Pick<Database, "table" | "expiry" | "hashExpiry">;

/** The old state of a key: an entry in no table, and when it expires. */
interface Kept {
  readonly ref: number;
  readonly expiry: bigint | null;
}

/** By key, one character a byte; null for a key that was not there. */
type Journal = Map<string, Kept | null>;

export class Checkpoints implements CheckpointKeeper {
  /** Oldest first. */
  private readonly stack: OpenCheckpoint[] = [];
  /** What is told now is the way back itself. */
  private isReverting = false;

  /** @param partsOf asked when there is something to do: the engine's parts are being put together. */
  constructor(private readonly partsOf: () => DataParts) {}

  private get parts(): DataParts {
    return this.partsOf();
  }

  get count(): number {
    return this.stack.length;
  }

  /** Names of those that are open, oldest first. */
  get names(): string[] {
    return this.stack.map(({ name }) => name);
  }

  /**
   * Makes a checkpoint of the data as they are. No command may be running.
   *
   * @throws {Error} while data are loaded, and while a script is held up.
   */
  open(name = ""): Checkpoint {
    this.requireQuiet();
    const { store, keyspace } = this.parts;
    const checkpoint = new OpenCheckpoint(this, name, store.databases);
    this.stack.push(checkpoint);
    store.state.arena.join();
    keyspace.checkpoints = this;
    keyspace.observe(store.state);
    return checkpoint;
  }

  /** The newest one of a name that is open; undefined when there is none. */
  find(name: string): Checkpoint | undefined {
    return this.stack.findLast((checkpoint) => checkpoint.name === name);
  }

  includes(checkpoint: OpenCheckpoint): boolean {
    return this.stack.includes(checkpoint);
  }

  preserve(db: Database, ref: number): void {
    if (this.isReverting) return;
    const journal = this.stack[this.stack.length - 1].journalOf(db.table);
    if (journal === null) return;
    const key = latin1(db.keyOf(ref));
    if (journal.has(key)) return;
    const expires = readWord(db.arena, ref, EXPIRY_WORD) !== 0;
    const expiry = expires ? db.exactExpiryOf(ref) : null;
    const copy = db.copyOut(ref);
    this.parts.memory.keptBytes += db.memoryOf(copy);
    journal.set(key, { ref: copy, expiry });
  }

  keyAdded(db: Database, ref: number): void {
    if (this.isReverting) return;
    const journal = this.stack[this.stack.length - 1].journalOf(db.table);
    if (journal === null) return;
    const key = latin1(db.keyOf(ref));
    if (!journal.has(key)) journal.set(key, null);
  }

  keepsDetached({ table }: Pick<Database, "table">): boolean {
    return this.stack.some((checkpoint) => checkpoint.has(table));
  }

  /** Goes back to a checkpoint; those above it are over, and it too unless it is kept. */
  revertTo(checkpoint: OpenCheckpoint, isKept: boolean): void {
    this.requireQuiet();
    const way = new WayBack(this.parts);
    this.isReverting = true;
    try {
      for (;;) {
        const top = this.stack[this.stack.length - 1];
        way.revert(top);
        if (top === checkpoint && isKept) break;
        this.stack.pop();
        this.parts.store.state.arena.leave();
        if (top === checkpoint) break;
      }
      this.settle();
      way.tell();
    } finally {
      this.isReverting = false;
      way.free((table) => this.freeUnused(table));
    }
  }

  /** Ends a checkpoint without going back to it. */
  release(checkpoint: OpenCheckpoint): void {
    const at = this.stack.indexOf(checkpoint);
    const below = at > 0 ? this.stack[at - 1] : null;
    this.stack.splice(at, 1);
    const { store, memory } = this.parts;
    const { state } = store;
    checkpoint.mergeInto(below, (ref) => {
      memory.keptBytes -= store.databases[0].memoryOf(ref);
      state.freeEntry(ref);
    });
    for (const { table } of checkpoint.shelves) this.freeUnused(table);
    state.arena.leave();
    this.settle();
  }

  private settle(): void {
    const { keyspace, store } = this.parts;
    if (this.stack.length === 0) keyspace.checkpoints = null;
    keyspace.observe(store.state);
  }

  /** Frees the records of a table that no database has and no checkpoint keeps. */
  private freeUnused(table: HashTable): void {
    const { store, keyspace } = this.parts;
    if (this.keepsDetached({ table })) return;
    if (store.databases.some((db) => db.table === table)) return;
    if (keyspace.preserver?.keepsDetached({ table }) === true) return;
    if (table.count > 0) store.lazyFree.add(table);
    else table.drain(0, () => {});
  }

  private requireQuiet(): void {
    const { loading, scripts } = this.parts;
    if (loading.isActive) throw new Error("checkpoint: data are being loaded");
    if (scripts.isBusy) throw new Error("checkpoint: a script is running");
  }
}

class OpenCheckpoint implements Checkpoint {
  readonly shelves: Shelf[];
  private readonly journals: (Journal | null)[];

  constructor(
    private readonly owner: Checkpoints,
    readonly name: string,
    databases: readonly Database[],
  ) {
    this.shelves = databases.map(({ table, expiry, hashExpiry }) => ({
      table,
      expiry,
      hashExpiry,
    }));
    this.journals = this.shelves.map(() => null);
  }

  get isOpen(): boolean {
    return this.owner.includes(this);
  }

  get changedKeys(): number {
    return this.journals.reduce((total, journal) => total + (journal?.size ?? 0), 0);
  }

  rollback(): void {
    this.requireOpen();
    this.owner.revertTo(this, false);
  }

  reset(): void {
    this.requireOpen();
    this.owner.revertTo(this, true);
  }

  release(): void {
    this.requireOpen();
    this.owner.release(this);
  }

  [Symbol.dispose](): void {
    if (this.isOpen) this.rollback();
  }

  has(table: HashTable): boolean {
    return this.placeOf(table) >= 0;
  }

  /** Where the old states of a table's keys go; null for a table that is newer. */
  journalOf(table: HashTable): Journal | null {
    const place = this.placeOf(table);
    return place < 0 ? null : this.journals[place] ??= new Map();
  }

  /** The journal of the database that had this number, which is empty from now on; or null. */
  takeJournal(db: number): Journal | null {
    const journal = this.journals[db];
    this.journals[db] = null;
    return journal;
  }

  /** Hands what it has kept to the checkpoint below, and frees what that does not need. */
  mergeInto(below: OpenCheckpoint | null, free: (ref: number) => void): void {
    for (const [db, { table }] of this.shelves.entries()) {
      const journal = this.takeJournal(db);
      if (journal === null) continue;
      const target = below?.journalOf(table) ?? null;
      for (const [key, kept] of journal) {
        if (target !== null && !target.has(key)) target.set(key, kept);
        else if (kept !== null) free(kept.ref);
      }
    }
  }

  private placeOf(table: HashTable): number {
    const { shelves } = this;
    for (let i = 0; i < shelves.length; i++) if (shelves[i].table === table) return i;
    return -1;
  }

  private requireOpen(): void {
    if (!this.isOpen) throw new Error(`checkpoint ${JSON.stringify(this.name)} is over`);
  }
}

/** One way back, over as many checkpoints as it takes, and what has to be told of it. */
class WayBack {
  /** What each database that got another table back held before, by its number. */
  private readonly before: Map<number, Database> = new Map();
  /** Keys that are otherwise now, by number of the database. */
  private readonly changed: Set<string>[];
  private readonly dropped: Set<HashTable> = new Set();

  constructor(private readonly parts: DataParts) {
    this.changed = parts.store.databases.map(() => new Set());
  }

  revert(checkpoint: OpenCheckpoint): void {
    const { databases } = this.parts.store;
    for (const db of databases) this.exchange(db, checkpoint.shelves[db.index]);
    for (const db of databases) {
      const journal = checkpoint.takeJournal(db.index);
      if (journal !== null) this.putBack(db, journal);
    }
  }

  /** Tells those who depend on keys, and the subscribers of effects. */
  tell(): void {
    const { store, keyspace, tracking, propagation, stats } = this.parts;
    if (this.before.size > 0) tracking.emptied();
    for (const db of store.databases) {
      const before = this.before.get(db.index);
      if (keyspace.observed) {
        for (const key of this.changed[db.index]) keyspace.touched(db, fromLatin1(key));
      }
      if (before !== undefined) keyspace.replaced(db, before);
      stats.dirty += before === undefined ? this.changed[db.index].size : 1;
    }
    if (propagation.active) this.propagate();
  }

  /** @param free takes the tables that databases had meanwhile. */
  free(free: (table: HashTable) => void): void {
    for (const table of this.dropped) free(table);
  }

  private exchange(db: Database, shelf: Shelf): void {
    if (db.table === shelf.table) return;
    if (!this.before.has(db.index)) {
      const before = new Database(this.parts.store.state, this.parts.keyspace, db.index);
      give(before, db);
      this.before.set(db.index, before);
    }
    this.dropped.add(db.table);
    give(db, shelf);
  }

  private putBack(db: Database, journal: Journal): void {
    const changed = this.changed[db.index];
    const { memory } = this.parts;
    for (const [name, kept] of journal) {
      const key = dataOf(fromLatin1(name));
      const ref = db.table.find(key, 0, key.byteLength, db.table.hash(key, 0, key.byteLength));
      if (ref !== 0) db.remove(ref);
      if (kept !== null) {
        memory.keptBytes -= db.memoryOf(kept.ref);
        db.putBack(kept.ref, kept.expiry);
      }
      if (ref !== 0 || kept !== null) changed.add(name);
    }
  }

  private propagate(): void {
    const { store, propagation } = this.parts;
    const count = this.changed.reduce((total, names) => total + names.size, this.before.size);
    if (count === 0) return;
    propagation.beginUnit(0);
    for (const db of store.databases) {
      if (this.before.has(db.index)) {
        propagation.emitCommand(db.index, ["FLUSHDB"]);
        db.table.forEach((ref) => this.emitRestore(db, ref, keyCopy(db.arena, ref)));
        continue;
      }
      for (const name of this.changed[db.index]) {
        const key = fromLatin1(name);
        const data = dataOf(key);
        const ref = db.table.find(data, 0, key.length, db.table.hash(data, 0, key.length));
        this.emitRestore(db, ref, key);
      }
    }
    propagation.endUnit();
  }

  private emitRestore(db: Database, ref: number, key: Uint8Array): void {
    const { propagation } = this.parts;
    const payload = ref === 0 ? null : dumpValue(db, ref, false);
    if (payload === null) return propagation.emitCommand(db.index, ["DEL", key]);
    const time = readWord(db.arena, ref, EXPIRY_WORD) === 0 ? "0" : String(db.exactExpiryOf(ref));
    propagation.emitCommand(db.index, ["RESTORE", key, time, payload, "REPLACE", "ABSTTL"]);
  }
}

function give(db: Database, { table, expiry, hashExpiry }: Shelf): void {
  db.table = table;
  db.expiry = expiry;
  db.hashExpiry = hashExpiry;
}
