/** Messages that many share: everybody gets each of them once and in order, whatever else he is sent. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Connection } from "../../lib/host/network.ts";
import { type Reply, ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { LocalServer } from "../support/local_server.ts";
import { encodeCommand, type RespClient } from "../support/resp_client.ts";
import { Random, seed } from "../unit/bytes/random.ts";

/** A subscriber that keeps pushes and replies in the order in which they came. */
class Listener {
  readonly heard: string[] = [];
  private readonly decoder = new ReplyDecoder();
  private readonly target = new Uint8Array(64 * 1024);

  constructor(readonly connection: Connection) {}

  static async open(server: LocalServer, ...requests: string[][]): Promise<Listener> {
    const listener = new Listener(await server.open());
    for (const request of requests) {
      await listener.connection.write(encodeCommand(request));
      await listener.until((text) => text !== "");
      listener.heard.length = 0;
    }
    return listener;
  }

  /** Reads until something was heard that is looked for. */
  async until(isLast: (text: string) => boolean): Promise<void> {
    while (!this.heard.some(isLast)) {
      const count = await this.connection.read(this.target);
      if (count === null) throw new Error(`closed after ${this.heard.length}`);
      this.decoder.feed(this.target.subarray(0, count));
      for (let reply = this.decoder.next(); reply !== undefined; reply = this.decoder.next()) {
        this.heard.push(textOf(reply));
      }
    }
  }
}

/** Words of a reply, apart by blanks; those of a message without its kind. */
function textOf(reply: Reply): string {
  if (reply.kind === "bulk") return reply.bytes === null ? "null" : latin1(reply.bytes);
  if (reply.kind === "array" || reply.kind === "push") {
    return (reply.items ?? []).map(textOf).join(" ");
  }
  return "text" in reply ? reply.text : String("value" in reply ? reply.value : reply.kind);
}

const CHANNELS = ["a", "b", "c"];

Deno.test("listeners hear all that was published, in order, whatever else they are sent", async () => {
  const random = new Random(seed());
  for (let round = 0; round < 40; round++) {
    using server = new LocalServer();
    await using publisher = await server.connect();
    const listeners = await Promise.all(
      Array.from({ length: 2 + random.below(6) }, () => openListener(server, random)),
    );
    const published: string[][] = [];
    for (let turn = 0; turn < 5; turn++) {
      const messages = Array.from({ length: 1 + random.below(20) }, (_, i) => {
        // Mostly to one channel, as it is shared then.
        const channel = random.below(4) > 0 ? "a" : CHANNELS[random.below(3)];
        return ["PUBLISH", channel, `${turn}.${i}`];
      });
      published.push(...messages.map(([, channel, message]) => [channel, message]));
      const pings = listeners.filter(() => random.below(3) === 0).map(({ listener }) =>
        listener.connection.write(encodeCommand(["PING", `ping${turn}`]))
      );
      await Promise.all([publisher.pipeline(messages), ...pings]);
    }
    await publisher.pipeline(CHANNELS.map((channel) => ["PUBLISH", channel, "end"]));
    published.push(...CHANNELS.map((channel) => [channel, "end"]));
    for (const { listener, channels, hasPattern } of listeners) {
      const wanted = published.flatMap(([channel, message]) => [
        ...(channels.includes(channel) ? [`message ${channel} ${message}`] : []),
        ...(hasPattern ? [`pmessage * ${channel} ${message}`] : []),
      ]);
      const last = wanted.at(-1) as string;
      await listener.until((text) => text === last);
      assertEquals(listener.heard.filter((text) => !text.includes("ping")), wanted);
    }
  }
});

async function openListener(server: LocalServer, random: Random) {
  const channels = CHANNELS.filter((_, i) => random.below(i === 0 ? 6 : 3) > 0 || i === 0);
  const hasPattern = random.below(5) === 0;
  const requests = channels.map((channel) => ["SUBSCRIBE", channel]);
  if (random.below(2) === 0) requests.unshift(["HELLO", "3"]);
  if (hasPattern) requests.push(["PSUBSCRIBE", "*"]);
  return { listener: await Listener.open(server, ...requests), channels, hasPattern };
}

async function listenersOf(server: LocalServer, count: number): Promise<Listener[]> {
  return await Promise.all(
    Array.from({ length: count }, () => Listener.open(server, ["SUBSCRIBE", "news"])),
  );
}

function publish(publisher: RespClient, count: number): Promise<Reply[]> {
  return publisher.pipeline(Array.from({ length: count }, (_, i) => ["PUBLISH", "news", i]));
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `message news ${i}`);
}

Deno.test("who only listens has no copy of what he is sent", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  const listeners = await listenersOf(server, 10);
  const sessions = [...server.engine.context.sessions.all()].filter((session) =>
    session.subscriptions !== null
  );
  const waiting: number[] = [];
  server.turn.barrier = {
    turnEnds: () => {
      for (const { link, reply } of sessions) {
        waiting.push(link?.outputBytes ?? 0);
        assertEquals(reply.length, 0);
      }
      return 0;
    },
  };
  // As many as come in one read.
  await publish(publisher, 20);
  const bytes = numbered(20).reduce((sum, text) => {
    const number = text.slice("message news ".length);
    return sum + `*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$${number.length}\r\n${number}\r\n`.length;
  }, 0);
  assertEquals(waiting.slice(0, 10), new Array(10).fill(bytes));
  for (const listener of listeners) {
    await listener.until((text) => text === "message news 19");
    assertEquals(listener.heard, numbered(20));
  }
});

Deno.test("more than is shared at most arrives all the same", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  const listeners = await listenersOf(server, 3);
  const messages = [100_000, 100_000, 100_000, 400_000, 10, 300_000].map((bytes, i) =>
    String(i).repeat(bytes)
  );
  await publisher.pipeline([
    ["MULTI"],
    ...messages.map((message) => ["PUBLISH", "news", message]),
    ["EXEC"],
  ]);
  for (const listener of listeners) {
    await listener.until((text) => text.startsWith("message news 5"));
    assertEquals(
      listener.heard.map((text) => text.length),
      messages.map(({ length }) => length + "message news ".length),
    );
  }
});

Deno.test("a listener that goes within the turn takes nothing with him", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  const listeners = await listenersOf(server, 4);
  const ids = [...server.engine.context.sessions.all()].filter(({ subscriptions }) =>
    subscriptions !== null
  ).map(({ id }) => id);
  for (let turn = 0; turn < 4; turn++) {
    const replies = await publisher.pipeline([
      ["PUBLISH", "news", `${turn} before`],
      ...(turn < 3 ? [["CLIENT", "KILL", "ID", ids[turn]]] : []),
      ["PUBLISH", "news", `${turn} after`],
    ]);
    const counts = replies.filter(({ kind }) => kind === "integer").map(textOf);
    assertEquals(counts, turn < 3 ? [4 - turn, 1, 3 - turn].map(String) : ["1", "1"]);
  }
  const last = listeners[3];
  await last.until((text) => text === "message news 3 after");
  assertEquals(
    last.heard,
    [0, 1, 2, 3].flatMap((turn) => [`message news ${turn} before`, `message news ${turn} after`]),
  );
});

Deno.test("what is shared waits for the disk with the turn that published it", async () => {
  using server = new LocalServer();
  await using publisher = await server.connect();
  const listeners = await listenersOf(server, 3);
  let ticket = 0;
  server.turn.barrier = { turnEnds: () => ++ticket };
  const replies = publish(publisher, 10);
  while (ticket === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const { sessions } = server.engine.context;
  for (const { link, subscriptions } of sessions.all()) {
    if (subscriptions !== null) assert(link !== null && link.queuedBytes > 0);
  }
  server.turn.barrier = null;
  server.turn.release(ticket);
  assertEquals((await replies).length, 10);
  for (const listener of listeners) {
    await listener.until((text) => text === "message news 9");
    assertEquals(listener.heard, numbered(10));
  }
});

Deno.test("who publishes to a channel that he listens to hears it behind the reply", async () => {
  using server = new LocalServer();
  const others = await listenersOf(server, 2);
  const own = await Listener.open(server, ["HELLO", "3"], ["SUBSCRIBE", "news"]);
  await own.connection.write(encodeCommand(["PUBLISH", "news", "1"]));
  await own.until((text) => text === "message news 1");
  assertEquals(own.heard, ["3", "message news 1"]);
  for (const other of others) {
    await other.until((text) => text === "message news 1");
    assertEquals(other.heard, ["message news 1"]);
  }
});
