import { dataOf } from "../../../lib/bytes/copy.ts";
import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { latin1, utf8 } from "../../../lib/bytes/byte_string.ts";
import { InvariantError } from "../../../lib/host/invariant.ts";
import { Arena, REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } from "../../../lib/structures/arena.ts";
import { HashTable, RECORD_PREFIX_BYTES } from "../../../lib/structures/hash_table.ts";
import { TableWalk } from "../../../lib/structures/table_walk.ts";
import { Random, seed } from "../bytes/random.ts";

/** A table of records that are nothing but their keys, used by text. */
class TextTable {
  readonly arena = new Arena();
  readonly table = new HashTable(this.arena, RECORD_PREFIX_BYTES, 0x1234567, 0x89abcde);

  find(key: string): number {
    const bytes = utf8(key);
    return this.table.find(
      dataOf(bytes),
      0,
      bytes.length,
      this.table.hash(dataOf(bytes), 0, bytes.length),
    );
  }

  add(key: string): number {
    const bytes = utf8(key);
    const ref = this.newRecord(bytes);
    this.table.insert(ref, this.table.hash(dataOf(bytes), 0, bytes.length), bytes.length);
    return ref;
  }

  remove(key: string): void {
    const ref = this.find(key);
    this.table.remove(ref);
    this.arena.free(ref);
  }

  /** Moves a record to another place in memory. */
  move(key: string): number {
    const ref = this.find(key);
    const moved = this.newRecord(utf8(key));
    for (let word = 0; word < 3; word++) this.words(moved)[word] = this.words(ref)[word];
    this.table.replace(ref, moved);
    this.words(ref).fill(-1);
    this.arena.free(ref);
    return moved;
  }

  keyOf(ref: number): string {
    const start = ((ref & REF_IN_SEGMENT) << REF_UNIT) + RECORD_PREFIX_BYTES;
    return latin1(this.arena.bytes[ref >>> SEGMENT_OF_REF], start, this.table.keyLengthOf(ref));
  }

  private newRecord(key: Uint8Array): number {
    const ref = this.arena.allocate(RECORD_PREFIX_BYTES + key.length);
    const start = ((ref & REF_IN_SEGMENT) << REF_UNIT) + RECORD_PREFIX_BYTES;
    this.arena.bytes[ref >>> SEGMENT_OF_REF].set(key, start);
    return ref;
  }

  private words(ref: number): Int32Array {
    const start = (ref & REF_IN_SEGMENT) << (REF_UNIT - 2);
    return this.arena.words[ref >>> SEGMENT_OF_REF].subarray(start, start + 3);
  }
}

function checkAll({ table }: TextTable, keyOf: (ref: number) => string, model: Set<string>) {
  const seen: string[] = [];
  table.forEach((ref) => seen.push(keyOf(ref)));
  assertEquals(seen.length, model.size);
  assertEquals(new Set(seen), model);
}

Deno.test("a table agrees with a model while it grows, shrinks and its records move", () => {
  const random = new Random(seed());
  const text = new TextTable();
  const model = new Map<string, number>();
  let resizes = 0;
  for (let step = 0; step < 120_000; step++) {
    // The wanted size swings, so that the table grows and shrinks several times.
    const wanted = Math.floor(step / 20_000) % 2 === 0 ? 6000 : 20;
    const key = `k${random.below(8000)}`;
    const ref = text.find(key);
    assertEquals(ref, model.get(key) ?? 0);
    if (ref === 0) {
      if (model.size < random.below(wanted * 2)) model.set(key, text.add(key));
    } else if (random.below(3) === 0) {
      model.set(key, text.move(key));
    } else if (model.size > random.below(wanted * 2)) {
      text.remove(key);
      model.delete(key);
    }
    if (text.table.isResizing) resizes++;
    if (step % 9973 === 0) checkAll(text, (found) => text.keyOf(found), new Set(model.keys()));
    assertEquals(text.table.count, model.size);
  }
  assert(resizes > 1000, "most of this is about tables that are being resized");
  for (const key of model.keys()) text.remove(key);
  assertEquals(text.table.count, 0);
  assertEquals(text.arena.usedBytes, 0);
  assertLess(text.table.slotBytes, 4096);
});

Deno.test("removing what was visited is allowed in a walk over all", () => {
  const text = new TextTable();
  for (let i = 0; i < 5000; i++) text.add(`k${i}`);
  let visited = 0;
  text.table.forEach((ref) => {
    visited++;
    if (!text.keyOf(ref).endsWith("7")) text.remove(text.keyOf(ref));
  });
  assertEquals(visited, 5000);
  assertEquals(text.table.count, 500);
});

Deno.test("a scan returns whatever is there from its start to its end", () => {
  const random = new Random(seed());
  for (let round = 0; round < 60; round++) {
    const text = new TextTable();
    const initial = 1 + random.below(round % 2 === 0 ? 40 : 3000);
    const staying = new Set<string>();
    const others: string[] = [];
    for (let i = 0; i < initial; i++) {
      text.add(`k${i}`);
      if (random.below(4) === 0) staying.add(`k${i}`);
      else others.push(`k${i}`);
    }
    const growth = random.below(3) - 1;
    const seen = new Set<string>();
    let next = initial;
    let cursor = 0;
    let steps = 0;
    do {
      cursor = text.table.scan(cursor, (ref) => seen.add(text.keyOf(ref)));
      assert(cursor >= 0 && cursor < 2 ** 32);
      for (let i = random.below(30); i > 0; i--) {
        if (growth > 0 || (growth === 0 && random.below(2) === 0)) {
          // Growing without end would let no scan come to its own.
          if (next > initial * 9) continue;
          others.push(`k${next}`);
          text.add(`k${next++}`);
        } else if (others.length > 0) {
          const index = random.below(others.length);
          text.remove(others[index]);
          others.splice(index, 1);
        }
      }
      if (random.below(5) === 0) text.table.rehash(random.below(50));
      assertLess(++steps, 200_000);
    } while (cursor !== 0);
    for (const key of staying) assert(seen.has(key), `${key} was missed`);
  }
});

Deno.test("a scan of a table at rest returns everything once", () => {
  for (const count of [0, 1, 3, 4, 5, 100, 4096]) {
    const text = new TextTable();
    for (let i = 0; i < count; i++) text.add(`k${i}`);
    while (text.table.rehash(100));
    const seen: string[] = [];
    let cursor = 0;
    do cursor = text.table.scan(cursor, (ref) => seen.push(text.keyOf(ref))); while (cursor !== 0);
    assertEquals(seen.length, count);
    assertEquals(new Set(seen).size, count);
  }
});

Deno.test("any cursor at all is taken, and leads to the end", () => {
  const random = new Random(seed());
  const text = new TextTable();
  for (let i = 0; i < 1100; i++) text.add(`k${i}`);
  assert(text.table.isResizing);
  for (let i = 0; i < 200; i++) {
    let cursor = random.below(2 ** 32);
    let steps = 0;
    do {
      cursor = text.table.scan(cursor, () => {});
      assertLess(++steps, 5000);
    } while (cursor !== 0);
  }
});

Deno.test("a random pick reaches every key, also while the table is resized", () => {
  const random = new Random(seed());
  const uint32 = () => random.below(2 ** 32);
  for (const count of [1, 2, 7, 16, 17, 600]) {
    const text = new TextTable();
    for (let i = 0; i < count; i++) text.add(`k${i}`);
    const seen = new Set<string>();
    for (let i = 0; i < count * 100; i++) seen.add(text.keyOf(text.table.random(uint32)));
    assertEquals(seen.size, count);
  }
  assertEquals(new TextTable().table.random(uint32), 0);
});

Deno.test("a random pick finds the last keys of a table that was large", () => {
  const random = new Random(seed());
  const text = new TextTable();
  for (let i = 0; i < 20_000; i++) text.add(`k${i}`);
  for (let i = 3; i < 20_000; i++) text.remove(`k${i}`);
  let calls = 0;
  const uint32 = () => {
    calls++;
    return random.below(2 ** 32);
  };
  const seen = new Set<string>();
  for (let i = 0; i < 300; i++) seen.add(text.keyOf(text.table.random(uint32)));
  assertEquals(seen, new Set(["k0", "k1", "k2"]));
  assertLess(calls / 300, 200);
});

Deno.test("a walk comes to every record once, also while the table is resized", () => {
  const random = new Random(seed());
  const subject = new TextTable();
  const walk = new TableWalk();
  const keys = new Set<string>();
  let resizing = 0;
  for (let step = 0; step < 3_000; step++) {
    const key = `key:${random.below(1e6)}`;
    if (step >= 2_000) {
      const [any] = keys;
      subject.remove(any);
      keys.delete(any);
    } else if (!keys.has(key)) {
      keys.add(key);
      subject.add(key);
    }
    if (step % 7 !== 0) continue;
    if (subject.table.isResizing) resizing++;
    const found: string[] = [];
    walk.begin();
    while (walk.step(subject.table)) {
      for (let i = 0; i < walk.count; i++) found.push(subject.keyOf(walk.refs[i]));
    }
    assertEquals(found.length, keys.size);
    assertEquals(new Set(found), keys);
  }
  assert(resizing > 10);
});

Deno.test("a drain hands over every record in slices", () => {
  for (const count of [0, 1, 3, 600, 5000]) {
    const text = new TextTable();
    for (let i = 0; i < count; i++) text.add(`k${i}`);
    const seen = new Set<string>();
    let slices = 0;
    let most = 0;
    for (let more = true; more;) {
      const before = seen.size;
      more = text.table.drain(10, (ref) => {
        seen.add(text.keyOf(ref));
        text.arena.free(ref);
      });
      most = Math.max(most, seen.size - before);
      slices++;
      assertEquals(text.table.count, count - seen.size);
    }
    assertEquals(seen.size, count);
    assertEquals(text.arena.usedBytes, 0);
    assert(slices >= count / 30, `${slices} slices`);
    assertLess(most, 30);
    text.add("again");
    assert(text.find("again") !== 0);
  }
});

Deno.test("a table with room reserved does not resize on the way", () => {
  const text = new TextTable();
  text.add("first");
  text.table.reserve(3000);
  for (let i = 0; i < 3000; i++) {
    text.add(`k${i}`);
    assertEquals(text.table.isResizing, false);
  }
  assert(text.find("first") !== 0);
});

Deno.test("removing a record that is not there is noticed", () => {
  const text = new TextTable();
  text.add("here");
  const ref = text.add("gone");
  text.table.remove(ref);
  assertThrows(() => text.table.remove(ref), InvariantError);
});
