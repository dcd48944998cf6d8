/**
 * The inputs of unions, intersections and differences: sorted sets, and sets, whose members all have
 * the score 1.
 */

import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import { typeOf, ValueType } from "../../values/entry.ts";
import { SetAccess } from "../../values/set/set.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";

const SET_SCORE = 1;

export class Source {
  weight = 1;
  /** The member shown, lent by the input. */
  data: DataView = NO_DATA;
  offset = 0;
  length = 0;
  score = 0;
  private handle = -1;

  /** @param ref the key's entry, by which inputs that are the same are told. */
  constructor(
    readonly ref: number,
    private readonly zset: SortedSetAccess | null,
    private readonly set: SetAccess | null,
  ) {}

  get size(): number {
    return this.zset?.size ?? this.set?.size ?? 0;
  }

  /** Shows the first member; false when there is none. */
  first(): boolean {
    const { zset, set } = this;
    if (zset !== null) {
      if (zset.size === 0) return false;
      zset.seek(0);
      return this.showScored(zset);
    }
    return set !== null && this.showMember(set, set.first());
  }

  next(): boolean {
    const { zset, set } = this;
    if (zset !== null) return zset.next() && this.showScored(zset);
    return set !== null && this.showMember(set, set.next(this.handle));
  }

  /** The score of the member that another input shows; NaN when this one has it not. */
  scoreOf(member: Source): number {
    const { zset, set } = this;
    if (this.ref !== 0 && this.ref === member.ref) return member.score;
    const { data, offset, length } = member;
    if (zset !== null) return zset.find(data, offset, length) < 0 ? NaN : zset.score;
    return set !== null && set.find(data, offset, length) >= 0 ? SET_SCORE : NaN;
  }

  private showScored(zset: SortedSetAccess): boolean {
    this.data = zset.data;
    this.offset = zset.offset;
    this.length = zset.length;
    this.score = zset.score;
    return true;
  }

  private showMember(set: SetAccess, handle: number): boolean {
    if (handle < 0) return false;
    this.handle = handle;
    set.point(handle);
    this.data = set.data;
    this.offset = set.offset;
    this.length = set.length;
    this.score = SET_SCORE;
    return true;
  }
}

const NO_DATA = new DataView(new ArrayBuffer(0));

/**
 * The inputs at `count` key arguments from `from` on.
 *
 * @throws WRONGTYPE when a key holds neither a sorted set nor a set.
 */
export function openSources(call: Call, from: number, count: number): Source[] {
  const sources: Source[] = [];
  for (let i = from; i < from + count; i++) {
    const ref = call.lookUpRead(i);
    const type = ref === 0 ? -1 : typeOf(call.db.arena, ref);
    if (type === ValueType.SORTED_SET) {
      sources.push(new Source(ref, new SortedSetAccess().open(call.db, ref), null));
    } else if (type === ValueType.SET) {
      sources.push(new Source(ref, null, new SetAccess().open(call.db, ref)));
    } else if (ref === 0) sources.push(new Source(0, null, null));
    else throw errors.WRONG_TYPE;
  }
  return sources;
}
