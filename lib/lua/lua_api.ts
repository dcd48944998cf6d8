/**
 * Lua 5.1's C interface as the WebAssembly program exports it, and the numbers that its header
 * gives names (https://www.lua.org/manual/5.1/manual.html#3). Pointers and sizes are i32.
 */

export const LuaType = {
  NONE: -1,
  NIL: 0,
  BOOLEAN: 1,
  LIGHT_USERDATA: 2,
  NUMBER: 3,
  STRING: 4,
  TABLE: 5,
  FUNCTION: 6,
  USERDATA: 7,
  THREAD: 8,
} as const;

/** What `lua_pcall` returns. */
export const LuaStatus = { OK: 0, RUNTIME_ERROR: 2, SYNTAX_ERROR: 3, MEMORY_ERROR: 4 } as const;

export const REGISTRY_INDEX = -10000;
export const GLOBALS_INDEX = -10002;
/** Pseudo-index of a C function's first upvalue. */
export const UPVALUE_1 = GLOBALS_INDEX - 1;
export const MULTIPLE_RESULTS = -1;

export const GarbageCollection = {
  COLLECT: 2,
  COUNT: 3,
  COUNT_BYTES: 4,
  STEP: 5,
  SET_PAUSE: 6,
} as const;

/** Where the fields of `lua_Debug` lie. */
export const DebugField = { WHAT: 12, SOURCE: 16, CURRENT_LINE: 20, SIZE: 128 } as const;

export interface LuaApi {
  readonly memory: WebAssembly.Memory;
  /** Calls of functions to the next tick: see metering.ts, which exports it. */
  readonly fuel: WebAssembly.Global;
  malloc(size: number): number;
  free(pointer: number): void;
  emscripten_stack_init(): void;
  __wasm_call_ctors(): void;
  stackSave: CallableFunction;
  stackRestore: CallableFunction;
  setThrew: CallableFunction;
  luaopen_base: CallableFunction;
  luaopen_table: CallableFunction;
  luaopen_string: CallableFunction;
  luaopen_math: CallableFunction;
  luaL_newstate(): number;
  lua_gettop(state: number): number;
  lua_settop(state: number, index: number): void;
  lua_remove(state: number, index: number): void;
  lua_insert(state: number, index: number): void;
  lua_replace(state: number, index: number): void;
  lua_pushvalue(state: number, index: number): void;
  lua_checkstack(state: number, extra: number): number;
  lua_type(state: number, index: number): number;
  lua_isnumber(state: number, index: number): number;
  lua_isstring(state: number, index: number): number;
  lua_tonumber(state: number, index: number): number;
  lua_toboolean(state: number, index: number): number;
  lua_tolstring(state: number, index: number, lengthPointer: number): number;
  lua_touserdata(state: number, index: number): number;
  lua_topointer(state: number, index: number): number;
  lua_objlen(state: number, index: number): number;
  lua_rawequal(state: number, a: number, b: number): number;
  lua_pushnil(state: number): void;
  lua_pushnumber(state: number, value: number): void;
  lua_pushboolean(state: number, value: number): void;
  lua_pushlstring(state: number, pointer: number, length: number): void;
  lua_pushlightuserdata(state: number, pointer: number): void;
  lua_pushcclosure(state: number, entry: number, upvalues: number): void;
  lua_createtable(state: number, items: number, fields: number): void;
  lua_newuserdata(state: number, size: number): number;
  lua_getfield(state: number, index: number, name: number): void;
  lua_setfield(state: number, index: number, name: number): void;
  lua_rawget(state: number, index: number): void;
  lua_rawgeti(state: number, index: number, n: number): void;
  lua_rawset(state: number, index: number): void;
  lua_rawseti(state: number, index: number, n: number): void;
  lua_next(state: number, index: number): number;
  lua_getmetatable(state: number, index: number): number;
  lua_setmetatable(state: number, index: number): number;
  lua_setfenv(state: number, index: number): number;
  lua_call(state: number, args: number, results: number): void;
  lua_pcall: (state: number, args: number, results: number, handler: number) => number;
  lua_error(state: number): number;
  lua_concat(state: number, count: number): void;
  lua_gc(state: number, what: number, data: number): number;
  lua_sethook(state: number, entry: number, mask: number, count: number): number;
  lua_getstack(state: number, level: number, record: number): number;
  lua_getinfo(state: number, what: number, record: number): number;
  luaL_where(state: number, level: number): void;
  luaL_argerror(state: number, index: number, message: number): number;
  luaL_checktype(state: number, index: number, type: number): void;
  luaL_checkany(state: number, index: number): void;
  luaL_checknumber(state: number, index: number): number;
  luaL_checkinteger(state: number, index: number): number;
  luaL_checklstring(state: number, index: number, lengthPointer: number): number;
  luaL_getmetafield(state: number, index: number, name: number): number;
  luaL_loadbuffer(state: number, source: number, length: number, name: number): number;
  luaL_ref(state: number, index: number): number;
  luaL_unref(state: number, index: number, ref: number): void;
}
