/**
 * Ranges of a sorted set by score or by member, each end included or not.
 *
 * By member a range makes sense while all scores are the same. Where they are not, Redis walks a
 * listpack from the end it starts at; here a small set is walked the same way, and a large set is
 * searched as if it were in order.
 */

import { compareBytes } from "../../bytes/byte_string.ts";
import { bytesOf } from "../../bytes/copy.ts";
import type { SortedSetAccess } from "./sorted_set.ts";

export interface ScoreRange {
  readonly min: number;
  readonly max: number;
  readonly minExclusive: boolean;
  readonly maxExclusive: boolean;
}

/** One end of a range by member. */
export interface MemberBound {
  /** The bytes; null for what is below all members or above them. */
  readonly bytes: Uint8Array | null;
  /** For no bytes: -1 below all members, 1 above all. */
  readonly side: number;
  readonly exclusive: boolean;
}

/** Ranks from `from` up to, not including, `to`. */
export interface RankRange {
  readonly from: number;
  readonly to: number;
}

/** The ranks of a range by score; `to` is not below `from`. */
export function ranksByScore(set: SortedSetAccess, range: ScoreRange): RankRange {
  const from = set.countBelow(range.min, range.minExclusive);
  return { from, to: Math.max(from, set.countBelow(range.max, !range.maxExclusive)) };
}

export class MemberRange {
  constructor(private readonly min: MemberBound, private readonly max: MemberBound) {}

  /** Rank of the first member, or with `reverse` of the last; -1 when there is none. */
  start(set: SortedSetAccess, reverse: boolean): number {
    const { size } = set;
    if (size === 0 || this.isEmpty) return -1;
    set.seek(size - 1);
    if (!this.isFromMin(set)) return -1;
    set.seek(0);
    if (!this.isToMax(set)) return -1;
    return reverse ? this.last(set, size) : this.first(set, size);
  }

  /** Whether the member shown is not yet past the end of a walk in this direction. */
  includes(set: SortedSetAccess, reverse: boolean): boolean {
    return reverse ? this.isFromMin(set) : this.isToMax(set);
  }

  private first(set: SortedSetAccess, size: number): number {
    let rank = 0;
    if (set.isSmall) {
      while (!this.isFromMin(set)) {
        rank++;
        if (!set.next()) return -1;
      }
    } else if (this.min.bytes !== null) {
      rank = set.countMembersBelow(this.min.bytes, this.min.exclusive);
      if (rank >= size) return -1;
      set.seek(rank);
    }
    return this.isToMax(set) ? rank : -1;
  }

  private last(set: SortedSetAccess, size: number): number {
    let rank = size - 1;
    if (!set.isSmall && this.max.bytes !== null) {
      rank = set.countMembersBelow(this.max.bytes, !this.max.exclusive) - 1;
      if (rank < 0) return -1;
    }
    set.seek(rank);
    while (set.isSmall && !this.isToMax(set)) {
      rank--;
      if (!set.previous()) return -1;
    }
    return this.isFromMin(set) ? rank : -1;
  }

  /** Whether no member can be in it. */
  private get isEmpty(): boolean {
    const { min, max } = this;
    const order = min.bytes !== null && max.bytes !== null
      ? compareWhole(min.bytes, max.bytes)
      : min.bytes === null && max.bytes === null
      ? min.side - max.side
      : min.bytes === null
      ? min.side
      : -max.side;
    return order > 0 || (order === 0 && (min.exclusive || max.exclusive));
  }

  private isFromMin(set: SortedSetAccess): boolean {
    const { min } = this;
    if (min.bytes === null) return min.side < 0;
    const order = compareShown(set, min.bytes);
    return min.exclusive ? order > 0 : order >= 0;
  }

  private isToMax(set: SortedSetAccess): boolean {
    const { max } = this;
    if (max.bytes === null) return max.side > 0;
    const order = compareShown(set, max.bytes);
    return max.exclusive ? order < 0 : order <= 0;
  }
}

function compareShown(set: SortedSetAccess, bytes: Uint8Array): number {
  return compareWhole(bytesOf(set.data, set.offset, set.length), bytes);
}

function compareWhole(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}
