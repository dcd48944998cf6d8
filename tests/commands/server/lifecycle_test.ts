/** TIME, ROLE, LOLWUT, SHUTDOWN and MONITOR. */

import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import type { ShutdownOptions } from "../../../lib/engine/ports.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("TIME tells seconds and microseconds", () => {
  const redis = new EngineHarness();
  redis.clock.advance(1234.5);
  assertEquals(redis.run("TIME"), '1) "1700000001"\n2) "234500"');
});

Deno.test("ROLE of a lone primary", () => {
  assertEquals(
    new EngineHarness().run("ROLE"),
    '1) "master"\n2) (integer) 0\n3) (empty array)',
  );
});

Deno.test("LOLWUT draws another picture each time, of the size asked for, and tells the version", () => {
  const redis = new EngineHarness({ protocol: 3 });
  const draw = (...args: string[]) => {
    const reply = redis.reply("LOLWUT", ...args);
    assert(reply.kind === "verbatim");
    return new TextDecoder().decode(reply.bytes);
  };
  assertNotEquals(draw(), draw());
  for (const args of [[], ["VERSION", "9"], ["VERSION", "5", "1", "1", "1"], ["FOO"]]) {
    assert(draw(...args).endsWith("\nRedis ver. 7.2.4\n"));
  }
  const lines = draw("VERSION", "6", "20", "5").split("\n");
  assertEquals(lines.slice(0, 5).map((line) => line.length), [20, 20, 20, 20, 20]);
  assertEquals(lines.length, 8);
  draw("VERSION", "5", "-1", "999999999999", "0");
});

Deno.test("SHUTDOWN passes its options on and does not reply", () => {
  const redis = new EngineHarness();
  const asked: ShutdownOptions[] = [];
  redis.engine.context.process = {
    shutdown: (options) => {
      asked.push(options);
      return false;
    },
    shutdownInMs: null,
    abortShutdown: () => true,
    fail: () => {},
  };
  assertEquals(latin1(redis.bytesTo(redis.session, "SHUTDOWN")), "");
  assertEquals(latin1(redis.bytesTo(redis.session, "SHUTDOWN", "nosave", "NOW", "FORCE")), "");
  assertEquals(asked, [
    { save: undefined, now: false, force: false },
    { save: false, now: true, force: true },
  ]);
  assertEquals(redis.run("SHUTDOWN", "ABORT"), "OK");
  assertEquals(asked.length, 2);
});

Deno.test("SHUTDOWN says so when it can't", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SHUTDOWN"), "(error) ERR Errors trying to SHUTDOWN. Check logs.");
  assertEquals(redis.run("SHUTDOWN", "ABORT"), "(error) ERR No shutdown in progress.");
});

Deno.test("MONITOR shows what others run, with their database, bytes escaped", () => {
  const redis = new EngineHarness();
  const watcher = redis.newSession();
  assertEquals(latin1(redis.bytesTo(watcher, "MONITOR")), "+OK\r\n");
  redis.run("SELECT", "5");
  redis.run("SET", fromLatin1('a\x00\n"\\\xff'), "v");
  redis.run("GET");
  redis.run("NOSUCHCOMMAND");
  redis.run("CONFIG", "GET", "x");
  assertEquals(taken(watcher), [
    '+1700000000.000000 [5 lua] "SELECT" "5"',
    '+1700000000.000000 [5 lua] "SET" "a\\x00\\n\\"\\\\\\xff" "v"',
  ]);
});

Deno.test("MONITOR hides secrets", () => {
  const redis = new EngineHarness();
  const watcher = redis.newSession();
  redis.bytesTo(watcher, "MONITOR");
  redis.run("AUTH", "one");
  redis.run("HELLO", "2", "AUTH", "default", "two", "SETNAME", "me");
  assertEquals(taken(watcher).map((line) => line.slice(line.indexOf('"'))), [
    '"AUTH" "(redacted)"',
    '"HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "me"',
  ]);
});

Deno.test("who watches sees itself after its reply, gets no second OK and may not use keys", () => {
  const redis = new EngineHarness();
  const watcher = redis.newSession();
  redis.bytesTo(watcher, "MONITOR");
  assertEquals(
    latin1(redis.bytesTo(watcher, "PING")),
    '+PONG\r\n+1700000000.000000 [0 lua] "PING"\r\n',
  );
  assertEquals(latin1(redis.bytesTo(watcher, "MONITOR")), "");
  assertEquals(
    latin1(redis.bytesTo(watcher, "GET", "a")),
    "-ERR Replica can't interact with the keyspace\r\n",
  );
});

Deno.test("a session that is closed or taken off is not written to any more", () => {
  const redis = new EngineHarness();
  const { monitor, sessions } = redis.engine.context;
  const first = redis.newSession();
  const second = redis.newSession();
  redis.bytesTo(first, "MONITOR");
  redis.bytesTo(second, "MONITOR");
  sessions.close(first);
  redis.run("PING");
  assertEquals(taken(first), []);
  assertEquals(taken(second).length, 1);
  monitor.remove(second);
  redis.run("PING");
  assertEquals(taken(second), []);
  assertEquals(monitor.active, false);
  assertStringIncludes(latin1(redis.bytesTo(second, "GET", "a")), "$-1");
});

/** What was written to a session since it was last looked at, line by line. */
function taken(session: Session): string[] {
  const text = latin1(session.reply.buffer, 0, session.reply.length);
  session.reply.length = 0;
  return text.split("\r\n").filter((line) => line !== "");
}
