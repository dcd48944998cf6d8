/**
 * `cmsgpack`: MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) as lua-cmsgpack 0.4
 * reads and writes it. Whole numbers are written in the fewest bytes, others as a float where that
 * loses nothing; a table whose keys are 1 to n is an array. What nests deeper than 16 becomes nil.
 */

import { LuaType } from "../lua/lua_api.ts";
import { numberAt, pushNumber, pushWord, topOf, typeAt, VALUE_BYTES } from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import { ByteSink } from "./byte_sink.ts";
import type { Library } from "./library.ts";

const MAX_NESTING = 16;
/** Slots of Lua's stack that one level of nesting needs. */
const SLOTS = 4;
const MISSING = "Missing bytes in input.";
const BAD_FORMAT = "Bad data format in input.";

class MessagePackWriter {
  readonly sink = new ByteSink();

  constructor(private readonly machine: LuaMachine, private readonly state: number) {}

  /** Writes the value on top of the stack and takes it off. */
  write(level: number): void {
    const { machine, state, sink } = this;
    const { api } = machine;
    switch (api.lua_type(state, -1)) {
      case LuaType.STRING:
        this.string();
        break;
      case LuaType.BOOLEAN:
        sink.byte(api.lua_toboolean(state, -1) !== 0 ? 0xc3 : 0xc2);
        break;
      case LuaType.NUMBER:
        this.number(api.lua_tonumber(state, -1));
        break;
      case LuaType.TABLE:
        if (level === MAX_NESTING) sink.byte(0xc0);
        else this.table(level);
        break;
      default:
        sink.byte(0xc0);
    }
    api.lua_settop(state, -2);
  }

  private string(): void {
    const { machine, state, sink } = this;
    const view = machine.view(state, -1) as Uint8Array;
    const { length } = view;
    if (length < 32) sink.byte(0xa0 | length);
    else if (length <= 0xff) this.sized(0xd9, 1, length);
    else if (length <= 0xffff) this.sized(0xda, 2, length);
    else this.sized(0xdb, 4, length);
    sink.put(view);
  }

  private number(value: number): void {
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) this.integer(value);
    else if (Math.fround(value) === value) {
      const at = this.sink.reserve(5);
      this.sink.view.setUint8(at, 0xca);
      this.sink.view.setFloat32(at + 1, value);
    } else {
      const at = this.sink.reserve(9);
      this.sink.view.setUint8(at, 0xcb);
      this.sink.view.setFloat64(at + 1, value);
    }
  }

  private integer(value: number): void {
    if (value >= 0) {
      if (value <= 127) this.sink.byte(value);
      else if (value <= 0xff) this.sized(0xcc, 1, value);
      else if (value <= 0xffff) this.sized(0xcd, 2, value);
      else if (value <= 0xffffffff) this.sized(0xce, 4, value);
      else this.wide(0xcf, value);
    } else if (value >= -32) this.sink.byte(value & 0xff);
    else if (value >= -128) this.sized(0xd0, 1, value);
    else if (value >= -32768) this.sized(0xd1, 2, value);
    else if (value >= -2147483648) this.sized(0xd2, 4, value);
    else this.wide(0xd3, value);
  }

  private sized(type: number, bytes: 1 | 2 | 4, value: number): void {
    const { sink } = this;
    const at = sink.reserve(1 + bytes);
    sink.view.setUint8(at, type);
    if (bytes === 1) sink.view.setUint8(at + 1, value);
    else if (bytes === 2) sink.view.setUint16(at + 1, value);
    else sink.view.setUint32(at + 1, value);
  }

  private wide(type: number, value: number): void {
    const at = this.sink.reserve(9);
    this.sink.view.setUint8(at, type);
    this.sink.view.setBigInt64(at + 1, BigInt(value));
  }

  private table(level: number): void {
    const { machine, state } = this;
    const { api } = machine;
    if (api.lua_checkstack(state, 4) === 0) machine.raise(state, "stack overflow");
    const { count, isArray } = this.shape();
    if (isArray) {
      const length = api.lua_objlen(state, -1);
      this.counted(0x90, 0xdc, length);
      for (let i = 1; i <= length; i++) {
        api.lua_rawgeti(state, -1, i);
        this.write(level + 1);
      }
      return;
    }
    this.counted(0x80, 0xde, count);
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      api.lua_pushvalue(state, -2);
      this.write(level + 1);
      this.write(level + 1);
    }
  }

  private counted(fixed: number, type: number, count: number): void {
    if (count <= 15) this.sink.byte(fixed | count);
    else if (count <= 0xffff) this.sized(type, 2, count);
    else this.sized(type + 1, 4, count);
  }

  private shape(): { count: number; isArray: boolean } {
    const { state } = this;
    const { api } = this.machine;
    let count = 0;
    let highest = 0;
    let isArray = true;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      api.lua_settop(state, -2);
      count++;
      if (!isArray) continue;
      const key = api.lua_type(state, -1) === LuaType.NUMBER ? api.lua_tonumber(state, -1) : 0;
      if (!(key > 0 && key <= 0x7fffffff && Number.isInteger(key))) isArray = false;
      else if (key > highest) highest = key;
    }
    return { count, isArray: isArray && highest === count };
  }
}

/** Reads a string of Lua where it lies; it must stay on the stack meanwhile. */
class MessagePackReader {
  constructor(
    private readonly machine: LuaMachine,
    private readonly state: number,
    public at: number,
    private readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  /** Pushes the next value; there is room for it on the stack. */
  push(): void {
    const { machine, state } = this;
    const at = this.take(1);
    const type = machine.bytes[at];
    if (type < 0x80) return pushNumber(machine.data, state, type);
    if (type >= 0xe0) return pushNumber(machine.data, state, type - 256);
    if (type < 0x90) return this.map(type & 15);
    if (type < 0xa0) return this.array(type & 15);
    if (type < 0xc0) return this.string(type & 31);
    this.pushLong(type);
  }

  private pushLong(type: number): void {
    const { state } = this;
    // Nothing is made before the number is read, so the view stays good.
    const { data } = this.machine;
    switch (type) {
      case 0xc0:
        return pushWord(data, state, LuaType.NIL, 0);
      case 0xc2:
      case 0xc3:
        return pushWord(data, state, LuaType.BOOLEAN, type & 1);
      case 0xd9:
        return this.string(data.getUint8(this.take(1)));
      case 0xda:
        return this.string(data.getUint16(this.take(2)));
      case 0xdb:
        return this.string(data.getUint32(this.take(4)));
      case 0xdc:
        return this.array(data.getUint16(this.take(2)));
      case 0xdd:
        return this.array(data.getUint32(this.take(4)));
      case 0xde:
        return this.map(data.getUint16(this.take(2)));
      case 0xdf:
        return this.map(data.getUint32(this.take(4)));
      default:
        pushNumber(data, state, this.number(type, data));
    }
  }

  private number(type: number, data: DataView): number {
    switch (type) {
      case 0xca:
        return data.getFloat32(this.take(4));
      case 0xcb:
        return data.getFloat64(this.take(8));
      case 0xcc:
        return data.getUint8(this.take(1));
      case 0xcd:
        return data.getUint16(this.take(2));
      case 0xce:
        return data.getUint32(this.take(4));
      case 0xcf:
        return Number(data.getBigUint64(this.take(8)));
      case 0xd0:
        return data.getInt8(this.take(1));
      case 0xd1:
        return data.getInt16(this.take(2));
      case 0xd2:
        return data.getInt32(this.take(4));
      case 0xd3:
        return Number(data.getBigInt64(this.take(8)));
      default:
        return this.machine.raise(this.state, BAD_FORMAT);
    }
  }

  private array(count: number): void {
    const { api } = this.machine;
    this.reserve();
    api.lua_createtable(this.state, 0, 0);
    for (let i = 1; i <= count; i++) {
      this.push();
      api.lua_rawseti(this.state, -2, i);
    }
  }

  private map(count: number): void {
    const { machine, state } = this;
    this.reserve();
    machine.api.lua_createtable(state, 0, 0);
    for (let i = 0; i < count; i++) {
      this.push();
      this.push();
      this.checkKey(topOf(machine.data, state) - 2 * VALUE_BYTES);
      machine.api.lua_rawset(state, -3);
    }
  }

  /** Raises what cannot be a key; Lua's own way of setting a field would do so. */
  private checkKey(at: number): void {
    const { machine, state } = this;
    const { data } = machine;
    const type = typeAt(data, at);
    if (type === LuaType.STRING) return;
    const isNaN = type === LuaType.NUMBER && Number.isNaN(numberAt(data, at));
    if (type === LuaType.NIL || isNaN) {
      machine.raise(state, `table index is ${isNaN ? "NaN" : "nil"}`);
    }
  }

  /** Room for a table, a key and a value. */
  reserve(): void {
    const { machine, state } = this;
    if (machine.api.lua_checkstack(state, SLOTS) === 0) {
      machine.raise(state, "too many return values at once");
    }
  }

  private string(length: number): void {
    this.machine.api.lua_pushlstring(this.state, this.take(length), length);
  }

  private take(count: number): number {
    const { at } = this;
    if (this.left < count) this.machine.raise(this.state, MISSING);
    this.at = at + count;
    return at;
  }
}

/** @param limit values at most; all, and without the offset before them, when both are 0. */
function unpack(machine: LuaMachine, state: number, limit: number, offset: number): number {
  const { api } = machine;
  const pointer = api.luaL_checklstring(state, 1, machine.lengthPointer);
  const { length } = machine;
  if (offset < 0 || limit < 0) {
    const request = `offset of ${offset} and limit of ${length}`;
    return machine.raise(state, `Invalid request to unpack with ${request}.`);
  }
  if (offset > length) {
    return machine.raise(state, `Start offset ${offset} greater than input length ${length}.`);
  }
  const reader = new MessagePackReader(machine, state, pointer + offset, pointer + length);
  const isAll = limit === 0 && offset === 0;
  let count = 0;
  while (reader.left > 0 && (isAll || count < limit)) {
    reader.reserve();
    reader.push();
    count++;
  }
  if (isAll) return count;
  api.lua_pushnumber(state, reader.left === 0 ? -1 : reader.at - pointer);
  api.lua_insert(state, -1 - count);
  return count + 1;
}

function optional(machine: LuaMachine, state: number, index: number): number {
  const { api } = machine;
  return api.lua_type(state, index) > LuaType.NIL ? api.luaL_checkinteger(state, index) : 0;
}

export const MESSAGE_PACK_LIBRARY: Library = {
  pack: ({ machine }, state) => {
    const { api } = machine;
    const count = api.lua_gettop(state);
    if (count === 0) return machine.wrongArgument(state, 0, "MessagePack pack needs input.");
    const writer = new MessagePackWriter(machine, state);
    for (let i = 1; i <= count; i++) {
      api.lua_pushvalue(state, i);
      writer.write(0);
    }
    writer.sink.pushTo(machine, state);
    return 1;
  },
  unpack: ({ machine }, state) => unpack(machine, state, 0, 0),
  unpack_one: ({ machine }, state) => unpack(machine, state, 1, optional(machine, state, 2)),
  unpack_limit: ({ machine }, state) => {
    const limit = machine.api.luaL_checkinteger(state, 2);
    return unpack(machine, state, limit, optional(machine, state, 3));
  },
};
