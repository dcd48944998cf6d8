/**
 * What EVAL and FCALL share: their number of keys, where their keys begin, and what their flags are
 * where a script declares its own.
 */

import { parseInteger } from "../../bytes/integer.ts";
import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { ScriptFlag } from "../../scripting/script_run.ts";

const TOO_MANY_KEYS = errors.NUMKEYS_TOO_LARGE;
const NEGATIVE_KEYS = new CommandError("ERR Number of keys can't be negative");
/** The first argument behind the number of keys. */
export const FIRST_KEY = 3;

/** The number of keys, argument 2; `notANumber` is the error for what is none. */
export function keyCount(call: Call, notANumber: CommandError = errors.NOT_AN_INTEGER): number {
  const { request } = call;
  let keys = parseInteger(request.buffer, request.offsets[2], request.lengths[2]);
  if (keys !== keys) keys = readClampedInteger(call, 2, notANumber);
  if (keys > call.count - FIRST_KEY) throw TOO_MANY_KEYS;
  if (keys < 0) throw NEGATIVE_KEYS;
  return keys;
}

/**
 * The flags of a command that runs what has declared flags of its own, so that it is refused, or has
 * to wait, as a command would that does the same.
 *
 * @param script bits of ScriptFlag.
 */
export function declaredFlags(flags: number, script: number): number {
  if ((script & ScriptFlag.LEGACY) !== 0) return flags;
  let declared = flags & ~(Flag.STALE | Flag.DENY_OOM | Flag.WRITE | Flag.MAY_REPLICATE);
  const writes = (script & ScriptFlag.NO_WRITES) === 0;
  if (writes) declared |= Flag.WRITE;
  if (writes && (script & ScriptFlag.ALLOW_OOM) === 0) declared |= Flag.DENY_OOM;
  if ((script & ScriptFlag.ALLOW_STALE) !== 0) declared |= Flag.STALE;
  return declared;
}
