import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("PING replies PONG, or its message byte for byte", () => {
  for (const protocol of [2, 3] as const) {
    const redis = new EngineHarness({ protocol });
    assertEquals(redis.run("PING"), "PONG");
    assertEquals(
      latin1(redis.bytesTo(redis.session, "ping", fromLatin1("\0\xff\r\n"))),
      "$4\r\n\0\xff\r\n\r\n",
    );
    assertEquals(
      redis.run("PING", "a", "b"),
      "(error) ERR wrong number of arguments for 'ping' command",
    );
  }
});

Deno.test("ECHO replies its message", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("ECHO", "hello"), '"hello"');
  assertEquals(redis.run("ECHO", ""), '""');
  assertEquals(redis.run("ECHO"), "(error) ERR wrong number of arguments for 'echo' command");
  assertEquals(
    redis.run("ECHO", "a", "b"),
    "(error) ERR wrong number of arguments for 'echo' command",
  );
});

Deno.test("SELECT changes the database of its own session only", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  redis.run("SET", "key", "in 0");
  assertEquals(redis.run("SELECT", "3"), "OK");
  assertEquals(redis.run("GET", "key"), "(nil)");
  redis.run("SET", "key", "in 3");
  assertEquals(redis.replyTo(other, "GET", "key"), { kind: "bulk", bytes: fromLatin1("in 0") });
  assertEquals(redis.effects.at(-1), "db3: SET key in 3");
});

Deno.test("SELECT refuses what is no database and stays where it was", () => {
  const redis = new EngineHarness({ config: { databases: "4" } });
  redis.run("SELECT", 2);
  const range = "(error) ERR DB index is out of range";
  assertEquals(redis.run("SELECT", 4), range);
  assertEquals(redis.run("SELECT", -1), range);
  assertEquals(redis.run("SELECT", "x"), "(error) ERR value is not an integer or out of range");
  assertEquals(
    redis.run("SELECT", 2 ** 32),
    "(error) ERR value is out of range, value must between -2147483648 and 2147483647",
  );
  assertEquals(redis.session.db.index, 2);
});

Deno.test("QUIT takes any arguments, replies OK and asks for the end", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("QUIT", "now", "please"), "OK");
  assertEquals(redis.session.closing, true);
});

Deno.test("RESET puts a session back to how it began", () => {
  const redis = new EngineHarness({ protocol: 3 });
  const { session } = redis;
  redis.run("SELECT", 5);
  redis.run("CLIENT", "SETNAME", "me");
  redis.run("CLIENT", "NO-EVICT", "on");
  redis.run("CLIENT", "NO-TOUCH", "on");
  redis.bytesTo(session, "CLIENT", "REPLY", "OFF");
  assertEquals(redis.run("RESET"), "RESET");
  assertEquals(session.db.index, 0);
  assertEquals(session.name, "");
  assertEquals([session.noEvict, session.noTouch], [false, false]);
  assertEquals(latin1(redis.bytesTo(session, "GET", "missing")), "$-1\r\n");
});

Deno.test("RESET takes the authentication back where there is a password", () => {
  const redis = new EngineHarness({ config: { requirepass: "secret" } });
  redis.run("AUTH", "secret");
  assertEquals(redis.run("PING"), "PONG");
  assertEquals(redis.run("RESET"), "RESET");
  assertEquals(redis.run("PING"), "(error) NOAUTH Authentication required.");
});
