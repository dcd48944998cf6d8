/**
 * Where Lua keeps its values, as its program lays them out in memory: what can be read and pushed
 * here without calling the program, which for a `redis.call` was asked six times, and for a table that
 * a script returned thirty. EVALSHA of a GET takes 1.47 µs with it, in place of 1.75. [hot]
 *
 * ```text
 * lua_State   … 8: top, 12: base            addresses of values; the stack may move when Lua runs
 *             20: call                      record of the function that runs
 * call        … 16: results wanted          24 bytes in all
 * value       0: number, or an address; 8: type; 16 bytes in all
 * string      … 12: length, 16: bytes       these three never move
 * table       … 5: marks, 8: metatable, 12: items 1 to n, 16: fields, 28: n
 * function    … 16: its code
 * code        … 12: instructions, 16: codes of the functions within, 44 and 52: how many of each
 * instruction 0: its kind, in 6 of 32 bits
 * ```
 *
 * This is Lua 5.1 (lobject.h, lstate.h) with pointers of 32 bits; {@linkcode checkLayout} makes sure
 * of it in each new machine. What is written may not be seen by Lua's collector as a thing of the past:
 * a table that it has finished with (black) must not be given new values behind its back.
 */

import type { LuaApi } from "./lua_api.ts";
import * as luaApiModule from "./lua_api.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { LuaType } = luaApiModule;

/** Bytes of a value on the stack or in a table. */
export const VALUE_BYTES = 16;

const TYPE = 8;
const TOP = 8;
const BASE = 12;
const CALL = 20;
const CALL_RESULTS = 16;
const CALL_BYTES = 24;
const STRING_LENGTH = 12;
const STRING_BYTES = 16;
const TABLE_MARKS = 5;
const TABLE_METATABLE = 8;
const TABLE_ITEMS = 12;
const TABLE_FIELDS = 16;
const TABLE_ITEM_COUNT = 28;
const FUNCTION_CODE = 16;
const CODE_INSTRUCTIONS = 12;
const CODE_INNER = 16;
const CODE_INSTRUCTION_COUNT = 44;
const CODE_INNER_COUNT = 52;
const INSTRUCTION_KIND = 0x3f;
const SET_GLOBAL = 7;
/** The bit of an object's marks that tells that the collector has finished with it. */
const BLACK = 4;

/** Address behind the last value on the stack. */
export function topOf(data: DataView, state: number): number {
  return data.getInt32(state + TOP, true);
}

/** Address of a function's first argument; of the lowest value outside of functions. */
export function baseOf(data: DataView, state: number): number {
  return data.getInt32(state + BASE, true);
}

/**
 * How many results the function that runs is asked for: 0 where it is called as a statement, so that
 * nobody will see what it returns; -1 for as many as there are.
 */
export function wantedResults(data: DataView, state: number): number {
  return data.getInt32(data.getInt32(state + CALL, true) + CALL_RESULTS, true);
}

/** Takes off what lies at `top` and above. */
export function setTop(data: DataView, state: number, top: number): void {
  data.setInt32(state + TOP, top, true);
}

export function typeAt(data: DataView, at: number): number {
  return data.getInt32(at + TYPE, true);
}

export function numberAt(data: DataView, at: number): number {
  return data.getFloat64(at, true);
}

/** Address of a string, table or function; 0 or 1 for a boolean. */
export function wordAt(data: DataView, at: number): number {
  return data.getInt32(at, true);
}

export function stringLength(data: DataView, string: number): number {
  return data.getInt32(string + STRING_LENGTH, true);
}

/** Address of a string's first byte. */
export function stringBytes(string: number): number {
  return string + STRING_BYTES;
}

/** Address of a table's first item, behind which the others lie: what Lua calls its array part. */
export function tableItems(data: DataView, table: number): number {
  return data.getInt32(table + TABLE_ITEMS, true);
}

/** For how many items there is room; they may be nil. */
export function itemCount(data: DataView, table: number): number {
  return data.getInt32(table + TABLE_ITEM_COUNT, true);
}

/** Where a table has its fields: the same address for all tables that never had one. */
export function tableFields(data: DataView, table: number): number {
  return data.getInt32(table + TABLE_FIELDS, true);
}

export function hasMetatable(data: DataView, table: number): boolean {
  return data.getInt32(table + TABLE_METATABLE, true) !== 0;
}

/** Whether values may be put into a table only by Lua itself. */
export function isBlack(data: DataView, table: number): boolean {
  return (data.getUint8(table + TABLE_MARKS) & BLACK) !== 0;
}

/** Whether a function written in Lua, or one within it, may assign to a global. */
export function assignsGlobals(data: DataView, luaFunction: number): boolean {
  return codeAssignsGlobals(data, data.getInt32(luaFunction + FUNCTION_CODE, true));
}

function codeAssignsGlobals(data: DataView, code: number): boolean {
  const word = (at: number) => data.getInt32(at, true);
  const instructions = word(code + CODE_INSTRUCTIONS);
  for (let i = word(code + CODE_INSTRUCTION_COUNT) - 1; i >= 0; i--) {
    // A few words between are operands: one that looks like an assignment is taken for one.
    if ((word(instructions + 4 * i) & INSTRUCTION_KIND) === SET_GLOBAL) return true;
  }
  const inner = word(code + CODE_INNER);
  for (let i = word(code + CODE_INNER_COUNT) - 1; i >= 0; i--) {
    if (codeAssignsGlobals(data, word(inner + 4 * i))) return true;
  }
  return false;
}

// Pushing. There is room for 20 values in each of our functions, as C's functions have it.

export function pushNumber(data: DataView, state: number, value: number): void {
  const at = data.getInt32(state + TOP, true);
  data.setFloat64(at, value, true);
  data.setInt32(at + TYPE, LuaType.NUMBER, true);
  data.setInt32(state + TOP, at + VALUE_BYTES, true);
}

/** @param word the address of what has the type, or 0 or 1 for a boolean. */
export function pushWord(data: DataView, state: number, type: number, word: number): void {
  const at = data.getInt32(state + TOP, true);
  data.setInt32(at, word, true);
  data.setInt32(at + TYPE, type, true);
  data.setInt32(state + TOP, at + VALUE_BYTES, true);
}

/** Moves the value on top of the stack to another address. */
export function popTo(data: DataView, state: number, to: number): void {
  const at = data.getInt32(state + TOP, true) - VALUE_BYTES;
  // As words: what is no number might be changed when it is read as one.
  data.setInt32(to, data.getInt32(at, true), true);
  data.setInt32(to + 4, data.getInt32(at + 4, true), true);
  data.setInt32(to + TYPE, data.getInt32(at + TYPE, true), true);
  data.setInt32(state + TOP, at, true);
}

/**
 * Puts values on a stack by Lua's own functions and compares what lies there.
 *
 * @returns where tables that never had a field have their fields.
 * @throws {Error} when the program keeps anything elsewhere.
 */
export function checkLayout(api: LuaApi, state: number): number {
  const value = 1234.5;
  const data = new DataView(api.memory.buffer);
  const base = baseOf(data, state);
  const depth = api.lua_gettop(state);
  api.lua_pushnumber(state, value);
  api.lua_pushlightuserdata(state, 0);
  api.lua_pushlstring(state, state, 7);
  api.lua_createtable(state, 2, 0);
  api.lua_pushvalue(state, -2);
  api.lua_rawseti(state, -2, 2);
  const at = base + depth * VALUE_BYTES;
  const string = wordAt(data, at + 2 * VALUE_BYTES);
  const table = wordAt(data, at + 3 * VALUE_BYTES);
  const item = tableItems(data, table) + VALUE_BYTES;
  const holds = topOf(data, state) === at + 4 * VALUE_BYTES &&
    numberAt(data, at) === value && typeAt(data, at) === LuaType.NUMBER &&
    typeAt(data, at + VALUE_BYTES) === LuaType.LIGHT_USERDATA &&
    typeAt(data, at + 2 * VALUE_BYTES) === LuaType.STRING &&
    stringBytes(string) === api.lua_tolstring(state, -2, 0) &&
    stringLength(data, string) === 7 && table === api.lua_topointer(state, -1) &&
    itemCount(data, table) === 2 && typeAt(data, item - VALUE_BYTES) === LuaType.NIL &&
    wordAt(data, item) === string && !hasMetatable(data, table) && !isBlack(data, table) &&
    fieldsHold(api, state, data);
  if (!holds) throw new Error("Lua's program keeps values elsewhere than expected");
  api.lua_settop(state, depth);
  return tableFields(data, table);
}

/**
 * Calls the function below one argument, drops what it returns, and looks at the record that is left of
 * the call behind that of the caller.
 *
 * @throws {Error} when the program keeps it elsewhere.
 */
export function callChecked(api: LuaApi, state: number): void {
  // As no other call asks for.
  const results = 7;
  api.lua_call(state, 1, results);
  const data = new DataView(api.memory.buffer);
  const ended = data.getInt32(state + CALL, true) + CALL_BYTES;
  if (data.getInt32(ended + CALL_RESULTS, true) !== results) {
    throw new Error("Lua's program keeps records of calls elsewhere than expected");
  }
  api.lua_settop(state, -1 - results);
}

/** With a string and a table that refers to it on top of the stack. */
function fieldsHold(api: LuaApi, state: number, data: DataView): boolean {
  const first = api.lua_topointer(state, -1) as number;
  const none = tableFields(data, first);
  api.lua_createtable(state, 0, 1);
  const second = api.lua_topointer(state, -1) as number;
  const differ = tableFields(data, second) !== none && itemCount(data, second) === 0;
  api.lua_pushvalue(state, -1);
  api.lua_setmetatable(state, -3);
  api.lua_settop(state, -2);
  return differ && wordAt(data, first + TABLE_METATABLE) === second;
}
