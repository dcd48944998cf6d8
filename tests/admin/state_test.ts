/** What the server is and does, as JSON: databases, tree, values of every type, clients, statistics. */

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { parseMonitorLine } from "../../admin/routes/events.ts";
import { parseInfo } from "../../admin/figures.ts";
import { replicasOf } from "../../admin/routes/replication.ts";
import { ROUTES } from "../../admin/routes/all.ts";
import { SilentLink } from "../support/silent_link.ts";
import { AdminClient } from "./admin_client.ts";
import type { Json, JsonObject } from "./admin_client.ts";

Deno.test("every route that reads answers an empty server and one with data", async () => {
  for (const filled of [false, true]) {
    const admin = new AdminClient();
    if (filled) fill(admin);
    for (const { method, path, produces } of ROUTES) {
      if (method !== "GET" || produces[0] === "text/event-stream") continue;
      const query = path.endsWith("/pending") ? "?group=g" : "";
      const response = await admin.fetch(path.replace(":key", "x") + query);
      const expected = !filled && path.includes(":key") ? 404 : 200;
      const text = await response.text();
      assertEquals(response.status, expected, `${path} ${text.slice(0, 200)}`);
    }
    assertEquals(admin.redis.log.messages("warning"), []);
  }
});

Deno.test("the contract names every route, and limits as they are checked", async () => {
  const admin = new AdminClient({ writes: true });
  const contract = await admin.json("/openapi.json") as Record<string, JsonObject>;
  assertEquals(contract.openapi as unknown, "3.1.0");
  for (const { method, path } of ROUTES) {
    const known = contract.paths[path.replace(/:(\w+)/g, "{$1}")] as JsonObject;
    assert(known?.[method.toLowerCase()] !== undefined, `${method} ${path}`);
  }
  // What the contract says of a number is what the request is checked for.
  let checked = 0;
  for (const [path, operations] of Object.entries(contract.paths) as [string, JsonObject][]) {
    const { parameters } = (operations.get ?? {}) as { parameters?: JsonObject[] };
    for (const { name, in: where, schema } of parameters ?? []) {
      const { maximum, type } = schema as { maximum?: number; type: string };
      if (where !== "query" || type !== "integer" || maximum === undefined) continue;
      const [status, detail] = await admin.problem(
        `${path.replace("{key}", "x")}?${name}=${maximum + 1}`,
      );
      assertEquals([status, detail.startsWith(String(name))], [400, true], `${path} ${name}`);
      checked++;
    }
  }
  assert(checked > 8, `${checked}`);
});

Deno.test("databases are listed with what they hold", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1", "EX", "10");
  const { items } = await admin.json("/api/v1/dbs") as { items: JsonObject[] };
  assertEquals(items.length, 16);
  assertEquals([items[0].keys, items[0].expires, items[1].keys], [1, 1, 0]);
});

Deno.test("the tree counts keys by their next segment", async () => {
  const admin = new AdminClient();
  for (let i = 0; i < 500; i++) {
    admin.redis.run("SET", `user:${i % 5}:${i}`, i);
    admin.redis.run("SET", `user:${i}`, i);
    admin.redis.run("SET", `o*[d]\\:${i}`, i);
  }
  admin.redis.run("SET", "user", "1");
  admin.redis.run("RPUSH", "list:a", "1");
  admin.redis.run("SET", new Uint8Array([0xff, 0x3a, 0x61]), "1");
  assertEquals(await levels(admin, ""), {
    "user:": 1000,
    "list:": 1,
    "o*[d]\\:": 500,
    "/zo=": 1,
    "user": 1,
  });
  assertEquals((await levels(admin, "&prefix=user:"))["user:3:"], 100);
  assertEquals(Object.keys(await levels(admin, "&prefix=user:")).length, 505);
  assertEquals(Object.keys(await levels(admin, "&prefix=o*[d]%5C:")).length, 500);
  assertEquals(await levels(admin, "&type=list"), { "list:": 1 });
  assertEquals(await levels(admin, "&separator=ser:&prefix=u"), { "user:": 1000, "user": 1 });
  const first = await admin.json("/api/v1/tree?examine=1");
  assertEquals([first.done, typeof first.cursor], [false, "string"]);
});

Deno.test("more segments than can be told apart are counted", async () => {
  const admin = new AdminClient();
  for (let i = 0; i < 1500; i++) admin.redis.run("SET", `${i}:a`, i);
  const { nodes, keys, keysElsewhere } = await admin.json("/api/v1/tree");
  assertEquals([(nodes as Json[]).length, keys, keysElsewhere], [1000, 1500, 500]);
});

Deno.test("values of every type come in pages that together are all of it", async () => {
  const admin = new AdminClient();
  const count = 1345;
  for (let i = 0; i < count; i++) {
    admin.redis.run("RPUSH", "list", `e${i}`);
    admin.redis.run("HSET", "hash", `f${i}`, `v${i}`);
    admin.redis.run("SADD", "set", `m${i}`);
    admin.redis.run("ZADD", "zset", i / 2, `m${i}`);
    admin.redis.run("XADD", "stream", `${i + 1}-0`, "f", `v${i}`);
  }
  for (const type of ["list", "hash", "set", "zset", "stream"]) {
    for (const limit of [1000, 77]) {
      const seen: Set<string> = new Set();
      let cursor: Json = null;
      let pages = 0;
      do {
        const next: string = cursor === null ? "" : `&cursor=${encodeURIComponent(String(cursor))}`;
        const page: JsonObject = await admin.json(`/api/v1/keys/${type}?limit=${limit}${next}`);
        assertEquals([page.type, page.total], [type, count]);
        assertLessOrEqual((page.items as Json[]).length, limit + 64);
        for (const item of page.items as Json[]) seen.add(JSON.stringify(item));
        cursor = page.cursor;
        assert(++pages < 100);
      } while (cursor !== null);
      assertEquals(seen.size, count, `${type} by ${limit}`);
    }
  }
  assertEquals((await admin.json("/api/v1/keys/list?offset=1300&limit=1")).items, [
    { index: 1300, value: { utf8: "e1300" } },
  ]);
  assertEquals((await admin.json("/api/v1/keys/zset?offset=3&limit=1")).items, [
    { rank: 3, member: { utf8: "m3" }, score: 1.5 },
  ]);
});

Deno.test("elements are shown as what they are, and big ones in part", async () => {
  const admin = new AdminClient();
  admin.redis.run("ZADD", "z", "-inf", new Uint8Array([0xff]));
  admin.redis.run("HSET", "h", "f", "v");
  admin.redis.run("HPEXPIRE", "h", "5000", "FIELDS", "1", "f");
  admin.redis.run("XADD", "x", "5-1", "f", "v", "f", "w");
  for (let i = 0; i < 40; i++) admin.redis.run("RPUSH", "l", "x".repeat(100_000));
  assertEquals((await admin.json("/api/v1/keys/z")).items, [
    { rank: 0, member: { base64: "/w==" }, score: "-inf" },
  ]);
  assertEquals((await admin.json("/api/v1/keys/h")).items, [
    { field: { utf8: "f" }, value: { utf8: "v" }, ttlMs: 5000 },
  ]);
  assertEquals((await admin.json("/api/v1/keys/x")).items, [
    { id: "5-1", fields: [[{ utf8: "f" }, { utf8: "v" }], [{ utf8: "f" }, { utf8: "w" }]] },
  ]);
  const page = await admin.json("/api/v1/keys/l") as {
    items: { value: JsonObject }[];
    cursor: Json;
  };
  assertEquals(page.items[0].value.totalBytes, 100_000);
  assertEquals(String(page.items[0].value.utf8).length, 65_536);
  // A page ends after a megabyte.
  assertEquals([page.items.length, page.cursor], [16, "16"]);
  for (const query of ["cursor=x", "limit=1001", "limit=0"]) {
    assertEquals((await admin.problem(`/api/v1/keys/l?${query}`))[0], 400, query);
  }
});

Deno.test("clients are listed in pages, without the requests of this port", async () => {
  const admin = new AdminClient();
  const { sessions } = admin.redis.engine.context;
  for (let i = 0; i < 250; i++) {
    const session = admin.redis.newSession();
    session.link = new SilentLink(sessions, session, `10.0.0.1:${i}`);
  }
  const ids: Json[] = [];
  let after: Json = 0;
  do {
    const page: JsonObject = await admin.json(`/api/v1/clients?limit=100&after=${after}`);
    assertEquals(page.total, 251);
    ids.push(...(page.items as JsonObject[]).map((item) => item.id));
    after = page.after;
  } while (after !== null);
  assertEquals(new Set(ids).size, 251);
  const { items } = await admin.json("/api/v1/clients?after=1&limit=1") as { items: JsonObject[] };
  assertEquals([items[0].addr, items[0].db, items[0].user], ["10.0.0.1:0", 0, "default"]);
});

Deno.test("replication tells role, offset and backlog", async () => {
  const shown = await new AdminClient().json("/api/v1/replication");
  assertEquals([shown.role, shown.replicas, shown.primary], ["primary", [], null]);
  const { replication } = parseInfo(
    "# Replication\r\nmaster_repl_offset:100\r\n" +
      "slave0:ip=10.0.0.2,port=6380,state=online,offset=90,lag=1\r\n" +
      "slave1:ip=::1,port=6381,state=wait_bgsave,offset=0,lag=0\r\n",
  );
  const [first, second] = replicasOf(replication, 100);
  assertEquals([first.address, first.state, first.lagBytes, first.lagSeconds], [
    "10.0.0.2",
    "online",
    10,
    1,
  ]);
  assertEquals([second.address, second.port, second.lagBytes], ["::1", 6381, 100]);
});

Deno.test("pub/sub tells who listens to what", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  const other = redis.newSession(3);
  redis.bytesTo(other, "SUBSCRIBE", "news", new Uint8Array([0xff]));
  redis.bytesTo(other, "PSUBSCRIBE", "n*");
  redis.run("PUBLISH", "news", "hello");
  const shown = await admin.json("/api/v1/pubsub") as Record<string, JsonObject>;
  assertEquals(shown.channels, {
    total: 2,
    items: [{ name: { utf8: "news" }, subscribers: 1 }, {
      name: { base64: "/w==" },
      subscribers: 1,
    }],
  });
  assertEquals(shown.patterns.items, [{ name: { utf8: "n*" }, subscribers: 1 }]);
  assertEquals([shown.subscribedClients, shown.published] as Json[], [1, 1]);
});

Deno.test("groups of a stream with what is pending", async () => {
  const admin = new AdminClient();
  fill(admin);
  const { groups } = await admin.json("/api/v1/streams/x/groups") as { groups: JsonObject[] };
  assertEquals(groups[0].name, { utf8: "g" });
  assertEquals(groups[0].pending, { count: 2, smallestId: "1-1", greatestId: "2-1" });
  assertEquals((groups[0].consumers as JsonObject[])[0].pending, 2);
  const first = await admin.json("/api/v1/streams/x/pending?group=g&limit=1");
  assertEquals([first.items, first.cursor], [
    [{ id: "1-1", consumer: { utf8: "c" }, idleMs: 0, deliveries: 1 }],
    "(1-1",
  ]);
  const second = await admin.json(`/api/v1/streams/x/pending?group=g&cursor=(1-1`);
  assertEquals([(second.items as JsonObject[])[0].id, second.done], ["2-1", true]);
  assertEquals((await admin.problem("/api/v1/streams/x/pending"))[0], 400);
  assertEquals((await admin.problem("/api/v1/streams/l/groups"))[0], 409);
});

Deno.test("slow log, latency, commands and their figures", async () => {
  const admin = new AdminClient({ config: { "slowlog-log-slower-than": "0" } });
  admin.redis.run("SET", "a", new Uint8Array([0xff]));
  const { items, total } = await admin.json("/api/v1/slowlog") as {
    items: JsonObject[];
    total: Json;
  };
  assert(Number(total) >= 1);
  assertEquals((items.at(-1) as JsonObject).args, [{ utf8: "SET" }, { utf8: "a" }, {
    base64: "/w==",
  }]);
  const latency = await admin.json("/api/v1/latency?command=set") as { items: JsonObject[] };
  assertEquals([latency.items.length, latency.items[0].calls], [1, 1]);
  const { items: commands } = await admin.json("/api/v1/commands") as { items: JsonObject[] };
  const set = commands.find((command) => command.name === "set") as JsonObject;
  assertEquals([set.group, set.onlyReads], ["string", false]);
  assertEquals(commands.find((command) => command.name === "config get")?.onlyReads, false);
  const stats = await admin.json("/api/v1/commands/stats") as { items: JsonObject[] };
  assertEquals(stats.items.find((item) => item.command === "set")?.calls, 1);
});

Deno.test("readyz waits for data to be loaded, and nothing else is answered with it", async () => {
  const admin = new AdminClient();
  const { loading } = admin.redis.engine.context;
  assertEquals((await admin.fetch("/readyz")).status, 200);
  loading.begin(100);
  const response = await admin.fetch("/readyz");
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals((await admin.fetch("/healthz")).status, 200);
  assertEquals((await admin.problem("/api/v1/keys"))[0], 503);
  assertEquals((await admin.fetch("/metrics")).status, 200);
  loading.end();
  assertEquals((await admin.fetch("/readyz")).status, 200);
});

Deno.test("what pages read is not shown by MONITOR, what a person runs is", async () => {
  const admin = new AdminClient();
  const watcher = admin.redis.newSession();
  admin.redis.bytesTo(watcher, "MONITOR");
  fill(admin);
  watcher.reply.length = 0;
  await admin.json("/api/v1/keys");
  await admin.json("/api/v1/keys/x");
  assertEquals(watcher.reply.length, 0);
  await admin.send("POST", "/api/v1/command", { args: ["GET", "a"] });
  const line = new TextDecoder().decode(watcher.reply.buffer.subarray(1, watcher.reply.length - 2));
  assertEquals(parseMonitorLine(line), {
    time: line.split(" ")[0],
    db: 0,
    client: "127.0.0.1:0",
    command: "get",
    text: '"GET" "a"',
  });
});

/** The nodes of a level, all parts added up, by their prefix. */
async function levels(admin: AdminClient, query: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let cursor: Json = "0";
  do {
    const part: JsonObject = await admin.json(`/api/v1/tree?examine=300&cursor=${cursor}${query}`);
    for (const { prefix, keys } of part.nodes as { prefix: JsonObject; keys: number }[]) {
      const name = String(prefix.utf8 ?? prefix.base64);
      counts[name] = (counts[name] ?? 0) + keys;
    }
    cursor = part.cursor;
  } while (cursor !== null);
  return counts;
}

function fill(admin: AdminClient): void {
  const { redis } = admin;
  redis.run("SET", "a", "1");
  redis.run("RPUSH", "l", "1");
  for (const id of ["1-1", "2-1"]) redis.run("XADD", "x", id, "f", "v");
  redis.run("XGROUP", "CREATE", "x", "g", "0");
  redis.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">");
}
