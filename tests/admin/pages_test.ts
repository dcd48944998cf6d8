/** The pages as they come without script: what they say, what they must never hold, who sees them. */

import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { assetPath, ASSETS } from "../../admin/pages/assets.ts";
import { PAGES } from "../../admin/pages/serve.tsx";
import { AdminClient } from "./admin_client.ts";

const token = "a-token-for-tests";

function filled(options: ConstructorParameters<typeof AdminClient>[0] = {}): AdminClient {
  const admin = new AdminClient(options);
  admin.redis.run("SET", "greeting", "hello");
  admin.redis.run("SET", "page:1", '{"a":[1,2]}', "EX", "100");
  admin.redis.run("HSET", "user:1", "name", "Ada <script>alert(1)</script>");
  admin.redis.run("RPUSH", "queue", "one", "two");
  admin.redis.run("SADD", "tags", "deno");
  admin.redis.run("ZADD", "scores", "1.5", "ada", "inf", "alan");
  admin.redis.run("XADD", "orders", "1-1", "item", "tea");
  admin.redis.run("XGROUP", "CREATE", "orders", "kitchen", "0");
  admin.redis.run("XREADGROUP", "GROUP", "kitchen", "bob", "STREAMS", "orders", ">");
  admin.redis.run("PFADD", "visitors", "a", "b", "c");
  return admin;
}

async function textOf(admin: AdminClient, path: string, status = 200): Promise<string> {
  const response = await admin.fetch(path);
  assertEquals(response.status, status, path);
  assertMatch(response.headers.get("content-type") ?? "", /^text\/html/);
  return await response.text();
}

/** What the policy of pages would have the browser refuse, and what a reader needs to find the way. */
function checkForm(html: string, path: string): void {
  assertMatch(html, /^<!doctype html><html lang="en">/, path);
  assertEquals(html.match(/<h1>/g)?.length, 1, `${path}: one heading`);
  assertMatch(html, /<a class="skip" href="#main">/, path);
  for (const [script] of html.matchAll(/<script[^>]*>[^<]*/g)) {
    assertMatch(
      script,
      /^<script (?:type="module" )?src="\/assets\/[^"]+"(?: type="module")?>$/,
      path,
    );
  }
  assertNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:/i, path);
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  assertEquals(new Set(ids).size, ids.length, `${path}: an id comes twice`);
  for (const [, id] of html.matchAll(/\s(?:for|aria-labelledby)="([^"]+)"/g)) {
    assert(ids.includes(id), `${path}: nothing has the id ${id}`);
  }
}

Deno.test("every page is whole without script, with data and without, writing on and off", async () => {
  for (const writes of [true, false]) {
    for (const admin of [filled({ writes }), new AdminClient({ writes })]) {
      for (const { path, title } of PAGES) {
        const html = await textOf(admin, path);
        checkForm(html, path);
        assert(html.includes(`<title>${title} · Redino</title>`), path);
        assert(html.includes(`href="${path}" aria-current="page"`), `${path} in the navigation`);
        assertEquals(html.includes("Writing is on"), writes, path);
        assertEquals(html.includes("Read-only"), !writes, path);
        if (!writes) assertNotMatch(html, /data-act=/, path);
      }
    }
  }
});

Deno.test("a page may load only what this server has, and all that it names is there", async () => {
  const admin = filled();
  for (const { path } of PAGES) {
    const response = await admin.fetch(path);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertMatch(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'/);
    assertNotMatch(policy, /unsafe|\*|https?:/);
    assertEquals(response.headers.get("cache-control"), "no-store");
    for (const [, asset] of (await response.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const found = await admin.fetch(asset);
      assertEquals(found.status, 200, asset);
      assertMatch(found.headers.get("cache-control") ?? "", /immutable/);
      await found.body?.cancel();
    }
  }
});

Deno.test("the script imports only files that are served", async () => {
  const admin = new AdminClient();
  for (const [name, { text }] of ASSETS) {
    for (const [, imported] of text.matchAll(/from "\.\/([^"]+)"/g)) {
      const response = await admin.fetch(assetPath(imported));
      assertEquals(response.status, 200, `${name}: ${imported}`);
      assertEquals(response.headers.get("content-type"), "text/javascript; charset=utf-8");
      await response.body?.cancel();
    }
    assertNotMatch(text, /innerHTML|insertAdjacentHTML|\beval\(/, name);
  }
  for (const path of ["/assets/x/nothing.js", "/assets/x/..%2f..%2fdeno.json", "/assets/x/"]) {
    assertEquals((await admin.problem(path))[0], 404, path);
  }
});

Deno.test("every type of value is shown, and markup in it is text", async () => {
  const admin = filled();
  const expected: [key: string, pattern: RegExp][] = [
    ["greeting", /type-string.*hello/s],
    ["page:1", /1 min 40 s.*&quot;a&quot;: \[\n/s],
    ["user:1", /type-hash.*Ada &lt;script&gt;alert\(1\)/s],
    ["queue", /type-list.*2 elements.*two/s],
    ["tags", /type-set.*deno/s],
    ["scores", /type-zset.*sorted set.*1\.5.*ada.*inf.*alan/s],
    ["orders", /type-stream.*1-1.*item.*tea/s],
    ["visitors", /HyperLogLog.*<strong>3<\/strong>/s],
  ];
  for (const [key, pattern] of expected) {
    const path = `/browse?key=${encodeURIComponent(key)}`;
    const html = await textOf(admin, path);
    checkForm(html, path);
    assertMatch(html, pattern, key);
  }
  assertMatch(await textOf(admin, "/browse?key=gone"), /does not exist/);
  admin.redis.run("SETBIT", "binary", "0", "1");
  assertMatch(await textOf(admin, "/browse?key=binary"), /00000000 {2}80 /);
});

Deno.test("keys are listed, searched and counted in a tree", async () => {
  const admin = filled();
  assertMatch(await textOf(admin, "/browse"), /data-branch="user:"/);
  const list = await textOf(admin, "/browse?view=list");
  assertEquals(list.match(/data-pane="detail"/g)?.length, 8);
  const found = await textOf(admin, "/browse?match=eet");
  assertMatch(found, /1 key of 8.*greeting/s);
  assertMatch(await textOf(admin, "/browse?match=nothing"), /No key is like that/);
  assertMatch(await textOf(admin, "/browse?type=hash&view=list"), /user:1/);
  assertMatch(await textOf(admin, "/browse?prefix=user:"), /href="\/browse\?key=user%3A1"/);
});

Deno.test("a stream's groups and what is pending are shown", async () => {
  const html = await textOf(filled(), "/streams?key=orders");
  assertMatch(html, /Group kitchen.*1 pending.*bob.*1-1/s);
});

Deno.test("what a page refuses is said on the page", async () => {
  const admin = filled();
  assertMatch(await textOf(admin, "/browse?db=99", 400), /ERR DB index is out of range/);
  assertMatch(await textOf(admin, "/streams?key=greeting", 409), /WRONGTYPE/);
  assertMatch(await textOf(admin, "/browse?key=b64:%25", 400), /malformed base64/);
});

Deno.test("who is not known gets the form to sign in, and nothing of the data", async () => {
  const admin = filled({ token });
  for (const { path } of [...PAGES, { path: "/browse?key=greeting" }]) {
    const html = await textOf(admin, path, 401);
    checkForm(html, path);
    assertMatch(html, /id="sign-in"/);
    assertNotMatch(html, /hello|greeting|db0|7\.2\.4/, path);
    const known = await admin.fetch(path, { authorization: `Bearer ${token}` });
    assertEquals(known.status, 200, path);
    assertNotMatch(await known.text(), /id="sign-in"/);
    const wrong = await admin.fetch(path, { authorization: "Bearer another" });
    assertEquals(wrong.status, 401);
    // The browser would ask by itself, in the place of the form.
    assertEquals(wrong.headers.get("www-authenticate"), null);
    await wrong.body?.cancel();
  }
});

Deno.test("pages are shown to this machine only where nothing is asked for", async () => {
  const admin = filled();
  const from = { localAddress: "10.0.0.1", remoteAddress: "10.0.0.2" };
  const response = await admin.fetch("/browse?key=greeting", { host: "10.0.0.1" }, { from });
  assertEquals(response.status, 401);
  assertNotMatch(await response.text(), /hello/);
});
