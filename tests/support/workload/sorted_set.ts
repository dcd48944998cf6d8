/** Sorted sets. Ranges by bytes have keys of their own, whose members all have one score. */

import { type Draw, type Makers, numberIn } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";
import { inAnyOrder } from "./sameness.ts";

const members = ["a", "b", "c", "d", "e", "f", "aa", "ab", "abc", "ba", "", "\xff", "x".repeat(64)];
const bounds = ["-", "+", "[a", "(a", "[b", "(b", "[abc", "(ab", "[\xff", "[", "(", "a", "", "+1"];
const scores = ["1", "2", "3", "-1", "0", "1.5", "10", "-2.25", "inf", "-inf", "1e17", "3e18"];

const makers: Makers = {
  key: zsetKey,
  member,
  score,
  increment: score,
  weight: score,
  min: scoreBound,
  max: scoreBound,
  start: rank,
  stop: rank,
  offset: (draw) => draw.oneIn(8) ? draw.integer() : String(draw.below(4)),
  count: (draw) => draw.oneIn(8) ? draw.integer() : String(draw.below(6)),
};

const byMember: Makers = { ...makers, key: lexKey, min: bound, max: bound };

/** Keys of both kinds, the number of them told right most of the time. */
const many: Rule = { make: manyKeys };

export const SORTED_SET_RULES: Rules = {
  ZADD: { weight: 60, make: add, tame: tameAdd },
  ZCARD: { makers },
  ZCOUNT: { makers },
  ZDIFF: many,
  ZDIFFSTORE: { make: (draw) => [zsetKey(draw), ...manyKeys(draw)] },
  ZINCRBY: { makers },
  ZINTER: many,
  ZINTERCARD: { make: (draw) => [...manyKeys(draw), ...draw.oneIn(2) ? [] : ["LIMIT", "2"]] },
  ZINTERSTORE: { make: (draw) => [zsetKey(draw), ...manyKeys(draw)] },
  ZLEXCOUNT: { makers: byMember },
  ZMPOP: { make: popMany },
  ZMSCORE: { makers },
  ZPOPMAX: { weight: 4, makers },
  ZPOPMIN: { weight: 4, makers },
  ZRANDMEMBER: { weight: 3, make: randomMembers, tame: tameRandom, same: inAnyOrder },
  ZRANGE: { weight: 20, make: range },
  ZRANGEBYLEX: { makers: byMember },
  ZRANGEBYSCORE: { makers },
  ZRANGESTORE: { make: (draw) => [draw.pick(["stored:0", "stored:1"]), ...range(draw)] },
  ZRANK: { makers, tame: (args) => args.splice(2) },
  ZREM: { makers },
  ZREMRANGEBYLEX: { weight: 3, makers: byMember },
  ZREMRANGEBYRANK: { weight: 3, makers },
  ZREMRANGEBYSCORE: { weight: 3, makers },
  ZREVRANGE: { makers },
  ZREVRANGEBYLEX: { makers: byMember },
  ZREVRANGEBYSCORE: { makers },
  ZREVRANK: { makers, tame: (args) => args.splice(2) },
  ZSCAN: { make: scan, tame: tameScan, same: inAnyOrder },
  ZSCORE: { makers },
  ZUNION: many,
  ZUNIONSTORE: { make: (draw) => [zsetKey(draw), ...manyKeys(draw)] },
};

function zsetKey(draw: Draw): string {
  if (draw.oneIn(10)) return draw.key();
  return draw.oneIn(6) ? draw.pick(["stored:0", "stored:1"]) : `zset:${draw.below(4)}`;
}

function lexKey(draw: Draw): string {
  return draw.oneIn(20) ? "missing" : `lex:${draw.below(2)}`;
}

function member(draw: Draw): string {
  return draw.oneIn(8) ? draw.string() : draw.pick(members);
}

function score(draw: Draw): string {
  return draw.oneIn(6) ? draw.double() : draw.pick(scores);
}

function scoreBound(draw: Draw): string {
  if (draw.oneIn(8)) return draw.pick(["(", "(x", "", " 1", "1 ", "nan", "(-inf", "((1", "+inf"]);
  return (draw.oneIn(4) ? "(" : "") + score(draw);
}

function bound(draw: Draw): string {
  return draw.pick(bounds);
}

function rank(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(12) - 5);
}

function add(draw: Draw): string[] {
  const lex = draw.oneIn(4);
  const args = [lex ? lexKey(draw) : zsetKey(draw)];
  if (!lex && draw.oneIn(3)) {
    for (let left = draw.below(3); left >= 0; left--) {
      args.push(draw.inSomeCase(draw.pick(["NX", "XX", "GT", "LT", "CH", "INCR"])));
    }
  }
  for (let left = draw.below(4); left >= 0; left--) {
    args.push(lex ? "0" : score(draw), member(draw));
  }
  return args;
}

/** What a mutation gave other scores goes to another key. */
function tameAdd(args: string[]): void {
  if (!/^(lex:|missing$)/.test(args[0] ?? "")) return;
  for (let i = 1; i < args.length; i += 2) if (args[i] !== "0") args[0] = "zset:0";
}

function range(draw: Draw): string[] {
  const options: string[][] = [];
  let key = zsetKey(draw);
  let ends = [rank(draw), rank(draw)];
  const by = draw.below(5);
  if (by < 2) {
    options.push(["BYSCORE"]);
    ends = [scoreBound(draw), scoreBound(draw)];
  } else if (by === 2) {
    options.push(["BYLEX"]);
    key = lexKey(draw);
    ends = [bound(draw), bound(draw)];
  }
  if (draw.oneIn(3)) options.push(["REV"]);
  if (draw.oneIn(3)) options.push(["LIMIT", makers.offset(draw), rank(draw)]);
  if (draw.oneIn(3)) options.push(["WITHSCORES"]);
  if (draw.oneIn(12)) options.push(["BYSCORE"]);
  draw.shuffle(options);
  return [key, ...ends, ...options.flat().map((word) => draw.inSomeCase(word))];
}

function manyKeys(draw: Draw): string[] {
  const count = 1 + draw.below(3);
  const args = [draw.oneIn(10) ? draw.integer() : String(count)];
  for (let i = 0; i < count; i++) args.push(zsetKey(draw));
  if (draw.oneIn(3)) {
    args.push("WEIGHTS");
    for (let i = 0; i < count; i++) args.push(score(draw));
  }
  if (draw.oneIn(3)) args.push("AGGREGATE", draw.pick(["SUM", "MIN", "max", "AVG"]));
  if (draw.oneIn(2)) args.push("WITHSCORES");
  return args;
}

function popMany(draw: Draw): string[] {
  const count = 1 + draw.below(2);
  const args = [draw.oneIn(10) ? draw.integer() : String(count)];
  for (let i = 0; i < count; i++) args.push(zsetKey(draw));
  args.push(draw.pick(["MIN", "max", "MID"]));
  if (draw.oneIn(2)) args.push("COUNT", makers.count(draw));
  return args;
}

/** All members, or none: what is picked of some is each server's own. */
function randomMembers(draw: Draw): string[] {
  const options = [["1000"], ["0"], ["x"], ["1000", "WITHSCORES"], ["5", "WITH"], ["0", "1", "2"]];
  return [draw.oneIn(3) ? "missing" : zsetKey(draw), ...draw.pick(options)];
}

/** Without a count one is picked; a count that is neither all nor none becomes all. */
function tameRandom(args: string[]): void {
  if (args.length === 1) args.push("1000");
  const count = numberIn(args[1] ?? "");
  if (count < 0 || (count > 0 && count < 1000)) args[1] = "1000";
}

/** All members at once; the largest counts overflow in redis-server. */
function tameScan(args: string[]): void {
  for (let i = 2; i + 1 < args.length; i++) {
    if (/^count$/i.test(args[i]) && numberIn(args[i + 1]) > 0) args[i + 1] = "1000";
  }
}

function scan(draw: Draw): string[] {
  const args = [zsetKey(draw), draw.oneIn(10) ? draw.pick(["x", "", "-1 "]) : "0"];
  args.push("COUNT", draw.oneIn(10) ? draw.integer() : "1000");
  if (draw.oneIn(2)) args.push("MATCH", draw.pick(["*", "a*", "[ab]", "?", "x*", ""]));
  return args;
}
