/**
 * A script's result → reply. The opposite of reply_to_lua.ts, but for numbers, which become integers.
 *
 * Two protocols are in play: the client's, in which the reply is written, and the one that the script
 * chose with `redis.setresp`, which decides what `true` and `false` mean. [hot]
 */

import { LuaType } from "../lua/lua_api.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";

const TOO_DEEP = "ERR reached lua stack limit";
const SLOTS = 4;
const MIN_INTEGER = -(2n ** 63n);
/** The tables that stand for replies that Lua has no value for, in the order in which Redis asks. */
const MARKS = ["err", "ok", "double", "map", "set", "big_number", "verbatim_string"] as const;

/** Levels of tables in tables: no client reads deeper, and our own stack has an end. */
const MAX_DEPTH = 500;

export class ResultWriter {
  private depth = 0;
  private machine!: LuaMachine;
  private reply!: ReplyWriter;
  private scriptProtocol = 2;

  /** @param failed told of each error in the result. */
  constructor(private readonly failed: (text: string) => void) {}

  /**
   * Writes the value on top of the main stack and takes it off.
   *
   * @param scriptProtocol 2 or 3.
   */
  writeResult(machine: LuaMachine, reply: ReplyWriter, scriptProtocol: number): void {
    if (this.machine !== machine) this.machine = machine;
    if (this.reply !== reply) this.reply = reply;
    this.scriptProtocol = scriptProtocol;
    this.depth = 0;
    this.write();
  }

  private write(): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    if (this.depth === MAX_DEPTH || api.lua_checkstack(state, SLOTS) === 0) {
      reply.error(TOO_DEEP);
    } else {
      this.depth++;
      switch (api.lua_type(state, -1)) {
        case LuaType.STRING:
          this.string();
          break;
        case LuaType.NUMBER:
          this.integer(api.lua_tonumber(state, -1));
          break;
        case LuaType.BOOLEAN:
          this.boolean(api.lua_toboolean(state, -1) !== 0);
          break;
        case LuaType.TABLE:
          this.table();
          break;
        default:
          reply.null();
      }
      this.depth--;
    }
    api.lua_settop(state, -2);
  }

  private string(): void {
    const { machine, reply } = this;
    const pointer = machine.api.lua_tolstring(machine.state, -1, machine.lengthPointer);
    reply.bulkRange(machine.data, pointer, machine.length);
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

  private table(): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    for (const mark of MARKS) {
      this.rawField(mark);
      const type = api.lua_type(state, -1);
      if (type !== LuaType.NIL && this.marked(mark, type)) return;
      api.lua_settop(state, -2);
    }
    const start = reply.length;
    const likely = api.lua_objlen(state, -1);
    reply.array(likely);
    const count = this.items(likely);
    if (count === likely) return;
    // The length of a table with holes is not where its first hole is.
    reply.cutTo(start);
    reply.array(count);
    this.items(count);
  }

  /** Writes items until there is none, or `limit`; how many. */
  private items(limit: number): number {
    const { api, state } = this.machine;
    for (let i = 1;; i++) {
      api.lua_rawgeti(state, -1, i);
      if (api.lua_type(state, -1) === LuaType.NIL) {
        api.lua_settop(state, -2);
        return i - 1;
      }
      if (i > limit) {
        api.lua_settop(state, -2);
        return this.countFrom(i);
      }
      this.write();
    }
  }

  private countFrom(first: number): number {
    const { api, state } = this.machine;
    for (let i = first;; i++) {
      api.lua_rawgeti(state, -1, i);
      const type = api.lua_type(state, -1);
      api.lua_settop(state, -2);
      if (type === LuaType.NIL) return i - 1;
    }
  }

  /** Writes what a marked table stands for and takes the field off; false when it is none. */
  private marked(mark: typeof MARKS[number], type: number): boolean {
    const { machine, reply } = this;
    const { api, state } = machine;
    if (mark === "double") {
      if (type !== LuaType.NUMBER) return false;
      reply.double(api.lua_tonumber(state, -1));
    } else if (mark === "map" || mark === "set") {
      if (type !== LuaType.TABLE) return false;
      this.entries(mark === "map");
    } else if (mark === "verbatim_string") {
      if (type !== LuaType.TABLE || !this.verbatim()) return false;
    } else {
      if (type !== LuaType.STRING) return false;
      const text = machine.text(state, -1) as string;
      if (mark === "err") this.error(text);
      else if (mark === "ok") reply.simple(oneLine(text));
      else reply.bigNumber(oneLine(text));
    }
    api.lua_settop(state, -2);
    return true;
  }

  private error(text: string): void {
    this.failed(text);
    this.reply.error(text);
  }

  private entries(isMap: boolean): void {
    const { machine, reply } = this;
    const { api, state } = machine;
    const start = reply.length;
    let count = 0;
    api.lua_pushnil(state);
    while (api.lua_next(state, -2) !== 0) {
      // The key is converted as a copy: making text of it would confuse the walk.
      api.lua_pushvalue(state, -2);
      this.write();
      if (isMap) this.write();
      else api.lua_settop(state, -2);
      count++;
    }
    if (isMap) reply.mapAt(start, count);
    else reply.setAt(start, count);
  }

  private verbatim(): boolean {
    const { machine, reply } = this;
    const { api, state } = machine;
    this.rawField("format");
    const format = machine.isString(state, -1) ? machine.text(state, -1) : null;
    api.lua_settop(state, -2);
    this.rawField("string");
    const view = machine.isString(state, -1) ? machine.view(state, -1) : null;
    if (format !== null && view !== null) {
      reply.verbatimBytes(format.slice(0, 3).padEnd(3, " "), view);
    }
    api.lua_settop(state, -2);
    return format !== null && view !== null;
  }

  private rawField(name: string): void {
    const { machine } = this;
    machine.pushName(machine.state, name);
    machine.api.lua_rawget(machine.state, -2);
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
