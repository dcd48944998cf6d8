/** Routes that change something: closed as delivered, and what each does when writing is on. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROUTES } from "../../admin/routes/all.ts";
import { AdminClient } from "./admin_client.ts";
import type { JsonObject } from "./admin_client.ts";

Deno.test("while writing is off every route that writes is refused, and nothing happens", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  const bodies: Record<string, unknown> = {
    "/api/v1/keys/:key": { changes: [{ op: "set-string", value: "2" }] },
    "/api/v1/keys/:key/ttl": { ttlMs: 1000 },
    "/api/v1/keys/:key/rename": { to: "b" },
    "/api/v1/dbs/:db/flush": { confirm: "db0" },
    "/api/v1/config": { maxmemory: "1mb" },
  };
  const writing = ROUTES.filter((route) => route.writes);
  assert(writing.length >= 9);
  for (const { method, path, rawBody } of writing) {
    const real = path.replace(":key", "a").replace(/:(db|id)/, "0");
    const [status, detail] = await admin.refusal(method, real, bodies[path] ?? {}, {
      "content-type": rawBody ?? "application/json",
    });
    assertEquals(status, 403, `${method} ${path}`);
    assertMatch(detail, /--admin-write yes/);
  }
  assertEquals(admin.redis.run("GET", "a"), '"1"');
  assertEquals(admin.redis.run("TTL", "a"), "(integer) -1");
  assertEquals(
    ROUTES.filter((route) => !route.writes && route.method !== "GET").map((r) => r.path),
    [
      "/api/v1/command",
    ],
  );
});

Deno.test("while writing is off the console runs what only reads and costs little", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  const run = (...args: string[]) => admin.post("POST", "/api/v1/command", { args });
  for (
    const args of [["GET", "a"], ["PING"], ["scan", "0"], ["OBJECT", "ENCODING", "a"], [
      "XREAD",
      "STREAMS",
      "x",
      "0",
    ]]
  ) {
    assertEquals((await run(...args)).status, 200, args.join(" "));
  }
  const refused = [["SET", "a", "2"], ["KEYS", "*"], ["FLUSHALL"], [
    "CONFIG",
    "SET",
    "maxmemory",
    "1",
  ]];
  refused.push(["PUBLISH", "c", "m"], ["SHUTDOWN"], ["DEBUG", "SLEEP", "1"], [
    "CLIENT",
    "KILL",
    "ID",
    "1",
  ]);
  refused.push(["EVAL_RO", "return 1", "0"]);
  for (const args of refused) assertEquals((await run(...args)).status, 403, args.join(" "));
  assertEquals(admin.redis.run("GET", "a"), '"1"');
});

Deno.test("what needs a connection of its own is refused also when writing is on", async () => {
  const admin = new AdminClient({ writes: true });
  const refused = [["SUBSCRIBE", "c"], ["MONITOR"], ["MULTI"], ["client", "reply", "off"], [
    "SELECT",
    "1",
  ]];
  refused.push(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], ["HELLO", "3"], ["QUIT"], ["RESET"]);
  for (const args of refused) {
    const [status, detail] = await admin.refusal("POST", "/api/v1/command", { args });
    assertEquals([status, /connection of its own/.test(detail)], [400, true], args.join(" "));
  }
});

Deno.test("the console shows replies with their kinds", async () => {
  const admin = new AdminClient({ writes: true });
  const reply = async (args: unknown[], more = {}) =>
    (await admin.send("POST", "/api/v1/command", { args, ...more })).reply;
  assertEquals(await reply(["SET", "a", { base64: "/w==" }]), { type: "status", text: "OK" });
  assertEquals(await reply(["GET", "a"]), { type: "string", value: { base64: "/w==" } });
  assertEquals(await reply(["GET", "b"]), { type: "null" });
  assertEquals(await reply(["INCRBY", "n", "9223372036854775807"]), {
    type: "integer",
    value: "9223372036854775807",
  });
  assertEquals(await reply(["NOSUCH"]), {
    type: "error",
    text: "ERR unknown command 'NOSUCH', with args beginning with: ",
  });
  await reply(["ZADD", "z", "1.5", "m"]);
  assertEquals(await reply(["ZSCORE", "z", "m"]), { type: "double", value: 1.5 });
  assertEquals(await reply(["ZSCORE", "z", "m"], { protocol: "resp2" }), {
    type: "string",
    value: { utf8: "1.5" },
  });
  assertEquals(await reply(["SET", "there", "1"], { db: 3 }), { type: "status", text: "OK" });
  assertEquals((await admin.json("/api/v1/keys/there?db=3")).value, { utf8: "1" });
});

Deno.test("each type is changed by its elements", async () => {
  const admin = new AdminClient({ writes: true });
  const change = (key: string, ...changes: unknown[]) =>
    admin.send("PATCH", `/api/v1/keys/${key}`, { changes });
  const { redis } = admin;
  redis.run("SET", "s", "1", "EX", "100");
  await change("s", { op: "set-string", value: "2" });
  assertEquals([redis.run("GET", "s"), redis.run("TTL", "s")], ['"2"', "(integer) 100"]);
  await change("h", { op: "set-field", field: "f", value: "v" }, {
    op: "set-field",
    field: "g",
    value: "",
  });
  redis.run("HPEXPIRE", "h", "5000", "FIELDS", "1", "f");
  await change("h", { op: "set-field", field: "f", value: "w", keepTtl: true });
  assertEquals(
    redis.run("HPTTL", "h", "FIELDS", "2", "f", "g"),
    "1) (integer) 5000\n2) (integer) -1",
  );
  await change("h", { op: "set-field-ttl", field: "g", ttlMs: 100 }, {
    op: "set-field-ttl",
    field: "f",
    ttlMs: null,
  });
  assertEquals(
    redis.run("HPTTL", "h", "FIELDS", "2", "f", "g"),
    "1) (integer) -1\n2) (integer) 100",
  );
  await change("h", { op: "set-field-ttl", field: "f", ttlMs: null }, {
    op: "set-field-ttl",
    field: "g",
    ttlMs: null,
  });
  for (const [key, field] of [["h", "none"], ["none", "f"]]) {
    for (const ttlMs of [100, null]) {
      const body = { changes: [{ op: "set-field-ttl", field, ttlMs }] };
      const refusal = await admin.refusal("PATCH", `/api/v1/keys/${key}`, body);
      assertEquals(refusal, [404, "there is no such field"]);
    }
  }
  await change("h", { op: "remove-field", field: "f" });
  assertEquals(redis.run("HGETALL", "h"), '1) "g"\n2) ""');
  for (const value of ["a", "b", "c"]) await change("l", { op: "push", side: "right", value });
  await change("l", { op: "set-element", index: 0, value: "A" }, {
    op: "remove-element",
    index: 1,
  });
  assertEquals(redis.run("LRANGE", "l", "0", "-1"), '1) "A"\n2) "c"');
  await change("m", { op: "add-member", member: { base64: "/w==" } }, {
    op: "add-member",
    member: "x",
  });
  await change("m", { op: "remove-member", member: "x" });
  assertEquals(redis.run("SMEMBERS", "m"), '1) "\\xff"');
  await change("z", { op: "set-score", member: "m", score: "-inf" }, {
    op: "set-score",
    member: "n",
    score: 1,
  });
  await change("z", { op: "remove-scored", member: "n" });
  assertEquals(redis.run("ZRANGE", "z", "0", "-1", "WITHSCORES"), '1) "m"\n2) "-inf"');
  await change("x", { op: "add-entry", id: "1-1", fields: [["f", "v"]] });
  await change("x", { op: "add-entry", id: "2-1", fields: [["f", "v"]] }, {
    op: "remove-entry",
    id: "1-1",
  });
  assertEquals(redis.run("XLEN", "x"), "(integer) 1");
  assertEquals(await change("h", { op: "remove-field", field: "g" }), {
    status: "ok",
    exists: false,
  });
});

Deno.test("changes that can't be made are refused with the engine's words", async () => {
  const admin = new AdminClient({ writes: true });
  admin.redis.run("SET", "s", "1");
  const refusal = (changes: unknown) => admin.refusal("PATCH", "/api/v1/keys/s", { changes });
  const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
  assertEquals(await refusal([{ op: "push", side: "left", value: "x" }]), [409, wrongType]);
  assertEquals(
    await refusal([{ op: "set-string", value: "2" }, { op: "push", side: "left", value: "x" }]),
    [409, `${wrongType} (after 1 of the changes, which stay)`],
  );
  const malformed = [[], {}, [{}], [{ op: "nothing" }], [{ op: "set-string" }], "x"];
  malformed.push([{ op: "set-string", value: "x", more: 1 }], [{ op: "set-string", value: 1 }]);
  for (const changes of malformed) {
    assertEquals((await refusal(changes))[0], 400, JSON.stringify(changes));
  }
  assertEquals(admin.redis.run("GET", "s"), '"2"');
});

Deno.test("ttl, rename, delete and flush", async () => {
  const admin = new AdminClient({ writes: true });
  const { redis } = admin;
  redis.run("SET", "a/b", "1");
  await admin.send("PUT", "/api/v1/keys/a%2Fb/ttl", { ttlMs: 5000 });
  assertEquals(redis.run("PTTL", "a/b"), "(integer) 5000");
  await admin.send("PUT", "/api/v1/keys/a%2Fb/ttl", { ttlMs: null });
  assertEquals(redis.run("PTTL", "a/b"), "(integer) -1");
  redis.run("SET", "c", "2");
  assertEquals((await admin.refusal("POST", "/api/v1/keys/a%2Fb/rename", { to: "c" }))[0], 409);
  await admin.send("POST", "/api/v1/keys/a%2Fb/rename", { to: "c", replace: true });
  assertEquals(redis.run("GET", "c"), '"1"');
  await admin.send("DELETE", "/api/v1/keys/c");
  assertEquals((await admin.refusal("DELETE", "/api/v1/keys/c"))[0], 404);
  redis.run("SET", "d", "1");
  for (const confirm of ["", "db1", "yes"]) {
    assertEquals((await admin.refusal("POST", "/api/v1/dbs/0/flush", { confirm }))[0], 400);
  }
  assertEquals(redis.run("DBSIZE"), "(integer) 1");
  await admin.send("POST", "/api/v1/dbs/0/flush", { confirm: "db0" });
  assertEquals(redis.run("DBSIZE"), "(integer) 0");
});

Deno.test("config is set as CONFIG SET does, and secrets are not shown", async () => {
  const admin = new AdminClient({ writes: true });
  await admin.send("PATCH", "/api/v1/config", {
    maxmemory: "1mb",
    "maxmemory-policy": "allkeys-lru",
  });
  const { items } = await admin.json("/api/v1/config?match=maxmemory");
  assertEquals((items as JsonObject[])[0].value, "1048576");
  assertEquals((await admin.refusal("PATCH", "/api/v1/config", { databases: "1" }))[0], 400);
  await admin.send("PATCH", "/api/v1/config", { requirepass: "secret" });
  const shown = await admin.fetch("/api/v1/config", { authorization: "Bearer secret" });
  const body = await shown.text();
  assertEquals([shown.status, body.includes('"requirepass"'), body.includes("secret")], [
    200,
    true,
    false,
  ]);
});

Deno.test("bodies have a size, a depth and a form", async () => {
  const admin = new AdminClient({ writes: true });
  const headers = { "content-type": "application/json" };
  const post = (body: string) =>
    admin.problem("/api/v1/command", headers, { method: "POST", body });
  assertEquals((await post(`{"args":["${"x".repeat(1024 * 1024)}"]}`))[0], 413);
  const started = performance.now();
  assertEquals(await post("[".repeat(500_000)), [400, "nested deeper than 32"]);
  assert(performance.now() - started < 500);
  for (const body of ["", "{", "nothing", "\u0000"]) {
    assertEquals(await post(body), [400, "the body is not JSON"]);
  }
  assertEquals(await post("[]"), [400, "body must be an object"]);
  assertEquals(await post('{"args":[]}'), [
    400,
    "body.args must be an array of 1 to 10000 elements",
  ]);
  assertEquals(await post('{"args":["PING"],"__proto__":1}'), [
    400,
    "body has an unknown member __proto__",
  ]);
});

Deno.test("a killed client is gone, and one that is not there is a problem", async () => {
  const admin = new AdminClient({ writes: true });
  assertEquals((await admin.refusal("POST", "/api/v1/clients/99/kill"))[0], 404);
  assertEquals((await admin.refusal("POST", "/api/v1/clients/x/kill"))[0], 404);
});
