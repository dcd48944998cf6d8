/**
 * The walk of a snapshot over all databases, and what commands and expiry make it write out of turn.
 *
 * - Databases are walked with the scan cursor of their tables, which holds however the tables grow
 *   and shrink. It may come to an entry twice; the epoch in the entry tells.
 * - `preserve` is called before an entry changes: an entry of the cut that has not been written is
 *   written then. This is part of the command that changes it.
 * - A value of many elements is written in steps of which others see none: what must be written
 *   meanwhile is put aside until the value is complete, since it may not stand within it.
 * - A huge value, of thousands of elements, would hold up everybody if it were written within a
 *   command. So commands ask first (`awaitedBy`) and wait until the walk has written it in slices,
 *   before all else. So do they when much has been put aside. What cannot wait has the value
 *   written at once, or finished: `finishedForWriters` counts that.
 * - A huge value that is removed is not written then: the walk keeps it, and frees it in the end.
 * - A database that is emptied leaves its table to the walk, which frees the records afterwards.
 * - The output says when it is full. The walk then stands still; what is preserved goes on.
 */

import type { Context } from "../../engine/context.ts";
import type { EntryPreserver } from "../../engine/keyspace.ts";
import type { LongSaver } from "../../engine/delayed_writers.ts";
import type { Clock, Timer } from "../../host/clock.ts";
import type { Database } from "../../store/database.ts";
import type { Store } from "../../store/store.ts";
import type { EntryTable } from "../../store/entry_table.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import { isLong } from "../../values/codecs.ts";
import {
  EPOCH_SHIFT,
  epochBits,
  META_WORD,
  readWord,
  Storage,
  storageOf,
  VALUE_META,
  writeWord,
} from "../../values/entry.ts";
import type { EntryWriter, RemovedEntry, Shelf, SnapshotFormat, Written } from "./format.ts";
import { expiryOf } from "./format.ts";
import { SnapshotOutput } from "./output.ts";
import { SavedHome } from "./saved_home.ts";
import type {
  HugeLimits,
  Snapshot,
  SnapshotPace,
  SnapshotResult,
  SnapshotSink,
} from "./contract.ts";

/** Bytes of one chunk for the sink. */
const CHUNK_BYTES = 256 * 1024;
/** How long `rdb-key-save-delay` is waited for before it is looked at again. */
const LONGEST_DELAY_MS = 10;

/** A database that is being walked. */
interface WalkedShelf extends Shelf {
  /** Whether the records are the walk's to free. */
  isDetached: boolean;
  isDone: boolean;
}

/** A big entry that is to be written in slices. */
interface LongEntry {
  readonly shelf: Shelf | RemovedEntry;
  readonly ref: number;
}

/** One that is being written. */
interface OpenEntry {
  readonly ref: number;
  readonly slices: Generator<void, void>;
  /** Commands wait for it. */
  isAwaited: boolean;
}

export class SnapshotWalk implements Snapshot, EntryPreserver, LongSaver {
  keysDone = 0;
  readonly keysTotal: number;
  finishedForWriters = 0;
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly home: SavedHome;
  private readonly output: SnapshotOutput;
  private readonly main: EntryWriter;
  private readonly aside: EntryWriter;
  private readonly shelves: WalkedShelf[];
  private readonly byTable: ReadonlyMap<HashTable, WalkedShelf>;
  /** What entries are stamped with that need not be written any more. */
  private readonly epoch: number;
  /** Place of the walk. */
  private shelfAt = 0;
  private cursor = 0;
  /** Whether the cursor has come to the end of the shelf. */
  private isScanned = false;
  private readonly visit = (ref: number): void => this.visited(ref);
  /** Big entries that the last steps came across, or that were removed. */
  private readonly long: LongEntry[] = [];
  /** Those that commands wait for, first come first. */
  private readonly awaited: LongEntry[] = [];
  /** Bytes of each entry that was removed and is to be freed when it is written. */
  private readonly removed: Map<number, number> = new Map();
  private open: OpenEntry | null = null;
  private timer: Timer | null = null;
  /** Monotonic time before which no key is to be walked, and keys that count for it. */
  private notBeforeMs = 0;
  /** Whether all is written, and only the output has to come to its end. */
  private isComplete = false;
  private isReleased = false;
  private isOver = false;

  constructor(
    private readonly context: Context,
    private readonly format: SnapshotFormat,
    sink: SnapshotSink,
    private readonly pace: SnapshotPace,
    private readonly huge: HugeLimits,
    private readonly ended: (result: SnapshotResult, stampedAll: boolean) => void,
  ) {
    const { store, host } = context;
    this.store = store;
    this.clock = host.clock;
    this.home = new SavedHome(store);
    this.main = format.writer();
    this.aside = format.writer();
    this.output = new SnapshotOutput(sink, format.checksum, {
      failed: (error, reason) => this.finish({ status: "failed", reason, error }),
      drained: () => this.schedule(0),
      finished: () =>
        this.finish({ status: "done", bytes: this.output.bytesWritten, keys: this.keysDone }),
    });
    this.shelves = store.databases.map((db) => ({
      index: db.index,
      table: db.table,
      expiry: db.expiry,
      size: db.size,
      expires: db.expiry.count,
      isDetached: false,
      isDone: db.size === 0,
    }));
    this.byTable = new Map(this.shelves.map((shelf) => [shelf.table, shelf]));
    this.keysTotal = store.keyCount;
    const { state } = store;
    this.epoch = state.epoch = (state.epoch + 1) & MAX_EPOCH;
    state.arena.join();
    context.keyspace.preserver = this;
    context.keyspace.observe(state);
    context.delayedWriters.begin(this);
    format.header(this.main);
    this.schedule(0);
  }

  get bytesWritten(): number {
    return this.output.bytesWritten;
  }

  get queuedBytes(): number {
    return this.output.queuedBytes + this.main.out.length + this.aside.out.length;
  }

  get queuedPeakBytes(): number {
    return this.output.queuedPeakBytes;
  }

  abort(reason: string): void {
    this.finish({ status: "aborted", reason });
  }

  preserve(db: EntryTable, ref: number): void {
    if (this.isSaved(ref)) return;
    const shelf = this.byTable.get(db.table);
    // Tables that are newer than the cut hold nothing of it.
    if (shelf === undefined) return;
    const isHuge = this.isHuge(ref);
    const isOpen = this.open?.ref === ref;
    const isTooMuch = this.aside.out.length > this.huge.mostAsideBytes;
    if (isHuge || isOpen || isTooMuch) {
      this.finishedForWriters++;
      this.finishOpen();
    }
    // The sink may have failed by that.
    if (isOpen || this.isOver) return;
    if (this.long.length > 0 || this.awaited.length > 0) this.forgetLong(ref);
    if (isHuge) {
      this.begin({ shelf, ref }, true);
      this.finishOpen();
    } else this.write(this.open === null ? this.main : this.aside, shelf, ref);
  }

  awaitedBy(db: Database, ref: number): number {
    if (this.isOver || this.isSaved(ref) || !this.byTable.has(db.table)) return 0;
    const { open } = this;
    if (open?.ref === ref || this.isHuge(ref)) return ref;
    return open !== null && this.aside.out.length > this.huge.asideBytes ? open.ref : 0;
  }

  saveNext(db: Database, ref: number): void {
    if (this.open?.ref === ref) this.open.isAwaited = true;
    else if (!this.awaited.some((other) => other.ref === ref)) {
      const shelf = this.byTable.get(db.table);
      if (shelf !== undefined) this.awaited.push({ shelf, ref });
    }
    // The walk may stand still.
    this.schedule(0);
  }

  postponesChange(db: Database, ref: number): boolean {
    const awaited = this.awaitedBy(db, ref);
    if (awaited === 0) return false;
    this.saveNext(db, awaited);
    return true;
  }

  keepsRemoved(db: Database, ref: number): boolean {
    if (this.isOver || this.isSaved(ref)) return false;
    const shelf = this.byTable.get(db.table);
    if (shelf === undefined) return false;
    const isOpen = this.open?.ref === ref;
    if (!isOpen && !this.isHuge(ref)) {
      this.preserve(db, ref);
      return false;
    }
    const { home, store, context } = this;
    const removedExpiry = expiryOf(shelf, home.arena, ref);
    this.forgetLong(ref);
    if (!isOpen) this.long.push({ shelf: { ...shelf, removedExpiry }, ref });
    // The database that it was in has nothing more to do with the fields that expire.
    if (storageOf(home.arena, ref) === Storage.OBJECT) {
      home.objects.get(home.valueWordOf(ref)).entered?.(home, ref);
    }
    const bytes = store.databases[0].memoryOf(ref);
    context.memory.keptBytes += bytes;
    this.removed.set(ref, bytes);
    context.delayedWriters.saved(ref);
    return true;
  }

  keepsDetached(db: Pick<EntryTable, "table">): boolean {
    const shelf = this.byTable.get(db.table);
    if (shelf === undefined) return false;
    if (shelf.isDone) this.store.lazyFree.add(shelf.table);
    else shelf.isDetached = true;
    // Their keys are gone.
    this.context.delayedWriters.releaseAll();
    return true;
  }

  /** Whether to write the value takes longer than others should wait. */
  private isHuge(ref: number): boolean {
    const { home, huge } = this;
    const storage = storageOf(home.arena, ref);
    if (storage === Storage.INLINE) return false;
    const value = home.valueWordOf(ref);
    if (storage === Storage.BLOCK) return readWord(home.arena, value, 0) > huge.bytes;
    const object = home.objects.get(value);
    return object.size > huge.elements || object.memoryBytes > huge.bytes;
  }

  private isSaved(ref: number): boolean {
    return readWord(this.home.arena, ref, META_WORD) >>> EPOCH_SHIFT === this.epoch;
  }

  private stamp(ref: number): void {
    const { arena } = this.home;
    const meta = readWord(arena, ref, META_WORD) & VALUE_META | epochBits(this.epoch);
    writeWord(arena, ref, META_WORD, meta);
  }

  private write(to: EntryWriter, shelf: Shelf, ref: number): void {
    this.stamp(ref);
    this.keysDone++;
    if (!isLong(this.home, ref)) to.entry(shelf, ref);
    else for (const _ of to.entrySlices(shelf, ref));
    if (to === this.main) this.takeChunk();
  }

  private schedule(delayMs: number): void {
    if (this.isOver || this.isComplete || this.timer !== null) return;
    this.timer = this.clock.schedule(delayMs, () => {
      this.timer = null;
      this.slice();
    });
  }

  private slice(): void {
    const nowMs = this.clock.monotonicMs();
    const delayUs = this.isAwaited ? 0 : this.context.config.get("rdb-key-save-delay");
    if (delayUs > 0 && nowMs < this.notBeforeMs) {
      return this.schedule(Math.min(LONGEST_DELAY_MS, this.notBeforeMs - nowMs));
    }
    const before = this.keysDone;
    const steps = delayUs > 0 ? 1 : this.pace.stepsPerLook;
    do {
      // A step in a big value takes as long as many others.
      for (let i = 0; i < steps && this.step() && this.open === null; i++);
      if (delayUs > 0 && this.keysDone > before) break;
    } while (
      !this.isOver && !this.isWalked && !this.isHeldUp &&
      this.clock.monotonicMs() < nowMs + this.pace.sliceMs
    );
    if (this.isOver) return;
    if (this.isWalked) return this.complete();
    this.notBeforeMs = nowMs + delayUs * (this.keysDone - before) / 1000;
    // Full output calls back when it has room.
    if (!this.isHeldUp) this.schedule(0);
  }

  private get isWalked(): boolean {
    return this.open === null && this.awaited.length === 0 && this.long.length === 0 &&
      this.shelfAt === this.shelves.length;
  }

  /** Whether commands wait. */
  private get isAwaited(): boolean {
    return this.awaited.length > 0 || this.open?.isAwaited === true;
  }

  /** Whether the output has to take what there is before more is written. Commands come first. */
  private get isHeldUp(): boolean {
    return this.output.isFull && !this.isAwaited;
  }

  /** One small piece of the walk; false when nothing is left, or the output is full. */
  private step(): boolean {
    if (this.isOver || this.isHeldUp) return false;
    if (this.open !== null) this.continueOpen();
    else if (this.awaited.length > 0) this.openAwaited();
    else if (this.long.length > 0) this.openNext();
    else if (this.shelfAt < this.shelves.length) this.scanStep();
    else return false;
    return true;
  }

  private scanStep(): void {
    const shelf = this.shelves[this.shelfAt];
    if (!shelf.isDone && !this.isScanned) {
      this.cursor = shelf.table.scan(this.cursor, this.visit);
      this.isScanned = this.cursor === 0;
      // Big entries of this step still have to be written: the shelf is not done before.
      if (!this.isScanned || this.long.length > 0) return;
    }
    // It may have ended with the last entry.
    if (this.isOver) return;
    this.isScanned = false;
    this.shelfAt++;
    if (shelf.isDetached && !shelf.isDone) this.store.lazyFree.add(shelf.table);
    shelf.isDone = true;
  }

  private visited(ref: number): void {
    if (this.isSaved(ref) || this.isOver) return;
    const shelf = this.shelves[this.shelfAt];
    if (!isLong(this.home, ref)) this.write(this.main, shelf, ref);
    // A cursor may come by twice.
    else if (!this.long.some((other) => other.ref === ref)) this.long.push({ shelf, ref });
  }

  private openNext(): void {
    const next = this.long.pop();
    if (next !== undefined) this.begin(next, false);
  }

  private openAwaited(): void {
    const next = this.awaited.shift();
    if (next === undefined) return;
    this.forgetLong(next.ref);
    this.begin(next, true);
  }

  private begin({ shelf, ref }: LongEntry, isAwaited: boolean): void {
    this.open = { ref, slices: this.main.entrySlices(shelf, ref), isAwaited };
    // The first step writes the key and its expiry, which are there now.
    this.continueOpen();
  }

  private continueOpen(): void {
    const { open } = this;
    if (open === null) return;
    if (open.slices.next().done === true) {
      this.open = null;
      this.stamp(open.ref);
      this.keysDone++;
      this.takeAside();
      this.freeRemoved(open.ref);
      this.context.delayedWriters.saved(open.ref);
    }
    this.takeChunk();
  }

  private freeRemoved(ref: number): void {
    const bytes = this.removed.get(ref);
    if (bytes === undefined) return;
    this.removed.delete(ref);
    this.context.memory.keptBytes -= bytes;
    this.store.state.freeEntry(ref);
  }

  /** Writes all of the value that is open, for a command that can't go on before. */
  private finishOpen(): void {
    while (this.open !== null && !this.isOver) this.continueOpen();
  }

  /** An entry that is written out of turn, or is gone, must not be written once more. */
  private forgetLong(ref: number): void {
    for (const entries of [this.long, this.awaited]) {
      const at = entries.findIndex((other) => other.ref === ref);
      if (at >= 0) entries.splice(at, 1);
    }
  }

  /** Puts what was written aside behind the value that is complete now. */
  private takeAside(): void {
    const { main, aside } = this;
    if (aside.out.length === 0) return;
    this.takeAll(main.out);
    this.takeAll(aside.out);
    main.selectedDb = aside.selectedDb;
    aside.selectedDb = -1;
  }

  private takeChunk(): void {
    if (this.main.out.length >= CHUNK_BYTES) this.takeAll(this.main.out);
  }

  private takeAll(out: Written): void {
    const chunk = out.view().slice();
    out.clear();
    this.output.put(chunk);
  }

  private complete(): void {
    this.isComplete = true;
    this.format.footer(this.main);
    this.takeAll(this.main.out);
    // From here on nothing of the cut is left that could change.
    this.release();
    this.output.end();
  }

  private release(): void {
    const { state } = this.store;
    if (this.isReleased) return;
    this.isReleased = true;
    this.context.keyspace.preserver = null;
    this.context.keyspace.observe(state);
    for (const shelf of this.shelves) {
      if (shelf.isDetached && !shelf.isDone) this.store.lazyFree.add(shelf.table);
    }
    for (const ref of [...this.removed.keys()]) this.freeRemoved(ref);
    state.arena.leave();
    this.context.delayedWriters.end();
  }

  private finish(result: SnapshotResult): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.output.stop();
    this.release();
    this.ended(result, this.shelfAt === this.shelves.length);
  }
}

const MAX_EPOCH = (1 << 16) - 1;
