/** XINFO: what there is to know of a stream, its groups and their consumers. */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import {
  type Consumer,
  type ConsumerGroup,
  type Stream,
  StreamId,
  UNKNOWN_READ,
} from "../../values/stream/stream.ts";
import {
  entries,
  noSuchGroup,
  nowOf,
  replyEntries,
  replyEntry,
  replyId,
  streamToRead,
  subcommandSyntax,
} from "./opened.ts";

const DEFAULT_COUNT = 10;
const FIRST = new StreamId();
const LAST = StreamId.max();
const id = new StreamId();

export const XINFO = command({
  name: "XINFO",
  summary: "Tells about streams, groups and consumers.",
  since: "5.0.0",
  complexity: "Depends on the subcommand.",
});

export const XINFO_STREAM = command({
  name: "XINFO|STREAM",
  usage: "key [FULL (full: [COUNT count])]",
  summary: "Tells about a stream; with FULL also its entries and what is pending.",
  since: "5.0.0",
  complexity: "O(N) for N entries that are shown",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const stream = existing(call);
    const count = readFull(call);
    if (count === null) replyStream(call, stream);
    else replyFull(call, stream, count);
  },
});

export const XINFO_GROUPS = command({
  name: "XINFO|GROUPS",
  usage: "key",
  summary: "Tells about the groups of a stream.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const stream = existing(call);
    const { reply } = call;
    reply.array(stream.groupCount);
    for (const group of stream.groups()) {
      reply.map(6);
      reply.bulk("name");
      reply.bulkBytes(group.name);
      reply.bulk("consumers");
      reply.integer(group.consumerCount);
      reply.bulk("pending");
      reply.integer(group.pendingCount);
      replyProgress(call, stream, group);
    }
  },
});

export const XINFO_CONSUMERS = command({
  name: "XINFO|CONSUMERS",
  usage: "key groupname",
  summary: "Tells about the consumers of a group.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    const group = existing(call).group(call.request.view(3));
    if (group === undefined) throw noSuchGroup(call, 2, 3);
    const { reply } = call;
    const nowMs = nowOf(call);
    reply.array(group.consumerCount);
    for (const consumer of group.consumers()) {
      reply.map(4);
      reply.bulk("name");
      reply.bulkBytes(consumer.name);
      reply.bulk("pending");
      reply.integer(consumer.pending.size);
      reply.bulk("idle");
      reply.integer(Math.max(0, nowMs - consumer.seenMs));
      reply.bulk("inactive");
      reply.integer(consumer.activeMs < 0 ? -1 : Math.max(0, nowMs - consumer.activeMs));
    }
  },
});

export const STREAM_INFO_COMMANDS = [
  XINFO,
  XINFO_STREAM,
  XINFO_GROUPS,
  XINFO_CONSUMERS,
  helpCommand({ container: "XINFO", since: "5.0.0" }),
];

function existing(call: Call): Stream {
  const stream = streamToRead(call, 2);
  if (stream === null) throw errors.NO_SUCH_KEY;
  return stream;
}

/** Reads `FULL [COUNT count]`; null when it is not there. */
function readFull(call: Call): number | null {
  const { request, count } = call;
  if (count === 3) return null;
  if ((count !== 4 && count !== 6) || !request.is(3, "FULL")) throw subcommandSyntax(call);
  if (count === 4) return DEFAULT_COUNT;
  if (!request.is(4, "COUNT")) throw subcommandSyntax(call);
  const asked = readClampedInteger(call, 5);
  return asked < 0 ? DEFAULT_COUNT : asked;
}

function replyStream(call: Call, stream: Stream): void {
  const { reply } = call;
  reply.map(10);
  replyHead(call, stream);
  reply.bulk("groups");
  reply.integer(stream.groupCount);
  for (const [name, reverse] of [["first-entry", false], ["last-entry", true]] as const) {
    reply.bulk(name);
    if (entries.start(stream.log, FIRST, LAST, reverse).next()) replyEntry(reply, entries);
    else reply.null();
  }
}

function replyFull(call: Call, stream: Stream, count: number): void {
  const { reply } = call;
  reply.map(9);
  replyHead(call, stream);
  reply.bulk("entries");
  replyEntries(reply, stream, FIRST, LAST, count);
  reply.bulk("groups");
  reply.array(stream.groupCount);
  for (const group of stream.groups()) {
    reply.map(7);
    reply.bulk("name");
    reply.bulkBytes(group.name);
    replyProgress(call, stream, group);
    reply.bulk("pel-count");
    reply.integer(group.pendingCount);
    reply.bulk("pending");
    replyPending(call, group, count);
    reply.bulk("consumers");
    reply.array(group.consumerCount);
    for (const consumer of group.consumers()) replyConsumer(call, group, consumer, count);
  }
}

/** What both forms of XINFO STREAM begin with: seven pairs. */
function replyHead(call: Call, stream: Stream): void {
  const { reply } = call;
  const { index } = stream.log;
  reply.bulk("length");
  reply.integer(stream.size);
  reply.bulk("radix-tree-keys");
  reply.integer(index.length);
  reply.bulk("radix-tree-nodes");
  reply.integer(index.radixNodes());
  reply.bulk("last-generated-id");
  replyId(reply, stream.lastId);
  reply.bulk("max-deleted-entry-id");
  replyId(reply, stream.maxDeletedId);
  reply.bulk("entries-added");
  reply.bigInteger(stream.entriesAdded);
  reply.bulk("recorded-first-entry-id");
  replyId(reply, stream.firstId);
}

/** How far a group is: three pairs. */
function replyProgress(call: Call, stream: Stream, group: ConsumerGroup): void {
  const { reply } = call;
  reply.bulk("last-delivered-id");
  replyId(reply, group.lastId);
  reply.bulk("entries-read");
  if (group.entriesRead === UNKNOWN_READ) reply.null();
  else reply.bigInteger(group.entriesRead);
  reply.bulk("lag");
  const lag = stream.lagOf(group);
  if (lag === null) reply.null();
  else reply.bigInteger(BigInt.asIntN(64, lag));
}

function replyPending(call: Call, group: ConsumerGroup, count: number): void {
  const { reply } = call;
  const shown = count === 0 ? group.pendingCount : Math.min(count, group.pendingCount);
  reply.array(shown);
  group.first();
  for (let left = shown; left > 0; left--) {
    group.readId(id);
    reply.array(4);
    replyId(reply, id);
    reply.bulkBytes(group.holder.name);
    reply.integer(group.deliveredMs);
    reply.bigInteger(group.deliveries);
    group.next();
  }
}

function replyConsumer(
  call: Call,
  group: ConsumerGroup,
  consumer: Consumer,
  count: number,
): void {
  const { reply } = call;
  const { pending } = consumer;
  reply.map(5);
  reply.bulk("name");
  reply.bulkBytes(consumer.name);
  reply.bulk("seen-time");
  reply.integer(consumer.seenMs);
  reply.bulk("active-time");
  reply.integer(consumer.activeMs);
  reply.bulk("pel-count");
  reply.integer(pending.size);
  reply.bulk("pending");
  const shown = count === 0 ? pending.size : Math.min(count, pending.size);
  reply.array(shown);
  pending.first();
  for (let left = shown; left > 0; left--) {
    pending.readId(id);
    group.find(id);
    reply.array(3);
    replyId(reply, id);
    reply.integer(group.deliveredMs);
    reply.bigInteger(group.deliveries);
    pending.next();
  }
}
