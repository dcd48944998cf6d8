/** Server-sent events after a lost connection: nothing missed when it was short, told when it was long. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { JsonObject } from "./admin_client.ts";
import { AdminClient } from "./admin_client.ts";
import { openEvents } from "./event_reader.ts";
import type { Received } from "./event_reader.ts";

const path = "/api/v1/events?match=k*&event=set";

function keysOf(events: readonly Received[]): unknown[] {
  return events.map(({ event, data }) =>
    event === "change" ? (data as { key: { utf8: string } }).key.utf8 : data
  );
}

Deno.test("a reader that comes back goes on behind the event it got last", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  for (const key of ["k1", "k2", "k3"]) admin.redis.run("SET", key, "1");
  assertEquals(keysOf(await before.next(3)), ["k1", "k2", "k3"]);
  const [, stream] = /^([0-9a-f]{16})-3$/.exec(before.lastId) ?? [];
  assert(stream !== undefined, before.lastId);
  await before.close();
  admin.redis.run("SET", "k4", "1");
  admin.redis.run("SET", "other", "1");
  // It was sent k3, which got lost on the way.
  const after = await openEvents(admin, path, `${stream}-2`);
  assertEquals(keysOf(await after.next(2)), ["k3", "k4"]);
  admin.redis.run("SET", "k5", "1");
  assertEquals(keysOf(await after.next(1)), ["k5"]);
  assertEquals(after.lastId, `${stream}-5`);
  await after.close();
});

Deno.test("a connection that is lost before the first event is taken up as well", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  await before.begun();
  await before.close();
  admin.redis.run("SET", "k1", "1");
  const after = await openEvents(admin, path, before.lastId);
  assertEquals(keysOf(await after.next(1)), ["k1"]);
  await after.close();
});

Deno.test("commands and messages go on as well", async () => {
  const admin = new AdminClient();
  for (
    const [where, args, shown] of [
      ["/api/v1/monitor?command=echo", ["ECHO", "hello"], '"ECHO" "hello"'],
      ["/api/v1/pubsub/messages?channel=news", ["PUBLISH", "news", "hello"], "hello"],
    ] as const
  ) {
    const before = await openEvents(admin, where);
    await before.begun();
    await before.close();
    admin.redis.run(...args);
    await Promise.resolve();
    const after = await openEvents(admin, where, before.lastId);
    const [{ data }] = await after.next(1);
    const { text, message } = data as { text?: string; message?: { utf8: string } };
    assertEquals(text ?? message?.utf8, shown);
    await after.close();
  }
});

Deno.test("what the queue no longer holds is counted, in front of what it holds", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  for (let i = 1; i <= 1500; i++) {
    admin.redis.run("SET", `k${i}`, "1");
    if (i % 500 === 0) await before.next(500);
  }
  const stream = before.lastId.split("-")[0];
  await before.close();
  const after = await openEvents(admin, path, `${stream}-100`);
  const events = await after.next(1001);
  assertEquals(events[0], { event: "dropped", data: { total: 400 } });
  assertEquals(keysOf(events.slice(1, 3)), ["k501", "k502"]);
  assertEquals(keysOf(events.slice(-1)), ["k1500"]);
  await after.close();
});

Deno.test("while nobody reads, what does not fit is dropped and counted", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  await before.begun();
  await before.close();
  for (let i = 1; i <= 1200; i++) admin.redis.run("SET", `k${i}`, "1");
  const after = await openEvents(admin, path, before.lastId);
  const events = await after.next(1001);
  assertEquals(keysOf(events.slice(999, 1000)), ["k1000"]);
  assertEquals(events[1000], { event: "dropped", data: { total: 200 } });
  await after.close();
});

Deno.test("after its time a stream is gone, and its reader is told that nobody counted", async () => {
  const admin = new AdminClient();
  const { clock, engine } = admin.redis;
  const monitor = "/api/v1/monitor?keep=20";
  const before = await openEvents(admin, monitor);
  await before.begun();
  await before.close();
  clock.advance(19_999);
  assertEquals([engine.context.monitor.active, clock.pending], [true, 1]);
  clock.advance(1);
  assertEquals([engine.context.monitor.active, clock.pending], [false, 0]);
  const after = await openEvents(admin, monitor, before.lastId);
  assertEquals(await after.next(1), [{ event: "dropped", data: { total: null } }]);
  assert(after.lastId !== "" && after.lastId.split("-")[0] !== before.lastId.split("-")[0]);
  await after.close();
});

Deno.test("a stream is taken up by nobody who asks for something else", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  await before.begun();
  await before.close();
  admin.redis.run("SET", "k1", "1");
  for (const [where, id] of [["/api/v1/events", before.lastId], [path, "nonsense"]]) {
    const other = await openEvents(admin, where, id);
    assertEquals(await other.next(1), [{ event: "dropped", data: { total: null } }]);
    await other.close();
  }
});

Deno.test("a reader that comes back while its old connection seems open takes its place", async () => {
  const admin = new AdminClient();
  const before = await openEvents(admin, path);
  await before.begun();
  const waiting = before.next(1).then(() => "an event", () => "ended");
  const after = await openEvents(admin, path, before.lastId);
  assertEquals(await waiting, "ended");
  admin.redis.run("SET", "k1", "1");
  assertEquals(keysOf(await after.next(1)), ["k1"]);
  await after.close();
});

Deno.test("streams that were left make room for new ones", async () => {
  const admin = new AdminClient();
  for (let i = 0; i < 40; i++) {
    const events = await openEvents(admin, `${path}&db=${i}`);
    await events.begun();
    await events.close();
  }
  assertEquals(admin.redis.clock.pending, 32);
});

Deno.test("the contract says how to come back", async () => {
  const admin = new AdminClient();
  const { paths } = await admin.json("/openapi.json");
  const { get } = (paths as JsonObject)["/api/v1/events"] as JsonObject;
  const { parameters } = get as { parameters: JsonObject[] };
  const found = parameters.find(({ in: place }) => place === "header");
  assertEquals(found?.name, "Last-Event-ID");
  assertMatch(String(found?.description), /dropped/);
});
