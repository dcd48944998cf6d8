/**
 * The tables of strings that scripts get: KEYS and ARGV, and what functions are called with. [hot]
 *
 * A script seldom does more with KEYS than to read it, so the table of the one before is filled anew
 * where that was left as a plain list of the same length: nobody can have kept it. Making a table and
 * the global is four calls into Lua, and one more for each item. An item that is the same string as
 * before stays: who calls one script again and again names many of the same keys.
 */

import * as copyModule from "../bytes/copy.ts";
import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { Request } from "../resp/request.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { equalData } = copyModule;
const { LuaType, REGISTRY_INDEX } = luaApiModule;
const {
  hasMetatable,
  itemCount,
  pushWord,
  setTop,
  stringBytes,
  stringLength,
  tableFields,
  tableItems,
  topOf,
  typeAt,
  VALUE_BYTES,
  wordAt,
} = luaLayoutModule;

/** Pushes arguments of a request as a table, from `first` up to, not including, `end`. */
export function pushArguments(
  machine: LuaMachine,
  request: Request,
  first: number,
  end: number,
): void {
  const { state, api } = machine;
  api.lua_createtable(state, end - first, 0);
  setItems(machine, request, first, end);
}

/** Fills the table on top of the main stack, which has room for just that. */
function setItems(machine: LuaMachine, request: Request, first: number, end: number): void {
  const { state } = machine;
  const { data, offsets, lengths } = request;
  const table = wordAt(machine.data, topOf(machine.data, state) - VALUE_BYTES);
  for (let i = first; i < end; i++) {
    const at = tableItems(machine.data, table) + (i - first) * VALUE_BYTES;
    if (holds(machine.data, at, data, offsets[i], lengths[i])) continue;
    machine.pushData(state, data, offsets[i], lengths[i]);
    machine.setItem(state, table, i - first + 1);
  }
}

/** Whether the value at `at` is the string of these bytes. */
function holds(lua: DataView, at: number, data: DataView, offset: number, length: number): boolean {
  if (typeAt(lua, at) !== LuaType.STRING) return false;
  const string = wordAt(lua, at);
  return stringLength(lua, string) === length &&
    equalData(data, offset, lua, stringBytes(string), length);
}

/** One of the globals KEYS and ARGV. */
export class ArgumentTable {
  private readonly name: number;
  /** Keeps the table, whatever becomes of the global. */
  private readonly ref: number;
  /** Its address; 0 until the first script comes. */
  private table = 0;

  /** @param globals ref of the table of globals. */
  constructor(
    private readonly machine: LuaMachine,
    private readonly globals: number,
    name: "KEYS" | "ARGV",
  ) {
    const { api, state } = machine;
    this.name = machine.name(name);
    api.lua_createtable(state, 0, 0);
    this.ref = machine.ref(state);
  }

  /** Makes arguments of a request its items, from `first` up to, not including, `end`. */
  fill(request: Request, first: number, end: number): void {
    const { machine } = this;
    const { state } = machine;
    if (this.isListOf(end - first)) pushWord(machine.data, state, LuaType.TABLE, this.table);
    else this.renew(end - first);
    setItems(machine, request, first, end);
    setTop(machine.data, state, topOf(machine.data, state) - VALUE_BYTES);
  }

  private isListOf(count: number): boolean {
    const { table } = this;
    const { data, noFields } = this.machine;
    return table !== 0 && itemCount(data, table) === count &&
      tableFields(data, table) === noFields &&
      !hasMetatable(data, table);
  }

  private renew(count: number): void {
    const { machine } = this;
    const { api, state } = machine;
    machine.pushRef(state, this.globals);
    api.lua_createtable(state, count, 0);
    this.table = wordAt(machine.data, topOf(machine.data, state) - VALUE_BYTES);
    api.lua_pushvalue(state, -1);
    api.lua_rawseti(state, REGISTRY_INDEX, this.ref);
    api.lua_pushvalue(state, -1);
    api.lua_setfield(state, -3, this.name);
    api.lua_remove(state, -2);
  }
}
