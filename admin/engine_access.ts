/**
 * How pages reach the data: by commands, on a session of their own, as any client does. So what the
 * admin side shows is what clients see, and new types and encodings appear by themselves.
 *
 * A session lives for one request and does not touch: looking at keys must not make them look used.
 * What a page reads for itself is kept out of MONITOR, which would show little else while a page is
 * open; what a person asked for (the console, edits, imports, the REST side) is shown with the address
 * that it came from.
 */

import { latin1, utf8 } from "../lib/bytes/byte_string.ts";
import type { Context } from "../lib/engine/context.ts";
import type { Engine } from "../lib/engine/engine.ts";
import type { Session } from "../lib/engine/session.ts";
import { Gate } from "../lib/engine/session.ts";
import { invariant } from "../lib/host/invariant.ts";
import type { Reply } from "../lib/resp/reply_decoder.ts";
import { ReplyDecoder } from "../lib/resp/reply_decoder.ts";
import { Request } from "../lib/resp/request.ts";
import { Problem } from "./problem.ts";
import { SessionLink } from "./session_link.ts";

/** What the admin side uses of an engine. */
export interface AdminEngine {
  readonly context: Context;
  openSession(): Session;
  execute(session: Session, request: Request): void;
  /** Opens a turn, or joins the one that is open; it ends when the running task is through. */
  beginTurn(): void;
  /** Settles when what was run so far may be told to others. */
  settled(): Promise<void>;
}

/** What keeps the turns that commands run in: a server. */
export type Turns = Pick<AdminEngine, "beginTurn" | "settled">;

/** @param turns a server's; without it, for an engine that has none, turns are ended here. */
export function adminEngine(engine: Engine, turns: Turns = ownTurns(engine)): AdminEngine {
  return {
    context: engine.context,
    openSession: () => engine.openSession(),
    execute: (session, request) => engine.execute(session, request),
    beginTurn: () => turns.beginTurn(),
    settled: () => turns.settled(),
  };
}

function ownTurns(engine: Engine): Turns {
  let open = false;
  return {
    settled: () => Promise.resolve(),
    beginTurn: () => {
      engine.beginTurn();
      if (open) return;
      open = true;
      queueMicrotask(() => {
        open = false;
        engine.endTurn();
      });
    },
  };
}

/** Who a request comes from. */
export interface Identity {
  /** Whose rights its commands have. */
  readonly user: string;
  /** As CLIENT LIST and MONITOR show it. */
  readonly address: string;
}

export type Argument = string | Uint8Array;

export interface CommandsOptions {
  readonly database?: number;
  /** Commands that a person asked for: MONITOR shows them. */
  readonly shown?: boolean;
  readonly protocol?: 2 | 3;
}

/**
 * Runs commands and reads their replies. An error reply is thrown as a {@linkcode Problem}. All
 * that runs without an `await` between runs in one turn: at one time, with nobody else's between.
 */
export class Commands {
  readonly session: Session;
  private readonly decoder = new ReplyDecoder();
  /** Used again for each command: a page of keys takes thousands. */
  private readonly request = new Request(new Uint8Array(256));
  private readonly shown: boolean;
  private closed = false;

  constructor(
    private readonly engine: AdminEngine,
    identity: Identity,
    options: CommandsOptions = {},
  ) {
    const { store } = engine.context;
    const database = options.database ?? 0;
    if (database >= store.databases.length) throw new Problem(400, "ERR DB index is out of range");
    const session = engine.openSession();
    session.reply.protocol = options.protocol ?? 3;
    // Whether the client may do this has been decided before (access.ts).
    session.hasAuthenticated = true;
    session.gate &= ~Gate.UNAUTHENTICATED;
    session.user = identity.user;
    session.noTouch = true;
    session.name = "admin";
    session.db = store.databases[database];
    session.link = new SessionLink(identity.address);
    this.session = session;
    this.shown = options.shown ?? false;
  }

  /** The reply, whatever it is; undefined where the command made none that is complete. */
  attempt(args: readonly Argument[]): Reply | undefined {
    this.execute(args);
    return this.nextReply();
  }

  private execute(args: readonly Argument[]): void {
    const { session, engine } = this;
    const { monitor } = engine.context;
    invariant(!this.closed, "the session of this request is closed");
    engine.beginTurn();
    const wasActive = monitor.active;
    if (!this.shown) monitor.active = false;
    try {
      engine.execute(session, this.requestOf(args));
    } finally {
      if (!this.shown) monitor.active = wasActive;
    }
  }

  /** What else was written to the session: replies after the first, messages. */
  nextReply(): Reply | undefined {
    const { reply } = this.session;
    if (reply.length > 0) {
      this.decoder.feed(reply.buffer.subarray(0, reply.length));
      reply.length = 0;
      if (reply.buffer.length > KEPT_REPLY_BYTES) reply.detach();
    }
    return this.decoder.next();
  }

  run(...args: Argument[]): Reply {
    const reply = this.attempt(args);
    if (this.session.parked) throw new Problem(503, "commands wait (CLIENT PAUSE)", RETRY_SOON);
    invariant(reply !== undefined, `the command ${args[0]} made no whole reply`);
    if (reply.kind === "error") throw Problem.ofErrorReply(reply.text);
    return reply;
  }

  /** The bytes of the reply as they would go over the wire, lent until the next command. */
  rawReply(args: readonly Argument[]): Uint8Array {
    const { reply } = this.session;
    this.execute(args);
    const bytes = reply.buffer.subarray(0, reply.length);
    reply.length = 0;
    if (this.session.parked) throw new Problem(503, "commands wait (CLIENT PAUSE)", RETRY_SOON);
    if (bytes[0] !== MINUS) return bytes;
    throw Problem.ofErrorReply(latin1(bytes, 1, bytes.length - 3));
  }

  integer(...args: Argument[]): number | bigint {
    const reply = this.run(...args);
    invariant(reply.kind === "integer", `${args[0]} replied ${reply.kind}, not an integer`);
    return reply.value;
  }

  /** A string of any kind as its bytes; null for none. */
  bytes(...args: Argument[]): Uint8Array | null {
    const reply = this.run(...args);
    if (reply.kind === "null") return null;
    invariant(
      reply.kind === "bulk" || reply.kind === "verbatim",
      `${args[0]} replied ${reply.kind}, not a string`,
    );
    return reply.bytes;
  }

  /** A word or line, one character for each byte; null for none. */
  text(...args: Argument[]): string | null {
    const reply = this.run(...args);
    if (reply.kind === "null") return null;
    if (reply.kind === "simple") return reply.text;
    invariant(reply.kind === "bulk", `${args[0]} replied ${reply.kind}, not a line`);
    return reply.bytes === null ? null : latin1(reply.bytes);
  }

  /** The elements of an array or set; none for a null. */
  items(...args: Argument[]): readonly Reply[] {
    const reply = this.run(...args);
    if (reply.kind === "null") return [];
    invariant(
      reply.kind === "array" || reply.kind === "set",
      `${args[0]} replied ${reply.kind}, not an array`,
    );
    return reply.items ?? [];
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.engine.context.sessions.close(this.session);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private requestOf(args: readonly Argument[]): Request {
    const { request } = this;
    request.clear();
    let end = 0;
    for (const given of args) {
      // Command names and numbers are most of what is sent: characters go in one by one.
      const arg = typeof given === "string" && !isAscii(given) ? utf8(given) : given;
      const { length } = arg;
      if (end + length > request.buffer.length) {
        const larger = new Uint8Array((end + length) * 2);
        larger.set(request.buffer.subarray(0, end));
        request.use(larger);
      }
      if (typeof arg !== "string") request.buffer.set(arg, end);
      else for (let i = 0; i < length; i++) request.buffer[end + i] = arg.charCodeAt(i);
      request.push(end, length);
      end += length;
    }
    return request;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}

const RETRY_SOON = { "Retry-After": "1" };
const MINUS = 0x2d;
const KEPT_REPLY_BYTES = 1024 * 1024;
