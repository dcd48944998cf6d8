/**
 * One client's connection: read → run every complete request → one write. [hot]
 *
 * Replies gather in the session's writer. One write is in flight at a time; what comes meanwhile
 * waits in the writer's next buffer, so a client that does not read holds up nobody and its bytes
 * are counted. A write that the system takes only in part goes on with the rest.
 */

import type { ClientLink } from "../engine/ports.ts";
import type { Engine } from "../engine/engine.ts";
import type { Session } from "../engine/session.ts";
import type { Address, Connection as HostConnection } from "../host/network.ts";
import { Parsed, RequestParser } from "../resp/request_parser.ts";
import type { ParserLimits } from "../resp/request_parser.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { Turn } from "./turn.ts";

/** What a connection needs of its server. */
export interface ConnectionOwner {
  readonly engine: Engine;
  readonly turn: Turn;
  readonly buffers: BufferPool;
  readonly limits: ParserLimits;
  closed(connection: Connection): void;
}

export class Connection implements ClientLink {
  readonly session: Session;
  private readonly parser: RequestParser;
  private waitsForFlush = false;
  private isOpen = true;
  /** The buffer being written, null when no write is in flight. */
  private inFlight: Uint8Array | null = null;
  private inFlightStart = 0;
  private inFlightEnd = 0;

  constructor(private readonly owner: ConnectionOwner, private readonly socket: HostConnection) {
    this.session = owner.engine.openSession();
    this.session.link = this;
    this.parser = new RequestParser(owner.limits);
    this.parser.authenticated = this.session.isAuthenticated;
  }

  /** Serves the client until one side ends. Never rejects. */
  async serve(): Promise<void> {
    const { parser, socket } = this;
    try {
      while (this.isOpen) {
        const count = await socket.read(parser.space());
        if (count === null) break;
        parser.filled(count);
        this.received(count);
      }
    } catch {
      // The connection was reset or closed under the read; there is nobody to tell.
    }
    this.readEnded();
  }

  /** Starts to write what the session has to say, unless a write is in flight already. */
  flush(): void {
    this.waitsForFlush = false;
    if (this.inFlight !== null || !this.isOpen) return;
    const reply = this.session.reply;
    if (reply.length === 0) {
      if (this.session.closing) this.close();
      return;
    }
    this.inFlight = reply.buffer;
    this.inFlightStart = 0;
    this.inFlightEnd = reply.length;
    reply.buffer = this.owner.buffers.take();
    reply.length = 0;
    this.write();
  }

  /** Asks for a flush at the end of the turn. */
  scheduleFlush(): void {
    if (this.waitsForFlush || !this.isOpen) return;
    this.waitsForFlush = true;
    this.owner.turn.begin();
    this.owner.turn.flushAtEnd(this);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.socket.close();
    this.owner.engine.context.sessions.close(this.session);
    this.owner.closed(this);
  }

  private received(count: number): void {
    const { engine, turn } = this.owner;
    const { parser, session } = this;
    turn.begin();
    const stats = engine.context.stats;
    stats.reads++;
    stats.inputBytes += count;
    session.lastActiveMs = engine.context.store.state.now;
    while (!session.closing) {
      const parsed = parser.next();
      if (parsed === Parsed.REQUEST) engine.execute(session, parser.request);
      else {
        if (parsed === Parsed.ERROR) this.protocolError();
        break;
      }
    }
    if ((session.reply.length > 0 || session.closing) && !this.waitsForFlush) {
      this.waitsForFlush = true;
      turn.flushAtEnd(this);
    }
  }

  private protocolError(): void {
    const { session, parser } = this;
    session.reply.error(`ERR ${parser.error}`);
    this.owner.engine.context.stats.countError(`ERR ${parser.error}`);
    session.closing = true;
  }

  private write(): void {
    const bytes = this.inFlight as Uint8Array;
    const rest = this.inFlightStart === 0 && this.inFlightEnd === bytes.length
      ? bytes
      : bytes.subarray(this.inFlightStart, this.inFlightEnd);
    this.socket.write(rest).then(this.written, this.writeFailed);
  }

  private readonly written = (count: number): void => {
    const stats = this.owner.engine.context.stats;
    stats.writes++;
    stats.outputBytes += count;
    this.inFlightStart += count;
    if (this.inFlightStart < this.inFlightEnd) {
      if (this.isOpen) this.write();
      return;
    }
    this.owner.buffers.give(this.inFlight as Uint8Array);
    this.inFlight = null;
    if (this.session.reply.length > 0 || this.session.closing) this.flush();
  };

  private readonly writeFailed = (): void => {
    this.inFlight = null;
    this.close();
  };

  /** The client sends no more; what it is owed is still written. */
  private readEnded(): void {
    this.session.closing = true;
    if (this.inFlight === null && !this.waitsForFlush) this.close();
  }

  get remoteAddress(): string {
    return addressText(this.socket.remoteAddr);
  }

  get localAddress(): string {
    return addressText(this.socket.localAddr);
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
    return this.session.reply.length;
  }

  get queuedBuffers(): number {
    return this.inFlight === null ? 0 : 1;
  }

  get queuedBytes(): number {
    return this.inFlight === null ? 0 : this.inFlightEnd - this.inFlightStart;
  }

  get replyBufferBytes(): number {
    return this.session.reply.buffer.length;
  }

  get replyBufferPeak(): number {
    return this.session.reply.buffer.length;
  }

  get memoryBytes(): number {
    return this.parser.bufferBytes + this.session.reply.buffer.length +
      (this.inFlight?.length ?? 0);
  }
}

function addressText(address: Address): string {
  if ("path" in address) return `${address.path}:0`;
  return address.hostname.includes(":")
    ? `[${address.hostname}]:${address.port}`
    : `${address.hostname}:${address.port}`;
}
