/**
 * Signed 64-bit integers as two 32-bit halves: exact over the whole range, without the allocation
 * that each bigint is. For what stores integers in place of their text. [hot]
 */

import * as copyModule from "./copy.ts";
import * as integerModule from "./integer.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { bytesOf } = copyModule;
const { formatBigInteger, formatInteger, parseBigInteger } = integerModule;

const MINUS = 0x2d;
const ZERO = 0x30;
const TWO_TO_32 = 2 ** 32;
/** Digits that a double always holds exactly. */
const EXACT_DIGITS = 15;
/** Longest text of a 64-bit integer. */
export const INT64_TEXT_BYTES = 20;

/**
 * One such integer, reused from call to call.
 *
 * @example
 * ```ts
 * import { Int64 } from "./int64.ts";
 *
 * const integer = new Int64();
 * const text = new TextEncoder().encode("-9223372036854775808");
 * if (!integer.parse(new DataView(text.buffer), 0, text.length)) throw new Error("unexpected");
 * if (integer.high !== -(2 ** 31) || integer.low !== 0) throw new Error("unexpected");
 * ```
 */
export class Int64 {
  /** The upper 32 bits, with the sign. */
  high = 0;
  /** The lower 32 bits, as a signed integer. */
  low = 0;

  /** Reads canonical decimal text (see integer.ts); false, and unchanged, when it is not that. */
  parse(data: DataView, offset: number, length: number): boolean {
    if (length === 0 || length > INT64_TEXT_BYTES) return false;
    const end = offset + length;
    let at = offset;
    const negative = data.getUint8(at) === MINUS;
    if (negative) at++;
    const digits = end - at;
    if (digits === 0) return false;
    let value = data.getUint8(at++) - ZERO;
    if (value < 0 || value > 9) return false;
    if (value === 0 && (digits > 1 || negative)) return false;
    if (digits > EXACT_DIGITS) return this.parseLong(data, offset, length);
    for (; at < end; at++) {
      const digit = data.getUint8(at) - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    if (negative) value = -value;
    this.low = value | 0;
    this.high = Math.floor(value / TWO_TO_32);
    return true;
  }

  /** Writes the decimal text at `at`, where 20 bytes must be free; returns how many it took. */
  format(target: Uint8Array, at: number): number {
    const { high, low } = this;
    if (high >= -0x200000 && high < 0x200000) {
      const value = high * TWO_TO_32 + (low >>> 0);
      // -2^53 itself is not safe, but exact; formatting needs only that.
      return formatInteger(value, target, at);
    }
    return formatBigInteger(BigInt(high) << 32n | BigInt(low >>> 0), target, at);
  }

  private parseLong(data: DataView, offset: number, length: number): boolean {
    const value = parseBigInteger(bytesOf(data, offset, length), 0, length);
    if (value === null) return false;
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(value >> 32n);
    return true;
  }
}
