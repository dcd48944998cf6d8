/** Client-side caching as libraries do it: node-redis keeps replies, and drops what it is told of. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Redis } from "ioredis";
import { BasicClientSideCache, createClient } from "redis";
import { startServerProcess } from "../support/server_process.ts";
import { until } from "./waiting.ts";

Deno.test("node-redis keeps replies until they are invalidated", async () => {
  await using server = await startServerProcess();
  const url = `redis://127.0.0.1:${server.port}`;
  const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: "LRU" });
  const reader = createClient({ url, RESP: 3, clientSideCache: cache });
  const writer = createClient({ url, RESP: 3 });
  await Promise.all([reader.connect(), writer.connect()]);
  try {
    await writer.set("key", "one");
    assertEquals(await reader.get("key"), "one");
    assertEquals(await reader.get("key"), "one");
    assertEquals(await reader.hGet("hash", "field"), null);
    const { hitCount, missCount } = cache.stats();
    assertEquals([hitCount, missCount], [1, 2]);
    await writer.set("key", "two");
    await writer.hSet("hash", "field", "value");
    await until(async () => await reader.get("key") === "two");
    await until(async () => await reader.hGet("hash", "field") === "value");
    // The reader's own change drops what it has as well.
    await reader.set("key", "three");
    await until(async () => await reader.get("key") === "three");
    await writer.flushAll();
    await until(async () => await reader.get("key") === null);
    assertEquals(await reader.get("key"), null);
    assert(cache.stats().hitCount > hitCount);
    assertMatch(await writer.info("clients"), /tracking_clients:1\r/);
  } finally {
    reader.destroy();
    writer.destroy();
  }
});

Deno.test("ioredis is told of changes on a connection that it redirects to", async () => {
  await using server = await startServerProcess();
  const options = { port: server.port, host: "127.0.0.1", protocol: 2 } as const;
  const reader = new Redis(options);
  const listener = new Redis(options);
  try {
    const dropped: string[] = [];
    listener.on("message", (channel: string, keys: unknown) => dropped.push(`${channel} ${keys}`));
    const id = await listener.client("ID");
    await listener.subscribe("__redis__:invalidate");
    assertEquals(await reader.call("CLIENT", "TRACKING", "ON", "REDIRECT", id), "OK");
    assertEquals(await reader.get("key"), null);
    await reader.set("key", "value");
    await until(() => dropped.length === 1);
    assertEquals(dropped, ["__redis__:invalidate key"]);
  } finally {
    reader.disconnect();
    listener.disconnect();
  }
});
