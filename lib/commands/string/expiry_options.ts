/**
 * The options that SET and GETEX share: when a value expires, and what excludes what. The parsed
 * options are one object that is used again, because a command reads its options, acts on them and
 * is done before the next one runs. [hot]
 */

import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import type { ExpireTime, ExpireUnit } from "../../engine/expire_time.ts";
import * as expireTimeModule from "../../engine/expire_time.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readPositiveExpireTime } = expireTimeModule;

/** How the time was given; the last of two of the same kind holds. */
export const TimeOption = { NONE: 0, EX: 1, PX: 2, EXAT: 3, PXAT: 4 } as const;

export class ExpiryOptions {
  ifMissing = false;
  ifPresent = false;
  withOld = false;
  keepTtl = false;
  persist = false;
  time: number = TimeOption.NONE;
  /** The argument that holds the time. */
  timeAt = 0;

  /** Whether the time is a Unix time. */
  get isAbsolute(): boolean {
    return this.time === TimeOption.EXAT || this.time === TimeOption.PXAT;
  }

  /** The time in Unix milliseconds; only when there is one. */
  readTime(call: Call, commandName: string): ExpireTime {
    const unit: ExpireUnit = this.time === TimeOption.EX || this.time === TimeOption.EXAT
      ? "s"
      : "ms";
    return readPositiveExpireTime(call, this.timeAt, unit, !this.isAbsolute, commandName);
  }

  reset(): void {
    this.ifMissing = false;
    this.ifPresent = false;
    this.withOld = false;
    this.keepTtl = false;
    this.persist = false;
    this.time = TimeOption.NONE;
    this.timeAt = 0;
  }
}

const OPTIONS = new ExpiryOptions();

/**
 * Options of SET, from argument 3 on, lent until the next command.
 *
 * @throws SYNTAX
 */
export function readSetOptions(call: Call): ExpiryOptions {
  const { request } = call;
  const options = OPTIONS;
  options.reset();
  for (let i = 3; i < request.count; i++) {
    if (request.is(i, "NX") && !options.ifPresent) options.ifMissing = true;
    else if (request.is(i, "XX") && !options.ifMissing) options.ifPresent = true;
    else if (request.is(i, "GET")) options.withOld = true;
    else if (request.is(i, "KEEPTTL") && options.time === TimeOption.NONE) options.keepTtl = true;
    else if (!options.keepTtl && readTimeOption(call, options, i)) i++;
    else throw errors.SYNTAX;
  }
  return options;
}

/**
 * Options of GETEX, from argument 2 on, lent until the next command.
 *
 * @throws SYNTAX
 */
export function readGetExOptions(call: Call): ExpiryOptions {
  const { request } = call;
  const options = OPTIONS;
  options.reset();
  for (let i = 2; i < request.count; i++) {
    if (request.is(i, "PERSIST") && options.time === TimeOption.NONE) options.persist = true;
    else if (!options.persist && readTimeOption(call, options, i)) i++;
    else throw errors.SYNTAX;
  }
  return options;
}

/** Takes the option at `index` and the time after it; false when it is not one or is excluded. */
function readTimeOption(call: Call, options: ExpiryOptions, index: number): boolean {
  const { request } = call;
  if (index + 1 === request.count) return false;
  let time: number;
  if (request.is(index, "EX")) time = TimeOption.EX;
  else if (request.is(index, "PX")) time = TimeOption.PX;
  else if (request.is(index, "EXAT")) time = TimeOption.EXAT;
  else if (request.is(index, "PXAT")) time = TimeOption.PXAT;
  else return false;
  if (options.time !== TimeOption.NONE && options.time !== time) return false;
  options.time = time;
  options.timeAt = index + 1;
  return true;
}
