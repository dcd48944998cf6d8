/** Scores and ranks of members, and how many there are: alone, by score and by bytes. [hot] */

import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors, wrongArity } from "../../engine/errors.ts";
import * as rangesModule from "../../values/sorted_set/ranges.ts";
import * as boundsModule from "./bounds.ts";
import * as openedModule from "./opened.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { ranksByScore } = rangesModule;
const { readMemberRange, readScoreRange } = boundsModule;
const { openRead, zset } = openedModule;

export const ZSCORE = command({
  name: "ZSCORE",
  usage: "key member",
  summary: "Replies with a member's score.",
  since: "1.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    if (openRead(call, 1) && findArgument(call, 2) >= 0) call.reply.double(zset.score);
    else call.reply.null();
  },
});

export const ZMSCORE = command({
  name: "ZMSCORE",
  usage: "key member [member ...]",
  summary: "Replies with the scores of several members.",
  since: "6.2.0",
  complexity: "O(N) for N members",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const present = openRead(call, 1);
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      if (present && findArgument(call, i) >= 0) call.reply.double(zset.score);
      else call.reply.null();
    }
  },
});

export const ZCARD = command({
  name: "ZCARD",
  usage: "key",
  summary: "Counts the members of a sorted set.",
  since: "1.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run: (call) => call.reply.integer(openRead(call, 1) ? zset.size : 0),
});

export const ZCOUNT = command({
  name: "ZCOUNT",
  usage: "key min:double max:double",
  summary: "Counts the members whose scores lie in a range.",
  since: "2.0.0",
  complexity: "O(log(N)) for N members in the sorted set",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const range = readScoreRange(call, 2, 3);
    if (!openRead(call, 1)) return call.reply.integer(0);
    const { from, to } = ranksByScore(zset, range);
    call.reply.integer(to - from);
  },
});

export const ZLEXCOUNT = command({
  name: "ZLEXCOUNT",
  usage: "key min max",
  summary: "Counts the members in a range of bytes, where all scores are the same.",
  since: "2.8.9",
  complexity: "O(log(N)) for N members in the sorted set",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const range = readMemberRange(call, 2, 3);
    if (!openRead(call, 1)) return call.reply.integer(0);
    const from = range.start(zset, false);
    if (from < 0) return call.reply.integer(0);
    if (!zset.isSmall) {
      return call.reply.integer(Math.max(0, range.start(zset, true) + 1 - from));
    }
    let count = 0;
    do count++; while (zset.next() && range.includes(zset, false));
    call.reply.integer(count);
  },
});

export const ZRANK = command({
  name: "ZRANK",
  usage: "key member [WITHSCORE]@7.2.0",
  summary: "Replies with a member's rank, the lowest score first.",
  since: "2.0.0",
  complexity: "O(log(N)) for N members in the sorted set",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: (call) => replyRank(call, false),
});

export const ZREVRANK = command({
  name: "ZREVRANK",
  usage: "key member [WITHSCORE]@7.2.0",
  summary: "Replies with a member's rank, the highest score first.",
  since: "2.0.0",
  complexity: "O(log(N)) for N members in the sorted set",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: (call) => replyRank(call, true),
});

export const RANK_COUNT_COMMANDS = [
  ZSCORE,
  ZMSCORE,
  ZCARD,
  ZCOUNT,
  ZLEXCOUNT,
  ZRANK,
  ZREVRANK,
];

function replyRank(call: Call, reverse: boolean): void {
  const { reply } = call;
  if (call.count > 4) throw wrongArity(call.command.lowerName);
  const withScore = call.count === 4;
  if (withScore && !call.request.is(3, "WITHSCORE")) throw errors.SYNTAX;
  const handle = openRead(call, 1) ? findArgument(call, 2) : -1;
  if (handle < 0) return withScore ? reply.nullArray() : reply.null();
  const rank = zset.rankOf(handle);
  if (withScore) reply.array(2);
  reply.integer(reverse ? zset.size - 1 - rank : rank);
  if (withScore) reply.double(zset.score);
}

/** Handle of the member at an argument; -1 when the lent set has it not. */
function findArgument(call: Call, index: number): number {
  const { request } = call;
  const { data, offsets, lengths } = request;
  return zset.find(data, offsets[index], lengths[index], request.hashOf(index));
}
