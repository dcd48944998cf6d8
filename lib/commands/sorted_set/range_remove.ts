/** Removing the members in a range of ranks, scores or bytes. */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { ranksByScore } from "../../values/sorted_set/ranges.ts";
import { readMemberRange, readScoreRange } from "./bounds.ts";
import { openEntry, zset } from "./opened.ts";

export const ZREMRANGEBYRANK = command({
  name: "ZREMRANGEBYRANK",
  usage: "key start stop",
  summary: "Removes the members in a range of ranks.",
  since: "2.0.0",
  complexity: "O(M*log(N)) for M members removed of N",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const start = readClampedInteger(call, 2);
    const stop = readClampedInteger(call, 3);
    const ref = openWrite(call);
    if (ref === 0) return call.reply.integer(0);
    const { size } = zset;
    const from = Math.max(0, start < 0 ? start + size : start);
    const last = Math.min(size - 1, stop < 0 ? stop + size : stop);
    removeRanks(call, ref, from, last - from + 1, "zremrangebyrank");
  },
});

export const ZREMRANGEBYSCORE = command({
  name: "ZREMRANGEBYSCORE",
  usage: "key min:double max:double",
  summary: "Removes the members in a range of scores.",
  since: "1.2.0",
  complexity: "O(M*log(N)) for M members removed of N",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const range = readScoreRange(call, 2, 3);
    const ref = openWrite(call);
    if (ref === 0) return call.reply.integer(0);
    const { from, to } = ranksByScore(zset, range);
    removeRanks(call, ref, from, to - from, "zremrangebyscore");
  },
});

export const ZREMRANGEBYLEX = command({
  name: "ZREMRANGEBYLEX",
  usage: "key min max",
  summary: "Removes the members in a range of bytes, where all scores are the same.",
  since: "2.8.9",
  complexity: "O(M*log(N)) for M members removed of N",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const range = readMemberRange(call, 2, 3);
    const ref = openWrite(call);
    if (ref === 0) return call.reply.integer(0);
    const from = range.start(zset, false);
    let count = 0;
    if (from >= 0) { do count++; while (zset.next() && range.includes(zset, false)); }
    removeRanks(call, ref, from, count, "zremrangebylex");
  },
});

export const RANGE_REMOVE_COMMANDS = [ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX];

/** The entry of the first key, opened for writing; 0 when there is none. */
function openWrite(call: Call): number {
  const ref = call.lookUpWrite(1);
  if (ref !== 0) openEntry(call, ref);
  return ref;
}

function removeRanks(call: Call, ref: number, from: number, count: number, event: string): void {
  if (count <= 0) return call.reply.integer(0);
  for (let left = count; left > 0; left--) zset.removeAt(from);
  call.changed(1, event);
  call.dirty += count - 1;
  if (zset.size === 0) call.removeEmpty(1, ref);
  call.reply.integer(count);
}
