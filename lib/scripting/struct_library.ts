/**
 * `struct`: values in and out of C structures, after Roberto Ierusalimschy's library of that name
 * (http://www.inf.puc-rio.br/~roberto/struct). A format is read from left to right:
 *
 * | letter | means |
 * |---|---|
 * | `<` `>` | little, big endian from here on |
 * | `!n` | align to at most n bytes (8 when left out) |
 * | `x` | a padding byte |
 * | `b B h H l L T` | an integer of 1, 1, 2, 2, 8, 8, 8 bytes; capitals are unsigned |
 * | `in In` | an integer of n bytes (4 when left out) |
 * | `f d` | a float, a double |
 * | `s` | a string and a zero |
 * | `cn` | n characters; `c0`: all, and in unpack as many as the last value said |
 */

import { LuaType } from "../lua/lua_api.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import { ByteSink } from "./byte_sink.ts";
import type { Library } from "./library.ts";

const MAX_ALIGN = 8;
const MAX_INTEGER_BYTES = 32;
const MAX_SIZE = 2147483647;
const SIZES: Readonly<Record<string, number>> = {
  ...{ b: 1, B: 1, h: 2, H: 2, l: 8, L: 8, T: 8, f: 4, d: 8, x: 1, c: 1, s: 0 },
  ...{ " ": 0, "<": 0, ">": 0, "!": 0 },
};

/** A format that is walked over. */
class Format {
  private at = 0;
  option = "";
  size = 0;
  littleEndian = true;
  private align = 1;

  constructor(
    private readonly machine: LuaMachine,
    private readonly state: number,
    private readonly text: string,
  ) {}

  /** Goes to the next option; false behind the last. */
  next(): boolean {
    if (this.at >= this.text.length || this.text[this.at] === "\0") return false;
    this.option = this.text[this.at++];
    this.size = this.sizeOf(this.option);
    return true;
  }

  /** Bytes to leave out before the option's value when `total` came before it. */
  padding(total: number): number {
    const { option } = this;
    const align = Math.min(this.size, this.align);
    if (option === "c" || align <= 1) return 0;
    return (align - (total & (align - 1))) & (align - 1);
  }

  /** Takes an option that stands for no value. */
  control(): void {
    switch (this.option) {
      case " ":
        return;
      case "<":
        this.littleEndian = true;
        return;
      case ">":
        this.littleEndian = false;
        return;
      case "!": {
        const align = this.number(MAX_ALIGN);
        if (align === 0 || (align & (align - 1)) !== 0) {
          this.machine.raise(this.state, `alignment ${align} is not a power of 2`);
        }
        this.align = align;
        return;
      }
      default:
        this.machine.wrongArgument(this.state, 1, `invalid format option '${this.option}'`);
    }
  }

  private sizeOf(option: string): number {
    if (option === "i" || option === "I") {
      const size = this.number(4);
      if (size > MAX_INTEGER_BYTES) {
        const text = `integral size ${size} is larger than limit of ${MAX_INTEGER_BYTES}`;
        this.machine.raise(this.state, text);
      }
      return size;
    }
    if (option === "c") return this.number(1);
    return Object.hasOwn(SIZES, option) ? SIZES[option] : 0;
  }

  private number(fallback: number): number {
    const digits = /^[0-9]+/.exec(this.text.slice(this.at, this.at + 24))?.[0];
    if (digits === undefined) return fallback;
    this.at += digits.length;
    const value = Number(digits);
    if (value > MAX_SIZE) this.machine.raise(this.state, "integral size overflow");
    return value;
  }
}

const VALUES = "bBhHlLTiI";

function putInteger(sink: ByteSink, value: number, size: number, littleEndian: boolean): void {
  const at = sink.reserve(size);
  let rest = BigInt.asUintN(64, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
  for (let i = 0; i < size; i++) {
    // Beyond 64 bits there is nothing but zeros.
    sink.bytes[littleEndian ? at + i : at + size - 1 - i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

function readInteger(
  bytes: Uint8Array,
  at: number,
  size: number,
  littleEndian: boolean,
  isSigned: boolean,
): number {
  let value = 0n;
  for (let i = 0; i < size; i++) {
    const byte = bytes[littleEndian ? at + size - 1 - i : at + i];
    value = BigInt.asUintN(64, value << 8n | BigInt(byte));
  }
  const bits = Math.min(64, size * 8);
  return Number(isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(64, value));
}

function pack(machine: LuaMachine, state: number): number {
  const { api } = machine;
  const format = new Format(machine, state, machine.argumentText(state, 1));
  const sink = new ByteSink();
  let argument = 2;
  // What is missing behind the arguments is nil.
  api.lua_pushnil(state);
  while (format.next()) {
    const { option, size, littleEndian } = format;
    for (let i = format.padding(sink.length); i > 0; i--) sink.byte(0);
    if (VALUES.includes(option)) {
      putInteger(sink, api.luaL_checknumber(state, argument++), size, littleEndian);
    } else if (option === "x") sink.byte(0);
    else if (option === "f" || option === "d") {
      const value = api.luaL_checknumber(state, argument++);
      const at = sink.reserve(size);
      if (option === "f") sink.view.setFloat32(at, value, littleEndian);
      else sink.view.setFloat64(at, value, littleEndian);
    } else if (option === "c" || option === "s") {
      const pointer = api.luaL_checklstring(state, argument, machine.lengthPointer);
      const { length } = machine;
      const count = option === "s" || size === 0 ? length : size;
      if (length < count) machine.wrongArgument(state, argument + 1, "string too short");
      sink.put(machine.bytes.subarray(pointer, pointer + count));
      if (option === "s") sink.byte(0);
      argument++;
    } else format.control();
  }
  sink.pushTo(machine, state);
  return 1;
}

function unpack(machine: LuaMachine, state: number): number {
  const { api } = machine;
  const format = new Format(machine, state, machine.argumentText(state, 1));
  const pointer = api.luaL_checklstring(state, 2, machine.lengthPointer);
  const bytes = machine.bytes.slice(pointer, pointer + machine.length);
  const data = new DataView(bytes.buffer);
  let at = (api.lua_type(state, 3) > LuaType.NIL ? api.luaL_checkinteger(state, 3) : 1) - 1;
  if (at < 0) machine.wrongArgument(state, 3, "offset must be 1 or greater");
  let count = 0;
  while (format.next()) {
    const { option, littleEndian } = format;
    let { size } = format;
    at += format.padding(at);
    if (at + size > bytes.length) machine.wrongArgument(state, 2, "data string too short");
    if (api.lua_checkstack(state, 2) === 0) machine.raise(state, "too many results");
    if (VALUES.includes(option)) {
      const isSigned = option === option.toLowerCase();
      api.lua_pushnumber(state, readInteger(bytes, at, size, littleEndian, isSigned));
      count++;
    } else if (option === "f" || option === "d") {
      const value = option === "f"
        ? data.getFloat32(at, littleEndian)
        : data.getFloat64(at, littleEndian);
      api.lua_pushnumber(state, value);
      count++;
    } else if (option === "c") {
      if (size === 0) {
        if (count === 0 || api.lua_isnumber(state, -1) === 0) {
          machine.raise(state, "format 'c0' needs a previous size");
        }
        size = Math.trunc(api.lua_tonumber(state, -1));
        api.lua_settop(state, -2);
        count--;
        if (!(size >= 0 && at + size <= bytes.length)) {
          machine.wrongArgument(state, 2, "data string too short");
        }
      }
      machine.pushBytes(state, bytes, at, size);
      count++;
    } else if (option === "s") {
      const end = bytes.indexOf(0, at);
      if (end < 0) machine.raise(state, "unfinished string in data");
      size = end - at + 1;
      machine.pushBytes(state, bytes, at, size - 1);
      count++;
    } else if (option !== "x") format.control();
    at += size;
  }
  api.lua_pushnumber(state, at + 1);
  return count + 1;
}

export const STRUCT_LIBRARY: Library = {
  pack: ({ machine }, state) => pack(machine, state),
  unpack: ({ machine }, state) => unpack(machine, state),
  size: ({ machine }, state) => {
    const format = new Format(machine, state, machine.argumentText(state, 1));
    let total = 0;
    while (format.next()) {
      const { option, size } = format;
      total += format.padding(total);
      if (option === "s" || (option === "c" && size === 0)) {
        const name = option === "s" ? "s" : "c0";
        machine.wrongArgument(state, 1, `option '${name}' has no fixed size`);
      }
      total += size;
      if (!VALUES.includes(option) && !"xfdcs".includes(option)) format.control();
    }
    machine.api.lua_pushnumber(state, total);
    return 1;
  },
};
