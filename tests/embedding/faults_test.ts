/** Faults that a test puts into a server, as clients meet them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { FaultOptions } from "../../lib/mod.ts";
import { startServer } from "../../lib/mod.ts";
import { Gate } from "../../lib/engine/session.ts";
import { connect, show } from "../support/resp_client.ts";

const OOM = "(error) OOM command not allowed when used memory > 'maxmemory'.";

Deno.test("an error in place of a command, by command, key and client", async () => {
  await using server = await startServer();
  await using client = await connect(server.port);
  await using other = await connect(server.port);
  await other.send("CLIENT", "SETNAME", "other");
  const get = async (by = client): Promise<string> => show(await by.send("GET", "user:1"));
  {
    using fault = server.faults.add({ command: "get", error: "LOADING" });
    assertEquals(await get(), "(error) LOADING Redis is loading the dataset in memory");
    assertEquals(show(await client.send("SET", "user:1", "v")), "OK");
    assertEquals(server.send("GET", "user:1"), "v");
    assertEquals(fault.hits, 1);
  }
  assertEquals(await get(), `"v"`);
  {
    using _fault = server.faults.add({ key: "user:*", error: "OOM" });
    assertEquals(await get(), OOM);
    assertEquals(show(await client.send("MGET", "a", "user:2")), OOM);
    assertEquals(show(await client.send("EVAL", "return 1", 1, "user:3")), OOM);
    assertEquals(show(await client.send("GET", "visitor")), "(nil)");
    assertEquals(show(await client.send("PING")), "PONG");
  }
  {
    using _fault = server.faults.add({ client: "other", error: "BUSY try läter" });
    assertEquals(await get(), `"v"`);
    assertEquals(await get(other), "(error) BUSY try l\u00c3\u00a4ter");
  }
  {
    using _fault = server.faults.add({ command: ["config"], error: "READONLY" });
    const refused = "(error) READONLY You can't write against a read only replica.";
    assertEquals(show(await client.send("CONFIG", "GET", "port")), refused);
  }
});

Deno.test("an error in a MULTI makes its EXEC fail", async () => {
  await using server = await startServer();
  await using client = await connect(server.port);
  using _fault = server.faults.add({ command: "INCR", error: "OOM" });
  await client.send("MULTI");
  await client.send("SET", "k", "v");
  assertEquals(show(await client.send("INCR", "n")), OOM);
  assert(show(await client.send("EXEC")).startsWith("(error) EXECABORT"));
  assertEquals(server.send("DBSIZE"), 0);
});

Deno.test("after some, so many times, and as often as the seed says", async () => {
  const struck = async (options: FaultOptions): Promise<string> => {
    await using server = await startServer({ seed: 3 });
    await using client = await connect(server.port);
    server.faults.add({ error: "ERR no", ...options });
    const replies = await client.pipeline(Array.from({ length: 40 }, () => ["PING"]));
    return replies.map(({ kind }) => kind === "error" ? "x" : ".").join("");
  };
  assertEquals(await struck({ after: 2, times: 3 }), "..xxx".padEnd(40, "."));
  const byChance = await struck({ probability: 0.5 });
  assertEquals(byChance, await struck({ probability: 0.5 }));
  assert(/x/.test(byChance) && /\./.test(byChance), byChance);
  assertEquals(await struck({ probability: 0 }), ".".repeat(40));
});

Deno.test("a command waits by the server's clock, and others are served meanwhile", async () => {
  await using server = await startServer({ clock: "frozen" });
  await using client = await connect(server.port);
  await using other = await connect(server.port);
  const fault = server.faults.add({ command: "SET", latencyMs: 500, times: 1 });
  await client.write("SET", "k", "v");
  await client.write("GET", "k");
  while (fault.hits === 0) await other.send("PING");
  assertEquals(show(await other.send("GET", "k")), "(nil)");
  await server.clock.advance(499);
  assertEquals(show(await other.send("GET", "k")), "(nil)");
  await server.clock.advance(1);
  assertEquals([show(await client.nextReply()), show(await client.nextReply())], ["OK", `"v"`]);
  server.faults.add({ command: "SET", latencyMs: 500, error: "OOM", times: 1 });
  await client.write("SET", "k", "w");
  for (let left = 1000; left > 0 && server.faults.count > 0; left--) await other.send("PING");
  await server.clock.advance(500);
  assertEquals(show(await client.nextReply()), OOM);
  // None is in and none is under way: commands are not looked at any more.
  assertEquals(server.engine.dispatcher.gate & Gate.FAULTS, 0);
});

Deno.test("a client that leaves while its command waits takes the wait with it", async () => {
  await using server = await startServer({ clock: "frozen" });
  await using other = await connect(server.port);
  const client = await connect(server.port);
  const fault = server.faults.add({ command: "SET", latencyMs: 500, error: "OOM" });
  await client.write("SET", "k", "v");
  while (fault.hits === 0) await other.send("PING");
  client.close();
  while (!show(await other.send("INFO", "clients")).includes("connected_clients:1")) {
    // The server has not read the end yet.
  }
  fault.remove();
  assertEquals(server.engine.dispatcher.gate & Gate.FAULTS, 0);
  await server.clock.advance(1000);
  assertEquals(server.send("EXISTS", "k"), 0);
});

Deno.test("a connection is closed before its command runs, or after", async () => {
  await using server = await startServer();
  const before = await connect(server.port);
  const after = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  server.faults.add({ command: "INCR", drop: "before", times: 1 });
  await before.write("INCR", "n");
  await before.ended();
  assertEquals(server.send("GET", "n"), null);
  server.faults.add({ command: "INCR", drop: "after", times: 1 });
  await after.write(new TextEncoder().encode("INCR n\r\n"));
  // The end, and no reply before it.
  assertEquals(await after.read(new Uint8Array(100)), null);
  assertEquals(server.send("GET", "n"), "1");
  assertEquals(server.engine.context.monitor.active, false);
  before.close();
  after.close();
});

Deno.test("a connection that is closed behind EXEC has had its transaction run", async () => {
  await using server = await startServer();
  const client = await connect(server.port);
  server.faults.add({ command: "EXEC", drop: "after" });
  await client.pipeline([["MULTI"], ["SET", "a", "1"], ["SET", "b", "2"]]);
  await client.write("EXEC");
  await client.ended();
  assertEquals(server.send("MGET", "a", "b"), ["1", "2"]);
  client.close();
});

Deno.test("a connection that is closed in a MULTI has nothing run", async () => {
  await using server = await startServer();
  const client = await connect(server.port);
  server.faults.add({ command: "SET", drop: "after" });
  await client.send("MULTI");
  await client.write("SET", "a", "1");
  await client.ended();
  assertEquals(server.send("DBSIZE"), 0);
  client.close();
});

Deno.test("a fault that does nothing, or makes no sense, is refused", async () => {
  await using server = await startServer();
  const wrong: FaultOptions[] = [
    {},
    { command: "GET" },
    { latencyMs: -1 },
    { error: "ERR x", probability: 2 },
    { error: "ERR x\r\n+OK" },
  ];
  for (const options of wrong) assertThrows(() => server.faults.add(options), TypeError);
  assertEquals(server.faults.count, 0);
});
