/** Lists. */

import type { Draw, Makers } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";

/** Few different elements, so that searches find some. */
const elements: Makers = {
  element: (draw) => draw.oneIn(3) ? draw.string() : draw.pick("abcdefg"),
  pivot: (draw) => draw.pick("abcdefgh"),
};

const positions: Makers = { ...elements, index: near, start: near, stop: near };

const push: Rule = { weight: 25, make: pushed };
const counted: Makers = { count: small };

export const LIST_RULES: Rules = {
  LINDEX: { makers: positions },
  LINSERT: { makers: elements },
  LLEN: {},
  LMOVE: { weight: 15 },
  LMPOP: { make: manyPop },
  LPOP: { weight: 15, makers: counted },
  LPOS: { weight: 15, makers: { ...elements, rank: small, "num-matches": small, len: small } },
  LPUSH: push,
  LPUSHX: { makers: elements },
  LRANGE: { weight: 25, makers: positions },
  LREM: { makers: { ...elements, count: small } },
  LSET: { makers: positions },
  LTRIM: { weight: 5, makers: positions },
  RPOP: { weight: 15, makers: counted },
  RPOPLPUSH: { weight: 10 },
  RPUSH: push,
  RPUSHX: { makers: elements },
};

/** Now and then so many or so long elements that a list has several chunks. */
function pushed(draw: Draw): string[] {
  const { element } = elements;
  const words = [draw.key()];
  if (draw.oneIn(25)) {
    words.push(draw.pick("abc").repeat(draw.pick([99, 100, 1_000, 5_000, 9_000])));
  }
  for (let left = draw.oneIn(25) ? 300 : 1 + draw.below(4); left > 0; left--) {
    words.push(element(draw));
  }
  return words;
}

function manyPop(draw: Draw): string[] {
  const keys = Array.from({ length: 1 + draw.below(3) }, () => draw.key());
  const count = draw.oneIn(12) ? draw.integer() : String(keys.length);
  const words = [count, ...keys, draw.inSomeCase(draw.oneIn(2) ? "LEFT" : "RIGHT")];
  if (draw.oneIn(2)) words.push(draw.inSomeCase("COUNT"), small(draw));
  return words;
}

function near(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(20) - 8);
}

function small(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(9) - 3);
}
