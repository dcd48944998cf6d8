/** Messages over connections: what is sent when, and what becomes of who does not read. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import type { Connection } from "../../lib/host/network.ts";
import { LocalServer, settle } from "../support/local_server.ts";
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

Deno.test("what waits for a slow subscriber is sealed, counted, and sent in its order", async () => {
  using server = new LocalServer({ sockets: true });
  await using publisher = await server.connect();
  const slow = await server.open();
  await slow.write(encodeCommand(["SUBSCRIBE", "news"]));
  const { pubsub, sessions } = server.engine.context;
  while (pubsub.subscribedSessions < 1) await publisher.send("PING");
  const { link, reply } = [...sessions.all()][1];
  assert(link !== null);
  let sent = 0;
  let largest = 0;
  let text = "";
  const publish = async (bytes: number): Promise<void> => {
    const message = String(sent++).padStart(bytes, "0");
    text += `*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$${bytes}\r\n${message}\r\n`;
    await publisher.send("PUBLISH", "news", message);
    largest = Math.max(largest, reply.buffer.length);
  };
  // The system takes some before it takes no more.
  while (link.queuedBuffers < 2) await publish(20_000);
  const [bytes, queued] = [link.outputBytes + link.queuedBytes, link.queuedBuffers];
  const before = text.length;
  for (let i = 0; i < 200; i++) await publish(1_000 + i * 100);
  assertEquals(link.outputBytes + link.queuedBytes, bytes + text.length - before);
  assert(link.queuedBuffers - queued >= 20, `${link.queuedBuffers} buffers`);
  assert(link.memoryBytes < 1.5 * (link.outputBytes + link.queuedBytes), `${link.memoryBytes}`);
  // No buffer became larger than the chunks that follow a sealed one.
  assert(largest <= 64 * 1024, `${largest} bytes`);
  const wanted = `*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n${text}`;
  let received = "";
  const target = new Uint8Array(64 * 1024);
  while (received.length < wanted.length) {
    const count = await slow.read(target);
    if (count === null) break;
    received += latin1(target, 0, count);
  }
  assert(received === wanted, "what arrived is not what was sent");
  assertEquals([link.outputBytes, link.queuedBytes, link.queuedBuffers], [0, 0, 0]);
  slow.close();
});

Deno.test("what is sealed in a turn that waits for the disk waits with it", async () => {
  using server = new LocalServer({ sockets: true });
  await using publisher = await server.connect();
  const slow = await server.open();
  await slow.write(encodeCommand(["SUBSCRIBE", "news"]));
  const { pubsub, sessions } = server.engine.context;
  while (pubsub.subscribedSessions < 1) await publisher.send("PING");
  const { link } = [...sessions.all()][1];
  assert(link !== null);
  let sent = 0;
  const publish = (): string[] => ["PUBLISH", "news", String(sent++).padStart(20_000, "0")];
  while (link.queuedBuffers < 3) await publisher.send(...publish());
  // What is not sealed yet belongs to the turn that comes.
  const free = sent - link.outputBytes / (20_000 + FRAME_BYTES);
  let ticket = 0;
  server.turn.barrier = { turnEnds: () => ++ticket };
  // Several messages of one turn, so that a buffer is sealed before the turn ends.
  const held = publisher.pipeline(Array.from({ length: 100 }, publish));
  const messages = texts20000(slow);
  for (let i = 0; i < free; i++) assertEquals(Number((await messages.next()).value), i);
  const bytes = (sent - free) * (20_000 + FRAME_BYTES);
  while (pubsub.subscribedSessions > 0 && link.queuedBytes < bytes) await settle();
  // All that the disk has not been waited for is still here, and nothing is being written.
  assertEquals([link.queuedBytes, link.outputBytes], [bytes, 0]);
  server.turn.barrier = null;
  server.turn.release(ticket);
  for (let i = free; i < sent; i++) assertEquals(Number((await messages.next()).value), i);
  assertEquals((await held).length, 100);
  slow.close();
});

/** Bytes of a message to `news` of 20,000 bytes, beside these. */
const FRAME_BYTES = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$20000\r\n\r\n".length;

/** The messages of 20,000 bytes that arrive, one after another. */
async function* texts20000(connection: Connection): AsyncGenerator<string, undefined> {
  const target = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await connection.read(target);
    if (count === null) return;
    text += latin1(target, 0, count);
    for (;;) {
      const start = text.indexOf("$20000\r\n");
      if (start < 0 || text.length < start + 20_010) break;
      yield text.slice(start + 8, start + 20_008);
      text = text.slice(start + 20_010);
    }
  }
}
