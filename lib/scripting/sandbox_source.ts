/**
 * Lua that puts the globals of scripts together, run once in every new machine.
 *
 * Lua 5.1 has no read-only tables. What scripts share (the globals and libraries) is shown to them
 * as userdata with the tables behind `__index`: neither assignment nor `rawset` nor `table.insert`
 * can reach through. Functions that would show the difference (`type`, `pairs`, `rawget` …) are ours
 * and take such a shield for the table that it is (base_library.ts).
 *
 * The table that a script's own code has as its globals must be a real one. It stays empty, since
 * assignments go to `__newindex`, and no value leads to it.
 *
 * `pcall` is Lua's own, but as in Redis an error that is a table with `err` comes as that text. It
 * and `load` are written in Lua because below a function of ours no script can be set aside.
 */
export const SANDBOX_SOURCE = `
local host, base, libraries = ...
local globals, native, scan = _G, pcall, next
local newproxy, getmetatable, setmetatable, type = newproxy, getmetatable, setmetatable, type
local concat = table.concat

local function shield(inner, shown)
  local proxy = newproxy(true)
  local meta = getmetatable(proxy)
  meta.__index, meta.__newindex, meta.__metatable = inner, host.refuse, shown or false
  host.shielded(proxy, inner)
  return proxy
end

local real = {}
for _, name in ipairs({"assert", "error", "ipairs", "rawequal", "select", "tonumber", "tostring",
    "unpack", "xpcall", "gcinfo", "_VERSION"}) do
  real[name] = globals[name]
end
for name, run in scan, base do real[name] = run end
local loadstring = base.loadstring

local function outcome(ok, ...)
  if ok then return true, ... end
  local problem = ...
  if type(problem) == "table" then
    local text = problem.err
    if type(text) == "string" or type(text) == "number" then return false, text end
  end
  return false, problem
end
function real.pcall(run, ...) return outcome(native(run, ...)) end

function real.load(reader, name)
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == "" then break end
    pieces[#pieces + 1] = piece
  end
  return loadstring(concat(pieces), name or "=(load)")
end

local coroutines, strings, tables, maths = {}, globals.string, globals.table, globals.math
for name, run in scan, globals.coroutine do coroutines[name] = run end
for name, run in scan, host.math do maths[name] = run end
for name, run in scan, host.string do strings[name] = run end
libraries.coroutine, libraries.string, libraries.table, libraries.math =
  coroutines, strings, tables, maths
setmetatable(libraries.loading, {__index = host.missing})
local loading = setmetatable({redis = shield(libraries.loading)}, {__index = host.missing})
libraries.loading = nil
for name, library in scan, libraries do real[name] = shield(library) end
real._G = shield(real, shield({__index = host.missing}))

local text = getmetatable("")
text.__index, text.__metatable = strings, shield({__index = real.string})

setmetatable(real, {__index = host.missing})
local index = {__index = real, __newindex = host.refuse, __metatable = false}
return setmetatable({}, index), real, index, loading
`;
