/**
 * Client-side caching: which sessions are to be told that a key was changed, and telling them.
 *
 * A session in the default mode is told once of each key that it has read since; the table of what was
 * read is one for all databases, as in Redis. A session in BCAST mode is told of every key with its
 * prefixes, in one message for all that a turn has changed. This class listens to the keyspace only
 * while there is a session that has ever asked for tracking, and the dispatcher asks it about reads
 * only behind a bit of such a session's gate, so nobody else pays for any of it.
 *
 * What the running session is to hear of its own command waits until the reply is complete (Redis 7.2);
 * everybody else is told at once.
 */

import { fromLatin1, latin1 } from "../bytes/byte_string.ts";
import { dataOf } from "../bytes/copy.ts";
import type { Config } from "../config/config.ts";
import type { Random } from "../host/random.ts";
import { ReplyWriter } from "../resp/reply_writer.ts";
import type { Request } from "../resp/request.ts";
import { ArenaFullError } from "../structures/arena.ts";
import type { Database } from "../store/database.ts";
import type { StoreState } from "../store/store_state.ts";
import { type CommandSpec, Flag } from "./command_spec.ts";
import { extractKeys } from "./key_extraction.ts";
import type { ChangeListener, Keyspace } from "./keyspace.ts";
import { pushTo } from "./pushes.ts";
import { bytesOfName, Gate, type Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import { KeyReferences } from "./special_keys.ts";
import { type TrackingOptions, TrackingState } from "./tracking_state.ts";
import { TrackingTable } from "./tracking_table.ts";

/** Events that tell of no change: a key that was looked for, and one whose own event follows. */
const NO_CHANGE = new Set(["keymiss", "new"]);
/** Changes that are nobody's: time or lack of memory made them. */
const NOBODYS = new Set(["expired", "evicted"]);
/** Read-only scripts: what their commands read counts, not the keys that they were called with. */
const READ_ONLY_SCRIPTS = new Set(["EVAL_RO", "EVALSHA_RO", "FCALL_RO"]);

const INVALIDATE = fromLatin1("invalidate");
const MESSAGE = fromLatin1("message");
const CHANNEL = fromLatin1("__redis__:invalidate");
const REDIRECTION_BROKEN = fromLatin1("tracking-redir-broken");

/** Keys given up in one turn while the table is too full; more in each turn that finds it so. */
const KEYS_GIVEN_UP = 100;
const LAST_SERIAL = 2 ** 31 - 1;
/** A frame longer than this gives its memory back. */
const KEPT_BYTES = 64 * 1024;

/** Those who want to hear of keys with one prefix, and what there is to tell them. */
interface Broadcast {
  readonly prefix: Uint8Array;
  readonly sessions: Set<Session>;
  /** Keys, one character a byte, with the session that changed them last. */
  readonly keys: Map<string, Session | null>;
}

export class Tracking implements ChangeListener {
  /** Sessions with tracking on. */
  sessionCount = 0;
  /** Whether {@linkcode endTurn} has something to do. */
  isDue = false;
  /** Sessions that are open and have asked for tracking at some time, by serial number. */
  private readonly bySerial: Map<number, Session> = new Map();
  private lastSerial = 0;
  private readonly table: TrackingTable;
  private readonly broadcasts: Map<string, Broadcast> = new Map();
  /** What the running session is to be told when its command has ended; null for all keys. */
  private pending: (Uint8Array | null)[] = [];
  private maxKeys = 0;
  /** Turns in a row that ended with too many keys. */
  private turnsOverLimit = 0;
  private readonly found = new KeyReferences();
  private readonly frame = new ReplyWriter();
  private readonly payload = new ReplyWriter();

  /** @param running the session whose command runs, null between commands. */
  constructor(
    private readonly keyspace: Keyspace,
    private readonly sessions: Sessions,
    private readonly running: () => Session | null,
    state: StoreState,
    random: Random,
    config: Config,
  ) {
    this.table = new TrackingTable(state, random);
    const follow = (): void => {
      this.maxKeys = config.get("tracking-table-max-keys");
      this.checkLimit();
    };
    follow();
    config.subscribe("tracking-table-max-keys", follow);
  }

  /** Keys that some session has read and not been told of since. */
  get keyCount(): number {
    return this.table.keyCount;
  }

  /** Pairs of such a key and such a session. */
  get itemCount(): number {
    return this.table.readerCount;
  }

  /** Prefixes of BCAST that are listened to. */
  get prefixCount(): number {
    return this.broadcasts.size;
  }

  /**
   * CLIENT TRACKING ON, whose arguments are known to fit what the session has asked for before.
   *
   * @param prefixes to be added to those that there are, one character a byte.
   */
  turnOn(
    session: Session,
    redirect: number,
    options: TrackingOptions,
    prefixes: readonly string[],
  ): void {
    const state = session.tracking ??= this.enter(session);
    if (!state.isOn) this.sessionCount++;
    state.isOn = true;
    state.options = options;
    state.redirect = redirect;
    state.isBroken = false;
    if (!options.isBroadcast) {
      session.gate |= Gate.TRACKING;
      return;
    }
    for (const prefix of prefixes.length === 0 ? [""] : prefixes) {
      if (!state.prefixes.has(prefix)) session.namedBytes += bytesOfName(prefix);
      state.prefixes.add(prefix);
      const broadcast = this.broadcasts.get(prefix);
      if (broadcast !== undefined) broadcast.sessions.add(session);
      else {
        this.broadcasts.set(prefix, {
          prefix: fromLatin1(prefix),
          sessions: new Set([session]),
          keys: new Map(),
        });
      }
    }
  }

  /** CLIENT TRACKING OFF; does nothing where it is off. */
  turnOff(session: Session): void {
    const state = session.tracking;
    if (state === null || !state.isOn) return;
    this.sessionCount--;
    for (const prefix of state.prefixes) {
      session.namedBytes -= bytesOfName(prefix);
      const broadcast = this.broadcasts.get(prefix);
      broadcast?.sessions.delete(session);
      if (broadcast?.sessions.size === 0) this.broadcasts.delete(prefix);
    }
    state.prefixes.clear();
    state.turnOff();
    session.gate &= ~Gate.TRACKING;
  }

  /** A session ends; with the last one all that was remembered goes. */
  leave(session: Session): void {
    const state = session.tracking;
    if (state === null) return;
    this.turnOff(session);
    session.tracking = null;
    this.bySerial.delete(state.serial);
    if (this.bySerial.size > 0) return;
    this.table.clear();
    this.keyspace.unlisten(this);
  }

  /**
   * A command of a session has run.
   *
   * @param session the one to be told of changes: of a script's commands, the script's caller.
   */
  ran(session: Session, command: CommandSpec, request: Request): void {
    const state = session.tracking;
    if (state === null) return;
    if (
      state.remembers && (command.flags & Flag.READONLY) !== 0 &&
      (command.flags & Flag.PUBSUB) === 0 && !READ_ONLY_SCRIPTS.has(command.name)
    ) this.remember(session, state.serial, command, request);
    this.ended(session, command);
  }

  /** A command of a session has run or was refused: CLIENT CACHING held for no other. */
  ended(session: Session, command: CommandSpec | undefined): void {
    const state = session.tracking;
    if (state === null || !state.caching || session.parked) return;
    if ((session.gate & Gate.IN_MULTI) !== 0) return;
    if (command?.name.startsWith("CLIENT|") !== true) state.caching = false;
  }

  keyChanged(_db: Database, key: Uint8Array, event: string): void {
    if (NO_CHANGE.has(event)) return;
    if (this.broadcasts.size > 0) this.note(key, NOBODYS.has(event) ? null : this.running());
    this.invalidate(key);
  }

  keyTouched(db: Database, key: Uint8Array): void {
    this.keyChanged(db, key, "");
  }

  /** FLUSHDB and FLUSHALL: whatever anybody has is no longer to be trusted. */
  emptied(): void {
    this.table.clear();
    const running = this.running();
    for (const session of this.bySerial.values()) {
      if (session.tracking?.isOn === true) this.tell(session, null, running);
    }
  }

  /** The running session's command has ended: sends it the pushes that had to wait for that. */
  sendDeferred(session: Session): void {
    const pushes = session.deferredPushes as ReplyWriter;
    session.deferredPushes = null;
    const { pending } = this;
    if (pending.length > 0) this.pending = [];
    for (const key of pending) this.send(session, this.encoded(session, key));
    session.reply.raw(pushes.buffer.subarray(0, pushes.length));
  }

  /** Sends what was gathered for BCAST, and gives up keys when there are too many. */
  endTurn(): void {
    this.isDue = false;
    if (this.sessionCount > 0) this.sendBroadcasts();
    this.keepToLimit();
  }

  private enter(session: Session): TrackingState {
    if (this.bySerial.size === 0) this.keyspace.listen(this);
    do this.lastSerial = this.lastSerial === LAST_SERIAL ? 1 : this.lastSerial + 1; while (
      this.bySerial.has(this.lastSerial)
    );
    this.bySerial.set(this.lastSerial, session);
    return new TrackingState(this.lastSerial);
  }

  private remember(
    session: Session,
    serial: number,
    command: CommandSpec,
    request: Request,
  ): void {
    const { found, table } = this;
    extractKeys(command, request, found);
    for (let i = 0; i < found.count; i++) {
      const index = found.indexes[i];
      try {
        table.add(request.data, request.offsets[index], request.lengths[index], serial);
      } catch (error) {
        if (!(error instanceof ArenaFullError)) throw error;
        // What can't be remembered must not be kept by the client either.
        this.tell(session, request.copy(index), this.running());
      }
    }
    this.checkLimit();
  }

  private invalidate(key: Uint8Array): void {
    if (this.table.keyCount === 0) return;
    const readers = this.table.take(dataOf(key), key.length);
    if (readers.length === 0) return;
    const running = this.running();
    for (const serial of readers) {
      const session = this.bySerial.get(serial);
      const state = session?.tracking ?? null;
      // A session that has switched to BCAST hears of the change that way, if at all.
      if (session === undefined || state === null || !state.isOn) continue;
      if (state.options.isBroadcast || (state.options.noLoop && session === running)) continue;
      this.tell(session, key, running);
    }
  }

  /** Tells a session of a key (lent), or of all keys, now or behind the reply that it waits for. */
  private tell(session: Session, key: Uint8Array | null, running: Session | null): void {
    if (session !== running) return this.send(session, this.encoded(session, key));
    this.pending.push(key === null ? null : key.slice());
    if (session.deferredPushes === null) {
      session.deferredPushes = new ReplyWriter();
      session.deferredPushes.protocol = session.reply.protocol;
    }
  }

  /** The last element of a message about a key, or about all. */
  private encoded(session: Session, key: Uint8Array | null): ReplyWriter {
    const { payload } = this;
    payload.cutTo(0);
    payload.protocol = session.reply.protocol;
    if (key === null) payload.null();
    else {
      payload.array(1);
      payload.bulkBytes(key);
    }
    return payload;
  }

  private send(session: Session, payload: ReplyWriter): void {
    const state = session.tracking;
    if (state === null) return;
    const { frame } = this;
    frame.cutTo(0);
    let receiver = session;
    if (state.redirect !== 0) {
      const redirected = this.sessions.get(state.redirect);
      if (redirected === undefined) return this.tellBroken(session, state);
      receiver = redirected;
    }
    if (receiver.reply.protocol === 3) {
      frame.push(2);
      frame.bulkBytes(INVALIDATE);
    } else if (state.redirect !== 0 && (receiver.gate & Gate.SUBSCRIBED) !== 0) {
      frame.push(3);
      frame.bulkBytes(MESSAGE);
      frame.bulkBytes(CHANNEL);
    } else return;
    frame.raw(payload.buffer.subarray(0, payload.length));
    pushTo(receiver, frame, this.running());
    if (frame.buffer.length > KEPT_BYTES) frame.detach();
  }

  private tellBroken(session: Session, state: TrackingState): void {
    state.isBroken = true;
    if (session.reply.protocol !== 3) return;
    const { frame } = this;
    frame.push(2);
    frame.bulkBytes(REDIRECTION_BROKEN);
    frame.integer(state.redirect);
    pushTo(session, frame, this.running());
  }

  private note(key: Uint8Array, changer: Session | null): void {
    let name: string | null = null;
    for (const { prefix, keys } of this.broadcasts.values()) {
      if (!startsWith(key, prefix)) continue;
      keys.set(name ??= latin1(key), changer);
      this.isDue = true;
    }
  }

  private sendBroadcasts(): void {
    for (const [, broadcast] of [...this.broadcasts].sort(byName)) {
      if (broadcast.keys.size === 0) continue;
      const keys = [...broadcast.keys].sort(byName);
      broadcast.keys.clear();
      this.encodeKeys(keys, null);
      let isForAll = true;
      for (const session of broadcast.sessions) {
        if (session.tracking?.options.noLoop === true) {
          isForAll = false;
          if (this.encodeKeys(keys, session) > 0) this.send(session, this.payload);
        } else {
          if (!isForAll) this.encodeKeys(keys, null);
          isForAll = true;
          this.send(session, this.payload);
        }
      }
    }
    if (this.payload.buffer.length > KEPT_BYTES) this.payload.detach();
  }

  /** Writes the keys that anybody but one session has changed; how many those are. */
  private encodeKeys(keys: readonly [string, Session | null][], without: Session | null): number {
    const { payload } = this;
    const told = without === null ? keys : keys.filter(([, changer]) => changer !== without);
    payload.cutTo(0);
    payload.array(told.length);
    for (const [key] of told) payload.bulkBytes(fromLatin1(key));
    return told.length;
  }

  private checkLimit(): void {
    if (this.maxKeys > 0 && this.table.keyCount > this.maxKeys) this.isDue = true;
  }

  private keepToLimit(): void {
    const { table, maxKeys } = this;
    if (maxKeys === 0 || table.keyCount <= maxKeys) {
      this.turnsOverLimit = 0;
      return;
    }
    this.turnsOverLimit++;
    for (let left = KEYS_GIVEN_UP * this.turnsOverLimit; left > 0; left--) {
      const key = table.randomKey();
      if (key !== null) this.invalidate(key);
      if (table.keyCount <= maxKeys) {
        this.turnsOverLimit = 0;
        return;
      }
    }
    this.isDue = true;
  }
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  if (prefix.length > key.length) return false;
  for (let i = 0; i < prefix.length; i++) if (key[i] !== prefix[i]) return false;
  return true;
}

/** The order of bytes. */
function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
