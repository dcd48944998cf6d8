import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { bytesOf, dataOf } from "../../../lib/bytes/copy.ts";
import { type KeyQueue, KeyQueues } from "../../../lib/engine/key_queues.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { Random, seed } from "../bytes/random.ts";

Deno.test("queues are found by their keys, be hashes equal, and however often one is used again", () => {
  const random = new Random(seed());
  const { databases } = new EngineHarness().engine.context.store;
  const queues = new KeyQueues<string>(databases.length);
  const model = new Map<string, KeyQueue<string>>();
  for (let step = 0; step < 5_000; step++) {
    const db = databases[random.below(2)];
    const key = random.text("ab", 4) + "x".repeat(random.below(2) * 300);
    const data = dataOf(fromLatin1(key));
    const hash = key.length % 3;
    const found = queues.find(db, hash, data, 0, key.length);
    const name = `${db.index} ${key}`;
    assertEquals(found === undefined, !model.has(name));
    if (found === undefined) {
      const queue = queues.add(db, hash, data, 0, key.length);
      queue.waiters.set(name, 1);
      model.set(name, queue);
    } else {
      assert(found === model.get(name));
      assertEquals(latin1(bytesOf(found.key, 0, found.key.byteLength)), key);
      assertEquals([...found.waiters], [[name, 1]]);
      if (random.below(2) === 0) continue;
      found.waiters.clear();
      queues.remove(found);
      model.delete(name);
    }
    assertEquals(queues.size, model.size);
  }
  const listed = databases.flatMap((db) => [...queues.of(db)].flatMap((queue) => queue.waiters));
  assertEquals(listed.flatMap((waiters) => [...waiters.keys()]).sort(), [...model.keys()].sort());
  assertEquals([...queues.all()].length, model.size);
});
