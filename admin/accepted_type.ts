/** What a client wants to be answered with. */

import { Problem } from "./problem.ts";
import type { AdminContext } from "./route.ts";

/**
 * Which of the offered media types the client likes best, the first of equals; the first of all
 * when it doesn't say. Throws 406 when it wants none of them.
 */
export function preferredType(c: AdminContext, offered: readonly string[]): string {
  const header = c.req.header("accept");
  if (header === undefined || header.trim() === "") return offered[0];
  const ranges = header.split(",").map(acceptedRange);
  let best = "";
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  if (best === "") throw new Problem(406, `this page comes as ${offered.join(" or ")}`);
  return best;
}

interface AcceptedRange {
  readonly type: string;
  readonly quality: number;
}

function acceptedRange(text: string): AcceptedRange {
  const [type, ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range that a type falls into decides (RFC 9110, 12.5.1). */
function qualityOf(type: string, ranges: readonly AcceptedRange[]): number {
  for (const candidate of [type, `${type.split("/")[0]}/*`, "*/*"]) {
    const found = ranges.find((range) => range.type === candidate);
    if (found !== undefined) return found.quality;
  }
  return 0;
}
