/** Server-sent events: changes of keys, MONITOR, messages; filters, what is dropped, ends. */

import { assert, assertEquals } from "@std/assert";
import type { ServerResponse } from "node:http";
import { EventStream } from "../../admin/event_stream.ts";
import { sendBody } from "../../admin/send_body.ts";
import { StreamRegister } from "../../admin/stream_register.ts";
import { FakeClock } from "../support/fake_host.ts";
import { AdminClient } from "./admin_client.ts";
import { openEvents as open } from "./event_reader.ts";

Deno.test("changes of keys are told, filtered, whatever is configured", async () => {
  const admin = new AdminClient();
  const events = await open(admin, "/api/v1/events?db=0&match=a*&event=set,del,expired");
  const { redis } = admin;
  redis.run("SET", "a1", "1");
  redis.run("SET", "b1", "1");
  redis.run("EXPIRE", "a1", "10");
  redis.run("DEL", "a1");
  assertEquals(await events.next(2), [
    { event: "change", data: { db: 0, event: "set", key: { utf8: "a1" } } },
    { event: "change", data: { db: 0, event: "del", key: { utf8: "a1" } } },
  ]);
  redis.run("FLUSHDB");
  assertEquals(await events.next(1), [{ event: "flush", data: { db: 0 } }]);
  await events.close();
});

Deno.test("MONITOR is filtered, and ends with the stream", async () => {
  const admin = new AdminClient();
  const { monitor, sessions } = admin.redis.engine.context;
  const before = sessions.count;
  const events = await open(admin, "/api/v1/monitor?command=set,get&match=b&keep=0");
  assertEquals([monitor.active, sessions.count], [true, before + 1]);
  admin.redis.run("SET", "a", "1");
  admin.redis.run("DEL", "b");
  admin.redis.run("set", "b", "1");
  const [{ event, data }] = await events.next(1);
  assertEquals([event, (data as { text: string }).text], ["command", '"set" "b" "1"']);
  await events.close();
  assertEquals([monitor.active, sessions.count], [false, before]);
});

Deno.test("HEAD, and a client that is gone at once, leave nothing running", async () => {
  const admin = new AdminClient();
  const { monitor, sessions } = admin.redis.engine.context;
  const before = sessions.count;
  for (const path of ["/api/v1/monitor", "/api/v1/events", "/api/v1/export"]) {
    const response = await admin.fetch(path, {}, { method: "HEAD" });
    assertEquals([response.status, await response.text()], [200, ""], path);
  }
  const response = await admin.fetch("/api/v1/monitor");
  await sendBody(response, { socket: null } as ServerResponse);
  assertEquals([monitor.active, sessions.count, admin.redis.clock.pending], [false, before, 0]);
});

Deno.test("messages of channels and patterns", async () => {
  const admin = new AdminClient();
  const events = await open(admin, "/api/v1/pubsub/messages?channel=news&pattern=sp*&keep=0");
  admin.redis.run("PUBLISH", "news", "hello");
  admin.redis.run("PUBLISH", "other", "hello");
  admin.redis.run("PUBLISH", "sport", new Uint8Array([0xff]));
  assertEquals(await events.next(2), [
    {
      event: "message",
      data: { channel: { utf8: "news" }, pattern: null, message: { utf8: "hello" } },
    },
    {
      event: "message",
      data: { channel: { utf8: "sport" }, pattern: { utf8: "sp*" }, message: { base64: "/w==" } },
    },
  ]);
  await events.close();
  assertEquals(admin.redis.run("PUBLISH", "news", "x"), "(integer) 0");
  assertEquals((await admin.problem("/api/v1/pubsub/messages"))[0], 400);
});

Deno.test("who does not read loses events and is told how many", async () => {
  const admin = new AdminClient();
  const events = await open(admin, "/api/v1/events");
  for (let i = 0; i < 2500; i++) admin.redis.run("SET", `k${i}`, "1");
  const received = await events.next(1000);
  const told = received.find(({ event }) => event === "dropped");
  const changes = received.filter(({ event }) => event === "change").length;
  assert(changes >= 999 && changes <= 1001, `${changes}`);
  assertEquals(told?.data, { total: 2500 - changes });
  admin.redis.run("SET", "later", "1");
  assertEquals((await events.next(1))[0].event, "change");
  await events.close();
});

Deno.test("there are so many streams and no more, and a beat keeps them open", async () => {
  const clock = new FakeClock();
  const register = new StreamRegister<EventStream>();
  const make = () => new EventStream(clock, register, { id: "a", subject: "all", keptMs: 0 });
  const streams = Array.from({ length: 32 }, make);
  let refused = 0;
  try {
    make();
  } catch {
    refused++;
  }
  assertEquals(refused, 1);
  const reader = streams[0].response().body!.getReader();
  const text = async () => new TextDecoder().decode((await reader.read()).value);
  assertEquals(await text(), "id: a-0\n\n");
  clock.advance(15_000);
  assertEquals(await text(), ": alive\n\n");
  let left = 0;
  streams[0].whenEnded(() => left++);
  await reader.cancel();
  assertEquals([left, register.count], [1, 31]);
  register.endAll();
  assertEquals([register.count, clock.pending], [0, 0]);
});

Deno.test("a stream that is refused leaves nothing behind", async () => {
  const admin = new AdminClient();
  const { sessions } = admin.redis.engine.context;
  const open32 = await Promise.all(
    Array.from({ length: 32 }, () => open(admin, "/api/v1/pubsub/messages?channel=a&keep=0")),
  );
  const before = sessions.count;
  for (
    const path of ["/api/v1/monitor", "/api/v1/events", "/api/v1/pubsub/messages?channel=a&keep=0"]
  ) {
    assertEquals((await admin.problem(path))[0], 503, path);
  }
  assertEquals([sessions.count, admin.redis.engine.context.monitor.active], [before, false]);
  for (const events of open32) await events.close();
  assertEquals(sessions.count, before - 32);
});
