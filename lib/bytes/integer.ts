/**
 * [hot] Decimal text of signed 64-bit integers, read from and written to bytes.
 *
 * The text is the canonical one that Redis accepts where it stores a number: an optional "-", then
 * digits without leading zeros; no "+", no spaces, no "-0". Whatever prints back as it was read
 * may be kept as an integer, which is why nothing looser will do.
 *
 * Plain numbers carry what is exact in a double (up to 2^53 - 1 either way), bigints the rest of
 * the 64 bits. Digits are gathered in pieces of at most nine, so that the loops stay in 32-bit
 * integer arithmetic, and are written in pairs from a table: half the divisions.
 */

const MINUS = 0x2d;
const ZERO = 0x30;
const MAX_DIGITS_SAFE = 16;
const MAX_DIGITS_64 = 19;
const MIN_64 = -(2n ** 63n);
const MAX_64 = 2n ** 63n - 1n;
const EIGHT_DIGITS = 100_000_000;

/** Powers of ten that are exact and wanted below: 10^0 to 10^10. */
const POWERS = Float64Array.from({ length: 11 }, (_, exponent) => 10 ** exponent);

/** The two digits of 0 to 99, as bytes, at twice the number. */
const PAIRS = Uint8Array.from(
  { length: 200 },
  (_, at) => ZERO + (at % 2 === 0 ? Math.floor(at / 20) : (at >> 1) % 10),
);

/**
 * Reads a canonical integer. Returns NaN when the text is not one, and also when it is but lies
 * beyond ±(2^53 - 1): {@linkcode parseBigInteger} tells the two apart.
 *
 * @example
 * ```ts
 * import { parseInteger } from "./integer.ts";
 *
 * const bytes = new TextEncoder().encode("*3\r\n-42");
 * if (parseInteger(bytes, 4, 3) !== -42) throw new Error("unexpected");
 * if (!Number.isNaN(parseInteger(bytes, 0, 2))) throw new Error("unexpected");
 * ```
 */
export function parseInteger(bytes: Uint8Array, offset: number, length: number): number {
  if (length <= 0) return NaN;
  let at = offset;
  const end = offset + length;
  const negative = bytes[at] === MINUS;
  if (negative) at++;
  const digits = end - at;
  if (digits === 0 || digits > MAX_DIGITS_SAFE) return NaN;
  let value = bytes[at] - ZERO;
  if (value === 0) return digits === 1 && !negative ? 0 : NaN;
  if (value < 0 || value > 9) return NaN;
  at++;
  const firstEnd = digits > 9 ? at + 8 : end;
  for (; at < firstEnd; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = (value * 10 + digit) | 0;
  }
  if (at < end) {
    const power = POWERS[end - at];
    let low = 0;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) return NaN;
      low = (low * 10 + digit) | 0;
    }
    value = value * power + low;
    if (value > Number.MAX_SAFE_INTEGER) return NaN;
  }
  return negative ? -value : value;
}

/** Reads a canonical integer of the full signed 64-bit range; null when the text is not one. */
export function parseBigInteger(
  bytes: Uint8Array,
  offset: number,
  length: number,
): bigint | null {
  const small = parseInteger(bytes, offset, length);
  if (small === small) return BigInt(small);
  if (length <= 0) return null;
  const negative = bytes[offset] === MINUS;
  const start = negative ? offset + 1 : offset;
  const digits = offset + length - start;
  if (digits < MAX_DIGITS_SAFE || digits > MAX_DIGITS_64) return null;
  if (bytes[start] === ZERO) return null;
  let high = 0;
  let low = 0;
  for (let i = 0; i < digits; i++) {
    const digit = bytes[start + i] - ZERO;
    if (digit < 0 || digit > 9) return null;
    if (i < 9) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  const magnitude = BigInt(high) * BigInt(POWERS[digits - 9]) + BigInt(low);
  const value = negative ? -magnitude : magnitude;
  return value < MIN_64 || value > MAX_64 ? null : value;
}

/**
 * Writes a safe integer as decimal text at `at` and returns how many bytes that took (at most
 * 17). The target must have the room, and -0 is written as 0.
 */
export function formatInteger(value: number, target: Uint8Array, at: number): number {
  let start = at;
  let rest = value;
  if (value < 0) {
    target[start++] = MINUS;
    rest = -value;
  }
  // From here on in 32-bit integers: doubles handed to the functions below would be boxed.
  if (rest < EIGHT_DIGITS) return start - at + writeDigits(rest | 0, target, start);
  const high = Math.floor(rest / EIGHT_DIGITS);
  const low = (rest - high * EIGHT_DIGITS) | 0;
  start += writeDigits(high | 0, target, start);
  writeEightDigits(low, target, start);
  return start + 8 - at;
}

/** Writes any signed 64-bit integer at `at` and returns how many bytes that took (at most 20). */
export function formatBigInteger(value: bigint, target: Uint8Array, at: number): number {
  if (value >= -0x1fffffffffffffn && value <= 0x1fffffffffffffn) {
    return formatInteger(Number(value), target, at);
  }
  let start = at;
  let rest = value;
  if (value < 0n) {
    target[start++] = MINUS;
    rest = -value;
  }
  const split = BigInt(EIGHT_DIGITS);
  start += formatInteger(Number(rest / split), target, start);
  writeEightDigits(Number(rest % split), target, start);
  return start + 8 - at;
}

/** The number of bytes that {@linkcode formatInteger} writes for a safe integer. */
export function integerLength(value: number): number {
  const sign = value < 0 ? 1 : 0;
  const rest = sign === 1 ? -value : value;
  if (rest < EIGHT_DIGITS) return sign + smallLength(rest | 0);
  return sign + 8 + smallLength(Math.floor(rest / EIGHT_DIGITS) | 0);
}

/** How many digits a number below 10^8 has. */
function smallLength(value: number): number {
  if (value < 10_000) {
    if (value < 100) return value < 10 ? 1 : 2;
    return value < 1_000 ? 3 : 4;
  }
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  return value < 10_000_000 ? 7 : 8;
}

/** Writes a number below 10^8 at `at` and returns how many digits it has. */
function writeDigits(value: number, target: Uint8Array, at: number): number {
  if (value < 10) {
    target[at] = ZERO + value;
    return 1;
  }
  const length = smallLength(value);
  let rest = value;
  let to = at + length;
  while (rest >= 100) {
    const next = (rest / 100) | 0;
    const pair = (rest - next * 100) << 1;
    to -= 2;
    target[to] = PAIRS[pair];
    target[to + 1] = PAIRS[pair + 1];
    rest = next;
  }
  if (rest < 10) {
    target[at] = ZERO + rest;
  } else {
    target[at] = PAIRS[rest << 1];
    target[at + 1] = PAIRS[(rest << 1) + 1];
  }
  return length;
}

/** Writes a number below 10^8 with its leading zeros: eight bytes at `at`. */
function writeEightDigits(value: number, target: Uint8Array, at: number): void {
  let rest = value;
  for (let to = at + 6; to >= at; to -= 2) {
    const next = (rest / 100) | 0;
    const pair = (rest - next * 100) << 1;
    target[to] = PAIRS[pair];
    target[to + 1] = PAIRS[pair + 1];
    rest = next;
  }
}
