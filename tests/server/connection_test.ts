/** One client's connection, over a network without sockets, and over real ones where that counts. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Connection } from "../../lib/host/network.ts";
import { writeAll } from "../../lib/host/network.ts";
import { LocalServer, settle } from "../support/local_server.ts";
import { encodeCommand, show } from "../support/resp_client.ts";

/** All that comes until the server closes. */
async function readAll(connection: Connection): Promise<string> {
  const target = new Uint8Array(64 * 1024);
  let text = "";
  try {
    for (;;) {
      const count = await connection.read(target);
      if (count === null) return text;
      text += latin1(target, 0, count);
    }
  } catch {
    return text;
  }
}

/** What the server replies to some bytes, after which the client sends no more. */
async function answered(server: LocalServer, text: string): Promise<string> {
  const connection = await server.open();
  await writeAll(connection, fromLatin1(text));
  await connection.closeWrite();
  const replies = await readAll(connection);
  connection.close();
  return replies;
}

for (const sockets of [false, true]) {
  const where = sockets ? "over sockets" : "without sockets";

  Deno.test(`a client that has ended its side still gets its replies ${where}`, async () => {
    using server = new LocalServer({ sockets });
    assertEquals(await answered(server, "PING\r\nECHO a\r\n"), "+PONG\r\n$1\r\na\r\n");
    await settle();
    assertEquals(server.clients.count, 0);
    assertEquals(server.engine.context.sessions.count, 0);
  });

  Deno.test(`100,000 pipelined PINGs are answered in one stream ${where}`, async () => {
    using server = new LocalServer({ sockets });
    const count = 100_000;
    const connection = await server.open();
    const reading = readAll(connection);
    await writeAll(connection, fromLatin1("PING\r\n".repeat(count)));
    await connection.closeWrite();
    assertEquals((await reading).length, "+PONG\r\n".length * count);
    connection.close();
  });

  Deno.test(`QUIT is answered, and nothing after it is run ${where}`, async () => {
    using server = new LocalServer({ sockets });
    const connection = await server.open();
    await writeAll(connection, fromLatin1("PING\r\nQUIT\r\nSET key value\r\n"));
    assertEquals(await readAll(connection), "+PONG\r\n+OK\r\n");
    connection.close();
    assertEquals(await answered(server, "GET key\r\n"), "$-1\r\n");
  });
}

Deno.test("a write that the system takes in part goes on with the rest", async () => {
  using server = new LocalServer();
  server.loopback.writeLimit = 7;
  const value = "0123456789".repeat(500);
  using client = await server.connect();
  const replies = await client.pipeline([
    ["SET", "key", value],
    ["GET", "key"],
    ["PING"],
    ["GET", "key"],
  ]);
  assertEquals(replies.map(({ kind }) => kind), ["simple", "bulk", "simple", "bulk"]);
  const last = replies[3];
  assert(last.kind === "bulk" && last.bytes !== null);
  assertEquals(latin1(last.bytes), value);
});

Deno.test("a protocol error is told, and closes the connection after earlier replies", async () => {
  using server = new LocalServer();
  const connection = await server.open();
  await writeAll(connection, fromLatin1("PING\r\n*x\r\nPING\r\n"));
  assertEquals(
    await readAll(connection),
    "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n",
  );
  connection.close();
});

Deno.test("HTTP requests sent here are cut off, and logged once a minute", async () => {
  using server = new LocalServer();
  for (const text of ["POST / HTTP/1.1\r\n", "PING\r\nhOst: a\r\nSET key value\r\n"]) {
    const connection = await server.open();
    await writeAll(connection, fromLatin1(text));
    assertEquals(await readAll(connection), "");
    connection.close();
  }
  const attacks = () =>
    server.log.messages("warning").filter((it) => it.includes("SECURITY ATTACK"));
  assertEquals(attacks().length, 1);
  server.clock.advance(60_000);
  await answered(server, "POST / HTTP/1.1\r\n");
  assertEquals(attacks().length, 2);
  assertEquals(await answered(server, "GET key\r\n"), "$-1\r\n");
});

Deno.test("a client that does not read is cut at its limit while others are served", async () => {
  using server = new LocalServer({
    sockets: true,
    config: { "client-output-buffer-limit": "normal 8mb 0 0" },
  });
  using other = await server.connect();
  await other.send("SET", "key", "x".repeat(1_000_000));
  const slow = await server.open();
  // More than the system's own buffers and the limit hold together.
  await writeAll(slow, fromLatin1("GET key\r\n".repeat(60)));
  while (server.clients.count > 1) {
    assertEquals((await other.send("PING")).kind, "simple");
  }
  assertMatch(
    server.log.messages("warning").join("\n"),
    /^Client id=2 addr=.* closed for overcoming of output buffer limits\.$/m,
  );
  assertEquals((await other.send("PING")).kind, "simple");
  slow.close();
});

Deno.test("of replies beyond the hard limit nothing is sent, and a transaction is still run whole", async () => {
  using server = new LocalServer({ config: { "client-output-buffer-limit": "normal 100000 0 0" } });
  using other = await server.connect();
  await other.send("SET", "key", "x".repeat(50_000));
  const requests: Record<string, string[][]> = {
    "one reply": [["MGET", "key", "key"]],
    "a pipeline": [["GET", "key"], ["SET", "written", "1"], ["GET", "key"]],
    "a transaction": [
      ["MULTI"],
      ["MGET", "key", "key"],
      ["SET", "written", "2"],
      ["EXEC"],
    ],
  };
  for (const [name, words] of Object.entries(requests)) {
    const client = await server.open();
    const bytes = words.map((request) => latin1(encodeCommand(request))).join("");
    await writeAll(client, fromLatin1(bytes));
    assertEquals(await client.read(new Uint8Array(10)), null, name);
    assertEquals(server.clients.count, 1, name);
  }
  assertEquals(await other.send("GET", "written"), { kind: "bulk", bytes: fromLatin1("2") });
  assertEquals((await other.send("MGET", "key")).kind, "array");
});

Deno.test("the soft output limit closes only who exceeds it for long", async () => {
  using server = new LocalServer({
    sockets: true,
    config: { "client-output-buffer-limit": "normal 0 1mb 10" },
  });
  using other = await server.connect();
  await other.send("SET", "key", "x".repeat(1_000_000));
  const slow = await server.open();
  await writeAll(slow, fromLatin1("GET key\r\n".repeat(60)));
  while (server.engine.context.stats.commandsProcessed < 61) await other.send("ECHO", "x");
  await other.send("PING");
  for (const [waitMs, clients] of [[0, 2], [9_000, 2], [2_000, 1]]) {
    server.clock.advance(waitMs);
    server.tick();
    assertEquals(server.clients.count, clients, `after ${waitMs} ms more`);
  }
  slow.close();
});

Deno.test("a client that vanishes in the middle of a reply leaves nothing behind", async () => {
  using server = new LocalServer({ sockets: true });
  using other = await server.connect();
  await other.send("SET", "key", "x".repeat(1_000_000));
  const vanishing = await server.open();
  await writeAll(vanishing, fromLatin1("GET key\r\n".repeat(30)));
  vanishing.close();
  while (server.clients.count > 1) await other.send("PING");
  assertEquals(server.engine.context.sessions.count, 1);
});

Deno.test("a query that grows past its limit closes the connection", async () => {
  using server = new LocalServer({ config: { "client-query-buffer-limit": "1mb" } });
  const connection = await server.open();
  await writeAll(connection, fromLatin1("*2\r\n$4\r\nECHO\r\n$3000000\r\n"));
  await writeAll(connection, new Uint8Array(1_200_000));
  assertEquals(await readAll(connection), "");
  connection.close();
  assertMatch(
    server.log.messages("warning")[0],
    /^Closing client that reached max query buffer length: id=1 .*\(qbuf initial bytes: "\*2/,
  );
});

Deno.test("who has not authenticated may not fill the memory, and may once it has", async () => {
  using server = new LocalServer({ config: { requirepass: "secret" } });
  assertEquals(
    await answered(server, "*11\r\n"),
    "-ERR Protocol error: unauthenticated multibulk length\r\n",
  );
  using client = await server.connect();
  await client.send("AUTH", "secret");
  const long = "x".repeat(20_000);
  assertEquals(await client.send("ECHO", long), { kind: "bulk", bytes: fromLatin1(long) });
  await client.send("RESET");
  assertEquals(
    await client.send("ECHO", long),
    { kind: "error", text: "ERR Protocol error: unauthenticated bulk length" },
  );
});

Deno.test("a paused client's commands wait in their order, with what is read behind them", async () => {
  using server = new LocalServer();
  using admin = await server.connect();
  using client = await server.connect();
  await admin.send("CLIENT", "PAUSE", 1000, "WRITE");
  const replies = client.pipeline([
    ["GET", "key"],
    ["SET", "key", "first"],
    ["GET", "key"],
    ["SET", "key", "x".repeat(100_000)],
    ["STRLEN", "key"],
  ]);
  await admin.send("PING");
  await settle();
  assertMatch(String(server.engine.context.sessions.get(2)?.parked), /true/);
  await client.write("ECHO", "y".repeat(300_000));
  await settle();
  server.clock.advance(1000);
  const kinds = (await replies).map((reply) => reply.kind === "bulk" ? reply.bytes?.length : reply);
  assertEquals(kinds, [
    undefined,
    { kind: "simple", text: "OK" },
    5,
    { kind: "simple", text: "OK" },
    { kind: "integer", value: 100_000 },
  ]);
  const echo = await client.nextReply();
  assert(echo.kind === "bulk" && echo.bytes?.length === 300_000);
});

Deno.test("a client that leaves while it is paused runs nothing more", async () => {
  using server = new LocalServer();
  using admin = await server.connect();
  await admin.send("CLIENT", "PAUSE", 1000, "WRITE");
  assertEquals(await answered(server, "SET key value\r\n"), "");
  assertEquals((await admin.send("CLIENT", "UNPAUSE")).kind, "simple");
  assertEquals(await admin.send("GET", "key"), { kind: "bulk", bytes: null });
  assertEquals(server.clients.count, 1);
});

Deno.test("CLIENT KILL closes the other connection at once, and its own after the reply", async () => {
  using server = new LocalServer();
  using admin = await server.connect();
  using victim = await server.connect();
  await victim.send("PING");
  assertEquals(await admin.send("CLIENT", "KILL", "ID", 2), { kind: "integer", value: 1 });
  await victim.ended();
  assertEquals(await admin.send("CLIENT", "KILL", "ID", 1, "SKIPME", "no"), {
    kind: "integer",
    value: 1,
  });
  await admin.ended();
  await assertRejects(() => admin.send("PING"));
});

Deno.test("an idle connection keeps no reply buffer and a small read buffer", async () => {
  using server = new LocalServer();
  using client = await server.connect();
  await client.send("SET", "key", "value");
  server.tick();
  assert(server.clients.memoryBytes <= 4096, `${server.clients.memoryBytes} bytes`);
});

Deno.test("a failure while bytes are taken in closes that connection, and others are served", async () => {
  using server = new LocalServer();
  const { stats } = server.engine.context;
  const [failing, other] = [await server.open(), await server.open()];
  let reads = 0;
  let fails = true;
  Object.defineProperty(stats, "reads", {
    get: () => reads,
    set: (count: number) => {
      if (fails) throw new Error("no more reads");
      reads = count;
    },
  });
  await writeAll(failing, fromLatin1("PING\r\n"));
  assertEquals(await readAll(failing), "");
  fails = false;
  await writeAll(other, fromLatin1("PING\r\nQUIT\r\n"));
  assertEquals(await readAll(other), "+PONG\r\n+OK\r\n");
  assertEquals(server.log.messages("warning").length, 1);
  failing.close();
  other.close();
});

Deno.test("CLIENT LIST shows the request that it is as part of the query buffer", async () => {
  using server = new LocalServer();
  const client = await server.connect();
  const other = await server.connect();
  const [listed] = await client.pipeline([["CLIENT", "LIST"]]);
  const lines = show(listed).split("\\n");
  assertMatch(lines[0], / qbuf=26 /);
  assertMatch(lines[1], / qbuf=0 /);
  other.close();
});
