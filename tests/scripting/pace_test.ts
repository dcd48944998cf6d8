/** How scripts are run that need no watching, and how the time of their commands is measured. */

import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { startServer } from "../../lib/mod.ts";
import { Request } from "../../lib/resp/request.ts";
import { ScriptCache } from "../../lib/scripting/script_cache.ts";
import { EngineHarness } from "../support/engine_harness.ts";

Deno.test("scripts that cannot repeat anything are told from those that can", () => {
  const cache = new ScriptCache(() => {});
  const isStraight = (source: string) => cache.prepare(Request.from([source]), 0).isStraight;
  const straight = [
    "return redis.call('GET', KEYS[1])",
    "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('EXPIRE', KEYS[1], 9) end",
    "return redis.call('SCAN', 0, 'MATCH', ARGV[1])",
    "return cjson.encode({pcall(redis.call, 'GET', 'format')})",
  ];
  const winding = [
    "while true do end",
    "repeat until false",
    "for i = 1, 2 do end",
    "local function f() return f() end f()",
    "return loadstring('while true do end')()",
    "return ('x'):rep(1e6):find('.-.-.-b')",
    "return string.gsub('x', 'x', 'y')",
    "return coroutine.running()",
    "return 1 --" + "x".repeat(20_000),
  ];
  assertEquals(straight.map(isStraight), straight.map(() => true));
  assertEquals(winding.map(isStraight), winding.map(() => false));
});

Deno.test("a search that a script hides is stopped all the same, and others are served", async () => {
  await using server = await startServer({ directives: { "busy-reply-threshold": "20" } });
  const client = new Redis(server.url);
  try {
    const hidden = `redis.call('SET', KEYS[1], 'x')
local repeated, search = string['re' .. 'p'], string['fi' .. 'nd']
return search(repeated('a', 60), repeated('a-', 40) .. 'b')`;
    const problem = await client.eval(hidden, 1, "key").then(() => "none", (error) => `${error}`);
    assert(problem.includes("longer than busy-reply-threshold"), problem);
    assertEquals(await client.get("key"), "x");
    assertEquals(await client.eval("return 7", 0), 7);
  } finally {
    client.disconnect();
  }
});

Deno.test("a script without loops keeps no result or argument for the next", () => {
  const redis = new EngineHarness();
  assertEquals(
    redis.run("EVAL", "return {KEYS[1], ARGV[1], #ARGV}", 1, "k", "a"),
    '1) "k"\n2) "a"\n3) (integer) 1',
  );
  assertEquals(redis.run("EVAL", "return {#KEYS, #ARGV}", 0), "1) (integer) 0\n2) (integer) 0");
  assertEquals(redis.run("EVAL", "return 1", 1, "secret", "secret"), "(integer) 1");
  for (const name of ["_G['KE' .. 'YS'][1]", "loadstring('return KE' .. 'YS[1]')()"]) {
    redis.run("EVAL", "return KEYS[1]", 1, "secret");
    assertEquals(redis.run("EVAL", `return ${name}`, 1, "own"), '"own"');
  }
  assertEquals(redis.run("EVAL", "KEYS.x = 1 return 1", 0), "(integer) 1");
  assertEquals(redis.run("EVAL", "return KEYS.x", 0), "(nil)");
});

Deno.test("commands of scripts are counted one by one, though not each is measured", () => {
  const redis = new EngineHarness();
  redis.run("SET", "key", "x");
  const script =
    "for i = 1, 1000 do redis.call('GET', KEYS[1]) end return redis.call('TTL', KEYS[1])";
  assertEquals(redis.run("EVAL", script, 1, "key"), "(integer) -1");
  const stats = redis.run("INFO", "commandstats");
  assert(stats.includes("cmdstat_get:calls=1000,"), stats);
  assert(stats.includes("cmdstat_ttl:calls=1,"), stats);
  redis.run("CONFIG", "RESETSTAT");
  redis.run("EVAL", script, 1, "key");
  assert(redis.run("INFO", "commandstats").includes("cmdstat_get:calls=1000,"));
});

Deno.test("whatever a script does to KEYS and ARGV, the next finds its own", () => {
  const redis = new EngineHarness();
  const show =
    "return {#KEYS, KEYS[1] or '-', KEYS[2] or '-', #ARGV, ARGV[1] or '-', tostring(KEYS.x)," +
    " tostring(getmetatable(KEYS))}";
  const shown = (...words: (string | number)[]) =>
    words.map((word, i) => {
      const value = typeof word === "number" ? `(integer) ${word}` : `"${word}"`;
      return `${i + 1}) ${value}`;
    }).join("\n");
  const changes = [
    "return 1",
    "KEYS[1] = nil return 1",
    "KEYS[2] = nil return 1",
    "KEYS[3] = 'more' return 1",
    "table.remove(KEYS) table.remove(ARGV) return 1",
    "table.insert(KEYS, 1, 'first') return 1",
    "KEYS.x = 'field' KEYS[-1] = 'item' return 1",
    "KEYS.x = 'field' KEYS.x = nil return 1",
    "setmetatable(KEYS, {__index = {x = 'inherited'}}) return 1",
    "setmetatable(KEYS, {__mode = 'v'}) return 1",
    "KEYS[1] = KEYS KEYS[2] = ARGV return 1",
    "for i = 1, 100 do KEYS[i] = i ARGV[i] = i end return 1",
    "collectgarbage() return #KEYS - 1",
  ];
  for (const change of changes) {
    redis.run("EVAL", change, 2, "old1", "old2", "old3");
    for (const round of ["a", "b"]) {
      const words = [`${round}1`, `${round}2`, `${round}3`];
      const message = `${change}, then ${round}`;
      const expected = shown(2, words[0], words[1], 1, words[2], "nil", "nil");
      assertEquals(redis.run("EVAL", show, 2, ...words), expected, message);
    }
    redis.run("EVAL", change, 2, "old1", "old2", "old3");
    assertEquals(
      redis.run("EVAL", show, 1, "k"),
      shown(1, "k", "-", 0, "-", "nil", "nil"),
      change,
    );
  }
});

Deno.test("tables that hold their items weakly are replied while the collector runs", () => {
  const redis = new EngineHarness();
  const script = "local weak = setmetatable({}, {__mode = 'v'}) " +
    "for i = 1, 200 do weak[i] = {ok = 'status ' .. i} end " +
    "local inner = setmetatable({{weak, {double = 1.5}}}, {__mode = 'v'}) return {inner, weak}";
  for (let i = 0; i < 50; i++) {
    assert(!redis.run("EVAL", script, 0).startsWith("(error)"));
  }
});
