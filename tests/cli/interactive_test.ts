/** `cli` as it is typed at: editing, history, completion, hints, transactions, views, a lost server. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { StartError, startServer } from "../../lib/mod.ts";
import { runCli } from "../../lib/tools/cli/cli.ts";
import { CommandGuide } from "../../lib/tools/cli/command_help.ts";
import { settle } from "../support/local_server.ts";
import { connect } from "../support/resp_client.ts";
import { freePort } from "../support/child_server.ts";
import { mainPath } from "../support/server_process.ts";
import { RunningTool } from "../support/tool_run.ts";

const UP = "\x1b[A";
const LEFT = "\x1b[D";
const CTRL_A = "\x01";
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_K = "\x0b";
const CTRL_R = "\x12";
const CTRL_U = "\x15";
const CTRL_W = "\x17";

/** The prompt at the end: the line is run and the next one can be typed. */
const prompt = /> [^\n]*$/;

const interrupted = /\^C\r\n[^]*> /;

async function dialogue(port: number, variables: Record<string, string> = {}) {
  const tool = new RunningTool(runCli, ["-p", String(port)], { terminal: true, variables });
  await tool.until(prompt);
  return tool;
}

async function leave(tool: RunningTool): Promise<void> {
  tool.console.type(CTRL_D);
  assertEquals(await tool.exit, 0);
  assertEquals(tool.console.raw, false);
}

Deno.test("lines are run and replies shown for people, the prompt shows database and transaction", async () => {
  await using server = await startServer();
  const tool = await dialogue(server.port);
  const start = `127.0.0.1:${server.port}`;
  assertStringIncludes(tool.out, `${start}> `);
  await tool.type('set k "a b"\r', /OK\n[^]*> /);
  await tool.type("get k\r", /"a b"\n[^]*> /);
  await tool.type("select 2\r", /OK\n[^]*\[2\]> /);
  await tool.type("multi\r", /OK\n[^]*\[2\]\(TX\)> /);
  await tool.type("incr n\r", /QUEUED\n/);
  await tool.type("exec\r", /1\) \(integer\) 1\n[^]*\[2\]> /);
  await tool.type("nosuch\r", /\(error\) ERR unknown command/);
  await tool.type('get "x\r', /Invalid argument\(s\)\n/);
  await tool.type("3 incr n\r", /\(integer\) 2\n\(integer\) 3\n\(integer\) 4\n/);
  tool.console.type("quit\r");
  assertEquals(await tool.exit, 0);
});

Deno.test("keys edit the line", async () => {
  await using server = await startServer();
  const tool = await dialogue(server.port);
  await tool.type(`cho hello${CTRL_A}e\r`, /"hello"\n/);
  await tool.type(`echo abd${LEFT}c\r`, /"abcd"\n/);
  await tool.type(`echo abxx\x7f\x7fc\r`, /"abc"\n/);
  await tool.type(`rubbish${CTRL_U}echo one\r`, /"one"\n/);
  await tool.type(`echo two rest${LEFT.repeat(5)}${CTRL_K}\r`, /"two"\n/);
  await tool.type(`echo three four${CTRL_W}\r`, /"three"\n/);
  await tool.type(`echo é漢x${LEFT}${LEFT}\x1b[3~\r`, /"\\xc3\\xa9x"\n/);
  await tool.type(`echo gone${CTRL_C}`, prompt);
  await tool.type("echo pasted\recho again\r", /"pasted"\n[^]*"again"\n/);
  await leave(tool);
});

Deno.test("earlier lines come back by arrows and by search, and in the next session", async () => {
  await using server = await startServer();
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  const variables = { REDISCLI_HISTFILE: `${directory}/history` };
  const first = await dialogue(server.port, variables);
  await first.type("echo oldest\r", /"oldest"\n/);
  await first.type("auth hidden\r", /\(error\)/);
  await first.type("echo newest\r", /"newest"\n/);
  await first.type(`${UP}${UP}\r`, /"oldest"\n/);
  await leave(first);
  const kept = Deno.readTextFileSync(variables.REDISCLI_HISTFILE);
  assertEquals(kept, "echo oldest\necho newest\necho oldest\n");
  const second = await dialogue(server.port, variables);
  await second.type(`${CTRL_R}newe\r`, /"newest"\n/);
  await second.type(`${CTRL_R}echo${CTRL_R}${CTRL_R}`, /i-search/);
  await second.type("\r", /"oldest"\n|"newest"\n/);
  await leave(second);
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("hints and completions come from the server's own command table", async () => {
  await using server = await startServer();
  const tool = await dialogue(server.port);
  await tool.type("expire ", /\[2mkey seconds/);
  await tool.type("k ", /\[2mseconds/);
  await tool.type(`${CTRL_U}config g\t`, /config get/);
  await tool.type(`${CTRL_U}:set nohints\r`, prompt);
  const quiet = await tool.type("expire ", /expire /);
  assertEquals(quiet.includes("seconds"), false);
  await tool.type(`${CTRL_U}help getdel\r`, /GETDEL[^]*summary:/);
  await tool.type("help @list\r", /LPUSH[^]*RPUSH/);
  await tool.type("help nosuchthing\r", /Nothing is known/);
  await leave(tool);
});

Deno.test("Ctrl+C leaves MONITOR, SUBSCRIBE and a command that waits, and the session goes on", async () => {
  await using server = await startServer();
  const tool = await dialogue(server.port);
  await using other = await connect(server.port);
  await tool.type("monitor\r", /OK\n/);
  await other.send("SET", "seen", "1");
  await tool.until(/"SET" "seen" "1"\n/);
  await tool.type(CTRL_C, interrupted);
  await tool.type("ping\r", /PONG\n/);
  await tool.type("subscribe ch\r", /Reading messages[^]*3\) \(integer\) 1\n/);
  await other.send("PUBLISH", "ch", "hi");
  await tool.until(/"message"\n2\) "ch"\n3\) "hi"\n/);
  await tool.type(CTRL_C, interrupted);
  await tool.type("client pause 100000 write\r", /OK\n[^]*> /);
  await tool.type("set k v\r", /set k v[^\n]*\r\n/);
  await tool.type(CTRL_C, interrupted);
  // Typed ahead, it ends the command before it.
  await tool.type(`set k v\r${CTRL_C}`, interrupted);
  await other.send("CLIENT", "UNPAUSE");
  await tool.type("ping\r", /PONG\n/);
  await leave(tool);
});

Deno.test("pushes of RESP3 subscriptions are shown", async () => {
  await using server = await startServer();
  const tool = await dialogue(server.port);
  await using other = await connect(server.port);
  await tool.type("hello 3\r", /1# "server"/);
  await tool.type("subscribe ch\r", /"subscribe"\n2\) "ch"/);
  await other.send("PUBLISH", "ch", "hi");
  await tool.until(/"message"\n2\) "ch"\n3\) "hi"\n/);
  await tool.type(CTRL_C, interrupted);
  await leave(tool);
});

Deno.test("a server that is gone is told by the prompt, and found again when it is back", async () => {
  const port = freePort();
  let server = await startServer({ port });
  const tool = await dialogue(port);
  await server[Symbol.asyncDispose]();
  await tool.type("ping\r", /not connected> /);
  assertStringIncludes(tool.err, `Could not connect to Redis at 127.0.0.1:${port}`);
  server = await startAgain(port);
  await tool.type("ping\r", /PONG\n[^]*127\.0\.0\.1:\d+> /);
  // Lost between two commands: nobody notices.
  await server[Symbol.asyncDispose]();
  server = await startAgain(port);
  await tool.type("echo still\r", /"still"\n/);
  await leave(tool);
  await server[Symbol.asyncDispose]();
});

/** The system lets go of a port a moment after it was closed. */
async function startAgain(port: number) {
  for (let attempt = 1;; attempt++) {
    try {
      return await startServer({ port });
    } catch (error) {
      if (!(error instanceof StartError) || attempt === 100) throw error;
      await settle();
    }
  }
}

Deno.test("hints go on behind what is given, and repeat what may be repeated", async () => {
  await using server = await startServer();
  await using client = await connect(server.port);
  const guide = CommandGuide.read(await client.send("COMMAND", "DOCS"));
  assertEquals(guide.hint("get"), " key");
  assertEquals(guide.hint("get "), "key");
  assertEquals(guide.hint("get k"), "");
  assertEquals(guide.hint("del a b "), "key [key ...]");
  assertEquals(guide.hint("config get "), "parameter [parameter ...]");
  assertStringIncludes(guide.hint("set k v "), "[NX|XX]");
  assertEquals(guide.hint("nosuch "), "");
  assertEquals(guide.completions("getd"), ["getdel"]);
  assertEquals(guide.completions("HELP @str"), ["HELP @stream", "HELP @string"]);
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: "cli works in a terminal: it draws the line, keeps raw mode to itself, and ends by Ctrl+D",
  // The program of that name gives a process a terminal.
  ignore: Deno.build.os !== "linux" || !isThere("/usr/bin/script"),
  async fn() {
    await using server = await startServer();
    const cli = `'${Deno.execPath()}' run -A '${mainPath}' cli -p ${server.port}`;
    const child = new Deno.Command("/usr/bin/script", {
      args: ["-qefc", `${cli}; echo "code $?"; stty -a | grep -o '[-]*icanon'`, "/dev/null"],
      env: { REDISCLI_HISTFILE: "/dev/null" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    const encoder = new TextEncoder();
    // What is typed once the terminal shows the text before it.
    const steps: [seen: string, keys: string][] = [
      [`${server.port}> `, `et k 1${CTRL_A}s\r`],
      ["OK\r\n", `get k\r`],
      ['"1"\r\n', CTRL_D],
    ];
    const decoder = new TextDecoder();
    let text = "";
    let from = 0;
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const step = steps[0];
      if (step === undefined || !text.slice(from).includes(step[0])) continue;
      from = text.length;
      steps.shift();
      await writer.write(encoder.encode(step[1]));
    }
    writer.close().catch(() => {});
    await child.status;
    assertEquals(steps.length, 0, text);
    assertStringIncludes(text, "code 0\r\n");
    assert(/(^|\n)icanon/.test(text), text);
  },
});
