/**
 * Reading entries: XRANGE, XREVRANGE, XREAD and XREADGROUP. The last two are cut in what they are
 * asked for ({@linkcode ReadRequest}) and in serving one stream of it, so that those who wait for
 * entries are served by the same code once there are some. [hot]
 */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { blockFromScript, CommandError, errors, quotedArgument } from "../../engine/errors.ts";
import * as propagationModule from "../../engine/propagation.ts";
import type { LogMark } from "../../structures/stream_cursor.ts";
import {
  type Consumer,
  type ConsumerGroup,
  type Stream,
  StreamId,
} from "../../values/stream/stream.ts";
import * as entryModule from "../../values/entry.ts";
import * as idsModule from "./ids.ts";
import * as openedModule from "./opened.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readClampedInteger, readTimeoutMs } = argumentsModule;
const { Target } = propagationModule;
const { typeOf, ValueType } = entryModule;
const { isMark, LAST_ID, NEW_IDS, readId, readStart, readStop } = idsModule;
const {
  consumerOf,
  dropHeader,
  entries,
  groupAt,
  noteAttempt,
  nowOf,
  propagateClaim,
  propagateGroupId,
  replyEntries,
  replyEntry,
  replyId,
  replyRest,
  streamOf,
  streamToChange,
  streamToConsume,
  streamToRead,
} = openedModule;

/** Entries that one who has waited gets at most without COUNT: his id may be long ago. */
const MOST_AFTER_WAITING = 1000;
const LAST = StreamId.max();
const from = new StreamId();
const to = new StreamId();

export const XRANGE = command({
  name: "XRANGE",
  usage: "key start:string end:string [COUNT count]",
  summary: "Replies with the entries between two ids.",
  since: "5.0.0",
  complexity: "O(log(M)+N) for N entries out of M",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 6,
  run: (call) => range(call, 2, 3, false),
});

export const XREVRANGE = command({
  name: "XREVRANGE",
  usage: "key end:string start:string [COUNT count]",
  summary: "Replies with the entries between two ids, the last one first.",
  since: "5.0.0",
  complexity: "O(log(M)+N) for N entries out of M",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 6,
  run: (call) => range(call, 3, 2, true),
});

export const XREAD = command({
  name: "XREAD",
  usage: "[COUNT count] [BLOCK milliseconds] STREAMS (streams: key [key ...] id [id ...])",
  summary: "Replies with what came after an id in each of several streams.",
  since: "5.0.0",
  complexity: "O(log(M)+N) for each stream, for N entries out of M",
  flags: Flag.READONLY | Flag.BLOCKING,
  keys: Access.RO | Access.ACCESS,
  run: (call) => read(call, false),
});

export const XREADGROUP = command({
  name: "XREADGROUP",
  usage:
    "GROUP (group consumer) [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS (streams: key " +
    "[key ...] id [id ...])",
  summary: "Delivers entries that nobody in the group has got, or repeats what a consumer has.",
  since: "5.0.0",
  complexity: "O(log(M)+N) for each stream, for N entries out of M",
  flags: Flag.WRITE | Flag.BLOCKING,
  keys: Access.RO | Access.ACCESS,
  run: (call) => read(call, true),
});

export const READ_COMMANDS = [XRANGE, XREVRANGE, XREAD, XREADGROUP];

/** What XREAD and XREADGROUP are asked for. */
interface ReadRequest {
  /** Entries of each stream at most; 0 for all. */
  count: number;
  /** Milliseconds to wait when there is nothing; 0 for ever, -1 for not at all. */
  blockMs: number;
  noAck: boolean;
  /** The argument that names the group, which the consumer's follows; 0 for XREAD. */
  groupIndex: number;
  /** The argument that is the first key. */
  firstKey: number;
  keys: number;
  /** For each stream the id after which reading begins. */
  readonly after: StreamId[];
  /** Whether what is asked for is what comes after all that was delivered to the group. */
  readonly asksNew: boolean[];
}

/** The request that runs, read anew by each; its lists are as long as the longest there was. */
const running: ReadRequest = {
  count: 0,
  blockMs: -1,
  noAck: false,
  groupIndex: 0,
  firstKey: 0,
  keys: 0,
  after: [],
  asksNew: [],
};

/**
 * Reads the arguments of XREAD or XREADGROUP, and finds out what `$` means at this moment. What it
 * returns is lent to the command that runs.
 *
 * @throws what is wrong with them; also WRONGTYPE and NOGROUP.
 */
function readRequest(call: Call, ofGroup: boolean): ReadRequest {
  const asked = readReadOptions(call, ofGroup);
  for (let i = 0; i < asked.keys; i++) {
    const key = asked.firstKey + i;
    const stream = streamToRead(call, key);
    if (ofGroup && (stream === null || !groupAt(call, stream, asked.groupIndex))) {
      throw noGroupToRead(call, key, asked.groupIndex);
    }
    const id = asked.after[i] ??= new StreamId();
    asked.asksNew[i] = readAfter(call, key + asked.keys, ofGroup, stream, id);
  }
  return asked;
}

/** Turns to the first entry that comes after an id; false when there is none. */
function findAfter(stream: Stream, id: StreamId, mark: LogMark | null): boolean {
  // After the last id there can be, there is none.
  return from.set(id).increment() && entries.start(stream.log, from, LAST, false, mark).next();
}

/**
 * Delivers entries that the group has not got yet to a consumer, and replies with them as an array.
 *
 * @param key the argument that is the stream's key.
 * @param found whether the walk was turned to the first of them.
 * @param count entries at most; 0 for all.
 */
function deliverNew(
  call: Call,
  key: number,
  found: boolean,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
  count: number,
  noAck: boolean,
): void {
  const { reply } = call;
  const nowMs = nowOf(call);
  const { active } = call.context.propagation;
  const start = reply.length;
  // With COUNT most readers get as many as they ask for, or the one that has just come.
  const likely = count === 1 || !found ? Number(found) : Math.min(count, stream.size);
  reply.array(likely);
  let shown = 0;
  for (let more = found; more; more = (count === 0 || shown < count) && entries.next()) {
    advance(stream, group, entries.id);
    replyEntry(reply, entries);
    if (!noAck) {
      group.deliver(entries.id, consumer, nowMs);
      if (active) propagateClaim(call, call.request.view(key), group, entries.id.toString());
    }
    shown++;
  }
  if (shown > 0) {
    entries.leave(group.mark);
    consumer.activeMs = nowMs;
    if (active) propagateGroupId(call, call.request.view(key), group);
  }
  if (shown === likely) return;
  dropHeader(reply, start);
  reply.arrayAt(start, shown);
}

function range(call: Call, startIndex: number, stopIndex: number, reverse: boolean): void {
  readStart(call, startIndex, from);
  readStop(call, stopIndex, to);
  let count = -1;
  for (let i = 4; i < call.count; i += 2) {
    if (!call.request.is(i, "COUNT") || i + 1 === call.count) throw errors.SYNTAX;
    count = Math.max(0, readClampedInteger(call, i + 1));
  }
  const stream = streamToRead(call, 1);
  if (stream === null) call.reply.array(0);
  else if (count === 0) call.reply.nullArray();
  else replyEntries(call.reply, stream, from, to, Math.max(0, count), reverse);
}

function read(call: Call, ofGroup: boolean): void {
  const asked = readRequest(call, ofGroup);
  const { reply } = call;
  const start = reply.length;
  const { keys } = asked;
  if (reply.protocol === 3) reply.map(keys);
  else reply.array(keys);
  let served = 0;
  for (let i = 0; i < keys; i++) {
    if (ofGroup ? readForGroup(call, asked, i) : readStream(call, asked, i)) served++;
  }
  if (ofGroup && call.effects === null) call.targets = Target.NONE;
  if (served === keys) return;
  if (served === 0) {
    reply.cutTo(start);
    if (asked.blockMs < 0 || !waitForEntries(call, asked, ofGroup)) reply.nullArray();
    return;
  }
  dropHeader(reply, start);
  if (reply.protocol === 3) reply.mapAt(start, served);
  else reply.arrayAt(start, served);
}

/** Lets the command wait until one of its streams gets entries; false where it may not wait. */
function waitForEntries(call: Call, asked: ReadRequest, ofGroup: boolean): boolean {
  const { firstKey, keys, blockMs } = asked;
  const kept: ReadRequest = {
    ...asked,
    count: asked.count === 0 ? MOST_AFTER_WAITING : asked.count,
    after: asked.after.slice(0, keys).map((id) => new StreamId().set(id)),
    asksNew: asked.asksNew.slice(0, keys),
  };
  return call.context.blocking.wait(call, {
    type: ValueType.STREAM,
    firstKey,
    lastKey: firstKey + keys - 1,
    timeoutMs: blockMs,
    needsKey: ofGroup,
    serve: (later: Call, index) =>
      ofGroup ? serveGroupReader(later, kept, index) : serveWaitingReader(later, kept, index),
  });
}

/** Serves one who has waited with XREAD, when the stream of a key has got past the id. */
function serveWaitingReader(call: Call, asked: ReadRequest, key: number): boolean {
  const ref = call.peek(key);
  if (ref === 0) return false;
  const stream = streamOf(call, ref);
  const after = asked.after[key - asked.firstKey];
  // Redis looks at the last id that was given, whether its entry is still there or not.
  if (stream.lastId.compare(after) <= 0) return false;
  announceStream(call, key);
  replyRest(call.reply, findAfter(stream, after, null), asked.count, 1);
  return true;
}

/**
 * The same for XREADGROUP.
 *
 * @throws why it waits in vain: the stream, or its group, is gone.
 */
function serveGroupReader(call: Call, asked: ReadRequest, key: number): boolean {
  const ref = call.peek(key);
  const isStream = ref !== 0 && typeOf(call.db.arena, ref) === ValueType.STREAM;
  const stream = isStream ? streamToChange(call, key) : null;
  if (stream === null) throw errors.STREAM_GONE;
  const group = groupAt(call, stream, asked.groupIndex);
  if (group === undefined) throw errors.GROUP_GONE;
  if (stream.lastId.compare(group.lastId) <= 0) return false;
  const consumer = consumerFor(call, asked, key, group);
  announceStream(call, key);
  const found = findAfter(stream, group.lastId, group.mark);
  deliverNew(call, key, found, stream, group, consumer, asked.count, asked.noAck);
  call.dirty++;
  if (call.effects === null) call.targets = Target.NONE;
  return true;
}

function announceStream(call: Call, key: number): void {
  if (call.reply.protocol === 3) call.reply.map(1);
  else call.reply.array(1);
  replyKey(call, key);
}

/** The consumer that asks, made if need be. */
function consumerFor(
  call: Call,
  asked: ReadRequest,
  key: number,
  group: ConsumerGroup,
): Consumer {
  const { consumerCount } = group;
  const consumer = consumerOf(call, group, key, asked.groupIndex + 1);
  if (asked.noAck && group.consumerCount > consumerCount) {
    const view = call.request.view(key);
    call.propagate("XGROUP", "CREATECONSUMER", view, group.name, consumer.name);
  }
  return consumer;
}

/** Serves one stream of XREAD; whether there was something. */
function readStream(call: Call, asked: ReadRequest, i: number): boolean {
  const key = asked.firstKey + i;
  const stream = streamToRead(call, key);
  if (stream === null || !findAfter(stream, asked.after[i], null)) return false;
  replyKey(call, key);
  const { count } = asked;
  replyRest(call.reply, true, count, count === 0 ? stream.size : Math.min(count, stream.size));
  return true;
}

/** Serves one stream of XREADGROUP; whether there was something. */
function readForGroup(call: Call, asked: ReadRequest, i: number): boolean {
  const key = asked.firstKey + i;
  const stream = streamToConsume(call, key);
  const group = stream === null ? undefined : groupAt(call, stream, asked.groupIndex);
  if (stream === null || group === undefined) return false;
  const asksNew = asked.asksNew[i];
  // As in Redis 7.0 a consumer who gets nothing is not made; 7.2 would make it.
  if (asksNew && !findAfter(stream, group.lastId, group.mark)) {
    noteAttempt(call, group, asked.groupIndex + 1);
    return false;
  }
  const consumer = consumerFor(call, asked, key, group);
  replyKey(call, key);
  if (asksNew) deliverNew(call, key, true, stream, group, consumer, asked.count, asked.noAck);
  else replyHistory(call, stream, group, consumer, asked.after[i], asked.count);
  call.dirty++;
  return true;
}

/** Replies with what is pending for a consumer, which counts as delivered once more. */
function replyHistory(
  call: Call,
  stream: Stream,
  group: ConsumerGroup,
  consumer: Consumer,
  after: StreamId,
  count: number,
): void {
  const { reply } = call;
  const nowMs = nowOf(call);
  const start = reply.length;
  let shown = 0;
  from.set(after).increment();
  const { pending } = consumer;
  for (let more = pending.seek(from); more && (count === 0 || shown < count);) {
    pending.readId(to);
    if (entries.find(stream.log, to)) {
      replyEntry(reply, entries);
      if (group.find(to)) {
        group.deliveredMs = nowMs;
        group.addDelivery();
      }
    } else {
      reply.array(2);
      replyId(reply, to);
      reply.nullArray();
    }
    shown++;
    more = pending.next();
  }
  reply.arrayAt(start, shown);
}

/** Notes that a group has got an entry, and all before it. */
function advance(stream: Stream, group: ConsumerGroup, id: StreamId): void {
  if (group.knowsEntriesRead && !stream.hasGapFrom(id)) group.countRead();
  else if (stream.entriesAdded !== 0n) group.entriesRead = stream.entriesUpTo(id);
  group.lastId.set(id);
}

function replyKey(call: Call, index: number): void {
  const { reply, request } = call;
  if (reply.protocol === 2) reply.array(2);
  reply.bulkRange(request.data, request.offsets[index], request.lengths[index]);
}

function readReadOptions(call: Call, ofGroup: boolean): ReadRequest {
  const { request, count } = call;
  const asked = running;
  asked.count = 0;
  asked.blockMs = -1;
  asked.noAck = false;
  asked.groupIndex = 0;
  asked.firstKey = 0;
  asked.keys = 0;
  for (let i = 1; i < count && asked.firstKey === 0; i++) {
    const more = count - i - 1;
    if (request.is(i, "BLOCK") && more > 0) {
      if (call.session.isScript) throw blockFromScript(request.text(0, 128));
      asked.blockMs = readTimeoutMs(call, ++i);
    } else if (request.is(i, "COUNT") && more > 0) {
      asked.count = Math.max(0, readClampedInteger(call, ++i));
    } else if (request.is(i, "STREAMS") && more > 0) {
      if (more % 2 !== 0) throw errors.UNBALANCED_STREAMS;
      asked.firstKey = i + 1;
      asked.keys = more / 2;
    } else if (request.is(i, "GROUP") && more >= 2) {
      if (!ofGroup) throw errors.XREAD_GROUP;
      asked.groupIndex = i + 1;
      i += 2;
    } else if (request.is(i, "NOACK")) {
      if (!ofGroup) throw errors.XREAD_NOACK;
      asked.noAck = true;
    } else throw errors.SYNTAX;
  }
  if (asked.firstKey === 0) throw errors.SYNTAX;
  if (ofGroup && asked.groupIndex === 0) throw errors.XREADGROUP_WITHOUT_GROUP;
  return asked;
}

/** Reads the id after which reading begins; whether it is `>`. */
function readAfter(
  call: Call,
  index: number,
  ofGroup: boolean,
  stream: Stream | null,
  id: StreamId,
): boolean {
  if (isMark(call.request, index, LAST_ID)) {
    if (ofGroup) throw errors.XREADGROUP_LAST_ID;
    if (stream === null) id.setZero();
    else id.set(stream.lastId);
    return false;
  }
  if (isMark(call.request, index, NEW_IDS)) {
    if (!ofGroup) throw errors.XREAD_NEW_ID;
    return true;
  }
  readId(call, index, id);
  // Redis writes down ">" as the greatest id, and so takes one for the other.
  return ofGroup && id.isMax;
}

function noGroupToRead(call: Call, key: number, group: number): CommandError {
  const { request } = call;
  return new CommandError(
    `NOGROUP No such key '${quotedArgument(request, key)}' or consumer group ` +
      `'${quotedArgument(request, group)}' in XREADGROUP with GROUP option`,
  );
}
