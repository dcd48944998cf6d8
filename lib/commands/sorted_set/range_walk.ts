/**
 * What ZRANGE and all its relatives have in common: reading the options, finding where the range
 * begins, and walking along it in either direction. [hot]
 */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import type { MemberRange, ScoreRange } from "../../values/sorted_set/ranges.ts";
import * as rangesModule from "../../values/sorted_set/ranges.ts";
import type { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import * as boundsModule from "./bounds.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readClampedInteger } = argumentsModule;
const { ranksByScore } = rangesModule;
const { readMemberRange, readScoreRange } = boundsModule;

export const By = { RANK: 0, SCORE: 1, MEMBER: 2 } as const;

/** What the command's name settles; null is left to the options. */
export interface RangeForm {
  readonly by: number | null;
  readonly reverse: boolean | null;
  readonly withScoresAllowed: boolean;
}

/** A range as asked for. */
export interface RangeQuery {
  readonly by: number;
  readonly reverse: boolean;
  readonly withScores: boolean;
  readonly offset: number;
  /** Members at most; negative for all. */
  readonly limit: number;
  /** The range itself: the one that `by` says. */
  readonly start: number;
  readonly stop: number;
  readonly scores: ScoreRange | null;
  readonly members: MemberRange | null;
}

/**
 * Reads a range and its options.
 *
 * @param index that of the range's first end.
 * @throws SYNTAX and what else Redis says of options that don't go together.
 */
export function readRange(call: Call, index: number, form: RangeForm): RangeQuery {
  const { request } = call;
  let { by, reverse } = form;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let i = index + 2; i < call.count; i++) {
    if (form.withScoresAllowed && request.is(i, "WITHSCORES")) withScores = true;
    else if (i + 2 < call.count && request.is(i, "LIMIT")) {
      offset = readClampedInteger(call, i + 1);
      limit = readClampedInteger(call, i + 2);
      i += 2;
    } else if (reverse === null && request.is(i, "REV")) reverse = true;
    else if (by === null && request.is(i, "BYLEX")) by = By.MEMBER;
    else if (by === null && request.is(i, "BYSCORE")) by = By.SCORE;
    else throw errors.SYNTAX;
  }
  reverse ??= false;
  by ??= By.RANK;
  if (limit !== -1 && by === By.RANK) throw errors.LIMIT_BY_RANK;
  if (withScores && by === By.MEMBER) throw errors.WITHSCORES_BY_MEMBER;
  // Backwards the higher end comes first.
  const min = reverse && by !== By.RANK ? index + 1 : index;
  const max = reverse && by !== By.RANK ? index : index + 1;
  return {
    by,
    reverse,
    withScores,
    offset,
    limit,
    start: by === By.RANK ? readClampedInteger(call, min) : 0,
    stop: by === By.RANK ? readClampedInteger(call, max) : 0,
    scores: by === By.SCORE ? readScoreRange(call, min, max) : null,
    members: by === By.MEMBER ? readMemberRange(call, min, max) : null,
  };
}

/** Walks a range of a sorted set that is not empty. */
export class RangeWalk {
  /** How many members are left, the one shown included; -1 while only the walk can tell. */
  left = 0;
  private set: SortedSetAccess | null = null;
  private members: MemberRange | null = null;
  private limit = 0;
  private reverse = false;

  /** Shows the first member of the range; false when it has none. */
  begin(set: SortedSetAccess, query: RangeQuery): boolean {
    this.set = set;
    this.members = query.members;
    this.reverse = query.reverse;
    if (query.members !== null) return this.beginByMember(query);
    const { size } = set;
    let first: number;
    if (query.scores === null) {
      const start = Math.max(0, query.start < 0 ? query.start + size : query.start);
      const stop = Math.min(size - 1, query.stop < 0 ? query.stop + size : query.stop);
      this.left = stop - start + 1;
      first = query.reverse ? size - 1 - start : start;
    } else {
      const { from, to } = ranksByScore(set, query.scores);
      const { offset, limit } = query;
      // A negative offset counts down for ever, past every member.
      this.left = offset < 0 ? 0 : Math.min(to - from - offset, limit < 0 ? size : limit);
      first = query.reverse ? to - 1 - offset : from + offset;
    }
    if (this.left <= 0) return false;
    set.seek(first);
    return true;
  }

  /** Shows the next member; false at the end of the range. */
  next(): boolean {
    const set = this.set!;
    if (this.members === null) {
      if (--this.left === 0) return false;
      return this.reverse ? set.previous() : set.next();
    }
    if (--this.limit === 0) return false;
    if (!(this.reverse ? set.previous() : set.next())) return false;
    return this.members.includes(set, this.reverse);
  }

  private beginByMember(query: RangeQuery): boolean {
    const { offset, limit, reverse } = query;
    const set = this.set!;
    const members = query.members!;
    this.left = -1;
    this.limit = limit;
    if (limit === 0 || offset < 0) return false;
    const start = members.start(set, reverse);
    if (start < 0) return false;
    if (offset === 0) return true;
    if (reverse ? offset > start : start + offset >= set.size) return false;
    set.seek(reverse ? start - offset : start + offset);
    return members.includes(set, reverse);
  }
}
