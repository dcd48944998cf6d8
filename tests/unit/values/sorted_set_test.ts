/** Sorted sets in both forms, and growing from one to the other, beside a sorted array. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { bytesOf, dataOf } from "../../../lib/bytes/copy.ts";
import type { Database } from "../../../lib/store/database.ts";
import { SortedSetAccess } from "../../../lib/values/sorted_set/sorted_set.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { Random, seed } from "../bytes/random.ts";

type Pair = readonly [number, string];

class Subject {
  readonly db: Database = new EngineHarness().session.db;
  readonly set: SortedSetAccess;
  readonly scores = new Map<string, number>();

  constructor(entries: number) {
    this.db.limits.sortedSetEntries = entries;
    this.set = new SortedSetAccess().create(this.db);
  }

  put(member: string, score: number): void {
    const { set } = this;
    const data = dataOf(fromLatin1(member));
    const handle = set.find(data, 0, data.byteLength);
    assertEquals(handle >= 0, this.scores.has(member));
    if (handle < 0) set.insert(score, data, 0, data.byteLength);
    else {
      assertEquals(set.score, this.scores.get(member));
      set.rescore(handle, score, data, 0, data.byteLength);
    }
    this.scores.set(member, score);
  }

  remove(member: string): void {
    const data = dataOf(fromLatin1(member));
    const handle = this.set.find(data, 0, data.byteLength);
    assertEquals(handle >= 0, this.scores.delete(member));
    if (handle >= 0) this.set.removeHandle(handle);
  }

  get pairs(): Pair[] {
    return [...this.scores].map(([member, score]): Pair => [score, member])
      .sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  }

  check(random: Random): void {
    const { set, pairs } = this;
    assertEquals(set.size, pairs.length);
    if (pairs.length === 0) return;
    set.seek(0);
    pairs.forEach((pair, rank) => {
      assertEquals([set.score, this.shown], pair);
      assertEquals(set.next(), rank + 1 < pairs.length);
    });
    const from = random.below(pairs.length);
    set.seek(from);
    for (let rank = from; rank >= 0; rank--) {
      assertEquals(this.shown, pairs[rank][1]);
      assertEquals(set.previous(), rank > 0);
    }
    const [score, member] = pairs[from];
    const data = dataOf(fromLatin1(member));
    assertEquals(set.rankOf(set.find(data, 0, data.byteLength)), from);
    assertEquals(set.countBelow(score, false), pairs.filter((pair) => pair[0] < score).length);
    assertEquals(set.countBelow(score, true), pairs.filter((pair) => pair[0] <= score).length);
  }

  get shown(): string {
    return latin1(bytesOf(this.set.data, this.set.offset, this.set.length));
  }
}

for (const entries of [1_000, 0, 40]) {
  Deno.test(`a sorted set is a sorted array, packed up to ${entries} members`, () => {
    const random = new Random(seed());
    const subject = new Subject(entries);
    const { arena } = subject.db;
    for (let step = 0; step < 4_000; step++) {
      const member = "m".repeat(random.below(3) * 20) + random.below(100);
      const kind = random.below(10);
      if (kind < 6) subject.put(member, random.below(40) / 4 - 5);
      else if (kind < 9) subject.remove(member);
      else if (subject.scores.size > 0) {
        const rank = random.below(subject.scores.size);
        subject.scores.delete(subject.pairs[rank][1]);
        subject.set.removeAt(rank);
      }
      if (step % 40 === 0) subject.check(random);
    }
    subject.check(random);
    assertEquals(subject.set.isSmall, entries === 1_000);
    while (subject.set.size > 0) subject.set.removeAt(0);
    const { usedBytes } = arena;
    subject.set.release();
    // An empty table has nothing left in the arena; a block of packed pairs has its header.
    assertEquals(arena.usedBytes, 0);
    assertEquals(usedBytes, entries === 1_000 ? 16 : 0);
  });
}

Deno.test("a small set drops the sign of zero unless it is told to keep it", () => {
  const { db } = new Subject(128);
  for (const keeps of [false, true]) {
    const set = new SortedSetAccess().create(db, keeps);
    const data = dataOf(fromLatin1("a"));
    assertEquals(set.find(data, 0, 1), -1);
    set.insert(-0, data, 0, 1);
    set.find(data, 0, 1);
    assertEquals(Object.is(set.score, -0), keeps);
    set.dropZeroSigns();
    set.find(data, 0, 1);
    assertEquals(Object.is(set.score, 0), true);
  }
});

Deno.test("members of any length and any bytes are kept, in the order of their bytes", () => {
  for (const entries of [128, 0]) {
    const subject = new Subject(entries);
    subject.db.limits.sortedSetValueBytes = 1_000;
    const members = ["", "\0", "\0\0", "\xff", "\x80", "a".repeat(253), "a".repeat(254)];
    for (const member of [...members, "a".repeat(255), "a".repeat(700)]) subject.put(member, 1);
    subject.check(new Random(1));
  }
});
