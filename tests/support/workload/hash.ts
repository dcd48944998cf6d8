/** Hashes, small and past the limits of the packed encoding. */

import type { Draw, Makers } from "./draw.ts";
import { numberIn } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";
import { inAnyOrder, sameShape } from "./sameness.ts";

/** More fields than any hash has. */
const ALL = "5000";

const fields: Makers = { field };
const whole: Rule = { same: inAnyOrder };

export const HASH_RULES: Rules = {
  HDEL: { weight: 25, makers: fields },
  HEXISTS: { makers: fields },
  HGET: { weight: 20, makers: fields },
  HGETALL: whole,
  HINCRBY: { weight: 15, makers: fields },
  HINCRBYFLOAT: { weight: 15, makers: fields },
  HKEYS: whole,
  HLEN: {},
  HMGET: { makers: fields },
  HMSET: { weight: 5, make: pairs },
  HRANDFIELD: {
    makers: { count: (draw) => draw.oneIn(8) ? draw.integer() : String(draw.below(40) - 20) },
    tame: tameCount,
    same: sameShape,
  },
  HSCAN: {
    make: (draw) => [
      draw.key(),
      draw.oneIn(20) ? draw.pick(["x", "", "1.0"]) : "0",
      ...(draw.oneIn(3) ? [draw.inSomeCase("MATCH"), draw.pick(["*", "1*", "?", "f[1-4]*"])] : []),
      ...(draw.oneIn(12) ? ["COUNT", draw.pick(["0", "-1", "x", ""])] : []),
    ],
    tame: tameScan,
    same: inAnyOrder,
  },
  HSET: { weight: 40, make: pairs },
  HSETNX: { makers: fields },
  HSTRLEN: { makers: fields },
  HVALS: whole,
};

function field(draw: Draw): string {
  return draw.oneIn(5) ? draw.string() : `f${draw.below(12)}`;
}

/** Values are mostly numbers, so that they can be added to. */
function pairs(draw: Draw): string[] {
  const words = [draw.key()];
  const many = draw.oneIn(80);
  for (let left = many ? 511 + draw.below(3) : 1 + draw.below(4); left > 0; left--) {
    const name = many ? `f${left}` : field(draw);
    words.push(name, draw.oneIn(2) ? String(draw.below(1000)) : draw.string());
  }
  return words;
}

/** As many picks as this would take long to reply with. */
function tameCount(args: string[]): void {
  const count = numberIn(args[1] ?? "");
  // As a number the least 64-bit integer, which is refused, is not told from its neighbours.
  if (count < -1_000 && args[1] !== "-9223372036854775808") args[1] = String(count % 1_000);
}

/** A scan sees all fields in one call; how it divides them otherwise is each server's own. */
function tameScan(args: string[]): void {
  const hasCount = args.some((word) => /^count$/i.test(word));
  const cursor = numberIn(args[1] ?? "");
  if (cursor !== 0 && !Number.isNaN(cursor)) args[1] = "0";
  if (!hasCount && args.length % 2 === 0) args.push("COUNT", ALL);
  else if (hasCount) {
    for (let i = 2; i + 1 < args.length; i++) {
      if (/^count$/i.test(args[i]) && numberIn(args[i + 1]) > 0) args[i + 1] = ALL;
    }
  }
}
