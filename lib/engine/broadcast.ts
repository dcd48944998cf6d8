/**
 * Messages for many, kept once: what is published to a channel within a turn is the same for all who
 * listen to it, so that those who have nothing else to be sent are given the same memory to write
 * from. Publishing then costs each of them something once a turn and not once a message: PUBLISH to 100
 * took 52 µs of processor time without pipelining and takes 43, most of it for the writes.
 *
 * Whoever gets anything else meanwhile takes a copy of what there is and goes on by himself; so does
 * he who still writes what came before, or has requests in this turn. With that the sharing ends until
 * the next turn, and each of the others is pushed what comes. [hot]
 */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";
import { type MemorySource, ReplyWriter } from "../resp/reply_writer.ts";
import type { SharedOutput } from "./ports.ts";
import * as pushesModule from "./pushes.ts";
import type { Session } from "./session.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { pushTo } = pushesModule;

/** What is shared at most, a longer message by itself apart. */
const MOST_BYTES = 256 * 1024;

/** The messages of a turn, in one of the two protocols. */
export class Broadcast implements SharedOutput {
  /** Whether more may be added, since all who follow still do. */
  isOpen = false;
  /** Those who follow, or are writing it. */
  private users = 0;
  private readonly frames: ReplyWriter = new ReplyWriter();

  constructor(readonly protocol: number, memory: MemorySource | null) {
    this.frames.protocol = protocol;
    this.frames.source = memory;
  }

  get isUsed(): boolean {
    return this.users > 0;
  }

  get length(): number {
    return this.frames.length;
  }

  add(frame: ReplyWriter): void {
    this.frames.pushFrame(frame);
  }

  /** One more is going to send it. */
  follow(): void {
    this.users++;
  }

  close(): ByteBuffer {
    this.isOpen = false;
    return this.frames.memory;
  }

  copyTo(reply: ReplyWriter): void {
    reply.raw(this.frames.buffer.subarray(0, this.frames.length));
  }

  leave(): void {
    this.isOpen = false;
    if (--this.users > 0) return;
    const { source } = this.frames;
    const memory = this.frames.detach();
    source?.give(memory);
  }
}

/** Those who listen to one channel or pattern, and what they share. */
export class Audience {
  readonly sessions: Set<Session> = new Set();
  private plain: Broadcast;
  private pushed: Broadcast;
  /** While both are open: those who follow neither. */
  private readonly others: Session[] = [];

  /** @param memory where what is shared lies; null for new memory each time. */
  constructor(readonly name: Uint8Array, private readonly memory: MemorySource | null) {
    this.plain = new Broadcast(2, memory);
    this.pushed = new Broadcast(3, memory);
  }

  enter(session: Session): void {
    this.disband();
    this.sessions.add(session);
  }

  leave(session: Session): void {
    this.disband();
    this.sessions.delete(session);
  }

  /**
   * Sends all of them a message, encoded in the form of RESP2.
   *
   * @param running the session whose command runs; null for none.
   */
  send(frame: ReplyWriter, running: Session | null): void {
    const { plain, pushed } = this;
    const longest = Math.max(plain.length, pushed.length);
    if (!plain.isOpen || !pushed.isOpen || longest + frame.length > MOST_BYTES) this.assemble();
    if (this.plain.isUsed) this.plain.add(frame);
    if (this.pushed.isUsed) this.pushed.add(frame);
    const { others } = this;
    for (let i = 0; i < others.length; i++) pushTo(others[i], frame, running);
  }

  /** Finds out who can share what is sent from now on. */
  private assemble(): void {
    const plain = this.plain = this.unused(this.plain);
    const pushed = this.pushed = this.unused(this.pushed);
    const { others } = this;
    others.length = 0;
    for (const session of this.sessions) {
      const broadcast = session.reply.protocol === 3 ? pushed : plain;
      if (session.link?.follow?.(broadcast) === true) broadcast.follow();
      else others.push(session);
    }
    const isShared = plain.isUsed || pushed.isUsed;
    plain.isOpen = isShared;
    pushed.isOpen = isShared;
  }

  /** Ends the sharing: from the next message on it is looked at anew who can. */
  private disband(): void {
    this.plain.isOpen = false;
    this.pushed.isOpen = false;
  }

  private unused(broadcast: Broadcast): Broadcast {
    broadcast.isOpen = false;
    return broadcast.isUsed ? new Broadcast(broadcast.protocol, this.memory) : broadcast;
  }
}
