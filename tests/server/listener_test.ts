/** Listening: addresses that may be missing, ports that are taken, and a system out of files. */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Config } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/config/config_error.ts";
import type { Connection, Listener, ListenOptions, Network } from "../../lib/host/network.ts";
import { DenoNetwork } from "../../lib/host/network.ts";
import { DenoProcess } from "../../lib/host/process.ts";
import { SystemError } from "../../lib/host/system_error.ts";
import { Listeners } from "../../lib/server/listener.ts";
import { CapturedLog, FakeClock, LoopbackNetwork, MemoryFiles } from "../support/fake_host.ts";
import { freePort } from "../support/child_server.ts";
import { settle } from "../support/local_server.ts";

function hostWith(network: Network) {
  return {
    network,
    files: new MemoryFiles(),
    clock: new FakeClock(),
    log: new CapturedLog(),
    process: new DenoProcess(),
  };
}

function configOf(directives: Record<string, string>): Config {
  const config = new Config();
  for (const [name, value] of Object.entries(directives)) config.load(name, [value]);
  return config;
}

const ignore = (connection: Connection) => connection.close();

async function untilTrue(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000;
  while (!condition() && Date.now() < end) await settle();
}

/** A loopback network on which some addresses do not exist. */
class PartialNetwork extends LoopbackNetwork {
  constructor(private readonly missing: readonly string[]) {
    super();
  }

  override listen(options: ListenOptions): Listener {
    if (this.missing.includes(options.hostname)) {
      throw new SystemError("EADDRNOTAVAIL", "Cannot assign requested address (os error 99)");
    }
    return super.listen(options);
  }
}

Deno.test("all addresses of bind are listened on, on one port", () => {
  const config = configOf({ bind: "127.0.0.1 127.0.0.2" });
  const listeners = Listeners.open(hostWith(new DenoNetwork()), config, ignore, { anyPort: true });
  const { port } = listeners;
  assertEquals(listeners.addresses, [`127.0.0.1:${port}`, `127.0.0.2:${port}`]);
  listeners.close();
});

Deno.test("an address with a minus sign may be missing, others may not", () => {
  const host = hostWith(new PartialNetwork(["::1", "192.0.2.7"]));
  const listeners = Listeners.open(host, configOf({ bind: "127.0.0.1 -::1" }), ignore);
  assertEquals(listeners.addresses, ["127.0.0.1:6379"]);
  listeners.close();
  assertThrows(
    () => Listeners.open(host, configOf({ bind: "127.0.0.1 192.0.2.7" }), ignore),
    Error,
    "Could not create server TCP listening socket 192.0.2.7:6379: bind: " +
      "Cannot assign requested address",
  );
  assertEquals(
    host.log.messages("warning").at(-1),
    "Failed listening on port 6379 (TCP), aborting.",
  );
  // What was bound before the failure is free again.
  Listeners.open(host, configOf({ bind: "127.0.0.1" }), ignore).close();
});

Deno.test("a port that is taken is told in Redis's words", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = hostWith(new DenoNetwork());
  const config = configOf({ bind: "127.0.0.1", port: String(taken.addr.port) });
  assertThrows(() => Listeners.open(host, config, ignore), Error, "Address already in use");
  assertMatch(
    host.log.messages("warning")[0],
    /^Warning: Could not create server TCP listening socket 127\.0\.0\.1:\d+: bind: Address already in use$/,
  );
  taken.close();
});

Deno.test("both wildcards are served where one socket serves both", async () => {
  const config = configOf({ bind: "* -::*" });
  let accepted = 0;
  const listeners = Listeners.open(hostWith(new DenoNetwork()), config, (connection) => {
    accepted++;
    connection.close();
  }, { anyPort: true });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: listeners.port });
  assertEquals(await connection.read(new Uint8Array(1)), null);
  assertEquals(accepted, 1);
  connection.close();
  listeners.close();
});

Deno.test("accepting goes on after the process was out of files, and the log is not filled", async () => {
  let failures = 20;
  let accepted = 0;
  class ExhaustedNetwork extends LoopbackNetwork {
    override listen(options: ListenOptions): Listener {
      const listener = super.listen(options);
      const accept = listener.accept.bind(listener);
      listener.accept = () =>
        failures-- > 0
          ? Promise.reject(new SystemError("EMFILE", "Too many open files (os error 24)"))
          : accept();
      return listener;
    }
  }
  const network = new ExhaustedNetwork();
  const host = hostWith(network);
  const listeners = Listeners.open(host, configOf({ bind: "127.0.0.1" }), () => accepted++);
  const connection = await network.connect("127.0.0.1", 6379);
  for (let i = 0; i < 25; i++) {
    await settle();
    host.clock.advance(100);
  }
  await settle();
  assertEquals(accepted, 1);
  const lines = host.log.messages("warning");
  assertEquals(lines[0], "Accepting client connection: accept: Too many open files");
  assertEquals(lines.length <= 3, true, `${lines.length} lines`);
  connection.close();
  listeners.close();
});

Deno.test("CONFIG SET bind and port move the listeners, or change nothing", async () => {
  const network = new PartialNetwork(["192.0.2.7"]);
  const config = configOf({ bind: "127.0.0.1" });
  const listeners = Listeners.open(hostWith(network), config, ignore);
  config.set([["bind", "127.0.0.1 127.0.0.2"]]);
  assertEquals(listeners.addresses, ["127.0.0.1:6379", "127.0.0.2:6379"]);
  config.set([["port", "6400"]]);
  assertEquals(listeners.addresses, ["127.0.0.1:6400", "127.0.0.2:6400"]);
  assertThrows(() => config.set([["bind", "127.0.0.3 192.0.2.7"]]), ConfigError);
  assertEquals(listeners.addresses, ["127.0.0.1:6400", "127.0.0.2:6400"]);
  assertEquals(config.text("bind"), "127.0.0.1 127.0.0.2");
  (await network.connect("127.0.0.2", 6400)).close();
  listeners.close();
});

Deno.test("CONFIG SET bind goes from one address to all of them and back", async () => {
  const network = new DenoNetwork();
  const port = freePort();
  const config = configOf({ bind: "127.0.0.1", port: String(port) });
  const listeners = Listeners.open(hostWith(network), config, ignore);
  config.set([["bind", "*"]]);
  await untilTrue(() => listeners.addresses.length === 1);
  assertEquals(listeners.addresses, [`0.0.0.0:${port}`]);
  (await network.connect("127.0.0.2", port)).close();
  config.set([["bind", "127.0.0.1"]]);
  // What comes before the first change is done is taken with it.
  config.set([["bind", "127.0.0.1 127.0.0.3"]]);
  await untilTrue(() => listeners.addresses.length === 2);
  assertEquals(listeners.addresses, [`127.0.0.1:${port}`, `127.0.0.3:${port}`]);
  (await network.connect("127.0.0.3", port)).close();
  await assertRejects(() => network.connect("127.0.0.2", port));
  config.set([["bind", "*"]]);
  listeners.close();
  await settle();
  await assertRejects(() => network.connect("127.0.0.1", port));
});

Deno.test("the old addresses are taken again when all of them can't be bound", async () => {
  const network = new PartialNetwork(["0.0.0.0"]);
  const host = hostWith(network);
  const config = configOf({ bind: "127.0.0.1 127.0.0.2" });
  const listeners = Listeners.open(host, config, ignore);
  assertThrows(() => config.set([["bind", "127.0.0.1 *"]]), ConfigError);
  config.set([["bind", "*"]]);
  assertEquals(listeners.addresses, []);
  await settle();
  assertEquals(listeners.addresses, ["127.0.0.1:6379", "127.0.0.2:6379"]);
  assertEquals(config.text("bind"), "127.0.0.1 127.0.0.2");
  assertEquals(
    host.log.messages("warning").at(-1),
    "Failed to bind to specified addresses, going back to 127.0.0.1 127.0.0.2",
  );
  (await network.connect("127.0.0.2", 6379)).close();
  listeners.close();
});

Deno.test("a server must listen somewhere", () => {
  assertThrows(
    () => Listeners.open(hostWith(new LoopbackNetwork()), configOf({ port: "0" }), ignore),
    Error,
    "Configured to not listen anywhere",
  );
});

Deno.test({
  name: "a Unix socket is listened on, and its file is gone afterwards",
  ignore: Deno.build.os === "windows",
  fn() {
    const network = new LoopbackNetwork();
    const config = configOf({ port: "0", unixsocket: "/tmp/redino.sock" });
    const listeners = Listeners.open(hostWith(network), config, ignore);
    assertEquals(listeners.addresses, ["/tmp/redino.sock"]);
    assertEquals(listeners.port, 0);
    listeners.close();
  },
});
