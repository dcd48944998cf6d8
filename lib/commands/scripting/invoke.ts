/** What EVAL and FCALL share: their number of keys, and where their keys begin. */

import { parseInteger } from "../../bytes/integer.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, errors } from "../../engine/errors.ts";

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
