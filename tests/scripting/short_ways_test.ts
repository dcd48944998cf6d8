/** Short ways that scripts must not notice: replies that nobody sees, and arguments that stay. */

import { assert, assertEquals } from "@std/assert";
import { EngineHarness } from "../support/engine_harness.ts";

Deno.test("a command in a statement does what it does, and raises what it raises", () => {
  const redis = new EngineHarness();
  const source = `redis.call('SET', KEYS[1], 'v') redis.call('APPEND', KEYS[1], 'w')
redis.call('HGETALL', 'none') redis.pcall('LPUSH', KEYS[1], 'x')
return redis.call('GET', KEYS[1])`;
  assertEquals(redis.run("EVAL", source, 1, "k"), '"vw"');
  const raised = redis.run("EVAL", "redis.call('LPUSH', KEYS[1], 'x') return 1", 1, "k");
  assert(raised.startsWith("(error) WRONGTYPE"), raised);
  const unknown = redis.run("EVAL", "redis.pcall('NOSUCH') redis.call('NOSUCH') return 1", 0);
  assert(unknown.includes("Unknown Redis command"), unknown);
});

Deno.test("whoever asks for a reply gets it, by whatever way it is called", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  const ways = [
    "return redis.call('GET', 'k')",
    "local v = redis.call('GET', 'k') return v",
    "local a, b = redis.call('GET', 'k') return b == nil and a",
    "local function f(...) return (select(1, ...)) end return f(redis.call('GET', 'k'))",
    "local ok, v = pcall(redis.call, 'GET', 'k') return ok and v",
    "local t = {redis.call('GET', 'k')} return t[1]",
    "return coroutine.wrap(function() return redis.call('GET', 'k') end)()",
    "local v coroutine.wrap(function() redis.call('PING') v = redis.call('GET', 'k') end)() return v",
    "local t = setmetatable({}, {__index = function(_, k) return redis.call('GET', k) end}) return t.k",
    "return redis.call('GET', 'k') .. ''",
    "redis.call('GET', 'k') do return redis.call('GET', 'k') end",
  ];
  for (const way of ways) assertEquals(redis.run("EVAL", way, 0), '"v"', way);
});

Deno.test("arguments are those of each call, whatever the script before did to its own", () => {
  const redis = new EngineHarness();
  const source = `local seen = KEYS[1] .. KEYS[2] .. ARGV[1]
KEYS[1] = 5 KEYS[2] = 'zz' ARGV[1] = ARGV[2] return seen`;
  for (const second of ["bb", "bb", "bc", "bcd", "", "bb"]) {
    const seen = redis.run("EVAL", source, 2, "aa", second, "1", "2");
    assertEquals(seen, `"aa${second}1"`);
  }
});
