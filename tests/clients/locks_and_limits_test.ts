/** Locks and limits that are short scripts: redlock and rate-limiter-flexible. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import {
  BurstyRateLimiter,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRes,
} from "rate-limiter-flexible";
import { createClient } from "redis";
import RedlockModule from "redlock";
import { startServer } from "../../lib/mod.ts";

/** What is used of redlock, which has no types of its own. */
interface Lock {
  readonly value: string;
  unlock(): Promise<void>;
  extend(ms: number): Promise<Lock>;
}

interface Locks {
  lock(resource: string | string[], ms: number): Promise<Lock>;
  on(event: "clientError", told: (error: Error) => void): void;
}

const Redlock = RedlockModule as unknown as new (
  clients: Redis[],
  options: { retryCount: number; retryDelay: number; retryJitter: number },
) => Locks;

Deno.test("redlock locks, extends and unlocks by a majority of servers", async () => {
  await using one = await startServer();
  await using two = await startServer();
  await using three = await startServer();
  const servers = [one, two, three];
  const clients = servers.map((server) => new Redis(server.url));
  try {
    const locks = new Redlock(clients, { retryCount: 2, retryDelay: 1, retryJitter: 1 });
    const errors: Error[] = [];
    locks.on("clientError", (error) => errors.push(error));
    const lock = await locks.lock("resource", 10_000);
    assertEquals(servers.map((server) => server.send("GET", "resource")), [
      lock.value,
      lock.value,
      lock.value,
    ]);
    await assertRejects(() => locks.lock("resource", 10_000), Error, "Exceeded 2 attempts");
    const extended = await lock.extend(60_000);
    assert(Number(two.send("PTTL", "resource")) > 50_000);
    three.send("FLUSHALL");
    await extended.unlock();
    assertEquals(servers.map((server) => server.send("EXISTS", "resource")), [0, 0, 0]);
    await assertRejects(() => extended.unlock());
    three.send("SET", "second", "somebody else's");
    const both = await locks.lock(["first", "second"], 10_000);
    await assertRejects(() => locks.lock("second", 10_000));
    await both.unlock();
    assertEquals(three.send("GET", "second"), "somebody else's");
    await one.clock.advance(20_000);
    assertEquals(one.send("DBSIZE"), 0);
    assertEquals(errors, []);
  } finally {
    clients.forEach((client) => client.disconnect());
  }
});

Deno.test("a lock of redlock that was not extended ends by itself", async () => {
  await using server = await startServer({ clock: "frozen" });
  const client = new Redis(server.url);
  try {
    const locks = new Redlock([client], { retryCount: 0, retryDelay: 1, retryJitter: 1 });
    await locks.lock("resource", 1000);
    await assertRejects(() => locks.lock("resource", 1000));
    await server.clock.advance(1001);
    await (await locks.lock("resource", 1000)).unlock();
  } finally {
    client.disconnect();
  }
});

Deno.test("rate-limiter-flexible counts points, and blocks who takes too many", async () => {
  await using server = await startServer({ clock: "frozen" });
  const client = new Redis(server.url);
  const nodeRedis = createClient({ url: server.url });
  await nodeRedis.connect();
  try {
    const options = { points: 3, duration: 10, blockDuration: 60, keyPrefix: "limit" };
    const limiter = new RateLimiterRedis({ ...options, storeClient: client });
    const other = new RateLimiterRedis({
      ...options,
      storeClient: nodeRedis,
      useRedisPackage: true,
    });
    assertEquals((await limiter.consume("user")).remainingPoints, 2);
    assertEquals((await other.consume("user", 2)).remainingPoints, 0);
    const refused = await refusal(limiter.consume("user"));
    assertEquals([refused.remainingPoints, refused.consumedPoints], [0, 4]);
    assert(refused.msBeforeNext > 10_000, "blocked for longer than the window");
    await server.clock.advance(10_001);
    await refusal(other.consume("user"));
    await server.clock.advance(50_000);
    assertEquals((await limiter.consume("user")).consumedPoints, 1);
    await limiter.penalty("user", 1);
    await limiter.reward("user", 2);
    assertEquals((await limiter.get("user"))?.consumedPoints, 0);
    assertEquals(await limiter.delete("user"), true);
    assertEquals(await other.get("user"), null);
    const all = await Promise.allSettled(Array.from({ length: 9 }, () => limiter.consume("many")));
    assertEquals(all.filter(({ status }) => status === "fulfilled").length, 3);
    await limiter.set("set", 2, 100);
    assertEquals((await limiter.get("set"))?.remainingPoints, 1);
    assert(Number(server.send("TTL", "limit:set")) > 90);
  } finally {
    client.disconnect();
    nodeRedis.destroy();
  }
});

Deno.test("rate-limiter-flexible allows bursts, and lets requests queue", async () => {
  await using server = await startServer();
  const client = new Redis(server.url);
  try {
    const limiter = (keyPrefix: string, points: number, duration: number) =>
      new RateLimiterRedis({ storeClient: client, keyPrefix, points, duration });
    const bursty = new BurstyRateLimiter(limiter("plain", 1, 10), limiter("burst", 2, 10));
    for (let i = 0; i < 3; i++) await bursty.consume("user");
    await refusal(bursty.consume("user"));
    const queue = new RateLimiterQueue(limiter("queue", 2, 1));
    const start = performance.now();
    await Promise.all(Array.from({ length: 3 }, () => queue.removeTokens(1)));
    assert(performance.now() - start >= 500);
  } finally {
    client.disconnect();
  }
});

/** What a limiter says when it refuses. */
async function refusal(attempt: Promise<unknown>): Promise<RateLimiterRes> {
  const result = await attempt.then(() => null, (refused: unknown) => refused);
  assert(result instanceof RateLimiterRes, `not refused, but ${result}`);
  return result;
}
