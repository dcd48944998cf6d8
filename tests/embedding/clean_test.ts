/** What a test left behind, what a program called, and emptying a server between tests. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { NotCleanError, ReplyError, startServer } from "../../lib/mod.ts";
import type { CleanOptions, EmbeddedServer } from "../../lib/mod.ts";
import { connect } from "../support/resp_client.ts";

function leftovers(server: EmbeddedServer, options?: CleanOptions): readonly string[] {
  try {
    server.assertClean(options);
    return [];
  } catch (error) {
    if (error instanceof NotCleanError) return error.leftovers;
    throw error;
  }
}

Deno.test("keys that never expire are left behind, but for those that may be", async () => {
  await using server = await startServer({ clock: "frozen" });
  assertEquals(leftovers(server), []);
  server.send("SET", "session:1", "x", "EX", 10);
  server.send("SADD", "tags", "x");
  server.send("SELECT", 3);
  server.send("SET", "keep:1", "x");
  server.send("SELECT", 0);
  assertEquals(leftovers(server), [
    `key "tags" (set)`,
    `key "keep:1" in database 3 (string)`,
  ]);
  assertEquals(leftovers(server, { except: ["keep:*", "t?gs"] }), []);
  assertEquals(leftovers(server, { keys: "any" }), []);
  assertEquals(leftovers(server, { keys: "none" }).length, 3);
  await server.clock.advance(10_000);
  assertEquals(leftovers(server, { keys: "none" }).length, 2);
  for (let i = 0; i < 100; i++) server.send("SET", `many:${i}`, "x");
  const lines = leftovers(server);
  assertEquals([lines.length, lines[20]], [21, "and 82 more keys"]);
  const thrown = assertThrows(() => server.assertClean(), NotCleanError, "not clean:\n- key ");
  assert(thrown instanceof Error);
});

Deno.test("a key that is past its time is not left behind, though it is still there", async () => {
  const directives = { "enable-debug-command": "yes" };
  await using server = await startServer({ clock: "frozen", directives });
  server.send("DEBUG", "SET-ACTIVE-EXPIRE", 0);
  server.send("SET", "k", "v", "PX", 5);
  assertEquals(leftovers(server, { keys: "none" }), [`key "k" (string), which expires`]);
  await server.clock.advance(5);
  assertEquals([leftovers(server, { keys: "none" }), server.send("DBSIZE")], [[], 1]);
});

Deno.test("subscriptions, transactions, waits, pending entries and faults are left behind", async () => {
  await using server = await startServer();
  await using subscriber = await connect(server.port);
  await using blocked = await connect(server.port);
  await using queueing = await connect(server.port);
  await using watching = await connect(server.port);
  await subscriber.send("CLIENT", "SETNAME", "sub");
  await subscriber.send("SUBSCRIBE", "news");
  await queueing.send("MULTI");
  await queueing.send("PING");
  await watching.send("WATCH", "k");
  await blocked.write("BLPOP", "queue", 0);
  while (server.send("INFO", "clients")?.toString().includes("blocked_clients:0")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  server.send("XADD", "stream", 1, "f", "v");
  server.send("XGROUP", "CREATE", "stream", "group", 0);
  server.send("XREADGROUP", "GROUP", "group", "me", "STREAMS", "stream", ">");
  server.faults.add({ command: "GET", error: "OOM" });
  const lines = leftovers(server, { except: [] }).join("\n").replaceAll(/client \d+/g, "client");
  assertEquals(lines.split("\n"), [
    `key "stream" (stream)`,
    `stream "stream": 1 pending entries in group "group"`,
    `client "sub" is subscribed to "news"`,
    `client waits in BLPOP`,
    `client is in MULTI with 1 command(s) queued`,
    `1 client(s) watch keys (WATCH)`,
    `1 fault(s) are still in`,
  ]);
  const none = {
    subscriptions: false,
    transactions: false,
    blockedClients: false,
    pendingEntries: false,
    faults: false,
  };
  assertEquals(leftovers(server, { ...none, keys: "any" }), []);
  assertEquals(leftovers(server, { ...none, keys: "any", connections: true }).length, 4);
});

Deno.test("flush leaves nothing but clients", async () => {
  await using server = await startServer({ directives: { requirepass: "secret" } });
  server.send("SET", "k", "v");
  const sha = String(server.send("SCRIPT", "LOAD", "return 1"));
  const library = "#!lua name=mine\nredis.register_function('f', function() return 1 end)";
  server.send("FUNCTION", "LOAD", library);
  server.flush();
  assertEquals(server.send("DBSIZE"), 0);
  assertEquals(server.send("SCRIPT", "EXISTS", sha), [0]);
  assertEquals(server.send("FUNCTION", "LIST"), []);
  assertThrows(() => server.send("NOSUCH"), ReplyError, "unknown command");
});

Deno.test("a recorder has what clients had run, and nothing else", async () => {
  await using server = await startServer({ clock: "frozen", date: "2030-01-01" });
  await using client = await connect(server.port);
  const all = server.record();
  using some = server.record({ command: ["set", "config"] });
  server.send("SET", "in-process", "1");
  await client.send("CLIENT", "SETNAME", "me");
  await client.pipeline([["MULTI"], ["set", "a", "1"], ["EXEC"]]);
  await client.send("EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, "b");
  await client.send("CONFIG", "GET", "port");
  assertEquals(all.lines, [
    "CLIENT SETNAME me",
    "MULTI",
    "SET a 1",
    "EXEC",
    "EVAL return redis.call('SET', KEYS[1], 'x') 1 b",
    "CONFIG GET port",
  ]);
  assertEquals(some.commands.map(({ name }) => name), ["SET", "CONFIG GET"]);
  const [{ clientName, unixMs, database }] = some.commands;
  assertEquals([clientName, unixMs, database], ["me", Date.UTC(2030, 0, 1), 0]);
  all[Symbol.dispose]();
  all.clear();
  await client.send("GET", "a");
  assertEquals(all.lines, []);
});
