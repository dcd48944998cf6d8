/**
 * A Lua machine with everything that scripts find in it. There are two, for EVAL's scripts and for
 * functions, made when they are first needed; one that broke (a script was killed, or overflowed a
 * stack) is thrown away, and the next script gets a new one. [hot]
 */

import { luaBinary } from "../host/lua_binary.ts";
import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import { type HostFunction, LuaMachine } from "../lua/lua_machine.ts";
import { Request } from "../resp/request.ts";
import { ArgumentTable } from "./argument_table.ts";
import { BASE_LIBRARY, HOST_LIBRARY, MATH_LIBRARY, STRING_LIBRARY } from "./base_library.ts";
import { BIT_LIBRARY } from "./bit_library.ts";
import { JSON_LIBRARY } from "./json_library.ts";
import { JsonSettings } from "./json_settings.ts";
import { MESSAGE_PACK_LIBRARY } from "./message_pack_library.ts";
import type {
  Constants,
  Library,
  LibraryEngine,
  LibraryFunction,
  ScriptProblem,
} from "./library.ts";
import { OS_LIBRARY } from "./os_library.ts";
import { DrandRandom } from "./random.ts";
import * as redisLibraryModule from "./redis_library.ts";
import { ReplyMemory } from "./reply_memory.ts";
import { SANDBOX_SOURCE } from "./sandbox_source.ts";
import type { ScriptHost } from "./script_host.ts";
import type { ScriptRun } from "./script_run.ts";
import { STRUCT_LIBRARY } from "./struct_library.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { GLOBALS_INDEX, LuaStatus, MULTIPLE_RESULTS } = luaApiModule;
const { assignsGlobals, baseOf, setTop, topOf, VALUE_BYTES, wordAt } = luaLayoutModule;
const { callCommand, EVAL_LIBRARY, LOAD_LIBRARY, LOG_CONSTANTS, REDIS_CONSTANTS, REDIS_LIBRARY } =
  redisLibraryModule;

/** Memory that one machine may take. */
export const MACHINE_LIMIT_BYTES: number = 256 * 1024 * 1024;
/** A machine that has grown beyond this is replaced when nothing runs in it. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** Index of the function that turns errors into texts, at the bottom of the main stack. */
export const HANDLER_INDEX = 1;

const SHARED_LIBRARIES: Readonly<Record<string, { functions: Library; constants?: Constants }>> = {
  bit: { functions: BIT_LIBRARY },
  cjson: { functions: JSON_LIBRARY, constants: { _NAME: "cjson", _VERSION: "2.1.0" } },
  cmsgpack: {
    functions: MESSAGE_PACK_LIBRARY,
    constants: { _NAME: "cmsgpack", _VERSION: "lua-cmsgpack 0.4.0" },
  },
  os: { functions: OS_LIBRARY },
  struct: { functions: STRUCT_LIBRARY },
};

/** Code, and whether it assigns to a global. */
const CHECKED_CODE: readonly (readonly [string, boolean])[] = [
  ["local a = KEYS[1] a = {b = a} a.b = redis return function() return a, ARGV end", false],
  ["x = 1", true],
  ["return function() local a return function(b) a, x = b, a end end", true],
];

export class ScriptEngine implements LibraryEngine {
  readonly machine: LuaMachine;
  readonly jsonSettings: JsonSettings = new JsonSettings();
  readonly random: DrandRandom = new DrandRandom();
  /** The arguments of `redis.call`, which lie in Lua's memory. */
  readonly request: Request = new Request();
  readonly replyMemory: ReplyMemory;
  /** The script that runs in this machine; null for none. */
  run: ScriptRun | null = null;
  /** What the last error was. */
  problem: ScriptProblem | null = null;
  /** Set while a library's code runs that registers functions. */
  registering: ((state: number) => string | null) | null = null;
  /** Shields by their address: the tables behind them. */
  readonly shields: Map<number, number> = new Map();
  readonly nextRef: number;
  readonly formatRef: number;
  /** Numbers of our functions. */
  private readonly numbers: Map<LibraryFunction, number> = new Map();
  private readonly realRef: number;
  private readonly loadRef: number;
  private readonly indexRef: number;
  /** What a script of EVAL is given. */
  readonly keys: ArgumentTable;
  readonly argv: ArgumentTable;

  /**
   * @param chunk what errors call the source of scripts: `@user_script`.
   * @param number tells machines apart; refs are good for one of them.
   */
  constructor(
    readonly host: ScriptHost,
    private readonly chunk: string,
    private readonly isForFunctions: boolean,
    readonly number: number,
    limitBytes: number,
    tick: (knowsPlace: boolean) => boolean,
  ) {
    const all: LibraryFunction[] = [];
    const { numbers } = this;
    const collect = (library: Library): void => {
      for (const run of Object.values(library)) {
        if (numbers.has(run)) continue;
        numbers.set(run, all.length);
        all.push(run);
      }
    };
    [HOST_LIBRARY, BASE_LIBRARY, MATH_LIBRARY, STRING_LIBRARY].forEach(collect);
    [REDIS_LIBRARY, EVAL_LIBRARY, LOAD_LIBRARY].forEach(collect);
    Object.values(SHARED_LIBRARIES).forEach(({ functions }) => collect(functions));
    this.machine = new LuaMachine({
      binary: luaBinary(),
      limitBytes,
      functions: all.map((run) => this.entry(run)),
      tick,
    });
    this.replyMemory = new ReplyMemory(this.machine);
    const { machine } = this;
    const { state } = machine;
    machine.api.lua_getfield(state, GLOBALS_INDEX, machine.name("next"));
    this.nextRef = machine.ref(state);
    machine.api.lua_getfield(state, GLOBALS_INDEX, machine.name("string"));
    machine.api.lua_getfield(state, -1, machine.name("format"));
    this.formatRef = machine.ref(state);
    machine.api.lua_settop(state, 0);
    this.pushLibraryFunction(state, HOST_LIBRARY.handle);
    this.checkCode();
    [this.realRef, this.indexRef, this.loadRef] = this.furnish();
    this.keys = new ArgumentTable(machine, this.realRef, "KEYS");
    this.argv = new ArgumentTable(machine, this.realRef, "ARGV");
  }

  /** Whether the machine should be replaced while nothing runs. */
  get isWornOut(): boolean {
    const { isBroken, hasHitLimit, totalBytes } = this.machine;
    return isBroken || hasHitLimit || totalBytes > KEPT_BYTES;
  }

  /** Forgets what a script could leave behind outside of Lua's values. */
  begin(run: ScriptRun): void {
    this.run = run;
    this.problem = null;
    this.jsonSettings.reset();
    this.random.begin();
  }

  end(): void {
    this.run = null;
    const { data, state, isBroken } = this.machine;
    if (!isBroken) setTop(data, state, baseOf(data, state) + HANDLER_INDEX * VALUE_BYTES);
  }

  /**
   * Compiles source; a function, as a ref, or what is wrong with it.
   *
   * @returns a number, or text of one byte a character.
   */
  compile(source: Uint8Array): number | string {
    const { machine } = this;
    const { state, api } = machine;
    const status = machine.load(state, source, this.chunk);
    if (status === LuaStatus.OK) {
      if (!this.isForFunctions) this.useGlobals();
      return machine.ref(state);
    }
    const text = machine.text(state, -1) ?? "";
    api.lua_settop(state, HANDLER_INDEX);
    return text;
  }

  /** @throws {Error} when Lua keeps code elsewhere, so that {@linkcode assignsGlobals} can't see it. */
  private checkCode(): void {
    const { machine } = this;
    const { api, data, state } = machine;
    for (const [text, assigns] of CHECKED_CODE) {
      const source = Uint8Array.from(text, (char) => char.charCodeAt(0));
      machine.load(state, source, "=[C]");
      if (assignsGlobals(data, wordAt(data, topOf(data, state) - VALUE_BYTES)) !== assigns) {
        throw new Error("Lua's program keeps code elsewhere than expected");
      }
      api.lua_settop(state, -2);
    }
  }

  /**
   * Gives the function on top of the stack the real table of globals in place of the empty one before
   * it, if none of its code can assign to a global: each of them is found in one step in place of
   * three. A loop of calls spends 0.7 of the time on it.
   */
  private useGlobals(): void {
    const { machine } = this;
    const { api, data, state } = machine;
    if (assignsGlobals(data, wordAt(data, topOf(data, state) - VALUE_BYTES))) return;
    machine.pushRef(state, this.realRef);
    api.lua_setfenv(state, -2);
  }

  /** Lets a library's code see what it needs to register functions, and nothing else; or ends that. */
  showLoading(on: boolean): void {
    const { machine } = this;
    const { api, state } = machine;
    machine.pushRef(state, this.indexRef);
    machine.pushRef(state, on ? this.loadRef : this.realRef);
    api.lua_setfield(state, -2, machine.name("__index"));
    api.lua_settop(state, -2);
  }

  pushLibraryFunction(state: number, run: LibraryFunction): void {
    this.machine.pushFunction(state, this.numbers.get(run) as number);
  }

  /** Lua's way to a function. `redis.call` has one of its own, into which V8 puts all of it. */
  private entry(run: LibraryFunction): HostFunction {
    if (run === REDIS_LIBRARY.call) return (state) => callCommand(this, state, true);
    return (state) => run(this, state);
  }

  private furnish(): [number, number, number] {
    const { machine } = this;
    const { api, state } = machine;
    const source = Uint8Array.from(SANDBOX_SOURCE, (char) => char.charCodeAt(0));
    if (machine.load(state, source, "=[C]") !== LuaStatus.OK) {
      throw new Error(`Lua does not take the sandbox: ${machine.text(state, -1)}`);
    }
    const push = (library: Library, constants: Constants = {}): void => {
      api.lua_createtable(state, 0, Object.keys(library).length);
      for (const [name, run] of Object.entries(library)) {
        this.pushLibraryFunction(state, run);
        api.lua_setfield(state, -2, machine.name(name));
      }
      this.pushConstants(constants);
    };
    push(HOST_LIBRARY);
    push(MATH_LIBRARY);
    api.lua_setfield(state, -2, machine.name("math"));
    push(STRING_LIBRARY);
    api.lua_setfield(state, -2, machine.name("string"));
    push(BASE_LIBRARY);
    api.lua_createtable(state, 0, 8);
    for (const [name, { functions, constants }] of Object.entries(SHARED_LIBRARIES)) {
      push(functions, constants);
      if (name === "cjson") this.pushNull();
      api.lua_setfield(state, -2, machine.name(name));
    }
    const library = this.isForFunctions ? REDIS_LIBRARY : { ...REDIS_LIBRARY, ...EVAL_LIBRARY };
    push(library, REDIS_CONSTANTS);
    api.lua_setfield(state, -2, machine.name("redis"));
    push(LOAD_LIBRARY, LOG_CONSTANTS);
    api.lua_setfield(state, -2, machine.name("loading"));
    if (api.lua_pcall(state, 3, MULTIPLE_RESULTS, 0) !== LuaStatus.OK) {
      throw new Error(`Lua's sandbox fails: ${machine.text(state, -1)}`);
    }
    const loadRef = machine.ref(state);
    const indexRef = machine.ref(state);
    const realRef = machine.ref(state);
    api.lua_replace(state, GLOBALS_INDEX);
    return [realRef, indexRef, loadRef];
  }

  private pushConstants(constants: Constants): void {
    const { machine } = this;
    const { api, state } = machine;
    for (const [name, value] of Object.entries(constants)) {
      if (typeof value === "number") api.lua_pushnumber(state, value);
      else machine.pushText(state, value);
      api.lua_setfield(state, -2, machine.name(name));
    }
  }

  private pushNull(): void {
    const { api, state } = this.machine;
    api.lua_pushlightuserdata(state, 0);
    api.lua_setfield(state, -2, this.machine.name("null"));
  }
}
