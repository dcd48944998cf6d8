/**
 * Seeded commands that do change what they are aimed at: for tests of what must see every change,
 * where random commands mostly meet a key of another type, or none.
 */

import type { Draw } from "./workload/draw.ts";

/** Keys that {@linkcode filling} makes and {@linkcode writeTo} refers to. */
export const TARGET_KEYS: readonly string[] = Array.from({ length: 40 }, (_, i) => `target:${i}`);

type Maker = (draw: Draw, key: string) => string[];

const member = (draw: Draw): string => `m${draw.below(20)}`;
const members = (draw: Draw, count: number): string[] =>
  Array.from({ length: count }, () => member(draw));
const number = (draw: Draw): string => String(draw.below(1000) - 500);
const time = (draw: Draw): string => String(1 + draw.below(4000));
const target = (draw: Draw): string => draw.pick(TARGET_KEYS);

const MAKERS: readonly Maker[] = [
  (draw, key) => ["SET", key, number(draw)],
  (draw, key) => ["SET", key, "x".repeat(draw.below(3000)), "PX", time(draw)],
  (draw, key) => ["RPUSH", key, ...members(draw, 1 + draw.below(30))],
  (draw, key) => ["SADD", key, ...members(draw, 1 + draw.below(30))],
  (draw, key) => ["SADD", key, ...members(draw, 1 + draw.below(30)).map((_, i) => String(i))],
  (draw, key) => [
    "ZADD",
    key,
    ...members(draw, 1 + draw.below(20)).flatMap((name, i) => [String(i), name]),
  ],
  (draw, key) => ["HSET", key, ...members(draw, 1 + draw.below(20)).flatMap((m) => [m, m])],
  (_draw, key) => ["XADD", key, "*", "field", "value"],
  (draw, key) => ["PFADD", key, ...members(draw, 9)],
];

/** Makes a key hold something, whatever was there. */
export function filling(draw: Draw): string[][] {
  const key = target(draw);
  const maker = draw.pick(MAKERS);
  const commands = [["DEL", key], maker(draw, key)];
  if (commands[1][0] === "XADD") {
    for (let left = draw.below(9); left > 0; left--) commands.push(maker(draw, key));
    commands.push(["XGROUP", "CREATE", key, "g", "0"]);
    commands.push(["XREADGROUP", "GROUP", "g", "c1", "COUNT", "2", "STREAMS", key, ">"]);
  }
  if (draw.oneIn(3)) commands.push(["PEXPIRE", key, time(draw)]);
  return commands;
}

const ANY: readonly Maker[] = [
  (draw, key) => ["PEXPIRE", key, time(draw)],
  (draw, key) => ["PEXPIREAT", key, draw.oneIn(9) ? "1" : "1900000000000"],
  (_draw, key) => ["PERSIST", key],
  (_draw, key) => ["DEL", key],
  (_draw, key) => ["UNLINK", key],
  (draw, key) => ["RENAME", key, target(draw)],
  (draw, key) => ["RENAMENX", key, target(draw)],
  (draw, key) => ["MOVE", key, String(draw.below(3))],
  (draw, key) => ["COPY", key, target(draw), "REPLACE"],
  (draw, key) => ["COPY", key, target(draw), "DB", String(draw.below(3)), "REPLACE"],
  (_draw, key) => ["GETSET", key, "new"],
  (_draw, key) => ["SET", key, "other", "KEEPTTL"],
  (draw) => ["SWAPDB", String(draw.below(3)), String(draw.below(3))],
];

const BY_TYPE: Readonly<Record<string, readonly Maker[]>> = {
  string: [
    (_draw, key) => ["APPEND", key, "tail"],
    (draw, key) => ["SETRANGE", key, String(draw.below(1500)), "in"],
    (draw, key) => ["SETBIT", key, String(draw.below(3000)), String(draw.below(2))],
    (_draw, key) => ["INCR", key],
    (_draw, key) => ["INCRBYFLOAT", key, "1.5"],
    (_draw, key) => ["BITFIELD", key, "SET", "u8", "3", "77"],
    (_draw, key) => ["BITOP", "NOT", key, key],
    (_draw, key) => ["GETDEL", key],
    (draw, key) => ["GETEX", key, "PX", time(draw)],
    (_draw, key) => ["GETEX", key, "PERSIST"],
    (draw, key) => ["PFADD", key, member(draw)],
    (_draw, key) => ["PFCOUNT", key],
    (draw, key) => ["PFMERGE", key, target(draw)],
    (draw, key) => ["MSET", key, "a", target(draw), "b"],
  ],
  list: [
    (draw, key) => ["LPUSH", key, ...members(draw, 5)],
    (draw, key) => ["RPUSH", key, ...members(draw, 50)],
    (draw, key) => ["LPOP", key, String(1 + draw.below(4))],
    (_draw, key) => ["RPOP", key],
    (draw, key) => ["LSET", key, "0", member(draw)],
    (draw, key) => ["LREM", key, "0", member(draw)],
    (draw, key) => ["LTRIM", key, "1", String(draw.below(40))],
    (draw, key) => ["LINSERT", key, "BEFORE", member(draw), "inserted"],
    (draw, key) => ["LMOVE", key, target(draw), "LEFT", "RIGHT"],
    (_draw, key) => ["SORT", key, "ALPHA", "STORE", key],
    (_draw, key) => ["LMPOP", "1", key, "LEFT", "COUNT", "2"],
  ],
  set: [
    (draw, key) => ["SADD", key, ...members(draw, 5)],
    (draw, key) => ["SADD", key, number(draw)],
    (draw, key) => ["SREM", key, ...members(draw, 5)],
    (_draw, key) => ["SPOP", key],
    (_draw, key) => ["SPOP", key, "3"],
    (draw, key) => ["SMOVE", key, target(draw), member(draw)],
    (draw, key) => ["SUNIONSTORE", key, key, target(draw)],
    (draw, key) => ["SDIFFSTORE", key, key, target(draw)],
  ],
  zset: [
    (draw, key) => ["ZADD", key, number(draw), member(draw)],
    (draw, key) => ["ZINCRBY", key, "2.5", member(draw)],
    (draw, key) => ["ZREM", key, ...members(draw, 3)],
    (_draw, key) => ["ZPOPMIN", key],
    (_draw, key) => ["ZPOPMAX", key, "2"],
    (_draw, key) => ["ZREMRANGEBYRANK", key, "0", "1"],
    (draw, key) => ["ZRANGESTORE", key, target(draw), "0", "-1"],
    (draw, key) => ["ZUNIONSTORE", key, "2", key, target(draw)],
    (_draw, key) => ["ZMPOP", "1", key, "MIN"],
    (_draw, key) => ["GEOADD", key, "13.3", "38.1", "place"],
  ],
  hash: [
    (draw, key) => ["HSET", key, member(draw), "value", member(draw), "v".repeat(draw.below(90))],
    (draw, key) => ["HDEL", key, ...members(draw, 3)],
    (_draw, key) => ["HINCRBY", key, "count", "1"],
    (_draw, key) => ["HINCRBYFLOAT", key, "float", "0.5"],
    (draw, key) => ["HSETNX", key, member(draw), "new"],
    (draw, key) => ["HPEXPIRE", key, time(draw), "FIELDS", "1", member(draw)],
    (draw, key) => ["HPERSIST", key, "FIELDS", "1", member(draw)],
    (draw, key) => ["HGETDEL", key, "FIELDS", "1", member(draw)],
    (draw, key) => ["HGETEX", key, "PX", time(draw), "FIELDS", "1", member(draw)],
    (draw, key) => ["HSETEX", key, "PX", time(draw), "FIELDS", "1", member(draw), "value"],
  ],
  stream: [
    (_draw, key) => ["XADD", key, "*", "f", "v"],
    (_draw, key) => ["XTRIM", key, "MAXLEN", "3"],
    (_draw, key) => ["XDEL", key, "0-1"],
    (_draw, key) => ["XGROUP", "CREATE", key, "g", "0"],
    (_draw, key) => ["XGROUP", "SETID", key, "g", "0"],
    (_draw, key) => ["XGROUP", "CREATECONSUMER", key, "g", "c3"],
    (_draw, key) => ["XGROUP", "DELCONSUMER", key, "g", "c1"],
    (_draw, key) => ["XGROUP", "DESTROY", key, "g"],
    (draw, key) => readGroup(key, draw.pick(["c1", "c2"]), ">"),
    (_draw, key) => readGroup(key, "c1", "0"),
    (draw, key) => ["XAUTOCLAIM", key, "g", draw.pick(["c2", "c4"]), "0", "0"],
    (_draw, key) => ["XCLAIM", key, "g", "c2", "0", "0-1", "FORCE"],
    (_draw, key) => ["XSETID", key, "9999999999999-9"],
  ],
};

/** A command that is likely to change a key of this type, as TYPE names it. */
export function writeTo(draw: Draw, key: string, type: string): string[] {
  const makers = draw.oneIn(3) ? ANY : BY_TYPE[type] ?? ANY;
  return draw.pick(makers)(draw, key);
}

function readGroup(key: string, consumer: string, id: string): string[] {
  return ["XREADGROUP", "GROUP", "g", consumer, "COUNT", "2", "STREAMS", key, id];
}
