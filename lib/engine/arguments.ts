/**
 * Typed readers of arguments: each reads one argument in place and throws the error that Redis
 * replies when it is not what was asked for, so that commands read straight down.
 *
 * Redis's integers have 64 bits. A command whose numbers are positions, counts or limits is
 * served by plain numbers; one that stores or adds what it is given reads bigints.
 */

import { parseBigInteger, parseInteger } from "../bytes/integer.ts";
import { parseDouble } from "../bytes/double.ts";
import type { Database } from "../store/database.ts";
import type { Call } from "./call.ts";
import { CommandError, errors } from "./errors.ts";

const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
const LAST_TIME_MS = 2n ** 63n - 1n;

/**
 * A whole number that JavaScript holds exactly.
 *
 * @throws NOT_AN_INTEGER, or `error`, when it is not a number or beyond ±(2^53 - 1).
 */
export function readInteger(
  call: Call,
  index: number,
  error: CommandError = errors.NOT_AN_INTEGER,
): number {
  const { buffer, offsets, lengths } = call.request;
  const value = parseInteger(buffer, offsets[index], lengths[index]);
  if (value !== value) throw error;
  return value;
}

/**
 * A signed 64-bit integer, of which what lies beyond ±(2^53 - 1) is cut to that: for positions
 * and counts, where no more can be meant than all there is.
 *
 * @throws NOT_AN_INTEGER, or `error`.
 */
export function readClampedInteger(
  call: Call,
  index: number,
  error: CommandError = errors.NOT_AN_INTEGER,
): number {
  const { buffer, offsets, lengths } = call.request;
  const value = parseInteger(buffer, offsets[index], lengths[index]);
  if (value === value) return value;
  const big = parseBigInteger(buffer, offsets[index], lengths[index]);
  if (big === null) throw error;
  return big < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

/**
 * A signed 64-bit integer.
 *
 * @throws NOT_AN_INTEGER, or `error`.
 */
export function readBigInteger(
  call: Call,
  index: number,
  error: CommandError = errors.NOT_AN_INTEGER,
): bigint {
  const { buffer, offsets, lengths } = call.request;
  const value = parseBigInteger(buffer, offsets[index], lengths[index]);
  if (value === null) throw error;
  return value;
}

/**
 * A whole number between two safe bounds, both allowed.
 *
 * @throws NOT_AN_INTEGER, or `ERR value is out of range, value must between …`; `error` in place
 * of both when given.
 */
export function readIntegerInRange(
  call: Call,
  index: number,
  min: number,
  max: number,
  error?: CommandError,
): number {
  const value = readClampedInteger(call, index, error);
  if (value >= min && value <= max) return value;
  throw error ?? new CommandError(
    `ERR value is out of range, value must between ${min} and ${max}`,
  );
}

/**
 * A count of zero or more; larger ones than 2^53 - 1 are cut to that.
 *
 * @throws NOT_AN_INTEGER, or MUST_BE_POSITIVE when negative.
 */
export function readCount(call: Call, index: number): number {
  const value = readClampedInteger(call, index);
  if (value < 0) throw errors.MUST_BE_POSITIVE;
  return value;
}

/**
 * A double as scores are written, infinities included.
 *
 * @throws NOT_A_FLOAT, or `error`.
 */
export function readDouble(
  call: Call,
  index: number,
  error: CommandError = errors.NOT_A_FLOAT,
): number {
  const { buffer, offsets, lengths } = call.request;
  const value = parseDouble(buffer, offsets[index], lengths[index]);
  if (value !== value) throw error;
  return value;
}

/**
 * How long a command may wait, in whole milliseconds; 0 for ever.
 *
 * @throws TIMEOUT_NOT_AN_INTEGER, NEGATIVE_TIMEOUT, or TIMEOUT_RANGE when it would end beyond what
 * 64 bits hold.
 */
export function readTimeoutMs(call: Call, index: number): number {
  const ms = readBigInteger(call, index, errors.TIMEOUT_NOT_AN_INTEGER);
  if (ms < 0n) throw errors.NEGATIVE_TIMEOUT;
  if (ms > LAST_TIME_MS - BigInt(call.context.store.state.now)) throw errors.TIMEOUT_RANGE;
  return Number(ms);
}

/**
 * The same of seconds with a fraction, as milliseconds: what is not a whole number of them is rounded
 * up, so that the least is 1 and not for ever.
 *
 * @throws TIMEOUT_NOT_A_FLOAT, NEGATIVE_TIMEOUT, TIMEOUT_RANGE
 */
export function readTimeoutSeconds(call: Call, index: number): number {
  const ms = Math.ceil(readDouble(call, index, errors.TIMEOUT_NOT_A_FLOAT) * 1000);
  if (ms < 0) throw errors.NEGATIVE_TIMEOUT;
  if (ms > Number(LAST_TIME_MS) - call.context.store.state.now) throw errors.TIMEOUT_RANGE;
  return ms;
}

/**
 * The database that an argument numbers.
 *
 * @throws NOT_AN_INTEGER, the range error of a 32-bit integer, or `outOfRange` when there is no
 * database of that number.
 */
export function readDatabase(
  call: Call,
  index: number,
  outOfRange: CommandError = errors.DB_INDEX_OUT_OF_RANGE,
): Database {
  const number = readIntegerInRange(call, index, INT_MIN, INT_MAX);
  const { databases } = call.context.store;
  if (number < 0 || number >= databases.length) throw outOfRange;
  return databases[number];
}
