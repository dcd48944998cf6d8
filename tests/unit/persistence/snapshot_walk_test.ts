import { assert, assertEquals } from "@std/assert";
import { Snapshots } from "../../../lib/persistence/snapshot/snapshot.ts";
import type { SnapshotResult } from "../../../lib/persistence/snapshot/snapshot.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

const OPTIONS = { format: "rdb", aofPreamble: false, replication: null } as const;

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

Deno.test("what a slow sink gets is the same as what is written in one go", async () => {
  const redis = new EngineHarness({ config: { rdbcompression: "no" } });
  for (let i = 0; i < 60; i++) redis.run("SETRANGE", `key:${i}`, 99_999 + i, String(i));
  const snapshots = new Snapshots(redis.engine.context, { sliceMs: 0, stepsPerLook: 4 });
  const whole: Uint8Array[] = [];
  snapshots.saveNow(OPTIONS, (chunk) => void whole.push(chunk.slice()));
  const chunks: Uint8Array[] = [];
  let result: SnapshotResult | null = null;
  snapshots.begin({
    ...OPTIONS,
    sink: {
      write: (chunk) => {
        chunks.push(chunk);
        return new Promise((resolve) => setTimeout(resolve, 1));
      },
    },
    onDone: (done) => result = done,
  });
  while (result === null) {
    redis.clock.advance(0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const bytes = joined(whole);
  assertEquals(result, { status: "done", bytes: bytes.length, keys: 60 });
  // The order is another one, so is the checksum.
  const written = joined(chunks);
  assertEquals(written.length, bytes.length);
  assertEquals(written.at(-9), 0xff);
});

Deno.test("FLUSHALL while a snapshot runs takes the same time however many keys there are", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 5000; i++) redis.run("SET", `key:${i}`, "value");
  const { store } = redis.engine.context;
  const snapshots = new Snapshots(redis.engine.context);
  let result: SnapshotResult | null = null;
  const snapshot = snapshots.begin({
    ...OPTIONS,
    sink: { write: () => {} },
    onDone: (done) => result = done,
  });
  redis.run("FLUSHALL");
  assertEquals(snapshot.keysDone, 0, "nothing had to be written before");
  assertEquals(store.keyCount, 0);
  redis.run("SET", "new", "key");
  redis.clock.advance(0);
  assert(result !== null);
  assertEquals((result as SnapshotResult).status, "done");
  assertEquals(snapshot.keysDone, 5000);
  assertEquals(store.lazyFree.pendingObjects, 5000);
  while (store.lazyFree.tick(1, redis.clock));
  assertEquals(store.state.arena.isShared, false);
});

Deno.test("a snapshot that is given up leaves nothing behind", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 100; i++) redis.run("SET", `key:${i}`, "value");
  const { store, keyspace } = redis.engine.context;
  const snapshots = new Snapshots(redis.engine.context, { sliceMs: 0, stepsPerLook: 1 });
  const results: SnapshotResult[] = [];
  const snapshot = snapshots.begin({
    ...OPTIONS,
    sink: { write: () => {} },
    onDone: (done) => results.push(done),
  });
  snapshot.abort("by the test");
  snapshot.abort("again");
  assertEquals(results, [{ status: "aborted", reason: "by the test" }]);
  assertEquals(snapshots.current, null);
  assertEquals(keyspace.preserver, null);
  assertEquals(store.state.preservesEntries, false);
  assertEquals(store.state.arena.isShared, false);
  assertEquals(redis.clock.pending, 0);
});
