/**
 * A script's result → reply. The opposite of reply_to_lua.ts, but for numbers, which become integers.
 *
 * Two protocols are in play: the client's, in which the reply is written, and the one that the script
 * chose with `redis.setresp`, which decides what `true` and `false` mean. [hot]
 */

import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import * as libraryModule from "./library.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { LuaType } = luaApiModule;
const {
  itemCount,
  numberAt,
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
const { COUNTED_MARK } = libraryModule;

const TOO_DEEP = "ERR reached lua stack limit";
const SLOTS = 4;
const MIN_INTEGER = -(2n ** 63n);
/** The tables that stand for replies that Lua has no value for, in the order in which Redis asks. */
const MARKS = ["err", "ok", "double", "map", "set", "big_number", "verbatim_string"] as const;

/** Levels of tables in tables: no client reads deeper, and our own stack has an end. */
const MAX_DEPTH = 500;

export class ResultWriter {
  /** Whether there was an error in the last result, be it within others. */
  hasFailed = false;
  private depth = 0;
  private machine!: LuaMachine;
  private reply!: ReplyWriter;
  private scriptProtocol = 2;

  /** @param failed told of each error in the result that has not been counted. */
  constructor(private readonly failed: (text: string) => void) {}

  /**
   * Writes the value on top of the main stack, where it stays.
   *
   * @param scriptProtocol 2 or 3.
   */
  writeResult(machine: LuaMachine, reply: ReplyWriter, scriptProtocol: number): void {
    if (this.machine !== machine) this.machine = machine;
    if (this.reply !== reply) this.reply = reply;
    this.scriptProtocol = scriptProtocol;
    this.depth = 0;
    this.hasFailed = false;
    this.write(topOf(machine.data, machine.state) - VALUE_BYTES);
  }

  /** Writes the value at an address, which need not be on the stack. */
  private write(at: number): void {
    const { reply } = this;
    const { data } = this.machine;
    if (this.depth === MAX_DEPTH) return reply.error(TOO_DEEP);
    switch (typeAt(data, at)) {
      case LuaType.STRING: {
        const string = wordAt(data, at);
        return reply.bulkRange(data, stringBytes(string), stringLength(data, string));
      }
      case LuaType.NUMBER:
        return this.integer(numberAt(data, at));
      case LuaType.BOOLEAN:
        return this.boolean(wordAt(data, at) !== 0);
      case LuaType.TABLE:
        return this.table(wordAt(data, at));
      default:
        reply.null();
    }
  }

  private integer(value: number): void {
    if (Number.isSafeInteger(value)) return this.reply.integer(value);
    const whole = Math.trunc(value);
    // As a processor converts it: what does not fit becomes the smallest.
    if (!(Math.abs(whole) < 2 ** 63)) return this.reply.bigInteger(MIN_INTEGER);
    if (Number.isSafeInteger(whole)) this.reply.integer(whole === 0 ? 0 : whole);
    else this.reply.bigInteger(BigInt(whole));
  }

  private boolean(value: boolean): void {
    if (this.scriptProtocol === 3) this.reply.boolean(value);
    else if (value) this.reply.integer(1);
    else this.reply.null();
  }

  /** Writes a table, which lies on the stack meanwhile: a table may hold it only weakly. */
  private table(table: number): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    if (api.lua_checkstack(state, SLOTS) === 0) return reply.error(TOO_DEEP);
    pushWord(machine.data, state, LuaType.TABLE, table);
    this.depth++;
    if (tableFields(machine.data, table) === machine.noFields) this.items(table);
    else if (!this.marks()) this.itemsOfAny();
    this.depth--;
    this.pop();
  }

  /** Writes what a table without fields has for items, where Lua has them. */
  private items(table: number): void {
    const { machine, reply } = this;
    const limit = itemCount(machine.data, table);
    let count = 0;
    let at = tableItems(machine.data, table);
    for (; count < limit && typeAt(machine.data, at) !== LuaType.NIL; count++) at += VALUE_BYTES;
    reply.array(count);
    for (let i = 0; i < count; i++) this.write(tableItems(machine.data, table) + i * VALUE_BYTES);
  }

  /** The same for the table on top of the stack, whose items may lie among its fields. */
  private itemsOfAny(): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    const start = reply.length;
    const likely = api.lua_objlen(state, -1);
    reply.array(likely);
    const count = this.itemsUpTo(likely);
    if (count === likely) return;
    // The length of a table with holes is not where its first hole is.
    reply.cutTo(start);
    reply.array(count);
    this.itemsUpTo(count);
  }

  /** Writes items until there is none, or `limit`; how many. */
  private itemsUpTo(limit: number): number {
    const { api, state } = this.machine;
    for (let i = 1;; i++) {
      api.lua_rawgeti(state, -1, i);
      if (this.topType() === LuaType.NIL) {
        this.pop();
        return i - 1;
      }
      if (i > limit) {
        this.pop();
        return this.countFrom(i);
      }
      this.writeTop();
      this.pop();
    }
  }

  private countFrom(first: number): number {
    const { api, state } = this.machine;
    for (let i = first;; i++) {
      api.lua_rawgeti(state, -1, i);
      const type = this.topType();
      this.pop();
      if (type === LuaType.NIL) return i - 1;
    }
  }

  /** Writes what the table on top of the stack stands for; false when it is a plain one. */
  private marks(): boolean {
    for (const mark of MARKS) {
      this.rawField(mark);
      const type = this.topType();
      const isWritten = type !== LuaType.NIL && this.marked(mark, type);
      this.pop();
      if (isWritten) return true;
    }
    return false;
  }

  /** Writes what the field on top of the stack makes of its table; false when that is nothing. */
  private marked(mark: typeof MARKS[number], type: number): boolean {
    const { machine, reply } = this;
    const { state } = machine;
    if (mark === "double") {
      if (type !== LuaType.NUMBER) return false;
      reply.double(machine.api.lua_tonumber(state, -1));
      return true;
    }
    if (mark === "map" || mark === "set") {
      if (type !== LuaType.TABLE) return false;
      this.entries(mark === "map");
      return true;
    }
    if (mark === "verbatim_string") return type === LuaType.TABLE && this.verbatim();
    if (type !== LuaType.STRING) return false;
    const text = machine.text(state, -1) as string;
    if (mark === "err") this.error(text);
    else if (mark === "ok") reply.simple(oneLine(text));
    else reply.bigNumber(oneLine(text));
    return true;
  }

  /** Writes the error of the table below the top of the stack. */
  private error(text: string): void {
    const { api, state } = this.machine;
    this.machine.pushName(state, COUNTED_MARK);
    api.lua_rawget(state, -3);
    // A command that failed has been counted when it did.
    if (api.lua_toboolean(state, -1) === 0) this.failed(text);
    this.pop();
    this.hasFailed = true;
    this.reply.error(text);
  }

  private entries(isMap: boolean): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    const start = reply.length;
    let count = 0;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      this.write(topOf(machine.data, state) - 2 * VALUE_BYTES);
      if (isMap) this.writeTop();
      this.pop();
      count++;
    }
    if (isMap) reply.mapAt(start, count);
    else reply.setAt(start, count);
  }

  private verbatim(): boolean {
    const { machine, reply } = this;
    const { state } = machine;
    this.rawField("format");
    const format = machine.isString(state, -1) ? machine.text(state, -1) : null;
    this.pop();
    this.rawField("string");
    const view = machine.isString(state, -1) ? machine.view(state, -1) : null;
    if (format !== null && view !== null) {
      reply.verbatimBytes(format.slice(0, 3).padEnd(3, " "), view);
    }
    this.pop();
    return format !== null && view !== null;
  }

  private rawField(name: string): void {
    const { machine } = this;
    machine.pushName(machine.state, name);
    machine.api.lua_rawget(machine.state, -2);
  }

  private topType(): number {
    const { data, state } = this.machine;
    return typeAt(data, topOf(data, state) - VALUE_BYTES);
  }

  private writeTop(): void {
    const { data, state } = this.machine;
    this.write(topOf(data, state) - VALUE_BYTES);
  }

  private pop(): void {
    const { data, state } = this.machine;
    setTop(data, state, topOf(data, state) - VALUE_BYTES);
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
