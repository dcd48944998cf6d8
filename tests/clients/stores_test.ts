/** Sessions and caches that applications keep through libraries: connect-redis and keyv. */

import { assert, assertEquals } from "@std/assert";
import KeyvRedis from "@keyv/redis";
import { RedisStore } from "connect-redis";
import type { SessionData } from "express-session";
import { Keyv } from "keyv";
import { createClient } from "redis";
import { startServerProcess } from "../support/server_process.ts";
import { until } from "./waiting.ts";

Deno.test("connect-redis keeps sessions, touches them and lets them end", async () => {
  await using server = await startServerProcess();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  await client.connect();
  try {
    const store = new RedisStore({ client, prefix: "sess:", scanCount: 2 });
    const session = (name: string, maxAge: number): SessionData =>
      ({ name, cookie: { originalMaxAge: maxAge, expires: new Date(Date.now() + maxAge) } }) as
        & SessionData
        & { name: string };
    for (let i = 0; i < 7; i++) await store.set(`id${i}`, session(`user ${i}`, 60_000));
    const kept = await store.get("id3") as unknown as { name: string };
    assertEquals(kept.name, "user 3");
    assertEquals(await store.get("missing") ?? null, null);
    assertEquals(await store.length(), 7);
    assertEquals((await store.ids()).sort()[0], "id0");
    assertEquals((await store.all()).length, 7);
    await store.touch("id3", session("user 3", 3_600_000));
    assert(await client.ttl("sess:id3") > 3_000);
    await store.destroy("id3");
    assertEquals(await store.get("id3") ?? null, null);
    await store.set("short", session("short", 1));
    await until(async () => (await store.get("short") ?? null) === null);
    await store.clear();
    assertEquals(await store.length(), 0);
  } finally {
    client.destroy();
  }
});

Deno.test("keyv keeps values, for a time where asked to, by namespaces", async () => {
  await using server = await startServerProcess();
  const url = `redis://127.0.0.1:${server.port}`;
  const one = new Keyv({ store: new KeyvRedis(url), namespace: "one" });
  const two = new Keyv({ store: new KeyvRedis(url), namespace: "two" });
  try {
    assertEquals(await one.set("key", { deep: [1, null, "ü"] }), true);
    assertEquals(await one.get("key"), { deep: [1, null, "ü"] });
    assertEquals(await two.get("key"), undefined);
    assertEquals(await two.set("key", 2), true);
    assertEquals(await one.has("key"), true);
    assertEquals(await one.delete("key"), true);
    assertEquals(await one.delete("key"), false);
    await one.set("short", "1", 20);
    assertEquals(await one.get("short"), "1");
    await until(async () => await one.get("short") === undefined);
    const pairs = Array.from({ length: 30 }, (_, i) => ({ key: `k${i}`, value: i }));
    await one.setMany(pairs);
    assertEquals(await one.get(["k3", "missing", "k29"]), [3, undefined, 29]);
    await one.clear();
    assertEquals([await one.get("k3"), await two.get("key")], [undefined, 2]);
  } finally {
    await one.disconnect();
    await two.disconnect();
  }
});
