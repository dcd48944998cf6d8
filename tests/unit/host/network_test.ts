/** One suite for real sockets and the loopback network. */

import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemClock } from "../../../lib/host/clock.ts";
import { type Connection, DenoNetwork, type Network } from "../../../lib/host/network.ts";
import { writeAll } from "../../../lib/host/network.ts";
import { DenoProcess, DenoSignals } from "../../../lib/host/process.ts";
import { systemErrorKind } from "../../../lib/host/system_error.ts";
import { LoopbackNetwork } from "../../support/fake_host.ts";

function onBoth(name: string, run: (network: Network) => Promise<void>) {
  Deno.test(`${name} (loopback)`, () => run(new LoopbackNetwork()));
  Deno.test(`${name} (sockets)`, () => run(new DenoNetwork()));
}

async function readToEnd(connection: Connection): Promise<string> {
  let content = "";
  const target = new Uint8Array(3);
  for (;;) {
    const count = await connection.read(target);
    if (count === null) return content;
    content += new TextDecoder().decode(target.subarray(0, count));
  }
}

onBoth("both sides read what the other wrote, to the end", async (network) => {
  const listener = network.listen({ hostname: "127.0.0.1", port: 0 });
  assertNotEquals(listener.port, 0);
  const [client, server] = await Promise.all([
    network.connect("127.0.0.1", listener.port),
    listener.accept(),
  ]);
  server.setNoDelay?.(true);
  server.setKeepAlive?.(true);
  await writeAll(client, new TextEncoder().encode("hello"));
  await client.closeWrite();
  assertEquals(await readToEnd(server), "hello");
  await writeAll(server, new TextEncoder().encode("goodbye"));
  server.close();
  assertEquals(await readToEnd(client), "goodbye");
  client.close();
  listener.close();
});

onBoth("a taken address and a missing one are told apart", async (network) => {
  const listener = network.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener;
  const taken = assertThrows(() => network.listen({ hostname: "127.0.0.1", port }));
  assertEquals(systemErrorKind(taken), "address in use");
  const accepting = assertRejects(() => listener.accept());
  listener.close();
  assertEquals(systemErrorKind(await accepting), "closed");
  const refused = await assertRejects(() => network.connect("127.0.0.1", port));
  assertEquals(systemErrorKind(refused), "connection refused");
});

onBoth("closing a connection ends its own pending read", async (network) => {
  const listener = network.listen({ hostname: "127.0.0.1", port: 0 });
  const [client, server] = await Promise.all([
    network.connect("127.0.0.1", listener.port),
    listener.accept(),
  ]);
  const ended = client.read(new Uint8Array(1)).then((count) => count ?? "closed", systemErrorKind);
  client.close();
  assertEquals(await ended, "closed");
  server.close();
  listener.close();
});

Deno.test("a Unix socket listens at its path", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const network = new DenoNetwork();
    const listener = network.listenUnix(`${directory}/s`);
    assertEquals([listener.port, listener.path], [0, `${directory}/s`]);
    const [client, server] = await Promise.all([
      network.connectUnix(`${directory}/s`),
      listener.accept(),
    ]);
    await writeAll(client, new TextEncoder().encode("hi"));
    client.close();
    assertEquals(await readToEnd(server), "hi");
    server.close();
    listener.close();
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("the process tells its memory and time", () => {
  const process = new DenoProcess();
  assertEquals(process.pid, Deno.pid);
  assertEquals(process.rssBytes() > 1_000_000, true);
  assertEquals(process.memory().heapUsedBytes > 100_000, true);
  assertEquals(process.totalSystemMemoryBytes > process.rssBytes(), true);
  assertEquals(process.cpuUser() > 0 && process.cpuUser() < 3600, true);
  assertEquals(process.cpuSystem() >= 0, true);
  assertEquals(process.workingDirectory(), Deno.cwd());
});

Deno.test("signals reach their handler, and those that the platform lacks are passed over", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const signals = new DenoSignals();
  const received = Promise.withResolvers<string>();
  signals.on("SIGBREAK", () => received.resolve("SIGBREAK"));
  signals.on("SIGHUP", () => received.resolve("SIGHUP"));
  // Waiting for a signal keeps no process alive, so a timer does, and ends the wait should none come.
  const timer = new SystemClock().schedule(10_000, () => received.resolve("no signal"));
  Deno.kill(Deno.pid, "SIGHUP");
  assertEquals(await received.promise, "SIGHUP");
  timer.cancel();
  signals.close();
});
