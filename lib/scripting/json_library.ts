/**
 * `cjson`: JSON in and out, with the behaviour and messages of lua-cjson 2.1, which scripts know from
 * Redis. A table whose keys are 1 to n is an array, an empty one an object.
 */

import { LuaType } from "../lua/lua_api.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import { ByteSink } from "./byte_sink.ts";
import { JsonReader } from "./json_reader.ts";
import type { JsonSettings } from "./json_settings.ts";
import { generalNumber } from "./number_text.ts";
import type { Library, LibraryEngine, LibraryFunction } from "./library.ts";

const TYPE_NAMES = [
  ...["nil", "boolean", "userdata", "number", "string", "table", "function", "userdata", "thread"],
];
const ESCAPES: readonly (string | undefined)[] = escapes();
const MAX_INTEGER = 2147483647;

function escapes(): (string | undefined)[] {
  const table: (string | undefined)[] = new Array(256).fill(undefined);
  const code = (byte: number) => `\\u${byte.toString(16).padStart(4, "0")}`;
  for (let byte = 0; byte < 32; byte++) table[byte] = code(byte);
  table[127] = code(127);
  const short = { "\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", '"': '"', "/": "/" };
  for (const [char, letter] of Object.entries(short)) table[char.charCodeAt(0)] = `\\${letter}`;
  table[92] = "\\\\";
  return table;
}

class JsonWriter {
  readonly sink = new ByteSink();

  constructor(
    private readonly machine: LuaMachine,
    private readonly state: number,
    private readonly settings: JsonSettings,
  ) {}

  /** Writes the value on top of the stack, which stays there. */
  write(depth: number): void {
    const { machine, state, sink } = this;
    const { api } = machine;
    const type = api.lua_type(state, -1);
    switch (type) {
      case LuaType.STRING:
        return this.string();
      case LuaType.NUMBER:
        return this.number();
      case LuaType.BOOLEAN:
        return sink.text(api.lua_toboolean(state, -1) !== 0 ? "true" : "false");
      case LuaType.NIL:
        return sink.text("null");
      case LuaType.TABLE:
        return this.table(depth + 1);
      case LuaType.LIGHT_USERDATA:
        if (api.lua_touserdata(state, -1) === 0) return sink.text("null");
    }
    this.refuse("type not supported");
  }

  private table(depth: number): void {
    const { machine, state } = this;
    const { api } = machine;
    const fits = depth <= this.settings.encodeDepth && api.lua_checkstack(state, 3) !== 0;
    if (!fits) machine.raise(state, `Cannot serialise, excessive nesting (${depth})`);
    const length = this.arrayLength();
    if (length > 0) this.array(length, depth);
    else this.object(depth);
  }

  private array(length: number, depth: number): void {
    const { sink, state } = this;
    const { api } = this.machine;
    sink.byte(91);
    for (let i = 1; i <= length; i++) {
      if (i > 1) sink.byte(44);
      api.lua_rawgeti(state, -1, i);
      this.write(depth);
      api.lua_settop(state, -2);
    }
    sink.byte(93);
  }

  private object(depth: number): void {
    const { sink, state } = this;
    const { api } = this.machine;
    sink.byte(123);
    let isFirst = true;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      if (!isFirst) sink.byte(44);
      isFirst = false;
      this.key();
      sink.byte(58);
      this.write(depth);
      api.lua_settop(state, -2);
    }
    sink.byte(125);
  }

  private key(): void {
    const { sink, state } = this;
    const { api } = this.machine;
    const type = api.lua_type(state, -2);
    api.lua_pushvalue(state, -2);
    if (type === LuaType.NUMBER) {
      sink.byte(34);
      this.number();
      sink.byte(34);
    } else if (type === LuaType.STRING) this.string();
    else this.refuse("table key must be a number or string");
    api.lua_settop(state, -2);
  }

  /** The highest key of a table whose keys are all positive whole numbers; else -1. */
  private arrayLength(): number {
    const { state, settings } = this;
    const { api } = this.machine;
    let highest = 0;
    let items = 0;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      const key = api.lua_type(state, -2) === LuaType.NUMBER ? api.lua_tonumber(state, -2) : 0;
      if (!(key >= 1 && Math.floor(key) === key)) {
        api.lua_settop(state, -3);
        return -1;
      }
      if (key > highest) highest = key;
      items++;
      api.lua_settop(state, -2);
    }
    const { sparseRatio, sparseSafe } = settings;
    if (sparseRatio > 0 && highest > items * sparseRatio && highest > sparseSafe) {
      if (!settings.sparseConverts) this.refuse("excessively sparse array");
      return -1;
    }
    return highest;
  }

  private number(): void {
    const { machine, state, sink, settings } = this;
    const value = machine.api.lua_tonumber(state, -1);
    if (!Number.isFinite(value)) {
      if (settings.encodesInvalid === 0) return this.refuse("must not be NaN or Inf");
      if (settings.encodesInvalid === 2) return sink.text("null");
      return sink.text(value !== value ? "nan" : value > 0 ? "inf" : "-inf");
    }
    sink.text(generalNumber(value, settings.precision));
  }

  private string(): void {
    const { machine, state, sink } = this;
    const view = machine.view(state, -1) as Uint8Array;
    sink.byte(34);
    let from = 0;
    for (let i = 0; i < view.length; i++) {
      const escape = ESCAPES[view[i]];
      if (escape === undefined) continue;
      if (i > from) sink.put(view.subarray(from, i));
      sink.text(escape);
      from = i + 1;
    }
    if (from < view.length) sink.put(from === 0 ? view : view.subarray(from));
    sink.byte(34);
  }

  private refuse(reason: string): void {
    const { machine, state } = this;
    const type = TYPE_NAMES[machine.api.lua_type(state, -1)];
    machine.raise(state, `Cannot serialise ${type}: ${reason}`);
  }
}

/** A setting that is read, and changed when an argument is there. */
function wholeSetting(
  least: number,
  most: number,
  get: (settings: JsonSettings) => number,
  set: (settings: JsonSettings, value: number) => void,
): LibraryFunction {
  return (engine, state) => {
    oneArgument(engine, state);
    takeWhole(engine, state, 1, least, most, set);
    engine.machine.api.lua_pushnumber(state, get(engine.jsonSettings));
    return 1;
  };
}

function takeWhole(
  { machine, jsonSettings }: LibraryEngine,
  state: number,
  index: number,
  least: number,
  most: number,
  set: (settings: JsonSettings, value: number) => void,
): void {
  const { api } = machine;
  if (api.lua_type(state, index) <= LuaType.NIL) return;
  const value = api.luaL_checkinteger(state, index);
  if (value < least || value > most) {
    // Whichever argument it is: so do those who match this text know it.
    machine.wrongArgument(state, 1, `expected integer between ${least} and ${most}`);
  }
  jsonSettings.isChanged = true;
  set(jsonSettings, value);
}

/** Reads a choice of words, `true` and `false` being the first two of them the other way round. */
function takeChoice(
  { machine, jsonSettings }: LibraryEngine,
  state: number,
  index: number,
  words: readonly string[],
  set: (settings: JsonSettings, value: number) => void,
): void {
  const { api } = machine;
  const type = api.lua_type(state, index);
  if (type <= LuaType.NIL) return;
  let choice: number;
  if (type === LuaType.BOOLEAN) choice = api.lua_toboolean(state, index);
  else {
    const word = machine.argumentText(state, index);
    choice = words.indexOf(word);
    if (choice < 0) machine.wrongArgument(state, index, `invalid option '${word}'`);
  }
  jsonSettings.isChanged = true;
  set(jsonSettings, choice);
}

function choiceSetting(
  words: readonly string[],
  get: (settings: JsonSettings) => number,
  set: (settings: JsonSettings, value: number) => void,
): LibraryFunction {
  return (engine, state) => {
    oneArgument(engine, state);
    takeChoice(engine, state, 1, words, set);
    const value = get(engine.jsonSettings);
    if (value > 1) engine.machine.pushText(state, words[value]);
    else engine.machine.api.lua_pushboolean(state, value);
    return 1;
  };
}

function oneArgument({ machine }: LibraryEngine, state: number): void {
  const count = machine.api.lua_gettop(state);
  if (count > 1) machine.wrongArgument(state, 2, "found too many arguments");
}

const ON_OFF = ["off", "on"];

export const JSON_LIBRARY: Library = {
  encode: ({ machine, jsonSettings }, state) => {
    if (machine.api.lua_gettop(state) !== 1) {
      return machine.wrongArgument(state, 1, "expected 1 argument");
    }
    const writer = new JsonWriter(machine, state, jsonSettings);
    writer.write(0);
    writer.sink.pushTo(machine, state);
    return 1;
  },
  decode: ({ machine, jsonSettings }, state) => {
    if (machine.api.lua_gettop(state) !== 1) {
      return machine.wrongArgument(state, 1, "expected 1 argument");
    }
    const pointer = machine.api.luaL_checklstring(state, 1, machine.lengthPointer);
    const end = pointer + machine.length;
    new JsonReader(machine, state, pointer, end, jsonSettings).read();
    return 1;
  },
  new: (engine, state) => {
    const { api } = engine.machine;
    api.lua_createtable(state, 0, 12);
    for (const name of Object.keys(JSON_LIBRARY)) {
      engine.pushLibraryFunction(state, JSON_LIBRARY[name]);
      api.lua_setfield(state, -2, engine.machine.name(name));
    }
    api.lua_pushlightuserdata(state, 0);
    api.lua_setfield(state, -2, engine.machine.name("null"));
    return 1;
  },
  encode_sparse_array: (engine, state) => {
    const { machine, jsonSettings } = engine;
    const { api } = machine;
    if (api.lua_gettop(state) > 3) machine.wrongArgument(state, 4, "found too many arguments");
    takeChoice(engine, state, 1, ON_OFF, (s, value) => s.sparseConverts = value !== 0);
    takeWhole(engine, state, 2, 0, MAX_INTEGER, (s, value) => s.sparseRatio = value);
    takeWhole(engine, state, 3, 0, MAX_INTEGER, (s, value) => s.sparseSafe = value);
    api.lua_pushboolean(state, jsonSettings.sparseConverts ? 1 : 0);
    api.lua_pushnumber(state, jsonSettings.sparseRatio);
    api.lua_pushnumber(state, jsonSettings.sparseSafe);
    return 3;
  },
  encode_max_depth: wholeSetting(1, MAX_INTEGER, (s) => s.encodeDepth, (s, value) => {
    s.encodeDepth = value;
  }),
  decode_max_depth: wholeSetting(1, MAX_INTEGER, (s) => s.decodeDepth, (s, value) => {
    s.decodeDepth = value;
  }),
  encode_number_precision: wholeSetting(1, 14, (s) => s.precision, (s, value) => {
    s.precision = value;
  }),
  encode_keep_buffer: choiceSetting(ON_OFF, (s) => s.keepsBuffer ? 1 : 0, (s, value) => {
    s.keepsBuffer = value !== 0;
  }),
  encode_invalid_numbers: choiceSetting(
    ["off", "on", "null"],
    (s) => s.encodesInvalid,
    (s, value) => s.encodesInvalid = value,
  ),
  decode_invalid_numbers: choiceSetting(ON_OFF, (s) => s.decodesInvalid ? 1 : 0, (s, value) => {
    s.decodesInvalid = value !== 0;
  }),
};
