/** Ranges by rank, score and bytes, replied or stored: ZRANGE and what came before it. [hot] */

import * as alikeRunModule from "../../engine/alike_run.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import * as callTimesModule from "../../engine/call_times.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import type { Request } from "../../resp/request.ts";
import * as entryModule from "../../values/entry.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import * as openedModule from "./opened.ts";
import { type RangeForm, RangeWalk } from "./range_walk.ts";
import * as rangeWalkModule from "./range_walk.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { noteReads, peekAlike } = alikeRunModule;
const { readClampedInteger } = argumentsModule;
const { BRIEF_REPLY_BYTES } = callTimesModule;
const { ValueType } = entryModule;
const { openEntry, openRead, replyCount, replyShown, storeResult, zset } = openedModule;
const { By, readRange } = rangeWalkModule;

export const ZRANGE = command({
  name: "ZRANGE",
  usage: "key start:string stop:string [sortby: BYSCORE | BYLEX]@6.2.0 [REV]@6.2.0 [LIMIT offset " +
    "count]@6.2.0 [WITHSCORES]",
  summary: "Lists the members in a range of ranks, scores or bytes.",
  since: "1.2.0",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 4,
  runAlike: rangeEach,
  run: (call) => reply(call, form(null, null)),
});

export const ZREVRANGE = command({
  name: "ZREVRANGE",
  usage: "key start stop [WITHSCORES]",
  summary: "Lists the members in a range of ranks, the highest score first.",
  since: "1.2.0",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 4,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`ZRANGE` with the `REV` argument",
  run: (call) => reply(call, form(By.RANK, true)),
});

export const ZRANGEBYSCORE = command({
  name: "ZRANGEBYSCORE",
  usage: "key min:double max:double [WITHSCORES]@2.0.0 [LIMIT offset count]",
  summary: "Lists the members in a range of scores.",
  since: "1.0.5",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`ZRANGE` with the `BYSCORE` argument",
  run: (call) => reply(call, form(By.SCORE, false)),
});

export const ZREVRANGEBYSCORE = command({
  name: "ZREVRANGEBYSCORE",
  usage: "key max:double min:double [WITHSCORES] [LIMIT offset count]",
  summary: "Lists the members in a range of scores, the highest first.",
  since: "2.2.0",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
  run: (call) => reply(call, form(By.SCORE, true)),
});

export const ZRANGEBYLEX = command({
  name: "ZRANGEBYLEX",
  usage: "key min max [LIMIT offset count]",
  summary: "Lists the members in a range of bytes, where all scores are the same.",
  since: "2.8.9",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`ZRANGE` with the `BYLEX` argument",
  run: (call) => reply(call, form(By.MEMBER, false)),
});

export const ZREVRANGEBYLEX = command({
  name: "ZREVRANGEBYLEX",
  usage: "key max min [LIMIT offset count]",
  summary: "Lists the members in a range of bytes in descending order.",
  since: "2.8.9",
  complexity: "O(log(N)+M) for M members listed of N",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`ZRANGE` with the `REV` and `BYLEX` arguments",
  run: (call) => reply(call, form(By.MEMBER, true)),
});

export const ZRANGESTORE = command({
  name: "ZRANGESTORE",
  usage: "dst src min max [sortby: BYSCORE | BYLEX] [REV] [LIMIT offset count]",
  summary: "Stores the members in a range of another sorted set.",
  since: "6.2.0",
  complexity: "O(log(N)+M) for M members stored of N",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run(call) {
    const query = readRange(call, 3, { by: null, reverse: null, withScoresAllowed: false });
    const ref = call.lookUpRead(2);
    if (ref !== 0) openEntry(call, ref);
    const result = new SortedSetAccess().create(call.db);
    if (ref !== 0 && walk.begin(zset, query)) {
      if (walk.left > 0) result.reserve(walk.left);
      do {
        result.find(zset.data, zset.offset, zset.length);
        result.insert(zset.score, zset.data, zset.offset, zset.length);
      } while (walk.next());
    }
    storeResult(call, result, 1, "zrangestore");
  },
});

export const SORTED_SET_RANGE_COMMANDS = [
  ZRANGE,
  ZREVRANGE,
  ZRANGEBYSCORE,
  ZREVRANGEBYSCORE,
  ZRANGEBYLEX,
  ZREVRANGEBYLEX,
  ZRANGESTORE,
];

const walk = new RangeWalk();

function form(by: number | null, reverse: boolean | null): RangeForm {
  return { by, reverse, withScoresAllowed: true };
}

function reply(call: Call, rangeForm: RangeForm): void {
  // Without options it is a range of ranks, unless the name says something else.
  if (call.count === 4 && (rangeForm.by ?? By.RANK) === By.RANK) {
    return replyRanks(call, rangeForm.reverse === true);
  }
  const query = readRange(call, 2, rangeForm);
  const { reply } = call;
  if (!openRead(call, 1) || !walk.begin(zset, query)) return reply.array(0);
  const { withScores } = query;
  if (walk.left > 0) {
    replyCount(call, walk.left, withScores);
    do replyShown(call, zset, withScores); while (walk.next());
    return;
  }
  const start = reply.length;
  let count = 0;
  do {
    replyShown(call, zset, false);
    count++;
  } while (walk.next());
  reply.arrayAt(start, count);
}

/** Ranges of ranks of a set that is there, without options: nothing is allocated. */
function rangeEach(call: Call, from: number, to: number, requests: readonly Request[]): number {
  const ref = peekAlike(call, 4, ValueType.SORTED_SET);
  if (ref <= 0) return from;
  openEntry(call, ref);
  const { reply } = call;
  const enough = reply.length + BRIEF_REPLY_BYTES;
  let next = from;
  try {
    for (; next < to && reply.length < enough; next++) {
      call.request = requests[next];
      const first = readClampedInteger(call, 2);
      replyOpened(call, first, readClampedInteger(call, 3), false);
    }
  } catch {
    // What is no rank is refused when it is run by itself.
  }
  noteReads(call, next - from);
  return next;
}

/** The members between two ranks, which are the arguments 2 and 3: nothing is allocated. */
function replyRanks(call: Call, reverse: boolean): void {
  const from = readClampedInteger(call, 2);
  const to = readClampedInteger(call, 3);
  if (openRead(call, 1)) replyOpened(call, from, to, reverse);
  else call.reply.array(0);
}

/** Replies with the members of the opened set between two ranks, each counted from either end. */
function replyOpened(call: Call, from: number, to: number, reverse: boolean): void {
  const { reply } = call;
  const { size } = zset;
  const start = Math.max(0, from < 0 ? from + size : from);
  const stop = Math.min(size - 1, to < 0 ? to + size : to);
  if (start > stop) return reply.array(0);
  const count = stop - start + 1;
  reply.array(count);
  zset.writeRange(reverse ? size - 1 - start : start, count, reverse, reply);
}
