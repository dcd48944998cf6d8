/** Streams with ids from a small set, groups and consumers; what waits or tells the time is tamed. */

import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Reply } from "../../../lib/resp/reply_decoder.ts";
import type { Draw } from "./draw.ts";
import type { Rules, Sameness } from "./rule.ts";
import { decoded } from "./sameness.ts";

/** Numbers of this size are Unix milliseconds. */
const FIRST_TIME = 1_500_000_000_000n;
/** Pairs that redis-server 7.0 does not have. */
const NEWER = ["active-time", "inactive"];

/** The same but for times, and for what is new in 7.2. */
export const sameButTimes: Sameness = (ours, theirs) => {
  return normalised(decoded(ours)) === normalised(decoded(theirs));
};

/** As {@linkcode sameButTimes}, where the third of four elements is how long an entry is pending. */
const sameButIdleTimes: Sameness = (ours, theirs) => {
  return normalised(decoded(ours), true) === normalised(decoded(theirs), true);
};

export const STREAM_RULES: Rules = {
  XACK: { weight: 12, make: (draw) => [draw.key(), group(draw), ...ids(draw)] },
  XADD: { weight: 60, make: add, tame: tameId },
  XAUTOCLAIM: { make: autoClaim, tame: tameIdle },
  XCLAIM: { weight: 12, make: claim, tame: tameIdle },
  XDEL: { weight: 15, make: (draw) => [draw.key(), ...ids(draw)] },
  "XGROUP|CREATE": {
    weight: 12,
    make: (draw) => [
      ...[draw.key(), group(draw), draw.oneIn(3) ? "$" : id(draw)],
      ...(draw.oneIn(2) ? ["MKSTREAM"] : []),
      ...(draw.oneIn(4) ? ["ENTRIESREAD", draw.oneIn(3) ? draw.integer() : "3"] : []),
    ],
  },
  "XGROUP|CREATECONSUMER": {
    weight: 4,
    make: (draw) => [draw.key(), group(draw), consumer(draw)],
  },
  "XGROUP|DELCONSUMER": {
    weight: 2,
    make: (draw) => [draw.key(), group(draw), consumer(draw)],
  },
  "XGROUP|DESTROY": { weight: 1, make: (draw) => [draw.key(), group(draw)] },
  "XGROUP|SETID": {
    weight: 6,
    make: (draw) => [
      ...[draw.key(), group(draw), draw.oneIn(4) ? draw.pick(["$", "-", "+"]) : id(draw)],
      ...(draw.oneIn(3) ? ["ENTRIESREAD", draw.integer()] : []),
    ],
  },
  "XINFO|CONSUMERS": { make: (draw) => [draw.key(), group(draw)], same: sameButTimes },
  "XINFO|GROUPS": { make: (draw) => [draw.key()] },
  "XINFO|STREAM": {
    weight: 25,
    make: (draw) => [
      draw.key(),
      ...(draw.oneIn(4) ? [] : ["FULL"]),
      ...(draw.oneIn(3) ? ["COUNT", draw.oneIn(4) ? draw.integer() : "0"] : []),
    ],
    same: sameButTimes,
  },
  XLEN: { make: (draw) => [draw.key()] },
  XPENDING: { make: pending, tame: tameIdle, same: sameButIdleTimes },
  XRANGE: { weight: 15, make: (draw) => range(draw, "-", "+") },
  XREAD: {
    make: (draw) => [...readOptions(draw), ...streams(draw, ["$", "0", id(draw)])],
    tame: tameBlock,
  },
  XREADGROUP: {
    weight: 30,
    make: (draw) => [
      ...["GROUP", group(draw), consumer(draw), ...readOptions(draw)],
      ...(draw.oneIn(6) ? ["NOACK"] : []),
      ...streams(draw, [">", ">", "0", id(draw)]),
    ],
    tame: tameBlock,
  },
  XREVRANGE: { make: (draw) => range(draw, "+", "-") },
  XSETID: {
    weight: 3,
    make: (draw) => [
      ...[draw.key(), id(draw)],
      ...(draw.oneIn(3) ? ["ENTRIESADDED", draw.integer()] : []),
      ...(draw.oneIn(3) ? ["MAXDELETEDID", id(draw)] : []),
    ],
  },
  XTRIM: { make: (draw) => [draw.key(), ...trim(draw)] },
};

function add(draw: Draw): string[] {
  const values: string[] = [];
  const alike = draw.oneIn(2);
  for (let left = alike ? 2 : 1 + draw.below(3); left > 0; left--) {
    values.push(alike ? `field${left}` : draw.string(), draw.string());
  }
  return [
    draw.key(),
    ...(draw.oneIn(6) ? [draw.inSomeCase("NOMKSTREAM")] : []),
    ...(draw.oneIn(6) ? trim(draw) : []),
    draw.oneIn(4) ? id(draw) : `${draw.below(60)}-*`,
    ...values,
  ];
}

function trim(draw: Draw): string[] {
  const words = draw.oneIn(2)
    ? [draw.inSomeCase("MAXLEN"), draw.pick(["", "~", "="]), String(draw.below(20))]
    : [draw.inSomeCase("MINID"), draw.pick(["", "~", "="]), id(draw)];
  if (draw.oneIn(4)) words.push("LIMIT", draw.oneIn(3) ? draw.integer() : String(draw.below(30)));
  return words.filter((word) => word !== "");
}

function claim(draw: Draw): string[] {
  const words = [draw.key(), group(draw), consumer(draw), idle(draw), ...ids(draw)];
  if (draw.oneIn(4)) words.push("IDLE", idle(draw));
  if (draw.oneIn(6)) words.push("TIME", draw.pick(["1000", "0", "-1", "x", "9".repeat(15)]));
  if (draw.oneIn(4)) words.push("RETRYCOUNT", draw.integer());
  if (draw.oneIn(2)) words.push(draw.inSomeCase("FORCE"));
  if (draw.oneIn(3)) words.push(draw.inSomeCase("JUSTID"));
  if (draw.oneIn(6)) words.push("LASTID", id(draw));
  return words;
}

function autoClaim(draw: Draw): string[] {
  const words = [draw.key(), group(draw), consumer(draw), idle(draw), edge(draw, "-")];
  if (draw.oneIn(2)) words.push("COUNT", draw.oneIn(5) ? draw.integer() : String(draw.below(4)));
  if (draw.oneIn(3)) words.push(draw.inSomeCase("JUSTID"));
  return words;
}

function pending(draw: Draw): string[] {
  const words = [draw.key(), group(draw)];
  if (draw.oneIn(3)) return words;
  if (draw.oneIn(3)) words.push(draw.inSomeCase("IDLE"), idle(draw));
  words.push(edge(draw, "-"), edge(draw, "+"), draw.oneIn(4) ? draw.integer() : "100");
  if (draw.oneIn(3)) words.push(consumer(draw));
  return words;
}

function range(draw: Draw, first: string, second: string): string[] {
  const words = [draw.key(), edge(draw, first), edge(draw, second)];
  if (draw.oneIn(3)) words.push("COUNT", draw.oneIn(4) ? draw.integer() : String(draw.below(6)));
  return words;
}

function streams(draw: Draw, starts: string[]): string[] {
  const keys = Array.from({ length: 1 + draw.below(3) }, () => draw.key());
  return ["STREAMS", ...keys, ...keys.map(() => draw.pick(starts))];
}

function readOptions(draw: Draw): string[] {
  const words: string[] = [];
  if (draw.oneIn(3)) words.push("COUNT", draw.oneIn(5) ? draw.integer() : String(draw.below(4)));
  if (draw.oneIn(8)) words.push(draw.inSomeCase("BLOCK"), draw.pick(["1", "-1", "x"]));
  return words;
}

function edge(draw: Draw, usual: string): string {
  if (draw.oneIn(2)) return usual;
  return draw.oneIn(3) ? `(${id(draw)}` : id(draw);
}

function ids(draw: Draw): string[] {
  return Array.from({ length: 1 + draw.below(4) }, () => id(draw));
}

function id(draw: Draw): string {
  if (draw.oneIn(25)) return draw.pick(ODD_IDS);
  return draw.oneIn(3) ? String(draw.below(60)) : `${draw.below(60)}-${draw.below(8)}`;
}

const ODD_IDS = [
  ...["18446744073709551615-18446744073709551615", "18446744073709551615", "0-0", "-", "+", ""],
  ...["18446744073709551616-0", "1-18446744073709551616", "9007199254740993-9007199254740993"],
  ...["1--1", "1--05", "007-01", " 5-1", "5- 1", "+5-1", "5-+1", "5-1 ", "x", "1-x", "-1", "1-"],
  ...["9223372036854775808-9223372036854775808", "5-1\0x", "1-2-3", "1".repeat(128)],
];

function group(draw: Draw): string {
  return draw.pick(["g", "g", "g", "h", "\xff"]);
}

function consumer(draw: Draw): string {
  return draw.pick(["alice", "bob", "bob", "carol", ""]);
}

/** No time that passes while the test runs makes a difference to these. */
function idle(draw: Draw): string {
  return draw.pick(["0", "0", "0", "100000000", "-1", "x"]);
}

/** The id of each server's own choosing. */
function tameId(args: string[]): void {
  for (let i = 0; i < args.length; i++) if (/^\*(\0|$)/.test(args[i])) args[i] = "60-*";
}

function tameIdle(args: string[]): void {
  for (let i = 2; i < args.length; i++) {
    const isTime = i === 3 || /^(idle|time)$/i.test(args[i - 1]);
    if (isTime && /^\d+$/.test(args[i]) && Number(args[i]) > 0) args[i] = "100000000";
  }
}

function tameBlock(args: string[]): void {
  for (let i = 1; i < args.length; i++) {
    if (/^block$/i.test(args[i - 1]) && /^\d+$/.test(args[i])) args[i] = "1";
  }
}

function normalised(reply: Reply, withIdleTime = false): string {
  switch (reply.kind) {
    case "integer":
      return BigInt(reply.value) >= FIRST_TIME && BigInt(reply.value) < FIRST_TIME * 3n
        ? "<ms>"
        : String(reply.value);
    case "array": {
      if (reply.items === null) return "null";
      const items = [...reply.items];
      const words: string[] = [];
      for (let i = 0; i < items.length; i++) {
        if (NEWER.includes(textOf(items[i]))) i++;
        else if (textOf(items[i - 1]) === "idle") words.push("<idle>");
        else if (withIdleTime && items.length === 4 && i === 2 && items[i].kind === "integer") {
          words.push("<idle>");
        } else words.push(normalised(items[i], withIdleTime));
      }
      return `[${words.join(",")}]`;
    }
    case "map":
      return `{${
        reply.entries.filter(([key]) => !NEWER.includes(textOf(key))).map(([key, value]) =>
          `${normalised(key)}:${textOf(key) === "idle" ? "<idle>" : normalised(value)}`
        ).join(",")
      }}`;
    case "bulk":
      return reply.bytes === null ? "null" : JSON.stringify(latin1(reply.bytes));
    default:
      return JSON.stringify(reply);
  }
}

function textOf(reply: Reply | undefined): string {
  return reply?.kind === "bulk" && reply.bytes !== null ? latin1(reply.bytes) : "";
}
