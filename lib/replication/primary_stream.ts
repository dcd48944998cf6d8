/**
 * A primary's stream, applied: each request runs as a client's would, in a session that is refused
 * nothing, and its bytes go on, as they came, to replicas of our own.
 *
 * The place that we tell the primary is that of the last request applied. A transaction counts only
 * as a whole: when the link is lost in the middle of one, it is asked for again from its MULTI.
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import { latin1 } from "../bytes/byte_string.ts";
import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import { Gate } from "../engine/session.ts";
import { Prefetch } from "../engine/prefetch.ts";
import { Request } from "../resp/request.ts";
import { Parsed, RequestParser } from "../resp/request_parser.ts";
import type { Backlog } from "./backlog.ts";

/** The primary has checked what it accepted; only what can't be held in memory is refused. */
const MAX_ARGUMENT_BYTES = 2 ** 31 - 1;
const REPLY_BYTES = 1024;
/** Requests looked for at a time: enough for their waits for memory to overlap. */
const BATCH_REQUESTS = 16;
/** What an error reply begins with. */
const ERROR_MARK = 45;

/** The primary sent what is no request. */
export class StreamError extends Error {
  override name = "StreamError";
}

export class PrimaryStream {
  readonly session: Session;
  private readonly parser = new RequestParser({ maxBulkBytes: MAX_ARGUMENT_BYTES });
  private readonly requests: Request[] = Array.from(
    { length: BATCH_REQUESTS },
    () => new Request(),
  );
  private readonly prefetch = new Prefetch(BATCH_REQUESTS);
  /** Place behind the last byte read. */
  private readPlace: number;
  /** Place of the first byte of the parser's buffer. */
  private bufferPlace = 0;
  private pause: Promise<void> | null = null;

  /** @param db database that the stream has selected at this place. */
  constructor(
    private readonly engine: Engine,
    private readonly backlog: Backlog,
    /** Bytes were committed: replicas of our own may have them. */
    private readonly committed: () => void,
    db: number,
  ) {
    this.readPlace = backlog.committed;
    this.session = engine.openSession();
    this.session.isTrusted = true;
    this.session.gate &= ~Gate.UNAUTHENTICATED;
    this.session.db = engine.context.store.databases[db];
    this.session.reply.attach(new ByteBuffer(REPLY_BYTES));
  }

  /** Place up to which the stream was read, applied or not. */
  get readOffset(): number {
    return this.readPlace;
  }

  /**
   * What the next request has to wait for: a snapshot of ours that saves what it changes, or the end
   * of CLIENT PAUSE. Nothing more is to be read before {@linkcode goOn}.
   */
  get pausedBy(): Promise<void> | null {
    return this.pause;
  }

  /** Where the next read goes. */
  space(): Uint8Array {
    return this.parser.space();
  }

  /**
   * Applies what was read into {@linkcode space}, within a turn.
   *
   * @throws StreamError when it is no request.
   */
  received(bytes: Uint8Array): void {
    this.backlog.append(bytes);
    this.readPlace += bytes.length;
    const { buffer } = this.parser.request;
    this.bufferPlace = this.readPlace - (bytes.byteOffset - buffer.byteOffset + bytes.length);
    this.parser.filled(bytes.length);
    this.apply(false);
  }

  /**
   * Applies what is left when {@linkcode pausedBy} has settled, within a turn.
   *
   * @throws StreamError as {@linkcode received}.
   */
  goOn(): void {
    this.pause = null;
    this.apply(true);
  }

  /** @param first whether a request has waited, to be applied before those behind it. */
  private apply(first: boolean): void {
    const { parser } = this;
    const { state } = this.engine.context.store;
    // What the primary changes is there for it, past its time or not, until it says DEL.
    state.expires = false;
    if (!first || this.run(parser.request)) this.applyBatches();
    state.expires = true;
    this.commit(this.readPlace - parser.pendingBytes);
    this.committed();
    if (this.pause === null && parser.ended === Parsed.ERROR) throw new StreamError(parser.error);
  }

  /**
   * Applies all that is complete. As with clients' pipelines, some requests are looked at together:
   * SETs of keys at random among a million took a replica 1.85 µs of processor time one by one, and
   * take 1.38.
   */
  private applyBatches(): void {
    const { parser, requests, session } = this;
    do {
      const count = parser.nextBatch(requests, 0, BATCH_REQUESTS);
      if (count > 1) this.prefetch.touch(session.db, requests, count);
      for (let i = 0; i < count; i++) {
        if (this.run(requests[i])) continue;
        parser.backTo(requests, i);
        return;
      }
    } while (parser.ended === Parsed.REQUEST);
  }

  /** Applies one request; false when it has to wait. */
  private run(request: Request): boolean {
    const { engine, session } = this;
    // All before it was applied, which is what GETACK wants to know.
    this.commit(this.bufferPlace + request.start);
    const { delayedWriters, pause } = engine.context;
    if ((delayedWriters.isActive || pause.isActive) && this.isDelayed(request)) return false;
    engine.execute(session, request);
    const { reply } = session;
    if (reply.length > 0 && reply.buffer[0] === ERROR_MARK) this.refused();
    reply.cutTo(0);
    return true;
  }

  private isDelayed(request: Request): boolean {
    const { session, engine } = this;
    const command = engine.registry.find(request.data, request.offsets[0], request.lengths[0]);
    if (command === undefined) return false;
    const { delayedWriters, pause } = engine.context;
    this.pause = pause.delay(command.flags) ?? delayedWriters.delay(session, command, request);
    return this.pause !== null;
  }

  /** The link has ended: what was not applied as a whole is forgotten. */
  end(): void {
    this.backlog.dropUncommitted();
    this.engine.context.sessions.close(this.session);
  }

  /** The primary could run what we can't: our data may differ from its from now on. */
  private refused(): void {
    const { reply, lastCommand } = this.session;
    const { host, stats, config, process } = this.engine.context;
    const text = latin1(reply.buffer.subarray(1, reply.length)).trimEnd();
    const command = lastCommand?.lowerName ?? "<unknown>";
    host.log.warning(
      "== CRITICAL == This replica is sending an error to its master: " +
        `'${text}' after processing the command '${command}'`,
    );
    stats.unexpectedErrors++;
    if (config.get("propagation-error-behavior") === "ignore") return;
    // Data that clients change are not the primary's anyway.
    if (!config.get("replica-read-only")) return;
    process?.fail(`its primary's command '${command}' failed, see propagation-error-behavior`);
  }

  /** @param place behind the last request that was applied. */
  private commit(place: number): void {
    if (this.session.queue === null) this.backlog.committed = place;
  }
}
