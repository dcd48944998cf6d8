/** SLOWLOG and LATENCY: what took long is kept, shown and forgotten. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Call } from "../../../lib/engine/call.ts";
import type { Command } from "../../../lib/engine/command.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { Request } from "../../../lib/resp/request.ts";
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

Deno.test("SLOWLOG has a command that waited when it is answered, as it was sent", () => {
  const redis = new EngineHarness({ config: { "slowlog-log-slower-than": "0" } });
  const waiting = redis.newClient();
  redis.run("SLOWLOG", "RESET");
  const logged = () =>
    [...redis.run("SLOWLOG", "GET").matchAll(/4\) 1\) "(\w+)"/g)].map((it) => it[1]);
  redis.send(waiting, "BLPOP", "list", 0);
  assertEquals(logged(), ["SLOWLOG"]);
  redis.run("MULTI");
  redis.run("LPUSH", "list", "a");
  redis.run("SLOWLOG", "RESET");
  redis.run("EXEC");
  assertEquals(redis.received(waiting).length, 1);
  assertEquals(logged(), ["BLPOP", "SLOWLOG"]);
});

for (const push of ["LPUSH list a", "LPUSH list a b c d e f g h", "EXEC"]) {
  Deno.test(`the time of ${push} ends before those are served who waited for it`, () => {
    const redis = new EngineHarness();
    for (let i = 0; i < 100; i++) redis.run("LPUSH", "list", "a");
    redis.run("DEL", "list");
    redis.run("CONFIG", "RESETSTAT");
    redis.run("SLOWLOG", "RESET");
    const waiting = redis.newClient();
    redis.send(waiting, "BLPOP", "list", 0);
    assert(waiting.link !== null);
    waiting.link.scheduleFlush = () => redis.clock.sleepSync(50);
    if (push === "EXEC") {
      redis.run("MULTI");
      redis.run("LPUSH", "list", "a");
    }
    redis.run(...push.split(" "));
    assertEquals(redis.received(waiting).length, 1);
    redis.run("LPUSH", "other", "a", "b", "c", "d", "e", "f", "g", "h");
    assertEquals(slowTimes(redis), []);
    for (const name of ["lpush", "exec"]) {
      assertEquals(redis.engine.context.commands.byName(name)!.stats.microseconds, 0, name);
    }
  });
}

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

for (
  const [how, script] of [["in a pipeline", ""], ["in scripts", "redis.call('SET', 'a', 'b')"]]
) {
  Deno.test(`what holds up one of many brief calls ${how} counts once`, () => {
    const redis = new EngineHarness();
    const { engine, clock } = redis;
    const { stats } = engine.context.commands.byName("set")!;
    const run = (count: number) => {
      for (let i = 0; i < count; i++) {
        if (script === "") redis.run("SET", "a", "b");
        else redis.run("EVAL", script, "0");
      }
    };
    run(1_000);
    assertEquals(stats.microseconds, 0);
    // The first call that is measured takes a second.
    const set = engine.context.commands.byName("set") as Command;
    const store = set.run;
    Object.assign(set, {
      run: (call: Call) => {
        if (stats.unmeasured >= 64 && stats.microseconds === 0) clock.sleepSync(1_000);
        store(call);
      },
    });
    run(300);
    assertEquals([stats.calls, Math.round(stats.microseconds)], [1_300, 1_000_000]);
    assert(stats.histogram!.calls > 1_200, `${stats.histogram!.calls} calls have a time`);
  });
}

Deno.test("the commands of EXEC are counted one by one, and EXEC as well", () => {
  const redis = new EngineHarness();
  const { stats, commands } = redis.engine.context;
  const before = stats.commandsProcessed;
  for (let i = 0; i < 100; i++) {
    redis.run("MULTI");
    for (let k = 0; k < 3; k++) redis.run("SET", "a", "b");
    redis.run("EXEC");
  }
  const calls = ["multi", "set", "exec"].map((name) => commands.byName(name)!.stats.calls);
  assertEquals(calls, [100, 300, 100]);
  assertEquals(stats.commandsProcessed - before, 500);
});

Deno.test("a slow command of EXEC is kept with its own time, and EXEC has that of all", () => {
  const redis = new EngineHarness({ config: DEBUG });
  const { engine, session } = redis;
  engine.beginTurn();
  execute(redis, session, "DEBUG", "SLEEP", "0.01");
  execute(redis, session, "MULTI");
  redis.clock.advance(1);
  for (const seconds of ["0.02", "0.03"]) {
    execute(redis, session, "DEBUG", "SLEEP", seconds);
    execute(redis, session, "SET", "a", "b");
  }
  execute(redis, session, "EXEC");
  engine.endTurn();
  assertEquals(slowTimes(redis), [30_000, 20_000, 10_000]);
  const { stats } = engine.context.commands.byName("exec")!;
  assertEquals(Math.round(stats.microseconds), 50_000);
});

for (const between of ["EXEC", "GET long"]) {
  Deno.test(`what is measured begins with itself, and not with ${between} before it that is not`, () => {
    const redis = new EngineHarness({ config: DEBUG });
    const { engine, session } = redis;
    redis.run("SET", "long", "x".repeat(20_000));
    for (let i = 0; i < 100; i++) {
      redis.run("GET", "long");
      redis.run("MULTI");
      redis.run("EXEC");
    }
    const other = redis.newSession();
    if (between === "EXEC") redis.replyTo(other, "MULTI");
    engine.beginTurn();
    execute(redis, session, "DEBUG", "SLEEP", "0.02");
    execute(redis, other, ...between.split(" "));
    redis.clock.advance(5);
    execute(redis, session, "DEBUG", "SLEEP", "0.03");
    engine.endTurn();
    assertEquals(slowTimes(redis), [30_000, 20_000]);
  });
}

/** Makes a command of the harness take some milliseconds more. */
function slowDown(redis: EngineHarness, name: string, ms: number): void {
  const command = redis.engine.context.commands.byName(name) as Command;
  const { run } = command;
  Object.assign(command, {
    run: (call: Call) => {
      redis.clock.sleepSync(ms);
      run(call);
    },
  });
}

function loaded(redis: EngineHarness, script: string): string {
  const reply = redis.reply("SCRIPT", "LOAD", script);
  assert(reply.kind === "bulk" && reply.bytes !== null);
  return latin1(reply.bytes);
}

Deno.test("scripts without loops are measured in runs, each with what its commands take", () => {
  const redis = new EngineHarness();
  const { engine, session } = redis;
  const script = loaded(redis, "return redis.call('GET', KEYS[1])");
  slowDown(redis, "get", 0.25);
  engine.beginTurn();
  for (let i = 0; i < 40; i++) execute(redis, session, "EVALSHA", script, "1", "key");
  execute(redis, session, "PING");
  engine.endTurn();
  const { stats } = engine.context.commands.byName("evalsha")!;
  assertEquals([stats.calls, Math.round(stats.microseconds)], [40, 10_000]);
  assertEquals(slowTimes(redis), []);
});

Deno.test("what a script does before one of its commands is not that command's time", () => {
  const redis = new EngineHarness();
  const { engine, session } = redis;
  const script = loaded(
    redis,
    "for i = 1, 1 do redis.call('INCR', 'a'); redis.call('SINTER', 'b') end",
  );
  slowDown(redis, "incr", 15);
  engine.beginTurn();
  for (let i = 0; i < 3; i++) execute(redis, session, "EVALSHA", script, "0");
  engine.endTurn();
  const times = ["evalsha", "incr", "sinter"].map((name) =>
    Math.round(engine.context.commands.byName(name)!.stats.microseconds)
  );
  assertEquals(times, [45_000, 45_000, 0]);
});

for (
  const [what, body, slow, args] of [
    ["a command that may take long", "return redis.call('SINTER', KEYS[1])", "sinter", []],
    ["a long reply to a command", "redis.call('GETSET', KEYS[1], 'x')", "getset", []],
    ["a long reply", "return redis.call('GETSET', KEYS[1], 'x')", "getset", []],
    ["a loop", "for i = 1, 3 do redis.call('INCR', KEYS[1]) end", "incr", []],
    ["a long argument", "redis.call('INCR', KEYS[1])", "incr", ["x".repeat(2000)]],
    ["many arguments", "redis.call('INCR', KEYS[1])", "incr", new Array(20).fill("x")],
  ] as const
) {
  Deno.test(`a slow script with ${what} is in the slow log, and those before it are not`, () => {
    const redis = new EngineHarness();
    const { engine, session } = redis;
    const quick = loaded(redis, "return 1");
    const script = loaded(redis, body);
    if (slow === "getset") redis.run("SET", "key", "x".repeat(20_000));
    slowDown(redis, slow, 15);
    engine.beginTurn();
    for (let i = 0; i < 100; i++) execute(redis, session, "EVALSHA", quick, "0");
    execute(redis, session, "EVALSHA", script, "1", "key", ...args);
    for (let i = 0; i < 100; i++) execute(redis, session, "EVALSHA", quick, "0");
    engine.endTurn();
    const calls = what === "a loop" ? 3 : 1;
    assertEquals(slowTimes(redis)[0], calls * 15_000);
    const names = [...redis.run("SLOWLOG", "GET", "-1").matchAll(/4\) +1\) "(\w+)"/g)];
    assertEquals(names.map((name) => name[1]).filter((name) => name === "EVALSHA"), ["EVALSHA"]);
    const { stats } = engine.context.commands.byName("evalsha")!;
    assertEquals([stats.calls, Math.round(stats.microseconds)], [201, calls * 15_000]);
    const inner = engine.context.commands.byName(slow)!.stats;
    assertEquals([inner.calls, Math.round(inner.microseconds)], [calls, calls * 15_000]);
  });
}

/** Runs a command within the open turn. */
function execute(redis: EngineHarness, session: Session, ...args: string[]): void {
  redis.engine.execute(session, Request.from(args));
}

/** Microseconds of the commands in the slow log, newest first. */
function slowTimes(redis: EngineHarness): number[] {
  const reply = redis.reply("SLOWLOG", "GET", "-1");
  assert(reply.kind === "array" && reply.items !== null);
  return reply.items.map((entry) => {
    assert(entry.kind === "array" && entry.items !== null);
    const time = entry.items[2];
    assert(time.kind === "integer");
    return Number(time.value);
  });
}
