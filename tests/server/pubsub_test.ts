/** Messages over connections: what is sent when, and what becomes of who does not read. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { LocalServer } from "../support/local_server.ts";
import { encodeCommand, type RespClient } from "../support/resp_client.ts";

function texts(reply: Reply): string[] {
  assert(reply.kind === "array" || reply.kind === "push");
  return (reply.items ?? []).map((item) =>
    item.kind === "bulk" && item.bytes !== null ? latin1(item.bytes) : String(item.kind)
  );
}

async function subscriber(server: LocalServer, channel: string): Promise<RespClient> {
  const client = await server.connect();
  assertEquals(texts(await client.send("SUBSCRIBE", channel))[1], channel);
  return client;
}

Deno.test("messages reach connections that wait, in the order they were published", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  await using one = await subscriber(server, "news");
  await using two = await subscriber(server, "news");
  const messages = Array.from({ length: 500 }, (_, i) => `message ${i}`);
  await publisher.pipeline(messages.map((message) => ["PUBLISH", "news", message]));
  for (const client of [one, two]) {
    for (const message of messages) {
      assertEquals(texts(await client.nextReply()), ["message", "news", message]);
    }
  }
});

Deno.test("a connection that ends is no receiver any more", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  const gone = await subscriber(server, "news");
  await using stays = await subscriber(server, "news");
  assertEquals(await publisher.send("PUBLISH", "news", "1"), { kind: "integer", value: 2 });
  await gone.closeWrite();
  await gone.ended();
  gone.close();
  assertEquals(await publisher.send("PUBLISH", "news", "2"), { kind: "integer", value: 1 });
  for (const message of ["1", "2"]) assertEquals(texts(await stays.nextReply())[2], message);
});

Deno.test("a transaction is forgotten, and its watching, when the connection ends", async () => {
  using server = new LocalServer();
  const gone = await server.connect();
  await gone.send("WATCH", "key");
  await gone.send("MULTI");
  await gone.send("SET", "key", "value");
  assertEquals(server.engine.context.transactions.watchingSessions, 1);
  await gone.closeWrite();
  await gone.ended();
  gone.close();
  assertEquals(server.engine.context.transactions.watchingSessions, 0);
  assertEquals(server.engine.context.store.keyCount, 0);
});

Deno.test("requests in MULTI that come in one write are queued and run", async () => {
  using server = new LocalServer();
  await using client = await server.connect();
  const replies = await client.pipeline([
    ["MULTI"],
    ["SET", "key", "value"],
    ["GET", "key"],
    ["EXEC"],
    ["GET", "key"],
  ]);
  assertEquals(replies.map(({ kind }) => kind), ["simple", "simple", "simple", "array", "bulk"]);
  assertEquals(texts(replies[3]), ["simple", "value"]);
});

Deno.test("a subscriber that does not read is cut at its limit and disturbs nobody", async () => {
  using server = new LocalServer({ sockets: true });
  await using publisher = await server.connect();
  const limit = await publisher.send("CONFIG", "SET", LIMIT_NAME, "pubsub 2mb 0 0");
  assertEquals(limit.kind, "simple");
  const frozen = await server.open();
  await frozen.write(encodeCommand(["SUBSCRIBE", "news"]));
  await using healthy = await subscriber(server, "news");
  const { pubsub } = server.engine.context;
  while (pubsub.subscribedSessions < 2) await publisher.send("PING");
  const message = "x".repeat(100_000);
  let count = 0;
  for (; pubsub.subscribedSessions === 2 && count < 1_000; count++) {
    await publisher.send("PUBLISH", "news", message);
    assertEquals(texts(await healthy.nextReply())[2].length, message.length);
  }
  assertEquals(pubsub.subscribedSessions, 1);
  assert(server.log.lines.some((line) => line.message.includes("output buffer limits")));
  await publisher.send("PUBLISH", "news", "after");
  assertEquals(texts(await healthy.nextReply())[2], "after");
  frozen.close();
});

const LIMIT_NAME = "client-output-buffer-limit";
