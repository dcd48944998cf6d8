/**
 * Replies of commands → values of Lua, straight from the bytes of the reply:
 *
 * | reply | value |
 * |---|---|
 * | bulk string | string |
 * | integer | number |
 * | status, error | table with `ok`, `err` |
 * | array | table of 1 to n |
 * | null of RESP2, of RESP3 | `false`, `nil` |
 * | map, set | table with `map`, with `set` (members are its keys) |
 * | double, big number | table with `double`, with `big_number` (text) |
 * | boolean | boolean |
 * | verbatim string | table with `verbatim_string`, a table with `format` and `string` |
 *
 * [hot]
 */

import * as byteStringModule from "../bytes/byte_string.ts";
import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import type { LibraryEngine } from "./library.ts";
import * as libraryModule from "./library.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { latin1 } = byteStringModule;
const { LuaType } = luaApiModule;
const { pushNumber, pushWord, topOf, VALUE_BYTES, wantedResults, wordAt } = luaLayoutModule;
const { COUNTED_MARK } = libraryModule;

/** Slots of Lua's stack that one level of nesting needs. */
const SLOTS = 6;
/** Bytes of a reply whose integer has no more than 15 digits. */
const SHORT_INTEGER = 18;

/**
 * Pushes the reply that a writer holds. Where the command is a statement the reply is left out, and Lua
 * drops whatever lies on its stack in its place: a SET is seldom asked for its OK, which is a table. Of
 * a thousand GETs whose replies nobody wants a fifth of the time was for making strings of them.
 */
export function pushReply(engine: LibraryEngine, state: number, reply: ReplyWriter): void {
  const { machine, replyMemory } = engine;
  const { buffer } = reply;
  if (buffer[0] !== 45 && wantedResults(machine.data, state) === 0) return;
  // A string of a GET or HGET, by far the most usual.
  if (replyMemory.holds(reply)) {
    const type = buffer[0];
    if (type === 36 && buffer[1] !== 45) {
      let at = 1;
      let length = 0;
      for (let byte = buffer[at]; byte !== 13; byte = buffer[++at]) {
        length = length * 10 + byte - 48;
      }
      machine.api.lua_pushlstring(state, replyMemory.pointer + at + 2, length);
      return;
    }
    if (type === 58 && reply.length < SHORT_INTEGER) {
      const isNegative = buffer[1] === 45;
      let value = 0;
      for (let at = isNegative ? 2 : 1; buffer[at] !== 13; at++) {
        value = value * 10 + buffer[at] - 48;
      }
      pushNumber(machine.data, state, isNegative ? -value : value);
      return;
    }
    if (type === 36) return pushWord(machine.data, state, LuaType.BOOLEAN, 0);
  }
  pushLarge(engine, state, reply);
}

/** Pushes what is more than a string or a number; an error may be about to be raised. */
function pushLarge(
  { machine, replyMemory }: LibraryEngine,
  state: number,
  reply: ReplyWriter,
): void {
  const pointer = replyMemory.holds(reply) ? replyMemory.pointer : -1;
  new ReplyReader(machine, state, reply.buffer, pointer).push();
}

class ReplyReader {
  private at = 0;

  /** @param pointer where the bytes lie in Lua's memory; -1 when they are elsewhere. */
  constructor(
    private readonly machine: LuaMachine,
    private readonly state: number,
    private bytes: Uint8Array,
    private readonly pointer: number,
  ) {}

  push(): void {
    const { machine, state } = this;
    const { api } = machine;
    const type = this.byte(this.at++);
    switch (type) {
      case 36: // $
        return this.string();
      case 58: // :
        return pushNumber(machine.data, state, this.number());
      case 42: // *
        return this.array();
      case 43: // +
        return this.status();
      case 45: // -
        this.field("err", this.line());
        api.lua_pushboolean(state, 1);
        return api.lua_setfield(state, -2, machine.name(COUNTED_MARK));
      case 95: // _
        this.line();
        return api.lua_pushnil(state);
      case 35: // #
        return api.lua_pushboolean(state, this.line() === "t" ? 1 : 0);
      case 37: // %
        return this.pairs("map", 2);
      case 126: // ~
        return this.pairs("set", 1);
      case 44: // ,
        api.lua_createtable(state, 0, 1);
        api.lua_pushnumber(state, doubleOf(this.line()));
        return api.lua_setfield(state, -2, machine.name("double"));
      case 40: // (
        return this.field("big_number", this.line());
      case 61: // =
        return this.verbatim();
      case 124: // |
        return this.skipAttribute();
      default: // >
        return this.array();
    }
  }

  private string(): void {
    const { machine, state } = this;
    const length = this.number();
    if (length < 0) return pushWord(machine.data, state, LuaType.BOOLEAN, 0);
    this.raw(length);
    this.at += 2;
  }

  private raw(length: number): void {
    const { machine, state } = this;
    if (this.pointer >= 0) machine.api.lua_pushlstring(state, this.pointer + this.at, length);
    else machine.pushBytes(state, this.bytes, this.at, length);
    this.at += length;
  }

  private array(): void {
    const { machine, state } = this;
    const { api } = machine;
    const count = this.number();
    if (count < 0) return api.lua_pushboolean(state, 0);
    this.reserve();
    api.lua_createtable(state, count, 0);
    const table = wordAt(machine.data, topOf(machine.data, state) - VALUE_BYTES);
    for (let i = 1; i <= count; i++) {
      if (!this.plainString()) this.push();
      machine.setItem(state, table, i);
    }
  }

  /** Pushes a string that lies in Lua's memory, as nearly all items are; false when it is none. */
  private plainString(): boolean {
    if (this.pointer < 0) return false;
    const bytes = this.view();
    let { at } = this;
    if (bytes[at] !== 36 || bytes[at + 1] === 45) return false;
    let length = 0;
    for (let byte = bytes[++at]; byte !== 13; byte = bytes[++at]) length = length * 10 + byte - 48;
    at += 2;
    this.at = at + length + 2;
    this.machine.api.lua_pushlstring(this.state, this.pointer + at, length);
    return true;
  }

  /** @param values how many replies an entry has: a set's members are keys with the value true. */
  private pairs(name: string, values: number): void {
    const { machine, state } = this;
    const { api } = machine;
    const count = this.number();
    this.reserve();
    api.lua_createtable(state, 0, 1);
    api.lua_createtable(state, 0, count);
    for (let i = 0; i < count; i++) {
      this.push();
      if (values === 2) this.push();
      else api.lua_pushboolean(state, 1);
      api.lua_rawset(state, -3);
    }
    api.lua_setfield(state, -2, machine.name(name));
  }

  private verbatim(): void {
    const { machine, state } = this;
    const { api } = machine;
    const length = this.number();
    api.lua_createtable(state, 0, 1);
    api.lua_createtable(state, 0, 2);
    this.raw(3);
    api.lua_setfield(state, -2, machine.name("format"));
    this.at++;
    this.raw(length - 4);
    this.at += 2;
    api.lua_setfield(state, -2, machine.name("string"));
    api.lua_setfield(state, -2, machine.name("verbatim_string"));
  }

  private skipAttribute(): void {
    const count = this.number() * 2;
    for (let i = 0; i < count; i++) {
      this.push();
      this.machine.api.lua_settop(this.state, -2);
    }
    this.push();
  }

  /** The reply of commands that only change something. */
  private status(): void {
    const { machine, state } = this;
    const bytes = this.view();
    const start = this.at;
    let end = start;
    while (bytes[end] !== 13) end++;
    machine.api.lua_createtable(state, 0, 1);
    machine.pushName(state, "ok");
    this.raw(end - start);
    this.at += 2;
    machine.api.lua_rawset(state, -3);
  }

  private field(name: string, text: string): void {
    const { machine, state } = this;
    machine.api.lua_createtable(state, 0, 2);
    machine.pushText(state, text);
    machine.api.lua_setfield(state, -2, machine.name(name));
  }

  private reserve(): void {
    if (this.machine.api.lua_checkstack(this.state, SLOTS) === 0) {
      this.machine.raise(this.state, "reached lua stack limit");
    }
  }

  private byte(at: number): number {
    return this.view()[at];
  }

  /** Lua's memory may have moved while values were made. */
  private view(): Uint8Array {
    if (this.pointer >= 0 && this.bytes.length === 0) {
      this.bytes = this.machine.bytes.subarray(this.pointer);
    }
    return this.bytes;
  }

  private number(): number {
    const bytes = this.view();
    let at = this.at;
    const isNegative = bytes[at] === 45;
    if (isNegative) at++;
    let value = 0;
    for (; bytes[at] !== 13; at++) value = value * 10 + bytes[at] - 48;
    const digits = at - this.at;
    // Beyond 2^53 digit by digit would round more than once.
    if (digits > 15) value = Math.abs(Number(latin1(bytes, this.at, digits)));
    this.at = at + 2;
    return isNegative ? -value : value;
  }

  private line(): string {
    const bytes = this.view();
    let end = this.at;
    while (bytes[end] !== 13) end++;
    const text = latin1(bytes, this.at, end - this.at);
    this.at = end + 2;
    return text;
  }
}

function doubleOf(text: string): number {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  return Number(text);
}
