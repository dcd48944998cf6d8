import { assertEquals } from "@std/assert";
import { type Deadline, Deadlines } from "../../../lib/engine/deadlines.ts";
import { SeededRandom } from "../../support/fake_host.ts";

Deno.test("deadlines come in order whatever was added and removed before", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const deadlines = new Deadlines<Deadline>();
  const model: Deadline[] = [];
  for (let i = 0; i < 20_000; i++) {
    if (random.below(5) < 3) {
      const entry = { dueMs: random.below(50), order: i, place: -1 };
      deadlines.add(entry);
      model.push(entry);
    } else if (model.length > 0) {
      const at = random.below(2) === 0
        ? model.indexOf(deadlines.first!)
        : random.below(model.length);
      const [entry] = model.splice(at, 1);
      deadlines.remove(entry);
      deadlines.remove(entry);
      assertEquals(entry.place, -1);
    }
    assertEquals(deadlines.size, model.length);
    if (i % 50 !== 0 || model.length === 0) continue;
    const first = model.reduce((a, b) =>
      b.dueMs < a.dueMs || (b.dueMs === a.dueMs && b.order < a.order) ? b : a
    );
    assertEquals(deadlines.first, first, `seed ${seed}, step ${i}`);
  }
});
