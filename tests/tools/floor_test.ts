/** The floor: what a relay learns, and that the bare program then answers as the server did. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { writeAll } from "../../lib/host/network.ts";
import { LocalServer } from "../support/local_server.ts";
import { type Argument, connect, encodeCommand, show } from "../support/resp_client.ts";
import { Random, seed } from "../unit/bytes/random.ts";
import { conversationsOf, Relay, startFloor } from "./floor.ts";
import type { Conversation } from "./floor_server.ts";

const SET = text("SET", "key:000000000001", "x".repeat(32));
const GET = text("GET", "key:000000000001");
const XREAD = text("XREADGROUP", "GROUP", "group", "consumer");
const XACK = text("XACK", "mystream", "group", "1-1000001");

function text(...command: Argument[]): string {
  return latin1(encodeCommand(command));
}

function conversation(...steps: [request: string, reply: string][]): Conversation {
  return {
    begins: steps[0][0].slice(0, 16),
    steps: steps.map(([request, reply]) => ({ requestBytes: request.length, reply })),
    role: "answered",
    message: "",
  };
}

/**
 * Sends the pieces one after the other. All that comes until the floor closes, as it does once our
 * side has ended, which is when `replyBytes` have come.
 */
async function exchanged(
  port: number,
  pieces: readonly string[],
  replyBytes: number,
): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  // A floor that owes us something makes the read fail.
  const deadline = setTimeout(() => connection.close(), 10_000);
  const sending = (async () => {
    for (const piece of pieces) await writeAll(connection, fromLatin1(piece));
  })();
  const target = new Uint8Array(64 * 1024);
  let replies = "";
  for (let ended = false;;) {
    if (!ended && replies.length >= replyBytes) {
      await sending;
      await connection.closeWrite();
      ended = true;
    }
    const count = await connection.read(target);
    if (count === null) break;
    replies += latin1(target, 0, count);
  }
  clearTimeout(deadline);
  connection.close();
  return replies;
}

Deno.test("the floor answers each request of a known length, wherever its bytes are split", async () => {
  const random = new Random(seed());
  const read = ["*2\r\n$2\r\nid\r\n$1\r\nv\r\n", ":1\r\n"];
  await using floor = await startFloor([
    conversation([SET, "+OK\r\n"]),
    conversation([GET, "$5\r\nvalue\r\n"]),
    conversation([XREAD, read[0]], [XACK, read[1]]),
  ]);
  const cases = [[SET, "+OK\r\n"], [GET, "$5\r\nvalue\r\n"], [XREAD + XACK, read.join("")]];
  await Promise.all(cases.map(async ([request, reply]) => {
    const count = 200 + random.below(200);
    const sent = request.repeat(count);
    const pieces: string[] = [];
    for (let at = 0; at < sent.length;) {
      const bytes = 1 + random.below(random.pick([4, 40, 400]));
      pieces.push(sent.slice(at, at + bytes));
      at += bytes;
    }
    const expected = reply.repeat(count);
    assertEquals(await exchanged(floor.port, pieces, expected.length), expected);
  }));
});

Deno.test("the floor sends long replies whole to a client that reads late", async () => {
  const reply = `$30000\r\n${"0123456789".repeat(3000)}\r\n`;
  await using floor = await startFloor([conversation([GET, reply])]);
  const count = 300;
  const replies = await exchanged(floor.port, [GET.repeat(count)], reply.length * count);
  assertEquals(replies.length, reply.length * count);
  assertEquals(replies === reply.repeat(count), true);
});

Deno.test("the floor closes a connection on which it does not know what is said", async () => {
  await using floor = await startFloor([conversation([SET, "+OK\r\n"])]);
  assertEquals(await exchanged(floor.port, [GET], Infinity), "");
});

Deno.test("a relay hands requests and replies on, and the floor then gives the same replies", async () => {
  using server = new LocalServer({ sockets: true });
  await using relay = new Relay(server.port);
  {
    await using client = await connect(relay.port);
    for (let i = 0; i < 5; i++) {
      assertEquals(show(await client.send("SET", `key:${i}`, "x".repeat(10))), "OK");
    }
    await using other = await connect(relay.port);
    assertEquals(show(await other.send("GET", "key:3")), `"${"x".repeat(10)}"`);
  }
  const conversations = relay.conversations()!;
  assertEquals(conversations, [
    conversation([text("SET", "key:1", "x".repeat(10)), "+OK\r\n"]),
    conversation([text("GET", "key:1"), `$10\r\n${"x".repeat(10)}\r\n`]),
  ]);
  await using floor = await startFloor(conversations);
  await using client = await connect(floor.port);
  assertEquals(show(await client.send("GET", "key:9")), `"${"x".repeat(10)}"`);
});

Deno.test("the floor answers who waits once another speaks of the same key", async () => {
  using server = new LocalServer({ sockets: true });
  await using relay = new Relay(server.port);
  await handOver(relay.port, "waiting:1001");
  const conversations = relay.conversations()!;
  assertEquals(conversations.map(({ role }) => role).sort(), ["speaks", "waits"]);
  await using floor = await startFloor(conversations);
  await handOver(floor.port, "waiting:1001");
  // Another key is another pair, and who speaks first is heard by who waits later.
  await using speaking = await connect(floor.port);
  assertEquals(show(await speaking.send("LPUSH", "waiting:1002", "value")), "(integer) 1");
  await using stranger = await connect(floor.port);
  const unanswered = stranger.write("BLPOP", "waiting:1003", "0");
  await using waiting = await connect(floor.port);
  assertEquals((await waiting.send("BLPOP", "waiting:1002", "0")).kind, "array");
  await unanswered;
  assertEquals(show(await speaking.send("LPUSH", "waiting:1002", "value")), "(integer) 1");
});

async function handOver(port: number, list: string): Promise<void> {
  await using waiting = await connect(port);
  await using pushing = await connect(port);
  for (let i = 0; i < 3; i++) {
    const served = waiting.send("BLPOP", list, "0");
    assertEquals(show(await pushing.send("LPUSH", list, "value")), "(integer) 1");
    assertEquals(show(await served), `1) "waiting:1001"\n2) "value"`);
  }
}

Deno.test("the floor sends what one publishes to all who listen", async () => {
  using server = new LocalServer({ sockets: true });
  await using relay = new Relay(server.port);
  await published(relay.port, 1);
  await using floor = await startFloor(relay.conversations()!);
  await published(floor.port, 3);
});

async function published(port: number, listeners: number): Promise<void> {
  const message = '1) "message"\n2) "channel"\n3) "text"';
  const listening = await Promise.all(Array.from({ length: listeners }, () => connect(port)));
  for (const client of listening) {
    assertEquals((await client.send("SUBSCRIBE", "channel")).kind, "array");
  }
  await using publishing = await connect(port);
  for (let i = 0; i < 3; i++) {
    assertEquals(show(await publishing.send("PUBLISH", "channel", "text")), "(integer) 1");
    for (const client of listening) assertEquals(show(await client.nextReply()), message);
  }
  for (const client of listening) client.close();
}

Deno.test("requests of differing lengths, and those without a reply, are no load for the floor", () => {
  const turn = (request: string, reply = "+OK\r\n") => ({ request, reply });
  const longer = SET.replace("x\r\n", "xx\r\n");
  assertEquals(conversationsOf([[turn(SET), turn(longer)]]), null);
  assertEquals(conversationsOf([[turn(SET)], [turn(longer)]]), null);
  assertEquals(conversationsOf([[turn(SET), turn(XACK), turn(SET), turn(GET)]]), null);
  assertEquals(conversationsOf([[turn(SET), turn(SET, "")]]), null);
  assertEquals(conversationsOf([[turn(SET), turn(SET)], [], [turn(SET)]]), [
    conversation([SET, "+OK\r\n"]),
  ]);
});

Deno.test("of replies that differ in length the floor gives the one in the middle", () => {
  const turns = ["$-1\r\n", ":1\r\n", ":123\r\n", ":12\r\n"].map((reply) => ({
    request: GET,
    reply,
  }));
  assertEquals(conversationsOf([turns])?.[0].steps[0].reply.length, 5);
});
