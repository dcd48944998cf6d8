/**
 * Who waits for which key: BLPOP and its like, XREAD and XREADGROUP with BLOCK.
 *
 * A key becomes ready when it is added with a value of a type that somebody waits for, be it
 * elsewhere. Where somebody waits for streams it also does when XADD appends to it, and when the stream
 * that it was, or a group of it, is gone, which those who read in a group are to learn of.
 * Once the outermost command has ended (after all of EXEC, so that nobody sees half of it), the keys
 * are looked at in the order in which they became ready, and of each key those who wait in the order
 * in which they came. Serving one may make further keys ready (BLMOVE), which come after. Each one
 * served is a unit of effects by itself, as if he had popped at that moment.
 *
 * It costs nothing while nobody waits: the store is asked to tell of new keys, and the keyspace of
 * changes (only needed for streams), from the first who waits to the last.
 * [hot]
 */

import * as copyModule from "../bytes/copy.ts";
import { Request } from "../resp/request.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import type { Database } from "../store/database.ts";
import type { StoreState } from "../store/store_state.ts";
import * as arenaModule from "../structures/arena.ts";
import * as entryModule from "../values/entry.ts";
import type { CommandSpec } from "./command_spec.ts";
import { type KeyQueue, KeyQueues } from "./key_queues.ts";
import type { AddedKeyListener, ChangeListener, Keyspace } from "./keyspace.ts";
import type { Session } from "./session.ts";
import { Waiter, type Waiting } from "./waiting.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { dataOf } = copyModule;
const { SEGMENT_OF_REF } = arenaModule;
const { byteBase, ENTRY_KEY_OFFSET, readWord, typeOf, ValueType } = entryModule;

/** What there is to know here of a {@linkcode Call}, which knows all that is in the engine. */
export interface WaitingCall {
  readonly session: Session;
  readonly db: Database;
  readonly command: CommandSpec;
  readonly request: Request;
}

/** What a command waits for. */
export interface KeyWait {
  /** The {@linkcode ValueType} that a key must have to serve it: a list, sorted set or stream. */
  readonly type: number;
  /** The arguments that are its keys. */
  readonly firstKey: number;
  readonly lastKey: number;
  /** Milliseconds; 0 for ever. */
  readonly timeoutMs: number;
  /** Whether it is also to be served, with an error, when its key is no stream any more. */
  readonly needsKey?: boolean;
  /**
   * Does what the command does for a key, an argument of a Call whose request is like the one that
   * waited; false, with nothing done, when there is nothing to be had. What it throws is replied.
   */
  serve(call: WaitingCall, index: number): boolean;
}

/** No type at all: the key is not there. */
const NONE = -1;
/** Words of an entry that are the hash table's. */
const HASH_WORD = 1;
const KEY_LENGTH_WORD = 2;
/** Requests kept for those who wait next, and how large each may be. */
const SPARE_REQUESTS = 64;
const LEAST_BYTES = 64;
const KEPT_BYTES = 1024;
const KEPT_ARGUMENTS = 64;

export class KeyWaiter extends Waiter {
  readonly db: Database;
  readonly command: CommandSpec;
  /** A copy of the request, which outlives the connection's buffer. */
  readonly request: Request;
  readonly queues: KeyQueue<KeyWaiter>[] = [];

  constructor(
    private readonly owner: Blocking,
    call: WaitingCall,
    readonly wait: KeyWait,
    request: Request,
  ) {
    super(call.session);
    this.db = call.db;
    this.command = call.command;
    this.request = request;
  }

  timedOut(reply: ReplyWriter): void {
    reply.nullArray();
  }

  leave(): void {
    this.owner.leave(this);
  }
}

export class Blocking implements ChangeListener, AddedKeyListener {
  /** Whether keys are ready; the dispatcher asks after each command. */
  hasReady = false;
  /** Serves a waiter for the key at an argument of its request, as a command; whether it was. */
  run: (waiter: KeyWaiter, index: number) => boolean = () => false;
  /**
   * Whether a key may not be changed yet, for a snapshot (delayed_writers.ts); `goOn` is called then
   * when it may.
   */
  keeps: (db: Database, key: DataView, goOn: () => void) => boolean = () => false;
  private readonly queues: KeyQueues<KeyWaiter>;
  private ready: KeyQueue<KeyWaiter>[] = [];
  /** What was ready in the last round, empty: the lists take turns. */
  private readyBefore: KeyQueue<KeyWaiter>[] = [];
  /** Requests of those who wait no more. */
  private readonly spare: Request[] = [];
  /** Number of those who wait, by type. */
  private readonly counts: number[] = new Array(16).fill(0);
  /** Number of keys that are waited for, whatever for, and are streams. */
  private heldStreams = 0;
  private listensToChanges = false;

  constructor(
    private readonly waiting: Waiting,
    private readonly keyspace: Keyspace,
    private readonly state: StoreState,
    databases: number,
  ) {
    this.queues = new KeyQueues(databases);
  }

  /** Keys that somebody waits for. */
  get keyCount(): number {
    return this.queues.size;
  }

  /** Those for which somebody waits who needs the key to be there. */
  get neededKeyCount(): number {
    let total = 0;
    for (const { needing } of this.queues.all()) if (needing > 0) total++;
    return total;
  }

  /**
   * Lets the command that runs wait for its keys.
   *
   * @returns false where nobody may wait: in EXEC and scripts, and without a connection.
   */
  wait(call: WaitingCall, wait: KeyWait): boolean {
    const { session } = call;
    if (session.deniesBlocking || session.link === null) return false;
    const waiter = new KeyWaiter(this, call, wait, this.kept(call.request));
    for (let i = wait.firstKey; i <= wait.lastKey; i++) this.enter(waiter, i);
    this.counts[wait.type]++;
    this.listen();
    this.waiting.park(waiter, wait.timeoutMs);
    return true;
  }

  /** Serves those who wait for keys that became ready. No command runs. */
  serveReady(): void {
    while (this.ready.length > 0) {
      const batch = this.ready;
      this.ready = this.readyBefore;
      for (const queue of batch) {
        queue.isReady = false;
        this.serve(queue);
      }
      batch.length = 0;
      this.readyBefore = batch;
    }
    this.hasReady = false;
  }

  keyAdded(db: Database, ref: number): void {
    const type = typeOf(db.arena, ref);
    if (this.counts[type] === 0 && type !== ValueType.STREAM && this.heldStreams === 0) return;
    const data = db.arena.data[ref >>> SEGMENT_OF_REF];
    const hash = readWord(db.arena, ref, HASH_WORD);
    const length = readWord(db.arena, ref, KEY_LENGTH_WORD);
    const queue = this.queues.find(db, hash, data, byteBase(ref) + ENTRY_KEY_OFFSET, length);
    if (queue === undefined) return;
    this.holds(queue, type);
    if (this.counts[type] > 0) this.signal(queue);
  }

  keyChanged(db: Database, key: Uint8Array, event: string): void {
    if (this.queues.sizeOf(db) === 0 || event === "keymiss" || event === "new") return;
    const data = dataOf(key);
    const hash = db.table.hash(data, 0, key.length);
    const queue = this.queues.find(db, hash, data, 0, key.length);
    if (queue === undefined) return;
    if (queue.holdsStream) this.holds(queue, typeIn(db, queue));
    if (event !== "xadd" && event !== "xgroup-destroy") return;
    if (this.counts[ValueType.STREAM] > 0) this.signal(queue);
  }

  keyTouched(db: Database, key: Uint8Array): void {
    this.keyChanged(db, key, "");
  }

  flushed(db: Database): void {
    for (const queue of this.queues.of(db)) this.holds(queue, NONE);
  }

  exchanged(a: Database, b: Database): void {
    this.holdAll(a);
    this.holdAll(b);
    this.found(a);
    this.found(b);
  }

  /** A waiter no longer waits. */
  leave(waiter: KeyWaiter): void {
    const { type, needsKey } = waiter.wait;
    this.counts[type]--;
    for (const queue of waiter.queues) {
      queue.waiters.delete(waiter);
      if (needsKey === true) queue.needing--;
      if (queue.waiters.size > 0) continue;
      if (queue.holdsStream) this.heldStreams--;
      this.queues.remove(queue);
    }
    this.listen();
    const { request } = waiter;
    if (this.spare.length >= SPARE_REQUESTS || request.buffer.length > KEPT_BYTES) return;
    if (request.offsets.length <= KEPT_ARGUMENTS) this.spare.push(request);
  }

  private enter(waiter: KeyWaiter, index: number): void {
    const { db, request, wait, queues } = waiter;
    const { data } = request;
    const offset = request.offsets[index];
    const length = request.lengths[index];
    const hash = db.table.hash(data, offset, length);
    let queue = this.queues.find(db, hash, data, offset, length);
    if (queue === undefined) {
      queue = this.queues.add(db, hash, data, offset, length);
      this.holds(queue, typeIn(db, queue));
    } else if (queue.waiters.has(waiter)) return;
    queue.waiters.set(waiter, index);
    if (wait.needsKey === true) queue.needing++;
    queues.push(queue);
  }

  /** A copy of a request, in the memory of one that is needed no more if there is one. */
  private kept(request: Request): Request {
    const copy = this.spare.pop() ?? new Request(new Uint8Array(LEAST_BYTES));
    copy.copyFrom(request);
    return copy;
  }

  /** Takes note of what a key is now, and of a stream that it was. */
  private holds(queue: KeyQueue<KeyWaiter>, type: number): void {
    const holdsStream = type === ValueType.STREAM;
    if (holdsStream === queue.holdsStream) return;
    queue.holdsStream = holdsStream;
    this.heldStreams += holdsStream ? 1 : -1;
    if (!holdsStream && this.counts[ValueType.STREAM] > 0) this.signal(queue);
    this.listen();
  }

  private holdAll(db: Database): void {
    for (const queue of this.queues.of(db)) this.holds(queue, typeIn(db, queue));
  }

  private signal(queue: KeyQueue<KeyWaiter>): void {
    if (queue.isReady) return;
    queue.isReady = true;
    this.ready.push(queue);
    this.hasReady = true;
  }

  private serve(queue: KeyQueue<KeyWaiter>): void {
    const { db, key, hash, waiters } = queue;
    // Nothing is made for it while no snapshot runs.
    if (this.state.preservesEntries && this.keeps(db, key, () => this.signal(queue))) return;
    // As any use of the key, this removes it when its time is up.
    const ref = db.lookUpWrite(key, 0, key.byteLength, hash);
    const type = ref === 0 ? NONE : typeOf(db.arena, ref);
    for (const [waiter, index] of waiters) {
      if (waiter.wait.type !== type) continue;
      if (this.run(waiter, index)) this.waiting.release(waiter);
      if (waiters.size === 0) return;
      if (type !== ValueType.STREAM && typeIn(db, queue) === NONE) break;
    }
    if (type === ValueType.STREAM || queue.needing === 0) return;
    for (const [waiter, index] of waiters) {
      if (waiter.wait.needsKey === true && this.run(waiter, index)) this.waiting.release(waiter);
    }
  }

  /** A database has other keys than before: those that somebody waits for. */
  private found(db: Database): void {
    for (const queue of this.queues.of(db)) {
      const type = typeIn(db, queue);
      if (type !== NONE && this.counts[type] > 0) this.signal(queue);
    }
  }

  /** Listens to what somebody waits for, and to nothing else. */
  private listen(): void {
    const { keyspace, counts } = this;
    const awaits = counts[ValueType.LIST] + counts[ValueType.SORTED_SET] +
        counts[ValueType.STREAM] > 0;
    if (awaits !== (keyspace.addedKeys !== null)) {
      keyspace.addedKeys = awaits ? this : null;
      keyspace.observe(this.state);
    }
    const awaitsStreams = counts[ValueType.STREAM] > 0 || this.heldStreams > 0;
    if (awaitsStreams === this.listensToChanges) return;
    this.listensToChanges = awaitsStreams;
    if (awaitsStreams) keyspace.listen(this);
    else keyspace.unlisten(this);
  }
}

/** The type of a queue's key in a database, expired or not; NONE when it is not there. */
function typeIn(db: Database, { key, hash }: KeyQueue<KeyWaiter>): number {
  const ref = db.table.find(key, 0, key.byteLength, hash);
  return ref === 0 ? NONE : typeOf(db.arena, ref);
}
