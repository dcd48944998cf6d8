import { assert, assertEquals, assertLess } from "@std/assert";
import { ExpiryIndex } from "../../../lib/store/expiry_index.ts";
import { Arena } from "../../../lib/structures/arena.ts";
import { ENTRY_KEY_OFFSET, EXPIRY_WORD, readWord, writeWord } from "../../../lib/values/entry.ts";
import { Random, seed } from "../bytes/random.ts";

function newEntry(arena: Arena): number {
  const ref = arena.allocate(ENTRY_KEY_OFFSET);
  writeWord(arena, ref, EXPIRY_WORD, 0);
  return ref;
}

Deno.test("the index agrees with a sorted model", () => {
  const random = new Random(seed());
  const arena = new Arena();
  const index = new ExpiryIndex(arena);
  const model = new Map<number, number>();
  const refs = Array.from({ length: 3000 }, () => newEntry(arena));
  for (let step = 0; step < 60_000; step++) {
    const at = random.below(refs.length);
    const ref = refs[at];
    const choice = random.below(10);
    if (choice < (Math.floor(step / 15_000) % 2 === 0 ? 7 : 3)) {
      // Few different times, so that many are equal.
      const time = random.below(500);
      index.set(ref, time);
      model.set(ref, time);
    } else if (choice < 9) {
      assertEquals(index.remove(ref), model.delete(ref));
    } else {
      const moved = arena.allocate(ENTRY_KEY_OFFSET);
      writeWord(arena, moved, EXPIRY_WORD, readWord(arena, ref, EXPIRY_WORD));
      index.moved(ref, moved);
      if (model.has(ref)) model.set(moved, model.get(ref)!);
      model.delete(ref);
      arena.free(ref);
      refs[at] = moved;
    }
    assertEquals(index.count, model.size);
    assertEquals(index.timeOf(refs[at]), model.get(refs[at]) ?? -1);
    if (step % 500 === 0) checkAll(index, model);
  }
  const times = [...model.values()].sort((a, b) => a - b);
  for (const time of times) {
    assertEquals(index.soonestTime(), time);
    assertEquals(model.get(index.soonest()), time);
    index.remove(index.soonest());
  }
  assertEquals(index.count, 0);
  assertEquals(index.soonest(), 0);
  assertEquals(index.soonestTime(), Infinity);
});

function checkAll(index: ExpiryIndex, model: Map<number, number>): void {
  let soonest = Infinity;
  let sum = 0;
  for (const [ref, time] of model) {
    assertEquals(index.timeOf(ref), time);
    soonest = Math.min(soonest, time);
    sum += time;
  }
  assertEquals(index.soonestTime(), soonest);
  for (let place = 0; place < index.count; place++) {
    assertEquals(model.get(index.refAt(place)), index.timeAt(place));
  }
  if (model.size > 0) assertEquals(index.averageTtl(0), Math.round(sum / model.size));
}

Deno.test("the index gives its memory back as keys leave it", () => {
  const arena = new Arena();
  const index = new ExpiryIndex(arena);
  const empty = index.memoryBytes;
  const refs = Array.from({ length: 150_000 }, () => newEntry(arena));
  refs.forEach((ref, i) => index.set(ref, 1000 + i * 7 % 1000));
  assert(index.memoryBytes >= 150_000 * 12);
  for (const ref of refs) index.remove(ref);
  assertLess(index.memoryBytes, empty + 1_000_000);
  assertEquals(index.averageTtl(0), 0);
});

Deno.test("times beyond 2^53 are kept to the last digit", () => {
  const arena = new Arena();
  const index = new ExpiryIndex(arena);
  const [a, b, c] = [newEntry(arena), newEntry(arena), newEntry(arena)];
  index.setExact(a, 2n ** 63n - 1n);
  index.setExact(b, 2n ** 63n - 2n);
  index.setExact(c, 1_700_000_000_001n);
  assertEquals(index.exactTimeOf(a), 2n ** 63n - 1n);
  assertEquals(index.exactTimeOf(b), 2n ** 63n - 2n);
  assertEquals(index.exactTimeOf(c), 1_700_000_000_001n);
  assertEquals(index.soonest(), c);
  index.set(a, 5);
  assertEquals(index.exactTimeOf(a), 5n);
  index.setExact(a, 2n ** 60n + 1n);
  index.remove(a);
  index.set(a, 2 ** 60);
  assertEquals(index.exactTimeOf(a), 2n ** 60n);
  const moved = newEntry(arena);
  writeWord(arena, moved, EXPIRY_WORD, readWord(arena, b, EXPIRY_WORD));
  index.moved(b, moved);
  assertEquals(index.exactTimeOf(moved), 2n ** 63n - 2n);
});
