/**
 * How pages reach the data: by commands, on a session of their own, as any client does. So what the
 * admin side shows is what clients see, and new types and encodings appear by themselves.
 *
 * A session lives for one request and does not touch: looking at keys must not make them look used.
 * All commands of a request run in one turn, thus at one time and with nobody else's between them.
 */

import { latin1, utf8 } from "../lib/bytes/byte_string.ts";
import type { Engine } from "../lib/engine/engine.ts";
import type { Session } from "../lib/engine/session.ts";
import { Gate } from "../lib/engine/session.ts";
import { invariant } from "../lib/host/invariant.ts";
import type { Reply } from "../lib/resp/reply_decoder.ts";
import { ReplyDecoder } from "../lib/resp/reply_decoder.ts";
import { Request } from "../lib/resp/request.ts";
import { Problem } from "./problem.ts";

/** What the admin side uses of an engine. */
export type AdminEngine = Pick<
  Engine,
  "context" | "openSession" | "beginTurn" | "execute" | "endTurn"
>;

export type Argument = string | Uint8Array;

/**
 * Runs `work` with commands on a database. It must be synchronous. Whether the client may do this
 * has been decided before (access.ts): the session is already logged in.
 */
export function withCommands<T>(
  engine: AdminEngine,
  database: number,
  work: (commands: Commands) => T,
): T {
  const { store, sessions } = engine.context;
  if (database >= store.databases.length) throw new Problem(400, "ERR DB index is out of range");
  const session = engine.openSession();
  session.reply.protocol = 3;
  session.hasAuthenticated = true;
  session.gate &= ~Gate.UNAUTHENTICATED;
  session.noTouch = true;
  session.name = "admin";
  session.db = store.databases[database];
  engine.beginTurn();
  try {
    return work(new Commands(engine, session));
  } finally {
    engine.endTurn();
    sessions.close(session);
  }
}

/** Runs commands and reads their replies. An error reply is thrown as a {@linkcode Problem}. */
export class Commands {
  private readonly decoder = new ReplyDecoder();
  /** Used again for each command: a page of keys takes thousands. */
  private readonly request = new Request(new Uint8Array(256));

  constructor(private readonly engine: AdminEngine, private readonly session: Session) {}

  run(...args: Argument[]): Reply {
    const { reply } = this.session;
    this.engine.execute(this.session, this.requestOf(args));
    this.decoder.feed(reply.buffer.subarray(0, reply.length));
    reply.length = 0;
    const decoded = this.decoder.next();
    invariant(decoded !== undefined, `the command ${args[0]} made no whole reply`);
    if (decoded.kind === "error") throw Problem.ofErrorReply(decoded.text);
    return decoded;
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

  private requestOf(args: readonly Argument[]): Request {
    const { request } = this;
    request.clear();
    let end = 0;
    for (const arg of args) {
      const bytes = typeof arg === "string" ? utf8(arg) : arg;
      if (end + bytes.length > request.buffer.length) {
        const larger = new Uint8Array((end + bytes.length) * 2);
        larger.set(request.buffer.subarray(0, end));
        request.buffer = larger;
      }
      request.buffer.set(bytes, end);
      request.push(end, bytes.length);
      end += bytes.length;
    }
    return request;
  }
}
