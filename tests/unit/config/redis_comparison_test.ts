/** Holds the parameter table, its bounds and its refusals against a real redis-server. */

import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { Config } from "../../../lib/config/config.ts";
import { NAMES, PARAMETERS } from "../../../lib/config/parameters.ts";
import { rewriteConfig } from "../../../lib/config/rewrite.ts";
import { replyOf, sample } from "./refusal.ts";

const missing = await missingPeer();
if (missing) console.log("ignored: comparison with a real server: redis-server isn't installed");

/** What 7.2 added and what is ours; a server of 7.0 doesn't know it. */
const BEYOND_7_0 = new Set([
  "admin-bind",
  "admin-port",
  "admin-token",
  "admin-token-file",
  "admin-write",
  "aof-rewrite-cpulist",
  "bgsave-cpulist",
  "bio-cpulist",
  "cluster-announce-human-nodename",
  "locale-collate",
  "server-cpulist",
  "set-max-listpack-entries",
  "set-max-listpack-value",
]);

/** A real one has these from how it was started, or packaged: Debian's binds to all addresses. */
const OF_THE_START = new Set(["port", "dir", "bind", "save"]);

/** What depends on the machine, or would move the server under test away from its client. */
const NOT_SET = new Set([
  ...BEYOND_7_0,
  "port",
  "bind",
  "dir",
  "tls-port",
  "maxclients",
  "watchdog-period",
]);

const VALUES = [
  "@@",
  "",
  "yes",
  "NO",
  "0",
  "1",
  "-1",
  "007",
  "+7",
  " 1",
  "1.5",
  "101",
  "65536",
  "2147483648",
  "-2147483649",
  "4294967296",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "1k",
  "1KB",
  "1gb",
  "1t",
  "1 mb",
  "10%",
  "101%",
  "always",
  "local",
  "save  now",
  "save nosave",
  "nosave force",
  "900 1",
  "900 1 ",
  "1 2 3",
  "3000 0 0",
  "normal 0 0 0",
  "NORMAL 1mb 1k 5 replica 1 2 3",
  "master 1 1 1",
  "normal 0 0 -1",
  "normal x 0 0",
  "KEA",
  "Kg$lshzxet",
  "km",
  "50.123456789 99",
  "{title} {port}",
  "{foo}",
  "{title",
];

/** Known differences. */
function differs(name: string, value: string, reply: string): boolean {
  // 64-bit overflow: Redis goes on with a wrapped number, we refuse it.
  if (name === "maxmemory-clients" && value === "9223372036854775808") return true;
  // Redis reads the empty third number as 0.
  if (name === "oom-score-adj-values" && value === "900 1 ") return true;
  // A level that 7.2 added.
  if (name === "loglevel" && reply.includes("warning")) return true;
  return false;
}

Deno.test({
  name: "CONFIG GET * of a default start has the names and values of a real server",
  ignore: missing,
  async fn() {
    await using redis = await RealRedis.start();
    const listed = new Map(new Config().match(["*"], () => true));
    const reply = await redis.call("CONFIG", "GET", "*");
    assert(Array.isArray(reply));
    const theirs = new Map<string, string>();
    for (let i = 0; i < reply.length; i += 2) theirs.set(reply[i], reply[i + 1]);
    const ours = [...listed.keys()].filter((name) => !BEYOND_7_0.has(name));
    assertEquals(ours.sort(), [...theirs.keys()].sort());
    for (const [name, text] of theirs) {
      if (!OF_THE_START.has(name)) assertEquals(listed.get(name), text, name);
    }
  },
});

Deno.test({
  name: "CONFIG SET takes, shows and refuses what a real server does",
  ignore: missing,
  async fn() {
    await using redis = await RealRedis.start();
    const config = new Config();
    config.set([["save", ""]]);
    config.start();
    for (const name of NAMES.keys()) {
      if (NOT_SET.has(name)) continue;
      const initial = config.text(name) ?? "";
      for (const value of VALUES) {
        const reply = replyOf(() => config.set([[name, value]]));
        const theirs = await redis.call("CONFIG", "SET", name, value);
        if (differs(name, value, reply)) continue;
        assertEquals(reply, theirs, `CONFIG SET ${name} '${value}'`);
        const shown = await redis.call("CONFIG", "GET", name);
        assertEquals([name, config.text(name) ?? ""], shown, `after ${name} '${value}'`);
      }
      if (!PARAMETERS[NAMES.get(name) ?? "port"].immutable && name !== "dbfilename") {
        config.set([[name, initial]]);
        assertEquals(await redis.call("CONFIG", "SET", name, initial), "OK", name);
      }
    }
  },
});

Deno.test({
  name: "CONFIG SET of several pairs fails as in a real server",
  ignore: missing,
  async fn() {
    const calls = [
      ["timeout", "1", "timeout", "2"],
      ["slave-priority", "1", "replica-priority", "2"],
      ["timeout", "1", "hz", "x"],
      ["timeout", "x", "hz", "y"],
      ["nosuch", "1", "daemonize", "yes"],
      ["daemonize", "yes", "nosuch", "1"],
      ["maxmemory", "1mb", "dir", "/tmp"],
      ["TIMEOUT", "x"],
      ["Daemonize", "no"],
      ["SLAVE-PRIORITY", "x"],
    ];
    await using redis = await RealRedis.start();
    for (const call of calls) {
      const config = new Config();
      config.start();
      const pairs: [string, string][] = [];
      for (let i = 0; i < call.length; i += 2) pairs.push([call[i], call[i + 1]]);
      const reply = replyOf(() => config.set(pairs));
      assertEquals(reply, await redis.call("CONFIG", "SET", ...call), call.join(" "));
    }
  },
});

Deno.test({
  name: "a line that can't be used is reported as a real server reports it",
  ignore: missing,
  async fn() {
    const lines: { line: string; reason: string }[] = JSON.parse(
      sample("fixtures/config/wrong_lines.json"),
    );
    for (const { line, reason } of lines) {
      const output = await RealRedis.failedStart(`port 0\n${line}\n`);
      const shown = line.trim();
      assertEquals(
        output.replace(/Redis [0-9.]+\)/, "Redis)"),
        "\n*** FATAL CONFIG FILE ERROR (Redis) ***\n" +
          `Reading the configuration file, at line 2\n>>> '${shown}'\n${reason}\n`,
      );
    }
  },
});

Deno.test({
  name: "a real server starts with a file that we have rewritten, and shows the same",
  ignore: missing,
  async fn() {
    const config = new Config();
    config.set([
      ["masterauth", "\r\n\"'\\ \xff#"],
      ["save", "60 1 30 2"],
      ["client-output-buffer-limit", "replica 1gb 1000 7"],
      ["maxmemory-clients", "3%"],
      ["shutdown-on-sigint", "nosave force"],
      ["unixsocketperm", "700"],
      ["notify-keyspace-events", "Kx"],
      ["oom-score-adj-values", "1 2 3"],
    ]);
    const text = rewriteConfig("", config, { forceAll: true });
    const known = text.split("\n").filter((line) => !BEYOND_7_0.has(line.split(" ")[0]));
    await using redis = await RealRedis.start(known.join("\n"));
    for (const name of NAMES.keys()) {
      if (BEYOND_7_0.has(name) || ["port", "dir", "bind"].includes(name)) continue;
      assertEquals(await redis.call("CONFIG", "GET", name), [name, config.text(name) ?? ""]);
    }
  },
});

async function missingPeer(): Promise<boolean> {
  try {
    const command = new Deno.Command("redis-server", { args: ["--version"], stdout: "null" });
    return !(await command.output()).success;
  } catch {
    return true;
  }
}

/** A redis-server with a connection to it, for as long as a test needs it. */
class RealRedis implements AsyncDisposable {
  private constructor(
    private readonly child: Deno.ChildProcess,
    private readonly connection: Deno.TcpConn,
    private readonly directory: string,
    private readonly log: Promise<void>,
  ) {}

  static async start(text = 'save ""\n'): Promise<RealRedis> {
    const directory = await Deno.makeTempDir();
    const port = freePort();
    const path = `${directory}/redis.conf`;
    await Deno.writeFile(path, fromLatin1(text));
    const command = new Deno.Command("redis-server", {
      args: [path, "--port", String(port), "--dir", directory],
      stdout: "piped",
      stderr: "null",
    });
    const child = command.spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let log = "";
    while (!log.includes("Ready to accept connections")) {
      const { value, done } = await reader.read();
      assert(!done, `redis-server didn't start: ${log}`);
      log += value;
    }
    const connection = await Deno.connect({ port });
    return new RealRedis(child, connection, directory, drain(reader));
  }

  /** What a server that can't start prints on standard error. */
  static async failedStart(text: string): Promise<string> {
    const directory = await Deno.makeTempDir();
    try {
      const path = `${directory}/redis.conf`;
      await Deno.writeFile(path, fromLatin1(text));
      const command = new Deno.Command("redis-server", { args: [path], stdout: "null" });
      const { stderr, success } = await command.output();
      assert(!success, text);
      return latin1(stderr);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }

  /** The reply: a status or error as its text without "ERR", an array as its strings. */
  async call(...args: string[]): Promise<string | string[]> {
    const words = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("");
    await this.connection.write(fromLatin1(`*${args.length}\r\n${words}`));
    let received = "";
    const buffer = new Uint8Array(65536);
    while (true) {
      const count = await this.connection.read(buffer);
      assert(count !== null, "redis-server closed the connection");
      received += latin1(buffer, 0, count);
      const reply = decode(received);
      if (reply !== null) return reply;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    this.child.kill("SIGKILL");
    await this.child.status;
    await this.log;
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

function freePort(): number {
  using listener = Deno.listen({ port: 0 });
  return listener.addr.port;
}

/** A whole reply, or null while part of it is missing. */
function decode(received: string): string | string[] | null {
  if (received[0] !== "*") {
    return received.endsWith("\r\n") ? received.slice(1, -2).replace(/^ERR /, "") : null;
  }
  let at = received.indexOf("\r\n");
  if (at < 0) return null;
  const items: string[] = [];
  const count = Number(received.slice(1, at));
  at += 2;
  for (let i = 0; i < count; i++) {
    const end = received.indexOf("\r\n", at);
    if (end < 0) return null;
    const length = Number(received.slice(at + 1, end));
    if (received.length < end + 4 + length) return null;
    items.push(received.slice(end + 2, end + 2 + length));
    at = end + 4 + length;
  }
  return items;
}
