/**
 * `redis`, the library through which scripts use the server. `redis.call` is the hot path: its
 * arguments are lent to the command where they lie in Lua's memory, and the reply is turned into
 * values of Lua where it was written. [hot]
 */

import * as doubleModule from "../bytes/double.ts";
import * as integerModule from "../bytes/integer.ts";
import { sha1 } from "../bytes/sha.ts";
import { REDIS_VERSION } from "../config/version.ts";
import * as luaApiModule from "../lua/lua_api.ts";
import * as luaLayoutModule from "../lua/lua_layout.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import * as propagationModule from "../engine/propagation.ts";
import type { Request } from "../resp/request.ts";
import * as replyToLuaModule from "./reply_to_lua.ts";
import type { Constants, Library, LibraryEngine, LibraryFunction } from "./library.ts";
import * as libraryModule from "./library.ts";
import type { ScriptRun } from "./script_run.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { formatDouble } = doubleModule;
const { formatInteger } = integerModule;
const { LuaType } = luaApiModule;
const { baseOf, numberAt, stringBytes, stringLength, topOf, typeAt, VALUE_BYTES, wordAt } =
  luaLayoutModule;
const { Target } = propagationModule;
const { pushReply } = replyToLuaModule;
const { COUNTED_MARK } = libraryModule;

/** Room for the digits of one number, and arguments that may be such. */
const NUMBER_BYTES = 24;
const PLAIN_NUMBERS = 64;
const NO_ARGUMENTS = "Please specify at least one argument for this redis lib call";
const WRONG_ARGUMENTS = "Lua redis lib command arguments must be strings or integers";

/** Pushes a table as replies of commands that fail become one. */
export function pushError(machine: LuaMachine, state: number, text: string): void {
  machine.api.lua_createtable(state, 0, 2);
  machine.pushText(state, text.replace(/[\r\n]+$/, ""));
  machine.api.lua_setfield(state, -2, machine.name("err"));
}

/** Raises a mistake in the use of this library, which comes without a place. */
function fail(machine: LuaMachine, state: number, text: string): number {
  pushError(machine, state, `ERR ${text}`);
  return machine.api.lua_error(state);
}

/** Lets the arguments on the stack be those of a request; an error text when they can't be. */
function takeArguments(engine: LibraryEngine, state: number, request: Request): string | null {
  const { machine } = engine;
  let { data } = machine;
  let at = baseOf(data, state);
  const count = (topOf(data, state) - at) / VALUE_BYTES;
  if (count === 0) return NO_ARGUMENTS;
  request.clear();
  for (let i = 1; i <= count; i++) {
    const type = typeAt(data, at);
    if (type === LuaType.NUMBER) {
      const value = numberAt(data, at);
      if (i <= PLAIN_NUMBERS && Number.isSafeInteger(value) && value !== 0) {
        // Digits need not become a string of Lua first.
        const digits = engine.replyMemory.numbers + i * NUMBER_BYTES;
        request.push(digits, formatInteger(value, machine.bytes, digits));
        at += VALUE_BYTES;
        continue;
      }
      machine.pushText(state, numberText(value));
      machine.api.lua_replace(state, i);
      // Lua may have moved its stack, or got other memory.
      data = machine.data;
      at = baseOf(data, state) + (i - 1) * VALUE_BYTES;
    } else if (type !== LuaType.STRING) return WRONG_ARGUMENTS;
    const string = wordAt(data, at);
    request.push(stringBytes(string), stringLength(data, string));
    at += VALUE_BYTES;
  }
  if (request.data !== data) {
    request.buffer = machine.bytes;
    request.data = data;
  }
  return null;
}

/** As printf's `%.17g`, also where it prints the sign of what is no number. */
function numberText(value: number): string {
  return value !== value ? "-nan" : formatDouble(value);
}

/** `redis.call`, and with `raises` false `redis.pcall`. */
export function callCommand(engine: LibraryEngine, state: number, raises: boolean): number {
  const { machine, request } = engine;
  const run = engine.run as ScriptRun;
  const { reply } = run.session;
  const wrong = takeArguments(engine, state, request);
  if (wrong !== null) {
    pushError(machine, state, `ERR ${wrong}`);
    return raises ? machine.api.lua_error(state) : 1;
  }
  engine.replyMemory.attach(reply);
  const refusal = engine.host.command(run, request);
  if (refusal !== null) {
    pushError(machine, state, refusal);
    machine.api.lua_pushboolean(state, 1);
    machine.api.lua_setfield(state, -2, machine.name(COUNTED_MARK));
    return raises ? machine.api.lua_error(state) : 1;
  }
  const isError = reply.buffer[0] === 45;
  pushReply(engine, state, reply);
  return isError && raises ? machine.api.lua_error(state) : 1;
}

function singleField(name: string, minus: boolean): LibraryFunction {
  return ({ machine }, state) => {
    if (machine.api.lua_gettop(state) !== 1 || !machine.isString(state, 1)) {
      pushError(machine, state, "ERR wrong number or type of arguments");
      return 1;
    }
    const text = machine.text(state, 1) as string;
    machine.api.lua_createtable(state, 0, 1);
    machine.pushText(state, minus ? errorText(text) : text);
    machine.api.lua_setfield(state, -2, machine.name(name));
    return 1;
  };
}

/** The minus before an error's code may be there or not; a single word is no code. */
function errorText(text: string): string {
  const plain = text.startsWith("-") ? text.slice(1) : text;
  return plain.includes(" ") ? plain : `ERR ${plain}`;
}

const log: LibraryFunction = ({ machine, host }, state) => {
  const { api } = machine;
  const count = api.lua_gettop(state);
  if (count < 2) return fail(machine, state, "redis.log() requires two arguments or more.");
  if (api.lua_type(state, 1) !== LuaType.NUMBER) {
    return fail(machine, state, "First argument must be a number (log level).");
  }
  const level = api.lua_tonumber(state, 1);
  if (!(level >= 0 && level < 4)) return fail(machine, state, "Invalid debug level.");
  const words: string[] = [];
  for (let i = 2; i <= count; i++) {
    const word = api.lua_isstring(state, i) !== 0 ? machine.text(state, i) : null;
    if (word !== null) words.push(word);
  }
  host.log(Math.floor(level), words.join(" "));
  return 0;
};

export const REDIS_LIBRARY: Library = {
  call: (engine, state) => callCommand(engine, state, true),
  pcall: (engine, state) => callCommand(engine, state, false),
  error_reply: singleField("err", true),
  status_reply: singleField("ok", false),
  sha1hex: ({ machine }, state) => {
    if (machine.api.lua_gettop(state) !== 1) {
      return fail(machine, state, "wrong number of arguments");
    }
    machine.pushText(state, sha1(machine.view(state, 1) ?? new Uint8Array(0)));
    return 1;
  },
  log,
  setresp: (engine, state) => {
    const { machine } = engine;
    if (machine.api.lua_gettop(state) !== 1) {
      return fail(machine, state, "redis.setresp() requires one argument.");
    }
    const version = machine.api.lua_tonumber(state, 1);
    if (version !== 2 && version !== 3) return fail(machine, state, "RESP version must be 2 or 3.");
    (engine.run as ScriptRun).session.reply.protocol = version;
    return 0;
  },
  set_repl: (engine, state) => {
    const { machine } = engine;
    if (machine.api.lua_gettop(state) !== 1) {
      return fail(machine, state, "redis.set_repl() requires two arguments.");
    }
    const flags = machine.api.lua_tonumber(state, 1);
    if ((flags & ~Target.ALL) !== 0) {
      const names = "REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE";
      return fail(machine, state, `Invalid replication flags. Use ${names}.`);
    }
    (engine.run as ScriptRun).targets = flags;
    return 0;
  },
  acl_check_cmd: (engine, state) => {
    const { machine } = engine;
    const wrong = takeArguments(engine, state, engine.request);
    if (wrong !== null) return fail(machine, state, wrong);
    const allowed = engine.host.mayRun(engine.run as ScriptRun, engine.request);
    if (allowed === null) {
      return fail(machine, state, "Invalid command passed to redis.acl_check_cmd()");
    }
    machine.api.lua_pushboolean(state, allowed ? 1 : 0);
    return 1;
  },
};

/** What only EVAL's scripts have: remains of replication by script and of the debugger. */
export const EVAL_LIBRARY: Library = {
  replicate_commands: ({ machine }, state) => {
    machine.api.lua_pushboolean(state, 1);
    return 1;
  },
  breakpoint: ({ machine }, state) => {
    machine.api.lua_pushboolean(state, 0);
    return 1;
  },
  debug: () => 0,
};

/** What a library's code has while it is loaded. */
export const LOAD_LIBRARY: Library = {
  log,
  register_function: (engine, state) => {
    const { registering } = engine;
    if (registering === null) {
      const text = "redis.register_function can only be called on FUNCTION LOAD command";
      return fail(engine.machine, state, text);
    }
    const problem = registering(state);
    return problem === null ? 0 : fail(engine.machine, state, problem);
  },
};

export const LOG_CONSTANTS: Constants = {
  LOG_DEBUG: 0,
  LOG_VERBOSE: 1,
  LOG_NOTICE: 2,
  LOG_WARNING: 3,
  REDIS_VERSION,
  REDIS_VERSION_NUM: versionNumber(REDIS_VERSION),
};

export const REDIS_CONSTANTS: Constants = {
  ...LOG_CONSTANTS,
  REPL_NONE: Target.NONE,
  REPL_AOF: Target.FILES,
  REPL_SLAVE: Target.REPLICAS,
  REPL_REPLICA: Target.REPLICAS,
  REPL_ALL: Target.ALL,
};

/** 7.2.4 as 0x00070204. */
function versionNumber(version: string): number {
  const [major, minor, patch] = version.split(".").map(Number);
  return major << 16 | minor << 8 | patch;
}
