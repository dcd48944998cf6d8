/**
 * What the commands about single fields' expiry read alike: the list `FIELDS numfields field …` and
 * times. Their error texts are as many as their authors were; they are those of Redis 8.0.
 */

import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, invalidExpireTime, wrongArity } from "../../engine/errors.ts";
import type { ExpireUnit } from "../../engine/expire_time.ts";

/** Two bits less than the 48 that Redis has for the time of a field: the year 4199. */
const MAX_FIELD_TIME_MS = 2n ** 46n - 1n;
const MAX_64 = 2n ** 63n - 1n;

const FIELDS_MISSING = new CommandError(
  "ERR Mandatory argument FIELDS is missing or not at the right position",
);
const WRONG_COUNT = new CommandError(
  "ERR The `numfields` parameter must match the number of arguments",
);
const NEGATIVE_TIME = new CommandError("ERR invalid expire time, must be >= 0");

/** What HTTL, HPERSIST, HGETEX and HGETDEL say about a count that is none. */
export const NOT_POSITIVE = new CommandError("ERR Number of fields must be a positive integer");

/**
 * Checks that FIELDS stands at an argument, and that as many fields follow as it says.
 *
 * @param badCount what is thrown when the count is not a number above 0.
 * @returns the argument of the first field; all that follow are fields.
 */
export function readFields(call: Call, index: number, badCount: CommandError): number {
  if (index >= call.count || !call.request.is(index, "FIELDS")) throw FIELDS_MISSING;
  if (index + 1 === call.count) throw wrongArity(call.command.lowerName);
  const fields = readBigInteger(call, index + 1, badCount);
  if (fields < 1n || fields > MAX_64) throw badCount;
  if (fields !== BigInt(call.count - index - 2)) throw WRONG_COUNT;
  return index + 2;
}

/**
 * Reads when fields are to expire, as Unix milliseconds; it may lie in the past.
 *
 * @throws NOT_AN_INTEGER, or that the time is not valid.
 */
export function readFieldTime(
  call: Call,
  index: number,
  unit: ExpireUnit,
  relative: boolean,
): number {
  const given = readBigInteger(call, index);
  if (given < 0n) throw NEGATIVE_TIME;
  const now = relative ? BigInt(call.context.store.state.now) : 0n;
  const ms = (unit === "s" ? given * 1000n : given) + now;
  if (ms > MAX_FIELD_TIME_MS) throw invalidExpireTime(call.command.lowerName);
  return Number(ms);
}

/** Whether a time has passed, so that what would expire then goes at once. */
export function hasPassed(call: Call, time: number): boolean {
  const { state } = call.context.store;
  // While loading nothing expires, and a replica waits for its primary's HDEL.
  return time <= state.now && state.expires && state.removesExpired;
}

/** How EX, PX, EXAT and PXAT give a time; null for any other word. */
export function timeOption(
  call: Call,
  index: number,
): { readonly unit: ExpireUnit; readonly relative: boolean } | null {
  const { request } = call;
  if (request.is(index, "EX")) return { unit: "s", relative: true };
  if (request.is(index, "PX")) return { unit: "ms", relative: true };
  if (request.is(index, "EXAT")) return { unit: "s", relative: false };
  if (request.is(index, "PXAT")) return { unit: "ms", relative: false };
  return null;
}

/** Propagates a command on some of the fields of the request's key. */
export function propagateFields(
  call: Call,
  name: string,
  before: readonly string[],
  fields: readonly number[],
): void {
  if (!call.context.propagation.active || fields.length === 0) return;
  const { request } = call;
  const names = fields.map((index) => request.view(index));
  if (name === "HDEL") call.propagate("HDEL", request.view(1), ...names);
  else {
    const count = String(fields.length);
    call.propagate(name, request.view(1), ...before, "FIELDS", count, ...names);
  }
}
