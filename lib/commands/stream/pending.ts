/**
 * Entries that were delivered and not acknowledged: XACK, XPENDING, and XCLAIM and XAUTOCLAIM, which
 * hand them to another consumer.
 */

import { readBigInteger, readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errorEndingWith, errors, quotedArgument } from "../../engine/errors.ts";
import { Target } from "../../engine/propagation.ts";
import {
  type Consumer,
  type ConsumerGroup,
  type Stream,
  StreamId,
} from "../../values/stream/stream.ts";
import { readId, readStart, readStop, tryReadId } from "./ids.ts";
import {
  consumerOf,
  entries,
  groupAt,
  noSuchKeyOrGroup,
  noteAttempt,
  nowOf,
  propagateClaim,
  propagateGroupId,
  replyEntry,
  replyId,
  streamToConsume,
  streamToRead,
} from "./opened.ts";

/** For each entry to be claimed so many are looked at. */
const ATTEMPTS = 10;
/** The most that redis-server reads as XAUTOCLAIM's COUNT, and what it finds no memory for. */
const MOST_CLAIMED = 2n ** 59n - 1n;
const TOO_MANY_CLAIMED = 2n ** 43n;

const from = new StreamId();
const to = new StreamId();
const id = new StreamId();

export const XACK = command({
  name: "XACK",
  usage: "key group id [id ...]",
  summary: "Takes entries that were dealt with off the pending ones.",
  since: "5.0.0",
  complexity: "O(N) for N ids",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const stream = streamToConsume(call, 1);
    const group = stream === null ? undefined : groupAt(call, stream, 2);
    if (group === undefined) return call.reply.integer(0);
    // Nothing is done before all ids were found right; the first of them is read below.
    for (let i = 4; i < call.count; i++) readId(call, i, id);
    let acknowledged = 0;
    for (let i = 3; i < call.count; i++) {
      readId(call, i, id);
      if (!group.find(id)) continue;
      group.remove(id);
      acknowledged++;
    }
    call.dirty += acknowledged;
    call.reply.integer(acknowledged);
  },
});

export const XPENDING = command({
  name: "XPENDING",
  usage: "key group [filters: [IDLE min-idle-time:integer]@6.2.0 start:string end:string count " +
    "[consumer]]",
  summary: "Shows which entries are pending, and for whom.",
  since: "5.0.0",
  complexity: "O(N) for N entries that are looked at",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    if (call.count !== 3 && (call.count < 6 || call.count > 9)) throw errors.SYNTAX;
    if (call.count === 3) return summarize(call, pendingGroup(call));
    const withIdle = call.request.is(3, "IDLE");
    const minIdleMs = withIdle ? readClampedInteger(call, 4) : 0;
    if (withIdle && call.count < 8) throw errors.SYNTAX;
    const start = withIdle ? 5 : 3;
    const count = readClampedInteger(call, start + 2);
    readStart(call, start, from);
    readStop(call, start + 1, to);
    const group = pendingGroup(call);
    if (start + 3 >= call.count) return listPending(call, group, count, minIdleMs);
    const consumer = group.consumer(call.request.view(start + 3));
    if (consumer === undefined) call.reply.array(0);
    else listPendingOf(call, group, consumer, count, minIdleMs);
  },
});

export const XCLAIM = command({
  name: "XCLAIM",
  usage: "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] " +
    "[RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]",
  summary: "Hands pending entries to a consumer.",
  since: "5.0.0",
  complexity: "O(log(N)) for each id, with N pending entries",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  tips: ["nondeterministic_output"],
  run(call) {
    const stream = streamToConsume(call, 1);
    const group = stream?.group(call.request.view(2));
    if (stream === null || group === undefined) throw noSuchKeyOrGroup(call, 1, 2);
    const options = readClaimOptions(call);
    const movesLastId = options.lastId.compare(group.lastId) > 0;
    if (movesLastId) group.lastId.set(options.lastId);
    const start = call.reply.length;
    const { dirty } = call;
    let claimed = 0;
    for (let i = 5; i < options.end; i++) {
      readId(call, i, id);
      if (claim(call, stream, group, call.request.view(i), options)) claimed++;
    }
    if (claimed === 0) noteAttempt(call, group, 3);
    // Every claim that is propagated carries the last id along.
    if (movesLastId && call.dirty === dirty) {
      propagateGroupId(call, call.request.view(1), group);
      call.dirty++;
    }
    if (call.effects === null) call.targets = Target.NONE;
    call.reply.arrayAt(start, claimed);
  },
});

export const XAUTOCLAIM = command({
  name: "XAUTOCLAIM",
  usage: "key group consumer min-idle-time start:string [COUNT count] [JUSTID]",
  summary: "Looks for entries that are pending for long, and hands them to a consumer.",
  since: "6.2.0",
  complexity: "O(1) if COUNT is small",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.DELETE,
  tips: ["nondeterministic_output"],
  run(call) {
    const minIdle = readBigInteger(call, 4, errors.XAUTOCLAIM_MIN_IDLE);
    readStart(call, 5, from);
    const { count, justIds } = readAutoClaimOptions(call);
    const stream = streamToConsume(call, 1);
    const group = stream?.group(call.request.view(2));
    if (stream === null || group === undefined) throw noSuchKeyOrGroup(call, 1, 2);
    if (count >= TOO_MANY_CLAIMED) throw errors.XAUTOCLAIM_MEMORY;
    const options: ClaimOptions = {
      ...DEFAULTS,
      minIdleMs: Math.max(0, Number(minIdle)),
      deliveredMs: nowOf(call),
      justIds,
    };
    autoClaim(call, stream, group, Number(count), options);
    if (call.effects === null) call.targets = Target.NONE;
  },
});

export const PENDING_COMMANDS = [XACK, XPENDING, XCLAIM, XAUTOCLAIM];

interface ClaimOptions {
  /** The argument behind the last id. */
  end: number;
  minIdleMs: number;
  /** When the entries are to count as delivered. */
  deliveredMs: number;
  /** How often they are to count as delivered; -1 for once more than before. */
  deliveries: bigint;
  force: boolean;
  justIds: boolean;
  lastId: StreamId;
}

const DEFAULTS: ClaimOptions = {
  end: 0,
  minIdleMs: 0,
  deliveredMs: 0,
  deliveries: -1n,
  force: false,
  justIds: false,
  lastId: new StreamId(),
};

/** The group that XPENDING is asked about. */
function pendingGroup(call: Call): ConsumerGroup {
  const group = streamToRead(call, 1)?.group(call.request.view(2));
  if (group === undefined) throw noSuchKeyOrGroup(call, 1, 2);
  return group;
}

/** Claims the entry whose id was read; whether it was replied. */
function claim(
  call: Call,
  stream: Stream,
  group: ConsumerGroup,
  text: Uint8Array,
  options: ClaimOptions,
): boolean {
  const key = call.request.view(1);
  const isPending = group.find(id);
  if (!entries.find(stream.log, id)) {
    if (isPending) {
      propagateClaim(call, key, group, text);
      call.dirty++;
      group.remove(id);
    }
    return false;
  }
  const nowMs = nowOf(call);
  if (!isPending) {
    if (!options.force) return false;
    group.deliver(id, consumerOf(call, group, 1, 3), nowMs);
  } else if (options.minIdleMs > 0 && nowMs - group.deliveredMs < options.minIdleMs) return false;
  take(call, group, options);
  propagateClaim(call, key, group, text);
  call.dirty++;
  return true;
}

/**
 * Hands the pending entry that group and cursor are turned to to the consumer, who is made when there
 * is a first entry to be had, and replies with it.
 */
function take(call: Call, group: ConsumerGroup, options: ClaimOptions): void {
  const consumer = consumerOf(call, group, 1, 3);
  group.assign(id, consumer);
  group.deliveredMs = options.deliveredMs;
  if (options.deliveries >= 0n) group.deliveries = options.deliveries;
  else if (!options.justIds) group.addDelivery();
  consumer.activeMs = nowOf(call);
  if (options.justIds) replyId(call.reply, id);
  else replyEntry(call.reply, entries);
}

function autoClaim(
  call: Call,
  stream: Stream,
  group: ConsumerGroup,
  count: number,
  options: ClaimOptions,
): void {
  const { reply } = call;
  const key = call.request.view(1);
  const nowMs = nowOf(call);
  const deleted: StreamId[] = [];
  const start = reply.length;
  let claimed = 0;
  let left = count;
  let more = group.seek(from);
  for (let attempts = count * ATTEMPTS; attempts > 0 && left > 0 && more; attempts--) {
    group.readId(id);
    if (!entries.find(stream.log, id)) {
      propagateClaim(call, key, group, id.toString());
      call.dirty++;
      deleted.push(new StreamId().set(id));
      more = group.remove(id);
      left--;
      continue;
    }
    if (options.minIdleMs === 0 || nowMs - group.deliveredMs >= options.minIdleMs) {
      take(call, group, options);
      propagateClaim(call, key, group, id.toString());
      call.dirty++;
      claimed++;
      left--;
    }
    more = group.next();
  }
  if (claimed === 0) noteAttempt(call, group, 3);
  reply.arrayAt(start, claimed);
  if (more) group.readId(id);
  else id.setZero();
  const end = reply.length;
  replyId(reply, id);
  // The id comes first, but is known only after the entries.
  const cursor = reply.buffer.slice(end, reply.length);
  const claims = reply.buffer.slice(start, end);
  reply.cutTo(start);
  reply.array(3);
  reply.raw(cursor);
  reply.raw(claims);
  reply.array(deleted.length);
  for (const each of deleted) replyId(reply, each);
}

function summarize(call: Call, group: ConsumerGroup): void {
  const { reply } = call;
  reply.array(4);
  reply.integer(group.pendingCount);
  if (group.pendingCount === 0) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  group.first();
  group.readId(id);
  replyId(reply, id);
  group.last();
  group.readId(id);
  replyId(reply, id);
  const holders = group.consumers().filter((consumer) => consumer.pending.size > 0);
  reply.array(holders.length);
  for (const consumer of holders) {
    reply.array(2);
    reply.bulkBytes(consumer.name);
    reply.bulkInteger(consumer.pending.size);
  }
}

function listPending(call: Call, group: ConsumerGroup, count: number, minIdleMs: number): void {
  const start = call.reply.length;
  let shown = 0;
  for (let more = group.seek(from); more && shown < count; more = group.next()) {
    group.readId(id);
    if (id.compare(to) > 0) break;
    if (replyPending(call, group, minIdleMs)) shown++;
  }
  call.reply.arrayAt(start, shown);
}

function listPendingOf(
  call: Call,
  group: ConsumerGroup,
  consumer: Consumer,
  count: number,
  minIdleMs: number,
): void {
  const { pending } = consumer;
  const start = call.reply.length;
  let shown = 0;
  for (let more = pending.seek(from); more && shown < count; more = pending.next()) {
    pending.readId(id);
    if (id.compare(to) > 0) break;
    if (group.find(id) && replyPending(call, group, minIdleMs)) shown++;
  }
  call.reply.arrayAt(start, shown);
}

/** Replies with the entry that the group is turned to, if it is idle for long enough. */
function replyPending(call: Call, group: ConsumerGroup, minIdleMs: number): boolean {
  const idleMs = nowOf(call) - group.deliveredMs;
  if (minIdleMs !== 0 && idleMs < minIdleMs) return false;
  const { reply } = call;
  reply.array(4);
  replyId(reply, id);
  reply.bulkBytes(group.holder.name);
  reply.integer(Math.max(0, idleMs));
  reply.bigInteger(group.deliveries);
  return true;
}

function readClaimOptions(call: Call): ClaimOptions {
  const minIdle = readBigInteger(call, 4, errors.XCLAIM_MIN_IDLE);
  const options = { ...DEFAULTS, minIdleMs: Math.max(0, Number(minIdle)), lastId: new StreamId() };
  let i = 5;
  while (i < call.count && tryReadId(call.request, i, id)) i++;
  options.end = i;
  const nowMs = BigInt(nowOf(call));
  let deliveredMs = -1n;
  for (; i < call.count; i++) {
    const more = i + 1 < call.count;
    const { request } = call;
    if (request.is(i, "FORCE")) options.force = true;
    else if (request.is(i, "JUSTID")) options.justIds = true;
    else if (request.is(i, "IDLE") && more) {
      deliveredMs = nowMs - readBigInteger(call, ++i, errors.XCLAIM_IDLE);
    } else if (request.is(i, "TIME") && more) {
      deliveredMs = readBigInteger(call, ++i, errors.XCLAIM_TIME);
    } else if (request.is(i, "RETRYCOUNT") && more) {
      options.deliveries = readBigInteger(call, ++i, errors.XCLAIM_RETRYCOUNT);
    } else if (request.is(i, "LASTID") && more) readId(call, ++i, options.lastId);
    else {
      const quoted = quotedArgument(request, i);
      throw errorEndingWith("ERR Unrecognized XCLAIM option '", `${quoted}'`);
    }
  }
  // A time that can't be is no reason to fail: the client's clock may be ahead.
  const known = deliveredMs >= 0n && deliveredMs <= nowMs;
  options.deliveredMs = Number(known ? deliveredMs : nowMs);
  return options;
}

function readAutoClaimOptions(call: Call): { count: bigint; justIds: boolean } {
  let count = 100n;
  let justIds = false;
  for (let i = 6; i < call.count; i++) {
    if (call.request.is(i, "COUNT") && i + 1 < call.count) {
      count = readBigInteger(call, ++i, errors.XAUTOCLAIM_COUNT);
      if (count < 1n || count > MOST_CLAIMED) throw errors.XAUTOCLAIM_COUNT;
    } else if (call.request.is(i, "JUSTID")) justIds = true;
    else throw errors.SYNTAX;
  }
  return { count, justIds };
}
