/**
 * Who changes a huge value that a snapshot has not saved yet waits until it has, over connections:
 * what follows it, who is served meanwhile, clients that go away, snapshots that are given up.
 */

import { assert, assertEquals } from "@std/assert";
import { SnapshotLoader } from "../../lib/persistence/snapshot/loader.ts";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import type { Snapshot, SnapshotResult } from "../../lib/persistence/snapshot/snapshot.ts";
import { inputOf } from "../../lib/rdb/rdb_input.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { LocalServer, settle } from "../support/local_server.ts";
import { encodeCommand, type RespClient, show } from "../support/resp_client.ts";

const PACE = { sliceMs: 0, stepsPerLook: 1 };
const HUGE = { elements: 1000, bytes: 1 << 20, asideBytes: 1 << 16, mostAsideBytes: 1 << 20 };
const ELEMENTS = Array.from({ length: 3000 }, (_, i) => `e${i}`);
/** Larger than what may be put aside. */
const LONG_TEXT = "x".repeat(100_000);

class SavingServer extends LocalServer {
  readonly snapshots = new Snapshots(this.engine.context, PACE, HUGE);
  result: SnapshotResult | null = null;
  private readonly chunks: Uint8Array[] = [];
  private slice: (() => void) | null = null;

  /** Makes the cut; nothing is written before {@linkcode save}. */
  begin(
    write = (chunk: Uint8Array): Promise<void> | void => void this.chunks.push(chunk),
  ): Snapshot {
    this.engine.context.scripts.beginTurn = () => this.turn.begin();
    const { schedule } = this.clock;
    this.clock.schedule = (_delayMs, task) => {
      this.slice = task;
      return { cancel: () => this.slice = null };
    };
    const snapshot = this.snapshots.begin({
      format: "rdb",
      aofPreamble: false,
      replication: null,
      sink: { write },
      onDone: (result) => {
        this.result = result;
        this.clock.schedule = schedule;
      },
    });
    return snapshot;
  }

  /** One slice of the snapshot. */
  async step(): Promise<void> {
    const { slice } = this;
    this.slice = null;
    slice?.();
    await settle();
  }

  /** Whether the snapshot waits for its sink. */
  get stands(): boolean {
    return this.slice === null;
  }

  /** The rest of the snapshot. */
  async save(): Promise<void> {
    for (let left = 100_000; this.result === null && left > 0; left--) {
      const { slice } = this;
      this.slice = null;
      slice?.();
      if (slice === null) await settle();
    }
    await settle();
    assertEquals(this.result?.status, "done");
    assertEquals(this.engine.context.delayedWriters.count, 0);
    assertEquals(this.engine.context.memory.keptBytes, 0);
  }

  /** What the snapshot holds. */
  saved(): EngineHarness {
    const redis = new EngineHarness();
    let size = 0;
    for (const chunk of this.chunks) size += chunk.length;
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const { context } = redis.engine;
    context.loading.begin(0);
    const loader = new SnapshotLoader(context, inputOf(bytes), { dropsExpired: false });
    while (loader.slice(Infinity));
    context.loading.end();
    return redis;
  }
}

async function clients(server: LocalServer, count: number): Promise<RespClient[]> {
  const all: RespClient[] = [];
  for (let i = 0; i < count; i++) all.push(await server.connect());
  await all[0].send("RPUSH", "huge", ...ELEMENTS);
  return all;
}

async function ask(client: RespClient, ...words: (string | number)[]): Promise<string> {
  return show(await client.send(...words));
}

Deno.test("a change of a huge value waits for the snapshot, and all others are served", async () => {
  using server = new SavingServer();
  const [writer, other] = await clients(server, 2);
  await ask(other, "SET", "small", 1);
  const snapshot = server.begin();
  const replies = writer.pipeline([["RPUSH", "huge", "new"], ["SET", "behind", 1], ["PING"]]);
  await settle();
  assertEquals(await ask(other, "LLEN", "huge"), "(integer) 3000");
  assertEquals(await ask(other, "LRANGE", "huge", 0, 0), '1) "e0"');
  assertEquals(await ask(other, "INCR", "small"), "(integer) 2");
  assertEquals(await ask(other, "EXISTS", "behind"), "(integer) 0");
  assertEquals(await ask(other, "RPUSH", "fresh", ...ELEMENTS), "(integer) 3000");
  assertEquals(await ask(other, "RPUSH", "fresh", "more"), "(integer) 3001");
  assertEquals(snapshot.keysDone, 1, "only what changed was written");
  await server.save();
  assertEquals((await replies).map(show), ["(integer) 3001", "OK", "PONG"]);
  assertEquals(snapshot.finishedForWriters, 0);
  assertEquals(server.saved().run("LLEN", "huge"), "(integer) 3000");
  assertEquals(server.saved().run("GET", "small"), '"1"');
});

Deno.test("what waited for a huge value runs in the order in which it came, before the rest is saved", async () => {
  using server = new SavingServer();
  const all = await clients(server, 4);
  for (let i = 0; i < 500; i++) await ask(all[0], "SET", `key:${i}`, i);
  const snapshot = server.begin();
  const replies: Promise<unknown>[] = [];
  for (const [i, client] of all.slice(0, 3).entries()) {
    replies.push(client.send("RPUSH", "huge", `by ${i}`));
    await settle();
  }
  assertEquals(server.engine.context.delayedWriters.count, 3);
  for (let left = 1000; server.engine.context.delayedWriters.count > 0; left--) {
    assert(left > 0, "the value is saved");
    await server.step();
  }
  await Promise.all(replies);
  assertEquals(await ask(all[3], "LRANGE", "huge", -3, -1), '1) "by 0"\n2) "by 1"\n3) "by 2"');
  assert(snapshot.keysDone < 10, `${snapshot.keysDone} keys were saved before`);
  await server.save();
});

Deno.test("a transaction waits as a whole, and so does a script that declares its keys", async () => {
  using server = new SavingServer();
  const [writer, other, scripted] = await clients(server, 3);
  await ask(other, "EVAL", "return 1", 0);
  const snapshot = server.begin();
  const replies = writer.pipeline([["MULTI"], ["SET", "a", 1], ["SELECT", 0], [
    "LPOP",
    "huge",
  ], ["EXEC"]]);
  const script = scripted.send("EVAL", "return redis.call('RPOP', KEYS[1])", 1, "huge");
  await settle();
  assertEquals(await ask(other, "EXISTS", "a"), "(integer) 0");
  assertEquals(server.engine.context.delayedWriters.count, 2);
  assertEquals(
    await ask(other, "EVAL_RO", "return redis.call('LLEN', KEYS[1])", 1, "huge"),
    "(integer) 3000",
  );
  await server.save();
  assertEquals(show((await replies)[4]), '1) OK\n2) OK\n3) "e0"');
  assertEquals(show(await script), '"e2999"');
  assertEquals(snapshot.finishedForWriters, 0);
  assertEquals(server.saved().run("EXISTS", "a"), "(integer) 0");
  assertEquals(server.saved().run("LLEN", "huge"), "(integer) 3000");
});

Deno.test("a client that goes away while it waits for a snapshot changes nothing", async () => {
  using server = new SavingServer();
  const [other, killed] = await clients(server, 2);
  const id = show(await killed.send("CLIENT", "ID")).replace(/\D/g, "");
  const gone = await server.open();
  server.begin();
  await gone.write(encodeCommand(["RPUSH", "huge", "gone"]));
  const reply = killed.send("RPUSH", "huge", "killed").catch(() => "closed");
  await settle();
  assertEquals(server.engine.context.delayedWriters.count, 2);
  assertEquals(await ask(other, "CLIENT", "UNBLOCK", id), "(integer) 0");
  assertEquals(await ask(other, "CLIENT", "KILL", "ID", id), "(integer) 1");
  gone.close();
  await settle();
  assertEquals(server.engine.context.delayedWriters.count, 0);
  assertEquals(await reply, "closed");
  await server.save();
  assertEquals(await ask(other, "LLEN", "huge"), "(integer) 3000");
});

Deno.test("a snapshot that is given up or fails keeps nobody waiting", async () => {
  for (const ending of ["given up", "failed"]) {
    using server = new SavingServer();
    const [writer] = await clients(server, 1);
    const snapshot = server.begin(() => {
      throw new Error("the disk is full");
    });
    const reply = writer.send("RPUSH", "huge", "new");
    await settle();
    assertEquals(server.engine.context.delayedWriters.count, 1);
    if (ending === "given up") snapshot.abort("by the test");
    for (let left = 1000; server.result === null && left > 0; left--) await server.step();
    assertEquals(show(await reply), "(integer) 3001");
    assertEquals(server.result?.status, ending === "given up" ? "aborted" : "failed");
    assertEquals(server.engine.dispatcher.gate, 0);
  }
});

Deno.test("a huge value that is removed goes to the snapshot, and nobody waits", async () => {
  using server = new SavingServer();
  const [writer, other] = await clients(server, 2);
  await ask(writer, "SADD", "dying", ...ELEMENTS);
  await ask(writer, "PEXPIRE", "dying", 1000);
  const dueMs = server.clock.unixMs() + 1000;
  const used = server.engine.context.store.usedBytes;
  const snapshot = server.begin();
  const waiting = other.send("RPUSH", "huge", "new");
  await settle();
  assertEquals(await ask(writer, "DEL", "huge"), "(integer) 1");
  assertEquals(show(await waiting), "(integer) 1", "what was waited for is gone");
  server.clock.advance(1000);
  assertEquals(await ask(writer, "SCARD", "dying"), "(integer) 0");
  assertEquals(await ask(writer, "SADD", "dying", "new"), "(integer) 1");
  const { memory, store } = server.engine.context;
  assert(memory.usedBytes < used / 2, "it does not count any more");
  assertEquals([snapshot.keysDone, snapshot.finishedForWriters], [0, 0]);
  await server.save();
  while (store.lazyFree.tick(1, server.clock));
  assert(store.usedBytes < used / 2, "it is freed");
  const saved = server.saved();
  assertEquals(saved.run("LLEN", "huge"), "(integer) 3000");
  saved.clock.jumpTo(dueMs - 1);
  assertEquals(saved.run("SCARD", "dying"), "(integer) 3000");
  assertEquals(saved.run("PEXPIRETIME", "dying"), `(integer) ${dueMs}`);
});

Deno.test("a huge value that is removed while it is written keeps its expiry in the snapshot", async () => {
  for (let steps = 0; steps < 6; steps++) {
    using server = new SavingServer();
    const [writer, other] = await clients(server, 2);
    await ask(writer, "PEXPIREAT", "huge", 2_000_000_000_000);
    server.begin();
    const waiting = other.send("RPUSH", "huge", "new");
    await settle();
    for (let left = steps; left > 0; left--) await server.step();
    assertEquals(await ask(writer, "DEL", "huge"), "(integer) 1");
    await waiting;
    await server.save();
    const saved = server.saved();
    assertEquals(saved.run("PEXPIRETIME", "huge"), "(integer) 2000000000000", `${steps} steps`);
    assertEquals(saved.run("LLEN", "huge"), "(integer) 3000");
  }
});

Deno.test("fields that are past their time are gone, though their hash is not changed yet", async () => {
  using server = new SavingServer();
  const [writer, other] = await clients(server, 2);
  await ask(writer, "HSET", "hash", ...ELEMENTS.flatMap((name) => [name, "v"]));
  await ask(writer, "HPEXPIRE", "hash", 10, "FIELDS", 2, "e1", "e2");
  const snapshot = server.begin();
  server.clock.advance(10);
  assertEquals(await ask(other, "HMGET", "hash", "e1", "e3"), '1) (nil)\n2) "v"');
  server.turn.begin();
  server.engine.expiry.tick(10, server.clock);
  await settle();
  assertEquals([snapshot.keysDone, snapshot.finishedForWriters], [0, 0]);
  await server.save();
  assertEquals(await ask(other, "HLEN", "hash"), "(integer) 2998");
  assertEquals(server.saved().run("HLEN", "hash"), "(integer) 3000");
});

Deno.test("small changes wait when much is put aside while a huge value is being written", async () => {
  using server = new SavingServer({ config: { rdbcompression: "no" } });
  const [writer, other] = await clients(server, 2);
  for (const name of ["a", "b", "c"]) await ask(writer, "SET", name, LONG_TEXT);
  const snapshot = server.begin();
  const push = writer.send("RPUSH", "huge", "new");
  await settle();
  await server.step();
  assertEquals(await ask(other, "APPEND", "a", "x"), "(integer) 100001");
  const append = other.send("APPEND", "b", "x");
  await settle();
  assertEquals(server.engine.context.delayedWriters.count, 2);
  await server.save();
  assertEquals([show(await push), show(await append)], ["(integer) 3001", "(integer) 100001"]);
  assertEquals(snapshot.finishedForWriters, 0);
  assertEquals(server.saved().run("STRLEN", "b"), "(integer) 100000");
});

Deno.test("what is waited for is saved though the sink takes nothing more for now", async () => {
  using server = new SavingServer({ config: { rdbcompression: "no" } });
  const [writer] = await clients(server, 1);
  for (let i = 0; i < 60; i++) await ask(writer, "SETRANGE", `long:${i}`, 99_999, i);
  server.begin(() => new Promise(() => {}));
  while (!server.stands) await server.step();
  const reply = writer.send("RPUSH", "huge", "new");
  await settle();
  assertEquals(server.engine.context.delayedWriters.count, 1);
  for (let left = 1000; server.engine.context.delayedWriters.count > 0 && left > 0; left--) {
    await server.step();
  }
  assertEquals(show(await reply), "(integer) 3001");
  server.snapshots.current?.abort("the end");
});

Deno.test("FLUSHALL and a client that is served from another database are not kept waiting", async () => {
  using server = new SavingServer({ config: { rdbcompression: "no" } });
  const [writer, other, blocked] = await clients(server, 3);
  await ask(blocked, "SELECT", 1);
  const popped = blocked.send("BLPOP", "huge", 0);
  const snapshot = server.begin();
  await settle();
  assertEquals(await ask(other, "SWAPDB", 0, 1), "OK");
  assertEquals([snapshot.keysDone, snapshot.finishedForWriters], [0, 0]);
  await server.save();
  assertEquals(show(await popped), '1) "huge"\n2) "e0"');
  assertEquals(server.saved().run("LLEN", "huge"), "(integer) 3000");
  server.result = null;
  await ask(writer, "SWAPDB", 0, 1);
  const second = server.begin();
  const push = writer.send("RPUSH", "huge", "new");
  await settle();
  assertEquals(await ask(other, "FLUSHALL"), "OK");
  assertEquals(show(await push), "(integer) 1");
  assertEquals([second.keysDone, second.finishedForWriters], [0, 0]);
  await server.save();
});
