/**
 * Two socket.io servers that know of each other through Redis: by pub/sub with one adapter, by a stream
 * with the other. A message to all, or to a room, reaches the clients of both.
 */

import { assertEquals } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { startServerProcess } from "../support/server_process.ts";
import { until } from "./waiting.ts";

type Client = ReturnType<typeof createClient>;
type Adapter = NonNullable<ConstructorParameters<typeof Server>[1]>["adapter"];

interface Node {
  readonly server: Server;
  readonly port: number;
}

function test(name: string, adapter: (client: () => Promise<Client>) => Promise<Adapter>): void {
  Deno.test(name, async () => {
    await using redis = await startServerProcess();
    const clients: Client[] = [];
    const client = async () => {
      const made = createClient({ url: `redis://127.0.0.1:${redis.port}` });
      made.on("error", () => {});
      clients.push(made as Client);
      await made.connect();
      return made as Client;
    };
    const nodes: Node[] = [];
    const sockets: Socket[] = [];
    try {
      for (let i = 0; i < 2; i++) nodes.push(await listen(await adapter(client)));
      for (const { port } of nodes) sockets.push(await open(port));
      await exchange(nodes, sockets);
    } finally {
      for (const socket of sockets) socket.disconnect();
      for (const { server } of nodes) await server.close();
      // Not destroyed: what the adapters have asked is answered first.
      for (const made of clients) await made.close();
    }
  });
}

async function listen(adapter: Adapter): Promise<Node> {
  const http = createServer();
  const server = new Server(http, adapter === undefined ? {} : { adapter });
  server.on("connection", (socket) => {
    socket.on("join", (room: string, done: () => void) => {
      socket.join(room);
      done();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { server, port: (http.address() as AddressInfo).port };
}

async function open(port: number): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    reconnection: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  return socket;
}

async function exchange([one, two]: Node[], sockets: Socket[]): Promise<void> {
  const received: string[][] = sockets.map(() => []);
  for (const [i, socket] of sockets.entries()) {
    socket.on("news", (text: string) => received[i].push(text));
  }
  // The servers find each other in their own time.
  await until(async () => (await one.server.fetchSockets()).length === 2);
  one.server.emit("news", "from one");
  two.server.emit("news", "from two");
  await until(() => received.every((texts) => texts.length === 2));
  for (const texts of received) assertEquals(texts.sort(), ["from one", "from two"]);
  await sockets[1].emitWithAck("join", "room");
  one.server.to("room").emit("news", "to the room");
  await until(() => received[1].length === 3);
  one.server.emit("news", "last");
  await until(() => received[0].length === 3 && received[1].length === 4);
  assertEquals([received[0][2], received[1].slice(2)], ["last", ["to the room", "last"]]);
}

test("socket.io servers speak through @socket.io/redis-adapter", async (client) => {
  return createAdapter(await client(), await client()) as Adapter;
});

test("socket.io servers speak through @socket.io/redis-streams-adapter", async (client) => {
  return createStreamsAdapter(await client(), { blockTimeInMs: 200 }) as Adapter;
});
