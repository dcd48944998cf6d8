/**
 * The text of doubles: scores, coordinates and timeouts as Redis reads and prints them.
 *
 * Reading follows strtod. Text of up to 15 digits and a power of ten up to 22 is exact as one
 * multiplication or division of two doubles (Clinger, "How to read floating point numbers
 * accurately", 1990), which needs no string; the rest goes through Number() or, for hexadecimal,
 * float_text.ts. Printing is C's `%.17g`, which is what Redis 7.0 replies with; 7.2 replies with
 * the shortest text that reads back, which is there as well.
 */

import { latin1 } from "./byte_string.ts";
import { type BinaryFormat, readFloatText, roundToFormat } from "./float_text.ts";

const DOUBLE: BinaryFormat = { precision: 53, minExponent: -1074, limit: 1024 };
const MAX_EXACT_DIGITS = 15;
const MAX_EXACT_POWER = 22;
const POWERS = Float64Array.from(
  { length: MAX_EXACT_POWER + 1 },
  (_, power) => 10 ** power,
);
const SPACE_OR_CONTROL = /^[ \t\n\v\f\r]+/;

/**
 * Reads a double as ZADD reads a score: any whole text that strtod takes, infinities included.
 * Returns NaN for "not a float": empty, spaces, "nan", or finite text out of a double's range
 * (too large, or not zero and too small).
 *
 * @example
 * ```ts
 * import { parseDouble } from "./double.ts";
 *
 * const bytes = new TextEncoder().encode("-2.5e3");
 * if (parseDouble(bytes, 0, bytes.length) !== -2500) throw new Error("unexpected");
 * if (!Number.isNaN(parseDouble(bytes, 0, 5))) throw new Error("unexpected");
 * ```
 */
export function parseDouble(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const value = parseShortDecimal(bytes, offset, length);
  return value === value ? value : parseText(latin1(bytes, offset, length), true);
}

/**
 * Reads a double as ZRANGEBYSCORE reads a bound, where Redis calls strtod with fewer checks:
 * leading white space is skipped, an empty text is 0, text out of range is an infinity or zero,
 * and the text ends at a NUL byte. Returns NaN for "not a float".
 */
export function parseDoubleBound(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const value = parseShortDecimal(bytes, offset, length);
  if (value === value) return value;
  let text = latin1(bytes, offset, length);
  const nul = text.indexOf("\0");
  if (nul >= 0) text = text.slice(0, nul);
  return text === "" ? 0 : parseText(text.replace(SPACE_OR_CONTROL, ""), false);
}

/** Prints a double as `%.17g`: "3", "0.10000000000000001", "1e+21", "inf", "-inf", "-0". */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) {
    return value === 0 && 1 / value < 0 ? "-0" : String(value);
  }
  if (value !== value) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  const negative = value < 0;
  const magnitude = negative ? -value : value;
  const text = magnitude.toExponential(16);
  const exponent = Number(text.slice(text.indexOf("e") + 1));
  const digits = trimZeros(tieToEven(magnitude, text[0] + text.slice(2, 18)));
  const sign = negative ? "-" : "";
  if (exponent < -4 || exponent >= 17) {
    const fraction = digits.length > 1 ? "." + digits.slice(1) : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return sign + digits[0] + fraction + (exponent < 0 ? "e-" : "e+") + size;
  }
  return sign + placePoint(digits, exponent);
}

/**
 * Prints a double as Redis 7.2 does: integers up to 2^62 in full, else the fewest digits that read
 * back, in the layout of fpconv (github.com/night-shift/fpconv). That library's Grisu2 leaves a
 * digit too many in about one of a thousand numbers; this prints the fewest always.
 */
export function formatDoubleShortest(value: number): string {
  if (Number.isSafeInteger(value)) {
    return value === 0 && 1 / value < 0 ? "-0" : String(value);
  }
  if (value !== value) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 62) {
    return BigInt(value).toString();
  }
  const sign = value < 0 ? "-" : "";
  const text = Math.abs(value).toExponential();
  const mark = text.indexOf("e");
  const exponent = Number(text.slice(mark + 1));
  const digits = text[0] + text.slice(2, mark);
  const power = exponent - digits.length + 1;
  const size = Math.abs(exponent);
  const plain = power >= 0 ? size < digits.length + 7 : power > -7 || size < 4;
  if (plain) return sign + placePoint(digits, exponent);
  const fraction = digits.length > 1 ? "." + digits.slice(1) : "";
  return sign + digits[0] + fraction + (exponent < 0 ? "e-" : "e+") + size;
}

/** Plain decimals whose digits and power of ten are exact in doubles; NaN for all other text. */
function parseShortDecimal(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const end = offset + length;
  let at = offset;
  const negative = bytes[at] === 0x2d && length > 0;
  if (negative) at++;
  let mantissa = 0;
  let digits = 0;
  let places = -1;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte >= 0x30 && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - 0x30);
      digits++;
      if (places >= 0) places++;
    } else if (byte === 0x2e && places < 0) {
      places = 0;
    } else {
      return NaN;
    }
  }
  if (digits === 0) return NaN;
  if (digits > MAX_EXACT_DIGITS) {
    // One digit more is exact where the whole is; scores of this size are times with a counter.
    if (digits > MAX_EXACT_DIGITS + 1 || places > 0 || !Number.isSafeInteger(mantissa)) return NaN;
  }
  const value = places > 0 ? mantissa / POWERS[places] : mantissa;
  return negative ? -value : value;
}

/** The slow path, for any text; `strict` refuses what is finite as text and not as a double. */
function parseText(text: string, strict: boolean): number {
  const read = readDecimal(text);
  if (read === read) {
    if (strict && (read === Infinity || read === -Infinity)) return NaN;
    return strict && read === 0 && /[1-9]/.test(text.replace(/e.*/i, "")) ? NaN : read;
  }
  const parts = readFloatText(text);
  if (parts === null) return NaN;
  const sign = parts.negative ? -1 : 1;
  if (parts.infinite) return sign * Infinity;
  const rounded = roundToFormat(parts, DOUBLE);
  if (rounded === null) return strict ? NaN : sign * Infinity;
  if (strict && rounded.mantissa === 0n && parts.mantissa !== 0n) return NaN;
  return sign * Number(rounded.mantissa) * 2 ** rounded.exponent;
}

/** Number() for decimal text, NaN for the rest (of which Number would take too much). */
function readDecimal(text: string): number {
  return /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
}

/**
 * Where a double lies exactly between two texts of 17 digits, C takes the even one and JavaScript
 * the larger one. Sixty digits tell whether it does: no double comes that close to a tie without
 * being one.
 */
function tieToEven(magnitude: number, digits: string): string {
  const last = digits.charCodeAt(16);
  if ((last & 1) === 0) return digits;
  const long = magnitude.toExponential(60);
  if (
    long[18] !== "5" ||
    trimZeros(long.slice(2, long.indexOf("e"))).length !== 17
  ) return digits;
  return digits.slice(0, 16) + String.fromCharCode(last - 1);
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 0x30) end--;
  return end === digits.length ? digits : digits.slice(0, end);
}

/** Plain notation: the digits with the point `exponent` places after the first of them. */
function placePoint(digits: string, exponent: number): string {
  if (exponent < 0) return "0." + "0".repeat(-exponent - 1) + digits;
  const point = exponent + 1;
  if (digits.length <= point) return digits + "0".repeat(point - digits.length);
  return digits.slice(0, point) + "." + digits.slice(point);
}
