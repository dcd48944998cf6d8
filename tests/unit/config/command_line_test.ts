import { assert, assertEquals } from "@std/assert";
import { type CommandLine, parseCommandLine } from "../../../lib/config/command_line.ts";
import { Config } from "../../../lib/config/config.ts";
import { ConfigFileError, loadConfiguration } from "../../../lib/config/config_file.ts";
import { sources } from "./refusal.ts";

/** Arguments, and what some parameters are after a start with them. */
const TAKEN: [args: string[], texts: Record<string, string>][] = [
  [[], { port: "6379" }],
  [["--port", "7000"], { port: "7000" }],
  [["--port=7000"], { port: "7000" }],
  [["--masterauth=a=b c"], { masterauth: "a=b c" }],
  [["--PORT", "7000", "--TimeOut", "8"], { port: "7000", timeout: "8" }],
  [["--timeout 8"], { timeout: "8" }],
  [["--save", ""], { save: "" }],
  [["--save="], { save: "" }],
  [["--save"], { save: "" }],
  [["--save", "--timeout", "5"], { save: "", timeout: "5" }],
  [["--save", "900 1"], { save: "900 1" }],
  [["--save", "900", "1", "60", "10"], { save: "900 1 60 10" }],
  [["--save", "900", "1", "--save", "60 10"], { save: "900 1 60 10" }],
  [["--replicaof", "127.0.0.1 1"], { replicaof: "127.0.0.1 1" }],
  [["--replicaof", "127.0.0.1", "1"], { replicaof: "127.0.0.1 1" }],
  [["--slaveof", "127.0.0.1", "1"], { replicaof: "127.0.0.1 1" }],
  [["--bind", "127.0.0.1", "::1"], { bind: "127.0.0.1 ::1" }],
  [["--bind", "127.0.0.1 ::1"], { bind: "127.0.0.1 ::1" }],
  [["--masterauth", "--foo", "--hz", "5"], { masterauth: "--foo", hz: "5" }],
  [["--masterauth", "--masterauth", "--hz", "5"], { masterauth: "--masterauth", hz: "5" }],
  [["--replicaof", "--x", "1", "--hz", "5"], { replicaof: "--x 1", hz: "5" }],
  [["--bind", "--x", "--hz", "5"], { bind: "--x", hz: "5" }],
  [["--replicaof 127.0.0.1 1", "--hz", "5"], { replicaof: "127.0.0.1 1", hz: "5" }],
  [["--SAVE", "--hz", "5"], { save: "", hz: "5" }],
  [["--masterauth", "-foo"], { masterauth: "-foo" }],
  [["--masterauth", '"a"'], { masterauth: '"a"' }],
  [["--masterauth", "x\ntimeout 9"], { masterauth: "x\ntimeout 9", timeout: "0" }],
  [["--masterauth", "é"], { masterauth: "\xc3\xa9" }],
  [["--port", "7000", "--"], { port: "7000" }],
  [["--shutdown-on-sigint", "nosave force"], { "shutdown-on-sigint": "nosave force" }],
  [["--admin-port", "no"], { "admin-port": "no" }],
];

for (const [args, texts] of TAKEN) {
  Deno.test(`${JSON.stringify(args)} on the command line is taken`, () => {
    const config = new Config();
    const result = start(args, config);
    assert(!(result instanceof ConfigFileError), JSON.stringify(result));
    for (const [name, text] of Object.entries(texts)) assertEquals(config.text(name), text);
  });
}

/** Arguments, and the line and reason that a start with them ends with; as 7.0.15 has them. */
const REFUSED: [args: string[], line: number, text: string, reason: string][] = [
  [["--port", "1", "--nosuch", "6"], 3, 'nosuch "6"', "Bad directive or wrong number of arguments"],
  [
    ["--port", "1", "--timeout", "5 6"],
    3,
    'timeout "5 6"',
    "argument couldn't be parsed into an integer",
  ],
  [["--port", "1", "--timeout", "5", "6"], 3, 'timeout "5" "6"', "wrong number of arguments"],
  [["--port", "1", "--timeout"], 3, "timeout", "wrong number of arguments"],
  [["--port", "1", "-timeout", "6"], 2, 'port "1" "-timeout" "6"', "wrong number of arguments"],
  [["--replicaof", "--x", "y"], 2, 'replicaof "--x" "y"', "Invalid master port"],
  [["--replicaof", "--hz", "x"], 2, 'replicaof "--hz" "x"', "Invalid master port"],
  [
    ["--replicaof", "127.0.0.1", "--hz", "5"],
    2,
    'replicaof "127.0.0.1"',
    "wrong number of arguments",
  ],
  [["--hz", "--port", "1"], 2, 'hz "--port" "1"', "wrong number of arguments"],
  [["--foo", "--hz"], 2, 'foo "--hz"', "Bad directive or wrong number of arguments"],
  [["-x"], 2, '"-x"', "Bad directive or wrong number of arguments"],
  [["--save", "900 1", "60 10"], 2, 'save "900 1" "60 10"', "Invalid save parameters"],
  [["--timeout", ""], 2, 'timeout ""', "argument couldn't be parsed into an integer"],
];

for (const [args, line, text, reason] of REFUSED) {
  Deno.test(`${JSON.stringify(args)} on the command line is refused`, () => {
    const result = start(args, new Config());
    assert(result instanceof ConfigFileError, "it was taken");
    assertEquals([result.directive?.line, result.directive?.text, result.reason], [
      line,
      text,
      reason,
    ]);
  });
}

Deno.test("options come after the file and hold over it, but save points add up", () => {
  const config = new Config();
  const files = { "redis.conf": "timeout 3\nsave 900 1\n" };
  const line = run(["redis.conf", "--timeout", "7", "--save", "60", "4"]);
  loadConfiguration(config, sources(files, { path: line.path, options: line.options }));
  assertEquals([config.text("timeout"), config.text("save")], ["7", "900 1 60 4"]);
});

Deno.test("a dash first or last means standard input", () => {
  assertEquals(run(["-", "--port", "1"]), {
    action: "run",
    path: null,
    stdin: true,
    options: 'port "1"',
  });
  assertEquals(run(["a.conf", "--port", "1", "-"]).stdin, true);
  const config = new Config();
  const result = loadConfiguration(config, sources({}, { stdin: "timeout 4\n" }));
  assert(!(result instanceof ConfigFileError));
  assertEquals(config.text("timeout"), "4");
});

Deno.test("help and version are asked for by the first argument", () => {
  assertEquals(run(["--help"]).action, "help");
  assertEquals(run(["-v", "x"]).action, "version");
  assertEquals(run(["--masterauth", "-h"]).action, "run");
});

Deno.test("sentinel mode is refused", () => {
  const result = parseCommandLine(["sentinel.conf", "--sentinel"]);
  assert(result instanceof ConfigFileError && result.report.includes("Sentinel mode"));
});

function run(args: string[]): CommandLine {
  const line = parseCommandLine(args);
  assert(!(line instanceof ConfigFileError), JSON.stringify(line));
  return line;
}

function start(args: string[], config: Config): unknown {
  const line = run(args);
  return loadConfiguration(config, sources({}, { path: line.path, options: line.options }));
}
