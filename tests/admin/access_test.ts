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
    for (const path of ["/", "/healthz", "/api/v1/keys/a", "/nowhere"]) {
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

Deno.test("a method that a path does not have is refused, and nothing happens", async () => {
  const admin = new AdminClient({ writes: true });
  admin.redis.run("SET", "a", "1");
  const allowed: [path: string, methods: string[], allow: string][] = [
    ["/api/v1/keys/a", ["POST", "PUT", "OPTIONS"], "GET, HEAD, PATCH, DELETE"],
    ["/healthz", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "GET, HEAD"],
    ["/nowhere", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "GET, HEAD"],
    ["/api/v1/command", ["GET", "HEAD", "DELETE"], "POST"],
  ];
  for (const [path, methods, allow] of allowed) {
    for (const method of methods) {
      const response = await admin.fetch(path, { "content-type": "application/json" }, { method });
      const got = [response.status, response.headers.get("allow")];
      assertEquals(got, [405, allow], `${method} ${path}`);
      await response.body?.cancel();
    }
  }
  assertEquals(admin.redis.run("GET", "a"), '"1"');
  const head = await admin.fetch("/api/v1/keys/a", {}, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("every reply has secure headers and none for CORS", async () => {
  const admin = new AdminClient({ config: { requirepass: "secret" } });
  const origin = { origin: "http://evil.example" };
  const replies = [
    await admin.fetch("/healthz", origin),
    await admin.fetch("/api/v1/keys", origin),
    await admin.fetch("/nowhere", { ...origin, authorization: "Bearer secret" }),
    await admin.fetch("/api/v1/keys", { ...origin, host: "evil.example" }),
    await admin.fetch("/api/v1/keys", origin, { method: "OPTIONS" }),
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
    assertEquals((await admin.fetch("/api/v1/keys", { authorization })).status, 200, authorization);
  }
  const bad = ["", "Bearer", "Bearer wrong", password, `Token ${password}`, "Basic !!!", "Basic"];
  bad.push(`Bearer ${password}x`, `Bearer ${password} x`, `Basic ${btoa(password)}`);
  bad.push(`Basic ${btoa(`other:${password}`)}`, `Basic ${btoa("default:")}`, "Bearer __proto__");
  for (const authorization of [...bad, null]) {
    for (
      const path of [
        "/api/v1",
        "/api/v1/info",
        "/api/v1/keys",
        "/api/v1/keys/a",
        "/nowhere",
        "/healthz/",
      ]
    ) {
      const response = await admin.fetch(path, { authorization });
      assertEquals(response.status, 401, `${authorization} ${path}`);
      assertMatch(response.headers.get("www-authenticate") ?? "", /^Bearer .*Basic /);
      assertEquals((await response.json()).detail, "NOAUTH Authentication required.");
    }
  }
});

Deno.test("the password follows the configuration", async () => {
  const admin = new AdminClient();
  assertEquals((await admin.fetch("/api/v1/keys")).status, 200);
  admin.redis.config.set([["requirepass", "new"]]);
  assertEquals((await admin.fetch("/api/v1/keys")).status, 401);
  assertEquals((await admin.fetch("/api/v1/keys", { authorization: "Bearer new" })).status, 200);
});

Deno.test("without a token or password only this machine is answered", async () => {
  const from = { localAddress: "10.1.2.3", remoteAddress: "10.1.2.4" };
  const guarded = new AdminClient();
  const [status, detail] = await guarded.problem("/api/v1/keys", {}, { from });
  assertEquals(status, 403);
  assertMatch(detail, /only this machine/);
  assertEquals((await guarded.fetch("/healthz", {}, { from })).status, 200);
  const near = { localAddress: "127.0.0.1", remoteAddress: "::ffff:127.0.0.1" };
  assertEquals((await guarded.fetch("/api/v1/keys", {}, { from: near })).status, 200);
  const open = new AdminClient({ config: { "protected-mode": "no" } });
  assertEquals((await open.problem("/api/v1/keys", {}, { from }))[0], 403);
});

Deno.test("with a token all but /healthz and /readyz needs it, from anywhere", async () => {
  const token = "a-long-token-to-guess";
  const admin = new AdminClient({ token });
  const from = { localAddress: "127.0.0.1", remoteAddress: "10.1.2.4" };
  const good = [`Bearer ${token}`, `Basic ${btoa(`:${token}`)}`, `Basic ${btoa(`any:${token}`)}`];
  for (const authorization of good) {
    const response = await admin.fetch("/api/v1/keys", { authorization }, { from });
    assertEquals(response.status, 200, authorization);
  }
  // Without requirepass no password is right, whatever is sent.
  const bad = [null, "Bearer", `Bearer ${token}x`, "Bearer default", `Basic ${btoa("default:")}`];
  for (const authorization of bad) {
    for (const path of ["/metrics", "/openapi.json", "/api/v1", "/api/v1/keys", "/nowhere", "/"]) {
      const response = await admin.fetch(path, { authorization });
      assertEquals(response.status, 401, `${authorization} ${path}`);
      await response.body?.cancel();
    }
  }
  for (const path of ["/healthz", "/readyz"]) {
    assertEquals((await admin.fetch(path)).status, 200, path);
  }
});

Deno.test("token and password stand side by side, and the token is no password", async () => {
  const token = "a-long-token-to-guess";
  const admin = new AdminClient({ token, config: { requirepass: "secret" } });
  for (const word of [token, "secret"]) {
    assertEquals(
      (await admin.fetch("/api/v1/keys", { authorization: `Bearer ${word}` })).status,
      200,
    );
  }
  assertEquals(
    admin.redis.run("AUTH", token),
    "(error) WRONGPASS invalid username-password pair or user is disabled.",
  );
});

Deno.test("pages of other sites can't make a browser read or write here", async () => {
  const admin = new AdminClient({ writes: true });
  const path = "/api/v1/command";
  const body = { args: ["SET", "a", "1"] };
  const foreign: Record<string, string>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:8380" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "" },
  ];
  for (const headers of foreign) {
    const [status] = await admin.refusal("POST", path, body, headers);
    assertEquals([403, 415].includes(status), true, JSON.stringify(headers));
  }
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" };
    assertEquals((await admin.problem("/api/v1/monitor", headers))[0], 403);
  }
  assertEquals(admin.redis.run("EXISTS", "a"), "(integer) 0");
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assertEquals((await admin.fetch("/api/v1", link)).status, 200);
  const own = { origin: "http://127.0.0.1:8379", "sec-fetch-site": "same-origin" };
  await admin.send("POST", path, body, own);
  assertEquals(admin.redis.run("EXISTS", "a"), "(integer) 1");
});

Deno.test("an unknown page is a problem, and /api/v1 lists those there are", async () => {
  const admin = new AdminClient();
  for (
    const path of [
      "/nowhere",
      "/api/v1/keys/",
      "/api/v1/keys/a/b",
      "/..%2f..%2fetc%2fpasswd",
      "/%5cetc",
      "//",
    ]
  ) {
    assertEquals((await admin.problem(path))[0], 404, path);
  }
  const { name, routes } = await admin.json("/api/v1");
  assertEquals(name, "redino");
  const paths = (routes as { path: string }[]).map((route) => route.path);
  assertEquals(paths.includes("/api/v1/keys/:key"), true);
});

Deno.test("a request leaves no session behind", async () => {
  const admin = new AdminClient();
  const before = admin.redis.engine.context.sessions.count;
  await admin.json("/api/v1/keys");
  await admin.problem("/api/v1/keys/missing");
  await admin.problem("/api/v1/keys?db=99");
  assertEquals(admin.redis.engine.context.sessions.count, before);
});
