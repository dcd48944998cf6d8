/** GET /api/v1/keys and GET /api/v1/keys/:key: paging, filters, encodings of keys and values, parts of big values. */

import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { AdminClient } from "./admin_client.ts";
import type { Json, JsonObject } from "./admin_client.ts";

const noSuchKey: [number, string] = [404, "ERR no such key"];

Deno.test("a page lists key, type, time to live and where the value is", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a b/é", "1", "PX", 1500);
  assertEquals(await admin.json("/api/v1/keys"), {
    items: [{
      key: { utf8: "a b/é" },
      type: "string",
      ttlMs: 1500,
      href: "/api/v1/keys/a%20b%2F%C3%A9",
    }],
    cursor: null,
    done: true,
  });
});

Deno.test("an empty database is one empty page", async () => {
  assertEquals(await new AdminClient().json("/api/v1/keys?db=3"), {
    items: [],
    cursor: null,
    done: true,
  });
});

Deno.test("following the cursor brings every key, in pages that keep to the limit", async () => {
  const admin = new AdminClient();
  const expected: string[] = [];
  for (let i = 0; i < 2500; i++) {
    admin.redis.run("SET", `key:${i}`, i);
    expected.push(`key:${i}`);
  }
  for (const limit of [7, 100, 1000]) {
    const pages = await listing(admin, `/api/v1/keys?limit=${limit}`);
    for (const page of pages) assertLessOrEqual(page.length, limit);
    assertEquals([...new Set(pages.flat())].sort(), [...expected].sort(), `limit ${limit}`);
    // A page comes short only by what one slot of the table holds.
    assertLessOrEqual(pages.length, Math.ceil(2500 / Math.max(1, limit - 6)) + 2);
  }
});

Deno.test("the limit is 100 by default", async () => {
  const admin = new AdminClient();
  for (let i = 0; i < 300; i++) admin.redis.run("SET", i, i);
  const page = await admin.json("/api/v1/keys") as { items: Json[]; done: boolean };
  assertLessOrEqual(page.items.length, 100);
  assert(page.items.length > 90);
  assertEquals(page.done, false);
});

Deno.test("match and type filter, and what is not there costs a bounded number of keys", async () => {
  const admin = new AdminClient();
  for (let i = 0; i < 25_000; i++) admin.redis.run("SET", `key:${i}`, i);
  admin.redis.run("SET", new Uint8Array([0xff, 0x41]), "x");
  assertEquals((await listing(admin, "/api/v1/keys?match=key:1234*&limit=50")).flat().sort(), [
    "key:1234",
    ...Array.from({ length: 10 }, (_, i) => `key:1234${i}`),
  ]);
  assertEquals((await listing(admin, "/api/v1/keys?match=b64:/yo=")).flat(), [{ base64: "/0E=" }]);
  assertEquals((await listing(admin, "/api/v1/keys?type=list&limit=10")).flat(), []);
  assertEquals((await listing(admin, "/api/v1/keys?type=string&match=key:77")).flat(), ["key:77"]);
  const first = await admin.json("/api/v1/keys?match=nothing");
  assertEquals([first.items, first.done], [[], false]);
  assert((await listing(admin, "/api/v1/keys?match=nothing")).length <= 5);
});

Deno.test("db chooses the database", async () => {
  const admin = new AdminClient();
  const other = admin.redis.newSession();
  admin.redis.replyTo(other, "SELECT", 2);
  admin.redis.replyTo(other, "SET", "there", "v");
  const page = await admin.json("/api/v1/keys?db=2") as { items: { href: string }[] };
  assertEquals(page.items.map((item) => item.href), ["/api/v1/keys/there?db=2"]);
  assertEquals((await admin.json("/api/v1/keys/there?db=2")).db, 2);
  assertEquals(await admin.problem("/api/v1/keys/there"), noSuchKey);
});

Deno.test("bad parameters are named", async () => {
  const admin = new AdminClient();
  const limit = "limit must be a whole number between 1 and 1000";
  const cases: [path: string, detail: string][] = [
    ["/api/v1/keys?limit=0", limit],
    ["/api/v1/keys?limit=1001", limit],
    ["/api/v1/keys?limit=1e2", limit],
    ["/api/v1/keys?limit=", limit],
    ["/api/v1/keys?cursor=x", "ERR invalid cursor"],
    ["/api/v1/keys?cursor=-1", "ERR invalid cursor"],
    ["/api/v1/keys?cursor=", "ERR invalid cursor"],
    ["/api/v1/keys?cursor=99999999999999999999", "ERR invalid cursor"],
    ["/api/v1/keys?db=16", "ERR DB index is out of range"],
    ["/api/v1/keys?db=-1", "ERR invalid DB index"],
    ["/api/v1/keys?db=x", "ERR invalid DB index"],
    ["/api/v1/keys?match=b64:*", "malformed base64 after b64:"],
    ["/api/v1/keys/b64:*", "malformed base64 after b64:"],
    ["/api/v1/keys/%f", "malformed % sequence in the path"],
    ["/api/v1/keys/a%zz", "malformed % sequence in the path"],
    ["/api/v1/keys/a?offset=-1", "offset must be a whole number between 0 and 1099511627776"],
    ["/api/v1/keys/a?limit=1048577", "limit must be a whole number between 1 and 1048576"],
  ];
  for (const [path, detail] of cases) {
    assertEquals(await admin.problem(path), [400, detail], path);
  }
});

Deno.test("a key is shown with its value, encoding and time to live", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "greeting", "hällo");
  assertEquals(await admin.json("/api/v1/keys/greeting"), {
    key: { utf8: "greeting" },
    db: 0,
    type: "string",
    encoding: "embstr",
    ttlMs: null,
    memoryBytes: 52,
    value: { utf8: "hällo" },
    valueRange: { start: 0, end: 6, total: 6 },
    truncated: false,
  });
  admin.redis.run("SET", "n", "9223372036854775807", "PX", 1000);
  const shown = await admin.json("/api/v1/keys/n");
  assertEquals([shown.encoding, shown.value, shown.ttlMs], [
    "int",
    { utf8: "9223372036854775807" },
    1000,
  ]);
  admin.redis.clock.advance(1000);
  assertEquals(await admin.problem("/api/v1/keys/n"), noSuchKey);
});

Deno.test("times to live past 2^53 are strings", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  admin.redis.run("PEXPIREAT", "a", "9223372036854775807");
  const { ttlMs } = await admin.json("/api/v1/keys/a");
  assertEquals(ttlMs, String(9223372036854775807n - BigInt(admin.redis.clock.unixMs())));
});

Deno.test("keys and values of any bytes come back as they are", async () => {
  const admin = new AdminClient();
  const texts = ["__proto__", "constructor", "a/b", "a%2Fb", "%", "?x=1#y", "\u0000", "\ufeffbom"];
  texts.push("", ".", "..", "b64:", "b64:YQ", "+ +", "日本", "a\\b", "//", "\r\n");
  const binary = [[0xff], [0xc3], [0x61, 0x80], [0xed, 0xa0, 0x80], [0, 0xfe, 0xff]];
  const encoder = new TextEncoder();
  const keys = [
    ...texts.map((text) => encoder.encode(text)),
    ...binary.map((bytes) => new Uint8Array(bytes)),
  ];
  for (const key of keys) admin.redis.run("SET", key, key);
  const page = await admin.json("/api/v1/keys?limit=1000") as {
    items: { key: Json; href: string }[];
  };
  assertEquals(page.items.length, keys.length);
  const seen: string[] = [];
  for (const { key, href } of page.items) {
    const shown = await admin.json(href);
    assertEquals(shown.key, key, href);
    assertEquals(shown.value, key, href);
    seen.push(bytesOf(key as JsonObject).join());
  }
  assertEquals(seen.sort(), keys.map((key) => key.join()).sort());
});

Deno.test("a key may be named in either way", async () => {
  const admin = new AdminClient();
  const bytes = new Uint8Array([0xff, 0xef, 0xbe, 0x3e]);
  admin.redis.run("SET", bytes, "binary");
  admin.redis.run("SET", "plain", "text");
  const base64 = bytes.toBase64();
  const forms = [
    `b64:${encodeURIComponent(base64)}`,
    `b64:${bytes.toBase64({ alphabet: "base64url" })}`,
    "%FF%ef%be%3E",
  ];
  for (const form of forms) {
    assertEquals((await admin.json(`/api/v1/keys/${form}`)).value, { utf8: "binary" }, form);
  }
  for (const form of ["plain", "pl%61in", "b64:cGxhaW4", "b64:cGxhaW4="]) {
    assertEquals((await admin.json(`/api/v1/keys/${form}`)).value, { utf8: "text" }, form);
  }
});

Deno.test("a big value comes in parts that keep characters whole", async () => {
  const admin = new AdminClient();
  const text = "aé日😀".repeat(20_000);
  admin.redis.run("SET", "big", text);
  const total = new TextEncoder().encode(text).length;
  let joined = "";
  let offset = 0;
  for (let parts = 0; offset < total; parts++) {
    assert(parts < 10);
    const shown = await admin.json(`/api/v1/keys/big?offset=${offset}&limit=65535`);
    const range = shown.valueRange as { start: number; end: number; total: number };
    assertEquals([range.start, range.total, shown.truncated], [offset, total, true]);
    assertLessOrEqual(range.end - range.start, 65535);
    joined += (shown.value as { utf8: string }).utf8;
    offset = range.end;
  }
  assertEquals(joined, text);
  const { valueRange, value } = await admin.json(`/api/v1/keys/big?offset=${total + 5}`);
  assertEquals([valueRange, value], [{ start: total, end: total, total }, { utf8: "" }]);
});

Deno.test("a big value is cut by default, a binary one at the exact byte", async () => {
  const admin = new AdminClient();
  const bytes = new Uint8Array(70_000).fill(0xff);
  admin.redis.run("SET", "big", bytes);
  const shown = await admin.json("/api/v1/keys/big");
  assertEquals(shown.truncated, true);
  assertEquals(shown.valueRange, { start: 0, end: 65536, total: 70_000 });
  assertEquals(bytesOf(shown.value as JsonObject), bytes.slice(0, 65536));
});

Deno.test("looking at a key does not make it look used", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  admin.redis.clock.advance(60_000);
  await admin.json("/api/v1/keys");
  await admin.json("/api/v1/keys/a");
  assertEquals(admin.redis.run("OBJECT", "IDLETIME", "a"), "(integer) 60");
});

/** The pages of a whole listing: keys as text where they are, as `{base64}` otherwise. */
async function listing(admin: AdminClient, path: string): Promise<Json[][]> {
  const pages: Json[][] = [];
  const more = path.includes("?") ? "&" : "?";
  for (let cursor: Json = "0"; cursor !== null;) {
    const page: JsonObject = await admin.json(`${path}${more}cursor=${cursor}`);
    assertEquals(page.done, page.cursor === null);
    pages.push((page.items as { key: JsonObject }[]).map(({ key }) => key.utf8 ?? key));
    cursor = page.cursor;
  }
  return pages;
}

function bytesOf(value: JsonObject): Uint8Array {
  return typeof value.utf8 === "string"
    ? new TextEncoder().encode(value.utf8)
    : Uint8Array.fromBase64(String(value.base64));
}
