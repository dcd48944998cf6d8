/** The places of bits as SETBIT, GETBIT and BITFIELD read them. */

import { parseInteger } from "../../bytes/integer.ts";
import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import { maxStringLength } from "../string/growth.ts";

const NUMBER_SIGN = 0x23;
/** No string may be limited to less, so smaller places need no look at the limit. */
const ALWAYS_ALLOWED_BITS = 8 << 20;

/**
 * The place of a bit, within the longest string allowed.
 *
 * @param width bits of a BITFIELD integer, by which a place written as `#N` is multiplied; 0 when
 * that form is not allowed.
 * @throws BIT_OFFSET
 */
export function readBitOffset(call: Call, index: number, width = 0): number {
  const { buffer, offsets, lengths } = call.request;
  let offset = offsets[index];
  let length = lengths[index];
  let factor = 1;
  if (width > 0 && length > 0 && buffer[offset] === NUMBER_SIGN) {
    offset++;
    length--;
    factor = width;
  }
  const place = parseInteger(buffer, offset, length) * factor;
  // A NaN, for what is no safe integer, fails this test too.
  if (!(place >= 0) || (place >= ALWAYS_ALLOWED_BITS && place / 8 >= maxStringLength(call))) {
    throw errors.BIT_OFFSET;
  }
  return place;
}
