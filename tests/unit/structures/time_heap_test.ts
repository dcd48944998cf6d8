import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { TimeHeap } from "../../../lib/structures/time_heap.ts";
import { Random, seed } from "../bytes/random.ts";

/** Keeps the places of its records in a map. */
class MapHeap extends TimeHeap {
  readonly places: Map<number, number> = new Map();

  set(ref: number, time: number): void {
    const place = this.places.get(ref);
    if (place === undefined) this.add(ref, time);
    else this.changeTime(place, time);
  }

  remove(ref: number): void {
    this.removeAt(this.places.get(ref)!);
    this.places.delete(ref);
  }

  move(ref: number, moved: number): void {
    const place = this.places.get(ref)!;
    this.places.delete(ref);
    this.places.set(moved, place);
    this.setRefAt(place, moved);
  }

  protected setPlace(ref: number, place: number): void {
    this.places.set(ref, place);
  }
}

for (const firstChunk of [1, 4, 1024]) {
  Deno.test(`a heap that begins with room for ${firstChunk} agrees with a model`, () => {
    const random = new Random(seed());
    const heap = new MapHeap(firstChunk);
    const model = new Map<number, number>();
    for (let step = 0; step < 8000; step++) {
      const ref = 1 + random.below(400);
      const growing = Math.floor(step / 2000) % 2 === 0;
      if (random.below(10) < (growing ? 7 : 3)) {
        const time = random.below(300);
        heap.set(ref, time);
        model.set(ref, time);
      } else if (model.has(ref)) {
        if (random.below(4) === 0) {
          heap.move(ref, 1000 + step);
          model.set(1000 + step, model.get(ref)!);
        } else heap.remove(ref);
        model.delete(ref);
      }
      assertEquals(heap.count, model.size);
      if (step % 50 !== 0) continue;
      for (const [known, time] of model) {
        const place = heap.places.get(known)!;
        assertEquals([heap.refAt(place), heap.timeAt(place)], [known, time]);
      }
      const limit = random.below(300);
      const due = [...model.values()].filter((time) => time <= limit).length;
      assertEquals(heap.countUpTo(limit), due);
      const soonest = Math.min(...model.values());
      assertEquals(heap.soonestTime(), soonest);
      assertEquals(model.get(heap.soonest()) ?? Infinity, soonest);
    }
  });
}

Deno.test("a heap grows in chunks and gives most of them back", () => {
  const heap = new MapHeap(4);
  assertEquals(heap.memoryBytes, 0);
  heap.set(1, 1);
  assertEquals(heap.memoryBytes, 48);
  for (let ref = 2; ref <= 100_000; ref++) heap.set(ref, ref % 977);
  assertGreater(heap.memoryBytes, 1_200_000 - 1);
  for (let time = 0; heap.count > 10;) {
    assertLess(time - 1, heap.soonestTime());
    time = heap.soonestTime();
    heap.remove(heap.soonest());
  }
  assertLess(heap.memoryBytes, 1_000_000);
});
