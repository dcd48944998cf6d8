/**
 * Taking the members with the lowest or highest scores: ZPOPMIN, ZPOPMAX, ZMPOP. What is done once a
 * key was found serves the blocking forms as well. [hot]
 */

import * as alikeRunModule from "../../engine/alike_run.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import * as callTimesModule from "../../engine/call_times.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import * as entryModule from "../../values/entry.ts";
import * as openedModule from "./opened.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { lookUpAlike } = alikeRunModule;
const { readIntegerInRange } = argumentsModule;
const { BRIEF_REPLY_BYTES } = callTimesModule;
const { ValueType } = entryModule;
const { openEntry, replyShown, zset } = openedModule;

const MOST = Number.MAX_SAFE_INTEGER;

export const ZPOPMIN = command({
  name: "ZPOPMIN",
  usage: "key [count]",
  summary: "Removes the members with the lowest scores and replies with them.",
  since: "5.0.0",
  complexity: "O(M*log(N)) for M members popped of N",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: 2,
  runAlike: popEachLowest,
  run: (call) => pop(call, false),
});

export const ZPOPMAX = command({
  name: "ZPOPMAX",
  usage: "key [count]",
  summary: "Removes the members with the highest scores and replies with them.",
  since: "5.0.0",
  complexity: "O(M*log(N)) for M members popped of N",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: 2,
  runAlike: popEachHighest,
  run: (call) => pop(call, true),
});

export const ZMPOP = command({
  name: "ZMPOP",
  usage: "numkeys key [key ...] (where: MIN | MAX) [COUNT count]",
  summary: "Pops members of the first sorted set among several keys that is there.",
  since: "7.0.0",
  complexity: "O(K)+O(M*log(N)) for K keys and M members popped of N",
  flags: Flag.WRITE,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    const options = readMultiPop(call, 1);
    const { firstKey, lastKey, highest, count } = options;
    const index = findPoppable(call, firstKey, lastKey);
    if (index === 0) return call.reply.nullArray();
    popAsMulti(call, index, highest, count);
  },
});

export const POP_COMMANDS = [ZPOPMIN, ZPOPMAX, ZMPOP];

export interface MultiPop {
  readonly firstKey: number;
  /** Index of the last key. */
  readonly lastKey: number;
  readonly highest: boolean;
  readonly count: number;
}

/**
 * The arguments of ZMPOP from the number of keys on.
 *
 * @throws NUMKEYS_TOO_SMALL, COUNT_TOO_SMALL, SYNTAX
 */
export function readMultiPop(call: Call, from: number): MultiPop {
  const { request } = call;
  const keys = readIntegerInRange(call, from, 1, MOST, errors.NUMKEYS_TOO_SMALL);
  const where = from + keys + 1;
  if (where >= call.count) throw errors.SYNTAX;
  const highest = request.is(where, "MAX");
  if (!highest && !request.is(where, "MIN")) throw errors.SYNTAX;
  let count = 0;
  for (let i = where + 1; i < call.count; i += 2) {
    if (count > 0 || !request.is(i, "COUNT") || i + 1 === call.count) throw errors.SYNTAX;
    count = readIntegerInRange(call, i + 1, 1, MOST, errors.COUNT_TOO_SMALL);
  }
  return { firstKey: from + 1, lastKey: where - 1, highest, count: Math.max(1, count) };
}

/**
 * Index of the first key argument from `from` to `last` that is there; 0 when none is.
 *
 * @throws WRONGTYPE when what is found is no sorted set.
 */
export function findPoppable(call: Call, from: number, last: number): number {
  for (let i = from; i <= last; i++) {
    const ref = call.lookUpWrite(i);
    if (ref === 0) continue;
    openEntry(call, ref);
    return i;
  }
  return 0;
}

/** Pops of the sorted set at a key argument, which is there, and replies as ZMPOP does. */
export function popAsMulti(call: Call, index: number, highest: boolean, count: number): void {
  const { reply, request } = call;
  const ref = call.lookUpWrite(index);
  const popped = Math.min(count, openEntry(call, ref).size);
  reply.array(2);
  reply.bulkRange(request.data, request.offsets[index], request.lengths[index]);
  reply.array(popped);
  popMembers(call, index, ref, highest, popped, true);
  const name = highest ? "ZPOPMAX" : "ZPOPMIN";
  call.propagate(name, request.view(index), String(popped));
}

/**
 * Removes `count` members, of at least as many, from the lent set, which is that of the entry `ref`
 * at a key argument, and replies with each and its score; the array is announced by the caller.
 *
 * @param nested whether each pair is an array of its own.
 */
export function popMembers(
  call: Call,
  index: number,
  ref: number,
  highest: boolean,
  count: number,
  nested: boolean,
): void {
  call.changed(index, highest ? "zpopmax" : "zpopmin");
  call.dirty += count - 1;
  for (let left = count; left > 0; left--) {
    if (nested) call.reply.array(2);
    take(call, highest);
  }
  if (zset.size === 0) call.removeEmpty(index, ref);
}

/** Replies with the lowest or highest member and its score, and removes it. */
function take(call: Call, highest: boolean): void {
  const rank = highest ? zset.size - 1 : 0;
  zset.seek(rank);
  replyShown(call, zset, false);
  call.reply.double(zset.score);
  zset.removeAt(rank);
}

function popEachLowest(call: Call, from: number, to: number): number {
  return popEach(call, from, to, false);
}

function popEachHighest(call: Call, from: number, to: number): number {
  return popEach(call, from, to, true);
}

/** Pops of one member each; the last one is left, since the key goes with it. */
function popEach(call: Call, from: number, to: number, highest: boolean): number {
  const { reply } = call;
  const ref = lookUpAlike(call, 2, ValueType.SORTED_SET);
  if (ref < 0) return from;
  if (ref > 0) openEntry(call, ref);
  const enough = reply.length + BRIEF_REPLY_BYTES;
  let next = from;
  for (; next < to && reply.length < enough; next++) {
    if (ref === 0) reply.array(0);
    else if (zset.size === 1) break;
    else {
      reply.array(2);
      take(call, highest);
      call.dirty++;
    }
  }
  return next;
}

function pop(call: Call, highest: boolean): void {
  const { reply } = call;
  if (call.count > 3) throw errors.SYNTAX;
  const counted = call.count === 3;
  const count = counted ? readIntegerInRange(call, 2, 0, MOST, errors.MUST_BE_POSITIVE) : 1;
  const ref = call.lookUpWrite(1);
  if (ref === 0) return reply.array(0);
  const popped = Math.min(count, openEntry(call, ref).size);
  const nested = counted && reply.protocol === 3;
  reply.array(nested ? popped : popped * 2);
  if (popped > 0) popMembers(call, 1, ref, highest, popped, nested);
}
