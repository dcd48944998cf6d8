/** Keys whatever they hold. */

import { type Draw, type Makers } from "./draw.ts";
import type { Rule, Rules } from "./rule.ts";
import { bothNumbers, inAnyOrder, within } from "./sameness.ts";
import { SORT_RO_RULE, SORT_RULE } from "./sort.ts";
import { tameAt } from "./string.ts";

const times: Makers = {
  seconds: (draw) => draw.seconds(),
  milliseconds: (draw) => draw.milliseconds(),
  "unix-time-seconds": (draw) => draw.unixSeconds(),
  "unix-time-milliseconds": (draw) => draw.unixMilliseconds(),
};

const relative: Rule = { makers: times, tame: (args) => tameAt(args, 1) };
const toDatabase: Makers = {
  "destination-db": (draw) => draw.database(),
  db: (draw) => draw.database(),
};

export const GENERIC_RULES: Rules = {
  COPY: { makers: toDatabase },
  DEL: {},
  EXISTS: {},
  EXPIRE: relative,
  EXPIREAT: { makers: times },
  EXPIRETIME: { same: within(2) },
  KEYS: { weight: 5, same: inAnyOrder },
  MOVE: { makers: toDatabase },
  "OBJECT|ENCODING": { weight: 15 },
  "OBJECT|FREQ": { weight: 2 },
  "OBJECT|IDLETIME": { weight: 2, same: bothNumbers },
  PERSIST: {},
  PEXPIRE: relative,
  PEXPIREAT: {
    makers: { ...times, "unix-time-milliseconds": (draw) => draw.unixMilliseconds() },
  },
  PEXPIRETIME: { same: within(2_000) },
  PTTL: { same: within(2_000) },
  RENAME: {},
  RENAMENX: {},
  SCAN: {
    make: scan,
    tame: tameScan,
    same: inAnyOrder,
  },
  SORT: SORT_RULE,
  SORT_RO: SORT_RO_RULE,
  TOUCH: { weight: 5 },
  TTL: { same: within(2) },
  TYPE: {},
  UNLINK: {},
};

function scan(draw: Draw): string[] {
  const words = [draw.oneIn(20) ? draw.pick(["x", "-1", "", "1.0", " 0"]) : "0"];
  if (draw.oneIn(3)) words.push(draw.inSomeCase("MATCH"), draw.pattern());
  if (draw.oneIn(4)) {
    words.push(draw.inSomeCase("TYPE"), draw.pick(["string", "list", "STRING", "nosuch", ""]));
  }
  if (draw.oneIn(12)) words.push("COUNT", draw.pick(["0", "-1", "x", ""]));
  return words;
}

/** All keys at once: the order of a partial scan is each server's own. */
function tameScan(args: string[]): void {
  if (/^[-+]?\d+(\0.*)?$/s.test(args[0] ?? "")) args[0] = "0";
  args.push("COUNT", "5000");
}
