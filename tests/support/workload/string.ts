/** Strings. */

import { type Draw, type Makers, MAX_OFFSET, numberIn } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";

const expiry: Makers = {
  seconds: (draw) => draw.seconds(),
  milliseconds: (draw) => draw.milliseconds(),
  "unix-time-seconds": (draw) => draw.unixSeconds(),
  "unix-time-milliseconds": (draw) => draw.unixMilliseconds(),
};

const range: Makers = { start: near, end: near, offset: (draw) => draw.offset() };

const counter: Rule = { makers: { key: (draw) => `counter:${draw.below(4)}` } };

export const STRING_RULES: Rules = {
  APPEND: {},
  DECR: counter,
  DECRBY: {},
  GET: { weight: 25 },
  GETDEL: { weight: 5 },
  GETEX: { makers: expiry, tame: tameOptions },
  GETRANGE: { makers: range },
  GETSET: { weight: 5 },
  INCR: {},
  INCRBY: { weight: 15 },
  INCRBYFLOAT: { weight: 15 },
  LCS: {},
  MGET: {},
  MSET: {},
  MSETNX: {},
  PSETEX: { weight: 5, makers: expiry, tame: (args) => tameAt(args, 1) },
  SET: { weight: 60, makers: expiry, tame: tameOptions },
  SETEX: { weight: 5, makers: expiry, tame: (args) => tameAt(args, 1) },
  SETNX: { weight: 5 },
  SETRANGE: { makers: range, tame: (args) => tameOffset(args, 1) },
  STRLEN: {},
  SUBSTR: { weight: 4, makers: range },
};

function near(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(40) - 20);
}

/**
 * A time after EX or PX that would come while the test runs is moved on, and so is one after EXAT or
 * PXAT that has passed: such a key is there until somebody looks, or the server finds it by chance.
 */
export function tameOptions(args: string[]): void {
  for (let i = 0; i + 1 < args.length; i++) {
    if (/^[ep]x$/i.test(args[i])) tameAt(args, i + 1);
    else if (/^[ep]xat$/i.test(args[i])) {
      const number = numberIn(args[i + 1]);
      const far = /^e/i.test(args[i]) ? 4_000_000_000 : 4_000_000_000_000;
      if (number > 0 && number < far) args[i + 1] = String(far + (number % 1_000));
    }
  }
}

export function tameAt(args: string[], index: number): void {
  const number = numberIn(args[index] ?? "");
  if (number > 0 && number < 100_000_000) args[index] = String(number + 100_000_000);
}

/** An offset that is legal and far off would make a string of its size. */
export function tameOffset(args: string[], index: number): void {
  const number = numberIn((args[index] ?? "").replace("#", ""));
  if (number > MAX_OFFSET && number < 2 ** 32) args[index] = String(number % MAX_OFFSET);
}
