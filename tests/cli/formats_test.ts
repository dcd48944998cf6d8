/** Replies of every kind in every format, against redis-cli; lines are split as it splits them. */

import { assertEquals } from "@std/assert";
import { runCli } from "../../lib/tools/cli/cli.ts";
import { splitArguments } from "../../lib/tools/cli/argument_splitting.ts";
import { needs, startRedis } from "../support/peers.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import { binaryText, runPeer, runTool } from "../support/tool_run.ts";

/** One for each request that asks for its number. */
const REPLIES = [
  "+OK\r\n",
  "-ERR bad\r\n",
  ":-5\r\n",
  "$-1\r\n",
  '$4\r\na"b\n\r\n',
  "*0\r\n",
  "*-1\r\n",
  "*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n",
  "%2\r\n$1\r\na\r\n:1\r\n+k\r\n*2\r\n:1\r\n:2\r\n",
  "%1\r\n*1\r\n:1\r\n%0\r\n",
  "%1\r\n+a\r\n*1\r\n*2\r\n:1\r\n:2\r\n",
  "%1\r\n+a\r\n%1\r\n+b\r\n*1\r\n~1\r\n:1\r\n",
  "%1\r\n+a\r\n=7\r\ntxt:a\nb\r\n",
  "~2\r\n:1\r\n:2\r\n",
  "~0\r\n",
  "_\r\n",
  "#t\r\n",
  ",3.25\r\n",
  ",-inf\r\n",
  '=8\r\ntxt:a"b\n\r\n',
  "%2\r\n:1\r\n_\r\n,1.5\r\n#f\r\n",
  "*3\r\n*2\r\n%1\r\n+a\r\n:3\r\n:3\r\n-ERR in\r\n#t\r\n",
  "$4\r\nÃ©\x01\x7f\r\n",
  "$6\r\n\x08\t\r\n\\/\r\n",
  `*12\r\n${":1\r\n".repeat(9)}*1\r\n:1\r\n%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n:7\r\n`,
];

/** redis-cli leaves a quote half escaped in --quoted-json, which is then no JSON. */
const NO_JSON_OF_PEER = new Set([4, 19]);

needs("redis-cli", "cli prints each kind of reply as redis-cli does, in each format", async () => {
  await using server = new ScriptedServer((request) => {
    const number = /\r\nshow\r\n\$\d+\r\n(\d+)\r\n/.exec(request);
    if (number !== null) return REPLIES[Number(number[1])];
    return request.includes("HELLO") ? "%0\r\n" : "+OK\r\n";
  });
  const port = ["-p", String(server.port)];
  for (const style of ["--no-raw", "--raw", "--csv", "--json", "--quoted-json"]) {
    const lines = REPLIES.map((_, index) => `show ${index}`);
    const shown = style === "--quoted-json"
      ? lines.filter((_, index) => !NO_JSON_OF_PEER.has(index))
      : lines;
    const input = shown.join("\n") + "\n";
    const expected = await runPeer("redis-cli", [...port, style], input);
    assertEquals(await runTool(runCli, [...port, style], { input }), expected, style);
  }
});

Deno.test("quoted JSON is JSON, and gives back the quoted form", async () => {
  await using server = new ScriptedServer((request) => {
    return request.includes("HELLO") ? "%0\r\n" : '$5\r\na"\\\x00\xff\r\n';
  });
  const { out } = await runTool(runCli, ["-p", String(server.port), "--quoted-json", "GET", "k"]);
  assertEquals(JSON.parse(out), 'a\\"\\\\\\x00\\xff');
});

const LINES = [
  "echo word",
  '  echo\t"a b"  ',
  'echo "\\x41\\n\\r\\t\\b\\a\\q\\"\\\\"',
  "echo 'it\\'s \\n \"so\"'",
  'echo a"b c"',
  "echo a'b'",
  'echo "" ',
  "echo \\x41",
  'echo "\\xzz"',
  "echo é",
  'echo "open',
  "echo 'open",
  'echo "a"b',
  "echo 'a'b",
  'echo "a\\',
];

needs(["redis-cli", "redis-server"], "lines are split as redis-cli splits them", async () => {
  await using redis = await startRedis();
  const args = ["-p", String(redis.port), "--no-raw"];
  const input = LINES.join("\n") + "\n";
  const expected = await runPeer("redis-cli", args, input);
  assertEquals(await runTool(runCli, args, { input }), expected);
});

Deno.test("lines are split at blanks outside quotes", () => {
  const split = (line: string) => splitArguments(line)?.map(binaryText) ?? null;
  assertEquals(split(`set k "a b" 'c d' e\\`), ["set", "k", "a b", "c d", "e\\"]);
  assertEquals(split('"\\x00\\xfF"'), ["\x00\xff"]);
  assertEquals(split(""), []);
  assertEquals(split('a "b'), null);
  assertEquals(split("'a'b"), null);
});
