/** Adding members, changing their scores and removing them: ZADD, ZINCRBY, ZREM. [hot] */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import * as openedModule from "./opened.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readDouble } = argumentsModule;
const { openEntry, putSet, zset } = openedModule;

/** Bits of the options of ZADD. */
export const AddFlag = { NX: 1, XX: 2, GT: 4, LT: 8, CH: 16, INCR: 32 } as const;

/** What became of a member. */
const Outcome = { REFUSED: 0, SAME: 1, CHANGED: 2, ADDED: 3 } as const;

export const ZADD = command({
  name: "ZADD",
  usage: "key [condition: NX | XX]@3.0.2 [comparison: GT | LT]@6.2.0 [change=CH]@3.0.2 " +
    "[increment=INCR]@3.0.2 score member [score member ...]",
  summary: "Adds members with scores to a sorted set, or gives members other scores.",
  since: "1.2.0",
  complexity: "O(log(N)) for each member, N being the number of members in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run: (call) => add(call, 0),
});

export const ZINCRBY = command({
  name: "ZINCRBY",
  usage: "key increment member",
  summary: "Adds to a member's score; a missing member begins at 0.",
  since: "1.2.0",
  complexity: "O(log(N)) for N members in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run: (call) => add(call, AddFlag.INCR),
});

export const ZREM = command({
  name: "ZREM",
  usage: "key member [member ...]",
  summary: "Removes members from a sorted set, and the set with its last member.",
  since: "1.2.0",
  complexity: "O(M*log(N)) for M members named and N in the sorted set",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.integer(0);
    openEntry(call, ref);
    const { request } = call;
    const { data, offsets, lengths } = request;
    let removed = 0;
    for (let i = 2; i < call.count && zset.size > 0; i++) {
      const handle = zset.find(data, offsets[i], lengths[i], request.hashOf(i));
      if (handle < 0) continue;
      zset.removeHandle(handle);
      removed++;
    }
    if (removed > 0) {
      call.changed(1, "zrem");
      call.dirty += removed - 1;
      if (zset.size === 0) call.removeEmpty(1, ref);
    }
    call.reply.integer(removed);
  },
});

export const ADD_REMOVE_COMMANDS = [ZADD, ZINCRBY, ZREM];

function add(call: Call, flags: number): void {
  let from = 2;
  for (; from < call.count; from++) {
    const flag = optionAt(call, from);
    if (flag === 0) break;
    flags |= flag;
  }
  const words = call.count - from;
  if (words === 0 || words % 2 !== 0) throw errors.SYNTAX;
  checkFlags(flags, words);
  for (let i = from; i < call.count; i += 2) readDouble(call, i);
  addScored(call, flags, null, from + 1, 2);
}

/**
 * Adds the members at every `step`-th argument from `from` on to the sorted set at the first key, and
 * replies, as ZADD does.
 *
 * @param flags bits of {@linkcode AddFlag}.
 * @param scores those of the members; null when each stands before its member.
 */
export function addScored(
  call: Call,
  flags: number,
  scores: readonly number[] | null,
  from: number,
  step: number,
): void {
  const ref = call.lookUpWrite(1);
  const increments = (flags & AddFlag.INCR) !== 0;
  if (ref !== 0) openEntry(call, ref);
  else if ((flags & AddFlag.XX) !== 0) {
    return increments ? call.reply.null() : call.reply.integer(0);
  } else zset.create(call.db);
  let added = 0;
  let changed = 0;
  let outcome: number = Outcome.REFUSED;
  for (let i = from, n = 0; i < call.count; i += step, n++) {
    outcome = putScore(call, flags, scores === null ? readDouble(call, i - 1) : scores[n], i);
    if (outcome === Outcome.ADDED) added++;
    else if (outcome === Outcome.CHANGED) changed++;
  }
  if (ref === 0) putSet(call, 0, 1, zset);
  if (added + changed > 0) {
    call.changed(1, increments ? "zincr" : "zadd");
    call.dirty += added + changed - 1;
  }
  if (!increments) call.reply.integer((flags & AddFlag.CH) !== 0 ? added + changed : added);
  else if (outcome === Outcome.REFUSED) call.reply.null();
  else call.reply.double(result);
}

/** The option that an argument is; 0 when it is none. */
function optionAt(call: Call, index: number): number {
  const { request } = call;
  // Options begin with a letter, and scores mostly don't.
  if (request.lengths[index] < 2 || request.buffer[request.offsets[index]] < 65) return 0;
  if (request.is(index, "NX")) return AddFlag.NX;
  if (request.is(index, "XX")) return AddFlag.XX;
  if (request.is(index, "CH")) return AddFlag.CH;
  if (request.is(index, "INCR")) return AddFlag.INCR;
  if (request.is(index, "GT")) return AddFlag.GT;
  return request.is(index, "LT") ? AddFlag.LT : 0;
}

function checkFlags(flags: number, words: number): void {
  if ((flags & (AddFlag.NX | AddFlag.XX)) === (AddFlag.NX | AddFlag.XX)) {
    throw errors.ZADD_NX_AND_XX;
  }
  const comparisons = flags & (AddFlag.NX | AddFlag.GT | AddFlag.LT);
  // More than one bit is set.
  if ((comparisons & (comparisons - 1)) !== 0) throw errors.ZADD_COMPARISONS;
  if ((flags & AddFlag.INCR) !== 0 && words > 2) throw errors.ZADD_INCR_PAIRS;
}

/** The score that the last {@linkcode putScore} came to. */
let result = 0;

/** Does to the lent set what ZADD does for one member. */
function putScore(call: Call, flags: number, score: number, index: number): number {
  const { request } = call;
  const { data, offsets, lengths } = request;
  const handle = zset.find(data, offsets[index], lengths[index], request.hashOf(index));
  result = score;
  if (handle < 0) {
    if ((flags & AddFlag.XX) !== 0) return Outcome.REFUSED;
    zset.insert(score, data, offsets[index], lengths[index]);
    return Outcome.ADDED;
  }
  if ((flags & AddFlag.NX) !== 0) return Outcome.REFUSED;
  const before = zset.score;
  if ((flags & AddFlag.INCR) !== 0) {
    score += before;
    if (score !== score) throw errors.SCORE_NOT_A_NUMBER;
    result = score;
  }
  if ((flags & AddFlag.LT) !== 0 && score >= before) return Outcome.REFUSED;
  if ((flags & AddFlag.GT) !== 0 && score <= before) return Outcome.REFUSED;
  if (score === before) return Outcome.SAME;
  zset.rescore(handle, score, data, offsets[index], lengths[index]);
  return Outcome.CHANGED;
}
