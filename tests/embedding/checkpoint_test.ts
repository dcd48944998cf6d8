/** Checkpoints as a client of the server sees them: what waits, watches and follows keys. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { connect, show } from "../support/resp_client.ts";

Deno.test("a checkpoint that goes out of scope takes the data back", async () => {
  await using server = await startServer();
  server.send("SET", "k", "before", "PX", 100_000);
  {
    using checkpoint = server.checkpoint();
    server.send("SET", "k", "after");
    server.send("RPUSH", "list", 1, 2, 3);
    server.send("FLUSHALL");
    server.send("SET", "other", "x");
    assertEquals(checkpoint.isOpen, true);
  }
  assertEquals(server.send("KEYS", "*"), ["k"]);
  assertEquals(server.send("GET", "k"), "before");
  assert(Number(server.send("PTTL", "k")) > 90_000);
});

Deno.test("checkpoints within checkpoints, kept, released and by name", async () => {
  await using server = await startServer();
  const outer = server.checkpoint("outer");
  server.send("SET", "a", 1);
  const inner = server.checkpoint("inner");
  server.send("SET", "a", 2);
  server.rollbackTo("inner");
  assertEquals([server.send("GET", "a"), inner.isOpen], ["1", true]);
  server.send("SET", "a", 3);
  inner.release();
  assertEquals([server.send("GET", "a"), inner.isOpen, outer.changedKeys], ["3", false, 1]);
  assertThrows(() => inner.rollback(), Error, `checkpoint "inner" is over`);
  assertThrows(() => server.rollbackTo("inner"), Error, `no checkpoint "inner" is open`);
  const third = server.checkpoint();
  server.send("SWAPDB", 0, 1);
  outer.rollback();
  assertEquals([server.send("DBSIZE"), third.isOpen], [0, false]);
  third[Symbol.dispose]();
});

Deno.test("going back aborts who watches, invalidates and wakes who waits", async () => {
  await using server = await startServer();
  await using watching = await connect(server.port);
  await using tracking = await connect(server.port, { resp: 3 });
  await using waiting = await connect(server.port);
  server.send("SET", "text", "old");
  server.send("RPUSH", "list", "kept");
  server.send("SET", "untouched", "x");
  const checkpoint = server.checkpoint();
  server.send("SET", "text", "new");
  server.send("DEL", "list");
  await watching.send("WATCH", "text");
  await tracking.send("CLIENT", "TRACKING", "ON");
  await tracking.send("GET", "text");
  await tracking.send("GET", "untouched");
  await waiting.write("BLPOP", "list", 0);
  while (server.send("INFO", "clients")?.toString().includes("blocked_clients:0")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  checkpoint.rollback();
  assertEquals(show(await waiting.nextReply()), `1) "list"\n2) "kept"`);
  assertEquals(show(await tracking.nextPush()), `1> "invalidate"\n2> 1) "text"`);
  await watching.send("MULTI");
  await watching.send("GET", "text");
  assertEquals(show(await watching.send("EXEC")), "(nil)");
});

Deno.test("a flushed database that comes back aborts who watches and wakes who waits", async () => {
  await using server = await startServer();
  await using watching = await connect(server.port);
  await using waiting = await connect(server.port);
  server.send("RPUSH", "list", "kept");
  server.send("SET", "text", "old");
  const checkpoint = server.checkpoint();
  server.send("FLUSHALL");
  await watching.send("WATCH", "text");
  await waiting.write("BLPOP", "list", 0);
  while (server.send("INFO", "clients")?.toString().includes("blocked_clients:0")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  checkpoint.rollback();
  assertEquals(show(await waiting.nextReply()), `1) "list"\n2) "kept"`);
  await watching.send("MULTI");
  assertEquals(show(await watching.send("EXEC")), "(nil)");
});

Deno.test("who reads in a group learns that going back took the stream away", async () => {
  await using server = await startServer();
  await using reader = await connect(server.port);
  const checkpoint = server.checkpoint();
  server.send("XGROUP", "CREATE", "stream", "group", "$", "MKSTREAM");
  const words = ["GROUP", "group", "me", "BLOCK", "0", "STREAMS", "stream", ">"];
  await reader.write("XREADGROUP", ...words);
  while (server.send("INFO", "clients")?.toString().includes("blocked_clients:0")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  checkpoint.rollback();
  assert(show(await reader.nextReply()).startsWith("(error) "));
});

Deno.test("an append-only file holds what the data went back to", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  const directives = { dir: directory, appendonly: "yes" };
  try {
    {
      await using server = await startServer({ directives });
      server.send("HSET", "hash", "f", "v");
      server.send("SET", "text", "old", "EX", 1000);
      const checkpoint = server.checkpoint();
      server.send("HSET", "hash", "f", "changed");
      server.send("SET", "new", "x");
      server.send("DEL", "text");
      checkpoint.reset();
      server.send("FLUSHALL");
      checkpoint.rollback();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await using server = await startServer({ directives });
    assertEquals(server.send("DBSIZE"), 2);
    assertEquals(server.send("HGET", "hash", "f"), "v");
    assert(Number(server.send("TTL", "text")) > 900);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("old states count for no memory limit", async () => {
  const directives = { "maxmemory-policy": "allkeys-lru" };
  await using server = await startServer({ directives });
  const value = "x".repeat(900);
  for (let i = 0; i < 1000; i++) server.send("SET", `k${i}`, value);
  const used = Number(/used_memory:(\d+)/.exec(String(server.send("INFO", "memory")))?.[1]);
  server.send("CONFIG", "SET", "maxmemory", used + 200_000);
  using _checkpoint = server.checkpoint();
  for (let i = 0; i < 1000; i++) server.send("APPEND", `k${i}`, "y");
  assertEquals(server.send("DBSIZE"), 1000);
});

Deno.test("a checkpoint takes microseconds, and so does going back over a few changes", async () => {
  await using server = await startServer();
  for (let i = 0; i < 20; i++) {
    const pairs = Array.from({ length: 1000 }, (_, j) => [`key:${i}:${j}`, "value"]).flat();
    server.send("MSET", ...pairs);
  }
  const times: number[] = [];
  for (let round = 0; round < 50; round++) {
    const started = performance.now();
    const checkpoint = server.checkpoint();
    const made = performance.now();
    for (let i = 0; i < 10; i++) server.send("SET", `key:${i}:${round}`, "other");
    const changed = performance.now();
    checkpoint.rollback();
    times.push(made - started + performance.now() - changed);
  }
  // A copy of 20,000 keys takes 10 ms and more, even on a machine that does nothing else.
  const best = Math.min(...times);
  assert(best < 2, `${best} ms`);
  assertEquals(server.send("GET", "key:1:1"), "value");
});
