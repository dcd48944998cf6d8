import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../../lib/structures/arena.ts";
import { IdTable } from "../../../lib/structures/id_table.ts";
import { StreamId } from "../../../lib/structures/stream_id.ts";
import { Random, seed } from "../bytes/random.ts";

function contents(table: IdTable): [string, number][] {
  const found: [string, number][] = [];
  const id = new StreamId();
  for (let more = table.first(); more; more = table.next()) {
    table.readId(id);
    found.push([id.toString(), table.word(0)]);
  }
  assertEquals(found.length, table.size);
  return found;
}

function sorted(model: Map<bigint, number>): [string, number][] {
  const keys = [...model.keys()].sort((a, b) => a < b ? -1 : 1);
  return keys.map((key) => [`${key >> 8n}-${key & 255n}`, model.get(key)!]);
}

for (const words of [1, 5]) {
  Deno.test(`records of ${words} words are found by id, in order, whatever comes and goes`, () => {
    const random = new Random(seed());
    const arena = new Arena();
    const before = [arena.usedBytes, arena.outsideBytes];
    const table = new IdTable(arena, words);
    const model = new Map<bigint, number>();
    for (let step = 0; step < 20_000; step++) {
      // Grows, then shrinks; now and then at the end only, as streams do.
      const grows = step < 10_000 ? 3 : 1;
      const key = step % 3 === 0 ? BigInt(step * 4) : BigInt(random.below(80_000));
      const id = StreamId.of(key >> 8n, key & 255n);
      assertEquals(table.find(id), model.has(key));
      if (random.below(4) < grows) {
        if (step % 2 === 0) assertEquals(table.put(id), !model.has(key));
        else if (!model.has(key)) table.insert(id);
        table.setWord(0, step);
        model.set(key, step);
      } else {
        const more = table.seek(id);
        const keys = [...model.keys()].filter((other) => other >= key);
        assertEquals(more, keys.length > 0);
        if (!more) continue;
        table.readId(id);
        table.remove();
        model.delete(id.ms << 8n | id.seq);
      }
      if (step % 2_000 === 0) assertEquals(contents(table), sorted(model));
    }
    assertEquals(contents(table), sorted(model));
    const copy = table.copy();
    assertEquals(contents(copy), sorted(model));
    assertEquals(
      arena.usedBytes + arena.outsideBytes - before[0] - before[1],
      table.memoryBytes + copy.memoryBytes,
    );
    while (table.drain(100));
    assertEquals(contents(copy), sorted(model));
    while (copy.drain(100));
    assertEquals([arena.usedBytes, arena.outsideBytes], before);
  });
}

Deno.test("records that come in order take little more than their bytes", () => {
  const table = new IdTable(new Arena(), 5);
  const id = new StreamId();
  for (let i = 0; i < 100_000; i++) {
    id.increment();
    table.insert(id);
  }
  assert(table.memoryBytes / 100_000 < 40, `${table.memoryBytes / 100_000} bytes each`);
});
