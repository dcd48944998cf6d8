/** The ends of ranges as commands are given them: `(1.5`, `+inf`, `[abc`, `-`. */

import { parseDoubleBound } from "../../bytes/double.ts";
import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import { type MemberBound, MemberRange, type ScoreRange } from "../../values/sorted_set/ranges.ts";

const OPEN = 0x28;
const CLOSED = 0x5b;
const PLUS = 0x2b;
const MINUS = 0x2d;

const LOWEST: MemberBound = { bytes: null, side: -1, exclusive: true };
const HIGHEST: MemberBound = { bytes: null, side: 1, exclusive: true };

/** @throws SCORE_RANGE */
export function readScoreRange(call: Call, minIndex: number, maxIndex: number): ScoreRange {
  return {
    min: readScore(call, minIndex),
    max: readScore(call, maxIndex),
    minExclusive: firstByte(call, minIndex) === OPEN,
    maxExclusive: firstByte(call, maxIndex) === OPEN,
  };
}

/** @throws MEMBER_RANGE */
export function readMemberRange(call: Call, minIndex: number, maxIndex: number): MemberRange {
  return new MemberRange(readMember(call, minIndex), readMember(call, maxIndex));
}

function readScore(call: Call, index: number): number {
  const { buffer, offsets, lengths } = call.request;
  const skipped = firstByte(call, index) === OPEN ? 1 : 0;
  const score = parseDoubleBound(buffer, offsets[index] + skipped, lengths[index] - skipped);
  if (score !== score) throw errors.SCORE_RANGE;
  return score;
}

/** The bytes are lent: they are those of the request. */
function readMember(call: Call, index: number): MemberBound {
  const bytes = call.request.view(index);
  switch (bytes[0]) {
    case OPEN:
      return { bytes: bytes.subarray(1), side: 0, exclusive: true };
    case CLOSED:
      return { bytes: bytes.subarray(1), side: 0, exclusive: false };
    case PLUS:
    case MINUS:
      // Redis looks at it as a C string, which a NUL ends.
      if (bytes.length === 1 || bytes[1] === 0) return bytes[0] === PLUS ? HIGHEST : LOWEST;
  }
  throw errors.MEMBER_RANGE;
}

/** The first byte of an argument; -1 when it is empty. */
function firstByte(call: Call, index: number): number {
  const { buffer, offsets, lengths } = call.request;
  return lengths[index] === 0 ? -1 : buffer[offsets[index]];
}
