/** Who is answered: Host names, methods, passwords, protected mode, and the headers of every reply. */

import { assertEquals, assertMatch } from "@std/assert";
import { AdminClient } from "./admin_client.ts";

const unknownHost = "the Host header names no address of this server";

Deno.test("names of the loopback are answered, with any port", async () => {
  const admin = new AdminClient();
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8379", "[::1]"]) {
    assertEquals((await admin.fetch("/healthz", { host })).status, 200, host);
  }
});

Deno.test("any other Host is refused before routing, on every path", async () => {
  const admin = new AdminClient();
  const hosts = ["evil.example", "127.0.0.1.evil.example", "localhost.", "localhost:1:2", "::1"];
  hosts.push(
    "localhost, evil.example",
    "127.0.0.1:8379, 127.0.0.1:8379",
    "",
    "a@localhost",
    "[::1",
  );
  hosts.push("10.0.0.1", "localhost:", "localhost:x");
  for (const host of [...hosts, null]) {
    for (const path of ["/", "/healthz", "/keys/a", "/nowhere"]) {
      assertEquals(await admin.problem(path, { host }), [421, unknownHost], `${host} ${path}`);
    }
  }
});

Deno.test("the bound address is answered, a wildcard only at the address that was called", async () => {
  const bound = new AdminClient({ config: { "admin-bind": "10.1.2.3" } });
  assertEquals((await bound.fetch("/healthz", { host: "10.1.2.3:8379" })).status, 200);
  const open = new AdminClient({ config: { "admin-bind": "0.0.0.0" } });
  const from = { localAddress: "::ffff:10.1.2.3", remoteAddress: "::ffff:10.1.2.4" };
  assertEquals((await open.fetch("/healthz", { host: "10.1.2.3" }, { from })).status, 200);
  assertEquals((await open.fetch("/healthz", { host: "10.1.2.9" }, { from })).status, 421);
  assertEquals((await open.fetch("/healthz", { host: "0.0.0.0" }, { from })).status, 421);
});

Deno.test("only GET and HEAD are allowed", async () => {
  const admin = new AdminClient();
  admin.redis.run("SET", "a", "1");
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    for (const path of ["/keys/a", "/healthz", "/nowhere"]) {
      const response = await admin.fetch(path, {}, { method });
      assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
      await response.body?.cancel();
    }
  }
  assertEquals(admin.redis.run("GET", "a"), '"1"');
  const head = await admin.fetch("/keys/a", {}, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("every reply has secure headers and none for CORS", async () => {
  const admin = new AdminClient({ config: { requirepass: "secret" } });
  const origin = { origin: "http://evil.example" };
  const replies = [
    await admin.fetch("/healthz", origin),
    await admin.fetch("/keys", origin),
    await admin.fetch("/nowhere", { ...origin, authorization: "Bearer secret" }),
    await admin.fetch("/keys", { ...origin, host: "evil.example" }),
    await admin.fetch("/keys", origin, { method: "OPTIONS" }),
  ];
  for (const { headers, status } of replies) {
    assertMatch(headers.get("content-security-policy") ?? "", /default-src 'none'/, `${status}`);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("x-frame-options"), "DENY");
    assertEquals(headers.get("cache-control"), "no-store");
    const names = [...headers.keys()].join(" ");
    assertEquals(/access-control|set-cookie|x-powered-by|strict-transport/.test(names), false);
  }
  for (const reply of replies) await reply.body?.cancel();
});

Deno.test("with requirepass all but /healthz needs the password", async () => {
  const password = String.fromCharCode(...new TextEncoder().encode("s3cret:é"));
  const admin = new AdminClient({ config: { requirepass: password } });
  assertEquals((await admin.fetch("/healthz")).status, 200);
  const good = [
    `Bearer ${password}`,
    `bearer  ${password}`,
    `Basic ${btoa(`default:${password}`)}`,
    `Basic ${btoa(`:${password}`)}`,
  ];
  for (const authorization of good) {
    assertEquals((await admin.fetch("/keys", { authorization })).status, 200, authorization);
  }
  const bad = ["", "Bearer", "Bearer wrong", password, `Token ${password}`, "Basic !!!", "Basic"];
  bad.push(`Bearer ${password}x`, `Bearer ${password} x`, `Basic ${btoa(password)}`);
  bad.push(`Basic ${btoa(`other:${password}`)}`, `Basic ${btoa("default:")}`, "Bearer __proto__");
  for (const authorization of [...bad, null]) {
    for (const path of ["/", "/info", "/keys", "/keys/a", "/nowhere", "/healthz/"]) {
      const response = await admin.fetch(path, { authorization });
      assertEquals(response.status, 401, `${authorization} ${path}`);
      assertMatch(response.headers.get("www-authenticate") ?? "", /^Bearer .*Basic /);
      assertEquals((await response.json()).detail, "NOAUTH Authentication required.");
    }
  }
});

Deno.test("the password follows the configuration", async () => {
  const admin = new AdminClient();
  assertEquals((await admin.fetch("/keys")).status, 200);
  admin.redis.config.set([["requirepass", "new"]]);
  assertEquals((await admin.fetch("/keys")).status, 401);
  assertEquals((await admin.fetch("/keys", { authorization: "Bearer new" })).status, 200);
});

Deno.test("without a password only this machine is answered, unless protected mode is off", async () => {
  const from = { localAddress: "10.1.2.3", remoteAddress: "10.1.2.4" };
  const guarded = new AdminClient();
  const [status, detail] = await guarded.problem("/keys", {}, { from });
  assertEquals(status, 403);
  assertMatch(detail, /protected mode/);
  assertEquals((await guarded.fetch("/healthz", {}, { from })).status, 200);
  const near = { localAddress: "127.0.0.1", remoteAddress: "::ffff:127.0.0.1" };
  assertEquals((await guarded.fetch("/keys", {}, { from: near })).status, 200);
  const open = new AdminClient({ config: { "protected-mode": "no" } });
  assertEquals((await open.fetch("/keys", {}, { from })).status, 200);
});

Deno.test("an unknown page is a problem, and / lists those there are", async () => {
  const admin = new AdminClient();
  for (
    const path of ["/nowhere", "/keys/", "/keys/a/b", "/..%2f..%2fetc%2fpasswd", "/%5cetc", "//"]
  ) {
    assertEquals((await admin.problem(path))[0], 404, path);
  }
  const { name, routes } = await admin.json("/");
  assertEquals(name, "redino");
  const paths = (routes as { path: string }[]).map((route) => route.path);
  assertEquals(paths, ["/healthz", "/info", "/keys", "/keys/:key"]);
});

Deno.test("a request leaves no session behind", async () => {
  const admin = new AdminClient();
  const before = admin.redis.engine.context.sessions.count;
  await admin.json("/keys");
  await admin.problem("/keys/missing");
  await admin.problem("/keys?db=99");
  assertEquals(admin.redis.engine.context.sessions.count, before);
});
