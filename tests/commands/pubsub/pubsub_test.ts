/** Subscribing, publishing and what is told about it, on several sessions of one engine. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** What a session was sent since the last time. */
function received(session: Session): string {
  const text = latin1(session.reply.buffer, 0, session.reply.length);
  session.reply.cutTo(0);
  return text;
}

/** Bulk strings and numbers as RESP2 sends them in an array. */
function frame(...items: (string | number | null)[]): string {
  return `*${items.length}\r\n` + items.map((item) => {
    if (item === null) return "$-1\r\n";
    return typeof item === "number" ? `:${item}\r\n` : `$${item.length}\r\n${item}\r\n`;
  }).join("");
}

function push(...items: (string | number | null)[]): string {
  return frame(...items).replace("*", ">").replaceAll("$-1", "_");
}

function send(redis: EngineHarness, session: Session, ...words: string[]): string {
  return latin1(redis.bytesTo(session, ...words));
}

Deno.test("SUBSCRIBE confirms each channel with the number of subscriptions", () => {
  const redis = new EngineHarness();
  const { session } = redis;
  assertEquals(
    send(redis, session, "SUBSCRIBE", "a", "b", "a"),
    frame("subscribe", "a", 1) + frame("subscribe", "b", 2) + frame("subscribe", "a", 2),
  );
  assertEquals(send(redis, session, "PSUBSCRIBE", "p*"), frame("psubscribe", "p*", 3));
  assertEquals(send(redis, session, "SSUBSCRIBE", "s"), frame("ssubscribe", "s", 1));
  const third = redis.newSession(3);
  assertEquals(send(redis, third, "SUBSCRIBE", "a"), push("subscribe", "a", 1));
});

Deno.test("UNSUBSCRIBE confirms the named, all, or that there was none", () => {
  const redis = new EngineHarness();
  const { session } = redis;
  send(redis, session, "SUBSCRIBE", "a", "b", "c");
  assertEquals(
    send(redis, session, "UNSUBSCRIBE", "b", "x"),
    frame("unsubscribe", "b", 2) + frame("unsubscribe", "x", 2),
  );
  assertEquals(send(redis, session, "PUNSUBSCRIBE"), frame("punsubscribe", null, 2));
  assertEquals(
    send(redis, session, "UNSUBSCRIBE"),
    frame("unsubscribe", "a", 1) + frame("unsubscribe", "c", 0),
  );
  assertEquals(send(redis, session, "UNSUBSCRIBE"), frame("unsubscribe", null, 0));
  assertEquals(send(redis, session, "SUNSUBSCRIBE"), frame("sunsubscribe", null, 0));
  assertEquals(
    send(redis, redis.newSession(3), "UNSUBSCRIBE"),
    push("unsubscribe", null, 0)
      .replace("_", "_"),
  );
});

Deno.test("PUBLISH reaches channels first, then patterns, in either protocol", () => {
  const redis = new EngineHarness();
  const second = redis.newSession();
  const third = redis.newSession(3);
  for (const session of [second, third]) {
    send(redis, session, "PSUBSCRIBE", "ne?s");
    send(redis, session, "SUBSCRIBE", "news");
  }
  assertEquals(redis.run("PUBLISH", "news", "hello"), "(integer) 4");
  const [direct, matched] = [["message", "news", "hello"], ["pmessage", "ne?s", "news", "hello"]];
  assertEquals(received(second), frame(...direct) + frame(...matched));
  assertEquals(received(third), push(...direct) + push(...matched));
  assertEquals(redis.run("PUBLISH", "nothing", "hello"), "(integer) 0");
  assertEquals(redis.run("SPUBLISH", "news", "hello"), "(integer) 0");
  assertEquals(received(second) + received(third), "");
});

Deno.test("shard channels are apart from channels and patterns", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  send(redis, other, "SSUBSCRIBE", "news");
  assertEquals(redis.run("PUBLISH", "news", "x"), "(integer) 0");
  assertEquals(redis.run("SPUBLISH", "news", "x"), "(integer) 1");
  assertEquals(received(other), frame("smessage", "news", "x"));
});

Deno.test("messages and names are any bytes, of any length", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  const name = new Uint8Array([0, 13, 10, 255]);
  const message = new Uint8Array(200_000).map((_, i) => i);
  redis.bytesTo(other, "SUBSCRIBE", name);
  redis.run("PUBLISH", name, message);
  assertEquals(received(other), frame("message", latin1(name), latin1(message)));
  redis.run("PUBLISH", name, "");
  assertEquals(received(other), frame("message", latin1(name), ""));
});

Deno.test("a RESP2 subscriber may do little else, and a RESP3 one anything", () => {
  const redis = new EngineHarness();
  for (const how of ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]) {
    const session = redis.newSession();
    send(redis, session, how, "a");
    assertEquals(
      send(redis, session, "CLIENT", "ID"),
      "-ERR Can't execute 'client|id': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / " +
        "RESET are allowed in this context\r\n",
    );
    assertMatch(send(redis, session, "MULTI"), /^-ERR Can't execute 'multi'/);
    assertEquals(send(redis, session, "PING"), frame("pong", ""));
    assertEquals(send(redis, session, "PING", "x"), frame("pong", "x"));
    assertMatch(send(redis, session, "NOSUCH"), /^-ERR unknown command/);
    send(redis, session, how.replace("SUB", "UNSUB"));
    assertEquals(send(redis, session, "PING"), "+PONG\r\n");
    assertEquals(send(redis, session, "GET", "a"), "$-1\r\n");
  }
  const third = redis.newSession(3);
  send(redis, third, "SUBSCRIBE", "a");
  assertEquals(send(redis, third, "GET", "a"), "_\r\n");
  assertEquals(send(redis, third, "PING"), "+PONG\r\n");
});

Deno.test("a subscriber's own message comes behind the reply to its command", () => {
  const redis = new EngineHarness();
  const third = redis.newSession(3);
  send(redis, third, "SUBSCRIBE", "a");
  const message = push("message", "a", "x");
  assertEquals(send(redis, third, "PUBLISH", "a", "x"), `:1\r\n${message}`);
  send(redis, third, "MULTI");
  send(redis, third, "PUBLISH", "a", "x");
  send(redis, third, "PUBLISH", "a", "x");
  assertEquals(send(redis, third, "EXEC"), `*2\r\n:1\r\n:1\r\n${message}${message}`);
});

Deno.test("CLIENT REPLY OFF leaves pushes alone", () => {
  const redis = new EngineHarness();
  const third = redis.newSession(3);
  send(redis, third, "CLIENT", "REPLY", "OFF");
  assertEquals(send(redis, third, "SUBSCRIBE", "a"), push("subscribe", "a", 1));
  assertEquals(send(redis, third, "PUBLISH", "a", "x"), push("message", "a", "x"));
  redis.run("PUBLISH", "a", "y");
  assertEquals(received(third), push("message", "a", "y"));
});

Deno.test("SUBSCRIBE inside MULTI takes effect at EXEC; SSUBSCRIBE is refused there", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  for (const words of [["MULTI"], ["SUBSCRIBE", "a"], ["SSUBSCRIBE", "a"], ["GET", "x"]]) {
    send(redis, other, ...words);
  }
  redis.run("PUBLISH", "a", "early");
  assertEquals(
    send(redis, other, "EXEC"),
    `*3\r\n${frame("subscribe", "a", 1)}-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING ` +
      "client\r\n$-1\r\n",
  );
  assertMatch(send(redis, other, "GET", "x"), /^-ERR Can't execute/);
});

Deno.test("RESET and the end of a connection leave all channels", () => {
  const redis = new EngineHarness();
  const { sessions, pubsub } = redis.engine.context;
  for (const leave of ["reset", "close"]) {
    const other = redis.newSession();
    send(redis, other, "SUBSCRIBE", "a", "b");
    send(redis, other, "PSUBSCRIBE", "a*");
    send(redis, other, "SSUBSCRIBE", "a");
    assertEquals([other.kind, pubsub.subscribedSessions], ["pubsub", 1]);
    if (leave === "close") sessions.close(other);
    else assertEquals(send(redis, other, "RESET"), "+RESET\r\n");
    assertEquals([other.kind, pubsub.subscribedSessions], ["normal", 0]);
    assertEquals(redis.run("PUBLISH", "a", "x"), "(integer) 0");
    assertEquals(redis.run("SPUBLISH", "a", "x"), "(integer) 0");
    assertEquals(redis.run("PUBSUB", "NUMPAT"), "(integer) 0");
    assert(pubsub.isIdle);
  }
});

Deno.test("PUBSUB lists and counts", () => {
  const redis = new EngineHarness();
  const [one, two] = [redis.newSession(), redis.newSession(3)];
  send(redis, one, "SUBSCRIBE", "news", "sport");
  send(redis, two, "SUBSCRIBE", "news");
  send(redis, one, "PSUBSCRIBE", "n*", "m*");
  send(redis, two, "PSUBSCRIBE", "n*");
  send(redis, two, "SSUBSCRIBE", "shard");
  assertEquals(redis.run("PUBSUB", "CHANNELS"), '1) "news"\n2) "sport"');
  assertEquals(redis.run("PUBSUB", "CHANNELS", "n*"), '1) "news"');
  assertEquals(redis.run("PUBSUB", "CHANNELS", "x*"), "(empty array)");
  assertEquals(redis.run("PUBSUB", "NUMPAT"), "(integer) 2");
  assertEquals(
    redis.run("PUBSUB", "NUMSUB", "news", "none"),
    '1) "news"\n2) (integer) 2\n3) "none"\n4) (integer) 0',
  );
  assertEquals(redis.run("PUBSUB", "NUMSUB"), "(empty array)");
  assertEquals(redis.run("PUBSUB", "SHARDCHANNELS"), '1) "shard"');
  assertEquals(redis.run("PUBSUB", "SHARDNUMSUB", "shard"), '1) "shard"\n2) (integer) 1');
  assertMatch(redis.run("PUBSUB", "HELP"), /SHARDNUMSUB \[<shardchannel> \.\.\.\]/);
  assertEquals(
    redis.run("PUBSUB", "NOSUCH"),
    "(error) ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP.",
  );
});

Deno.test("subscribers are shown in CLIENT LIST and INFO", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  send(redis, other, "SUBSCRIBE", "a", "b");
  send(redis, other, "PSUBSCRIBE", "a*", "b*", "c*");
  send(redis, other, "SSUBSCRIBE", "s");
  assertMatch(
    redis.run("CLIENT", "LIST", "TYPE", "pubsub"),
    / flags=P db=0 sub=2 psub=3 ssub=1 multi=-1 /,
  );
  const info = redis.run("INFO", "everything");
  for (
    const field of [
      ...["pubsub_channels:2", "pubsub_patterns:3", "pubsubshard_channels:1", "pubsub_clients:1"],
    ]
  ) assert(info.includes(field), field);
});

Deno.test("publishing puts nothing on the stream of effects", () => {
  const redis = new EngineHarness();
  send(redis, redis.newSession(), "SUBSCRIBE", "a");
  redis.run("PUBLISH", "a", "x");
  redis.run("SPUBLISH", "a", "x");
  assertEquals(redis.effects, []);
});
