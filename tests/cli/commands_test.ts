/** `cli` with a command or piped input: output, exit codes and errors, against redis-cli. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { runCli } from "../../lib/tools/cli/cli.ts";
import { freePort } from "../support/child_server.ts";
import { needs, startRedis } from "../support/peers.ts";
import { mainPath } from "../support/server_process.ts";
import { runPeer, runTool } from "../support/tool_run.ts";

const onPosix = Deno.build.os !== "windows";

/** Stands for the port in arguments: each of the two programs has a server of its own. */
const PORT = "PORT";

needs(["redis-cli", "redis-server"], "cli does as redis-cli with the same arguments", async () => {
  await using redis = await startRedis();
  await using twin = await startRedis();
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  const script = `${directory}/script.lua`;
  Deno.writeTextFileSync(script, "return {KEYS[1],ARGV[1],ARGV[2]}");
  const port = ["-p", PORT];
  const cases: [args: string[], input?: string][] = [
    [[...port, "set", "k", "v"]],
    [[...port, "get", "k"]],
    [[...port, "rpush", "list", "a", "b", "c"]],
    [[...port, "-d", ",", "lrange", "list", "0", "-1"]],
    [[...port, "-D", ";", "-r", "2", "ping"]],
    [[...port, "-r", "2", "-i", "0.01", "incr", "n"]],
    [[...port, "--no-raw", "lrange", "list", "0", "-1"]],
    [[...port, "--json", "lrange", "list", "0", "-1"]],
    [[...port, "-3", "--no-raw", "config", "get", "maxmemory"]],
    [[...port, "--no-raw", "info", "nosuch"]],
    [[...port, "nosuch"]],
    [[...port, "-e", "nosuch"]],
    [[...port, "-n", "3", "set", "other", "v"]],
    [[...port, "-n", "99", "ping"]],
    [[...port, "-a", "wrong", "ping"]],
    [[...port, "-a", "wrong", "--no-auth-warning", "ping"]],
    [[...port, "--user", "x", "--pass", "y", "ping"]],
    [["-u", `redis://127.0.0.1:${PORT}/3`, "get", "other"]],
    [["-u", "http://x", "ping"]],
    [["-p", "1", "ping"]],
    [["-h", "no.such.invalid", "ping"]],
    [[...port, "--nosuch"]],
    [[...port, "-i"]],
    [[...port, "-x", "set", "from-input"], "a\nb"],
    [[...port, "-X", "TAG", "set", "TAG", "v"], "tagged"],
    [[...port, "get", "tagged"]],
    [[...port, "--quoted-input", "set", '"a\\x00b"', "v"]],
    [[...port, "--scan", "--pattern", "k*"]],
    [[...port, "--no-raw", "--scan", "--pattern", "a*"]],
    [[...port, "--eval", script, "k1", ",", "a", "b"]],
    [[...port, "--eval", `${directory}/nosuch.lua`]],
    [[...port, "--bigkeys"]],
    [[...port, "--hotkeys"]],
    [[...port, "--pipe"], "SET p 1\r\nINCR p\r\nINCR\r\nLPUSH p 1\r\n"],
    [[...port, "--pipe"], "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"],
    [port, 'set q 1\nget q\n\nincr\nget "x\n3 incr q\nselect 3\nget other\nexit\nping\n'],
    [port, "multi\nset q 1\nexec\nmulti\ndiscard\n:nosuch\nrestart\n"],
    [port, "clear\nping\n"],
    [port, "connect 127.0.0.1 1\nping\n"],
  ];
  for (const [args, input] of cases) {
    // In which order keys are met depends on the server's own secret.
    const peer = args.includes("--bigkeys") ? redis : twin;
    const at = (port: number) => args.map((arg) => arg.replace(PORT, String(port)));
    const expected = await runPeer("redis-cli", at(peer.port), input);
    const actual = await runTool(runCli, at(redis.port), { input: input ?? "" });
    assertEquals(actual, expected, args.join(" "));
  }
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("cli talks to our server", async () => {
  await using server = await startServer();
  const port = ["-p", String(server.port)];
  const run = async (...args: string[]) => (await runTool(runCli, [...port, ...args])).out;
  assertEquals(await run("HSET", "h", "a", "1", "b", "2"), "2\n");
  assertEquals(await run("--json", "HGETALL", "h"), '{"a":"1","b":"2"}\n');
  assertEquals(await run("--no-raw", "HGETALL", "h"), '1) "a"\n2) "1"\n3) "b"\n4) "2"\n');
  assertEquals(await run("--scan", "--type", "hash", "--count", "5"), "h\n");
  assertStringIncludes(await run("--bigkeys"), `Biggest   hash found '"h"' has 2 fields`);
  assertMatch(await run("--memkeys"), /Biggest {3}hash found '"h"' has \d+ bytes/);
  assertMatch(
    await run("--stat", "-i", "0.01", "-r", "2"),
    /^-.*\nkeys .*\n1 .*\(\+0\).*\n1 .*\(\+1\)/,
  );
  assertMatch(await run("--latency", "-i", "0.02"), /^\d+ \d+ \d+\.\d\d \d+\n$/);
});

Deno.test("the password may come from the environment", async () => {
  await using server = await startServer({ directives: { requirepass: "secret" } });
  const args = ["-p", String(server.port), "PING"];
  const variables = { REDISCLI_AUTH: "secret" };
  assertEquals(await runTool(runCli, args, { variables }), { code: 0, out: "PONG\n", err: "" });
  assertStringIncludes((await runTool(runCli, args)).out, "NOAUTH");
});

Deno.test("--pipe takes more than a connection's buffers hold, and counts the replies", async () => {
  await using server = await startServer();
  const input = "ECHO 0123456789012345678901234567890123456789\r\n".repeat(60_000);
  const done = await runTool(runCli, ["-p", String(server.port), "--pipe"], { input });
  assertEquals(done.code, 0);
  assertStringIncludes(done.out, "errors: 0, replies: 60000\n");
});

Deno.test("--help and wrong options are answered by the program without a server", async () => {
  const program = async (...args: string[]) => {
    return await runPeer(Deno.execPath(), ["run", "-A", mainPath, ...args]);
  };
  const help = await program("cli", "--help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "--bigkeys");
  const port = freePort();
  const refused = await program("cli", "-p", String(port), "PING");
  assertEquals(refused, {
    code: 1,
    out: "",
    err: `Could not connect to Redis at 127.0.0.1:${port}: Connection refused\n`,
  });
});

Deno.test({
  name: "each option that --help names is one that cli takes",
  ignore: !onPosix,
  async fn() {
    const { out } = await runTool(runCli, ["--help"]);
    const named = [...out.matchAll(/^ {2}(-[^ ].*?) {2,}|^ {2}(--[a-z-]+(?:, --[a-z-]+)*)$/gm)]
      .flatMap((match) => [...(match[1] ?? match[2]).matchAll(/(?:^|, )(--?[A-Za-z0-9-]+)/g)])
      .map((match) => match[1]);
    assertEquals(named.length > 30, true, named.join(" "));
    for (const name of new Set(named)) {
      // The last argument of an unknown option is what the message says; "-p 1" refuses at once.
      const { err } = await runTool(runCli, [name, "1", "-p", "1", "-r", "1", "ping"], {
        input: "\n",
      });
      assertEquals(err.includes("Unrecognized"), false, `${name}: ${err}`);
    }
  },
});
