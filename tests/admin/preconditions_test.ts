/** ETag, If-Match and If-None-Match of single keys, and what it costs to keep the tags. */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { KeyTags } from "../../admin/key_tags.ts";
import { utf8 } from "../../lib/bytes/byte_string.ts";
import type { ChangeListener } from "../../lib/engine/keyspace.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import type { JsonObject } from "./admin_client.ts";
import { AdminClient } from "./admin_client.ts";

const at = (key: string): string => `/api/v1/keys/${key}`;

async function tagOf(admin: AdminClient, path: string): Promise<string> {
  const response = await admin.fetch(path);
  await response.body?.cancel();
  const tag = response.headers.get("etag") ?? "";
  assertMatch(tag, /^"[0-9a-z-]{10,}"$/);
  return tag;
}

Deno.test("a tag changes with value, type, expiry and name, and with nothing else", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  redis.run("SET", "a", "1");
  redis.run("HSET", "h", "f", "1", "g", "2");
  redis.run("XADD", "x", "1-1", "f", "v");
  const changes: [key: string, ...command: string[]][] = [
    ["a", "SET", "a", "1"],
    ["a", "APPEND", "a", "2"],
    ["a", "PEXPIRE", "a", "5000"],
    ["a", "PERSIST", "a"],
    ["a", "COPY", "h", "a", "REPLACE"],
    ["a", "HSET", "a", "f", "2"],
    ["h", "HEXPIRE", "h", "100", "FIELDS", "1", "f"],
    ["h", "HPERSIST", "h", "FIELDS", "1", "f"],
    ["h", "HDEL", "h", "f"],
    ["x", "XADD", "x", "2-1", "f", "v"],
    ["x", "RENAME", "h", "x"],
  ];
  for (const [key, ...command] of changes) {
    const before = await tagOf(admin, at(key));
    for (const other of [["GET", "a"], ["TYPE", key], ["SET", "other", "1"], ["PTTL", key]]) {
      redis.run(...other);
    }
    redis.clock.advance(10);
    assertEquals(await tagOf(admin, `${at(key)}?limit=1`), before, command.join(" "));
    redis.run(...command);
    assertNotEquals(await tagOf(admin, at(key)), before, command.join(" "));
  }
});

Deno.test("what exchanges or takes back whole databases ends tags as well", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  redis.run("SET", "a", "1");
  redis.run("COPY", "a", "a", "DB", "1");
  redis.run("SET", "a", "2");
  let before = await tagOf(admin, at("a"));
  redis.run("SWAPDB", "0", "1");
  assertNotEquals(await tagOf(admin, at("a")), before);
  const checkpoint = redis.engine.context.checkpoints.open("before");
  redis.run("FLUSHALL");
  redis.run("SET", "a", "3");
  before = await tagOf(admin, at("a"));
  checkpoint.rollback();
  assertNotEquals(await tagOf(admin, at("a")), before);
  assertEquals(redis.run("GET", "a"), '"1"');
});

Deno.test("a key or field whose time is up ends the tag at that moment", async () => {
  const admin = new AdminClient({ writes: true });
  const { redis } = admin;
  redis.run("HSET", "h", "f", "1", "g", "2");
  redis.run("HPEXPIRE", "h", "100", "FIELDS", "1", "f");
  redis.run("SET", "a", "1", "PX", "100");
  const [h, a] = [await tagOf(admin, at("h")), await tagOf(admin, at("a"))];
  redis.clock.advance(99);
  assertEquals([await tagOf(admin, at("h")), await tagOf(admin, at("a"))], [h, a]);
  redis.clock.advance(1);
  const [status] = await admin.refusal("DELETE", at("h"), {}, { "if-match": h });
  const gone = await admin.refusal("DELETE", at("a"), {}, { "if-match": a });
  assertEquals([status, gone], [412, [412, "the key does not exist, or no longer"]]);
});

Deno.test("who has the key already gets 304 and no body", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  const tag = await tagOf(admin, at("a"));
  for (const given of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const response = await admin.fetch(at("a"), { "if-none-match": given });
    const known = [response.status, response.headers.get("etag"), await response.text()];
    assertEquals(known, [304, tag, ""], given);
  }
  admin.redis.run("SET", "a", "2");
  const response = await admin.fetch(at("a"), { "if-none-match": tag });
  assertEquals([response.status, (await response.json()).value], [200, { utf8: "2" }]);
  assertEquals((await admin.problem(at("a"), { "if-match": tag }))[0], 412);
  const wrong = await admin.problem(at("a"), { "if-none-match": "unquoted" });
  assertEquals(wrong[0], 400);
});

Deno.test("a write with If-Match is refused when the key has changed, and changes nothing", async () => {
  const admin = new AdminClient({ writes: true });
  const { redis } = admin;
  const writes: [method: string, path: string, body: unknown][] = [
    ["PATCH", at("a"), { changes: [{ op: "set-string", value: "mine" }] }],
    ["PUT", `${at("a")}/ttl`, { ttlMs: 1000 }],
    ["POST", `${at("a")}/rename`, { to: "b" }],
    ["DELETE", at("a"), {}],
  ];
  for (const [method, path, body] of writes) {
    redis.run("SET", "a", "1");
    const old = await tagOf(admin, at("a"));
    redis.run("SET", "a", "theirs");
    for (const given of [old, `W/${await tagOf(admin, at("a"))}`, '"never-given"']) {
      const [status, detail] = await admin.refusal(method, path, body, { "if-match": given });
      assertEquals(status, 412, `${method} ${given}`);
      assertMatch(detail, /changed/);
    }
    assertEquals([redis.run("GET", "a"), redis.run("PTTL", "a")], ['"theirs"', "(integer) -1"]);
    const tag = await tagOf(admin, at("a"));
    await admin.send(method, path, body, { "if-match": `"x", ${tag}` });
    assertNotEquals([redis.run("GET", "a"), redis.run("PTTL", "a")], ['"theirs"', "(integer) -1"]);
    redis.run("DEL", "a", "b");
    assertEquals((await admin.refusal(method, path, body, { "if-match": "*" }))[0], 412, method);
  }
});

Deno.test("the reply of such a write has the new tag, so that the next one follows", async () => {
  const admin = new AdminClient({ writes: true });
  admin.redis.run("RPUSH", "list", "a", "b", "c");
  let tag = await tagOf(admin, at("list"));
  for (const index of [2, 1]) {
    const body = { changes: [{ op: "remove-element", index }] };
    const response = await admin.post("PATCH", at("list"), body, { "if-match": tag });
    await response.body?.cancel();
    assertEquals(response.status, 200);
    assertNotEquals(response.headers.get("etag"), tag);
    tag = response.headers.get("etag") ?? "";
  }
  assertEquals(await tagOf(admin, at("list")), tag);
  const plain = await admin.post("PATCH", at("list"), {
    changes: [{ op: "push", side: "left", value: "x" }],
  });
  await plain.body?.cancel();
  assertEquals(plain.headers.get("etag"), null);
});

Deno.test("If-None-Match: * makes a key only where there is none", async () => {
  const admin = new AdminClient({ writes: true });
  const body = { changes: [{ op: "set-string", value: "1" }] };
  const response = await admin.post("PATCH", at("a"), body, { "if-none-match": "*" });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("etag")], [200, await tagOf(admin, at("a"))]);
  const again = { changes: [{ op: "set-string", value: "2" }] };
  const refusal = await admin.refusal("PATCH", at("a"), again, { "if-none-match": "*" });
  assertEquals(refusal, [412, "the key exists already"]);
  assertEquals(admin.redis.run("GET", "a"), '"1"');
});

Deno.test("tags of two servers differ", async () => {
  const [a, b] = [new AdminClient({ seed: 1 }), new AdminClient({ seed: 2 })];
  for (const admin of [a, b]) admin.redis.run("SET", "a", "1");
  assertNotEquals(await tagOf(a, at("a")), await tagOf(b, at("a")));
});

/** Tags over an engine whose changes they are told of only while they listen. */
function tagsOf(redis: EngineHarness) {
  const listeners = new Set<ChangeListener>();
  const { host, store } = redis.engine.context;
  const keyspace = {
    listen: (listener: ChangeListener) => void listeners.add(listener),
    unlisten: (listener: ChangeListener) => void listeners.delete(listener),
  };
  const tags = new KeyTags({ host, store, keyspace });
  const [db] = store.databases;
  const changed = (key: string, event = "set") => {
    for (const listener of listeners) listener.keyChanged(db, utf8(key), event);
  };
  return { tags, db, listeners, changed };
}

Deno.test("changes are listened to only while somebody holds a tag that holds", () => {
  const redis = new EngineHarness();
  const { tags, db, listeners, changed } = tagsOf(redis);
  const { state } = redis.engine.context.store;
  assertEquals(listeners.size, 0);
  const first = tags.tagOf(db, utf8("a"));
  changed("b");
  changed("a", "keymiss");
  assertEquals([tags.holds(db, utf8("a"), first), listeners.size], [true, 1]);
  changed("a");
  assertEquals([tags.holds(db, utf8("a"), first), listeners.size], [false, 0]);
  const second = tags.tagOf(db, utf8("a"));
  state.now += 10 * 60 * 1000 - 1;
  assertEquals(tags.holds(db, utf8("a"), second), true);
  state.now++;
  assertEquals([tags.holds(db, utf8("a"), second), listeners.size], [false, 1]);
  changed("b");
  assertEquals([tags.count, listeners.size], [0, 0]);
});

Deno.test("a database that is emptied, to be loaded anew, ends its tags and no others", () => {
  const redis = new EngineHarness();
  const { tags, db, listeners } = tagsOf(redis);
  const other = redis.engine.context.store.databases[1];
  const [mine, theirs] = [tags.tagOf(db, utf8("a")), tags.tagOf(other, utf8("a"))];
  const held = () => [tags.holds(db, utf8("a"), mine), tags.holds(other, utf8("a"), theirs)];
  assertEquals(held(), [true, true]);
  for (const listener of listeners) listener.flushed?.(db);
  assertEquals(held(), [false, true]);
});

Deno.test("the tags of the last thousand keys are kept", () => {
  const { tags, db } = tagsOf(new EngineHarness());
  const given = Array.from({ length: 1000 }, (_, i) => tags.tagOf(db, utf8(`k${i}`)));
  tags.tagOf(db, utf8("k0"));
  tags.tagOf(db, utf8("more"));
  const held = given.filter((tag, i) => tags.holds(db, utf8(`k${i}`), tag));
  assertEquals([tags.count, held.length], [1000, 999]);
  assert(held.includes(given[0]) && !held.includes(given[1]));
});

Deno.test("the contract has the headers and what they lead to", async () => {
  const admin = new AdminClient();
  const { paths } = await admin.json("/openapi.json");
  const key = (paths as JsonObject)["/api/v1/keys/{key}"] as Record<string, JsonObject>;
  for (const [method, status] of [["get", "304"], ["patch", "412"], ["delete", "412"]]) {
    const { parameters, responses } = key[method] as {
      parameters: JsonObject[];
      responses: Record<string, JsonObject>;
    };
    const headers = parameters.filter(({ in: place }) => place === "header");
    assertEquals(headers.map(({ name }) => name).sort(), ["If-Match", "If-None-Match"], method);
    assert(status in responses, `${method} ${status}`);
    assertEquals("content" in responses[status], status === "412");
    if (method !== "delete") assert("ETag" in (responses["200"].headers as JsonObject), method);
  }
});
