/** What becomes of fields when their time is up: on access, by the cycle, on replicas, in copies. */

import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

function withHash(): EngineHarness {
  const redis = new EngineHarness();
  redis.run("HSET", "h", "a", "1", "b", "2", "c", "3");
  redis.run("HPEXPIRE", "h", 100, "FIELDS", 2, "a", "b");
  redis.effects = [];
  redis.events = [];
  return redis;
}

function tick(redis: EngineHarness): void {
  redis.engine.beginTurn();
  redis.engine.expiry.tick(10, redis.clock);
  redis.engine.endTurn();
}

Deno.test("a field whose time is up is gone for every command, and its removal propagated once", () => {
  const commands: [string, string][] = [
    ["HGET h a", "(nil)"],
    ["HMGET h a c", '1) (nil)\n2) "3"'],
    ["HEXISTS h b", "(integer) 0"],
    ["HSTRLEN h a", "(integer) 0"],
    ["HLEN h", "(integer) 1"],
    ["HGETALL h", '1) "c"\n2) "3"'],
    ["HKEYS h", '1) "c"'],
    ["HVALS h", '1) "3"'],
    ["HSCAN h 0", '1) "0"\n2) 1) "c"\n   2) "3"'],
    ["HRANDFIELD h 5", '1) "c"'],
    ["HTTL h FIELDS 1 a", "1) (integer) -2"],
    ["HPERSIST h FIELDS 1 a", "1) (integer) -2"],
    ["HGETDEL h FIELDS 1 a", "1) (nil)"],
    ["HDEL h a", "(integer) 0"],
  ];
  for (const [words, expected] of commands) {
    const redis = withHash();
    redis.clock.advance(100);
    assertEquals(redis.run(...words.split(" ")), expected, words);
    assertEquals(redis.effects, ["HDEL h a b"]);
    assertEquals(redis.events, ["hexpired h"]);
    assertEquals(redis.engine.context.stats.expiredFields, 2);
  }
});

Deno.test("commands that write begin with a field anew when its time is up", () => {
  const redis = withHash();
  redis.clock.advance(100);
  assertEquals(redis.run("HINCRBY", "h", "a", 5), "(integer) 5");
  assertEquals(redis.run("HSET", "h", "b", "x"), "(integer) 1");
  assertEquals(redis.run("HTTL", "h", "FIELDS", 2, "a", "b"), "1) (integer) -1\n2) (integer) -1");
  assertEquals(redis.effects, ["MULTI", "HDEL h a b", "HINCRBY h a 5", "EXEC", "HSET h b x"]);
});

Deno.test("a hash of which all fields are past their time is no key", () => {
  for (const name of ["HGET", "HDEL", "HSETNX"]) {
    const redis = withHash();
    redis.run("HPEXPIRE", "h", 50, "FIELDS", 1, "c");
    redis.clock.advance(100);
    redis.effects = [];
    redis.events = [];
    if (name === "HSETNX") assertEquals(redis.run(name, "h", "a", "new"), "(integer) 1");
    else redis.run(name, "h", "a");
    assertEquals(redis.effects.filter((effect) => effect.startsWith("HDEL")), ["HDEL h c a b"]);
    assertEquals(redis.events.slice(0, 2), ["hexpired h", "del h"]);
    assertEquals(redis.run("EXISTS", "h"), name === "HSETNX" ? "(integer) 1" : "(integer) 0");
  }
});

Deno.test("the cycle removes fields whose time is up though nobody asks", () => {
  const redis = withHash();
  redis.run("HSET", "other", "x", "1");
  redis.run("HPEXPIRE", "other", 150, "FIELDS", 1, "x");
  redis.effects = [];
  redis.events = [];
  redis.clock.advance(99);
  tick(redis);
  assertEquals(redis.effects, []);
  redis.clock.advance(1);
  tick(redis);
  assertEquals(redis.effects, ["HDEL h a b"]);
  redis.clock.advance(50);
  tick(redis);
  assertEquals(redis.effects, ["HDEL h a b", "HDEL other x"]);
  assertEquals(redis.events, ["hexpired h", "hexpired other", "del other"]);
  assertEquals(redis.run("DBSIZE"), "(integer) 1");
  assertEquals(redis.engine.expiry.hasDue, false);
});

Deno.test("many fields that go at once leave in slices", () => {
  const redis = new EngineHarness();
  const fields = Array.from({ length: 1000 }, (_, i) => `f${i}`);
  redis.run("HSET", "h", "stays", "1", ...fields.flatMap((field) => [field, "v"]));
  redis.run("HPEXPIRE", "h", 100, "FIELDS", fields.length, ...fields);
  redis.clock.advance(100);
  redis.effects = [];
  assertEquals(redis.run("HLEN", "h"), "(integer) 1");
  assertEquals(redis.run("HKEYS", "h"), '1) "stays"');
  assertEquals(redis.run("HSET", "h", "f999", "new"), "(integer) 1");
  assertEquals(redis.run("HGETALL", "h").split("\n").length, 4);
  tick(redis);
  const removed = redis.effects.filter((effect) => effect.startsWith("HDEL h "))
    .flatMap((effect) => effect.split(" ").slice(2));
  assertEquals(new Set(removed).size, removed.length);
  assertEquals(removed.filter((field) => field !== "f999").length, 999);
  assertEquals(redis.run("HLEN", "h"), "(integer) 2");
});

Deno.test("expiries follow a hash that is renamed, moved, copied or swapped", () => {
  const redis = withHash();
  redis.run("HPERSIST", "h", "FIELDS", "1", "b");
  redis.run("COPY", "h", "copy");
  redis.run("RENAME", "h", "renamed");
  redis.run("MOVE", "renamed", "1");
  redis.run("SWAPDB", "1", "2");
  redis.effects = [];
  redis.clock.advance(100);
  tick(redis);
  assertEquals(redis.effects.toSorted(), ["HDEL copy a", "db2: HDEL renamed a"]);
});

Deno.test("a hash that is deleted, overwritten or flushed leaves nothing in the index", () => {
  for (
    const words of ["DEL h", "UNLINK h", "SET h x", "FLUSHALL", "FLUSHDB ASYNC", "HDEL h a b c"]
  ) {
    const redis = withHash();
    assertEquals(redis.engine.context.store.databases[0].hashExpiry.count, 1);
    redis.run(...words.split(" "));
    assertEquals(redis.engine.context.store.databases[0].hashExpiry.count, 0, words);
    redis.clock.advance(100);
    redis.effects = [];
    tick(redis);
    assertEquals(redis.effects, []);
  }
});

Deno.test("a replica hides fields whose time is up and waits for its primary's HDEL", () => {
  const redis = withHash();
  redis.engine.context.store.state.leavesExpiry = true;
  redis.clock.advance(100);
  tick(redis);
  assertEquals(redis.run("HKEYS", "h"), '1) "c"');
  assertEquals(redis.run("HLEN", "h"), "(integer) 1");
  assertEquals(redis.effects, []);
  assertEquals(redis.run("HDEL", "h", "a", "b"), "(integer) 2");
  assertEquals(redis.run("HPEXPIREAT", "h", 1, "FIELDS", 1, "c"), "1) (integer) 1");
  assertEquals(redis.run("HLEN", "h"), "(integer) 0");
  assertEquals(redis.run("EXISTS", "h"), "(integer) 1");
});

Deno.test("nothing expires while data is loaded", () => {
  const redis = withHash();
  redis.engine.context.store.state.expires = false;
  redis.clock.advance(100);
  assertEquals(redis.run("HLEN", "h"), "(integer) 3");
  assertEquals(redis.run("HGET", "h", "a"), '"1"');
  assertEquals(redis.effects, []);
});

Deno.test("INFO counts the hashes with expiring fields, and the fields that expired", () => {
  const redis = withHash();
  const info = (section: string) => redis.run("INFO", section);
  assertEquals(info("keyspace").includes("avg_ttl=0,subexpiry=1"), true);
  redis.clock.advance(100);
  tick(redis);
  assertEquals(info("keyspace").includes("subexpiry"), false);
  assertEquals(info("stats").includes("expired_subkeys:2"), true);
});
