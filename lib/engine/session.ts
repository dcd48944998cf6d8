/**
 * What a client is to commands: its database, protocol, name, rights and modes. Connections,
 * loaders, links and tests each give the engine a session of their own.
 */

import type { ClientClass } from "../config/special_parameters.ts";
import { ReplyWriter } from "../resp/reply_writer.ts";
import type { Database } from "../store/database.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { ClientLink, Endpoints } from "./ports.ts";
import type { RequestQueue } from "./request_queue.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { TrackingState } from "./tracking_state.ts";

/** Bits of {@linkcode Session.gate}: why a session's commands need a closer look first. */
export const Gate = {
  UNAUTHENTICATED: 1 << 0,
  IN_MULTI: 1 << 1,
  SUBSCRIBED: 1 << 2,
  /** CLIENT NO-TOUCH: not a reason to refuse, but one that the fast path need not know. */
  NO_TOUCH: 1 << 3,
  /** MONITOR: such a session may not use keys. */
  MONITOR: 1 << 4,
  /** CLIENT TRACKING, but for BCAST: no reason to refuse; the keys that commands read are noted. */
  TRACKING: 1 << 5,
  /** A replica: it may not use keys either. */
  REPLICA: 1 << 6,
  /** Bits of the engine's own gate follow. */
  LOADING: 1 << 8,
  MAXMEMORY: 1 << 9,
  READ_ONLY: 1 << 10,
  PAUSED: 1 << 11,
  BUSY: 1 << 12,
  /** The last snapshot failed, or the append-only file can't be written. */
  DISK_ERROR: 1 << 13,
  /** A replica without a link to its primary, whose data may be old. */
  STALE: 1 << 14,
  /** A primary that wants replicas to be near before it accepts writes. */
  FEW_REPLICAS: 1 << 15,
  /** A test has faults put in (faults.ts). */
  FAULTS: 1 << 16,
  /** A snapshot runs: who changes a value that takes long to save may have to wait. */
  SAVING: 1 << 17,
} as const;

/** What becomes of replies: CLIENT REPLY, and for a replica a reply is the end of its connection. */
export const ReplyMode = { ON: 0, OFF: 1, SKIP_NEXT: 2, SKIP: 3, CUT_OFF: 4 } as const;

export class Session {
  readonly reply: ReplyWriter = new ReplyWriter();
  /** Bits of {@linkcode Gate}; 0 on the fast path. */
  gate = 0;
  replyMode: number = ReplyMode.ON;
  /** Set by QUIT, CLIENT KILL and protocol errors: close once the replies are sent. */
  closing = false;
  /**
   * A command waits (CLIENT PAUSE, blocking commands): the connection keeps its request and runs
   * no other until {@linkcode ClientLink.resume}.
   */
  parked = false;
  /** A parked session was answered, or is to try anew, and goes on when the turn ends. */
  resumes = false;
  /**
   * Whether what it sends was accepted before, by the primary of this replica or by the server whose
   * append-only file is loaded: it is refused nothing.
   */
  isTrusted = false;
  /** Whether its scripts may be set aside though there is no connection that waits: who sends them does. */
  awaitsScripts = false;
  /** Whether a password was given, or none was asked for. */
  hasAuthenticated = true;
  /** Whose output buffer limits apply. */
  kind: ClientClass = "normal";
  /** The command running or last run, for CLIENT LIST. */
  lastCommand: CommandSpec | null = null;
  /** Turn time (Unix ms) of the last request. */
  lastActiveMs: number;
  name = "";
  libraryName = "";
  libraryVersion = "";
  user = "default";
  noEvict = false;
  /** The requests of an open MULTI; null outside of one. */
  queue: RequestQueue | null = null;
  /** A request of the open MULTI was refused, so that EXEC will be. */
  isSpoiled = false;
  /** A watched key has changed, so that EXEC will run nothing. */
  hasDirtyWatch = false;
  /** Whether it runs the commands of scripts. */
  isScript = false;
  /** Null until the first subscription. */
  subscriptions: Subscriptions | null = null;
  /** Null until the first CLIENT TRACKING ON. */
  tracking: TrackingState | null = null;
  /** Memory, about, of the keys, channels and prefixes that it has named and that are kept. */
  namedBytes = 0;
  /** Messages that came while the session's own command ran, to be sent behind its reply. */
  deferredPushes: ReplyWriter | null = null;
  /** How far the stream to replicas had got with what it wrote last: {@linkcode ReplicationPort}. */
  replicationOffset = 0;
  /** The same of the append-only file: {@linkcode DurabilityPort}. */
  durabilityOffset = 0;
  /** The connection behind the session; null for sessions inside the process. */
  link: ClientLink | null = null;
  /**
   * The link to our primary, in the session that applies its stream; null in all others. It is no
   * {@linkcode link}: nothing is replied to it, and it waits for nothing.
   */
  primary: Endpoints | null = null;

  constructor(readonly id: number, public db: Database, readonly createdMs: number) {
    this.lastActiveMs = createdMs;
  }

  /** Whether look-ups leave no trace in the access clock. */
  get noTouch(): boolean {
    return (this.gate & Gate.NO_TOUCH) !== 0;
  }

  set noTouch(on: boolean) {
    if (on) this.gate |= Gate.NO_TOUCH;
    else this.gate &= ~Gate.NO_TOUCH;
  }

  /** Whether the next reply is to be left out. */
  get isMuted(): boolean {
    return this.replyMode === ReplyMode.OFF || this.replyMode === ReplyMode.SKIP;
  }

  /** Whether a command that would wait has to answer at once: EXEC runs it. */
  get deniesBlocking(): boolean {
    return (this.gate & Gate.IN_MULTI) !== 0;
  }

  /** Whether its command waits, as CLIENT LIST shows it. */
  get isBlocked(): boolean {
    return this.parked && !this.resumes;
  }

  get isAuthenticated(): boolean {
    return (this.gate & Gate.UNAUTHENTICATED) === 0;
  }
}

/** What a name costs beside its bytes where it is kept for a session: about two entries of tables. */
const NAME_BYTES = 100;

/** The memory that counts for a name which is kept for a session; one character a byte. */
export function bytesOfName(name: string): number {
  return name.length + NAME_BYTES;
}
