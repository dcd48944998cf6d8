/**
 * Reading and changing lists by position or value. LRANGE and LINDEX allocate nothing, and LRANGE
 * copies elements as they lie: they are framed already. [hot]
 */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { type CommandError, errors } from "../../engine/errors.ts";
import * as openListModule from "./open_list.ts";
import * as pushPopModule from "./push_pop.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readBigInteger, readClampedInteger } = argumentsModule;
const { openList } = openListModule;
const { replyElement } = pushPopModule;

const INT64_MIN = -(2n ** 63n);

export const LLEN = command({
  name: "LLEN",
  usage: "key",
  summary: "Replies with the number of elements of a list.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  briefArguments: 3,
  run(call) {
    const ref = call.lookUpRead(1);
    call.reply.integer(ref === 0 ? 0 : openList(call, ref).size);
  },
});

export const LINDEX = command({
  name: "LINDEX",
  usage: "key index",
  summary: "Replies with the element at an index, which counts from the end when it is negative.",
  since: "1.0.0",
  complexity: "O(log N) or so, for N elements; O(1) at the ends",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 3,
  run(call) {
    const ref = call.lookUpRead(1);
    if (ref === 0) return call.reply.null();
    const list = openList(call, ref);
    const index = positionIn(list.size, readClampedInteger(call, 2));
    if (index < 0 || index >= list.size) call.reply.null();
    else replyElement(call, list.seek(index));
  },
});

export const LRANGE = command({
  name: "LRANGE",
  usage: "key start stop",
  summary: "Replies with the elements from one index to another.",
  since: "1.0.0",
  complexity: "O(M) for M elements of the range, after finding its start as LINDEX does",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 4,
  run(call) {
    const start = readClampedInteger(call, 2);
    const stop = readClampedInteger(call, 3);
    const ref = call.lookUpRead(1);
    if (ref === 0) return call.reply.array(0);
    const list = openList(call, ref);
    const { size } = list;
    const first = Math.max(0, positionIn(size, start));
    const last = Math.min(size - 1, positionIn(size, stop));
    if (first > last) return call.reply.array(0);
    const count = last - first + 1;
    call.reply.array(count);
    list.writeRange(first, count, call.reply);
  },
});

export const LSET = command({
  name: "LSET",
  usage: "key index element",
  summary: "Puts an element in the place of the one at an index.",
  since: "1.0.0",
  complexity: "O(log N) or so, for N elements; O(1) at the ends",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const ref = call.lookUpWrite(1);
    if (ref === 0) throw errors.NO_SUCH_KEY;
    const list = openList(call, ref);
    const index = positionIn(list.size, readClampedInteger(call, 2));
    if (index < 0 || index >= list.size) throw errors.INDEX_OUT_OF_RANGE;
    const { data, offsets, lengths } = call.request;
    list.replace(index, data, offsets[3], lengths[3]);
    call.changed(1, "lset");
    call.reply.ok();
  },
});

export const LINSERT = command({
  name: "LINSERT",
  usage: "key (where: BEFORE | AFTER) pivot element",
  summary: "Puts an element before or behind the first one that equals another.",
  since: "2.2.0",
  complexity: "O(N) for N elements up to the one looked for",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const { request } = call;
    const before = request.is(2, "BEFORE");
    if (!before && !request.is(2, "AFTER")) throw errors.SYNTAX;
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.integer(0);
    const list = openList(call, ref);
    const { data, offsets, lengths } = request;
    let index = 0;
    list.seek(0);
    while (!list.equals(data, offsets[3], lengths[3])) {
      index++;
      if (!list.next()) return call.reply.integer(-1);
    }
    list.insert(before ? index : index + 1, data, offsets[4], lengths[4]);
    call.changed(1, "linsert");
    call.reply.integer(list.size);
  },
});

export const LREM = command({
  name: "LREM",
  usage: "key count element",
  summary: "Takes away elements that equal another: so many from the front or back, or all.",
  since: "1.0.0",
  complexity: "O(N) for N elements of the list",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const count = readClampedInteger(call, 2);
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.integer(0);
    const list = openList(call, ref);
    const { data, offsets, lengths } = call.request;
    const limit = count === 0 ? Infinity : Math.abs(count);
    const removed = list.removeEqual(data, offsets[3], lengths[3], limit, count < 0);
    if (removed > 0) {
      call.changed(1, "lrem");
      call.dirty += removed - 1;
      if (list.size === 0) call.removeEmpty(1, ref);
    }
    call.reply.integer(removed);
  },
});

export const LTRIM = command({
  name: "LTRIM",
  usage: "key start stop",
  summary: "Takes away all elements but those from one index to another.",
  since: "1.0.0",
  complexity: "O(N) for N elements taken away",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const start = readClampedInteger(call, 2);
    const stop = readClampedInteger(call, 3);
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.ok();
    const list = openList(call, ref);
    const { size } = list;
    const first = Math.max(0, positionIn(size, start));
    const last = Math.min(size - 1, positionIn(size, stop));
    const front = first > last ? size : first;
    const back = first > last ? 0 : size - 1 - last;
    list.removeBack(back);
    list.removeFront(front);
    // The event comes even when nothing was taken away, which then is no change.
    call.changed(1, "ltrim");
    call.dirty += front + back - 1;
    if (list.size === 0) call.removeEmpty(1, ref);
    call.reply.ok();
  },
});

export const LPOS = command({
  name: "LPOS",
  usage: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
  summary: "Replies with the index of an element, or the indexes of several that are equal.",
  since: "6.0.6",
  complexity: "O(N) for N elements of the list, or as many as MAXLEN says",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const search = readSearch(call);
    const ref = call.lookUpRead(1);
    if (ref !== 0) return replyPositions(call, ref, search);
    if (search.count < 0) call.reply.null();
    else call.reply.array(0);
  },
});

export const LIST_ACCESS_COMMANDS = [LLEN, LINDEX, LRANGE, LSET, LINSERT, LREM, LTRIM, LPOS];

/** What LPOS looks for. */
interface Search {
  fromBack: boolean;
  /** Number of the match that is the first to be replied. */
  rank: number;
  /** Matches wanted, 0 for all; -1 when one is wanted, and not an array. */
  count: number;
  /** Elements looked at, 0 for all. */
  limit: number;
}

function readSearch(call: Call): Search {
  const search: Search = { fromBack: false, rank: 1, count: -1, limit: 0 };
  let withoutEnd = false;
  for (let i = 3; i < call.count; i += 2) {
    const { request } = call;
    const hasValue = i + 1 < call.count;
    if (request.is(i, "RANK") && hasValue) {
      const rank = readBigInteger(call, i + 1);
      if (rank === 0n) throw errors.ZERO_RANK;
      search.fromBack = rank < 0n;
      // Redis cannot negate this one, and so finds every match.
      withoutEnd = rank === INT64_MIN;
      search.rank = withoutEnd ? 1 : Math.abs(Number(rank));
    } else if (request.is(i, "COUNT") && hasValue) {
      search.count = readCount(call, i + 1, errors.NEGATIVE_COUNT);
    } else if (request.is(i, "MAXLEN") && hasValue) {
      search.limit = readCount(call, i + 1, errors.NEGATIVE_MAXLEN);
    } else throw errors.SYNTAX;
  }
  if (withoutEnd && search.count > 0) search.count = 0;
  return search;
}

function readCount(call: Call, index: number, error: CommandError): number {
  const value = readClampedInteger(call, index, error);
  if (value < 0) throw error;
  return value;
}

function replyPositions(call: Call, ref: number, search: Search): void {
  const list = openList(call, ref);
  const { size } = list;
  const { reply } = call;
  const { data, offsets, lengths } = call.request;
  const wanted = search.count < 0 ? 1 : search.count === 0 ? Infinity : search.count;
  const looks = search.limit === 0 ? size : Math.min(size, search.limit);
  const start = reply.length;
  let matches = 0;
  let found = 0;
  list.seek(search.fromBack ? size - 1 : 0);
  for (let looked = 0; looked < looks && found < wanted; looked++) {
    if (list.equals(data, offsets[2], lengths[2]) && ++matches >= search.rank) {
      found++;
      reply.integer(search.fromBack ? size - 1 - looked : looked);
    }
    if (search.fromBack) list.previous();
    else list.next();
  }
  if (search.count >= 0) reply.arrayAt(start, found);
  else if (found === 0) reply.null();
}

/** An index that counts from the end when it is negative, as one from the start. */
function positionIn(size: number, index: number): number {
  return index < 0 ? size + index : index;
}
