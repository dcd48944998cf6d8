/** What EVAL and FCALL share: their number of keys, and handing keys and arguments to Lua. */

import { parseInteger } from "../../bytes/integer.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { ScriptEngine } from "../../scripting/script_engine.ts";

const TOO_MANY_KEYS = errors.NUMKEYS_TOO_LARGE;
const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");
/** The first argument behind the number of keys. */
export const FIRST_KEY = 3;

/** The number of keys, argument 2; `notANumber` is the error for what is none. */
export function keyCount(call: Call, notANumber: CommandError = errors.NOT_AN_INTEGER): number {
  const { request } = call;
  const keys = parseInteger(request.buffer, request.offsets[2], request.lengths[2]);
  if (keys !== keys) throw notANumber;
  if (keys > call.count - FIRST_KEY) throw TOO_MANY_KEYS;
  if (keys < 0) throw NEGATIVE_KEYS;
  return keys;
}

/** Pushes arguments of the request, from `first` on, as a table. [hot] */
export function pushArguments(call: Call, engine: ScriptEngine, first: number, end: number): void {
  const { machine } = engine;
  const { state, api } = machine;
  const { buffer, offsets, lengths } = call.request;
  api.lua_createtable(state, end - first, 0);
  for (let i = first; i < end; i++) {
    machine.pushBytes(state, buffer, offsets[i], lengths[i]);
    api.lua_rawseti(state, -2, i - first + 1);
  }
}
