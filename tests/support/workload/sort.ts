/**
 * SORT among other random commands. Where several orders are right, nothing that depends on the
 * order is asked for, so that both servers stay equal; the order itself is compared in
 * tests/commands/generic/sort_comparison_test.ts.
 */

import type { Draw } from "./draw.ts";
import type { Rule, Sameness } from "./rule.ts";
import { inAnyOrder } from "./sameness.ts";

const NO_DOUBLE = "-ERR One or more scores can't be converted into double\r\n";

/**
 * redis-server takes an error of an earlier conversion for one of its own (it does not reset errno),
 * so its refusal may stand for any reply.
 */
const unlessRefused: Sameness = (ours, theirs) => theirs === NO_DOUBLE || inAnyOrder(ours, theirs);

export const SORT_RULE: Rule = { weight: 6, make: (draw) => sort(draw, true), same: unlessRefused };

export const SORT_RO_RULE: Rule = {
  weight: 6,
  make: (draw) => sort(draw, false),
  same: unlessRefused,
};

function sort(draw: Draw, mayStore: boolean): string[] {
  const words = [draw.key()];
  const by = draw.oneIn(3) ? draw.pick(["key:*", "*", "nosort", "*->field", "key:*->f"]) : "";
  if (by !== "") words.push(draw.inSomeCase("BY"), by);
  const alpha = draw.oneIn(2);
  if (alpha) words.push(draw.inSomeCase("ALPHA"));
  if (draw.oneIn(3)) words.push(draw.inSomeCase(draw.pick(["ASC", "DESC"])));
  while (draw.oneIn(4)) {
    words.push("GET", draw.pick(["#", "key:*", "*", "*->field", "key:*->f", ""]));
  }
  if (!alpha && by !== "nosort" && draw.oneIn(3)) {
    words.push("LIMIT", small(draw), small(draw));
  }
  if (mayStore && alpha && by === "" && draw.oneIn(2)) words.push("STORE", draw.key());
  return words;
}

function small(draw: Draw): string {
  return draw.oneIn(8) ? draw.integer() : String(draw.below(12) - 3);
}
