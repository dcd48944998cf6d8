/** Strings that are changed in place: how long they may get, and how they are made longer. */

import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import { Encoding } from "../../values/entry.ts";

/** `proto-max-bulk-len` cannot be set lower, so shorter strings need no look at it. */
const ALWAYS_ALLOWED_BYTES = 1 << 20;
const NOTHING = new DataView(new ArrayBuffer(0));

/** @throws STRING_TOO_LONG when a string of so many bytes is not allowed. */
export function checkStringLength(call: Call, bytes: number): void {
  if (bytes <= ALWAYS_ALLOWED_BYTES || bytes <= maxStringLength(call)) return;
  // What was allowed when it was written is loaded, whatever the limit is now.
  if (!call.session.isTrusted) throw errors.STRING_TOO_LONG;
}

/** Most bytes that a string may have. */
export function maxStringLength(call: Call): number {
  return call.context.config.get("proto-max-bulk-len");
}

/**
 * Makes the string at a key argument exactly `length` bytes long, new bytes being zero, so that it
 * can be written in place. `ref` is the key's entry from the look-up just before, or 0.
 */
export function resizeStringAt(call: Call, key: number, ref: number, length: number): number {
  if (ref === 0) {
    ref = call.setString(0, key, NOTHING, 0, 0, Encoding.RAW);
  }
  return call.db.resizeString(ref, length, Encoding.RAW);
}
