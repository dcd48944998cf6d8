/**
 * Who listens to which channel, and the delivery of messages. Names have one character a byte.
 *
 * A message is encoded once for each name that it goes to, in the form of RESP2; for RESP3 only the
 * first byte is another. Those who listen write it at the end of the turn, many from the same memory
 * (broadcast.ts); one that does not read is cut at its output limit and holds up nobody.
 *
 * A message for the session whose own command sends it, or makes a keyspace event, would land inside
 * that command's reply: as in Redis 7.2 it waits until the reply is complete.
 */

import { NO_BUFFER } from "../bytes/byte_buffer.ts";
import { fromLatin1 } from "../bytes/byte_string.ts";
import { dataOf } from "../bytes/copy.ts";
import { matchGlob } from "../bytes/glob.ts";
import type { Request } from "../resp/request.ts";
import { type MemorySource, ReplyWriter } from "../resp/reply_writer.ts";
import { Names } from "../structures/names.ts";
import { Audience } from "./broadcast.ts";
import { bytesOfName, Gate, type Session } from "./session.ts";
import { Subscriptions, Topic, type TopicKind } from "./subscriptions.ts";

const MESSAGE = dataOf(fromLatin1("message"));
const PATTERN_MESSAGE = dataOf(fromLatin1("pmessage"));
const SHARD_MESSAGE = dataOf(fromLatin1("smessage"));
/** A frame longer than this gives its memory back. */
const KEPT_BYTES = 64 * 1024;

/** Bytes of somebody else's, until the call that lent them returns. */
class LentBytes {
  bytes: Uint8Array = NO_BUFFER.bytes;
  data: DataView = NO_BUFFER.data;
  offset = 0;
  length = 0;

  lend(bytes: Uint8Array, data: DataView, offset: number, length: number): void {
    this.bytes = bytes;
    this.data = data;
    this.offset = offset;
    this.length = length;
  }
}

export class PubSub {
  /** The session whose command runs, null between commands; set by the dispatcher. */
  runningSession: () => Session | null = () => null;
  /** Where messages that many share lie; set by the server, null for new memory each time. */
  memory: MemorySource | null = null;
  /** Sessions with at least one subscription. */
  subscribedSessions = 0;
  private readonly topics: readonly [
    Names<Audience>,
    Names<Audience>,
    Names<Audience>,
  ] = [new Names(), new Names(), new Names()];
  private readonly frame = new ReplyWriter();
  // What is being sent, and where.
  private readonly channel = new LentBytes();
  private readonly message = new LentBytes();

  /** Whether nobody listens to any channel, by its name or by a pattern. */
  get isIdle(): boolean {
    return this.topics[Topic.CHANNEL].size === 0 && this.topics[Topic.PATTERN].size === 0;
  }

  /** Number of names of a kind that have subscribers. */
  count(topic: TopicKind): number {
    return this.topics[topic].size;
  }

  /** Names of a kind that have subscribers. */
  names(topic: TopicKind): Iterable<string> {
    return this.topics[topic].keys();
  }

  subscribersOf(topic: TopicKind, name: string): number {
    return this.topics[topic].get(name)?.sessions.size ?? 0;
  }

  /** Does nothing where the session is subscribed already. */
  subscribe(session: Session, topic: TopicKind, name: string): void {
    const subscriptions = session.subscriptions ??= new Subscriptions();
    if (subscriptions.names[topic].has(name)) return;
    if (subscriptions.total === 0) this.enter(session);
    subscriptions.names[topic].add(name);
    session.namedBytes += bytesOfName(name);
    const topics = this.topics[topic];
    let audience = topics.get(name);
    if (audience === undefined) {
      audience = new Audience(fromLatin1(name), this.memory);
      topics.add(audience);
    }
    audience.enter(session);
  }

  /** Does nothing where the session is not subscribed. */
  unsubscribe(session: Session, topic: TopicKind, name: string): void {
    const { subscriptions } = session;
    if (subscriptions === null || !subscriptions.names[topic].delete(name)) return;
    session.namedBytes -= bytesOfName(name);
    const audience = this.topics[topic].get(name) as Audience;
    audience.leave(session);
    if (audience.sessions.size === 0) this.topics[topic].delete(audience);
    if (subscriptions.total === 0) this.left(session);
  }

  /** Ends all subscriptions of a session without a word to it. */
  leave(session: Session): void {
    const { subscriptions } = session;
    if (subscriptions === null) return;
    for (const topic of [Topic.CHANNEL, Topic.PATTERN, Topic.SHARD_CHANNEL]) {
      for (const name of subscriptions.names[topic]) this.unsubscribe(session, topic, name);
    }
  }

  /**
   * Sends a message to all who listen to the channel, then to those who listen to a pattern that it
   * matches; both arguments are lent.
   *
   * @returns the number of receivers, one session counted for each way in which it listens.
   */
  publish(channel: Uint8Array, message: Uint8Array): number {
    this.channel.lend(channel, dataOf(channel), 0, channel.length);
    this.message.lend(message, dataOf(message), 0, message.length);
    return this.giveBack(this.send());
  }

  /** The same of the arguments of PUBLISH. */
  publishArguments(request: Request): number {
    this.lendArguments(request);
    return this.giveBack(this.send());
  }

  /** The same of the arguments of SPUBLISH: to a shard channel, which no pattern matches. */
  publishToShard(request: Request): number {
    this.lendArguments(request);
    return this.giveBack(this.sendTo(Topic.SHARD_CHANNEL, SHARD_MESSAGE));
  }

  /** Lets go of what was lent, which may lie in a large buffer. */
  private giveBack(receivers: number): number {
    this.channel.lend(NO_BUFFER.bytes, NO_BUFFER.data, 0, 0);
    this.message.lend(NO_BUFFER.bytes, NO_BUFFER.data, 0, 0);
    return receivers;
  }

  private lendArguments({ buffer, data, offsets, lengths }: Request): void {
    this.channel.lend(buffer, data, offsets[1], lengths[1]);
    this.message.lend(buffer, data, offsets[2], lengths[2]);
  }

  private send(): number {
    const receivers = this.sendTo(Topic.CHANNEL, MESSAGE);
    return this.topics[Topic.PATTERN].size === 0 ? receivers : receivers + this.sendToPatterns();
  }

  private sendToPatterns(): number {
    const { frame, channel, message } = this;
    const { bytes, offset, length } = channel;
    let receivers = 0;
    for (const audience of this.topics[Topic.PATTERN].values()) {
      const { name } = audience;
      if (!matchGlob(name, 0, name.length, bytes, offset, length, false)) continue;
      frame.cutTo(0);
      frame.push(4);
      frame.bulkRange(PATTERN_MESSAGE, 0, PATTERN_MESSAGE.byteLength);
      frame.bulkBytes(name);
      frame.bulkRange(channel.data, offset, length);
      frame.bulkRange(message.data, message.offset, message.length);
      receivers += this.deliver(audience);
    }
    return receivers;
  }

  private sendTo(topic: TopicKind, word: DataView): number {
    const { frame, channel, message } = this;
    const audience = this.topics[topic].find(channel.data, channel.offset, channel.length);
    if (audience === undefined) return 0;
    frame.cutTo(0);
    frame.push(3);
    frame.bulkRange(word, 0, word.byteLength);
    frame.bulkRange(channel.data, channel.offset, channel.length);
    frame.bulkRange(message.data, message.offset, message.length);
    return this.deliver(audience);
  }

  private deliver(audience: Audience): number {
    const { frame } = this;
    audience.send(frame, this.runningSession());
    if (frame.buffer.length > KEPT_BYTES) frame.detach();
    return audience.sessions.size;
  }

  private enter(session: Session): void {
    this.subscribedSessions++;
    session.gate |= Gate.SUBSCRIBED;
    if (session.kind === "normal") session.kind = "pubsub";
  }

  private left(session: Session): void {
    this.subscribedSessions--;
    session.gate &= ~Gate.SUBSCRIBED;
    if (session.kind === "pubsub") session.kind = "normal";
  }
}
