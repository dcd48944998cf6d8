/**
 * The long doubles of INCRBYFLOAT and HINCRBYFLOAT: the 80-bit format of the x87.
 *
 * Redis adds these in C's `long double`, which on x86-64 has a mantissa of 64 bits, and prints the
 * sum as `%.17Lf` without its trailing zeros. In plain doubles most sums of random decimals print
 * differently, so each step is done here on big integers: round both texts to 64 bits, add
 * exactly, round again, and print the exact decimal value cut to 17 places (ties to even). The
 * rounding itself is in float_text.ts.
 *
 * Sources: the Intel 64 manual, volume 1, 4.2.2 (the format), and Redis's string2ld and ld2string
 * in util.c (what is accepted and how it is printed).
 */

import { type BinaryFormat, readFloatText, roundBinary, roundToFormat } from "./float_text.ts";

/** value = mantissa · 2^exponent; `infinite` is +1 or -1 for the two infinities, else 0. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly infinite: number;
}

/** What a sum comes to: its text, or why there is none. */
export type FloatSum =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: "not a float" | "nan or infinity" };

const X87: BinaryFormat = { precision: 64, minExponent: -16445, limit: 16384 };
const PLACES = 17;
const SCALE = 10n ** BigInt(PLACES);

/** Redis parses from a buffer of 5 KiB; a longer text is not a float to it. */
const MAX_CHARS = 5 * 1024 - 1;

const NOT_A_FLOAT: FloatSum = { ok: false, error: "not a float" };
const NAN_OR_INFINITY: FloatSum = { ok: false, error: "nan or infinity" };

/**
 * Adds two decimal texts as INCRBYFLOAT does. "not a float" when either is not a float by Redis's
 * rules, "nan or infinity" when the sum is not finite.
 *
 * @example
 * ```ts
 * import { addFloats } from "./long_double.ts";
 *
 * const sum = addFloats("10.50", "0.1");
 * if (!sum.ok || sum.text !== "10.6") throw new Error("unexpected");
 * ```
 */
export function addFloats(a: string, b: string): FloatSum {
  const first = parseLongDouble(a);
  const second = parseLongDouble(b);
  if (first === null || second === null) return NOT_A_FLOAT;
  const sum = addLongDoubles(first, second);
  return sum === null ? NAN_OR_INFINITY : { ok: true, text: formatLongDouble(sum) };
}

/**
 * Reads a text (a binary string) as Redis's string2ld does; null when it is not a float: empty,
 * with spaces, NaN, too large or too small for the format, or longer than 5,119 chars.
 */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length > MAX_CHARS) return null;
  const read = readFloatText(text);
  if (read === null) return null;
  if (read.infinite) {
    return { mantissa: 0n, exponent: 0, infinite: read.negative ? -1 : 1 };
  }
  const rounded = roundToFormat(read, X87);
  if (rounded === null) return null;
  const { mantissa, exponent } = rounded;
  if (mantissa === 0n && read.mantissa !== 0n) return null;
  return {
    mantissa: read.negative ? -mantissa : mantissa,
    exponent,
    infinite: 0,
  };
}

/** The sum, rounded to 64 bits; null when it is infinite or not a number. */
export function addLongDoubles(
  a: LongDouble,
  b: LongDouble,
): LongDouble | null {
  if (a.infinite !== 0 || b.infinite !== 0) return null;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) +
    (b.mantissa << BigInt(b.exponent - exponent));
  const rounded = roundBinary(sum < 0n ? -sum : sum, exponent, false, X87);
  if (rounded === null) return null;
  const mantissa = sum < 0n ? -rounded.mantissa : rounded.mantissa;
  return { mantissa, exponent: rounded.exponent, infinite: 0 };
}

/** Prints a finite long double as `%.17Lf` without trailing zeros; a negative zero as "0". */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.mantissa < 0n;
  const units = toUnits(
    negative ? -value.mantissa : value.mantissa,
    value.exponent,
  );
  if (units === 0n) return "0";
  const digits = units.toString().padStart(PLACES + 1, "0");
  const point = digits.length - PLACES;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === 0x30) end--;
  const whole = (negative ? "-" : "") + digits.slice(0, point);
  return end === point ? whole : whole + "." + digits.slice(point, end);
}

/** magnitude · 2^exponent in units of 10^-17, to nearest with ties to even. */
function toUnits(magnitude: bigint, exponent: number): bigint {
  const scaled = magnitude * SCALE;
  if (exponent >= 0) return scaled << BigInt(exponent);
  const shift = BigInt(-exponent);
  const units = scaled >> shift;
  const rest = scaled - (units << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (units & 1n) === 1n) ? units + 1n : units;
}
