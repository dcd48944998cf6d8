/** What scripts put on the stream of effects, and what they take part in beside replying. */

import { assert, assertEquals } from "@std/assert";
import { Gate } from "../../lib/engine/session.ts";
import { Request } from "../../lib/resp/request.ts";
import { Scripting } from "../../lib/scripting/scripting.ts";
import { show } from "../support/resp_client.ts";
import { EngineHarness } from "../support/engine_harness.ts";

Deno.test("effects of a script are one unit, told as what happened", () => {
  const redis = new EngineHarness();
  redis.run("EVAL", "redis.call('SET','a','1','EX',100) redis.call('INCRBYFLOAT','f',1.5)", 0);
  assertEquals(redis.effects.length, 4);
  assertEquals(redis.effects[0], "MULTI");
  assert(redis.effects[1].startsWith("SET a 1 PXAT "), redis.effects[1]);
  assertEquals(redis.effects[2], "SET f 1.5 KEEPTTL");
  assertEquals(redis.effects[3], "EXEC");
});

Deno.test("a script with one effect passes on that command alone, one without none", () => {
  const redis = new EngineHarness();
  redis.run(
    "EVAL",
    "redis.call('SET',KEYS[1],ARGV[1]) return redis.call('GET',KEYS[1])",
    1,
    "k",
    "v",
  );
  assertEquals(redis.effects, ["SET k v"]);
  redis.effects = [];
  redis.run("EVAL", "return redis.call('GET','k')", 0);
  assertEquals(redis.effects, []);
});

Deno.test("what a failing script has written stays, as in Redis", () => {
  const redis = new EngineHarness();
  redis.run("EVAL", "redis.call('SET','a','1') error('later')", 0);
  assertEquals(redis.effects, ["SET a 1"]);
  assertEquals(redis.run("GET", "a"), '"1"');
});

Deno.test("scripts in EXEC are part of its unit", () => {
  const redis = new EngineHarness();
  redis.run("MULTI");
  redis.run("EVAL", "redis.call('SET','a','1') redis.call('SET','b','1')", 0);
  redis.run("SET", "c", "1");
  redis.run("EXEC");
  assertEquals(redis.effects, ["MULTI", "SET a 1", "SET b 1", "SET c 1", "EXEC"]);
});

Deno.test("redis.set_repl(REPL_NONE) keeps effects back until it is taken back", () => {
  const redis = new EngineHarness();
  redis.run(
    "EVAL",
    "redis.set_repl(redis.REPL_NONE) redis.call('SET','a','1') " +
      "redis.set_repl(redis.REPL_ALL) redis.call('SET','b','1')",
    0,
  );
  redis.run("EVAL", "redis.call('SET','c','1')", 0);
  assertEquals(redis.effects, ["SET b 1", "SET c 1"]);
});

Deno.test("SELECT in a script reaches neither its caller nor the next script", () => {
  const redis = new EngineHarness();
  redis.run("EVAL", "redis.call('SELECT',3) redis.call('SET','a','1')", 0);
  assertEquals(redis.effects, ["db3: SET a 1"]);
  assertEquals(redis.run("EVAL", "return redis.call('EXISTS','a')", 0), "(integer) 0");
  assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
});

Deno.test("changes by scripts have their events and wake WATCH", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  redis.replyTo(other, "WATCH", "k");
  redis.run("EVAL", "redis.call('LPUSH','k','v')", 0);
  assertEquals(redis.events.filter((event) => event.endsWith(" k")), ["lpush k"]);
  redis.replyTo(other, "MULTI");
  redis.replyTo(other, "PING");
  assertEquals(show(redis.replyTo(other, "EXEC")), "(nil)");
});

Deno.test("FUNCTION LOAD, DELETE, FLUSH and RESTORE are passed on", () => {
  const redis = new EngineHarness();
  const code = "#!lua name=l\nredis.register_function('f', function() return 1 end)";
  redis.run("FUNCTION", "LOAD", code);
  redis.run("FUNCTION", "LOAD", code);
  redis.run("FCALL", "f", 0);
  redis.run("FUNCTION", "DELETE", "l");
  redis.run("FUNCTION", "FLUSH");
  assertEquals(redis.effects, [`FUNCTION LOAD ${code}`, "FUNCTION DELETE l", "FUNCTION FLUSH"]);
});

Deno.test("time does not move for a script", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v", "PX", 50);
  redis.clock.advance(49);
  assertEquals(redis.run("EVAL", "return redis.call('EXISTS','k')", 0), "(integer) 1");
  redis.clock.advance(2);
  assertEquals(redis.run("EVAL", "return redis.call('EXISTS','k')", 0), "(integer) 0");
});

Deno.test("memory: old scripts are refused what grows, others before they begin", () => {
  const redis = new EngineHarness({ config: { maxmemory: "1" } });
  const set = "return redis.call('SET','a','1')";
  const oom = "OOM command not allowed when used memory > 'maxmemory'.";
  assertEquals(redis.run("EVAL", set, 0), "OK");
  assert(redis.run("EVAL", set, 0).includes(oom));
  assertEquals(redis.run("EVAL", "return redis.call('GET','a')", 0), '"1"');
  assertEquals(redis.run("EVAL", `#!lua\n${set}`, 0), `(error) ${oom}`);
  assertEquals(redis.run("EVAL", `#!lua flags=allow-oom\n${set}`, 0), "OK");
  assertEquals(redis.run("EVAL", "#!lua flags=no-writes\nreturn 1", 0), "(integer) 1");
});

Deno.test("MONITOR shows a script before its commands, and those as lua's", () => {
  const redis = new EngineHarness();
  const watcher = redis.newSession();
  redis.replyTo(watcher, "MONITOR");
  redis.run("EVAL", "redis.call('SET','a','b')", 0);
  const lines = new TextDecoder().decode(watcher.reply.buffer.subarray(0, watcher.reply.length));
  const [eval_, set] = lines.trim().split("\r\n");
  assert(eval_.endsWith(`"EVAL" "redis.call('SET','a','b')" "0"`), eval_);
  assert(set.endsWith('[0 lua] "SET" "a" "b"'), set);
});

Deno.test("statistics: a command's error counts once, and INFO tells of scripts", () => {
  const redis = new EngineHarness();
  redis.run("SET", "s", "1");
  redis.run("EVAL", "return redis.call('LPUSH','s','1')", 0);
  const stats = redis.run("INFO", "errorstats");
  assert(stats.includes("errorstat_WRONGTYPE:count=1"), stats);
  const memory = redis.run("INFO", "memory");
  assert(memory.includes("number_of_cached_scripts:1"), memory);
});

Deno.test("statistics: what a script is refused counts, and once, as in redis-server", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["error('x')", "ERR:1", "eval:failed"],
    ["local t = redis.pcall('lpush','s','b') error(t)", "WRONGTYPE:1", "eval:failed lpush:failed"],
    [
      "local t = redis.pcall('lpush','s','b') error(t.err)",
      "ERR:1 WRONGTYPE:1",
      "eval:failed lpush:failed",
    ],
    ["local t = redis.pcall('nope') error(t)", "ERR:1", "eval:failed"],
    ["local t = redis.pcall('nope') return {err=t.err}", "ERR:2", "eval:failed"],
    ["redis.pcall('debug','sleep','0') return 1", "ERR:1", "debug:rejected"],
    ["redis.pcall('get') return 1", "ERR:1", "get:rejected"],
    ["redis.pcall('lpush','s','b') return 1", "WRONGTYPE:1", "lpush:failed"],
    ["redis.pcall() return 1", "", ""],
    ["return redis.call('get')", "ERR:1", "eval:failed get:rejected"],
    ["return redis.call('nope')", "ERR:1", "eval:failed"],
    ["return redis.error_reply('MY err')", "MY:1", "eval:failed"],
    ["return redis.pcall('lpush','s','b')", "WRONGTYPE:1", "eval:failed lpush:failed"],
    ["return redis.pcall('nope')", "ERR:1", "eval:failed"],
    ["return {err='MY err'}", "MY:1", "eval:failed"],
    [
      "#!lua flags=no-writes\nreturn redis.call('set','a','b')",
      "ERR:1",
      "eval:failed set:rejected",
    ],
  ];
  for (const [script, errorCounts, commandCounts] of cases) {
    const redis = new EngineHarness();
    redis.run("SET", "s", "v");
    redis.run("CONFIG", "RESETSTAT");
    redis.run("EVAL", script, 0);
    const counted = [...redis.run("INFO", "errorstats").matchAll(/errorstat_(\w+):count=(\d+)/g)]
      .map(([, name, count]) => `${name}:${count}`);
    assertEquals(counted.sort().join(" "), errorCounts, script);
    const pattern = /cmdstat_([a-z]+):.*?rejected_calls=(\d),failed_calls=(\d)/g;
    const failures = [...redis.run("INFO", "commandstats").matchAll(pattern)].flatMap(
      ([, name, rejected, failed]) => [
        ...(rejected === "1" ? [`${name}:rejected`] : []),
        ...(failed === "1" ? [`${name}:failed`] : []),
      ],
    );
    assertEquals(failures.sort().join(" "), commandCounts, script);
  }
});

Deno.test("EVAL's scripts leave when there are many, SCRIPT LOAD's stay", () => {
  const redis = new EngineHarness();
  const loaded = redis.run("SCRIPT", "LOAD", "return 'kept'").replaceAll('"', "");
  const first = redis.run("EVAL", "return redis.sha1hex('return 0')", 0).replaceAll('"', "");
  const used = redis.run("EVAL", "return redis.sha1hex('return 1.5')", 0).replaceAll('"', "");
  redis.run("EVAL", "return 1.5", 0);
  for (let i = 0; i < 700; i++) {
    redis.run("EVAL", `return ${i}`, 0);
    if (i % 100 === 0) redis.run("EVALSHA", i % 200 === 0 ? used : used.toUpperCase(), 0);
  }
  assertEquals(redis.run("EVALSHA", used, 0), "(integer) 1");
  assertEquals(redis.run("EVALSHA", loaded, 0), '"kept"');
  assert(redis.run("EVALSHA", first, 0).includes("NOSCRIPT"));
  const memory = redis.run("INFO", "memory");
  assert(memory.includes("number_of_cached_scripts:501"), memory);
  assert(redis.run("INFO", "stats").includes("evicted_scripts:203"));
  redis.run("CONFIG", "RESETSTAT");
  assert(/evicted_scripts:0\b/.test(redis.run("INFO", "stats")));
});

Deno.test("scripts that come and go leave Lua's memory where it was", () => {
  const redis = new EngineHarness();
  const scripting = Scripting.of(redis.engine.context);
  const run = (rounds: number): void => {
    for (let i = 0; i < rounds; i++) {
      redis.run("EVAL", `local t = {${i}} return redis.call('ECHO', ARGV[1] .. t[1])`, 0, "x");
      redis.run("EVAL", `local t = {${i}} error(ARGV[1])`, 0, "y");
    }
    redis.run("EVAL", "collectgarbage()", 0);
  };
  run(600);
  const before = scripting.figures.evalMachineBytes;
  run(Number(Deno.env.get("REDINO_SCRIPT_ROUNDS") ?? 1500));
  const after = scripting.figures.evalMachineBytes;
  assert(after < before * 1.1 + 16384, `${before} → ${after} bytes`);
  assertEquals(scripting.scriptEngine.machine.totalBytes, 16 * 1024 * 1024);
});

Deno.test("libraries go through DUMP and RESTORE, all or none", () => {
  const redis = new EngineHarness();
  const library = (name: string, value: number) =>
    `#!lua name=${name}\nredis.register_function('f_${name}', function() return ${value} end)`;
  redis.run("FUNCTION", "LOAD", library("one", 1));
  redis.run("FUNCTION", "LOAD", library("two", 2));
  const reply = redis.reply("FUNCTION", "DUMP");
  assert(reply.kind === "bulk" && reply.bytes !== null);
  const dump = reply.bytes;
  assertEquals(
    redis.run("FUNCTION", "RESTORE", dump),
    "(error) ERR Library one already exists",
  );
  redis.run("FUNCTION", "FLUSH");
  redis.run("FUNCTION", "LOAD", library("two", 22));
  assertEquals(
    redis.run("FUNCTION", "RESTORE", dump, "APPEND"),
    "(error) ERR Library two already exists",
  );
  assertEquals(redis.run("FCALL", "f_one", 0), "(error) ERR Function not found");
  assertEquals(redis.run("FCALL", "f_two", 0), "(integer) 22");
  assertEquals(redis.run("FUNCTION", "RESTORE", dump, "REPLACE"), "OK");
  assertEquals(redis.run("FCALL", "f_two", 0), "(integer) 2");
  redis.run("FUNCTION", "LOAD", library("three", 3));
  assertEquals(redis.run("FUNCTION", "RESTORE", dump, "FLUSH"), "OK");
  assertEquals(redis.run("FCALL", "f_three", 0), "(error) ERR Function not found");
  assertEquals(redis.run("FCALL", "f_one", 0), "(integer) 1");
  const broken = dump.slice();
  broken[3] ^= 1;
  assert(redis.run("FUNCTION", "RESTORE", broken).includes("checksum are wrong"));
});

Deno.test("libraries are there again in a machine that took the place of a broken one", () => {
  const redis = new EngineHarness();
  redis.run(
    "FUNCTION",
    "LOAD",
    "#!lua name=l\nredis.register_function('f', function() return 1 end)\n" +
      "redis.register_function('deep', function(k, a) return (string.rep('a?', 1e5)):find(string.rep('a?', 3e5)) end)",
  );
  Scripting.of(redis.engine.context).libraryEngine.machine.abandon();
  assertEquals(redis.run("FCALL", "f", 0), "(integer) 1");
});

Deno.test("a request from within that never ends is stopped", () => {
  const redis = new EngineHarness({ config: { "busy-reply-threshold": "20" } });
  let now = 0;
  redis.clock.monotonicMs = () => now += 1;
  const reply = redis.run("EVAL", "while true do end", 0);
  assert(reply.includes("Script stopped"), reply);
  const pattern = "return (('a'):rep(100)):find(('.-'):rep(20) .. 'b')";
  assert(redis.run("EVAL", pattern, 0).includes("Script stopped"));
  assert(redis.run("EVAL", "redis.call('SET','a','1') while true do end", 0).includes("stopped"));
  assertEquals(redis.run("EVAL", "return redis.call('GET','a')", 0), '"1"');
  const load = redis.run("FUNCTION", "LOAD", "#!lua name=l\nwhile true do end");
  assert(load.includes("FUNCTION LOAD timeout"), load);
});

Deno.test("a script sees the request's bytes, whatever they are", () => {
  const redis = new EngineHarness();
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const session = redis.newSession();
  redis.engine.beginTurn();
  const script =
    "redis.call('SET',KEYS[1],ARGV[1]) return {KEYS[1],#ARGV[1],redis.call('GET',KEYS[1])}";
  redis.engine.execute(session, Request.from(["EVAL", script, "1", bytes, bytes]));
  redis.engine.endTurn();
  const reply = session.reply.buffer.slice(0, session.reply.length);
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const expected = `*3\r\n$256\r\n${text}\r\n:256\r\n$256\r\n${text}\r\n`;
  assertEquals(Array.from(reply, (byte) => String.fromCharCode(byte)).join(""), expected);
});

Deno.test("long strings go in and out of Lua", () => {
  const redis = new EngineHarness();
  const long = "x".repeat(300_000);
  assertEquals(
    redis.run("EVAL", "redis.call('SET','k',ARGV[1]) return #redis.call('GET','k')", 0, long),
    "(integer) 300000",
  );
  assertEquals(redis.run("EVAL", "return redis.call('GET','k')", 0), `"${long}"`);
  redis.run("EVAL", "for i = 1, 5000 do redis.call('RPUSH','l','element ' .. i) end", 0);
  assertEquals(redis.run("EVAL", "return #redis.call('LRANGE','l',0,-1)", 0), "(integer) 5000");
});

Deno.test("a replica refuses what declares flags, but not that it writes nothing, before it runs", () => {
  const redis = new EngineHarness();
  redis.engine.dispatcher.gate |= Gate.READ_ONLY;
  const refusal = "(error) READONLY You can't write against a read only replica.";
  assertEquals(redis.run("EVAL", "#!lua\nreturn 1", 0), refusal);
  assertEquals(redis.run("EVAL_RO", "#!lua\nreturn 1", 0), refusal);
  assertEquals(redis.run("EVAL", "#!lua flags=no-writes\nreturn 1", 0), "(integer) 1");
  assertEquals(redis.run("EVAL", "return 1", 0), "(integer) 1");
  assertEquals(redis.run("MULTI"), "OK");
  assertEquals(redis.run("EVAL", "#!lua\nreturn 1", 0), refusal);
  assert(redis.run("EXEC").startsWith("(error) EXECABORT"));
});

Deno.test("a script that has written goes on writing when writes are refused from then on", () => {
  const refused = "READONLY You can't write against a read only replica.";
  const afterRefusal = "redis.log(redis.LOG_WARNING, 'now') " +
    "local reply = redis.pcall('SET', 'b', '2') return reply.err or reply.ok";
  const writing = new EngineHarness();
  writing.log.warning = () => writing.engine.dispatcher.gate |= Gate.READ_ONLY;
  assertEquals(writing.run("EVAL", `redis.call('SET', 'a', '1') ${afterRefusal}`, 0), '"OK"');
  assertEquals(writing.run("GET", "b"), '"2"');
  // What was refused is no write.
  const reading = new EngineHarness();
  reading.log.warning = () => reading.engine.dispatcher.gate |= Gate.READ_ONLY;
  const first = "redis.log(redis.LOG_WARNING, 'now') redis.pcall('SET', 'a', '1')";
  assertEquals(reading.run("EVAL", `${first} ${afterRefusal}`, 0), `"${refused}"`);
  assertEquals(reading.run("EXISTS", "a", "b"), "(integer) 0");
});

Deno.test("libraries are replaced and deleted by themselves when their machine has ended before", () => {
  const library = (name: string, result: string) =>
    `#!lua name=${name}\nredis.register_function('${name}', function() return '${result}' end)`;
  const redis = new EngineHarness();
  const load = (name: string, result: string) =>
    redis.run("FUNCTION", "LOAD", "REPLACE", library(name, result));
  // Loaded twice, it is elsewhere in this machine than in the next.
  for (const result of ["none", "first"]) load("a", result);
  // As a function does that was killed.
  const endMachine = () => Scripting.of(redis.engine.context).dropLibraryEngine();
  endMachine();
  assertEquals(load("a", "second"), '"a"');
  assertEquals(redis.run("FCALL", "a", 0), '"second"');
  for (const result of ["none", "other"]) load("b", result);
  endMachine();
  assertEquals(redis.run("FUNCTION", "DELETE", "a"), "OK");
  assertEquals(load("c", "third"), '"c"');
  assertEquals(redis.run("FCALL", "b", 0), '"other"');
  assertEquals(redis.run("FCALL", "c", 0), '"third"');
});

Deno.test("a library that cannot be run again is kept, and run when it can", () => {
  const redis = new EngineHarness();
  const library = (name: string) =>
    `#!lua name=${name}\nlocal needed = ('x'):rep(8000000)\n` +
    `redis.register_function('${name}', function() return '${name}' end)`;
  for (const name of ["a", "b"]) redis.run("FUNCTION", "LOAD", library(name));
  const scripting = Scripting.of(redis.engine.context);
  scripting.dropLibraryEngine();
  const { machineLimitBytes } = scripting;
  scripting.machineLimitBytes = 4_000_000;
  assert(redis.run("FCALL", "a", 0).startsWith("(error)"));
  scripting.machineLimitBytes = machineLimitBytes;
  scripting.dropLibraryEngine();
  assertEquals(redis.run("FCALL", "a", 0), '"a"');
  assertEquals(redis.run("FCALL", "b", 0), '"b"');
});
