/** Commands that wait, over connections: what follows them, pauses, clients that go away, the end. */

import { assertEquals, assertMatch } from "@std/assert";
import { LocalServer, settle } from "../support/local_server.ts";
import { encodeCommand, show } from "../support/resp_client.ts";

Deno.test("what follows a command that waits is run when that has been answered", async () => {
  using server = new LocalServer();
  const waiting = await server.connect();
  const other = await server.connect();
  const replies = waiting.pipeline([["BLPOP", "k", 0], ["LPUSH", "l", 1], ["PING"]]);
  await settle();
  assertEquals(show(await other.send("EXISTS", "l")), "(integer) 0");
  await other.send("LPUSH", "k", 7);
  assertEquals((await replies).map(show), ['1) "k"\n2) "7"', "(integer) 1", "PONG"]);
});

Deno.test("a limited wait ends at its time, and the reply is sent at once", async () => {
  using server = new LocalServer();
  const waiting = await server.connect();
  const reply = waiting.send("BLPOP", "k", 0.5);
  await settle();
  server.clock.advance(500);
  assertEquals(show(await reply), "(nil)");
  assertEquals(show(await waiting.send("PING")), "PONG");
});

Deno.test("who closes the connection while waiting takes nothing", async () => {
  using server = new LocalServer();
  const gone = await server.open();
  const bytes = encodeCommand(["BLPOP", "k", 0]);
  await gone.write(bytes);
  await settle();
  assertEquals(server.engine.context.waiting.count, 1);
  gone.close();
  await settle();
  const other = await server.connect();
  await other.send("LPUSH", "k", 1);
  assertEquals(show(await other.send("LLEN", "k")), "(integer) 1");
  assertEquals(server.engine.context.waiting.count, 0);
});

Deno.test("a pause neither holds up a time that is up, nor is it ended by CLIENT UNBLOCK", async () => {
  using server = new LocalServer();
  const [waiting, paused, other] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ];
  const timed = waiting.send("BLPOP", "k", 0.5);
  const id = show(await paused.send("CLIENT", "ID")).replace(/\D/g, "");
  await settle();
  await other.send("CLIENT", "PAUSE", 1000, "WRITE");
  const push = paused.send("LPUSH", "k", 1);
  await settle();
  assertEquals(show(await other.send("CLIENT", "UNBLOCK", id)), "(integer) 0");
  server.clock.advance(500);
  assertEquals(show(await timed), "(nil)");
  const again = waiting.send("BLPOP", "k", 0);
  await settle();
  server.clock.advance(500);
  assertEquals(show(await push), "(integer) 1");
  assertEquals(show(await again), '1) "k"\n2) "1"');
});

Deno.test("the end of the server ends all waiting, and leaves no timer behind", async () => {
  const server = new LocalServer();
  const waiting = await server.connect();
  const reply = waiting.send("BLPOP", "k", 5000).catch(() => "closed");
  await settle();
  assertEquals(server.clock.pending, 1);
  server[Symbol.dispose]();
  assertEquals(await reply, "closed");
  assertEquals([server.engine.context.waiting.count, server.clock.pending], [0, 0]);
});

const DEBUGGING = { config: { "enable-debug-command": "yes" } };

Deno.test("what follows a slow command in the same write comes after it", async () => {
  using server = new LocalServer(DEBUGGING);
  const client = await server.connect();
  const replies = await client.pipeline([
    ["SET", "k", "v", "PX", 100],
    ["DEBUG", "SLEEP", "0.2"],
    ["GET", "k"],
    ["MULTI"],
    ["SET", "k", "v", "PX", 100],
    ["DEBUG", "SLEEP", "0.2"],
    ["GET", "k"],
    ["EXEC"],
    ["GET", "k"],
  ]);
  const all = replies.map(show);
  assertEquals([all[2], all[7], all[8]], ["(nil)", '1) OK\n2) OK\n3) "v"', "(nil)"]);
});

Deno.test("nobody gets what has expired by the time that its transaction ends", async () => {
  using server = new LocalServer(DEBUGGING);
  const [waiting, other] = [await server.connect(), await server.connect()];
  const id = show(await waiting.send("CLIENT", "ID")).replace(/\D/g, "");
  const reply = waiting.send("BRPOP", "k", 0);
  await settle();
  await other.pipeline([
    ["MULTI"],
    ["RPUSH", "k", "v"],
    ["PEXPIRE", "k", 100],
    ["DEBUG", "SLEEP", "0.2"],
    ["EXEC"],
  ]);
  assertEquals(show(await other.send("CLIENT", "UNBLOCK", id, "ERROR")), "(integer) 1");
  assertEquals(show(await reply), "(error) UNBLOCKED client unblocked via CLIENT UNBLOCK");
  const counted = show(await other.send("INFO", "commandstats"));
  assertMatch(counted, /cmdstat_brpop:calls=1,.*,failed_calls=1\\r\\n/);
});
