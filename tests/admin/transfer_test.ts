/** Export and import: every type and any bytes there and back, in each format, sorted. */

import { assert, assertEquals } from "@std/assert";
import { sortInSlices } from "../../admin/transfer/sort_in_slices.ts";
import { Slices } from "../../admin/slices.ts";
import { SeededRandom } from "../support/fake_host.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { connect } from "../support/resp_client.ts";
import { needs, startRedis } from "../support/peers.ts";
import { AdminClient } from "./admin_client.ts";
import type { JsonObject } from "./admin_client.ts";

Deno.test("an export is lines that can be read and compared", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  redis.run("SET", "b", "text");
  redis.run("SET", "a", new Uint8Array([0xff]), "PXAT", "1800000000000");
  redis.run("HSET", "h", "z", "1", "é", "2", "a", "3");
  redis.run("HPEXPIREAT", "h", "1800000000001", "FIELDS", "1", "a");
  redis.run("ZADD", "zs", "1.5", "m", "inf", "n", "-0", "o");
  redis.run("SADD", "ss", "b", "a", "10", "9");
  redis.run("RPUSH", "l", "x", "");
  assertEquals(await exported(admin, ""), [
    '{"key":"a","type":"string","value":{"base64":"/w=="},"expiresAtMs":1800000000000}',
    '{"key":"b","type":"string","value":"text"}',
    '{"key":"h","type":"hash","fields":[["a","3",1800000000001],["z","1"],["é","2"]]}',
    '{"key":"l","type":"list","elements":["x",""]}',
    '{"key":"ss","type":"set","members":["10","9","a","b"]}',
    '{"key":"zs","type":"zset","members":[["o",0],["m",1.5],["n","inf"]]}',
  ]);
  assertEquals(await exported(admin, "&format=commands&match=[hz]*"), [
    "DEL h",
    'HSET h a 3 z 1 "\\xc3\\xa9" 2',
    "HPEXPIREAT h 1800000000001 FIELDS 1 a",
    "DEL zs",
    "ZADD zs 0 o 1.5 m inf n",
  ]);
  assertEquals((await exported(admin, "&type=list")).length, 1);
  assertEquals((await exported(admin, "&order=scan")).sort(), (await exported(admin, "")).sort());
});

Deno.test("named keys are exported without a walk, each once, in order", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  for (const key of ["a", "b*", "c", "\xff"]) redis.run("SET", key, "1");
  redis.run("SET", new Uint8Array([0xff]), "1");
  const scans = () => redis.run("INFO", "commandstats").match(/cmdstat_scan:/g)?.length ?? 0;
  assertEquals(await exported(admin, "&key=c&key=b*&key=c&key=none&key=b64:/w=="), [
    '{"key":"b*","type":"string","value":"1"}',
    '{"key":"c","type":"string","value":"1"}',
    '{"key":{"base64":"/w=="},"type":"string","value":"1"}',
  ]);
  assertEquals(scans(), 0);
  for (const query of ["key=a&match=*", `key=${Array(1001).fill("a").join("&key=")}`]) {
    assertEquals((await admin.problem(`/api/v1/export?${query}`))[0], 400);
  }
});

for (const format of ["json", "commands", "resp"]) {
  Deno.test(`everything comes back the same by ${format}`, async () => {
    const source = new AdminClient({ seed: 1, config: DEBUG });
    fillAll(source);
    const digest = source.redis.run("DEBUG", "DIGEST");
    const response = await source.fetch(`/api/v1/export?format=${format}`);
    const body = new Uint8Array(await response.arrayBuffer());
    const target = new AdminClient({ seed: 2, writes: true, config: DEBUG });
    target.redis.clock.advance(5000);
    target.redis.run("SET", "list", "to be replaced");
    const outcome = await imported(target, format, body);
    assertEquals([outcome.failed, outcome.errors], [0, []]);
    assertEquals(target.redis.run("DEBUG", "DIGEST"), digest);
    for (
      const command of [["XINFO", "GROUPS", "stream"], ["XPENDING", "stream", "g", "-", "+", "9"]]
    ) {
      assertEquals(target.redis.run(...command), source.redis.run(...command), command.join(" "));
    }
    assertEquals(
      target.redis.run("HPEXPIRETIME", "hash", "FIELDS", "1", "f7"),
      source.redis.run("HPEXPIRETIME", "hash", "FIELDS", "1", "f7"),
    );
    // Two exports of the same data are the same bytes, whatever the order of tables is.
    const again = await target.fetch(`/api/v1/export?format=${format}`);
    assertEquals(new Uint8Array(await again.arrayBuffer()), body);
  });
}

needs("redis-server", "redis-server takes an export and has the same data", async () => {
  const source = new AdminClient({ config: DEBUG });
  fillAll(source);
  // Times of single fields came with 7.4.
  source.redis.run("HPERSIST", "hash", "FIELDS", "1", "f7");
  const response = await source.fetch("/api/v1/export?format=resp");
  const body = new Uint8Array(await response.arrayBuffer());
  await using server = await startRedis({ debug: true });
  await using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const drained = (async () => {
    for (const chunk = new Uint8Array(65536); await connection.read(chunk) !== null;);
  })();
  for (let at = 0; at < body.length;) at += await connection.write(body.subarray(at, at + 65536));
  await connection.closeWrite();
  await drained;
  await using client = await connect(server.port);
  const digest = await client.send("DEBUG", "DIGEST");
  assertEquals(digest.kind === "simple" && digest.text, source.redis.run("DEBUG", "DIGEST"));
});

Deno.test("keys that exist are replaced, left or reported", async () => {
  const admin = new AdminClient({ writes: true });
  const lines =
    '{"key":"a","type":"string","value":"new"}\n{"key":"b","type":"string","value":"new"}\n';
  admin.redis.run("SET", "a", "old");
  const skip = await imported(admin, "json", lines, "existing=skip");
  assertEquals([skip.taken, skip.skipped, admin.redis.run("GET", "a")], [1, 1, '"old"']);
  const fail = await imported(admin, "json", lines, "existing=fail");
  assertEquals([fail.failed, (fail.errors as JsonObject[])[0]], [2, {
    line: 1,
    detail: "the key exists",
  }]);
  const replace = await imported(admin, "json", lines);
  assertEquals([replace.taken, admin.redis.run("GET", "a")], [2, '"new"']);
  assertEquals((await imported(admin, "json", lines, "db=5")).taken, 2);
});

Deno.test("lines that are wrong are reported, and the others are taken", async () => {
  const admin = new AdminClient({ writes: true });
  const lines = [
    "{",
    "[]",
    '{"key":1,"type":"string"}',
    '{"key":"a"}',
    '{"key":"a","type":"none"}',
  ];
  lines.push(
    '{"key":"a","type":"hash","fields":[["f"]]}',
    '{"key":"a","type":"zset","members":[["m"]]}',
  );
  lines.push("", '{"key":"a","type":"zset","members":[["m","x"]]}', "[".repeat(100_000));
  lines.push('{"key":"b","type":"list","elements":["1"]}');
  const outcome = await imported(admin, "json", lines.join("\n"));
  assertEquals([outcome.taken, outcome.failed], [1, 9]);
  assertEquals((outcome.errors as JsonObject[]).map((error) => error.line), [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    9,
    10,
  ]);
  assertEquals(admin.redis.run("KEYS", "*"), '1) "b"');
});

Deno.test("imported commands may only write", async () => {
  const admin = new AdminClient({ writes: true });
  const lines =
    'SET a "x y\\x00"\r\nGET a\nCONFIG SET maxmemory 1\nSHUTDOWN\nBLPOP a 0\nSET "b\nNOSUCH\n\nset c 1';
  const outcome = await imported(admin, "commands", lines);
  assertEquals([outcome.taken, outcome.failed], [2, 6]);
  assertEquals(admin.redis.run("GET", "a"), '"x y\\x00"');
  assertEquals(
    (await admin.problem("/api/v1/import/commands", {
      "content-type": "application/x-redis-commands",
    }, { method: "POST", body: "*1\r\n$4\r\nPI" }))[0],
    400,
  );
});

Deno.test("forms can't import: the type must be one that asks for permission", async () => {
  const admin = new AdminClient({ writes: true });
  for (const path of ["/api/v1/import", "/api/v1/import/commands"]) {
    for (const type of ["text/plain", "application/json", null]) {
      const [status] = await admin.problem(path, { "content-type": type }, {
        method: "POST",
        body: "SET a 1",
      });
      assertEquals(status, 415, `${path} ${type}`);
    }
  }
  assertEquals(admin.redis.run("DBSIZE"), "(integer) 0");
});

Deno.test("sorting in slices sorts", async () => {
  const random = new SeededRandom(7);
  const slices = new Slices(new EngineHarness().engine.context, { rest: () => Promise.resolve() });
  for (const length of [0, 1, 511, 512, 513, 5000]) {
    const texts = Array.from({ length }, () => String(random.below(3000)));
    const sorted = await sortInSlices(texts, (text) => text, slices);
    assertEquals(sorted, [...texts].sort());
  }
});

const DEBUG = { "enable-debug-command": "yes" };

async function exported(admin: AdminClient, query: string): Promise<string[]> {
  const response = await admin.fetch(`/api/v1/export?db=0${query}`);
  const text = await response.text();
  assertEquals(response.status, 200, text);
  assert(text.endsWith("\n"));
  return text.slice(0, -1).split("\n");
}

async function imported(
  admin: AdminClient,
  format: string,
  body: string | Uint8Array<ArrayBuffer>,
  query = "",
): Promise<JsonObject> {
  const isJson = format === "json";
  const path = `/api/v1/import${isJson ? "" : "/commands"}?${query}`;
  const type = isJson ? "application/x-ndjson" : "application/x-redis-commands";
  const response = await admin.fetch(path, { "content-type": type }, { method: "POST", body });
  const outcome = await response.json();
  assertEquals(response.status, 200, JSON.stringify(outcome));
  return outcome;
}

/** Every type, small and in several parts, any bytes, times to live. */
function fillAll(admin: AdminClient): void {
  const { redis } = admin;
  const binary = new Uint8Array(256).map((_, i) => i);
  redis.run("SET", binary, binary);
  redis.run("SET", "", "");
  redis.run("SET", "__proto__", "1", "PXAT", "1800000000000");
  redis.run("SET", "big", "aé日😀".repeat(40_000));
  redis.run("SET", "bits", new Uint8Array(300_000).fill(0xff));
  for (let i = 0; i < 1100; i++) {
    redis.run("RPUSH", "list", i % 7 === 0 ? binary : `e${i}`);
    redis.run("HSET", "hash", `f${i}`, i % 100 === 0 ? binary : `v${i}`);
    redis.run("SADD", "set", `m${i}`);
    redis.run("ZADD", "zset", i / 3, `m${i}`);
    redis.run("XADD", "stream", `${i + 1}-1`, "f", `v${i}`, "g", binary);
  }
  redis.run("HPEXPIREAT", "hash", "1800000000001", "FIELDS", "1", "f7");
  redis.run("PEXPIREAT", "list", "1800000000002");
  redis.run("SADD", "numbers", "1", "2", "-3");
  redis.run("ZADD", "ends", "-inf", "a", "inf", "b", "0.1", "c", "1e300", "d");
  redis.run("PFADD", "hll", "a", "b", "c");
  redis.run("XDEL", "stream", "1100-1", "17-1");
  redis.run("XGROUP", "CREATE", "stream", "g", "0");
  redis.run("XGROUP", "CREATE", "stream", binary, "5-1", "ENTRIESREAD", "5");
  redis.run("XGROUP", "CREATECONSUMER", "stream", "g", "idle");
  redis.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "stream", ">");
  redis.clock.advance(5000);
  redis.run("XCLAIM", "stream", "g", "d", "0", "2-1");
  redis.run("XADD", "emptied", "9-9", "f", "v");
  redis.run("XDEL", "emptied", "9-9");
  redis.run("XGROUP", "CREATE", "bare", "g", "$", "MKSTREAM");
}
