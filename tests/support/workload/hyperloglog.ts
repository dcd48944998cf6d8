/** HyperLogLogs, which other commands on strings may damage at any time. */

import type { Draw, Makers } from "./draw.ts";
import type { Rules } from "./rule.ts";

const elements: Makers = {
  element: (draw) => draw.oneIn(4) ? draw.string() : `e${draw.below(500)}`,
};

export const HYPERLOGLOG_RULES: Rules = {
  PFADD: { weight: 15, make: add },
  PFCOUNT: { weight: 12 },
  PFDEBUG: {
    weight: 3,
    make: (draw) => [
      draw.inSomeCase(draw.pick(["DECODE", "ENCODING", "ENCODING", "TODENSE", "GETREG", "NOSUCH"])),
      draw.key(),
    ],
  },
  PFMERGE: { makers: elements },
};

function add(draw: Draw): string[] {
  const key = draw.key();
  if (draw.oneIn(8)) return [key];
  const count = draw.oneIn(25) ? 400 : draw.below(6);
  return [key, ...Array.from({ length: count }, () => elements.element(draw))];
}
