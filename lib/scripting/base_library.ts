/**
 * Lua's basic functions where scripts must not have Lua's own: those that would reach through the
 * shields before shared tables (sandbox_source.ts), load compiled code, or stop the collector. All
 * else works and fails as in Lua's reference manual.
 *
 * Also what the sandbox itself is made of ({@linkcode HOST_LIBRARY}), among it the handler that
 * finds out where an error was raised.
 */

import { frameAt } from "../lua/frames.ts";
import { GarbageCollection, LuaStatus, LuaType } from "../lua/lua_api.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import { format } from "./format_function.ts";
import { COUNTED_MARK, type Library, type LibraryEngine, type LibraryFunction } from "./library.ts";

const READONLY = "Attempt to modify a readonly table";
/** The first byte of compiled code. */
const COMPILED = 27;
/** What errors call the source of our own Lua, as they do functions written in C. */
const OWN_SOURCE = "=[C]";
const LEVELS = 12;
const TYPE_NAMES = [
  ...["nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread"],
];

/** The ref of the table behind a shield; undefined for everything else. */
function shielded(engine: LibraryEngine, state: number, index: number): number | undefined {
  const { api } = engine.machine;
  if (api.lua_type(state, index) !== LuaType.USERDATA) return undefined;
  return engine.shields.get(api.lua_touserdata(state, index));
}

/** Raises text without a place, as Redis's own checks do. */
function refuseHere(machine: LuaMachine, state: number): number {
  machine.pushText(state, READONLY);
  return machine.api.lua_error(state);
}

export const HOST_LIBRARY = {
  /** The handler of errors: keeps what happened and where, for the reply. */
  handle: (engine: LibraryEngine, state: number) => {
    const { machine } = engine;
    const place = placeOf(machine, state);
    engine.problem = {
      ...problemText(engine, state),
      source: place?.source ?? "",
      line: place?.line ?? 0,
    };
    return 1;
  },
  refuse: ({ machine }: LibraryEngine, state: number) => machine.raise(state, READONLY),
  missing: ({ machine }: LibraryEngine, state: number) => {
    // Scripts find this in what `getmetatable(_G)` shows, and may call it as they like.
    if (machine.api.lua_gettop(state) !== 2) {
      return machine.raise(state, "Wrong number of arguments to luaProtectedTableError");
    }
    const name = machine.text(state, 2);
    if (name === null) {
      return machine.raise(
        state,
        "Second argument to luaProtectedTableError must be a string or number",
      );
    }
    return machine.raise(
      state,
      `Script attempted to access nonexistent global variable '${name}'`,
    );
  },
  /** Notes a shield (1) and the table behind it (2). */
  shielded: ({ machine, shields }: LibraryEngine, state: number) => {
    const address = machine.api.lua_touserdata(state, 1);
    machine.api.lua_settop(state, 2);
    shields.set(address, machine.ref(state));
    return 0;
  },
} satisfies Library;

/** Where an error was raised: the script's function that called what failed. */
function placeOf(machine: LuaMachine, state: number): { source: string; line: number } | null {
  let isBelowC = false;
  for (let level = 1; level < LEVELS; level++) {
    const frame = frameAt(machine, state, level);
    if (frame === null) return null;
    const isOwn = frame.isC || frame.source === OWN_SOURCE;
    // Our Lua and what it calls count as one function.
    if (!isOwn || (isBelowC && frame.isC)) return frame;
    if (frame.isC) isBelowC = true;
  }
  return null;
}

function problemText(
  { machine }: LibraryEngine,
  state: number,
): { text: string; isCounted: boolean } {
  const { api } = machine;
  const type = api.lua_type(state, 1);
  if (type !== LuaType.TABLE) return { text: `ERR ${describe(machine, state)}`, isCounted: false };
  const field = (name: string) => {
    machine.pushText(state, name);
    api.lua_rawget(state, 1);
  };
  field("err");
  const text = machine.isString(state, -1)
    ? machine.text(state, -1) as string
    : "ERR unknown error";
  field(COUNTED_MARK);
  return { text, isCounted: api.lua_toboolean(state, -1) !== 0 };
}

/** What `tostring` would give. */
function describe(machine: LuaMachine, state: number): string {
  const { api } = machine;
  switch (api.lua_type(state, 1)) {
    case LuaType.STRING:
    case LuaType.NUMBER:
      return machine.text(state, 1) as string;
    case LuaType.BOOLEAN:
      return api.lua_toboolean(state, 1) !== 0 ? "true" : "false";
    case LuaType.NIL:
      return "nil";
    default: {
      const address = api.lua_topointer(state, 1).toString(16).padStart(8, "0");
      return `${TYPE_NAMES[api.lua_type(state, 1)]}: 0x${address}`;
    }
  }
}

const next: LibraryFunction = (engine, state) => {
  const { machine } = engine;
  const { api } = machine;
  const inner = shielded(engine, state, 1);
  if (inner === undefined) api.luaL_checktype(state, 1, LuaType.TABLE);
  api.lua_settop(state, 2);
  if (inner !== undefined) {
    machine.pushRef(state, inner);
    api.lua_replace(state, 1);
  }
  if (api.lua_next(state, 1) !== 0) return 2;
  api.lua_pushnil(state);
  return 1;
};

export const BASE_LIBRARY: Library = {
  type: (engine, state) => {
    const { machine } = engine;
    machine.api.luaL_checkany(state, 1);
    const type = shielded(engine, state, 1) === undefined
      ? machine.api.lua_type(state, 1)
      : LuaType.TABLE;
    machine.pushName(state, TYPE_NAMES[type]);
    return 1;
  },
  next,
  pairs: (engine, state) => {
    const { machine } = engine;
    const { api } = machine;
    const inner = shielded(engine, state, 1);
    if (inner === undefined) api.luaL_checktype(state, 1, LuaType.TABLE);
    api.lua_settop(state, 1);
    machine.pushRef(state, engine.nextRef);
    if (inner === undefined) api.lua_pushvalue(state, 1);
    else copyTable(machine, state, inner);
    api.lua_pushnil(state);
    return 3;
  },
  rawget: (engine, state) => {
    const { machine } = engine;
    const { api } = machine;
    const inner = shielded(engine, state, 1);
    if (inner === undefined) api.luaL_checktype(state, 1, LuaType.TABLE);
    api.luaL_checkany(state, 2);
    api.lua_settop(state, 2);
    if (inner !== undefined) {
      machine.pushRef(state, inner);
      api.lua_replace(state, 1);
    }
    api.lua_rawget(state, 1);
    return 1;
  },
  rawset: (engine, state) => {
    const { api } = engine.machine;
    if (shielded(engine, state, 1) !== undefined) return refuseHere(engine.machine, state);
    api.luaL_checktype(state, 1, LuaType.TABLE);
    api.luaL_checkany(state, 2);
    api.luaL_checkany(state, 3);
    api.lua_settop(state, 3);
    api.lua_rawset(state, 1);
    return 1;
  },
  getmetatable: (engine, state) => {
    const { machine } = engine;
    const { api } = machine;
    api.luaL_checkany(state, 1);
    const isShield = shielded(engine, state, 1) !== undefined;
    if (api.lua_getmetatable(state, 1) === 0) api.lua_pushnil(state);
    else if (api.luaL_getmetafield(state, 1, machine.name("__metatable")) !== 0) {
      // A shield's own is not for scripts, and the table behind it has none unless one is shown.
      if (isShield && api.lua_toboolean(state, -1) === 0) api.lua_pushnil(state);
    }
    return 1;
  },
  setmetatable: (engine, state) => {
    const { machine } = engine;
    const { api } = machine;
    if (shielded(engine, state, 1) !== undefined) return refuseHere(machine, state);
    const type = api.lua_type(state, 2);
    api.luaL_checktype(state, 1, LuaType.TABLE);
    if (type !== LuaType.NIL && type !== LuaType.TABLE) {
      return machine.wrongArgument(state, 2, "nil or table expected");
    }
    if (api.luaL_getmetafield(state, 1, machine.name("__metatable")) !== 0) {
      return machine.raise(state, "cannot change a protected metatable");
    }
    api.lua_settop(state, 2);
    api.lua_setmetatable(state, 1);
    return 1;
  },
  loadstring: ({ machine }, state) => {
    const { api, bytes, lengthPointer } = machine;
    const source = api.luaL_checklstring(state, 1, lengthPointer);
    const length = machine.length;
    let chunk = source;
    if (api.lua_type(state, 2) > LuaType.NIL) {
      chunk = api.luaL_checklstring(state, 2, lengthPointer);
    }
    if (bytes[source] === COMPILED) {
      api.lua_pushnil(state);
      machine.pushText(state, "compiled code is not accepted");
      return 2;
    }
    if (api.luaL_loadbuffer(state, source, length, chunk) === LuaStatus.OK) return 1;
    api.lua_pushnil(state);
    api.lua_insert(state, -2);
    return 2;
  },
  collectgarbage: ({ machine }, state) => {
    const { api } = machine;
    const option = api.lua_type(state, 1) > LuaType.NIL
      ? machine.argumentText(state, 1)
      : "collect";
    switch (option) {
      case "count":
        api.lua_pushnumber(state, machine.usedBytes / 1024);
        return 1;
      case "step": {
        const done = api.lua_gc(state, GarbageCollection.STEP, 0);
        api.lua_pushboolean(state, done);
        return 1;
      }
      case "collect":
        api.lua_gc(state, GarbageCollection.COLLECT, 0);
        break;
      // How the collector works is not one script's business: these do nothing.
      case "stop":
      case "restart":
      case "setpause":
      case "setstepmul":
        break;
      default:
        return machine.wrongArgument(state, 1, `invalid option '${option}'`);
    }
    api.lua_pushnumber(state, 0);
    return 1;
  },
};

/** Pushes a copy, so that whoever walks over it does not get the table itself. */
function copyTable(machine: LuaMachine, state: number, ref: number): void {
  const { api } = machine;
  api.lua_createtable(state, 0, 16);
  machine.pushRef(state, ref);
  api.lua_pushnil(state);
  while (api.lua_next(state, -2) !== 0) {
    api.lua_pushvalue(state, -2);
    api.lua_insert(state, -2);
    api.lua_rawset(state, -5);
  }
  api.lua_settop(state, -2);
}

export const STRING_LIBRARY: Library = { format };

export const MATH_LIBRARY: Library = {
  random: ({ machine, random }, state) => {
    const { api } = machine;
    const drawn = random.next();
    const count = api.lua_gettop(state);
    if (count === 0) {
      api.lua_pushnumber(state, drawn);
      return 1;
    }
    if (count > 2) return machine.raise(state, "wrong number of arguments");
    const low = count === 1 ? 1 : api.luaL_checkinteger(state, 1);
    const high = api.luaL_checkinteger(state, count);
    if (low > high) return machine.wrongArgument(state, count, "interval is empty");
    api.lua_pushnumber(state, Math.floor(drawn * (high - low + 1)) + low);
    return 1;
  },
  randomseed: ({ machine, random }, state) => {
    random.seed(machine.api.luaL_checkinteger(state, 1));
    return 0;
  },
};
