/** Client-side caching over connections: what is sent when, and that it costs nobody else anything. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import { LocalServer } from "../support/local_server.ts";
import type { RespClient } from "../support/resp_client.ts";

async function tracker(server: LocalServer, ...options: string[]): Promise<RespClient> {
  const client = await server.connect();
  await client.send("HELLO", 3);
  assertEquals((await client.send("CLIENT", "TRACKING", "ON", ...options)).kind, "simple");
  return client;
}

function invalidated(...keys: string[]): string {
  const array = keys.map((key) => `$${key.length}\r\n${key}\r\n`).join("");
  return `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${array}`;
}

Deno.test("nothing listens to changes, and no gate is set, while nobody tracks", async () => {
  using server = new LocalServer();
  await using writer = await server.connect();
  const { keyspace, sessions } = server.engine.context;
  await writer.send("SET", "a", 1);
  const gates = () => [...sessions.all()].map(({ gate }) => gate);
  assertEquals([keyspace.observed, gates()], [false, [0]]);
  const reader = await tracker(server);
  assert(keyspace.observed && gates()[1] !== 0);
  await reader.send("GET", "a");
  await reader.closeWrite();
  await reader.ended();
  reader.close();
  assertEquals([keyspace.observed, gates()], [false, [0]]);
});

Deno.test("what one write of a client changes is one message in BCAST, one each without", async () => {
  using server = new LocalServer();
  await using broadcast = await tracker(server, "BCAST", "PREFIX", "a");
  await using reader = await tracker(server);
  await using writer = await server.connect();
  await reader.send("MGET", "a1", "a2", "b");
  await writer.pipeline([["SET", "a2", 1], ["SET", "b", 1], ["SET", "a1", 1], ["SET", "a2", 2]]);
  assertEquals(latin1(await broadcast.rawPush()), invalidated("a1", "a2"));
  for (const key of ["a2", "b", "a1"]) {
    assertEquals(latin1(await reader.rawPush()), invalidated(key));
  }
});

Deno.test("a redirection ends with the connection that it goes to", async () => {
  using server = new LocalServer();
  await using reader = await tracker(server);
  const target = await server.connect();
  await using writer = await server.connect();
  await target.send("SUBSCRIBE", "__redis__:invalidate");
  const id = Math.max(...[...server.engine.context.sessions.all()].map(({ id }) => id)) - 1;
  assertEquals((await reader.send("CLIENT", "TRACKING", "ON", "REDIRECT", id)).kind, "simple");
  await reader.send("GET", "a");
  await writer.send("SET", "a", 1);
  const [message] = await target.rawReplies(1);
  assertEquals(
    latin1(message),
    "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n",
  );
  await reader.send("GET", "a");
  await target.closeWrite();
  await target.ended();
  target.close();
  await writer.send("SET", "a", 2);
  assertEquals(latin1(await reader.rawPush()), `>2\r\n$21\r\ntracking-redir-broken\r\n:${id}\r\n`);
});
