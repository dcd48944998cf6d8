/** Time in a test's hand: expiry, TIME, stream ids, waits and the cron follow it. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { MOST_STEPS, MovableClock } from "../../lib/host/movable_clock.ts";
import { startServer } from "../../lib/mod.ts";
import { FakeClock } from "../support/fake_host.ts";
import { connect, show } from "../support/resp_client.ts";

const NEW_YEAR = Date.UTC(2030, 0, 1);

Deno.test("while the clock is frozen nothing expires, and sockets are served", async () => {
  await using server = await startServer({ clock: "frozen", date: NEW_YEAR });
  await using client = await connect(server.port);
  assertEquals(show(await client.send("TIME")), `1) "${NEW_YEAR / 1000}"\n2) "0"`);
  await client.send("SET", "k", "v", "PX", 1000);
  assertEquals(show(await client.send("PTTL", "k")), "(integer) 1000");
  assertEquals(show(await client.send("XADD", "s", "*", "f", "v")), `"${NEW_YEAR}-0"`);
  assertEquals(server.clock.now.getTime(), NEW_YEAR);

  await server.clock.advance(999);
  assertEquals(show(await client.send("PTTL", "k")), "(integer) 1");
  await server.clock.advance(1);
  assertEquals(server.send("DBSIZE"), 1);
  assertEquals(show(await client.send("GET", "k")), "(nil)");
  assertEquals(show(await client.send("XADD", "s", "*", "f", "v")), `"${NEW_YEAR + 1000}-0"`);
});

Deno.test("advancing the clock sends the events of what expires", async () => {
  await using server = await startServer({
    clock: "frozen",
    directives: { "notify-keyspace-events": "Exg" },
  });
  await using client = await connect(server.port, { resp: 3 });
  await client.write("SUBSCRIBE", "__keyevent@0__:expired");
  await client.nextPush();
  server.send("SET", "soon", "v", "PX", 1);
  server.send("SET", "late", "v", "EX", 86_400);
  await server.clock.advance(1);
  assert(show(await client.nextPush()).includes("soon"));
  // Longer than the steps that are taken one by one.
  await server.clock.advance(90 * 86_400_000);
  assert(show(await client.nextPush()).includes("late"));
});

Deno.test("keys above a lowered maxmemory go though nobody sends a command", async () => {
  await using server = await startServer({
    clock: "frozen",
    directives: { "maxmemory-policy": "allkeys-lru", "notify-keyspace-events": "Ee" },
  });
  await using client = await connect(server.port, { resp: 3 });
  await client.write("SUBSCRIBE", "__keyevent@0__:evicted");
  await client.nextPush();
  server.send("SET", "k", "v");
  server.send("CONFIG", "SET", "maxmemory", "1");
  await server.clock.advance(100);
  assert(show(await client.nextPush()).includes('"k"'));
});

Deno.test("a wait times out when the clock has been moved that far", async () => {
  await using server = await startServer({ clock: "frozen" });
  await using client = await connect(server.port);
  await client.write("BLPOP", "list", 30);
  while (server.send("INFO", "clients")?.toString().includes("blocked_clients:0")) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await server.clock.advance(29_999);
  assert(server.send("INFO", "clients")?.toString().includes("blocked_clients:1"));
  await server.clock.advance(1);
  assertEquals(show(await client.nextReply()), "(nil)");
});

Deno.test("another date lets keys expire, and waits do not notice", async () => {
  await using server = await startServer({ clock: "frozen", date: NEW_YEAR });
  server.send("SET", "k", "v", "EXAT", NEW_YEAR / 1000 + 60);
  await server.clock.set("2029-12-31T00:00:00Z");
  assertEquals(server.send("TTL", "k"), 86_400 + 60);
  await server.clock.set(new Date(NEW_YEAR + 60_000));
  assertEquals(server.send("EXISTS", "k"), 0);
  await assertRejects(() => server.clock.set("no date"), RangeError);
  await assertRejects(() => server.clock.advance(-1), RangeError);
});

Deno.test("a snapshot comes to its end while the clock is frozen", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  try {
    await using server = await startServer({ clock: "frozen", directives: { dir: directory } });
    for (let i = 0; i < 1000; i++) server.send("SET", `k${i}`, "v");
    const saved = server.send("LASTSAVE");
    await server.clock.advance(5000);
    server.send("BGSAVE");
    while (server.send("LASTSAVE") === saved) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert(Deno.statSync(`${directory}/dump.rdb`).size > 1000);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a movable clock goes on from where it stood", async () => {
  const system = new FakeClock(NEW_YEAR);
  const clock = new MovableClock(system);
  const ran: string[] = [];
  clock.schedule(100, () => ran.push("100"));
  clock.schedule(200, () => ran.push("200"));
  system.advance(50);
  clock.freeze();
  system.advance(1_000_000);
  assertEquals([clock.unixMs(), clock.monotonicMs(), ran], [NEW_YEAR + 50, 50, []]);
  clock.resume();
  system.advance(50);
  assertEquals([clock.unixMs(), clock.monotonicMs(), ran], [NEW_YEAR + 100, 100, ["100"]]);
  // Moved on while it runs: what was set for later comes sooner.
  await clock.advance(60);
  system.advance(39);
  assertEquals(ran, ["100"]);
  system.advance(1);
  assertEquals(ran, ["100", "200"]);
  clock.schedule(10, () => ran.push("cancelled")).cancel();
  clock.schedule(10, () => ran.push("forgotten"));
  clock.close();
  system.advance(1000);
  assertEquals([ran, system.pending], [["100", "200"], 0]);
});

Deno.test("tasks that come back for ever do not keep a clock from its way", async () => {
  const clock = new MovableClock(new FakeClock(NEW_YEAR));
  clock.freeze();
  let rounds = 0;
  const again = (): void => {
    rounds++;
    clock.schedule(100, again);
  };
  clock.schedule(100, again);
  await clock.advance(1000);
  assertEquals(rounds, 10);
  await clock.advance(365 * 86_400_000);
  assertEquals(rounds, 10 + MOST_STEPS + 1);
  assertEquals(clock.unixMs(), NEW_YEAR + 1000 + 365 * 86_400_000);
});

Deno.test("the same seed gives the same picks, another one others", async () => {
  const picks = async (seed: number): Promise<string> => {
    await using server = await startServer({ seed });
    for (let i = 0; i < 200; i++) server.send("SADD", "set", `m${i}`);
    for (let i = 0; i < 50; i++) server.send("SET", `key${i}`, "");
    const taken = [
      server.send("SPOP", "set", 5),
      server.send("RANDOMKEY"),
      server.send("KEYS", "*"),
    ];
    const scanned = server.send("HRANDFIELD", "none");
    return JSON.stringify([
      taken,
      scanned,
      server.send("INFO", "server")?.toString().match(/run_id:.*/),
    ]);
  };
  assertEquals(await picks(7), await picks(7));
  assert(await picks(7) !== await picks(8));
});
