/**
 * Expiry times as clients give them (seconds or milliseconds, from now or as Unix time) → Unix
 * milliseconds, with the overflow checks of 64-bit arithmetic that Redis makes.
 *
 * Times are doubles, exact up to the year 287396. What lies beyond is kept as a bigint, so that
 * PEXPIRETIME replies and the stream of effects carries what was asked for, as in Redis.
 */

import { parseInteger } from "../bytes/integer.ts";
import type { Database } from "../store/database.ts";
import { readBigInteger } from "./arguments.ts";
import type { Call } from "./call.ts";
import { invalidExpireTime } from "./errors.ts";

export type ExpireUnit = "s" | "ms";

/** Unix milliseconds: a bigint only where a double is not exact. */
export type ExpireTime = number | bigint;

const MAX_64 = 2n ** 63n - 1n;
const MIN_64 = -(2n ** 63n);
/** The largest double below 2^63. */
const LARGEST_MS = 2 ** 63 - 1024;
/** Times up to this many seconds or milliseconds need no big integers: a product stays exact. */
const SMALL_TIME = 2 ** 43;

/**
 * Reads the time of the EXPIRE family, which may lie in the past or be negative.
 *
 * @param relative whether it counts from now.
 * @param commandName in lower case, for the error.
 * @returns Unix milliseconds; {@linkcode exactExpireTime} has those that are no safe integer.
 * @throws NOT_AN_INTEGER, or `ERR invalid expire time in '…' command` when it does not fit 64 bits.
 */
export function readExpireTime(
  call: Call,
  index: number,
  unit: ExpireUnit,
  relative: boolean,
  commandName: string,
): number {
  const { buffer, offsets, lengths } = call.request;
  const small = parseInteger(buffer, offsets[index], lengths[index]);
  const now = relative ? call.context.store.state.now : 0;
  if (small > -SMALL_TIME && small < SMALL_TIME) {
    return (unit === "s" ? small * 1000 : small) + now;
  }
  const time = readBigInteger(call, index);
  const ms = unit === "s" ? time * 1000n : time;
  if (ms > MAX_64 || ms < MIN_64) throw invalidExpireTime(commandName);
  const absolute = ms + BigInt(now);
  if (absolute > MAX_64) throw invalidExpireTime(commandName);
  return Math.min(Number(absolute), LARGEST_MS);
}

/**
 * Reads the time of SET, GETEX, SETEX and their like, which must be more than 0; as an absolute
 * time it may lie in the past.
 *
 * @returns Unix milliseconds, as a bigint where a double is not exact.
 * @throws as {@linkcode readExpireTime}, also for times that are not positive.
 */
export function readPositiveExpireTime(
  call: Call,
  index: number,
  unit: ExpireUnit,
  relative: boolean,
  commandName: string,
): ExpireTime {
  const { buffer, offsets, lengths } = call.request;
  // The sign alone tells, and text that is no number gets its own error below.
  const first = buffer[offsets[index]];
  const positive = first !== 0x2d && !(lengths[index] === 1 && first === 0x30);
  const time = readExpireTime(call, index, unit, relative, commandName);
  if (!positive) throw invalidExpireTime(commandName);
  return Number.isSafeInteger(time) ? time : exactExpireTime(call, index, unit, relative);
}

/** What {@linkcode readExpireTime} reads, exactly; to be called only after it, for its checks. */
export function exactExpireTime(
  call: Call,
  index: number,
  unit: ExpireUnit,
  relative: boolean,
): bigint {
  const time = readBigInteger(call, index);
  const now = relative ? BigInt(call.context.store.state.now) : 0n;
  return (unit === "s" ? time * 1000n : time) + now;
}

/** Lets an entry expire at a time. */
export function setExpireTime(db: Database, ref: number, time: ExpireTime): void {
  if (typeof time === "number") db.setExpiry(ref, time);
  else db.setExactExpiry(ref, time);
}
