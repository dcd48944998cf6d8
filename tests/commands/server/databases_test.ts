/** DBSIZE, FLUSHDB, FLUSHALL, SWAPDB: whole databases. */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("FLUSHDB empties the selected database only, FLUSHALL all of them", () => {
  for (const how of [[], ["SYNC"], ["ASYNC"], ["async"]]) {
    const redis = filled();
    assertEquals(redis.run("FLUSHDB", ...how), "OK");
    assertEquals(sizes(redis), [0, 1]);
    assertEquals(redis.run("GET", "a"), "(nil)");
    assertEquals(redis.run("FLUSHALL", ...how), "OK");
    assertEquals(sizes(redis), [0, 0]);
    redis.run("SET", "new", "1");
    assertEquals(redis.run("GET", "new"), '"1"');
  }
});

Deno.test("what was flushed ASYNC is freed bit by bit", () => {
  const redis = new EngineHarness({ config: { "lazyfree-lazy-user-flush": "yes" } });
  for (let i = 0; i < 500; i++) redis.run("SET", `key:${i}`, "x".repeat(100));
  const { store, host } = redis.engine.context;
  redis.run("FLUSHALL");
  assertEquals(store.lazyFree.pendingObjects, 500);
  while (store.lazyFree.tick(1, host.clock));
  assertEquals(store.lazyFree.freedObjects, 500);
  assertEquals(store.state.arena.usedBytes, 0);
});

Deno.test("flushing is propagated as it was sent, also when there was nothing", () => {
  const redis = new EngineHarness();
  redis.run("FLUSHALL");
  redis.run("FLUSHDB", "ASYNC");
  assertEquals(redis.effects, ["FLUSHALL", "FLUSHDB ASYNC"]);
});

Deno.test("every key that is flushed counts as a change", () => {
  const redis = filled();
  const before = redis.engine.context.stats.dirty;
  redis.run("FLUSHALL");
  assertEquals(redis.engine.context.stats.dirty - before, 3);
});

Deno.test("listeners hear of databases that are flushed, while the keys are still there, or swapped", () => {
  const redis = filled();
  const heard: string[] = [];
  redis.engine.context.keyspace.listen({
    keyChanged: () => {},
    flushed: (db) => heard.push(`flushed ${db.index} with ${db.size}`),
    swapped: (a, b) => heard.push(`swapped ${a.index} ${b.index}`),
  });
  redis.run("SWAPDB", "0", "1");
  redis.run("SWAPDB", "1", "1");
  redis.run("FLUSHALL");
  assertEquals(heard, ["swapped 0 1", "flushed 0 with 1", "flushed 1 with 2"]);
});

Deno.test("SWAPDB exchanges two databases under all who use them", () => {
  const redis = filled();
  const other = redis.newSession();
  redis.replyTo(other, "SELECT", "1");
  assertEquals(redis.run("SWAPDB", "0", "1"), "OK");
  assertEquals(redis.run("GET", "a"), '"1"');
  assertEquals(redis.run("DBSIZE"), "(integer) 1");
  assertEquals(latin1(redis.bytesTo(other, "DBSIZE")), ":2\r\n");
  assertEquals(redis.effects.at(-1), "SWAPDB 0 1");
});

/** Keys a and b in database 0, a in database 1. */
function filled(): EngineHarness {
  const redis = new EngineHarness();
  redis.run("SELECT", "1");
  redis.run("SET", "a", "1");
  redis.run("SELECT", "0");
  redis.run("SET", "a", "0");
  redis.run("SET", "b", "0");
  return redis;
}

function sizes(redis: EngineHarness): number[] {
  return redis.engine.context.store.databases.slice(0, 2).map((db) => db.size);
}
