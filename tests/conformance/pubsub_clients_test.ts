/** ioredis and node-redis as they come: transactions, pub/sub and keyspace events over our server. */

import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { createClient, WatchError } from "redis";
import { startServerProcess } from "../support/server_process.ts";

/** Collects messages, and lets a test wait until there are some. */
class Inbox {
  readonly messages: string[] = [];
  private arrived: () => void = () => {};

  readonly put = (...parts: unknown[]): void => {
    this.messages.push(parts.map(String).join(" "));
    this.arrived();
  };

  async until(count: number): Promise<string[]> {
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(() => deadline.reject(new Error(`got ${this.messages}`)), 10_000);
    while (this.messages.length < count) {
      const next = Promise.withResolvers<void>();
      this.arrived = next.resolve;
      await Promise.race([next.promise, deadline.promise]);
    }
    clearTimeout(timer);
    return this.messages;
  }
}

for (const protocol of [2, 3] as const) {
  Deno.test(`ioredis runs transactions in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const redis = new Redis({ port: server.port, host: "127.0.0.1", protocol });
    const other = new Redis({ port: server.port, host: "127.0.0.1", protocol });
    try {
      assertEquals(await redis.multi().set("a", "1").incr("a").get("a").exec(), [
        [null, "OK"],
        [null, 2],
        [null, "2"],
      ]);
      await redis.watch("a");
      await other.set("a", "5");
      assertEquals(await redis.multi().set("a", "6").exec(), null);
      assertEquals(await redis.get("a"), "5");
      const replies = await redis.multi().set("a", "x").incr("a").exec();
      assertEquals(replies?.[0], [null, "OK"]);
      assert(String(replies?.[1][0]).includes("not an integer"));
    } finally {
      redis.disconnect();
      other.disconnect();
    }
  });

  Deno.test(`ioredis subscribes in RESP${protocol}`, async () => {
    await using server = await startServerProcess({ args: ["--notify-keyspace-events", "KEA"] });
    const redis = new Redis({ port: server.port, host: "127.0.0.1", protocol });
    const listener = new Redis({ port: server.port, host: "127.0.0.1", protocol });
    const inbox = new Inbox();
    listener.on("message", (channel, message) => inbox.put("message", channel, message));
    listener.on("pmessage", (...parts) => inbox.put("pmessage", ...parts));
    listener.on("smessage", (channel, message) => inbox.put("smessage", channel, message));
    try {
      assertEquals(await listener.subscribe("news", "sport"), 2);
      assertEquals(await listener.psubscribe("ne*", "__keyevent@0__:*"), 4);
      assertEquals(await listener.ssubscribe("shard"), 1);
      assertEquals(await redis.publish("news", "hello"), 2);
      assertEquals(await redis.spublish("shard", "there"), 1);
      await redis.set("key", "value");
      assertEquals(await inbox.until(4), [
        "message news hello",
        "pmessage ne* news hello",
        "smessage shard there",
        "pmessage __keyevent@0__:* __keyevent@0__:set key",
      ]);
      assertEquals(await redis.pubsub("CHANNELS"), ["news", "sport"]);
      assertEquals(await listener.unsubscribe("news", "sport"), 2);
      assertEquals(await listener.punsubscribe(), 0);
      assertEquals(await redis.publish("news", "hello"), 0);
    } finally {
      redis.disconnect();
      listener.disconnect();
    }
  });

  Deno.test(`node-redis runs transactions in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const url = `redis://127.0.0.1:${server.port}`;
    const client = createClient({ url, RESP: protocol });
    const other = createClient({ url, RESP: protocol });
    await Promise.all([client.connect(), other.connect()]);
    try {
      const replies: unknown[] = await client.multi().set("a", "1").incr("a").get("a").exec();
      assertEquals(replies, ["OK", 2, "2"]);
      await client.watch("a");
      await other.set("a", "5");
      let failure: unknown = null;
      await client.multi().set("a", "6").exec().catch((error: unknown) => failure = error);
      assert(failure instanceof WatchError);
      assertEquals(await client.get("a"), "5");
    } finally {
      client.destroy();
      other.destroy();
    }
  });

  Deno.test(`node-redis subscribes in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const url = `redis://127.0.0.1:${server.port}`;
    const client = createClient({ url, RESP: protocol });
    const listener = createClient({ url, RESP: protocol });
    await Promise.all([client.connect(), listener.connect()]);
    const inbox = new Inbox();
    try {
      await listener.subscribe(
        ["news", "sport"],
        (message, channel) => inbox.put(channel, message),
      );
      await listener.pSubscribe("ne*", (message, channel) => inbox.put("p", channel, message));
      await listener.sSubscribe("shard", (message, channel) => inbox.put("s", channel, message));
      assertEquals(await client.publish("news", "hello"), 2);
      assertEquals(await client.publish("sport", "x".repeat(100_000)), 1);
      assertEquals(await client.sPublish("shard", "there"), 1);
      assertEquals(await inbox.until(4), [
        "news hello",
        "p news hello",
        `sport ${"x".repeat(100_000)}`,
        "s shard there",
      ]);
      assertEquals(await client.pubSubNumPat(), 1);
      await listener.unsubscribe();
      await listener.pUnsubscribe();
      await listener.sUnsubscribe("shard");
      assertEquals(await client.publish("news", "hello"), 0);
      // In RESP2 the library hands out buffers once it was subscribed, whatever the server.
      assertEquals(String(await listener.ping()), "PONG");
    } finally {
      client.destroy();
      listener.destroy();
    }
  });
}
