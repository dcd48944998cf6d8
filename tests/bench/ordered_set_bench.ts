/**
 * The ordered set as it grows: adding, ranking, moving and popping among 1,000, 100,000 and 10 million
 * records. Time per operation may grow with the logarithm of the size, and with what no longer fits
 * the processor's caches.
 */

import { SeededRandom } from "../../lib/host/random.ts";
import { Arena, REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } from "../../lib/structures/arena.ts";
import { OrderedCursor, OrderedSet } from "../../lib/structures/ordered_set.ts";

/** Prefix, score and a member of 16 bytes, as in a large sorted set. */
const KEY_OFFSET = 20;
const MEMBER_BYTES = 16;
const SCORES = 1e9;

class Subject {
  readonly arena = new Arena();
  readonly set = new OrderedSet(this.arena, KEY_OFFSET);
  readonly refs: Int32Array;
  readonly scores: Float64Array;
  private readonly random = new SeededRandom(1);

  constructor(readonly size: number) {
    this.refs = new Int32Array(size);
    this.scores = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const ref = this.arena.allocate(KEY_OFFSET + MEMBER_BYTES);
      const at = (ref & REF_IN_SEGMENT) << REF_UNIT;
      const data = this.arena.data[ref >>> SEGMENT_OF_REF];
      data.setInt32(at + 8, MEMBER_BYTES, true);
      data.setFloat64(at + KEY_OFFSET, i);
      data.setFloat64(at + KEY_OFFSET + 8, i);
      this.refs[i] = ref;
      this.scores[i] = this.random.below(SCORES);
      this.set.insert(this.scores[i], ref);
    }
  }

  pick(): number {
    return this.random.below(this.size);
  }

  score(): number {
    return this.random.below(SCORES);
  }
}

for (const size of [1_000, 100_000, 10_000_000]) {
  const group = `ordered set of ${size}`;
  let subject: Subject | null = null;
  const open = () => subject ??= new Subject(size);
  const cursor = new OrderedCursor();

  Deno.bench({ name: `rank of a record, ${size}`, group }, () => {
    const { set, scores, refs } = open();
    const i = open().pick();
    set.rankOf(scores[i], refs[i]);
  });

  Deno.bench({ name: `record of a rank, ${size}`, group }, () => {
    const { set } = open();
    const rank = open().pick();
    set.seek(cursor, rank);
  });

  Deno.bench({ name: `another score, ${size}`, group }, () => {
    const { set, scores, refs } = open();
    const i = open().pick();
    const score = open().score();
    set.update(scores[i], score, refs[i]);
    scores[i] = score;
  });

  Deno.bench({ name: `pop the first and add it again, ${size}`, group }, () => {
    const { set } = open();
    set.seek(cursor, 0);
    const score = set.scoreAt(cursor);
    set.insert(score, set.removeAt(0));
  });
}
