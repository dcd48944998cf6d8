/** The table of who has read what, against a naive one. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { TrackingTable } from "../../../lib/engine/tracking_table.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import { StoreState } from "../../../lib/store/store_state.ts";

const STEPS = 20_000;

function firstSeed(): number {
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  return seed;
}

Deno.test("keys and their readers are those of a map of sets", () => {
  const random = new SeededRandom(firstSeed());
  const state = new StoreState(random);
  const empty = state.arena.usedBytes;
  const table = new TrackingTable(state, random);
  const model = new Map<string, Set<number>>();
  for (let step = 0; step < STEPS; step++) {
    // Some keys have many readers, most have few; some have none of their bytes in ASCII.
    const key = `\xff\0key ${random.below(random.below(50) + 1)}`;
    const data = dataOf(fromLatin1(`..${key}`));
    const serial = 1 + random.below(random.below(3) === 0 ? 500 : 3);
    if (random.below(25) > 0) {
      table.add(data, 2, key.length, serial);
      const readers = model.get(key) ?? new Set();
      model.set(key, readers.add(serial));
    } else {
      const found = table.take(dataOf(fromLatin1(key)), key.length);
      assertEquals(found, [...model.get(key) ?? []].sort((a, b) => a - b));
      model.delete(key);
    }
    let items = 0;
    for (const readers of model.values()) items += readers.size;
    assertEquals([table.keyCount, table.readerCount], [model.size, items]);
    assertEquals(state.arena.isShared, model.size > 0);
  }
  const picked = table.randomKey();
  assertEquals(picked === null ? model.size === 0 : model.has(latin1(picked)), true);
  table.clear();
  assertEquals([table.keyCount, table.readerCount], [0, 0]);
  assertEquals([state.arena.usedBytes, state.arena.isShared], [empty, false]);
});

Deno.test("a key with a hundred thousand readers has them all", () => {
  const random = new SeededRandom(1);
  const state = new StoreState(random);
  const table = new TrackingTable(state, random);
  const key = dataOf(fromLatin1("key"));
  for (let serial = 1; serial <= 100_000; serial++) table.add(key, 0, 3, serial * 7);
  table.add(key, 0, 3, 7);
  const readers = table.take(key, 3);
  assertEquals([readers.length, readers[0], readers.at(-1)], [100_000, 7, 700_000]);
  assertEquals(state.arena.usedBytes, 0);
});
