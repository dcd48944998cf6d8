/**
 * One client's connection: read → run every complete request → one write. [hot]
 *
 * What is read waits for the end of the turn (turn.ts), which runs it with what others sent, writes
 * the replies and has the next read started. That one thing is done for all of them before the next
 * keeps its code in the processor's cache: GET without pipelining took 8.1 µs of processor time
 * outside the kernel when each connection did all three by itself, and takes 6.3.
 *
 * Replies gather in the session's writer. One write is in flight at a time; what comes meanwhile
 * waits in the writer's next buffer, and in sealed ones when it becomes much, so a client that does
 * not read holds up nobody and its bytes are counted. A write that the system takes only in part goes
 * on with the rest.
 *
 * A session may be parked (CLIENT PAUSE, a command that blocks): reading goes on, so that the end
 * of the connection is noticed and limits hold, but the parser is not asked for the next request.
 * Until it is, the one that waits keeps its place in the read buffer, wherever that grows to.
 */

import { clientInfo } from "../engine/client_info.ts";
import type { ClientLink, OutputSource, SharedOutput } from "../engine/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import type { BufferLimits } from "../config/special_parameters.ts";
import { addressText, type Connection as HostConnection } from "../host/network.ts";
import type { ReplyListener } from "../resp/reply_writer.ts";
import { Parsed, RequestParser } from "../resp/request_parser.ts";
import type { ParserLimits } from "../resp/request_parser.ts";
import { quoted } from "../bytes/byte_string.ts";
import { BUFFER_BYTES, type BufferPool, CHUNK_BYTES } from "./buffer_pool.ts";
import { HeldReplies } from "./held_replies.ts";
import { OutputLimit } from "./output_limit.ts";
import { LEAST_SEALED_BYTES, OutputQueue } from "./output_queue.ts";
import { SocketWriter, type WriterOwner } from "./socket_writer.ts";
import type { Reader, Resumable, Turn } from "./turn.ts";

export interface ClientLimits extends ParserLimits {
  /** Most bytes read and not run yet. */
  maxQueryBytes: number;
  /** By kind of client: most bytes of replies that wait to be written. */
  output: BufferLimits;
}

/** What a connection needs of its server. */
export interface ConnectionOwner {
  readonly engine: Engine;
  readonly turn: Turn;
  readonly buffers: BufferPool;
  readonly limits: ClientLimits;
  /** `maxmemory-clients` in bytes; 0 for none. */
  readonly memoryLimitBytes: number;
  /** Told of what was read while there is such a limit; may close clients. */
  received(bytes: number): void;
  /** Told of a long reply while there is such a limit. */
  replies(bytes: number): void;
  closed(connection: Connection): void;
}

/** No limit on what was read is lower than this, so that less needs no look at them. */
const UNCHECKED_QUERY_BYTES = 1024 * 1024;
/** Bytes of a query that is too long which the log shows. */
const LOGGED_QUERY_BYTES = 64;

export class Connection implements ClientLink, ReplyListener, Reader, Resumable, WriterOwner {
  readonly session: Session;
  readonly parser: RequestParser;
  private waitsForFlush = false;
  isOpen = true;
  /** {@linkcode memoryBytes} when clients were counted last. */
  countedBytes = 0;
  /** Whether requests wait for the end of the turn. */
  private hasArrived = false;
  /** What it shares with others and will send when the turn ends; null for nothing. */
  private followed: SharedOutput | null = null;
  /** Said to {@linkcode resume}, for {@linkcode goOn}. */
  private runsAgain = false;
  /** Set when an output limit was passed: closed as soon as no command is running. */
  private hasOverflowed = false;
  private readonly outputLimit: OutputLimit;
  private readonly writer: SocketWriter;
  /** What waits for the append-only file before it may be sent; null until there was any. */
  private held: HeldReplies | null = null;
  /** What waits behind that and is sealed; null until there was any. */
  private queue: OutputQueue | null = null;
  /** What was sealed in the open turn, which may have to be held; null until there was any. */
  private sealedInTurn: OutputQueue | null = null;
  /** What a replica is sent beside replies; null for all other clients. */
  private source: OutputSource | null = null;

  constructor(private readonly owner: ConnectionOwner, private readonly socket: HostConnection) {
    this.session = owner.engine.openSession();
    this.session.link = this;
    this.session.reply.listener = this;
    this.session.reply.source = owner.buffers;
    this.parser = new RequestParser(owner.limits, this.session.isAuthenticated, owner.buffers);
    this.outputLimit = new OutputLimit(this.session, owner.limits);
    this.writer = new SocketWriter(this, socket, owner.buffers, owner.engine.context.stats);
  }

  /** Reads what the client sends next; {@linkcode arrived} hears of it. */
  readOn(): void {
    this.hasArrived = false;
    if (!this.isOpen) return this.parser.release();
    try {
      this.socket.read(this.parser.space()).then(this.arrived, this.readEnded);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Starts to write what the session has to say, unless a write is in flight already. */
  flush(): void {
    this.waitsForFlush = false;
    if (!this.isOpen) return;
    if (this.hasOverflowed || this.isReplyTooLong()) return this.closeForOutput();
    if (this.followed !== null) return this.sendFollowed(this.followed);
    // What is held goes first.
    if (this.held !== null && !this.held.isEmpty) return this.hold(this.held.lastTicket);
    if (this.sealedInTurn !== null) {
      this.queue ??= new OutputQueue();
      this.queue.addAll(this.sealedInTurn);
    }
    const reply = this.session.reply;
    if (this.writer.isBusy) {
      if (reply.length >= CHUNK_BYTES) this.seal(this.queue ??= new OutputQueue());
      return;
    }
    if (this.queue !== null && this.writeSealed(this.queue)) return;
    if (reply.length === 0) {
      if (this.session.closing) this.close();
      else if (this.source !== null) this.writer.sendFrom(this.source);
      return;
    }
    const { length } = reply;
    // An idle connection keeps no reply buffer: the next request takes one from the pool.
    this.writer.send(reply.detach(), length);
  }

  hold(ticket: number): void {
    this.waitsForFlush = false;
    if (!this.isOpen) return;
    if (this.hasOverflowed || this.isReplyTooLong()) return this.closeForOutput();
    if (this.followed !== null) this.unfollow(this.followed);
    const { reply } = this.session;
    this.held ??= new HeldReplies();
    let piece = this.sealedInTurn?.take();
    for (; piece !== undefined; piece = this.sealedInTurn?.take()) {
      this.held.add(piece.memory, piece.length, ticket);
    }
    if (reply.length > 0) {
      const { length } = reply;
      this.held.add(reply.detach(), length, ticket);
    }
    this.writeReleased();
  }

  release(ticket: number): boolean {
    const { held } = this;
    if (held === null || !this.isOpen) return true;
    for (let piece = held.take(ticket); piece !== null; piece = held.take(ticket)) {
      this.queue ??= new OutputQueue();
      this.queue.add(piece.memory, piece.length);
    }
    this.writeReleased();
    return held.isEmpty;
  }

  /** Writes what was held and is free to go; what the open turn has to say is not. */
  private writeReleased(): void {
    if (this.writer.isBusy) return;
    if (this.queue !== null && this.writeSealed(this.queue)) return;
    if (this.session.closing && !this.waitsForFlush && this.held?.isEmpty !== false) this.flush();
  }

  scheduleFlush(): void {
    if (this.followed !== null) this.unfollow(this.followed);
    if (this.waitsForFlush || !this.isOpen) return;
    this.waitsForFlush = true;
    const { reply } = this.session;
    if (reply.buffer.length === 0) reply.attach(this.owner.buffers.takeReplies());
    this.owner.turn.begin();
    this.owner.turn.flushAtEnd(this);
  }

  expectPush(bytes: number): boolean {
    this.scheduleFlush();
    const { reply } = this.session;
    if (reply.buffer.length - reply.length >= bytes) return !this.hasOverflowed;
    // Asked before the buffer grows: the largest step would be for bytes that are never sent.
    this.replyGrows(reply.length + bytes);
    if (this.hasOverflowed) return false;
    if (this.writer.isBusy && reply.length >= LEAST_SEALED_BYTES) {
      this.seal(this.sealedInTurn ??= new OutputQueue());
      reply.attach(this.owner.buffers.takeChunk(2 * bytes));
    } else if (reply.length + bytes <= CHUNK_BYTES) {
      // One step, and memory that is used again: a turn of messages for many is much of both.
      this.owner.buffers.give(reply.moveTo(this.owner.buffers.takeChunk(0)));
    }
    return true;
  }

  follow(broadcast: SharedOutput): boolean {
    const { session } = this;
    const isBusy = this.waitsForFlush || this.hasArrived || session.parked || session.closing ||
      session.reply.length > 0 || this.writer.isBusy || this.source !== null ||
      (this.queue !== null && this.queue.count > 0) || this.held?.isEmpty === false;
    if (isBusy || !this.isOpen) return false;
    this.followed = broadcast;
    this.waitsForFlush = true;
    this.owner.turn.begin();
    this.owner.turn.flushAtEnd(this);
    return true;
  }

  /** Goes on by itself, with a copy of what it would have sent. */
  private unfollow(broadcast: SharedOutput): void {
    const { reply } = this.session;
    if (reply.buffer.length === 0) reply.attach(this.owner.buffers.takeReplies());
    this.followed = null;
    broadcast.copyTo(reply);
    broadcast.leave();
  }

  private sendFollowed(broadcast: SharedOutput): void {
    if (this.exceedsOutputLimit(broadcast.length)) return this.closeForOutput();
    this.followed = null;
    this.writer.sendShared(broadcast);
  }

  sendFrom(source: OutputSource): void {
    this.source = source;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.session.closing = true;
    const { context } = this.owner.engine;
    if (this.session.parked) context.pause.forget(this.session);
    context.sessions.close(this.session);
    this.queue?.clear();
    this.sealedInTurn?.clear();
    this.followed?.leave();
    this.followed = null;
    this.owner.closed(this);
    try {
      // The runtime closes what it reads from a little later: a replica is to know before others.
      if (this.session.kind === "replica") this.socket.closeWrite().catch(() => {});
      this.socket.close();
    } catch {
      // The runtime has closed it already.
    }
  }

  resume(again: boolean): void {
    if (!this.session.isBlocked || !this.isOpen) return;
    this.session.resumes = true;
    this.runsAgain = again;
    this.owner.turn.begin();
    this.owner.turn.resumeAtEnd(this);
  }

  /** Called by the turn after {@linkcode resume}. */
  goOn(): void {
    const { session, owner } = this;
    session.resumes = false;
    if (!this.isOpen) return;
    session.parked = false;
    if (session.reply.buffer.length === 0) session.reply.attach(owner.buffers.takeReplies());
    if (this.runsAgain) owner.engine.execute(session, this.parser.request);
    // One sender by itself is always gone through, however much there is to send.
    owner.turn.batch.run([this]);
  }

  authenticationChanged(): void {
    this.parser.authenticated = this.session.isAuthenticated;
  }

  replyGrows(bytes: number): boolean {
    if (this.owner.memoryLimitBytes > 0) this.owner.replies(bytes);
    if (this.hasOverflowed) return false;
    if (!this.exceedsOutputLimit(bytes + this.queuedBytes)) return true;
    this.hasOverflowed = true;
    this.session.closing = true;
    this.scheduleFlush();
    return false;
  }

  /**
   * Looks after limits that time alone can break.
   *
   * @param nowMs Unix time in milliseconds.
   * @param idleLimitMs how long the client may be silent; 0 for ever.
   */
  tick(nowMs: number, idleLimitMs: number): void {
    const { session } = this;
    if (this.outputLimit.isExceededBy(this.outputBytes + this.queuedBytes, nowMs)) {
      this.closeForOutput();
    } else if (
      idleLimitMs > 0 && nowMs - session.lastActiveMs > idleLimitMs && !session.parked &&
      session.kind === "normal"
    ) {
      this.owner.engine.context.host.log.verbose("Closing idle client");
      this.close();
    }
  }

  /** Nobody else would hear of a failure here: it must not end the process. */
  private readonly arrived = (count: number | null): void => {
    try {
      if (count === null || !this.isOpen) this.readEnded();
      else this.received(count);
    } catch (error) {
      this.failed(error);
    }
  };

  private received(count: number): void {
    const { engine, turn } = this.owner;
    const { parser, session } = this;
    parser.filled(count);
    turn.begin();
    if (this.followed !== null) this.unfollow(this.followed);
    const stats = engine.context.stats;
    stats.reads++;
    stats.inputBytes += count;
    session.lastActiveMs = engine.context.store.state.now;
    if (this.owner.memoryLimitBytes > 0) this.owner.received(count);
    if (!this.isOpen) return this.readEnded();
    if (session.closing) {
      // What comes after QUIT or a protocol error is read only to notice the connection's end.
      parser.discard();
      return this.readOn();
    }
    if (parser.pendingBytes > UNCHECKED_QUERY_BYTES && this.isQueryTooLong()) {
      return this.closeForQuery();
    }
    if (session.parked) return this.readOn();
    if (session.reply.buffer.length === 0) session.reply.attach(this.owner.buffers.takeReplies());
    this.hasArrived = true;
    turn.runAtEnd(this);
  }

  ran(): void {
    const { session, parser } = this;
    const { reply } = session;
    if (parser.ended === Parsed.ERROR && !session.closing && !session.parked) this.protocolError();
    // What is being written counts as well, so that the writer alone may not have noticed.
    if (!parser.authenticated) this.replyGrows(reply.length);
    if (reply.length > 0 || session.closing) {
      if (this.waitsForFlush) return;
      this.waitsForFlush = true;
      this.owner.turn.flushAtEnd(this);
    } else {
      this.owner.buffers.give(reply.detach());
    }
  }

  failed(error: unknown): void {
    const detail = error instanceof Error ? error.stack ?? error.message : String(error);
    this.owner.engine.context.host.log.warning(`Closing client after a failure: ${detail}`);
    this.close();
  }

  private protocolError(): void {
    const { session, parser } = this;
    const { context } = this.owner.engine;
    const mark = session.reply.length;
    session.reply.error(`ERR ${parser.error}`);
    if (session.isMuted) session.reply.cutTo(mark);
    context.stats.countError(`ERR ${parser.error}`);
    context.host.log.verbose(() => `${parser.error} from client: ${this.info()}`);
    session.closing = true;
  }

  wrote(): void {
    // Replies of a turn that has not ended must not leave before what that turn has to do first.
    if (this.waitsForFlush) return;
    if (this.queue !== null && this.writeSealed(this.queue)) return;
    if (this.session.reply.length > 0 || this.session.closing || this.source !== null) this.flush();
  }

  /** Puts what was written so far into a queue; no command is running for it. */
  private seal(queue: OutputQueue): void {
    const { reply } = this.session;
    const { length } = reply;
    queue.add(reply.detach(), length);
  }

  /** Writes what has waited longest; false when nothing is sealed. */
  private writeSealed(queue: OutputQueue): boolean {
    const oldest = queue.take();
    if (oldest === undefined || !this.isOpen) return false;
    this.writer.send(oldest.memory, oldest.length);
    return true;
  }

  /** The client sends no more; what it is owed is still written, what waits is not run. */
  private readonly readEnded = (): void => {
    const isHeld = this.held !== null && !this.held.isEmpty;
    const isOwed = this.writer.pendingBytes > 0 || this.waitsForFlush || isHeld;
    this.session.closing = true;
    if (this.session.parked || !isOwed) this.close();
    this.parser.release();
  };

  private exceedsOutputLimit(bytes: number): boolean {
    return this.outputLimit.isExceededBy(bytes, this.owner.engine.context.store.state.now);
  }

  /**
   * Whether what is about to be sent exceeds a limit. Its buffer has told of its steps, each of
   * which is larger than what was needed; as in Redis what fits the first of them is never too much.
   */
  private isReplyTooLong(): boolean {
    const { length } = this.session.reply;
    return length > BUFFER_BYTES && this.exceedsOutputLimit(length + this.queuedBytes);
  }

  private closeForOutput(): void {
    this.owner.engine.context.host.log.warning(
      `Client ${this.info()} closed for overcoming of output buffer limits.`,
    );
    this.close();
  }

  /** As in Redis, who has not authenticated may not fill more than the smallest limit. */
  private isQueryTooLong(): boolean {
    return this.parser.pendingBytes > this.owner.limits.maxQueryBytes ||
      !this.session.isAuthenticated;
  }

  private closeForQuery(): void {
    const start = this.parser.pending(LOGGED_QUERY_BYTES);
    this.owner.engine.context.host.log.warning(
      `Closing client that reached max query buffer length: ${this.info()} ` +
        `(qbuf initial bytes: ${quoted(start)})`,
    );
    this.close();
  }

  private info(): string {
    return clientInfo(this.session, this.owner.engine.context.store.state.now);
  }

  get remoteAddress(): string {
    return addressText(this.socket.remoteAddr, this.socket.localAddr);
  }

  get localAddress(): string {
    return addressText(this.socket.localAddr, this.socket.localAddr);
  }

  get isUnixSocket(): boolean {
    return "path" in this.socket.localAddr;
  }

  get queryBytes(): number {
    return this.parser.pendingBytes;
  }

  get queryFreeBytes(): number {
    return this.parser.bufferBytes - this.parser.pendingBytes;
  }

  get outputBytes(): number {
    return this.session.reply.length + (this.followed?.length ?? 0);
  }

  get queuedBuffers(): number {
    return (this.writer.pendingBytes > 0 ? 1 : 0) + (this.queue?.count ?? 0) +
      (this.sealedInTurn?.count ?? 0);
  }

  get queuedBytes(): number {
    const ofSource = this.source === null ? 0 : this.source.pendingBytes;
    const sealed = (this.queue?.bytes ?? 0) + (this.sealedInTurn?.bytes ?? 0);
    const held = this.held === null ? 0 : this.held.bytes;
    return ofSource + sealed + held + this.writer.pendingBytes;
  }

  get replyBufferBytes(): number {
    return this.session.reply.buffer.length;
  }

  get replyBufferPeak(): number {
    return Math.max(
      this.session.reply.buffer.length,
      this.writer.pendingBytes > 0 ? BUFFER_BYTES : 0,
    );
  }

  get memoryBytes(): number {
    return this.parser.bufferBytes + this.session.reply.buffer.length +
      this.session.namedBytes + (this.session.queue?.memoryBytes ?? 0) +
      (this.queue?.memoryBytes ?? 0) +
      (this.sealedInTurn?.memoryBytes ?? 0) +
      this.writer.memoryBytes;
  }
}
