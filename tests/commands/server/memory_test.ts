/** MEMORY: what takes how much. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Reply } from "../../../lib/resp/reply_decoder.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { show } from "../../support/resp_client.ts";

Deno.test("MEMORY USAGE grows with key and value, and is no access", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "1");
  redis.run("SET", "b", "x".repeat(10_000));
  redis.run("SET", "c".repeat(500), "1");
  const usage = (key: string, ...args: string[]) => {
    const reply = redis.reply("MEMORY", "USAGE", key, ...args);
    assert(reply.kind === "integer");
    return Number(reply.value);
  };
  assert(usage("a") >= 30 && usage("a") < 100);
  assert(usage("b") >= 10_000 && usage("b") < 16_000);
  assert(usage("c".repeat(500), "SAMPLES", "0") >= 500);
  assertEquals(redis.run("MEMORY", "USAGE", "nokey"), "(nil)");
  assertEquals(redis.engine.context.store.state.hits, 0);
});

Deno.test("MEMORY STATS has the fields of Redis, a map for each database in use", () => {
  const redis = new EngineHarness({ protocol: 3 });
  redis.run("SET", "a", "1");
  const fields = entries(redis.reply("MEMORY", "STATS"));
  assertEquals([...fields.keys()], [
    "peak.allocated",
    "total.allocated",
    "startup.allocated",
    "replication.backlog",
    "clients.slaves",
    "clients.normal",
    "cluster.links",
    "aof.buffer",
    "lua.caches",
    "functions.caches",
    "db.0",
    "overhead.total",
    "keys.count",
    "keys.bytes-per-key",
    "dataset.bytes",
    "dataset.percentage",
    "peak.percentage",
    "allocator.allocated",
    "allocator.active",
    "allocator.resident",
    "allocator-fragmentation.ratio",
    "allocator-fragmentation.bytes",
    "allocator-rss.ratio",
    "allocator-rss.bytes",
    "rss-overhead.ratio",
    "rss-overhead.bytes",
    "fragmentation",
    "fragmentation.bytes",
  ]);
  assertEquals(show(fields.get("keys.count")!), "(integer) 1");
  assertEquals([...entries(fields.get("db.0")!).keys()], [
    "overhead.hashtable.main",
    "overhead.hashtable.expires",
    "overhead.hashtable.slot-to-keys",
  ]);
});

Deno.test("MEMORY DOCTOR tells of memory near its limit", () => {
  const redis = new EngineHarness({ protocol: 3 });
  assertStringIncludes(redis.run("MEMORY", "DOCTOR"), "Nothing is wrong");
  redis.run("SET", "a", "x".repeat(100_000));
  redis.run("CONFIG", "SET", "maxmemory", "110kb");
  assertStringIncludes(redis.run("MEMORY", "DOCTOR"), "maxmemory-policy noeviction");
});

Deno.test("MEMORY MALLOC-STATS is a text, PURGE does no harm", () => {
  const redis = new EngineHarness({ protocol: 3 });
  assertStringIncludes(redis.run("MEMORY", "MALLOC-STATS"), "arena: ");
  assertEquals(redis.run("MEMORY", "PURGE"), "OK");
});

function entries(reply: Reply): Map<string, Reply> {
  assert(reply.kind === "map");
  const found = new Map<string, Reply>();
  for (const [key, value] of reply.entries) {
    assert(key.kind === "bulk" && key.bytes !== null);
    found.set(new TextDecoder().decode(key.bytes), value);
  }
  return found;
}
