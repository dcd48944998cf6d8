/**
 * The stream, group and consumer that a command works on, and entries on their way into replies.
 */

import type { Call } from "../../engine/call.ts";
import { CommandError, quotedArgument } from "../../engine/errors.ts";
import type { ReplyWriter } from "../../resp/reply_writer.ts";
import { Encoding, Storage, ValueType } from "../../values/entry.ts";
import {
  type Consumer,
  type ConsumerGroup,
  Stream,
  StreamCursor,
  type StreamId,
} from "../../values/stream/stream.ts";
import { EntryHead } from "./entry_head.ts";

/** The walk that commands reply from; lent to the command that runs. */
export const entries = new StreamCursor();

const head = new EntryHead();

/**
 * The stream of an entry.
 *
 * @throws WRONGTYPE
 */
export function streamOf(call: Call, ref: number): Stream {
  call.requireType(ref, ValueType.STREAM);
  return call.db.objectOf(ref) as Stream;
}

/** The stream at a key argument, for reading; null when there is none. Throws WRONGTYPE. */
export function streamToRead(call: Call, index: number): Stream | null {
  const ref = call.lookUpRead(index);
  return ref === 0 ? null : streamOf(call, ref);
}

/** The stream at a key argument, to be changed; null when there is none. Throws WRONGTYPE. */
export function streamToChange(call: Call, index: number): Stream | null {
  const ref = call.lookUpWrite(index);
  return ref === 0 ? null : streamOf(call, ref);
}

/** As a reader, with its hit or miss, that will change the stream's groups. Throws WRONGTYPE. */
export function streamToConsume(call: Call, index: number): Stream | null {
  const { db, request } = call;
  const { data } = request;
  const offset = request.offsets[index];
  const length = request.lengths[index];
  const hash = db.table.hash(data, offset, length);
  if (db.lookUpRead(data, offset, length, hash) === 0) return null;
  const ref = db.lookUpWrite(data, offset, length, hash);
  return ref === 0 ? null : streamOf(call, ref);
}

/** The group of a stream whose name is an argument. */
export function groupAt(call: Call, stream: Stream, index: number): ConsumerGroup | undefined {
  const { data, offsets, lengths } = call.request;
  return stream.findGroup(data, offsets[index], lengths[index]);
}

/** Puts a new stream under the key at an argument, where there is none. */
export function newStream(call: Call, index: number): Stream {
  const stream = new Stream(call.db.arena);
  const number = call.db.objects.add(stream);
  let ref = 0;
  try {
    ref = call.putValue(0, index, ValueType.STREAM, Encoding.STREAM, Storage.OBJECT, number);
  } finally {
    if (ref === 0) call.db.discard(call.db.objects.take(number));
  }
  return stream;
}

/** `NOGROUP …` for a key and a group at arguments. */
export function noSuchKeyOrGroup(call: Call, key: number, group: number): CommandError {
  const { request } = call;
  return new CommandError(
    `NOGROUP No such key '${quotedArgument(request, key)}' or consumer group ` +
      `'${quotedArgument(request, group)}'`,
  );
}

/** `NOGROUP …` for a group that a stream does not have. */
export function noSuchGroup(call: Call, key: number, group: number): CommandError {
  const { request } = call;
  return new CommandError(
    `NOGROUP No such consumer group '${quotedArgument(request, group)}' for key name ` +
      `'${quotedArgument(request, key)}'`,
  );
}

/** `ERR unknown subcommand or wrong number of arguments …`, as containers of subcommands say. */
export function subcommandSyntax(call: Call): CommandError {
  const container = call.command.name.slice(0, call.command.name.indexOf("|"));
  return new CommandError(
    "ERR unknown subcommand or wrong number of arguments for " +
      `'${quotedArgument(call.request, 1, 128)}'. Try ${container} HELP.`,
  );
}

/** The time that a command runs at, in Unix milliseconds. */
export function nowOf(call: Call): number {
  return call.context.store.state.now;
}

/** A consumer that asks for something, made if need be; the key and its name are arguments. */
export function consumerOf(
  call: Call,
  group: ConsumerGroup,
  key: number,
  name: number,
): Consumer {
  const nowMs = nowOf(call);
  const { data, offsets, lengths } = call.request;
  const found = group.findConsumer(data, offsets[name], lengths[name]);
  if (found !== undefined) {
    found.seenMs = nowMs;
    return found;
  }
  const consumer = group.addConsumer(call.request.copy(name), nowMs);
  call.changed(key, "xgroup-createconsumer");
  return consumer;
}

/** Notes that a consumer asks, which gets nothing: it is not made for that. */
export function noteAttempt(call: Call, group: ConsumerGroup, name: number): void {
  const { data, offsets, lengths } = call.request;
  const found = group.findConsumer(data, offsets[name], lengths[name]);
  if (found !== undefined) found.seenMs = nowOf(call);
}

/** Propagates the state of a pending entry, which the group is turned to. */
export function propagateClaim(
  call: Call,
  key: Uint8Array,
  group: ConsumerGroup,
  id: Uint8Array | string,
): void {
  if (!call.context.propagation.active) return;
  call.propagate(
    ...["XCLAIM", key, group.name, group.holder.name, "0", id],
    ...["TIME", String(group.deliveredMs), "RETRYCOUNT", String(group.deliveries)],
    ...["FORCE", "JUSTID", "LASTID", group.lastId.toString()],
  );
}

/** Propagates how far a group has read. */
export function propagateGroupId(call: Call, key: Uint8Array, group: ConsumerGroup): void {
  if (!call.context.propagation.active) return;
  call.propagate(
    ...["XGROUP", "SETID", key, group.name, group.lastId.toString()],
    ...["ENTRIESREAD", String(group.entriesRead)],
  );
}

export function replyId(reply: ReplyWriter, id: StreamId): void {
  const length = head.formatId(id);
  reply.bulkRange(head.data, head.idAt, length);
}

/** Replies with the entry that a cursor is turned to: its id, and its fields and values. */
export function replyEntry(reply: ReplyWriter, cursor: StreamCursor): void {
  const { pairs } = cursor;
  head.format(cursor.id, pairs * 2);
  reply.rawRange(head.data, head.offset, head.length);
  for (let left = pairs; left > 0; left--) {
    cursor.nextField();
    reply.bulkRange(cursor.data, cursor.offset, cursor.length);
    cursor.nextValue();
    reply.bulkRange(cursor.data, cursor.offset, cursor.length);
  }
}

/** Replies with an array of entries, at most `count` or, when that is 0, all. */
export function replyEntries(
  reply: ReplyWriter,
  stream: Stream,
  from: StreamId,
  to: StreamId,
  count: number,
  reverse = false,
): void {
  const more = entries.start(stream.log, from, to, reverse).next();
  replyRest(reply, more, count, count === 0 ? stream.size : Math.min(count, stream.size));
}

/**
 * The same for the walk that has been begun.
 *
 * @param more whether it is turned to an entry.
 * @param likely how many entries there may well be.
 */
export function replyRest(
  reply: ReplyWriter,
  more: boolean,
  count: number,
  likely: number,
): void {
  const start = reply.length;
  reply.array(likely);
  let shown = 0;
  for (; more; more = (count === 0 || shown < count) && entries.next()) {
    replyEntry(reply, entries);
    shown++;
  }
  if (shown === likely) return;
  dropHeader(reply, start);
  reply.arrayAt(start, shown);
}

/** Takes the header off an array that did not get as many elements as it was said to have. */
export function dropHeader(reply: ReplyWriter, start: number): void {
  const { buffer } = reply;
  const first = buffer.indexOf(NEWLINE, start) + 1;
  buffer.copyWithin(start, first, reply.length);
  reply.cutTo(reply.length - (first - start));
}

const NEWLINE = 0x0a;
