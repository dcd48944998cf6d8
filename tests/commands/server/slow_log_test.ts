/** SLOWLOG and LATENCY: what took long is kept, shown and forgotten. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const DEBUG = { "enable-debug-command": "yes" };

Deno.test("SLOWLOG keeps slow commands, newest first", () => {
  const redis = new EngineHarness({ config: DEBUG });
  redis.run("DEBUG", "SLEEP", "0.02");
  redis.run("GET", "a");
  redis.run("DEBUG", "SLEEP", "0.03");
  assertEquals(redis.run("SLOWLOG", "LEN"), "(integer) 2");
  const lines = redis.run("SLOWLOG", "GET", "1").split("\n");
  assertEquals(lines.slice(0, 3).map((line) => line.trim()), [
    "1) 1) (integer) 1",
    "2) (integer) 1700000000",
    "3) (integer) 30000",
  ]);
  assertStringIncludes(redis.run("SLOWLOG", "GET"), '"0.02"');
  assertEquals(redis.run("SLOWLOG", "RESET"), "OK");
  assertEquals(redis.run("SLOWLOG", "GET", "-1"), "(empty array)");
});

Deno.test("SLOWLOG GET shows 10 entries unless told otherwise, -1 all", () => {
  const redis = new EngineHarness({ config: { "slowlog-log-slower-than": "0" } });
  for (let i = 0; i < 12; i++) redis.run("GET", "a");
  const count = (...args: string[]) => {
    const reply = redis.reply("SLOWLOG", "GET", ...args);
    assert(reply.kind === "array" && reply.items !== null);
    return reply.items.length;
  };
  assertEquals(count(), 10);
  assertEquals(count("3"), 3);
  assertEquals(count("-1"), 14);
});

Deno.test("secrets are not shown by SLOWLOG", () => {
  const redis = new EngineHarness({ config: { "slowlog-log-slower-than": "0" } });
  redis.run("AUTH", "hidden1");
  redis.run("AUTH", "user", "hidden2");
  redis.run("HELLO", "2", "AUTH", "default", "hidden3");
  redis.run("CONFIG", "SET", "requirepass", "hidden4", "maxmemory", "0");
  redis.run("CONFIG", "SET", "requirepass", "");
  const shown = redis.run("SLOWLOG", "GET", "-1");
  for (let i = 1; i <= 4; i++) assert(!shown.includes(`hidden${i}`), shown);
  assertStringIncludes(shown, "(redacted)");
  assertStringIncludes(shown, '"requirepass"');
  assertStringIncludes(shown, '"maxmemory"');
});

Deno.test("LATENCY keeps the worst of each second and forgets on RESET", () => {
  const redis = new EngineHarness({ config: { ...DEBUG, "latency-monitor-threshold": "10" } });
  redis.run("DEBUG", "SLEEP", "0.02");
  redis.run("DEBUG", "SLEEP", "0.05");
  redis.clock.advance(2000);
  redis.run("DEBUG", "SLEEP", "0.03");
  redis.run("DEBUG", "SLEEP", "0.001");
  const lines = (...args: string[]) =>
    redis.run("LATENCY", ...args).replace(/ +/g, " ").split("\n");
  assertEquals(lines("HISTORY", "command"), [
    "1) 1) (integer) 1700000000",
    " 2) (integer) 50",
    "2) 1) (integer) 1700000002",
    " 2) (integer) 30",
  ]);
  assertEquals(lines("LATEST"), [
    '1) 1) "command"',
    " 2) (integer) 1700000002",
    " 3) (integer) 30",
    " 4) (integer) 50",
  ]);
  assertEquals(redis.run("LATENCY", "HISTORY", "nothing"), "(empty array)");
  assertEquals(redis.run("LATENCY", "RESET", "nothing"), "(integer) 0");
  assertEquals(redis.run("LATENCY", "RESET"), "(integer) 1");
  assertEquals(redis.run("LATENCY", "LATEST"), "(empty array)");
});

Deno.test("LATENCY GRAPH draws a column for each spike, with its age below", () => {
  const redis = new EngineHarness({
    config: { ...DEBUG, "latency-monitor-threshold": "10" },
    protocol: 3,
  });
  redis.run("DEBUG", "SLEEP", "0.02");
  redis.clock.advance(10_000);
  redis.run("DEBUG", "SLEEP", "0.05");
  const lines = redis.run("LATENCY", "GRAPH", "command").split("\n");
  assertEquals(lines, [
    "command - high 50 ms, low 20 ms (all time high 50 ms)",
    "-".repeat(80),
    " #",
    " |",
    " |",
    "_|",
    "",
    "10",
    "0s",
    "s ",
    "",
  ]);
});

Deno.test("LATENCY DOCTOR says what is known and what to do", () => {
  const redis = new EngineHarness({ config: DEBUG, protocol: 3 });
  assertStringIncludes(redis.run("LATENCY", "DOCTOR"), "latency-monitor-threshold");
  redis.run("CONFIG", "SET", "latency-monitor-threshold", "5");
  assertStringIncludes(redis.run("LATENCY", "DOCTOR"), "No event took 5 ms");
  redis.run("DEBUG", "SLEEP", "0.02");
  const report = redis.run("LATENCY", "DOCTOR");
  assertStringIncludes(report, "- command: 1 spike, 20 ms on average");
  assertStringIncludes(report, "slowlog-log-slower-than 5000");
});

Deno.test("LATENCY HISTOGRAM counts runs up to powers of two, for commands and their subcommands", () => {
  const redis = new EngineHarness({ config: DEBUG, protocol: 3 });
  redis.run("CONFIG", "RESETSTAT");
  for (const time of ["0.000001", "0.000016", "0.00003", "0.00003"]) {
    redis.run("DEBUG", "SLEEP", time);
  }
  assertMatch(
    redis.run("LATENCY", "HISTOGRAM", "debug", "nosuchcommand").replace(/\s+/g, " "),
    /^1# "debug" => 1# "calls" => \(integer\) 4 2# "histogram_usec" => 1# \(integer\) 1 => \(integer\) 1 2# \(integer\) 16 => \(integer\) 2 3# \(integer\) 33 => \(integer\) 4$/,
  );
  assertStringIncludes(redis.run("LATENCY", "HISTOGRAM", "config"), '"config|resetstat"');
  redis.run("CONFIG", "SET", "latency-tracking", "no");
  redis.run("DBSIZE");
  assertEquals(redis.run("LATENCY", "HISTOGRAM", "dbsize"), "(empty hash)");
});

Deno.test("commands that share time stamps are counted one by one", () => {
  const redis = new EngineHarness();
  const { engine } = redis;
  engine.beginTurn();
  for (let i = 0; i < 5; i++) redis.run("GET", "a");
  engine.endTurn();
  assertEquals(engine.context.commands.byName("get")!.stats.histogram!.calls, 5);
});
