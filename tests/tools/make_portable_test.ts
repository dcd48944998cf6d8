/**
 * The portable form for Windows, made here and run by this machine's own Deno with the options of
 * `redino.cmd`: that the bundle finds all that it needs beside itself.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort, startChildServer } from "../support/child_server.ts";
import { connect } from "../support/resp_client.ts";
import { runPeer } from "../support/tool_run.ts";
import { RUN_OPTIONS, writeProgram } from "./make_portable.ts";

Deno.test("the portable form serves, scripts, shows its pages and has its tools", async (test) => {
  const home = Deno.makeTempDirSync({ prefix: "redino portable " });
  try {
    const folder = `${home}/with blanks`;
    await writeProgram(folder);
    await test.step("a server", () => serves(folder));
    await test.step("tools", () => hasTools(folder, `${home}/data`));
    await test.step("nothing of this machine", () => namesNoPlace(folder));
    await test.step("the file that starts it", () => startsByName(folder));
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

async function serves(folder: string): Promise<void> {
  const data = `${folder}/../data`;
  Deno.mkdirSync(data);
  const adminPort = freePort();
  await using server = await startChildServer({
    program: Deno.execPath(),
    args: (port) => [
      ...programArgs(folder),
      ...["--port", String(port), "--dir", data, "--save", "", "--admin-port", String(adminPort)],
    ],
    directory: data,
  });
  await using client = await connect(server.port);
  assertEquals(await client.send("PING"), { kind: "simple", text: "PONG" });
  const set = await client.send("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", 1, "k", "v");
  assertEquals(set, { kind: "simple", text: "OK" });
  const page = await fetch(`http://127.0.0.1:${adminPort}/`);
  assertEquals(page.status, 200);
  const [, script] = /<script[^>]* src="([^"]+)"/.exec(await page.text()) ?? [];
  const file = await fetch(new URL(script, page.url));
  assertEquals(file.status, 200, script);
  assertStringIncludes(await file.text(), "document");
  const told = await runProgram(folder, "cli", "-p", String(server.port), "GET", "k");
  assertEquals(told, { code: 0, out: "v\n", err: "" });
  assertEquals(await client.send("SAVE"), { kind: "simple", text: "OK" });
  // Windows ends a process by other means, which the tests of signals know.
  if (Deno.build.os !== "windows") assertEquals((await server.stop("SIGINT")).code, 0);
}

async function hasTools(folder: string, data: string): Promise<void> {
  const checked = await runProgram(folder, "check-rdb", `${data}/dump.rdb`);
  assertEquals([checked.code, checked.err], [0, ""]);
  assertMatch(checked.out, /RDB looks OK/);
  const listed = await runProgram(folder, "rdb", `${data}/dump.rdb`, "--json");
  assertStringIncludes(listed.out, '"k"');
  assertMatch((await runProgram(folder, "--version")).out, /^Redino server v=\d/);
}

function namesNoPlace(folder: string): void {
  const code = Deno.readTextFileSync(`${folder}/redino.js`);
  const outside = [...code.matchAll(/^import .*["'](.+)["'];?$/gm)].map((match) => match[1]);
  assertEquals(outside.filter((name) => !name.startsWith("node:")), []);
  // Without the text, which would be the whole program in the message of a failure.
  assert(code.includes("\n// npm: hono/"), "modules of packages are named");
  assert(!/\/npm\/\S+\/hono\//.test(code), "not by their place on this machine");
  assert(!code.includes('"wasmoon-lua5.1'), "Lua is beside the script");
}

function startsByName(folder: string): void {
  const text = Deno.readTextFileSync(`${folder}/redino.cmd`);
  assert(text.split("\n").slice(0, -1).every((line) => line.endsWith("\r")), "ends of lines");
  const started = text.split("\r\n").filter((line) => line.includes("deno.exe"));
  assertEquals(started.length, 1);
  assertMatch(
    started[0],
    / 2>nul \|\| .* & "%folder%deno\.exe" run -A .*"%folder%redino\.js" %\*$/,
  );
  for (const [, name] of started[0].matchAll(/%folder%([^"]+)"/g)) {
    assert(name === "deno.exe" || Deno.statSync(`${folder}/${name}`).isFile, name);
  }
}

function runProgram(folder: string, ...args: string[]) {
  return runPeer(Deno.execPath(), [...programArgs(folder), ...args]);
}

function programArgs(folder: string): string[] {
  return [...RUN_OPTIONS, `--env-file=${folder}/redino.env`, `${folder}/redino.js`];
}
