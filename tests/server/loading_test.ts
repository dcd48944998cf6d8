/** A server that begins with an RDB file: what clients hear meanwhile, and how a bad file ends it. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { startServer } from "../../lib/mod.ts";
import { StartError } from "../../lib/server/server.ts";
import { RdbFileBuilder } from "../support/rdb_file.ts";
import { connect, encodeCommand, show } from "../support/resp_client.ts";
import { freePort, mainPath, startServerProcess } from "../support/server_process.ts";

const LARGE = 300_000;

function manyKeys(count: number): Uint8Array {
  const file = new RdbFileBuilder().aux("redis-ver", "7.0.15").resize(count, 0);
  for (let i = 0; i < count; i++) file.string(`key:${i}`, `value:${i}`);
  return file.end();
}

let large: Uint8Array | null = null;

/** A file that takes long enough to load to see it happen; made once. */
function largeFile(): Uint8Array {
  return large ??= manyKeys(LARGE);
}

function directoryWith(bytes: Uint8Array, name = "dump.rdb"): string {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  Deno.writeFileSync(`${directory}/${name}`, bytes);
  return directory;
}

Deno.test("a server begins with what --dir and --dbfilename name", async () => {
  const directory = directoryWith(new RdbFileBuilder().string("k", "v").end(), "data.rdb");
  try {
    await using server = await startServerProcess({
      directory,
      args: ["--dbfilename", "data.rdb"],
    });
    await using client = await connect(server.port);
    const reply = await client.send("GET", "k");
    assertEquals(reply.kind === "bulk" ? latin1(reply.bytes!) : reply.kind, "v");
    const order = [/Server initialized/, /Done loading RDB/, /DB loaded from disk: \d/, /Ready to/];
    const places = order.map((line) => server.lines.findIndex((text) => line.test(text)));
    assertEquals(places, [...places].sort((a, b) => a - b));
    assert(places[0] >= 0, server.lines.join("\n"));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("clients are told that data is loaded, and served as soon as it is", async () => {
  const directory = directoryWith(largeFile());
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", mainPath, "--port", String(port), "--dir", directory, "--save", ""]
      .concat("--admin-port", "no"),
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const client = await firstConnection(port);
    let refused = 0;
    for (;;) {
      const [get, ping, info] = await client.pipeline([["GET", "key:7"], ["PING"], [
        "INFO",
        "persistence",
      ]]);
      if (get.kind === "bulk") {
        assertEquals(latin1(get.bytes!), "value:7");
        break;
      }
      assert(get.kind === "error", get.kind);
      assertEquals(get.text, "LOADING Redis is loading the dataset in memory");
      assertEquals(ping.kind, "error");
      if (info.kind === "bulk" && latin1(info.bytes!).includes("loading:1")) {
        assertMatch(latin1(info.bytes!), /loading_loaded_perc:\d+\.\d\d\r/);
        refused++;
      }
    }
    assert(refused > 0, "no client was refused");
    const size = await client.send("DBSIZE");
    assertEquals(size.kind === "integer" ? size.value : size.kind, LARGE);
    client.close();
  } finally {
    child.kill("SIGTERM");
    await child.status;
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a slow script in an append-only file lets others hear that data are loaded", async () => {
  const slow = "redis.call('SET', KEYS[1], 'y') for i = 1, 700000 do redis.call('PING') end " +
    "return redis.call('INCR', 'scripts')";
  const file = [
    ["SELECT", "0"],
    ["EVAL", slow, "1", "x"],
    ["INCR", "n"],
    ["MULTI"],
    ["EVAL", slow, "1", "y"],
    ["EVAL", slow, "1", "z"],
    ["INCR", "n"],
    ["EXEC"],
    ["INCR", "n"],
  ].map((words) => latin1(encodeCommand(words))).join("");
  const directory = directoryWith(fromLatin1(file), "appendonly.aof");
  try {
    await using server = await startServerProcess({
      directory,
      args: ["--appendonly", "yes", "--busy-reply-threshold", "1"],
      ready: /Slow script detected/,
    });
    await using client = await connect(server.port);
    const loading = "(error) LOADING Redis is loading the dataset in memory";
    assertEquals(show(await client.send("SCRIPT", "KILL")), loading);
    let refused = 0;
    while (show(await client.send("PING")) === loading) refused++;
    assert(refused > 5, `${refused}`);
    assertEquals(show(await client.send("MGET", "x", "z", "scripts", "n")).split("\n"), [
      '1) "y"',
      '2) "y"',
      '3) "3"',
      '4) "3"',
    ]);
    assertEquals(server.lines.filter((line) => line.includes("Slow script detected")).length, 3);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a file that can't be loaded ends the server with 1, and stays as it is", async () => {
  const whole = manyKeys(100);
  for (const bytes of [whole.subarray(0, whole.length - 30), new Uint8Array(0)]) {
    const directory = directoryWith(bytes);
    try {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", mainPath, "--port", String(freePort()), "--dir", directory]
          .concat("--admin-port", "no", "--save", "3600", "1"),
      }).output();
      const log = new TextDecoder().decode(stdout);
      assertEquals(code, 1, log);
      assertStringIncludes(log, "Short read or OOM loading DB. Unrecoverable error, aborting now.");
      assertMatch(log, /RDB at byte \d+ of \d+/);
      assertMatch(log, /Terminating server after rdb file reading failure\.\n$/);
      assertEquals(Deno.readFileSync(`${directory}/dump.rdb`), bytes);
      assertEquals([...Deno.readDirSync(directory)].length, 1);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  }
});

Deno.test("the log ends with what is wrong with a file, as redis-server's does", async () => {
  const corrupt = manyKeys(3);
  corrupt.set(new TextEncoder().encode("foobar00"), corrupt.length - 8);
  const set = "*3\r\n$3\r\nset\r\n$3\r\nfoo\r\n$3\r\nbar\r\n";
  const cases: [string, string | Uint8Array, RegExp][] = [
    [
      "dump.rdb",
      corrupt,
      /RDB CRC error.*\n.*Terminating server after rdb file reading failure\.$/,
    ],
    ["appendonly.aof", `${set}!!!${set}`, /# Bad file format reading the append only file [^\n]*$/],
    ["appendonly.aof", set.slice(0, -1), /# Unexpected end of file reading the append [^\n]*$/],
    ["appendonly.aof", "*1\r\n$3\r\nFOO\r\n", /# Unknown command 'FOO' reading the [^\n]*$/],
  ];
  for (const [name, content, expected] of cases) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const directory = directoryWith(bytes, name);
    try {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", mainPath, "--port", String(freePort()), "--dir", directory]
          .concat("--appendonly", name === "dump.rdb" ? "no" : "yes")
          .concat("--aof-load-truncated", "no", "--admin-port", "no")
          .concat("--pidfile", `${directory}/pid`)
          // Windows has no Unix sockets here.
          .concat(Deno.build.os === "windows" ? [] : ["--unixsocket", `${directory}/socket`]),
      }).output();
      assertEquals(code, 1);
      assertMatch(new TextDecoder().decode(stdout).trimEnd(), expected);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  }
});

Deno.test("a server that is stopped while it loads leaves the file as it is", async () => {
  const bytes = largeFile();
  const directory = directoryWith(bytes);
  const port = freePort();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", mainPath, "--port", String(port), "--dir", directory]
      .concat("--admin-port", "no", "--save", "3600 1"),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const client = await firstConnection(port);
    const reply = await client.send("GET", "key:1");
    assertEquals(reply.kind, "error");
    child.kill("SIGTERM");
    const { code, stdout } = await child.output();
    // On Windows a signal from another process is an end without a word.
    assertEquals(code, Deno.build.os === "windows" ? 1 : 0);
    assert(!new TextDecoder().decode(stdout).includes("Ready to accept"));
    assertEquals(Deno.readFileSync(`${directory}/dump.rdb`).length, bytes.length);
    client.close();
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a server in a program begins with data only where a directive says where they lie", async () => {
  const directory = directoryWith(new RdbFileBuilder().string("k", "v").end());
  try {
    await using server = await startServer({ directives: { dir: directory } });
    assertEquals(server.engine.context.store.keyCount, 1);
    await using without = await startServer({ directives: { dbfilename: "other.rdb" } });
    assertEquals(without.engine.context.store.keyCount, 0);
    Deno.writeTextFileSync(`${directory}/dump.rdb`, "garbage of some length");
    await assertRejects(
      () => startServer({ directives: { dir: directory } }),
      StartError,
      "RDB at byte",
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("DEBUG RELOAD takes the data through the file and back", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  try {
    await using server = await startServer({
      directives: { dir: directory, "enable-debug-command": "yes" },
    });
    await using client = await connect(server.port);
    const ask = async (...words: string[]): Promise<string> => {
      const reply = await client.send(...words);
      if (reply.kind === "bulk") return latin1(reply.bytes ?? new Uint8Array(0));
      if (reply.kind === "integer") return String(reply.value);
      return reply.kind === "simple" || reply.kind === "error" ? reply.text : reply.kind;
    };
    await client.send("SET", "k", "v", "EX", "1000");
    await client.send("RPUSH", "l", "a", "b");
    const digest = await ask("DEBUG", "DIGEST");
    assertEquals(await ask("DEBUG", "RELOAD"), "OK");
    assertEquals(await ask("DEBUG", "DIGEST"), digest);
    await client.send("SET", "k", "changed");
    await client.send("SET", "other", "x");
    assertMatch(await ask("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH"), /^ERR Error trying to load/);
    assertEquals(await ask("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"), "OK");
    assertEquals([await ask("GET", "k"), await ask("GET", "other")], ["v", "x"]);
    assertEquals(await ask("DEBUG", "RELOAD", "NOSAVE"), "OK");
    assertEquals([await ask("DBSIZE"), await ask("DEBUG", "DIGEST")], ["2", digest]);
    const library = "#!lua name=lib\nredis.register_function('f', function() end)";
    await client.send("FUNCTION", "LOAD", library);
    await client.send("FLUSHALL");
    assertEquals(await ask("DEBUG", "RELOAD"), "OK");
    assertMatch(await ask("DEBUG", "RELOAD", "NOFLUSH"), /^ERR Error trying to load/);
    assertEquals(await ask("DEBUG", "RELOAD", "NOFLUSH", "MERGE"), "OK");
    assertMatch(await ask("DEBUG", "RELOAD", "WHAT"), /only supports the MERGE, NOFLUSH/);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

/** A connection to a server that is about to listen. */
async function firstConnection(port: number) {
  for (;;) {
    try {
      return await connect(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
