/** Members picked at random, and members a few at a time. */

import { matchGlob } from "../../bytes/glob.ts";
import { lookUpAlike, replyNullToAll } from "../../engine/alike_run.ts";
import { readBigInteger, readClampedInteger, readIntegerInRange } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { BRIEF_REPLY_BYTES } from "../../engine/call_times.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { Random } from "../../host/random.ts";
import { ValueType } from "../../values/entry.ts";
import { SetAccess } from "../../values/set/set.ts";
import { readCursor, readScanOptions } from "../generic/scan.ts";

/** Lent to the command that runs. */
const set = new SetAccess();

/** The largest part of a set that is picked by trying until enough different ones were found. */
const SPARSE_PICK = 1 / 3;
/** Members in one SREM on the stream of effects. */
const MEMBERS_PER_EFFECT = 1024;
/** A reply that would grow past this is refused, as no set is behind its length. */
const MAX_REPLY_BYTES = 1 << 29;
/** What the empty member takes in a reply. */
const LEAST_MEMBER_BYTES = 6;
/** Steps of the table for each member asked for, so that a sparse table is left in time. */
const STEPS_PER_MEMBER = 10;

const COUNT_OUT_OF_RANGE = new CommandError(
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

export const SPOP = command({
  name: "SPOP",
  usage: "key [count]@3.2.0",
  summary: "Takes random members out of a set.",
  since: "1.0.0",
  complexity: "O(N) for N members taken",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  tips: ["nondeterministic_output"],
  briefArguments: 2,
  runAlike: popEach,
  run(call) {
    if (call.count > 3) throw errors.SYNTAX;
    if (call.count === 3) return popSeveral(call, readPopCount(call));
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.null();
    call.requireType(ref, ValueType.SET);
    set.open(call.db, ref);
    const handle = set.random(call.context.host.random);
    replyMember(call, handle);
    if (call.context.propagation.active) {
      call.propagate("SREM", call.request.view(1), set.copyMember());
    }
    set.removeAt(handle);
    call.changed(1, "spop");
    if (set.size === 0) call.removeEmpty(1, ref);
  },
});

export const SRANDMEMBER = command({
  name: "SRANDMEMBER",
  usage: "key [count]@2.6.0",
  summary: "Shows random members of a set; a negative count allows repetitions.",
  since: "1.0.0",
  complexity: "O(N) for N members shown",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  briefArguments: 2,
  run(call) {
    if (call.count > 3) throw errors.SYNTAX;
    const count = call.count === 3 ? readSignedCount(call) : 1;
    const { reply } = call;
    const { random } = call.context.host;
    const ref = call.lookUpRead(1);
    if (ref === 0) return call.count === 3 ? reply.array(0) : reply.null();
    call.requireType(ref, ValueType.SET);
    set.open(call.db, ref);
    if (call.count === 2) return replyMember(call, set.random(random));
    if (count < 0) return replyRepeated(call, -count);
    if (count >= set.size) {
      reply.array(set.size);
      return set.writeTo(reply);
    }
    reply.array(count);
    const picked = pick(set, count, random);
    for (let i = 0; i < count; i++) replyMember(call, picked[i]);
  },
});

export const SSCAN = command({
  name: "SSCAN",
  usage: "key cursor [MATCH pattern] [COUNT count]",
  summary: "Lists the members of a set a few at a time.",
  since: "2.8.0",
  complexity: "O(1) a call; O(N) for the N members of a whole walk",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    const { reply } = call;
    let cursor = readCursor(call, 2);
    const ref = call.lookUpRead(1);
    if (ref === 0) {
      reply.array(2);
      reply.bulkInteger(0);
      return reply.array(0);
    }
    call.requireType(ref, ValueType.SET);
    const { pattern, count } = readScanOptions(call, 3, false);
    set.open(call.db, ref);
    const handles: number[] = [];
    if (set.isSmall) {
      cursor = 0;
      for (let at = set.first(); at >= 0; at = set.next(at)) handles.push(at);
    } else {
      let steps = count * STEPS_PER_MEMBER;
      const visit = (handle: number) => {
        handles.push(handle);
      };
      do {
        cursor = set.scan(cursor, visit);
      } while (cursor !== 0 && steps-- > 0 && handles.length < count);
    }
    reply.array(2);
    reply.bulkInteger(cursor);
    const start = reply.length;
    let found = 0;
    for (const handle of handles) {
      if (!matches(call, handle, pattern)) continue;
      replyMember(call, handle);
      found++;
    }
    reply.arrayAt(start, found);
  },
});

export const SET_RANDOM_SCAN_COMMANDS = [SPOP, SRANDMEMBER, SSCAN];

/**
 * SPOPs of one member each; the last one is left, since the key goes with it. What each has taken
 * is an effect of its own, so that they are run by themselves where somebody wants the effects.
 */
function popEach(call: Call, from: number, to: number): number {
  const { reply, context } = call;
  const ref = lookUpAlike(call, 2, ValueType.SET);
  if (ref < 0) return from;
  if (ref === 0) return replyNullToAll(call, from, to);
  if (context.propagation.active) return from;
  set.open(call.db, ref);
  const enough = reply.length + BRIEF_REPLY_BYTES;
  let next = from;
  for (; next < to && set.size > 1 && reply.length < enough; next++) {
    const handle = set.random(context.host.random);
    replyMember(call, handle);
    set.removeAt(handle);
  }
  call.dirty = next - from;
  return next;
}

/** SPOP with a count. */
function popSeveral(call: Call, count: number): void {
  const { reply } = call;
  const ref = call.lookUpWrite(1);
  if (ref === 0) return reply.set(0);
  call.requireType(ref, ValueType.SET);
  set.open(call.db, ref);
  const { size } = set;
  if (count === 0) return reply.set(0);
  if (count >= size) return popAll(call, ref);
  const picked = pick(set, count, call.context.host.random);
  reply.set(count);
  for (let i = 0; i < count; i++) replyMember(call, picked[i]);
  propagateRemoval(call, picked);
  // The last first: in small sets the handles behind a removed member are not good any more.
  picked.sort();
  for (let i = count - 1; i >= 0; i--) set.removeAt(picked[i]);
  call.changed(1, "spop");
  call.dirty += count - 1;
}

function popAll(call: Call, ref: number): void {
  const { size } = set;
  call.reply.set(size);
  set.writeTo(call.reply);
  const lazily = call.context.config.get("lazyfree-lazy-server-del");
  call.propagate(lazily ? "UNLINK" : "DEL", call.request.view(1));
  call.changed(1, "spop");
  call.dirty += size - 1;
  call.removeEmpty(1, ref);
}

function propagateRemoval(call: Call, picked: Int32Array): void {
  if (!call.context.propagation.active) return;
  for (let from = 0; from < picked.length; from += MEMBERS_PER_EFFECT) {
    const some = picked.subarray(from, from + MEMBERS_PER_EFFECT);
    const members = Array.from(some, (handle) => set.point(handle).copyMember());
    call.propagate("SREM", call.request.view(1), ...members);
  }
}

/** Handles of `count` different members, fewer than there are, each choice as likely. */
function pick(members: SetAccess, count: number, random: Random): Int32Array {
  const { size } = members;
  if (!members.isSmall && count < size * SPARSE_PICK) {
    const found = new Set<number>();
    while (found.size < count) found.add(members.random(random));
    return Int32Array.from(found);
  }
  const handles = members.handles();
  for (let i = 0; i < count; i++) {
    const other = i + random.below(size - i);
    const handle = handles[other];
    handles[other] = handles[i];
    handles[i] = handle;
  }
  return handles.slice(0, count);
}

/** Members picked one by one, so that some may come again. */
function replyRepeated(call: Call, count: number): void {
  const { reply, session } = call;
  const { random } = call.context.host;
  const start = reply.length;
  if (count > MAX_REPLY_BYTES / LEAST_MEMBER_BYTES) throw errors.OUT_OF_RANGE;
  reply.array(count);
  for (let i = 0; i < count && !session.closing; i++) {
    if (reply.length - start > MAX_REPLY_BYTES) throw errors.OUT_OF_RANGE;
    replyMember(call, set.random(random));
  }
}

function replyMember(call: Call, handle: number): void {
  set.point(handle);
  call.reply.bulkRange(set.data, set.offset, set.length);
}

/** The count of SPOP, for which redis-server has one error only. */
function readPopCount(call: Call): number {
  return readIntegerInRange(call, 2, 0, Number.MAX_SAFE_INTEGER, errors.MUST_BE_POSITIVE);
}

/** A count from -(2^63 - 1) on; what lies beyond 2^53 is cut to that. */
function readSignedCount(call: Call): number {
  const count = readClampedInteger(call, 2);
  if (count === Number.MIN_SAFE_INTEGER && readBigInteger(call, 2) === -(2n ** 63n)) {
    throw COUNT_OUT_OF_RANGE;
  }
  return count;
}

function matches(call: Call, handle: number, pattern: number): boolean {
  if (pattern === 0) return true;
  const { buffer, offsets, lengths } = call.request;
  const { data, offset, length } = set.point(handle);
  return matchGlob(
    buffer,
    offsets[pattern],
    lengths[pattern],
    new Uint8Array(data.buffer, data.byteOffset),
    offset,
    length,
    false,
  );
}
