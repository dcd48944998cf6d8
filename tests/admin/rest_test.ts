/** Commands by REST, as Upstash's own client and curl send them. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Redis } from "@upstash/redis";
import { adminEngine } from "../../admin/engine_access.ts";
import { startAdmin } from "../../admin/server.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { AdminClient } from "./admin_client.ts";

const token = "a-long-token-to-guess";
const bearer = { authorization: `Bearer ${token}` };

Deno.test("Upstash's client works as against its own service", async () => {
  const redis = new EngineHarness();
  await using server = await startAdmin(adminEngine(redis.engine), {
    hostname: "127.0.0.1",
    port: 0,
    token,
    writes: true,
  });
  const client = new Redis({
    url: `http://127.0.0.1:${server.port}`,
    token,
    enableTelemetry: false,
  });
  assertEquals(await client.set("greeting", "hällo 😀"), "OK");
  assertEquals(await client.get("greeting"), "hällo 😀");
  assertEquals(await client.get("missing"), null);
  assertEquals(await client.set("object", { a: [1, "b"] }, { ex: 100 }), "OK");
  assertEquals(await client.get("object"), { a: [1, "b"] });
  assertEquals(await client.ttl("object"), 100);
  assertEquals(await client.hset("h", { f: "v", n: 5 }), 2);
  assertEquals(await client.hgetall("h"), { f: "v", n: 5 });
  assertEquals(await client.zadd("z", { score: 1.5, member: "m" }, { score: 2, member: "n" }), 2);
  assertEquals(await client.zrange("z", 0, -1, { withScores: true }), ["m", 1.5, "n", 2]);
  assertEquals(await client.rpush("l", "a", "b"), 2);
  assertEquals(await client.lrange("l", 0, -1), ["a", "b"]);
  assertEquals(await client.ping(), "PONG");
  const pipeline = client.pipeline().set("p", 1).incr("p").lpush("p", "x").get("p");
  const results = await pipeline.exec({ keepErrors: true });
  assertEquals(results.map(({ result }) => result), ["OK", 2, undefined, 2]);
  assertMatch(String(results[2].error), /WRONGTYPE/);
  assertEquals(await client.multi().set("t", "1").incrby("t", 4).exec(), ["OK", 5]);
  await assertRejects(() => client.lpush("p", "x"), Error, "WRONGTYPE");
  const [cursor, keys] = await client.scan("0", { count: 100 });
  assertEquals([cursor, keys.sort()], ["0", ["greeting", "h", "l", "object", "p", "t", "z"]]);
  const wrong = new Redis({
    url: `http://127.0.0.1:${server.port}`,
    token: "wrong",
    enableTelemetry: false,
  });
  await assertRejects(() => wrong.get("greeting"), Error, "Authentication");
});

Deno.test("commands in paths, with query parameters and posted values", async () => {
  const admin = new AdminClient({ token, writes: true });
  const get = async (path: string) => await (await admin.fetch(path, bearer)).json();
  assertEquals(await get("/set/a%2Fb/some%20value"), { result: "OK" });
  assertEquals(await get("/get/a%2Fb"), { result: "some value" });
  assertEquals(await get("/SET/c/1?EX=100"), { result: "OK" });
  assertEquals(await get("/ttl/c"), { result: 100 });
  assertEquals(await get("/set/d/1?NX"), { result: "OK" });
  assertEquals(await get("/set/d/1?NX"), { result: null });
  assertEquals(await get("/mget/c/nothing"), { result: ["1", null] });
  assertEquals(await get("/incr/a%2Fb"), { error: "ERR value is not an integer or out of range" });
  assertEquals(await admin.send("POST", "/set/json", { a: 1 }, bearer), { result: "OK" });
  assertEquals(admin.redis.run("GET", "json"), '"{\\"a\\":1}"');
  assertEquals((await admin.fetch("/nosuch/a", bearer)).status, 404);
});

Deno.test("base64 is for strings, and not for OK, numbers and nulls", async () => {
  const admin = new AdminClient({ token, writes: true });
  admin.redis.run("SET", "bytes", new Uint8Array([0xff, 0xfe]));
  const encoding = { ...bearer, "upstash-encoding": "base64" };
  const run = async (...args: unknown[]) => (await admin.send("POST", "/", args, encoding)).result;
  assertEquals(await run("GET", "bytes"), "//4=");
  assertEquals(await run("SET", "n", 1), "OK");
  assertEquals([await run("INCR", "n"), await run("GET", "none")], [2, null]);
  assertEquals(await run("MGET", "bytes", "none"), ["//4=", null]);
  assertEquals(await run("PING"), btoa("PONG"));
});

Deno.test("a transaction is all or nothing, a pipeline is not", async () => {
  const admin = new AdminClient({ token, writes: true });
  const commands = [["SET", "a", "1"], ["NOSUCH"], ["SET", "b", "1"]];
  const response = await admin.post("POST", "/multi-exec", commands, bearer);
  assertEquals([response.status, await response.json()], [
    400,
    { error: "EXECABORT Transaction discarded because of previous errors." },
  ]);
  assertEquals(admin.redis.run("DBSIZE"), "(integer) 0");
  const results = await (await admin.post("POST", "/pipeline", commands, bearer)).json();
  assertEquals(results.map((one: object) => Object.keys(one)[0]), ["result", "error", "result"]);
  assertEquals(admin.redis.run("DBSIZE"), "(integer) 2");
});

Deno.test("nothing is run without a bearer token, and nothing that writes while writing is off", async () => {
  const open = new AdminClient({ writes: true });
  const guarded = new AdminClient({ token, writes: true });
  const reading = new AdminClient({ token });
  const basic = { authorization: `Basic ${btoa(`:${token}`)}` };
  const tries: [AdminClient, Record<string, string>, number][] = [
    [open, {}, 401],
    [open, bearer, 401],
    [guarded, {}, 401],
    [guarded, basic, 401],
    [guarded, { authorization: "Bearer wrong" }, 401],
    [reading, bearer, 403],
  ];
  for (const [admin, headers, status] of tries) {
    for (const path of ["/set/a/1", "/flushall"]) {
      assertEquals((await admin.fetch(path, headers)).status, status, path);
    }
    assertEquals((await admin.post("POST", "/", ["SET", "a", "1"], headers)).status, status);
    assertEquals(
      (await admin.post("POST", "/multi-exec", [["SET", "a", "1"]], headers)).status,
      status,
    );
    assertEquals(admin.redis.run("DBSIZE"), "(integer) 0");
  }
  assertEquals((await reading.send("POST", "/", ["GET", "a"], bearer)).result, null);
  const form = { ...bearer, "content-type": "text/plain" };
  assertEquals((await guarded.post("POST", "/", ["SET", "a", "1"], form)).status, 415);
});

Deno.test("the password of requirepass is a bearer token as well", async () => {
  const admin = new AdminClient({ writes: true, config: { requirepass: "secret" } });
  const headers = { authorization: "Bearer secret" };
  assertEquals(await admin.send("POST", "/", ["SET", "a", "1"], headers), { result: "OK" });
  assertEquals((await admin.post("POST", "/", ["SET", "a", "1"])).status, 401);
});
