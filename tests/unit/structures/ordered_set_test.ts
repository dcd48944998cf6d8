/** The ordered set beside a sorted array: seeded random changes, and every rank read back. */

import { assert, assertEquals } from "@std/assert";
import { latin1, utf8 } from "../../../lib/bytes/byte_string.ts";
import { Arena, REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } from "../../../lib/structures/arena.ts";
import { RECORD_PREFIX_BYTES } from "../../../lib/structures/hash_table.ts";
import { LEAF_CAPACITY } from "../../../lib/structures/ordered_nodes.ts";
import { OrderedCursor, OrderedSet } from "../../../lib/structures/ordered_set.ts";
import { Random, seed } from "../bytes/random.ts";

interface Item {
  score: number;
  readonly key: string;
  readonly ref: number;
}

/** An ordered set of texts, and the same as an array. */
class Subject {
  readonly arena = new Arena();
  readonly set = new OrderedSet(this.arena, RECORD_PREFIX_BYTES);
  readonly items: Item[] = [];

  add(score: number, key: string): void {
    const bytes = utf8(key);
    const ref = this.arena.allocate(RECORD_PREFIX_BYTES + bytes.length);
    this.arena.words[ref >>> SEGMENT_OF_REF][((ref & REF_IN_SEGMENT) << 2) + 2] = bytes.length;
    this.arena.bytes[ref >>> SEGMENT_OF_REF].set(bytes, byteOf(ref) + RECORD_PREFIX_BYTES);
    this.set.insert(score, ref);
    this.items.splice(this.place(score, key), 0, { score, key, ref });
  }

  remove(rank: number): void {
    const [item] = this.items.splice(rank, 1);
    this.set.remove(item.score, item.ref);
    this.arena.free(item.ref);
  }

  removeAt(rank: number): void {
    const [item] = this.items.splice(rank, 1);
    assertEquals(this.set.removeAt(rank), item.ref);
    this.arena.free(item.ref);
  }

  update(rank: number, score: number): void {
    const [item] = this.items.splice(rank, 1);
    this.set.update(item.score, score, item.ref);
    item.score = score;
    this.items.splice(this.place(score, item.key), 0, item);
  }

  keyOf(ref: number): string {
    const length = this.arena.words[ref >>> SEGMENT_OF_REF][((ref & REF_IN_SEGMENT) << 2) + 2];
    return latin1(
      this.arena.bytes[ref >>> SEGMENT_OF_REF],
      byteOf(ref) + RECORD_PREFIX_BYTES,
      length,
    );
  }

  /** Compares every record, forwards, backwards and by rank. */
  check(): void {
    const { set, items } = this;
    assertEquals(set.count, items.length);
    if (items.length === 0) return;
    const cursor = new OrderedCursor();
    set.seek(cursor, 0);
    for (let rank = 0; rank < items.length; rank++) {
      assertEquals(cursor.ref, items[rank].ref, `rank ${rank}`);
      assertEquals(set.scoreAt(cursor), items[rank].score, `rank ${rank}`);
      assertEquals(set.rankOf(items[rank].score, items[rank].ref), rank);
      assertEquals(set.next(cursor), rank + 1 < items.length);
    }
    set.seek(cursor, items.length - 1);
    for (let rank = items.length - 1; rank >= 0; rank--) {
      assert(cursor.ref === items[rank].ref, `rank ${rank} backwards`);
      assertEquals(set.previous(cursor), rank > 0);
    }
  }

  checkSome(random: Random): void {
    const { set, items } = this;
    const score = random.below(100) - 5;
    const firstAbove = items.findIndex((item) => item.score > score);
    const firstFrom = items.findIndex((item) => item.score >= score);
    assertEquals(set.countBelow(score, true), firstAbove < 0 ? items.length : firstAbove);
    assertEquals(set.countBelow(score, false), firstFrom < 0 ? items.length : firstFrom);
    if (items.length === 0) return;
    const rank = random.below(items.length);
    const cursor = new OrderedCursor();
    set.seek(cursor, rank);
    assertEquals(this.keyOf(cursor.ref), items[rank].key);
    const reverse = random.below(2) === 0;
    const wanted = items.slice(...(reverse ? [0, rank + 1] : [rank])).map(({ ref }) => ref);
    if (reverse) wanted.reverse();
    this.walk(rank, 1 + random.below(wanted.length), reverse, wanted);
  }

  /** Takes so many refs from a rank on, a leaf at a time, and compares them. */
  private walk(rank: number, count: number, reverse: boolean, wanted: number[]): void {
    const refs = new Int32Array(LEAF_CAPACITY);
    const cursor = new OrderedCursor();
    this.set.seek(cursor, rank);
    let left = count;
    for (;;) {
      const taken = this.set.refsFrom(cursor, refs, left, reverse);
      assertEquals([...refs.subarray(0, taken)], wanted.slice(count - left, count - left + taken));
      assertEquals(cursor.ref, refs[taken - 1]);
      left -= taken;
      if (left === 0) return;
      assert(reverse ? this.set.previous(cursor) : this.set.next(cursor));
    }
  }

  private place(score: number, key: string): number {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.items[middle];
      if (item.score < score || (item.score === score && item.key < key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

Deno.test("an ordered set is a sorted array under random changes", () => {
  const random = new Random(seed());
  for (const [scores, target] of [[1e9, 3_000], [90, 6_000], [1, 500]]) {
    const subject = new Subject();
    let next = 0;
    for (let step = 0; step < 30_000; step++) {
      // The size swings, so that nodes split and merge again and again.
      const grows = step % 15_000 < 9_000 && subject.items.length < target;
      const kind = random.below(10);
      const { length } = subject.items;
      if (length === 0 || (kind < 7 ? grows : !grows)) {
        subject.add(random.below(scores), `${random.below(1000)}:${next++}`);
      } else if (kind === 0) subject.update(random.below(length), random.below(scores));
      else if (kind < 4) subject.remove(random.below(length));
      else subject.removeAt(random.below(length));
      if (step % 10 === 0) subject.checkSome(random);
      if (step % 5_000 === 0) subject.check();
    }
    subject.check();
    while (subject.items.length > 0) subject.removeAt(random.below(subject.items.length));
    assertEquals(subject.set.nodeBytes, 0);
    assertEquals(subject.arena.usedBytes, 0);
  }
});

Deno.test("records added and taken out at one end keep their order", () => {
  for (const direction of [1, -1]) {
    const subject = new Subject();
    for (let i = 0; i < 10_000; i++) subject.add(i * direction, `key:${i}`);
    subject.check();
    // Leaves that were filled in order are full: 12 bytes a record and little more.
    assert(subject.set.nodeBytes < 10_000 * 14, `${subject.set.nodeBytes} bytes`);
    for (let i = 0; i < 4_000; i++) subject.removeAt(0);
    for (let i = 0; i < 4_000; i++) subject.removeAt(subject.items.length - 1);
    subject.check();
    for (let i = 0; i < 2_000; i++) subject.removeAt(i % 2 === 0 ? 0 : subject.items.length - 1);
    assertEquals(subject.set.nodeBytes, 0);
  }
});

Deno.test("with one score the order is that of the bytes", () => {
  const subject = new Subject();
  const random = new Random(seed());
  for (let i = 0; i < 5_000; i++) subject.add(0, random.below(1e9).toString(36) + i);
  const keys = subject.items.map((item) => item.key);
  for (let i = 0; i < 500; i++) {
    const key = random.below(3) === 0
      ? keys[random.below(keys.length)]
      : random.below(1e9).toString(36);
    const below = keys.filter((other) => other < key).length;
    assertEquals(subject.set.countKeysBelow(utf8(key), false), below);
    const present = keys.includes(key) ? 1 : 0;
    assertEquals(subject.set.countKeysBelow(utf8(key), true), below + present);
  }
});

Deno.test("a set is drained in slices, its records left to their owner", () => {
  const subject = new Subject();
  for (let i = 0; i < 20_000; i++) subject.add((i * 7919) % 20_000, `key:${i}`);
  let slices = 0;
  while (subject.set.drain(50)) slices++;
  assert(slices > 5);
  assertEquals(subject.set.nodeBytes, 0);
  for (const { ref } of subject.items) subject.arena.free(ref);
  assertEquals(subject.arena.usedBytes, 0);
});

Deno.test("infinities and zeros of both signs have their places", () => {
  const subject = new Subject();
  for (const [index, score] of [Infinity, 0, -Infinity, -0, 1e300, 5e-324].entries()) {
    subject.add(score, `key:${index}`);
  }
  subject.check();
  assertEquals(subject.set.countBelow(-Infinity, true), 1);
  assertEquals(subject.set.countBelow(-Infinity, false), 0);
  assertEquals(subject.set.countBelow(0, true), 3);
  assertEquals(subject.set.countBelow(-0, false), 1);
  assertEquals(subject.set.countBelow(Infinity, false), 5);
});

function byteOf(ref: number): number {
  return (ref & REF_IN_SEGMENT) << REF_UNIT;
}
