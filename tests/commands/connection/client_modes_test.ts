import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { SilentLink } from "../../support/silent_link.ts";

const SYNTAX = "(error) ERR syntax error";

/** A session that can wait, and what became of it. */
function paused(redis: EngineHarness): [Session, SilentLink, (...args: string[]) => string] {
  const session = redis.newSession();
  const link = new SilentLink(redis.engine.context.sessions, session, "1.1.1.1:1");
  session.link = link;
  return [session, link, (...args) => latin1(redis.bytesTo(session, ...args))];
}

Deno.test("CLIENT PAUSE parks the commands of other clients until it ends", () => {
  const redis = new EngineHarness();
  const [session, link, run] = paused(redis);
  assertEquals(redis.run("CLIENT", "PAUSE", 100), "OK");
  assertEquals(run("PING"), "");
  assertEquals(session.parked, true);
  redis.clock.advance(99);
  assertEquals(link.resumed, []);
  redis.clock.advance(1);
  assertEquals(link.resumed, [true]);
  assertEquals(run("PING"), "+PONG\r\n");
});

Deno.test("CLIENT PAUSE WRITE lets readers through", () => {
  const redis = new EngineHarness();
  const [session, link, run] = paused(redis);
  redis.run("CLIENT", "PAUSE", 100, "write");
  assertEquals(run("GET", "key"), "$-1\r\n");
  assertEquals(run("SET", "key", "value"), "");
  assertEquals(session.parked, true);
  assertEquals(session.lastCommand?.name, "SET");
  assertEquals(redis.run("CLIENT", "UNPAUSE"), "OK");
  assertEquals(link.resumed, [true]);
});

Deno.test("nothing expires or is evicted during a pause, and reads leave out what is past its time", () => {
  for (const mode of ["WRITE", "ALL"]) {
    const redis = new EngineHarness({ config: { "maxmemory-policy": "allkeys-lru" } });
    const { memory } = redis.engine.context;
    const [, , run] = paused(redis);
    redis.run("SET", "short", "value", "PX", 10);
    redis.run("SET", "long", "value");
    redis.run("CLIENT", "PAUSE", 100, mode);
    redis.effects = [];
    redis.clock.advance(50);
    assertEquals(run("GET", "short"), mode === "ALL" ? "" : "$-1\r\n");
    redis.engine.beginTurn();
    assertEquals(redis.engine.expiry.tick(1, redis.clock), 0);
    redis.engine.endTurn();
    memory.maxBytes = 1;
    assertEquals(memory.tick(1, redis.clock), false);
    if (mode === "WRITE") assertEquals(run("GET", "long"), "$5\r\nvalue\r\n");
    assertEquals(redis.effects, []);
    memory.maxBytes = 0;
    redis.clock.advance(50);
    redis.engine.beginTurn();
    assertEquals(redis.engine.expiry.tick(1, redis.clock), 1);
    redis.engine.endTurn();
    assertEquals(redis.effects, ["DEL short"]);
  }
});

Deno.test("CLIENT PAUSE WRITE lets scripts through that declare to write nothing", () => {
  const redis = new EngineHarness();
  const [session, , run] = paused(redis);
  const reads = "#!lua flags=no-writes\nreturn 'read'";
  const writes = "#!lua\nreturn 'read'";
  const sha = redis.run("SCRIPT", "LOAD", reads).replaceAll('"', "");
  const library = "#!lua name=l\n" +
    "redis.register_function{function_name='reads', callback=function() return 'read' end, " +
    "flags={'no-writes'}} redis.register_function('writes', function() return 'read' end)";
  redis.run("FUNCTION", "LOAD", library);
  redis.run("CLIENT", "PAUSE", 100, "WRITE");
  const read = "$4\r\nread\r\n";
  assertEquals(run("EVAL", reads, "0"), read);
  assertEquals(run("EVAL", reads + " -- unknown yet", "0"), read);
  assertEquals(run("EVALSHA", sha, "0"), read);
  assertEquals(run("FCALL", "reads", "0"), read);
  for (const queued of [["EVAL", reads, "0"], ["EVALSHA", sha, "0"], ["FCALL", "reads", "0"]]) {
    run("MULTI");
    run(...queued);
    assertEquals(run("EXEC"), "*1\r\n" + read);
  }
  const stopped = [
    ["EVAL", writes, "0"],
    ["EVAL", "return 1", "0"],
    ["EVAL", "#!lua flags=nonsense\nreturn 1", "0"],
    ["EVALSHA", "f".repeat(40), "0"],
    ["FCALL", "writes", "0"],
    ["FCALL", "unknown", "0"],
  ];
  for (const words of stopped) {
    assertEquals(run(...words), "");
    assertEquals(session.parked, true, words.join(" "));
    session.parked = false;
  }
  redis.run("CLIENT", "UNPAUSE");
  run("MULTI");
  run("EVAL", reads, "0");
  run("FCALL", "writes", "0");
  redis.run("CLIENT", "PAUSE", 100, "WRITE");
  assertEquals(run("EXEC"), "");
  assertEquals(session.parked, true);
});

Deno.test("a second CLIENT PAUSE makes a pause longer and stricter, never shorter", () => {
  const redis = new EngineHarness();
  const [, link, run] = paused(redis);
  redis.run("CLIENT", "PAUSE", 100, "ALL");
  redis.run("CLIENT", "PAUSE", 50, "WRITE");
  assertEquals(run("GET", "key"), "");
  redis.clock.advance(99);
  assertEquals(link.resumed, []);
  redis.run("CLIENT", "PAUSE", 100);
  redis.clock.advance(99);
  assertEquals(link.resumed, []);
  redis.clock.advance(1);
  assertEquals(link.resumed, [true]);
});

Deno.test("what would be refused is refused during a pause as well", () => {
  const redis = new EngineHarness();
  const [, , run] = paused(redis);
  redis.run("CLIENT", "PAUSE", 100);
  assertEquals(run("GET"), "-ERR wrong number of arguments for 'get' command\r\n");
});

Deno.test("CLIENT PAUSE refuses what is no time or mode", () => {
  const redis = new EngineHarness();
  const bad = "(error) ERR timeout is not an integer or out of range";
  assertEquals(redis.run("CLIENT", "PAUSE", "x"), bad);
  assertEquals(redis.run("CLIENT", "PAUSE", "99999999999999999999"), bad);
  assertEquals(redis.run("CLIENT", "PAUSE", -1), "(error) ERR timeout is negative");
  assertEquals(
    redis.run("CLIENT", "PAUSE", "9223372036854775807"),
    "(error) ERR timeout is out of range",
  );
  assertEquals(
    redis.run("CLIENT", "PAUSE", 1, "foo"),
    "(error) ERR CLIENT PAUSE mode must be WRITE or ALL",
  );
  assertEquals(redis.engine.context.pause.isActive, false);
});

Deno.test("CLIENT REPLY OFF silences replies and errors until ON", () => {
  const redis = new EngineHarness();
  const run = (...args: string[]) => latin1(redis.bytesTo(redis.session, ...args));
  assertEquals(run("CLIENT", "REPLY", "OFF"), "");
  for (const word of ["PING", "NONSENSE", "GET"]) assertEquals(run(word), "");
  assertEquals(run("CLIENT", "REPLY", "SKIP"), "");
  assertEquals(run("CLIENT", "REPLY", "foo"), "");
  assertEquals(run("PING"), "");
  assertEquals(run("CLIENT", "REPLY", "ON"), "+OK\r\n");
  assertEquals(run("PING"), "+PONG\r\n");
});

Deno.test("CLIENT REPLY SKIP silences the next command only, whatever becomes of it", () => {
  const redis = new EngineHarness();
  const run = (...args: string[]) => latin1(redis.bytesTo(redis.session, ...args));
  for (const next of [["PING"], ["NONSENSE"], ["GET"], ["CLIENT", "REPLY", "foo"]]) {
    assertEquals(run("CLIENT", "REPLY", "SKIP"), "");
    assertEquals(run(...next), "");
    assertEquals(run("PING"), "+PONG\r\n");
  }
  run("CLIENT", "REPLY", "SKIP");
  run("CLIENT", "REPLY", "SKIP");
  assertEquals(run("PING"), "");
  run("CLIENT", "REPLY", "SKIP");
  assertEquals(run("CLIENT", "REPLY", "ON"), "+OK\r\n");
  assertEquals(redis.run("CLIENT", "REPLY", "foo"), SYNTAX);
});

Deno.test("CLIENT NO-EVICT and NO-TOUCH are turned on and off", () => {
  const redis = new EngineHarness();
  for (const mode of ["NO-EVICT", "NO-TOUCH"]) {
    assertEquals(redis.run("CLIENT", mode, "foo"), SYNTAX);
    assertEquals(redis.run("CLIENT", mode, "on"), "OK");
  }
  assertEquals([redis.session.noEvict, redis.session.noTouch], [true, true]);
  for (const mode of ["NO-EVICT", "NO-TOUCH"]) redis.run("CLIENT", mode, "OFF");
  assertEquals([redis.session.noEvict, redis.session.noTouch], [false, false]);
});

Deno.test("look-ups under CLIENT NO-TOUCH leave a key as idle as it was", () => {
  const redis = new EngineHarness();
  redis.run("SET", "key", "value");
  redis.run("CLIENT", "NO-TOUCH", "on");
  redis.clock.advance(20_000);
  redis.run("GET", "key");
  assertEquals(redis.run("OBJECT", "IDLETIME", "key"), "(integer) 20");
  redis.run("CLIENT", "NO-TOUCH", "off");
  redis.run("GET", "key");
  assertEquals(redis.run("OBJECT", "IDLETIME", "key"), "(integer) 0");
});

Deno.test("TOUCH marks a key as used under CLIENT NO-TOUCH, in a transaction and a script too", () => {
  const redis = new EngineHarness();
  const keys = ["alone", "queued", "script"];
  for (const key of keys) redis.run("SET", key, "value");
  redis.run("CLIENT", "NO-TOUCH", "on");
  redis.clock.advance(20_000);
  redis.run("TOUCH", "alone");
  redis.run("MULTI");
  redis.run("TOUCH", "queued");
  redis.run("GET", "script");
  redis.run("EXEC");
  const idleTimes = () => keys.map((key) => redis.run("OBJECT", "IDLETIME", key));
  assertEquals(idleTimes(), ["(integer) 0", "(integer) 0", "(integer) 20"]);
  redis.run(
    "EVAL",
    "redis.call('TOUCH', KEYS[1]) redis.call('GET', KEYS[2])",
    2,
    "script",
    "alone",
  );
  assertEquals(idleTimes(), ["(integer) 0", "(integer) 0", "(integer) 0"]);
  redis.clock.advance(20_000);
  redis.run("EVAL", "redis.call('GET', KEYS[1])", 1, "script");
  assertEquals(idleTimes(), ["(integer) 20", "(integer) 20", "(integer) 20"]);
});

Deno.test("CLIENT UNBLOCK wakes nobody while nothing blocks", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("CLIENT", "UNBLOCK", 1), "(integer) 0");
  assertEquals(redis.run("CLIENT", "UNBLOCK", -1, "error"), "(integer) 0");
  assertEquals(
    redis.run("CLIENT", "UNBLOCK", "x"),
    "(error) ERR value is not an integer or out of range",
  );
  assertEquals(
    redis.run("CLIENT", "UNBLOCK", 1, "foo"),
    "(error) ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
  );
});
