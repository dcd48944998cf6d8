/** The admin side on a real socket: what the app alone can't show. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { AdminOptions, AdminServer } from "../../admin/server.ts";
import { startAdmin } from "../../admin/server.ts";
import { StartError } from "../../lib/server/server.ts";
import { EngineHarness } from "../support/engine_harness.ts";

Deno.test("pages are served over HTTP, on a connection that stays open", async () => {
  await using admin = await start();
  admin.redis.run("SET", "a", "1");
  const base = `http://127.0.0.1:${admin.server.port}`;
  assertEquals(await (await fetch(`${base}/healthz`)).json(), { status: "ok" });
  const shown = await (await fetch(`${base}/keys/a`)).json();
  assertEquals(shown.value, { utf8: "1" });
  const missing = await fetch(`${base}/keys/b`, { headers: { accept: "*/*" } });
  assertEquals(missing.status, 404);
  assertEquals((await missing.json()).detail, "ERR no such key");
});

Deno.test("a Host that is not ours, none, or two are refused", async () => {
  await using admin = await start();
  const requests = [
    "GET /keys HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET /keys HTTP/1.1\r\n\r\n",
    "GET /keys HTTP/1.0\r\n\r\n",
    "GET /keys HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
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
  await using admin = await start({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
  for (const begun of ["GET /keys HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", ""]) {
    assertMatch(await exchange(admin.server.port, begun), /^HTTP\/1\.1 408 |^$/);
  }
});

Deno.test("a body is not waited for", async () => {
  await using admin = await start();
  const begun = "POST /keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx";
  assertMatch(await exchange(admin.server.port, begun), /^HTTP\/1\.1 405 /);
});

Deno.test("oversized headers and other protocols are refused", async () => {
  await using admin = await start();
  const big = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
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
    () => startAdmin(admin.redis.engine, { hostname: "127.0.0.1", port }),
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
  const server = await startAdmin(redis.engine, { hostname: "127.0.0.1", port: 0, ...options });
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
