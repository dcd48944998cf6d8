/**
 * Attempts to get out of the sandbox, or to leave something behind for the next script. An attempt
 * returns "ESCAPED" where it got what it should not have; after each the probe must still find what
 * a fresh machine has.
 */

import { assert, assertEquals } from "@std/assert";
import { Scripting } from "../../lib/scripting/scripting.ts";
import { EngineHarness } from "../support/engine_harness.ts";

const PROBE = `
local found = {}
for _, name in ipairs({'string','table','math','redis','cjson','cmsgpack','bit','struct','os',
    'coroutine'}) do
  local names = {}
  for k, v in pairs(_G[name]) do names[#names + 1] = k .. '=' .. type(v) end
  table.sort(names)
  found[#found + 1] = name .. ':' .. table.concat(names, ',')
end
local globals = {}
for k, v in pairs(_G) do globals[#globals + 1] = k .. '=' .. type(v) end
table.sort(globals)
found[#found + 1] = table.concat(globals, ',')
found[#found + 1] = ('%d'):format(7) .. #'abc' .. ('x'):upper() .. tostring(1.5)
found[#found + 1] = tostring((pcall(function() return nosuch end)))
found[#found + 1] = tostring((pcall(function() nosuch = 1 end)))
found[#found + 1] = cjson.encode({1, {a = 1 / 3}}) .. cmsgpack.unpack(cmsgpack.pack('m'))
found[#found + 1] = tostring(#KEYS) .. tostring(#ARGV) .. redis.sha1hex('a')
found[#found + 1] = tostring(getmetatable({})) .. tostring(getmetatable(1))
for k, v in pairs(getmetatable(_G)) do found[#found + 1] = k .. type(v) end
return table.concat(found, '|')`;

/** Returns ESCAPED when `what` holds, whatever happens otherwise. */
const when = (what: string) =>
  `local ok, got = pcall(function() return ${what} end)
if ok and got then return 'ESCAPED' end return 'safe'`;

/** Does something that must not be seen by the next script. */
const leave = (what: string) => `pcall(function() ${what} end) return 'safe'`;

const ATTEMPTS: readonly string[] = [
  // What must not be there.
  ...["io", "debug", "package", "require", "module", "dofile", "loadfile", "getfenv", "setfenv"]
    .map((name) => when(`${name}`)),
  ...["newproxy", "print", "os.execute", "os.exit", "os.getenv", "os.remove", "string.nosuch"].map((
    name,
  ) => when(name)),
  when("rawget(_G, 'io')"),
  when("_G.debug"),
  when("_G['require']"),
  when("next(_G, nil) == 'io'"),
  when("coroutine.wrap(function() return debug end)()"),
  when("loadstring('return io')()"),
  when("load(function() return nil end).x"),
  // The host language behind the library functions.
  ...["constructor", "__proto__", "prototype", "toString", "__index", "__metatable"].map((name) =>
    when(`redis['${name}'] ~= nil or redis.call['${name}'] ~= nil`)
  ),
  when("cjson.null.constructor"),
  when('cjson.decode(\'{"__proto__":{"x":1}}\').x'),
  when("({}).x or ({})['__proto__']"),
  // Compiled code.
  when("loadstring(string.dump(function() return 1 end))"),
  when("loadstring('\\27Lua')"),
  when("load(function() return string.dump(function() end) end)"),
  `local bytes = string.dump(function() return 1 end) local i = 0
   local f = load(function() i = i + 1 return i <= #bytes and bytes:sub(i, i) or nil end)
   return f and 'ESCAPED' or 'safe'`,
  // Globals.
  leave("x = 1"),
  leave("_G.x = 1"),
  leave("_G['x'] = 1"),
  leave("rawset(_G, 'x', 1)"),
  leave("rawset(_G, 'string', {})"),
  leave("setmetatable(_G, {__index = function() return 1 end})"),
  leave("setmetatable(_G, nil)"),
  leave("getmetatable(_G).__index = nil"),
  leave("getmetatable(_G).__newindex = nil"),
  leave("getmetatable(_G).x = 1"),
  leave("rawset(getmetatable(_G), '__index', nil)"),
  leave("setmetatable(getmetatable(_G), {__index = {x = 1}})"),
  leave("table.insert(getmetatable(_G), 1)"),
  leave("local _, t = pairs(getmetatable(_G)) t.__index = nil t.x = 1"),
  leave("setmetatable({}, getmetatable(_G)).x = 1"),
  when("getmetatable(_G).__newindex"),
  when("getmetatable(getmetatable(_G))"),
  when("getmetatable(_G).__index(_G, 'redis')"),
  leave("table.insert(_G, 1)"),
  leave("table.insert(_G, 1, 'x')"),
  leave("table.sort(_G)"),
  leave("table.remove(_G)"),
  leave("for k in pairs(_G) do _G[k] = nil end"),
  leave("loadstring('y = 1')()"),
  leave("coroutine.wrap(function() z = 1 end)()"),
  leave("local t = pairs(_G) rawset(t, 'x', 1)"),
  leave("local _, t = pairs(_G) t.string = nil t.leak = 1"),
  leave("local _, t = pairs(string) t.format = nil"),
  leave("_VERSION = 'x'"),
  leave("_G._G = nil"),
  leave("pcall = nil"),
  leave("redis = nil"),
  leave("KEYS = {1, 2, 3}"),
  leave("KEYS[1] = 'left' ARGV[1] = 'left'"),
  leave("rawset(KEYS, 1, 'left')"),
  // Libraries.
  ...["string", "table", "math", "redis", "cjson", "cmsgpack", "bit", "struct", "os", "coroutine"]
    .flatMap((name) => [
      leave(`${name}.leak = 1`),
      leave(`rawset(${name}, 'leak', 1)`),
      leave(`setmetatable(${name}, {})`),
      leave(`table.insert(${name}, 1)`),
    ]),
  leave("string.format = nil"),
  leave("redis.call = function() end"),
  leave("cjson.encode = function() return 'x' end"),
  leave("cjson.new().encode = nil"),
  leave("cjson.encode_sparse_array(true, 9, 9) cjson.encode_max_depth(1)"),
  leave("cjson.encode_number_precision(2)"),
  leave("cjson.decode_max_depth(1) cjson.decode_invalid_numbers(false)"),
  leave("redis.setresp(3)"),
  leave("redis.set_repl(redis.REPL_NONE)"),
  leave("math.random = nil"),
  leave("math.randomseed(1)"),
  leave("collectgarbage('stop')"),
  leave("collectgarbage('setpause', 100000)"),
  // Metatables of values that all scripts share.
  leave("getmetatable('').__index = function() return 'left' end"),
  leave("getmetatable('').__index.format = nil"),
  leave("getmetatable('').__add = function() return 'left' end"),
  leave("getmetatable('').__metatable = nil"),
  leave("setmetatable('', {})"),
  leave("rawset(getmetatable(''), '__index', nil)"),
  leave("rawset(getmetatable('').__index, 'x', 1)"),
  leave("table.insert(getmetatable('').__index, 1)"),
  when("getmetatable(nil)"),
  when("getmetatable(true)"),
  when("getmetatable(1)"),
  when("getmetatable(print)"),
  when("setmetatable(1, {})"),
  when("getmetatable(redis)"),
  when("getmetatable(redis.call)"),
  // Sizes and numbers at their ends.
  when("unpack({}, 1, 2^31)"),
  when("unpack({}, -2^31, 2^31 - 1)"),
  when("unpack({}, 2^31 - 3, 2^31 - 1) == 1"),
  when("select(-2^31, 1) == 2"),
  when("string.rep('x', -1) ~= ''"),
  when("#string.rep('x', 2^31) > 0"),
  when("#string.rep('x', 2^40) > 0"),
  when("('x'):rep(1e9)"),
  when("string.char(256)"),
  when("string.byte('a', -2^31, 2^31 - 1) ~= 97"),
  when("#('a'):sub(-2^53, 2^53) > 1"),
  when("string.format('%99999d', 1)"),
  when("string.format('%s', setmetatable({}, {__tostring = function() return 1 end}))"),
  when("#string.format('%' .. ('0'):rep(200) .. 'd', 1)"),
  when("table.concat({}, 'x', 1, 2^31 - 1)"),
  when("table.concat({}, 'x', -2^31, 5)"),
  when("bit.lshift(1, 2^31) > 2^32 or bit.tohex(0, -2^31) == 'x'"),
  when("struct.pack('i' .. ('9'):rep(300), 1)"),
  when("struct.pack('!9i', 1)"),
  when("struct.unpack('c2147483647', 'x')"),
  when("struct.unpack('c0', 'x')"),
  when("struct.unpack('bc0', '\\200x')"),
  when("struct.unpack('i4', 'abcd', -2^31)"),
  when("struct.unpack('i4', 'abcd', 2^31 - 1)"),
  when("cmsgpack.unpack('\\221\\255\\255\\255\\255')"),
  when("cmsgpack.unpack('\\219\\255\\255\\255\\255')"),
  when("cmsgpack.unpack('\\145'):rep(2)"),
  when("cmsgpack.unpack(('\\145'):rep(100000))"),
  when("cmsgpack.unpack_one('abc', 2^31)"),
  when("cmsgpack.unpack_limit('abc', -1)"),
  when("cjson.decode(('['):rep(100000))"),
  when("cjson.decode('\"\\\\ud800\\\\ud800\"')"),
  "cjson.encode_max_depth(2^30) local t = {} t[1] = t return {pcall(cjson.encode, t)} and 'safe'",
  "cjson.decode_max_depth(2^30) return {pcall(cjson.decode, ('['):rep(1e6))} and 'safe'",
  // Stacks and memory.
  "local function f() return 1 + f() end return pcall(f) and 'ESCAPED' or 'safe'",
  "local function f() return pcall(f) end f() return 'safe'",
  "local function f() return coroutine.wrap(f)() end return pcall(f) and 'ESCAPED' or 'safe'",
  "local function f(s) return (s:gsub('.', f)) end return pcall(f, 'x') and 'ESCAPED' or 'safe'",
  "local t = setmetatable({}, {}) getmetatable(t).__index = t return pcall(function() return t.x end) and 'ESCAPED' or 'safe'",
  "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return pcall(function() return t[1] end) and 'ESCAPED' or 'safe'",
  "local s = ('('):rep(1e5) .. ')' return loadstring('return ' .. s) and 'ESCAPED' or 'safe'",
  "local s = ('a?'):rep(1e5) return {pcall(string.find, ('a'):rep(10), s)} and 'safe'",
  "local s = ('{'):rep(1e5) return loadstring('return ' .. s) and 'ESCAPED' or 'safe'",
  "local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(1000) .. i end return 'ESCAPED'",
  "local s = 'x' while true do s = s .. s end",
  "local t = {} while true do t[#t + 1] = {} end",
  "local t = {} while true do t = {t, coroutine.create(function() end)} end",
  "local ok = pcall(function() local s = 'x' while true do s = s .. s end end) return ok and 'ESCAPED' or 'safe'",
  // Commands that are not for scripts.
  ...["MULTI", "EXEC", "WATCH", "SUBSCRIBE", "MONITOR", "SHUTDOWN", "CONFIG", "DEBUG"].map((name) =>
    when(`redis.call('${name}', 'x').ok`)
  ),
  when("redis.call('eval', 'return 1', 0)"),
  when("redis.call('function', 'flush')"),
  when("redis.call('script', 'flush')"),
  when("redis.call('config', 'set', 'maxmemory', '1').ok"),
  when("redis.call('acl', 'whoami')"),
  when("redis.register_function"),
  // Errors as a way out.
  "error(setmetatable({}, {__tostring = function() return 'x' end}))",
  "error({err = {}})",
  "error({err = 'a\\r\\n+OK\\r\\n'})",
  "return redis.error_reply('x\\r\\n$-1\\r\\n')",
  "return {ok = 'a\\r\\n:1'}",
  "return setmetatable({}, {__index = function() error('in reply') end})",
  "return coroutine.create(function() end)",
  "local t = {} t.map = t return t",
];

Deno.test("no script gets out of the sandbox, and none leaves anything behind", () => {
  assert(ATTEMPTS.length >= 80);
  const redis = new EngineHarness();
  Scripting.of(redis.engine.context).machineLimitBytes = 20 * 1024 * 1024;
  const fresh = redis.run("EVAL", PROBE, 0);
  assert(fresh.length > 500, fresh);
  for (const attempt of ATTEMPTS) {
    const reply = redis.run("EVAL", attempt, 0);
    assert(!reply.includes("ESCAPED"), `${attempt}\n  => ${reply}`);
    assert(!reply.includes("internal error"), `${attempt}\n  => ${reply}`);
    assertEquals(redis.run("EVAL", PROBE, 0), fresh, `after: ${attempt}`);
  }
  assertEquals(redis.log.lines.filter(({ message }) => message.includes("failed")), []);
  assertEquals(Object.keys(Object.prototype), []);
});

/** Ways to assign to a global that are all of a script, so that nothing else shows that it does. */
const ASSIGNMENTS: readonly string[] = [
  "x = 1",
  "KEYS = {}",
  "redis = nil",
  "tonumber = tostring",
  "_G = {}",
  "function f() end",
  "local a, b = 1 b, x = a",
  "for i = 1, 2 do x = i end",
  "local function f() return function() return function() x = 1 end end end f()()()",
  "local t = {f = function() x = 1 end} t.f()",
  "table.foreach({1}, function() x = 1 end)",
  "local c = coroutine.wrap(function() x = 1 end) c()",
  "('a'):gsub('a', function() x = 1 end)",
  "if #KEYS == 0 then while true do x = 1 break end end",
  "local t = {" + "1,".repeat(600) + "} x = #t",
  "loadstring('x = 1')()",
  "local done load(function() if not done then done = true return 'x = 1' end end)()",
  "loadstring('return function() x = 1 end')()()",
  "_G.x = 1",
  "_G['KEYS'] = nil",
  "rawset(_G, 'x', 1)",
  "local g = _G g.redis = 1",
  "setmetatable(_G, {})",
  "table.insert(_G, 1)",
  "getmetatable(_G).__index = {x = 1}",
  "rawset(getmetatable(_G), '__newindex', nil)",
];

Deno.test("no way of assigning to a global is open, and reading them goes on as before", () => {
  const redis = new EngineHarness();
  const check = "return {type(KEYS), type(redis), tostring(tonumber('1')), type(_G), #KEYS}";
  const before = redis.run("EVAL", check, 0);
  for (const assignment of ASSIGNMENTS) {
    assert(redis.run("EVAL", assignment, 0).startsWith("(error)"), assignment);
    assertEquals(redis.run("EVAL", check, 0), before, assignment);
    for (const name of ["x", "f", "t"]) {
      const missing = redis.run("EVAL", `return ${name}`, 0);
      assert(missing.includes("nonexistent global variable"), `${assignment}: ${missing}`);
    }
  }
});

Deno.test("errors of scripts stay one line, so that no reply can be forged", () => {
  const redis = new EngineHarness();
  const reply = redis.bytesTo(redis.session, "EVAL", "error({err = 'a\\r\\n+OK\\r\\n'})", 0);
  const text = new TextDecoder().decode(reply);
  assertEquals(text.split("\r\n").length, 2, text);
});

Deno.test("names of properties of JavaScript are names like others", () => {
  const redis = new EngineHarness();
  for (const name of ["__proto__", "constructor", "toString", ""]) {
    const script =
      "redis.call('SET', KEYS[1], ARGV[1]) return {KEYS[1], redis.call('GET', KEYS[1])}";
    assertEquals(redis.run("EVAL", script, 1, name, name), `1) "${name}"\n2) "${name}"`);
    const json = "return cjson.encode(cjson.decode(ARGV[1]))";
    assertEquals(redis.run("EVAL", json, 0, `{"${name}":1}`), `"{\\"${name}\\":1}"`);
  }
});

Deno.test("a library of functions can't reach another, nor the scripts of EVAL", () => {
  const redis = new EngineHarness();
  const library = (name: string, body: string) =>
    redis.run(
      "FUNCTION",
      "LOAD",
      `#!lua name=${name}\nredis.register_function('${name}', ${body})`,
    );
  assertEquals(library("one", "function() leak = 1 end"), '"one"');
  assertEquals(library("two", "function() return rawget(_G, 'leak') end"), '"two"');
  assert(redis.run("FCALL", "one", 0).includes("readonly table"));
  assertEquals(redis.run("FCALL", "two", 0), "(nil)");
  assert(redis.run("EVAL", "return KEYS and redis.register_function", 0) === "(nil)");
  assert(library("three", "function() return KEYS end") === '"three"');
  assert(redis.run("FCALL", "three", 0).includes("nonexistent global variable 'KEYS'"));
});
