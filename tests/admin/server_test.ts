/** The admin side on a real socket: what the app alone can't show. */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import type { AdminOptions, AdminServer } from "../../admin/server.ts";
import { adminEngine } from "../../admin/engine_access.ts";
import { startAdmin } from "../../admin/server.ts";
import { adminSettings } from "../../admin/settings.ts";
import { Config } from "../../lib/config/config.ts";
import { SystemClock } from "../../lib/host/clock.ts";
import { StartError } from "../../lib/server/server.ts";
import { EngineHarness } from "../support/engine_harness.ts";

Deno.test("pages are served over HTTP, on a connection that stays open", async () => {
  await using admin = await start();
  admin.redis.run("SET", "a", "1");
  const base = `http://127.0.0.1:${admin.server.port}`;
  assertEquals(await (await fetch(`${base}/healthz`)).json(), { status: "ok" });
  const shown = await (await fetch(`${base}/api/v1/keys/a`)).json();
  assertEquals(shown.value, { utf8: "1" });
  const missing = await fetch(`${base}/api/v1/keys/b`, { headers: { accept: "*/*" } });
  assertEquals(missing.status, 404);
  assertEquals((await missing.json()).detail, "ERR no such key");
});

Deno.test("a Host that is not ours, none, or two are refused", async () => {
  await using admin = await start();
  const requests = [
    "GET /api/v1/keys HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET /api/v1/keys HTTP/1.1\r\n\r\n",
    "GET /api/v1/keys HTTP/1.0\r\n\r\n",
    "GET /api/v1/keys HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "GET http://localhost/keys HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ];
  for (const request of requests) {
    const withClose = request.replace(/\r\n\r\n$/, "\r\nConnection: close\r\n\r\n");
    assertMatch(
      await exchange(admin.server.port, withClose),
      /^HTTP\/1\.[01] (?:421|400) /,
      request,
    );
  }
});

Deno.test("methods that the app never sees are refused", async () => {
  await using admin = await start();
  const trace = "TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  assertMatch(
    await exchange(admin.server.port, trace),
    /^HTTP\/1\.1 405 [^]*\r\nallow: GET, HEAD\r\n/i,
  );
  const connect = "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  assertEquals(await exchange(admin.server.port, connect), "");
});

Deno.test("HEAD has headers and no body", async () => {
  await using admin = await start();
  const reply = await exchange(
    admin.server.port,
    "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  assertMatch(reply, /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
});

Deno.test("a request whose headers don't end is closed in time, and so is a silent one", async () => {
  await using admin = await start({ headersTimeoutMs: 100, bodyTimeoutMs: 200 });
  for (const begun of ["GET /api/v1/keys HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", ""]) {
    assertMatch(await exchange(admin.server.port, begun), /^HTTP\/1\.1 408 |^$/);
  }
});

Deno.test("a body that does not come is closed in time, one that goes on coming is taken", async () => {
  await using admin = await start({ writes: true, bodyTimeoutMs: 300, clock: new SystemClock() });
  const head = (path: string, type: string) =>
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n` +
    "Content-Length: 200\r\nConnection: close\r\n\r\n";
  const command = head("/api/v1/command", "application/json");
  const begun = performance.now();
  assertMatch(await exchange(admin.server.port, `${command}{"args`), /^$|^HTTP\/1\.1 408 /);
  assertEquals(performance.now() - begun < 10_000, true);
  // One that says how much too long it will be is not waited for at all.
  const long = command.replace("Content-Length: 200", "Content-Length: 2000000");
  assertMatch(await exchange(admin.server.port, long), /^HTTP\/1\.1 413 /);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: admin.server.port });
  const write = (text: string) => connection.write(new TextEncoder().encode(text));
  await write(head("/api/v1/import", "application/x-ndjson"));
  const started = performance.now();
  for (let i = 0; i < 4; i++) {
    await write(`{"key":"k${i}","type":"string","value":"1"}`.padEnd(49) + "\n");
    await new Promise((resolve) => new SystemClock().schedule(150, () => resolve(null)));
  }
  assertMatch(await readToEnd(connection), /^HTTP\/1\.1 200 [^]*"taken":4/);
  assertEquals(performance.now() - started > 400, true);
  assertEquals(admin.redis.run("DBSIZE"), "(integer) 4");
});

Deno.test("paths lead nowhere but to routes, however they are written", async () => {
  await using admin = await start({ token: "a-long-token-to-guess" });
  const paths = ["/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc%2fpasswd", "//etc/passwd"];
  paths.push("/..\\etc\\passwd", "/%5c..%5cetc", "/file:///etc/passwd", "/.%00/etc/passwd");
  paths.push("/api/v1/../../etc/passwd", "/api/v1/keys/../../../../etc/passwd", "/./main.ts");
  paths.push("/api/v1/keys/..%2f..%2fmain.ts", "/main.ts", "/deno.json", "/.git/config", "/C:/x");
  for (const path of paths) {
    const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      "Authorization: Bearer a-long-token-to-guess\r\n\r\n";
    const reply = await exchange(admin.server.port, request);
    assertMatch(reply, /^HTTP\/1\.1 (?:404|400) /, path);
    assertEquals(/root:|import |"imports"|\[core\]/.test(reply), false, path);
  }
});

Deno.test("a stream of events comes over the socket, and ends when either side closes", async () => {
  await using admin = await start();
  const { port } = admin.server;
  const { sessions, monitor } = admin.redis.engine.context;
  const before = sessions.count;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = "GET /api/v1/monitor?keep=0 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const chunk = new Uint8Array(4096);
  const text = async () =>
    new TextDecoder().decode(chunk.subarray(0, await connection.read(chunk) ?? 0));
  let seen = "";
  while (!/^id: [0-9a-f]+-0$/m.test(seen)) seen += await text();
  assertMatch(seen, /^HTTP\/1\.1 200 [^]*text\/event-stream/);
  admin.redis.run("SET", "a", "1");
  seen = "";
  while (!seen.includes('\\"a\\"')) seen += await text();
  connection.close();
  for (let attempt = 0; monitor.active && attempt < 1000; attempt++) {
    await exchange(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  assertEquals([monitor.active, sessions.count], [false, before]);
});

Deno.test("settings: a token is needed to listen beyond this machine", () => {
  const settings = (directives: Record<string, string>, variable?: string, file = "") => {
    const config = new Config();
    for (const [name, value] of Object.entries(directives)) config.load(name, [value]);
    return adminSettings(config, { readText: () => file }, variable);
  };
  assertEquals(settings({})?.token, null);
  assertEquals(settings({ "admin-port": "no" }), null);
  assertEquals(settings({}, "from-the-variable")?.token, "from-the-variable");
  const both = { "admin-token-file": "/t", "admin-write": "yes" };
  assertEquals(settings(both, "from-the-variable", "from-the-file\n"), {
    hostname: "127.0.0.1",
    port: 8379,
    token: "from-the-file",
    writes: true,
  });
  assertEquals(settings({ ...both, "admin-token": "from-the-line" })?.token, "from-the-line");
  for (const address of ["0.0.0.0", "10.1.2.3", "::", "*", "", "127.0.0.1.example"]) {
    const bind = { "admin-bind": address };
    assertThrows(() => settings(bind), StartError, "set admin-token");
    assertThrows(() => settings({ ...bind, requirepass: "x" }), StartError, "set admin-token");
    assertEquals(settings(bind, "a-long-token")?.hostname, address);
  }
  for (const token of ["short", "with a blank", "ümläut-in-it", "x".repeat(1025)]) {
    assertThrows(() => settings({ "admin-token": token }), StartError, "admin-token must hold");
  }
  assertThrows(() => settings(both, "from-the-variable", ""), StartError, "admin-token-file must");
});

Deno.test("a body is not waited for", async () => {
  await using admin = await start();
  const begun =
    "POST /api/v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx";
  assertMatch(await exchange(admin.server.port, begun), /^HTTP\/1\.1 405 /);
});

Deno.test("oversized headers and other protocols are refused", async () => {
  await using admin = await start();
  const big = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(70_000)}\r\n\r\n`;
  assertMatch(await exchange(admin.server.port, big), /^HTTP\/1\.1 431 /);
  assertMatch(await exchange(admin.server.port, "*1\r\n$4\r\nPING\r\n"), /^HTTP\/1\.1 400 /);
  assertEquals(admin.redis.engine.context.stats.commandsProcessed, 0);
});

Deno.test("connections over the limit are closed, and there is room again afterwards", async () => {
  await using admin = await start({ maxConnections: 1 });
  const { port } = admin.server;
  const first = await Deno.connect({ hostname: "127.0.0.1", port });
  await first.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await first.read(new Uint8Array(4096));
  const request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  assertEquals(await exchange(port, request), "");
  first.close();
  for (let attempt = 0;; attempt++) {
    const reply = await exchange(port, request);
    if (reply.startsWith("HTTP/1.1 200 ")) break;
    assertEquals(attempt < 1000, true, "the place was never given back");
  }
});

Deno.test("a port that is taken is a clear error", async () => {
  await using admin = await start();
  const { port } = admin.server;
  await assertRejects(
    () => startAdmin(adminEngine(admin.redis.engine), { hostname: "127.0.0.1", port }),
    StartError,
    `Could not serve the admin side on 127.0.0.1:${port}: the port is in use`,
  );
});

Deno.test("close ends open connections and frees the port, and may be called twice", async () => {
  const admin = await start();
  const { port } = admin.server;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  await connection.read(new Uint8Array(4096));
  await admin.server.close();
  assertEquals(await readToEnd(connection), "");
  connection.close();
  await admin.server.close();
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});

interface Served extends AsyncDisposable {
  readonly redis: EngineHarness;
  readonly server: AdminServer;
}

async function start(options: Partial<AdminOptions> = {}): Promise<Served> {
  const redis = new EngineHarness();
  const server = await startAdmin(adminEngine(redis.engine), {
    hostname: "127.0.0.1",
    port: 0,
    ...options,
  });
  return { redis, server, [Symbol.asyncDispose]: () => server.close() };
}

/** What the server answers to some bytes, until it closes the connection. */
async function exchange(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await connection.write(new TextEncoder().encode(request));
  } catch {
    // Refused before it was all sent.
  }
  return await readToEnd(connection);
}

async function readToEnd(connection: Deno.Conn): Promise<string> {
  const chunk = new Uint8Array(4096);
  let text = "";
  for (;;) {
    // A reset ends the reply as well.
    const count = await connection.read(chunk).catch(() => null);
    if (count === null) return text;
    text += new TextDecoder().decode(chunk.subarray(0, count));
  }
}
