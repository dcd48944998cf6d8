/** Members picked at random, and all members a few at a time: ZRANDMEMBER, ZSCAN. */

import { formatDouble } from "../../bytes/double.ts";
import { matchGlob } from "../../bytes/glob.ts";
import { readBigInteger, readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { readCursor, readScanOptions } from "../generic/scan.ts";
import { openRead, replyCount, replyShown, zset } from "./opened.ts";

const COUNT_OUT_OF_RANGE = new CommandError(
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const MAX_COUNT_WITH_SCORES = 2n ** 62n - 1n;
/** What Redis keeps as an integer in a listpack: whole numbers up to half of 64 bits. */
const MAX_WHOLE = 2 ** 62;
/** A reply that is longer than this is refused rather than written until memory ends. */
const MAX_REPLY_BYTES = 2 ** 30;
/** Steps of the table for each member asked for, so that a sparse table is left in time. */
const STEPS_PER_MEMBER = 10;

export const ZRANDMEMBER = command({
  name: "ZRANDMEMBER",
  usage: "key [options: count [WITHSCORES]]",
  summary: "Replies with members picked at random.",
  since: "6.2.0",
  complexity: "O(N) for N members replied",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  briefArguments: 2,
  run(call) {
    if (call.count > 2) return replyMany(call);
    if (!openRead(call, 1)) return call.reply.null();
    zset.seek(call.context.host.random.below(zset.size));
    replyShown(call, zset, false);
  },
});

export const ZSCAN = command({
  name: "ZSCAN",
  usage: "key cursor [MATCH pattern] [COUNT count]",
  summary: "Lists the members of a sorted set and their scores, a few at a time.",
  since: "2.8.0",
  complexity: "O(1) a call; O(N) for the N members of a whole walk",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    const { reply } = call;
    let cursor = readCursor(call, 2);
    if (!openRead(call, 1)) {
      reply.array(2);
      reply.bulk("0");
      return reply.array(0);
    }
    const { pattern, count } = readScanOptions(call, 3, false);
    if (zset.isSmall) return scanSmall(call, pattern);
    const handles: number[] = [];
    const visit = (handle: number) => {
      handles.push(handle);
    };
    let steps = count * STEPS_PER_MEMBER;
    do {
      cursor = zset.scan(cursor, visit);
    } while (cursor !== 0 && steps-- > 0 && handles.length < count);
    reply.array(2);
    reply.bulkInteger(cursor);
    const start = reply.length;
    let found = 0;
    for (const handle of handles) {
      zset.showHandle(handle);
      if (!matches(call, pattern)) continue;
      replyShown(call, zset, false);
      reply.bulk(formatDouble(zset.score));
      found += 2;
    }
    reply.arrayAt(start, found);
  },
});

export const SORTED_SET_RANDOM_SCAN_COMMANDS = [ZRANDMEMBER, ZSCAN];

function replyMany(call: Call): void {
  const count = readClampedInteger(call, 2);
  // Of the numbers that are cut to 2^53, some are refused.
  const exact = readBigInteger(call, 2);
  if (exact === -(2n ** 63n)) throw COUNT_OUT_OF_RANGE;
  if (call.count > 4) throw errors.SYNTAX;
  const withScores = call.count === 4;
  if (withScores) {
    if (!call.request.is(3, "WITHSCORES")) throw errors.SYNTAX;
    if (exact > MAX_COUNT_WITH_SCORES || exact < -MAX_COUNT_WITH_SCORES) {
      throw errors.OUT_OF_RANGE;
    }
  }
  if (!openRead(call, 1) || count === 0) return call.reply.array(0);
  if (count < 0) return replyRepeated(call, -count, withScores);
  const picked = Math.min(count, zset.size);
  replyCount(call, picked, withScores);
  for (const rank of pickRanks(call, picked)) {
    zset.seek(rank);
    replyShown(call, zset, withScores);
  }
}

/** So many different ranks, each choice as likely (Floyd's method for few of many). */
function pickRanks(call: Call, count: number): Iterable<number> {
  const { random } = call.context.host;
  const { size } = zset;
  const picked = new Set<number>();
  for (let most = size - count; most < size; most++) {
    const rank = random.below(most + 1);
    picked.add(picked.has(rank) ? most : rank);
  }
  return picked;
}

/** Members picked one by one, so that some may come again. */
function replyRepeated(call: Call, count: number, withScores: boolean): void {
  const { reply, session } = call;
  const { random } = call.context.host;
  const start = reply.length;
  replyCount(call, count, withScores);
  for (let i = 0; i < count && !session.closing; i++) {
    if (reply.length - start > MAX_REPLY_BYTES) throw errors.OUT_OF_RANGE;
    zset.seek(random.below(zset.size));
    replyShown(call, zset, withScores);
  }
}

/** All members at once, scores as Redis prints those of a listpack. */
function scanSmall(call: Call, pattern: number): void {
  const { reply } = call;
  reply.array(2);
  reply.bulk("0");
  const start = reply.length;
  let found = 0;
  zset.seek(0);
  do {
    if (!matches(call, pattern)) continue;
    replyShown(call, zset, false);
    const { score } = zset;
    const whole = Number.isInteger(score) && Math.abs(score) <= MAX_WHOLE;
    reply.bulk(whole ? BigInt(score).toString() : formatDouble(score));
    found += 2;
  } while (zset.next());
  reply.arrayAt(start, found);
}

function matches(call: Call, pattern: number): boolean {
  if (pattern === 0) return true;
  const { buffer, offsets, lengths } = call.request;
  const { data, offset, length } = zset;
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
