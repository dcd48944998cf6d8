/** Who is let in, and who has to go. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { type Address, type Connection, writeAll } from "../../lib/host/network.ts";
import { LocalServer, settle } from "../support/local_server.ts";
import { show } from "../support/resp_client.ts";

async function firstWords(connection: Connection): Promise<string> {
  const target = new Uint8Array(4096);
  const count = await connection.read(target);
  return count === null ? "" : latin1(target, 0, count);
}

/** A client from elsewhere; what it is sent is kept. */
class RemoteConnection implements Connection {
  sent = "";
  closed = false;
  readonly localAddr: Address = { transport: "tcp", hostname: "192.0.2.1", port: 6379 };
  readonly remoteAddr: Address;

  constructor(hostname: string) {
    this.remoteAddr = { transport: "tcp", hostname, port: 50_000 };
  }

  read(): Promise<number | null> {
    return new Promise(() => {});
  }

  write(bytes: Uint8Array): Promise<number> {
    this.sent += latin1(bytes);
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.closed = true;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }
}

Deno.test("clients beyond maxclients are told so and closed", async () => {
  using server = new LocalServer({ config: { maxclients: "2" } });
  using first = await server.connect();
  using second = await server.connect();
  await first.send("PING");
  await second.send("PING");
  const third = await server.open();
  assertEquals(await firstWords(third), "-ERR max number of clients reached\r\n");
  assertEquals(await third.read(new Uint8Array(1)), null);
  third.close();
  const { stats } = server.engine.context;
  assertEquals([stats.connectionsReceived, stats.connectionsRejected], [2, 1]);
  first.close();
  await settle();
  using fourth = await server.connect();
  assertEquals((await fourth.send("PING")).kind, "simple");
});

Deno.test("protected mode turns away clients from elsewhere while there is no password", async () => {
  using server = new LocalServer();
  const accept = async (hostname: string): Promise<RemoteConnection> => {
    const connection = new RemoteConnection(hostname);
    server.clients.accept(connection);
    await settle();
    return connection;
  };
  const denied = await accept("203.0.113.9");
  assertStringIncludes(denied.sent, "-DENIED Redis is running in protected mode");
  assert(denied.closed && denied.sent.endsWith("\r\n") && denied.sent.indexOf("\r\n") > 100);
  assertEquals(server.clients.count, 0);
  for (const hostname of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assertEquals((await accept(hostname)).sent, "");
  }
  server.config.set([["protected-mode", "no"]]);
  assertEquals((await accept("203.0.113.9")).closed, false);
  server.config.set([["protected-mode", "yes"], ["requirepass", "secret"]]);
  assertEquals((await accept("203.0.113.9")).closed, false);
});

Deno.test("clients that are silent for longer than timeout are closed", async () => {
  using server = new LocalServer({ config: { timeout: "10" } });
  using idle = await server.connect();
  using busy = await server.connect();
  await idle.send("PING");
  server.clock.advance(6_000);
  await busy.send("PING");
  server.clock.advance(6_000);
  server.tick();
  await idle.ended();
  assertEquals(server.clients.count, 1);
  assertEquals((await busy.send("PING")).kind, "simple");
});

Deno.test("maxmemory-clients closes those that take most, but for the exempt", async () => {
  using server = new LocalServer({ config: { "maxmemory-clients": "1500kb" } });
  using small = await server.connect();
  using large = await server.connect();
  using exempt = await server.connect();
  await small.send("PING");
  await exempt.send("CLIENT", "NO-EVICT", "on");
  for (const client of [large, exempt]) {
    await client.raw(`*2\r\n$4\r\nECHO\r\n$2000000\r\n${"x".repeat(900_000)}`);
  }
  await settle();
  server.tick();
  await large.ended();
  assertEquals(server.clients.count, 2);
  assertEquals(server.engine.context.stats.evictedClients, 1);
  assertMatch(server.log.messages("notice").join("\n"), /^Evicting client: id=2 /m);
  assertEquals(server.engine.context.memory.otherBytes, server.clients.memoryBytes);
});

Deno.test("what clients send is held to maxmemory-clients between two ticks as well", async () => {
  using server = new LocalServer({ config: { "maxmemory-clients": "1500kb" } });
  using other = await server.connect();
  using one = await server.connect();
  await one.send("MULTI");
  for (let i = 0; i < 6 && server.clients.count === 2; i++) {
    await one.write("SET", "key", "x".repeat(400_000));
    await other.send("PING");
    await settle();
  }
  await one.ended();
  assertEquals(server.clients.count, 1);
  assertEquals(await other.send("DBSIZE"), { kind: "integer", value: 0 });
});

Deno.test("a lower maxmemory-clients, and replies that nobody reads, have their effect at once", async () => {
  using server = new LocalServer({ sockets: true, config: { "maxmemory-clients": "8mb" } });
  using other = await server.connect();
  await other.send("CLIENT", "NO-EVICT", "on");
  await other.send("SET", "key", "x".repeat(1_000_000));
  const silent = await server.open();
  for (let i = 0; i < 60 && server.clients.count === 2; i++) {
    await writeAll(silent, fromLatin1("GET key\r\n"));
    await other.send("PING");
  }
  assertEquals(server.clients.count, 1);
  silent.close();
  const large = await server.open();
  await writeAll(large, fromLatin1(`*2\r\n$4\r\nECHO\r\n$2000000\r\n${"x".repeat(1_000_000)}`));
  const { engine } = server;
  while ([...engine.context.sessions.all()].every(({ link }) => (link?.queryBytes ?? 0) < 1e6)) {
    await other.send("PING");
  }
  await other.send("CONFIG", "SET", "maxmemory-clients", "500kb");
  assertEquals(server.clients.count, 1);
  large.close();
});

Deno.test("the names that are kept for a client are part of its memory", async () => {
  using server = new LocalServer();
  using client = await server.connect();
  const names = Array.from({ length: 1000 }, (_, i) => `name:${i}`);
  const ways: readonly [string[], string[]][] = [
    [["WATCH", ...names], ["UNWATCH"]],
    [["SUBSCRIBE", ...names], ["UNSUBSCRIBE"]],
    [["PSUBSCRIBE", ...names], ["PUNSUBSCRIBE"]],
    [["SSUBSCRIBE", ...names], ["SUNSUBSCRIBE"]],
    [
      ["CLIENT", "TRACKING", "ON", "BCAST", ...names.flatMap((name) => ["PREFIX", `${name}:`])],
      ["CLIENT", "TRACKING", "OFF"],
    ],
  ];
  const session = server.engine.context.sessions.get(2) ?? server.engine.context.sessions.get(1);
  assert(session !== undefined && session.link !== null);
  for (const [begin, end] of ways) {
    const replies = begin[0].endsWith("SUBSCRIBE") ? names.length : 1;
    for (let i = 0; i < 2; i++) {
      await client.write(...begin);
      for (let reply = 0; reply < replies; reply++) await client.nextReply();
    }
    assert(session.namedBytes > 100_000 && session.namedBytes < 130_000, begin[0]);
    assert(session.link.memoryBytes > session.namedBytes);
    await client.write(...end);
    for (let reply = 0; reply < replies; reply++) await client.nextReply();
    assertEquals(session.namedBytes, 0, begin[0]);
  }
});

Deno.test("a client counts as soon as it is there: a server that has no key yet can be full", async () => {
  using server = new LocalServer();
  using client = await server.connect();
  const [, refused] = await client.pipeline([["CONFIG", "SET", "maxmemory", "1"], [
    "SET",
    "k",
    "v",
  ]]);
  assertEquals(
    refused,
    { kind: "error", text: "OOM command not allowed when used memory > 'maxmemory'." },
  );
});

Deno.test("what a client took is free for data as soon as it is gone, or has less", async () => {
  const config = { maxmemory: "3mb", "maxmemory-policy": "allkeys-lru" };
  using server = new LocalServer({ config });
  using writer = await server.connect();
  const value = "v".repeat(1000);
  const request = "x".repeat(3_500_000);
  for (const goes of [true, false]) {
    const large = await server.connect();
    await large.raw(`*2\r\n$4\r\nECHO\r\n$3500000\r\n${request}`);
    await settle();
    server.tick();
    assert(server.engine.context.memory.otherBytes > 3_500_000);
    assertMatch(show(await writer.send("SET", "key", value)), /OOM/);
    if (goes) large.close();
    else {
      await large.raw("\r\n");
      assertEquals((await large.nextReply()).kind, "bulk");
    }
    await settle();
    server.clock.advance(1);
    assertEquals(show(await writer.send("SET", "key", value)), "OK", `gone: ${goes}`);
    await writer.send("DEL", "key");
    large.close();
  }
});
