/** MULTI, EXEC and DISCARD: what is queued, what aborts, what is one unit. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { SilentLink } from "../../support/silent_link.ts";

const ABORTED = "(error) EXECABORT Transaction discarded because of previous errors.";

Deno.test("EXEC runs what was queued and replies all replies", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("MULTI"), "OK");
  assertEquals(redis.run("SET", "a", "1"), "QUEUED");
  assertEquals(redis.run("INCR", "a"), "QUEUED");
  assertEquals(redis.run("GET", "a"), "QUEUED");
  assertEquals(redis.engine.context.store.keyCount, 0);
  assertEquals(redis.run("EXEC"), '1) OK\n2) (integer) 2\n3) "2"');
  assertEquals(redis.run("GET", "a"), '"2"');
  assertEquals(redis.run("EXEC"), "(error) ERR EXEC without MULTI");
});

Deno.test("EXEC of nothing replies an empty array", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  assertEquals(redis.run("EXEC"), "(empty array)");
});

Deno.test("queued requests are copies, however many and long they are", () => {
  const redis = new EngineHarness();
  for (let round = 0; round < 3; round++) {
    redis.run("MULTI");
    for (let i = 0; i < 300; i++) redis.run("SET", `key${i}`, `${round}`.repeat(i * 3));
    redis.run("EXEC");
    for (let i = 1; i < 300; i++) {
      assertEquals(redis.run("GET", `key${i}`), `"${`${round}`.repeat(i * 3)}"`);
    }
  }
});

Deno.test("an error at run time does not stop the transaction", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  redis.run("SET", "a", "text");
  redis.run("INCR", "a");
  redis.run("SET", "b", "2");
  assertEquals(
    redis.run("EXEC"),
    "1) OK\n2) (error) ERR value is not an integer or out of range\n3) OK",
  );
  assertEquals(redis.run("GET", "b"), '"2"');
});

Deno.test("an error while queueing aborts the transaction", () => {
  const redis = new EngineHarness();
  const wrong = [["NOSUCH"], ["GET"], ["CONFIG", "NOSUCH"], ["SHUTDOWN"]];
  for (const request of wrong) {
    redis.run("MULTI");
    redis.run("SET", "a", 1);
    assertMatch(redis.run(...request), /^\(error\)/);
    assertEquals(redis.run("EXEC"), ABORTED);
    assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
  }
  assertEquals(redis.run("EXEC"), "(error) ERR EXEC without MULTI");
});

Deno.test("a command that is not for transactions is refused", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  assertEquals(redis.run("SHUTDOWN"), "(error) ERR Command not allowed inside a transaction");
});

Deno.test("MULTI and WATCH inside MULTI are errors that abort nothing", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  assertEquals(redis.run("MULTI"), "(error) ERR MULTI calls can not be nested");
  assertEquals(redis.run("WATCH", "a"), "(error) ERR WATCH inside MULTI is not allowed");
  redis.run("SET", "a", 1);
  assertEquals(redis.run("EXEC"), "1) OK");
});

Deno.test("EXEC that is refused itself ends the transaction and says why", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  redis.run("SET", "a", 1);
  assertEquals(
    redis.run("EXEC", "x"),
    "(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' " +
      "command",
  );
  assertEquals(redis.run("EXEC"), "(error) ERR EXEC without MULTI");
  assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
});

Deno.test("DISCARD and RESET forget what was queued", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("DISCARD"), "(error) ERR DISCARD without MULTI");
  for (const end of ["DISCARD", "RESET"]) {
    redis.run("MULTI");
    redis.run("SET", "a", 1);
    assertEquals(redis.run(end), end === "RESET" ? "RESET" : "OK");
    assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
    assertEquals(redis.run("EXEC"), "(error) ERR EXEC without MULTI");
  }
  redis.run("MULTI");
  redis.run("NOSUCH");
  redis.run("DISCARD");
  redis.run("MULTI");
  assertEquals(redis.run("EXEC"), "(empty array)");
});

Deno.test("a transaction is one unit of effects", () => {
  const redis = new EngineHarness();
  redis.run("SET", "old", 1, "PX", 10);
  redis.clock.advance(10);
  redis.effects = [];
  redis.run("MULTI");
  redis.run("SET", "a", 1);
  redis.run("GET", "old");
  redis.run("SELECT", 1);
  redis.run("MSET", "b", 1, "c", 2);
  assertEquals(redis.effects, []);
  redis.run("EXEC");
  assertEquals(redis.effects, ["MULTI", "SET a 1", "DEL old", "db1: MSET b 1 c 2", "EXEC"]);
});

Deno.test("a transaction with one effect, or none, is no unit of several", () => {
  const redis = new EngineHarness();
  for (const queued of [[["SET", "a", 1], ["GET", "a"]], [["GET", "a"]], []]) {
    redis.run("MULTI");
    for (const request of queued) redis.run(...request);
    redis.run("EXEC");
  }
  assertEquals(redis.effects, ["SET a 1"]);
});

Deno.test("CLIENT REPLY OFF and SKIP mute what is queued and the whole of EXEC", () => {
  const redis = new EngineHarness();
  const bytes = (...words: string[]) => latin1(redis.bytesTo(redis.session, ...words));
  bytes("CLIENT", "REPLY", "OFF");
  assertEquals(["MULTI", "PING", "EXEC"].map((word) => bytes(word)), ["", "", ""]);
  bytes("CLIENT", "REPLY", "ON");
  bytes("MULTI");
  bytes("PING");
  bytes("PING");
  bytes("DISCARD");
  bytes("MULTI");
  assertEquals(bytes("CLIENT", "REPLY", "SKIP"), "+QUEUED\r\n");
  assertEquals(bytes("EXEC"), "*1\r\n");
  assertEquals(bytes("PING"), "");
  assertEquals(bytes("PING"), "+PONG\r\n");
});

Deno.test("clients in MULTI are shown as such", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  redis.replyTo(other, "MULTI");
  redis.replyTo(other, "SET", "a", "1");
  assertMatch(redis.run("CLIENT", "LIST", "ID", other.id), / flags=x .* multi=1 .* cmd=set /);
  redis.replyTo(other, "EXEC");
  assertMatch(redis.run("CLIENT", "LIST", "ID", other.id), / flags=N .* multi=-1 .* cmd=exec /);
});

Deno.test("a full server refuses to queue what is not needed to end a transaction", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", 1);
  redis.run("CONFIG", "SET", "maxmemory", 1);
  redis.run("MULTI");
  const full = "OOM command not allowed when used memory > 'maxmemory'.";
  assertEquals(redis.run("GET", "a"), `(error) ${full}`);
  assertEquals(redis.run("EXEC"), ABORTED);
  redis.run("CONFIG", "SET", "maxmemory", 0);
  const other = redis.newSession();
  redis.replyTo(other, "MULTI");
  redis.replyTo(other, "SET", "a", "1");
  redis.run("CONFIG", "SET", "maxmemory", 1);
  assertEquals(
    latin1(redis.bytesTo(other, "EXEC")),
    `-EXECABORT Transaction discarded because of: ${full}\r\n`,
  );
});

Deno.test("a pause for writing stops an EXEC that writes, and no other", () => {
  const redis = new EngineHarness();
  const writer = redis.newSession();
  writer.link = new SilentLink(redis.engine.context.sessions, writer, "127.0.0.1:1");
  const reader = redis.newSession();
  reader.link = new SilentLink(redis.engine.context.sessions, reader, "127.0.0.1:2");
  redis.bytesTo(writer, "MULTI");
  redis.bytesTo(writer, "SET", "a", "1");
  redis.bytesTo(reader, "MULTI");
  redis.bytesTo(reader, "GET", "a");
  redis.run("CLIENT", "PAUSE", 100, "WRITE");
  assertEquals(latin1(redis.bytesTo(reader, "EXEC")), "*1\r\n$-1\r\n");
  assertEquals(latin1(redis.bytesTo(writer, "EXEC")), "");
  assert(writer.parked);
});

Deno.test("who queues more than client-query-buffer-limit is closed", () => {
  const redis = new EngineHarness({ config: { "client-query-buffer-limit": "1mb" } });
  const other = redis.newSession();
  const link = new SilentLink(redis.engine.context.sessions, other, "127.0.0.1:1");
  other.link = link;
  redis.bytesTo(other, "MULTI");
  for (let i = 0; i < 5 && !link.closed; i++) {
    redis.bytesTo(other, "SET", "key", "x".repeat(400_000));
    assertEquals(link.closed, i >= 2);
  }
  assertEquals(other.queue, null);
});
