/** Replies that are right without being the same bytes: times that pass, orders that nobody promises. */

import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { type Reply, ReplyDecoder } from "../../../lib/resp/reply_decoder.ts";
import { show } from "../resp_client.ts";
import type { Sameness } from "./rule.ts";

/** Integers may differ by as much. */
export function within(tolerance: number): Sameness {
  return (ours, theirs) => {
    if (ours === theirs) return true;
    const [mine, other] = [numberOf(ours), numberOf(theirs)];
    // Small numbers (-2: no key, -1: no expiry, 0 and 1: no and yes) are never a time.
    if (mine < 2 || other < 2) return false;
    return Math.abs(mine - other) <= tolerance;
  };
}

/** Seconds since a key was used: the run takes a few. */
export const bothNumbers: Sameness = (ours, theirs) => {
  return numberOf(ours) <= 60 && numberOf(theirs) <= 60;
};

/** The elements may come in any order, at any depth. */
export const inAnyOrder: Sameness = (ours, theirs) => {
  if (ours === theirs) return true;
  if (ours[0] !== theirs[0]) return false;
  return sorted(decoded(ours)) === sorted(decoded(theirs));
};

/** What is picked at random: as many elements, or one, or none, on both sides. */
export const sameShape: Sameness = (ours, theirs) => {
  if (ours === theirs) return true;
  const [mine, other] = [decoded(ours), decoded(theirs)];
  if (mine.kind === "array" && other.kind === "array") {
    return mine.items?.length === other.items?.length;
  }
  return mine.kind === "bulk" && other.kind === "bulk" && !ours.startsWith("$-") &&
    !theirs.startsWith("$-");
};

/**
 * Distances may differ by one in their last place: sine and arc sine of two libraries differ in their
 * last bit now and then (one time in 600, glibc's and V8's), and glibc's own with the processor.
 */
export const roundedDistances: Sameness = (ours, theirs) => {
  return ours === theirs || areAlike(decoded(ours), decoded(theirs));
};

function areAlike(ours: Reply, theirs: Reply): boolean {
  if (ours.kind === "array" && theirs.kind === "array") {
    const [mine, others] = [ours.items ?? [], theirs.items ?? []];
    return mine.length === others.length && mine.every((item, i) => areAlike(item, others[i]));
  }
  const [mine, other] = [show(ours), show(theirs)];
  if (mine === other) return true;
  const [a, b] = [mine, other].map((text) => /^"(\d+\.\d{4})"$/.exec(text)?.[1]);
  return a !== undefined && b !== undefined && Math.abs(Number(a) - Number(b)) < 0.00015;
}

function sorted(reply: Reply): string {
  switch (reply.kind) {
    case "array":
    case "set":
    case "push":
      return `${reply.kind}(${(reply.items ?? []).map(sorted).sort().join(",")})`;
    case "map":
      return `map(${
        reply.entries.map(([key, value]) => sorted(key) + "=" + sorted(value))
          .sort().join(",")
      })`;
    default:
      return `${reply.kind} ${show(reply)}`;
  }
}

export function decoded(reply: string): Reply {
  const decoder = new ReplyDecoder();
  decoder.feed(fromLatin1(reply));
  const found = decoder.next();
  if (found === undefined) throw new Error(`no complete reply: ${JSON.stringify(reply)}`);
  return found;
}

function numberOf(reply: string): number {
  return /^:-?\d+\r\n$/.test(reply) ? Number(reply.slice(1)) : NaN;
}
