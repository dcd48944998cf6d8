/** Bits of strings. */

import { type Draw, type Makers, one } from "./draw.ts";
import type { Rules } from "./rule.ts";
import { tameOffset } from "./string.ts";

const fieldMakers: Makers = {
  encoding: (draw) => {
    if (draw.oneIn(12)) return draw.pick(["u64", "i65", "u0", "i0", "u", "8", "x8", "U8", "u08"]);
    return draw.pick(["u8", "i8", "i16", "u1", "i1", "u63", "i64", "u32", "i5", "u13"]);
  },
  offset: (draw) => draw.oneIn(3) ? `#${draw.offset()}` : draw.offset(),
  value: (draw) => draw.integer(),
  increment: (draw) => draw.integer(),
};

const rangeMakers: Makers = {
  start: near,
  end: near,
  bit: one("0", "1", "1", "0", "2", "-1", "x"),
};

export const BITMAP_RULES: Rules = {
  BITCOUNT: { makers: rangeMakers },
  BITFIELD: { weight: 20, makers: fieldMakers, tame: tameAll },
  BITFIELD_RO: { makers: fieldMakers, tame: tameAll },
  BITOP: {
    make: (draw) => [
      draw.oneIn(15) ? draw.string() : draw.inSomeCase(draw.pick(["AND", "OR", "XOR", "NOT"])),
      ...Array.from({ length: 2 + draw.below(3) }, () => draw.key()),
    ],
  },
  BITPOS: { weight: 15, makers: rangeMakers },
  GETBIT: { makers: { offset: (draw) => draw.offset() } },
  SETBIT: {
    makers: {
      offset: (draw) => draw.offset(),
      value: one("0", "1", "1", "0", "2", "-1", "x"),
    },
    tame: (args) => tameOffset(args, 1),
  },
};

function near(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(60) - 30);
}

/**
 * Any argument may be an offset. One that is multiplied by the width is kept below 2^57: past it
 * redis-server's product overflows, and what it says then is chance.
 */
function tameAll(args: string[]): void {
  for (let i = 1; i < args.length; i++) {
    if (args[i].startsWith("#") && Math.abs(Number(args[i].slice(1))) >= 2 ** 57) {
      args[i] = "#5000000000";
    }
    // A value after SET's or INCRBY's offset stays as it is.
    const isValue = /^(set|incrby)$/i.test(args[i - 3] ?? "");
    if (!isValue) tameOffset(args, i);
  }
}
