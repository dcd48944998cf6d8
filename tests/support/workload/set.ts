/** Sets, small and past the limits of each encoding. */

import type { Draw, Makers } from "./draw.ts";
import { numberIn } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";
import { inAnyOrder, sameShape } from "./sameness.ts";

/** More members than any set has. */
const ALL = "5000";

const members: Makers = { member };
const several: Rule = { makers: members, same: inAnyOrder };

export const SET_RULES: Rules = {
  SADD: { weight: 40, make: add },
  SCARD: {},
  SDIFF: several,
  SDIFFSTORE: {},
  SINTER: several,
  SINTERCARD: { make: intersectionCount },
  SINTERSTORE: {},
  SISMEMBER: { makers: members },
  SMEMBERS: several,
  SMISMEMBER: { makers: members },
  SMOVE: { weight: 20, makers: members },
  SPOP: {
    weight: 4,
    make: (draw) => [draw.key(), draw.pick(["0", ALL, ALL, "-1", "x", "9223372036854775808"])],
    tame: tamePop,
    same: inAnyOrder,
  },
  SRANDMEMBER: {
    makers: { count: (draw) => draw.oneIn(8) ? draw.integer() : String(draw.below(40) - 20) },
    tame: tameCount,
    same: sameShape,
  },
  SREM: { weight: 25, makers: members },
  SSCAN: {
    make: (draw) => [
      draw.key(),
      draw.oneIn(20) ? draw.pick(["x", "", "1.0"]) : "0",
      ...(draw.oneIn(3) ? [draw.inSomeCase("MATCH"), draw.pick(["*", "1*", "?", "m[1-4]*"])] : []),
      ...(draw.oneIn(12) ? ["COUNT", draw.pick(["0", "-1", "x", ""])] : []),
    ],
    tame: tameScan,
    same: inAnyOrder,
  },
  SUNION: several,
  SUNIONSTORE: {},
};

function member(draw: Draw): string {
  switch (draw.below(6)) {
    case 0:
      return draw.string();
    case 1:
      return `m${draw.below(20)}`;
    case 2:
      return draw.integer();
    default:
      return String(draw.below(40));
  }
}

function add(draw: Draw): string[] {
  const key = draw.key();
  if (!draw.oneIn(30)) {
    return [key, ...Array.from({ length: 1 + draw.below(4) }, () => member(draw))];
  }
  const prefix = draw.pick(["", "", "m", "70000", "-"]);
  const first = draw.below(50);
  const count = draw.pick([100, 129, 130, 511, 512, 513]);
  return [key, ...Array.from({ length: count }, (_, i) => `${prefix}${first + i}`)];
}

function intersectionCount(draw: Draw): string[] {
  const keys = Array.from({ length: 1 + draw.below(3) }, () => draw.key());
  const count = draw.oneIn(8) ? draw.integer() : String(keys.length);
  if (!draw.oneIn(2)) return [count, ...keys];
  return [count, ...keys, draw.inSomeCase("LIMIT"), draw.oneIn(5) ? draw.integer() : "3"];
}

/** Nothing or everything: whatever else is popped is each server's own choice. */
function tamePop(args: string[]): void {
  if (args.length === 1) args.push(ALL);
  if (args.length === 2 && numberIn(args[1]) > 0 && numberIn(args[1]) < 2 ** 62) args[1] = ALL;
}

/** With repetitions as many are shown as asked for. */
function tameCount(args: string[]): void {
  if (args.length === 2 && numberIn(args[1]) < -1_000) args[1] = "-7";
}

/** All members at once: the order of a partial scan is each server's own. */
function tameScan(args: string[]): void {
  if (/^[-+]?\d+(\0.*)?$/s.test(args[1] ?? "")) args[1] = "0";
  if (args.length > 1) args.push("COUNT", ALL);
}
