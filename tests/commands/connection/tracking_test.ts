/** CLIENT TRACKING where there is no redis-server to compare with: limits, lists, ends of sessions. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import type { Argument } from "../../support/resp_client.ts";

/** An engine with a reader that tracks in RESP3, and another session that changes things. */
class Pair {
  readonly redis: EngineHarness;
  readonly reader: Session;

  constructor(options = "", config: Readonly<Record<string, string>> = {}) {
    this.redis = new EngineHarness({ config });
    this.reader = this.redis.newSession(3);
    this.read("CLIENT", "TRACKING", "ON", ...options.split(" ").filter((word) => word !== ""));
  }

  /** Runs a command as the reader; all that it is sent until then. */
  read(...words: Argument[]): string {
    const before = this.pushed();
    return before + latin1(this.redis.bytesTo(this.reader, ...words));
  }

  /** What the reader was sent and has not been asked for yet. */
  pushed(): string {
    const { reply } = this.reader;
    const text = latin1(reply.buffer, 0, reply.length);
    reply.cutTo(0);
    return text;
  }

  info(field: string): string | undefined {
    const text = latin1(this.redis.bytesTo(this.redis.session, "INFO", "stats", "clients"));
    return new RegExp(`${field}:(.*)\r`).exec(text)?.[1];
  }
}

/** The message about keys, as RESP3 has it. */
function invalidated(...keys: string[]): string {
  const array = keys.map((key) => `$${key.length}\r\n${key}\r\n`).join("");
  return `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${array}`;
}

Deno.test("a key that the expiry cycle removes is told of", () => {
  for (const [options, wanted] of [["", invalidated("a")], ["BCAST", invalidated("a", "b")]]) {
    const pair = new Pair(options);
    pair.redis.run("MSET", "a", 1, "b", 2);
    pair.redis.run("PEXPIRE", "a", 10);
    pair.redis.run("PEXPIRE", "b", 10);
    pair.read("GET", "a");
    pair.pushed();
    pair.redis.clock.advance(20);
    const { engine } = pair.redis;
    engine.beginTurn();
    engine.expiry.tick(1_000, engine.context.host.clock);
    engine.endTurn();
    assertEquals(pair.pushed(), wanted);
  }
});

Deno.test("a key that is evicted is told of", () => {
  const pair = new Pair("", { "maxmemory-policy": "allkeys-random" });
  pair.redis.run("SET", "a", 1);
  pair.read("GET", "a");
  pair.redis.run("CONFIG", "SET", "maxmemory", "1");
  pair.redis.run("PING");
  assertEquals(pair.pushed(), invalidated("a"));
});

Deno.test("tracking-table-max-keys is kept to by invalidating keys", () => {
  const pair = new Pair("", { "tracking-table-max-keys": "100" });
  const told = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const reply = pair.read("GET", `key:${i}`);
    for (const [, key] of reply.matchAll(/(key:\d+)\r/g)) told.add(key);
  }
  for (const [, key] of pair.pushed().matchAll(/(key:\d+)\r/g)) told.add(key);
  assertEquals(pair.info("tracking_total_keys"), "100");
  assertEquals(told.size, 200);
  // Not just the oldest or the newest.
  assert([...told].some((key) => Number(key.slice(4)) >= 150));
  assert([...told].some((key) => Number(key.slice(4)) < 150));
});

Deno.test("a lower tracking-table-max-keys is reached over several turns", () => {
  const pair = new Pair();
  for (let i = 0; i < 1_000; i++) pair.read("GET", `key:${i}`);
  pair.redis.run("CONFIG", "SET", "tracking-table-max-keys", 50);
  assertEquals(pair.info("tracking_total_keys"), "900");
  for (let turn = 0; turn < 4; turn++) pair.redis.run("PING");
  assertEquals(pair.info("tracking_total_keys"), "50");
  assertEquals(pair.pushed().split("invalidate").length - 1, 950);
  pair.redis.run("CONFIG", "SET", "tracking-table-max-keys", 0);
  for (let i = 0; i < 200; i++) pair.read("GET", `other:${i}`);
  assertEquals(pair.info("tracking_total_keys"), "250");
});

Deno.test("BCAST tells of all that a turn has changed in one message", () => {
  const pair = new Pair("BCAST");
  const { engine } = pair.redis;
  // The harness ends a turn with each command that it runs; this one is ended by hand.
  engine.beginTurn();
  for (const key of ["b", "a", "b", "c"]) {
    pair.redis.engine.context.keyspace.changed(
      pair.reader.db,
      new TextEncoder().encode(key),
      "set",
    );
  }
  assertEquals(pair.pushed(), "");
  engine.endTurn();
  assertEquals(pair.pushed(), invalidated("a", "b", "c"));
});

Deno.test("what changes a count that was cached in its key invalidates it", () => {
  const pair = new Pair();
  pair.redis.run("PFADD", "counter", "a");
  pair.read("GET", "counter");
  pair.redis.run("PFCOUNT", "counter");
  assertEquals(pair.pushed(), invalidated("counter"));
});

Deno.test("messages for the session that a running command redirects to wait for its reply", () => {
  const redis = new EngineHarness({ protocol: 3 });
  const reader = redis.newSession();
  redis.bytesTo(reader, "CLIENT", "TRACKING", "ON", "REDIRECT", redis.session.id);
  redis.bytesTo(reader, "GET", "a");
  assertEquals(
    latin1(redis.bytesTo(redis.session, "SET", "a", 1)),
    `+OK\r\n${invalidated("a")}`,
  );
});

Deno.test("invalidations come although CLIENT REPLY is off", () => {
  const pair = new Pair();
  pair.read("CLIENT", "REPLY", "OFF");
  assertEquals(pair.read("GET", "a"), "");
  assertEquals(pair.read("SET", "a", 1), invalidated("a"));
});

Deno.test("CLIENT NO-TOUCH does not keep what is read from being remembered", () => {
  const pair = new Pair();
  pair.read("CLIENT", "NO-TOUCH", "ON");
  pair.read("GET", "a");
  pair.redis.run("SET", "a", 1);
  assertEquals(pair.pushed(), invalidated("a"));
});

Deno.test("CLIENT INFO shows tracking in flags and redir", () => {
  const pair = new Pair("BCAST");
  assertMatch(pair.read("CLIENT", "INFO"), / flags=tB .* redir=0 /);
  pair.read("CLIENT", "TRACKING", "OFF");
  const other = pair.redis.newSession();
  pair.read("CLIENT", "TRACKING", "ON", "REDIRECT", other.id);
  assertMatch(pair.read("CLIENT", "INFO"), new RegExp(` flags=t .* redir=${other.id} `));
  pair.redis.engine.context.sessions.close(other);
  pair.read("GET", "a");
  pair.redis.run("SET", "a", 1);
  assertMatch(pair.read("CLIENT", "INFO"), new RegExp(` flags=tR .* redir=${other.id} `));
  pair.read("RESET");
  assertMatch(pair.read("CLIENT", "INFO"), / flags=N .* redir=-1 /);
});

Deno.test("INFO counts sessions, keys, pairs and prefixes", () => {
  const pair = new Pair();
  const { redis } = pair;
  const second = redis.newSession(3);
  redis.bytesTo(second, "CLIENT", "TRACKING", "ON");
  const third = redis.newSession(3);
  redis.bytesTo(third, ..."CLIENT TRACKING ON BCAST PREFIX a PREFIX b".split(" "));
  pair.read("MGET", "a", "b", "c");
  redis.bytesTo(second, "MGET", "a", "b");
  const figures = () =>
    ["clients", "total_keys", "total_items", "total_prefixes"].map((name) =>
      Number(pair.info(`tracking_${name}`))
    );
  assertEquals(figures(), [3, 3, 5, 2]);
  redis.run("DEL", "a");
  assertEquals(figures(), [3, 3, 5, 2]);
  redis.run("MSET", "a", 1, "b", 1);
  assertEquals(figures(), [3, 1, 1, 2]);
  redis.run("FLUSHALL");
  assertEquals(figures(), [3, 0, 0, 2]);
  redis.engine.context.sessions.close(third);
  assertEquals(figures(), [2, 0, 0, 0]);
});

Deno.test("with the last session that tracks goes all that was remembered", () => {
  const pair = new Pair();
  const { context } = pair.redis.engine;
  const before = context.store.usedBytes;
  for (let i = 0; i < 100; i++) pair.read("GET", `key:${i}`);
  assert(context.store.usedBytes > before);
  pair.read("CLIENT", "TRACKING", "OFF");
  assertEquals(pair.info("tracking_total_keys"), "100");
  context.sessions.close(pair.reader);
  assertEquals(pair.info("tracking_total_keys"), "0");
  assertEquals(context.store.usedBytes, before);
});

Deno.test("a session that has ended is told nothing, nor one that tracks no more", () => {
  const pair = new Pair();
  const { redis } = pair;
  const gone = redis.newSession(3);
  redis.bytesTo(gone, "CLIENT", "TRACKING", "ON");
  redis.bytesTo(gone, "GET", "a");
  pair.read("GET", "a");
  redis.engine.context.sessions.close(gone);
  redis.run("SET", "a", 1);
  assertEquals([gone.reply.length, pair.pushed()], [0, invalidated("a")]);
  pair.read("GET", "a");
  pair.read("CLIENT", "TRACKING", "OFF");
  redis.run("SET", "a", 1);
  assertEquals(pair.pushed(), "");
});
