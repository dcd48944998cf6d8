/**
 * Commands that are about to change a value of very many elements which a snapshot has not saved yet.
 *
 * The old state has to be written before the new one comes, which takes a second or more for a
 * million elements. So who wants to change such a value waits, parked as by CLIENT PAUSE, while the
 * snapshot saves it next, in slices, and all others are served. Then those who waited run, in the
 * order in which they came. The same goes for changes of small values while a long one is being
 * written and much has been put aside meanwhile.
 *
 * A command is looked at before it runs, by its keys: EXEC by those of all that is queued, a script by
 * those that it declares. It costs nothing while no snapshot runs: a bit of the gate says so.
 * Nobody waits to remove a key: the snapshot takes the value over (DEL, expiry, eviction).
 *
 * What has no place to wait in is written at once, and holds up everybody as long as that takes: a
 * script's keys that it did not declare, the database that MOVE and COPY name, commands from inside
 * of the process. The stream of a primary is asked by who reads it ({@linkcode DelayedWriters.delay}).
 */

import { Request } from "../resp/request.ts";
import type { Database } from "../store/database.ts";
import { Access, type CommandSpec, Flag, type KeySpec } from "./command_spec.ts";
import { extractKeys } from "./key_extraction.ts";
import type { Session } from "./session.ts";
import { KeyReferences } from "./special_keys.ts";

/** The snapshot that runs. */
export interface LongSaver {
  /**
   * The entry that has to be saved before this one may be changed without holding up others; 0 when
   * it may be changed now.
   */
  awaitedBy(db: Database, ref: number): number;
  /** Has an entry saved next that was named by {@linkcode awaitedBy}. */
  saveNext(db: Database, ref: number): void;
}

interface Delayed {
  /** The entry that is waited for. */
  readonly ref: number;
  readonly session: Session | null;
  goOn(): void;
}

/** Flags of commands that may change keys. */
const CHANGES = Flag.WRITE | Flag.MAY_REPLICATE;
/** A use of a key that changes what is there. To remove it takes nobody's time. */
const CHANGES_KEY = Access.RW | Access.OW;

export class DelayedWriters {
  private saver: LongSaver | null = null;
  /** In the order in which they came. */
  private waiting: Delayed[] = [];
  private readonly keys = new KeyReferences();
  /** Lent to the queues of transactions. */
  private readonly queued = new Request();
  private readonly nothing = new Request();

  /** @param setGate turns the gate's bit for snapshots on and off. */
  constructor(
    private readonly databases: readonly Database[],
    private readonly setGate: (on: boolean) => void,
  ) {}

  /** Whether a snapshot runs. */
  get isActive(): boolean {
    return this.saver !== null;
  }

  /** Commands that wait. */
  get count(): number {
    return this.waiting.length;
  }

  begin(saver: LongSaver): void {
    this.saver = saver;
    this.setGate(true);
  }

  /** The snapshot is over, well or not: who waited runs. */
  end(): void {
    this.saver = null;
    this.setGate(false);
    this.releaseAll();
  }

  /** An entry was saved, or is no longer in its database. */
  saved(ref: number): void {
    if (this.waiting.length > 0) this.release((delayed) => delayed.ref === ref);
  }

  /** What was waited for may be gone: all who wait look anew. */
  releaseAll(): void {
    if (this.waiting.length > 0) this.release(() => true);
  }

  /** Parks a session whose command has to wait; whether it has. `flags` are the command's. */
  stops(session: Session, command: CommandSpec, flags: number, request: Request): boolean {
    const { link, queue } = session;
    if ((flags & CHANGES) === 0 || link === null) return false;
    // What is queued waits when EXEC runs it.
    if (queue !== null && command.name !== "EXEC") return false;
    const ref = this.awaitedBy(session, command, request);
    if (ref === 0) return false;
    session.lastCommand = command;
    session.parked = true;
    this.waiting.push({ ref, session, goOn: () => link.resume(true) });
    return true;
  }

  /**
   * For who runs commands and can wait between them.
   *
   * @returns what to wait for, to ask again then; null when the request can be run now.
   */
  delay(session: Session, command: CommandSpec, request: Request): Promise<void> | null {
    if (this.saver === null) return null;
    if (session.queue !== null && command.name !== "EXEC") return null;
    const ref = this.awaitedBy(session, command, request);
    if (ref === 0) return null;
    return new Promise((goOn) => this.waiting.push({ ref, session, goOn }));
  }

  /** Whether a key must stay as it is; if so `goOn` is called when it need not any more. */
  keeps(db: Database, key: DataView, goOn: () => void): boolean {
    const ref = this.awaitedAt(db, key, 0, key.byteLength);
    if (ref === 0) return false;
    this.waiting.push({ ref, session: null, goOn });
    return true;
  }

  /** A session ends: it takes nothing. */
  forget(session: Session): void {
    if (this.waiting.length === 0) return;
    const own = this.waiting.filter((delayed) => delayed.session === session);
    this.waiting = this.waiting.filter((delayed) => delayed.session !== session);
    // Who awaits a promise has to come to an end.
    if (session.link === null) { for (const { goOn } of own) goOn(); }
  }

  private awaitedBy(session: Session, command: CommandSpec, request: Request): number {
    const { queue } = session;
    if (queue === null || command.name !== "EXEC") {
      return this.awaitedByKeys(session.db, command, request);
    }
    const { queued } = this;
    let { db } = session;
    let ref = 0;
    queue.lend(queued);
    for (let i = 0; i < queue.count && ref === 0; i++) {
      queue.load(i, queued);
      const each = queue.commandAt(i);
      if (each.name === "SELECT") db = this.databases[Number(queued.text(1))] ?? db;
      else if ((each.flags & CHANGES) !== 0) ref = this.awaitedByKeys(db, each, queued);
    }
    queued.clear();
    queued.buffer = this.nothing.buffer;
    queued.data = this.nothing.data;
    return ref;
  }

  private awaitedByKeys(db: Database, command: CommandSpec, request: Request): number {
    const { keySpecs } = command;
    // Nearly all commands; to go through their specs as such takes twice as long.
    if (keySpecs.length === 1 && isFirstArgument(keySpecs[0])) {
      return (keySpecs[0].access & CHANGES_KEY) === 0 ? 0 : this.awaitedByKey(db, request, 1);
    }
    const { keys } = this;
    extractKeys(command, request, keys);
    for (let i = 0; i < keys.count; i++) {
      if ((keys.access[i] & CHANGES_KEY) === 0) continue;
      const ref = this.awaitedByKey(db, request, keys.indexes[i]);
      if (ref !== 0) return ref;
    }
    return 0;
  }

  private awaitedByKey(db: Database, request: Request, index: number): number {
    const { data, offsets, lengths, hasKeyHash, keyHash } = request;
    const offset = offsets[index];
    const length = lengths[index];
    return index === 1 && hasKeyHash
      ? this.awaitedAt(db, data, offset, length, keyHash)
      : this.awaitedAt(db, data, offset, length);
  }

  private awaitedAt(
    db: Database,
    key: DataView,
    offset: number,
    length: number,
    hash: number = db.table.hash(key, offset, length),
  ): number {
    const { saver } = this;
    if (saver === null) return 0;
    const ref = db.table.find(key, offset, length, hash);
    // What is past its time is removed and not changed.
    if (ref === 0 || db.isExpired(ref)) return 0;
    const awaited = saver.awaitedBy(db, ref);
    if (awaited !== 0) saver.saveNext(db, awaited);
    return awaited;
  }

  private release(isFree: (delayed: Delayed) => boolean): void {
    const free = this.waiting.filter(isFree);
    this.waiting = this.waiting.filter((delayed) => !isFree(delayed));
    for (const { goOn } of free) goOn();
  }
}

/** Whether the one key is argument 1. */
function isFirstArgument({ begin, find }: KeySpec): boolean {
  return begin.type === "index" && begin.index === 1 && find.type === "range" &&
    find.lastKey === 0;
}
