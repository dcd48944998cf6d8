/**
 * MULTI and WATCH: requests that wait for EXEC, and keys whose change keeps EXEC from running them.
 *
 * A session in MULTI has a bit in its gate; only behind that does the dispatcher queue what comes.
 * EXEC hands the queue back to the dispatcher, inside its own call, so that all effects are one unit.
 *
 * Watched keys are found by database and name. This class listens to the keyspace only while
 * somebody watches. A session that was marked as dirty no longer watches: one change is enough.
 *
 * Time is no change by itself. A key whose time was up when it was watched is as good as missing, so
 * that its removal changes nothing ({@linkcode WatchedKey.wasExpired}); a key whose time is up at
 * EXEC and was not at WATCH has changed, removed or not.
 */

import { fromLatin1, latin1 } from "../bytes/byte_string.ts";
import { dataOf } from "../bytes/copy.ts";
import { Request } from "../resp/request.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import type { Database } from "../store/database.ts";
import type { CommandSpec } from "./command_spec.ts";
import { errors } from "./errors.ts";
import type { ChangeListener, Keyspace } from "./keyspace.ts";
import { RequestQueue } from "./request_queue.ts";
import { bytesOfName, Gate, type Session } from "./session.ts";

/** Queues kept for the next MULTI. */
const SPARE_QUEUES = 16;

/** Events that tell of no change: a key that was looked for, and one whose own event follows. */
const NO_CHANGE = new Set(["keymiss", "new"]);

interface WatchedKey {
  readonly session: Session;
  readonly db: Database;
  /** One character a byte. */
  readonly key: string;
  /** The key was there, and past its time, when it was watched. */
  wasExpired: boolean;
}

/** A transaction that goes on when the script in it has ended. */
interface HeldTransaction {
  readonly session: Session;
  readonly queue: RequestQueue;
  readonly next: number;
}

export class Transactions implements ChangeListener {
  /** Runs a queued request inside the command that runs; set by the dispatcher. */
  run: (session: Session, command: CommandSpec, request: Request) => void = () => {};
  /** Whether EXEC runs what was queued. */
  isExecuting = false;
  private held: HeldTransaction | null = null;
  private readonly watchedBy: Map<Session, WatchedKey[]> = new Map();
  /** By number of the database. */
  private readonly watchers: Map<string, WatchedKey[]>[];
  private readonly spare: RequestQueue[] = [];
  /** The request that EXEC runs, lent to one queue after the other. */
  private readonly request = new Request();
  private readonly nothing = new Request();

  constructor(private readonly keyspace: Keyspace, databases: number) {
    this.watchers = Array.from({ length: databases }, () => new Map());
  }

  /** Sessions that watch keys which have not changed yet. */
  get watchingSessions(): number {
    return this.watchedBy.size;
  }

  /** MULTI. */
  begin(session: Session): void {
    session.queue = this.spare.pop() ?? new RequestQueue();
    session.gate |= Gate.IN_MULTI;
  }

  /** EXEC: replies null where a watched key has changed, else an array of all replies. */
  execute(session: Session, reply: ReplyWriter): void {
    const { queue } = session;
    if (queue === null) throw errors.EXEC_WITHOUT_MULTI;
    if (session.isSpoiled) {
      this.discard(session);
      throw errors.EXEC_ABORTED;
    }
    if (session.hasDirtyWatch || this.watchesExpired(session)) {
      this.discard(session);
      reply.nullArray();
      return;
    }
    // What the transaction itself changes is no reason to abort anything.
    this.unwatch(session);
    reply.array(queue.count);
    this.runFrom(session, queue, 0);
  }

  /** Runs the rest of an EXEC that a script was in the middle of. */
  goOn(): void {
    const { session, queue, next } = this.held as HeldTransaction;
    this.held = null;
    this.runFrom(session, queue, next);
  }

  private runFrom(session: Session, queue: RequestQueue, first: number): void {
    const { request } = this;
    this.isExecuting = true;
    queue.lend(request);
    for (let i = first; i < queue.count; i++) {
      queue.load(i, request);
      this.run(session, queue.commandAt(i), request);
      if (!session.parked) continue;
      // A script was set aside, and the queue goes with it: the session may end meanwhile.
      this.held = { session, queue, next: i + 1 };
      this.isExecuting = false;
      session.queue = null;
      return;
    }
    this.isExecuting = false;
    request.clear();
    request.buffer = this.nothing.buffer;
    request.data = this.nothing.data;
    session.queue = queue;
    this.discard(session);
  }

  /** Ends a MULTI, if there is one, and all watching. */
  discard(session: Session): void {
    const { queue } = session;
    if (queue !== null) {
      session.queue = null;
      queue.clear();
      if (queue.isReusable && this.spare.length < SPARE_QUEUES) this.spare.push(queue);
    }
    session.gate &= ~Gate.IN_MULTI;
    session.isSpoiled = false;
    this.unwatch(session);
  }

  /** WATCH of one key, lent until the call returns. */
  watch(session: Session, db: Database, bytes: Uint8Array): void {
    // It is settled already that EXEC will not run.
    if (session.hasDirtyWatch) return;
    const key = latin1(bytes);
    let watched = this.watchedBy.get(session);
    if (watched === undefined) {
      if (this.watchedBy.size === 0) this.keyspace.listen(this);
      watched = [];
      this.watchedBy.set(session, watched);
    }
    const watchers = this.watchers[db.index];
    const others = watchers.get(key);
    if (others?.some((other) => other.session === session) === true) return;
    const ref = entryOf(db, bytes);
    const wasExpired = ref !== 0 && db.isExpired(ref);
    const entry = { session, db, key, wasExpired };
    watched.push(entry);
    session.namedBytes += bytesOfName(key);
    if (others === undefined) watchers.set(key, [entry]);
    else others.push(entry);
  }

  /** UNWATCH; what was changed before is forgotten as well. */
  unwatch(session: Session): void {
    session.hasDirtyWatch = false;
    this.forget(session);
  }

  keyChanged(db: Database, key: Uint8Array, event: string): void {
    const watchers = this.watchers[db.index];
    if (watchers.size === 0 || NO_CHANGE.has(event)) return;
    const watching = watchers.get(latin1(key));
    if (watching === undefined) return;
    for (const entry of [...watching]) {
      // What was past its time is gone now, which is what it was for whoever watches.
      if (entry.wasExpired && entryOf(db, key) === 0) entry.wasExpired = false;
      else this.markDirty(entry.session);
    }
  }

  keyTouched(db: Database, key: Uint8Array): void {
    this.keyChanged(db, key, "");
  }

  flushed(db: Database): void {
    this.exchanged(db, db, null);
  }

  swapped(a: Database, b: Database): void {
    this.exchanged(a, b, a);
    this.exchanged(b, a, b);
  }

  replaced(db: Database, before: Database): void {
    this.exchanged(db, before, db);
  }

  /**
   * All keys of a database have been, or are about to be, exchanged for others.
   *
   * @param before where the keys are that it had.
   * @param after where the keys are that it has then; null for none.
   */
  private exchanged(db: Database, before: Database, after: Database | null): void {
    for (const [key, watching] of this.watchers[db.index]) {
      const bytes = fromLatin1(key);
      const wasThere = entryOf(before, bytes) !== 0;
      const ref = after === null ? 0 : entryOf(after, bytes);
      if (!wasThere && ref === 0) continue;
      const isExpired = after !== null && ref !== 0 && after.isExpired(ref);
      for (const entry of [...watching]) {
        if (entry.wasExpired && ref === 0) entry.wasExpired = false;
        else if (isExpired && (entry.wasExpired || !wasThere)) entry.wasExpired = true;
        else this.markDirty(entry.session);
      }
    }
  }

  private watchesExpired(session: Session): boolean {
    const watched = this.watchedBy.get(session);
    if (watched === undefined) return false;
    return watched.some(({ db, key, wasExpired }) => {
      if (wasExpired) return false;
      const ref = entryOf(db, fromLatin1(key));
      return ref !== 0 && db.isExpired(ref);
    });
  }

  private markDirty(session: Session): void {
    session.hasDirtyWatch = true;
    this.forget(session);
  }

  private forget(session: Session): void {
    const watched = this.watchedBy.get(session);
    if (watched === undefined) return;
    this.watchedBy.delete(session);
    for (const entry of watched) {
      session.namedBytes -= bytesOfName(entry.key);
      const watchers = this.watchers[entry.db.index];
      const others = watchers.get(entry.key)?.filter((other) => other !== entry) ?? [];
      if (others.length === 0) watchers.delete(entry.key);
      else watchers.set(entry.key, others);
    }
    if (this.watchedBy.size === 0) this.keyspace.unlisten(this);
  }
}

/** The entry of a key, expired or not, without any trace of the look; 0 when there is none. */
function entryOf(db: Database, key: Uint8Array): number {
  const data = dataOf(key);
  return db.table.find(data, 0, key.length, db.table.hash(data, 0, key.length));
}
