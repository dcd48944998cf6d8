/** `benchmark` as a whole, with small loads: what the server really got, and what is printed. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { runBenchmark } from "../../lib/tools/benchmark/benchmark.ts";
import { freePort } from "../support/child_server.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { RunningTool, runPeer, runTool } from "../support/tool_run.ts";

/** Calls of each command that the server has counted. */
async function callsOf(port: number): Promise<Map<string, number>> {
  await using client = await connect(port);
  const info = await client.send("INFO", "commandstats");
  const calls = new Map<string, number>();
  const text = info.kind === "bulk" && info.bytes !== null
    ? new TextDecoder().decode(info.bytes)
    : info.kind === "verbatim"
    ? new TextDecoder().decode(info.bytes)
    : "";
  for (const [, name, count] of text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)) {
    calls.set(name, Number(count));
  }
  return calls;
}

Deno.test("all tests run with the requests asked for, on random keys", async () => {
  await using server = await startServer();
  const args = ["-p", String(server.port), "-n", "100", "-c", "5", "-r", "50", "-q", "--seed", "7"];
  const { code, out, err } = await runTool(runBenchmark, args);
  assertEquals([code, err], [0, ""]);
  const titles = [
    ...out.matchAll(/([A-Z][^\r\n]*?): [\d.]+ requests per second, p50=[\d.]+ msec\n/g),
  ];
  assertEquals(titles.map(([, title]) => title.split(" ")[0]), [
    ...["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP"],
    ...["SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", "LPUSH"],
    ...["LRANGE_100", "LRANGE_300", "LRANGE_500", "LRANGE_600", "MSET"],
  ]);
  const calls = await callsOf(server.port);
  assertEquals(
    ["ping", "set", "get", "lpush", "lrange", "mset"].map((name) => calls.get(name)),
    [200, 100, 100, 200, 400, 100],
  );
  await using client = await connect(server.port);
  const keys = await client.send("DBSIZE");
  assert(keys.kind === "integer" && keys.value > 60 && keys.value <= 105, JSON.stringify(keys));
});

Deno.test("pipelines send whole batches, and connections are logged in and in their database", async () => {
  await using server = await startServer({ directives: { requirepass: "secret" } });
  const { code, out, err } = await runTool(runBenchmark, [
    ...["-p", String(server.port), "-a", "secret", "--dbnum", "3", "-3", "-t", "set"],
    ...["-n", "100", "-c", "3", "-P", "16", "-r", "1000", "-d", "20", "--csv"],
  ]);
  assertEquals([code, err], [0, ""]);
  const [header, line] = out.trim().split("\n");
  assertEquals(header.split(",").length, 8);
  assertMatch(line, /^"SET"(,"\d+\.\d\d")(,"\d+\.\d{3}"){6}$/);
  await using client = await connect(server.port);
  await client.send("AUTH", "secret");
  await client.send("SELECT", 3);
  const key = await client.send("RANDOMKEY");
  assert(key.kind === "bulk" && key.bytes !== null && key.bytes.length === 16);
  assertEquals(await client.send("STRLEN", key.bytes), { kind: "integer", value: 20 });
});

Deno.test("-k 0 takes a new connection for each request", async () => {
  await using server = await startServer();
  await runTool(runBenchmark, [
    ...["-p", String(server.port), "-t", "ping_mbulk", "-n", "40", "-c", "4", "-k", "0", "-q"],
  ]);
  await using client = await connect(server.port);
  const stats = await client.send("INFO", "stats");
  assert(stats.kind === "bulk" && stats.bytes !== null);
  const text = new TextDecoder().decode(stats.bytes);
  const connections = Number(/total_connections_received:(\d+)/.exec(text)?.[1]);
  assert(connections >= 40, text);
});

Deno.test("a command of one's own, its last argument from standard input", async () => {
  await using server = await startServer();
  const { out } = await runTool(runBenchmark, [
    ...["-p", String(server.port), "-n", "20", "-c", "2", "-x", "set", "mine"],
  ], { input: "body" });
  assertStringIncludes(out, "====== set mine ======\n  20 requests completed in ");
  await using client = await connect(server.port);
  assertEquals(await client.send("GET", "mine"), {
    kind: "bulk",
    bytes: new TextEncoder().encode("body"),
  });
});

Deno.test("while a test runs, its progress is told, and taken off the screen", async () => {
  await using server = await startServer();
  const args = ["-p", String(server.port), "-t", "ping_mbulk", "-l", "-q", "-n", "1000000000"];
  const tool = new RunningTool(runBenchmark, args);
  await tool.until(
    /\rPING_MBULK: rps=[\d.]+ \(overall: [\d.]+\) avg_msec=[\d.]+ \(overall: [\d.]+\)/,
  );
  await using client = await connect(server.port);
  await client.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  assertEquals(await tool.exit, 1);
  assertMatch(tool.out, /\r {50,}\r$/);
  assertMatch(tool.err, /^Error: /);
});

Deno.test("errors end it: refused connections, passwords, commands, options", async () => {
  const port = freePort();
  assertEquals(await runTool(runBenchmark, ["-p", String(port)]), {
    code: 1,
    out: "",
    err: `Could not connect to Redis at 127.0.0.1:${port}: Connection refused\n`,
  });
  await using server = await startServer();
  const at = ["-p", String(server.port), "-n", "10", "-q"];
  const unknown = await runTool(runBenchmark, [...at, "nosuch"]);
  assertEquals(unknown.code, 1);
  assertMatch(unknown.err, /^Error from server: ERR unknown command 'nosuch'/);
  const wrong = await runTool(runBenchmark, [...at, "-a", "wrong"]);
  assertMatch(wrong.err, /^Error from server: ERR AUTH/);
  for (const bad of [["--nosuch"], ["-c", "0"], ["-c", "x"], ["-p"], ["--precision", "4"]]) {
    assertEquals((await runTool(runBenchmark, bad)).code, 1, bad.join(" "));
  }
  assertStringIncludes((await runTool(runBenchmark, ["--help"])).out, "lrange_600");
});

/** Figures replaced, so that the layout is left. */
function layout(report: string): string[] {
  return report.trimEnd().split("\n")
    // What was written over was progress.
    .map((line) => line.slice(line.lastIndexOf("\r") + 1))
    .map((line) => line.replaceAll(/[\d.]+/g, "N").replaceAll(/ +N/g, " N"))
    // How many steps there are depends on the figures.
    .filter((line, index, lines) => line !== lines[index - 1]);
}

needs(["redis-benchmark", "redis-server"], "reports have redis-benchmark's layout", async () => {
  await using redis = await startRedis();
  const port = ["-p", String(redis.port)];
  for (const more of [["-t", "set"], ["-t", "lrange_100"], ["lpush", "list", "value"]]) {
    const args = [...port, "-n", "300", "-c", "4", ...more];
    const expected = await runPeer("redis-benchmark", args);
    const actual = await runTool(runBenchmark, args);
    assertEquals(actual.err, "");
    assertEquals(layout(actual.out), layout(expected.out), more.join(" "));
  }
  const args = [...port, "-n", "300", "-t", "ping,set,mset", "--csv"];
  const shape = (text: string) => text.replaceAll(/"[\d.]+"/g, "N").replaceAll('"inf"', "N");
  assertEquals(
    shape((await runTool(runBenchmark, args)).out),
    shape((await runPeer("redis-benchmark", args)).out),
  );
});
