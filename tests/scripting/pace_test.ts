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
