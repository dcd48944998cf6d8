/** WATCH: every way in which a key can change, and those that are none. */

import { assertEquals, assertMatch } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** Whether a transaction of `session` would be run now; ends its watching. */
function runs(redis: EngineHarness, session: Session = redis.session): boolean {
  redis.replyTo(session, "MULTI");
  redis.replyTo(session, "PING");
  return latin1(redis.bytesTo(session, "EXEC")) === "*1\r\n+PONG\r\n";
}

/** Whether a change by another session is seen by one that watches `key`. */
function isSeen(before: (string | number)[][], change: (string | number)[], key = "key"): boolean {
  const redis = new EngineHarness();
  for (const request of before) redis.run(...request);
  redis.run("WATCH", "other", key);
  redis.replyTo(redis.newSession(), ...change);
  return !runs(redis);
}

Deno.test("EXEC runs nothing when a watched key was changed", () => {
  const redis = new EngineHarness();
  redis.run("SET", "key", 1);
  assertEquals(redis.run("WATCH", "key"), "OK");
  redis.replyTo(redis.newSession(), "SET", "key", 2);
  redis.run("MULTI");
  redis.run("SET", "key", 3);
  assertEquals(latin1(redis.bytesTo(redis.session, "EXEC")), "*-1\r\n");
  assertEquals(redis.run("GET", "key"), '"2"');
  assertEquals(runs(redis), true);
});

Deno.test("the null of EXEC in RESP3", () => {
  const redis = new EngineHarness({ protocol: 3 });
  redis.run("WATCH", "key");
  redis.run("SET", "key", 2);
  redis.run("MULTI");
  assertEquals(latin1(redis.bytesTo(redis.session, "EXEC")), "_\r\n");
});

Deno.test("every kind of change is seen", () => {
  const set = [["SET", "key", 1]];
  for (const change of ["SET", "APPEND", "GETSET", "INCRBY", "EXPIRE"]) {
    assertEquals(isSeen(set, [change, "key", 5]), true, change);
  }
  for (const change of ["DEL", "UNLINK", "GETDEL", "INCR", "FLUSHDB", "FLUSHALL"]) {
    const words = change.startsWith("FLUSH") ? [change] : [change, "key"];
    assertEquals(isSeen(set, words), true, change);
  }
  assertEquals(isSeen(set, ["RENAME", "key", "x"]), true);
  assertEquals(isSeen([["SET", "x", 1]], ["RENAME", "x", "key"]), true);
  assertEquals(isSeen([["SET", "x", 1]], ["COPY", "x", "key"]), true);
  assertEquals(isSeen(set, ["MOVE", "key", 1]), true);
  assertEquals(isSeen(set, ["SWAPDB", 0, 1]), true);
  assertEquals(isSeen(set, ["SWAPDB", 1, 0]), true);
  assertEquals(isSeen([["SELECT", 1], ["SET", "key", 1], ["SELECT", 0]], ["SWAPDB", 0, 1]), true);
  assertEquals(isSeen([], ["RPUSH", "key", "x"]), true);
});

Deno.test("what changes nothing, or other keys, is not seen", () => {
  const set = [["SET", "key", 1]];
  for (const change of [["GET", "key"], ["SET", "other key", 1], ["TOUCH", "key"]]) {
    assertEquals(isSeen(set, change), false, change.join(" "));
  }
  assertEquals(isSeen([], ["FLUSHALL"]), false);
  assertEquals(isSeen([["SET", "x", 1]], ["FLUSHALL"]), false);
  assertEquals(isSeen([], ["SWAPDB", 0, 1]), false);
  assertEquals(isSeen([], ["GET", "key"]), false);
  assertEquals(isSeen(set, ["SETNX", "key", 2]), false);
  assertEquals(isSeen(set, ["INCRBYFLOAT", "key", "x"]), false);
});

Deno.test("a key of the same name in another database is another key", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  redis.replyTo(other, "SELECT", 3);
  redis.run("WATCH", "key");
  redis.replyTo(other, "SET", "key", 1);
  assertEquals(runs(redis), true);
  redis.run("SELECT", 3);
  redis.run("WATCH", "key");
  redis.run("SELECT", 0);
  redis.replyTo(other, "SET", "key", 1);
  assertEquals(runs(redis), false);
});

Deno.test("a missed key is no change, even when misses and new keys are events", () => {
  const redis = new EngineHarness({ config: { "notify-keyspace-events": "KEAmn" } });
  redis.run("WATCH", "key");
  redis.replyTo(redis.newSession(), "GET", "key");
  assertEquals(runs(redis), true);
});

Deno.test("a key that expires after WATCH has changed, looked at or not", () => {
  for (const look of [[], ["GET", "key"], ["SET", "key", "new"]]) {
    const redis = new EngineHarness();
    redis.run("SET", "key", 1, "PX", 10);
    redis.run("WATCH", "key");
    redis.clock.advance(10);
    if (look.length > 0) redis.replyTo(redis.newSession(), ...look);
    assertEquals(runs(redis), false, look.join(" "));
  }
});

Deno.test("a key that had expired before WATCH is as good as missing", () => {
  const cases: [string[], boolean][] = [
    [[], true],
    [["GET", "key"], true],
    [["DEL", "key"], true],
    [["FLUSHALL"], true],
    [["SWAPDB", "0", "1"], true],
    [["SET", "key", "new"], false],
    [["RPUSH", "key", "new"], false],
  ];
  for (const [change, expected] of cases) {
    const redis = new EngineHarness();
    redis.run("SET", "key", 1, "PX", 10);
    redis.run("SET", "x", 1);
    redis.clock.advance(10);
    redis.run("WATCH", "key");
    if (change.length > 0) redis.replyTo(redis.newSession(), ...change);
    assertEquals(runs(redis), expected, change.join(" "));
  }
});

Deno.test("one's own changes count until EXEC, which ends all watching", () => {
  const redis = new EngineHarness();
  redis.run("WATCH", "key");
  redis.run("SET", "key", 1);
  assertEquals(runs(redis), false);
  redis.run("WATCH", "key");
  redis.run("MULTI");
  redis.run("SET", "key", 2);
  redis.run("SET", "key", 3);
  assertEquals(redis.run("EXEC"), "1) OK\n2) OK");
  redis.run("SET", "key", 4);
  assertEquals(runs(redis), true);
});

Deno.test("UNWATCH, DISCARD and RESET end watching and forget changes", () => {
  for (const end of ["UNWATCH", "DISCARD", "RESET"]) {
    const redis = new EngineHarness();
    redis.run("WATCH", "key");
    redis.run("SET", "key", 1);
    if (end === "DISCARD") redis.run("MULTI");
    redis.run(end);
    redis.run("SET", "key", 2);
    assertEquals(runs(redis), true, end);
  }
});

Deno.test("UNWATCH inside MULTI comes too late", () => {
  const redis = new EngineHarness();
  redis.run("WATCH", "key");
  redis.run("SET", "key", 1);
  redis.run("MULTI");
  assertEquals(redis.run("UNWATCH"), "QUEUED");
  assertEquals(redis.run("EXEC"), "(nil)");
});

Deno.test("several sessions watch one key, and each sees the change", () => {
  const redis = new EngineHarness();
  const sessions = [redis.newSession(), redis.newSession(), redis.newSession()];
  for (const session of sessions) redis.replyTo(session, "WATCH", "key", "key");
  redis.replyTo(sessions[2], "UNWATCH");
  redis.run("SET", "key", 1);
  assertMatch(redis.run("CLIENT", "LIST", "ID", sessions[0].id), / flags=d /);
  assertEquals(sessions.map((session) => runs(redis, session)), [false, false, true]);
  assertMatch(redis.run("CLIENT", "LIST", "ID", sessions[0].id), / flags=N /);
});

Deno.test("nobody listens to changes unless somebody watches", () => {
  const redis = new EngineHarness();
  const { transactions, keyspace, sessions } = redis.engine.context;
  const heard: string[] = [];
  const { keyChanged } = transactions;
  transactions.keyChanged = (db, key, event) => {
    heard.push(event);
    keyChanged.call(transactions, db, key, event);
  };
  redis.run("SET", "key", 1);
  const other = redis.newSession();
  redis.replyTo(other, "WATCH", "a");
  redis.run("SET", "key", 1);
  assertEquals(transactions.watchingSessions, 1);
  sessions.close(other);
  assertEquals(transactions.watchingSessions, 0);
  redis.run("SET", "key", 1);
  assertEquals(heard, ["set"]);
  assertEquals(keyspace.observed, true);
});

Deno.test("a watcher that leaves while all are told hides no event from the others", () => {
  const redis = new EngineHarness();
  redis.run("WATCH", "key");
  const later: string[] = [];
  redis.engine.context.keyspace.listen({ keyChanged: (_db, _key, event) => later.push(event) });
  redis.run("SET", "key", 1);
  assertEquals(later, ["set"]);
});
