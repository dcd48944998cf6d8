/**
 * The program as it is started and stopped: command line, log, exit codes, signals, the terminal's
 * end; and servers inside a program of somebody else.
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Server, StartError, startServer } from "../../lib/mod.ts";
import { startChildServer } from "../support/child_server.ts";
import { connect, show } from "../support/resp_client.ts";
import { freePort, mainPath, startServerProcess } from "../support/server_process.ts";

const STOP_MS = 200;
const decoder = new TextDecoder();
const onPosix = Deno.build.os !== "windows";

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test({
    name: `${signal} stops the server at once, with clients connected and reads pending`,
    ignore: !onPosix,
    async fn() {
      await using server = await startServerProcess();
      const connections: Deno.TcpConn[] = [];
      for (let i = 0; i < 100; i++) {
        const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
        connections.push(connection);
        if (i % 2 === 0) await connection.write(new TextEncoder().encode("*2\r\n$3\r\nGET\r\n$9"));
      }
      const client = await connect(server.port);
      await client.send("PING");
      const started = performance.now();
      const { code } = await server.stop(signal);
      const elapsedMs = performance.now() - started;
      client.close();
      for (const connection of connections) connection.close();
      assertEquals(code, 0);
      assert(elapsedMs < STOP_MS, `took ${elapsedMs} ms`);
      assertEquals(messages(server.lines.slice(-3)), [
        `Received ${signal} scheduling shutdown...`,
        "User requested shutdown...",
        "Redis is now ready to exit, bye bye...",
      ]);
    },
  });
}

Deno.test({
  name: "a signal that comes as soon as the server says it is ready stops it cleanly",
  ignore: !onPosix,
  async fn() {
    for (const signal of ["SIGHUP", "SIGTERM"] as const) {
      const server = await startServerProcess();
      assertEquals((await server.stop(signal)).code, 0);
    }
  },
});

Deno.test({
  name: "DEBUG PAUSE-CRON holds a signal back, and SHUTDOWN ABORT takes it back",
  ignore: !onPosix,
  async fn() {
    await using server = await startServerProcess({ args: ["--enable-debug-command", "yes"] });
    const client = await connect(server.port);
    assertEquals(show(await client.send("DEBUG", "PAUSE-CRON", "1")), "OK");
    Deno.kill(server.pid, "SIGTERM");
    while (!server.lines.some((line) => line.includes("User requested shutdown"))) {
      assertEquals(show(await client.send("PING")), "PONG");
    }
    assertEquals(show(await client.send("SHUTDOWN", "ABORT")), "OK");
    assertEquals(show(await client.send("DEBUG", "PAUSE-CRON", "0")), "OK");
    assertEquals(show(await client.send("SET", "key", "value")), "OK");
    assertStringIncludes(server.lines.join("\n"), "Shutdown manually aborted.");
    await client.send("DEBUG", "PAUSE-CRON", "1");
    Deno.kill(server.pid, "SIGTERM");
    await client.send("DEBUG", "PAUSE-CRON", "0");
    assertEquals((await server.status).code, 0);
    client.close();
  },
});

Deno.test("the log has Redis's lines in its order, and the pid that INFO tells", async () => {
  await using server = await startServerProcess();
  const text = server.lines.join("\n");
  const places = [`Port: ${server.port}`, `PID: ${server.pid}`, "Server initialized", "Ready to"]
    .map((words) => text.indexOf(words));
  assertEquals(places.toSorted((a, b) => a - b), places);
  assert(places[0] > 0);
  await using client = await connect(server.port);
  assertStringIncludes(show(await client.send("INFO", "server")), `process_id:${server.pid}`);
});

Deno.test("SHUTDOWN ends the process without a reply", async () => {
  await using server = await startServerProcess();
  const client = await connect(server.port);
  await assertRejects(() => client.send("SHUTDOWN", "NOSAVE"));
  client.close();
  assertEquals((await server.status).code, 0);
});

Deno.test("help and version are printed, with exit code 0", async () => {
  for (const option of ["--help", "-h", "--version", "-v"]) {
    const { code, stdout } = await program([option]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, option.includes("h") ? "--port PORT" : "Redis 7.2.4");
  }
});

Deno.test("what can't be started with is named, with exit code 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const cases: [args: string[], message: string][] = [
    [["--no-such-directive", "1"], "no-such-directive"],
    [["--port", "abc"], "port"],
    [["--maxmemory-policy", "x"], "maxmemory-policy"],
    [["--daemonize", "yes"], "daemonize"],
    [["/no/such/redis.conf"], "/no/such/redis.conf"],
    [["--dir", "/no/such/directory"], "/no/such/directory"],
    [["--port", "0"], "Configured to not listen anywhere"],
    [["--bind", "127.0.0.1", "--port", String(port)], `127.0.0.1:${port}: bind: `],
    [["--port", String(freePort()), "--admin-port", String(port)], String(port)],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await program(args);
    assertEquals(code, 1, args.join(" "));
    assertStringIncludes(stdout + stderr, message);
    assert(!stdout.includes("Ready to accept"), stdout);
  }
});

Deno.test("where another has the admin port that nobody chose, a server does without", async () => {
  // Whoever has it, it is taken now.
  using _taken = optionalListener(8379);
  await using server = await startChildServer({
    program: Deno.execPath(),
    args: (port, directory) => [
      ...["run", "-A", "--no-prompt", mainPath],
      ...["--port", String(port), "--dir", directory, "--save", ""],
    ],
  });
  assertStringIncludes(
    server.lines.join("\n"),
    "# Could not serve the admin side on 127.0.0.1:8379: the port is in use. Going on without it",
  );
  await using client = await connect(server.port);
  assertEquals(show(await client.send("PING")), "PONG");
});

Deno.test("a file's wrong line is told as redis-server tells it", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  Deno.writeTextFileSync(`${directory}/redis.conf`, "# comment\nhz 10\nno-such-thing 1\n");
  const { code, stderr } = await program([`${directory}/redis.conf`]);
  Deno.removeSync(directory, { recursive: true });
  assertEquals(code, 1);
  assertEquals(stderr.trim().split("\n").slice(1), [
    "Reading the configuration file, at line 3",
    ">>> 'no-such-thing 1'",
    "Bad directive or wrong number of arguments",
  ]);
  assertStringIncludes(stderr, "*** FATAL CONFIG FILE ERROR");
});

Deno.test({
  name: "pid file and Unix socket lie in the data directory, and are gone with the server",
  ignore: !onPosix,
  async fn() {
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const server = await startServerProcess({
      directory,
      args: ["--pidfile", "server.pid", "--unixsocket", "server.sock"],
    });
    assertEquals(Deno.readTextFileSync(`${directory}/server.pid`), `${server.pid}\n`);
    const connection = await Deno.connect({ transport: "unix", path: `${directory}/server.sock` });
    await connection.write(new TextEncoder().encode("PING\r\n"));
    const reply = new Uint8Array(64);
    const count = await connection.read(reply);
    assertEquals(decoder.decode(reply.subarray(0, count ?? 0)), "+PONG\r\n");
    assertEquals((await server.stop()).code, 0);
    connection.close();
    assertEquals([...Deno.readDirSync(directory)], []);
    Deno.removeSync(directory, { recursive: true });
  },
});

Deno.test({
  name: "a Unix socket takes the place of an empty file, not of one with bytes",
  ignore: !onPosix,
  async fn() {
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const path = `${directory}/server.sock`;
    Deno.writeTextFileSync(path, "");
    const args = ["--unixsocket", "server.sock"];
    const server = await startServerProcess({ directory, args });
    assert(Deno.statSync(path).isSocket);
    assertEquals((await server.stop()).code, 0);

    Deno.writeTextFileSync(path, "somebody's");
    const { code, stdout } = await program(["--dir", directory, "--port", "0", ...args]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "Failed opening Unix socket: bind: Address already in use");
    assertEquals(Deno.readTextFileSync(path), "somebody's");
    Deno.removeSync(directory, { recursive: true });
  },
});

Deno.test("the log file lies in the data directory", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  const { code } = await program(["--logfile", "server.log", "--dir", directory, "--port", "0"]);
  assertEquals(code, 1);
  assertStringIncludes(
    Deno.readTextFileSync(`${directory}/server.log`),
    "Configured to not listen anywhere",
  );
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("a configuration can come from standard input", async () => {
  const { code, stderr } = await program(["-"], "# piped\nhz 20\nno-such-thing 1\n");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "at line 3\n>>> 'no-such-thing 1'");
});

Deno.test("servers in one process are apart, and end with their scope", async () => {
  let port: number;
  {
    await using one = await startServer();
    await using two = await startServer({ directives: { maxclients: "2" } });
    port = one.port;
    assert(one.port !== two.port);
    await using first = await connect(one.port);
    await using second = await connect(two.port);
    await first.send("SET", "key", "one");
    assertEquals(show(await second.send("GET", "key")), "(nil)");
    assertEquals(show(await second.send("CONFIG", "SET", "maxclients", "1")), "OK");
    await using third = await connect(two.port);
    assertEquals(
      show(await third.send("PING")),
      "(error) ERR max number of clients reached",
    );
    const moved = freePort();
    assertEquals(show(await first.send("CONFIG", "SET", "port", String(moved))), "OK");
    await using fourth = await connect(moved);
    assertEquals(show(await fourth.send("GET", "key")), '"one"');
    await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
    port = moved;
  }
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }));
});

Deno.test("a server in a program says why it did not start", async () => {
  await using server: Server = await startServer();
  await assertRejects(() => startServer({ port: server.port }), StartError, "already in use");
  await assertRejects(() => startServer({ directives: { hz: "x" } }), StartError, "hz");
});

for (
  const [name, byte, setting] of [
    ["the end of the terminal's input", "\x04", "sane"],
    ["Ctrl+C", "\x03", "sane"],
    ["a ^C byte on a terminal that makes no signal of it", "\x03", "-isig -icanon"],
  ]
) {
  Deno.test({
    name: `${name} stops the server`,
    // The program of that name gives a process a terminal.
    ignore: Deno.build.os !== "linux" || !isThere("/usr/bin/script"),
    async fn() {
      const server = `'${Deno.execPath()}' run -A '${mainPath}' --admin-port no --save ''`;
      const child = new Deno.Command("/usr/bin/script", {
        args: ["-qefc", `stty ${setting}; exec ${server} --port ${freePort()}`, "/dev/null"],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      let text = "";
      for await (const chunk of child.stdout) {
        const wasReady = text.includes("Ready to accept");
        text += decoder.decode(chunk);
        if (!wasReady && text.includes("Ready to accept")) {
          await writer.write(new TextEncoder().encode(byte));
        }
      }
      writer.close().catch(() => {});
      assertEquals((await child.status).code, 0, text);
      assertStringIncludes(text, "Received SIGINT scheduling shutdown...");
    },
  });
}

/** Runs `main.ts` to its end. */
async function program(
  args: string[],
  input = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", mainPath, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Takes a port, or leaves it to the one who has it. */
function optionalListener(port: number): Disposable {
  try {
    const listener = Deno.listen({ hostname: "127.0.0.1", port });
    return { [Symbol.dispose]: () => listener.close() };
  } catch {
    return { [Symbol.dispose]: () => {} };
  }
}

/** What the lines say, without pid, time and level. */
function messages(lines: string[]): string[] {
  return lines.map((line) => line.replace(/^\d+:M .{24} [-.*#] /, ""));
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
