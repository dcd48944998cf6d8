/**
 * The text of floating point numbers as C's strtod and strtold read it, taken apart exactly.
 *
 * Redis accepts whatever those functions accept as a whole: decimal and hexadecimal digits,
 * exponents, "inf" and "infinity" in any case, with a sign. The value is kept as a big integer
 * times powers of two and ten, then rounded once, to nearest with ties to even, at whatever
 * precision the reader wants: 53 bits for a double, 64 for a long double of the x87.
 *
 * Source: the grammar is ISO C17 section 7.22.1.3 in the "C" locale; NaN is left out, as Redis
 * refuses it everywhere.
 */

/** magnitude = mantissa · 10^exponent10 · 2^exponent2, or infinity. */
export interface FloatText {
  readonly negative: boolean;
  readonly infinite: boolean;
  readonly mantissa: bigint;
  readonly exponent10: number;
  readonly exponent2: number;
}

/** A binary floating point format: bits of mantissa, and the exponents of its last bit. */
export interface BinaryFormat {
  readonly precision: number;
  /** The exponent of the last bit of a subnormal number. */
  readonly minExponent: number;
  /** Finite magnitudes are below 2^limit. */
  readonly limit: number;
}

/** magnitude = mantissa · 2^exponent; null stands for infinity. */
export interface BinaryFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const DECIMAL = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:e([+-]?[0-9]+))?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?[0-9]+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** No text that fits in memory can bring a number with such an exponent back into range. */
const EXPONENT_BOUND = 1e12;

/** Takes a whole text apart; null when it is not a number (or is NaN, or has spaces). */
export function readFloatText(text: string): FloatText | null {
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return fromDigits(decimal, 10);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return fromDigits(hexadecimal, 16);
  const infinite = INFINITE.exec(text);
  if (infinite === null) return null;
  const negative = infinite[1] === "-";
  return {
    negative,
    infinite: true,
    mantissa: 0n,
    exponent10: 0,
    exponent2: 0,
  };
}

/**
 * Rounds a finite text to a binary format. Returns null where the magnitude rounds to infinity;
 * a magnitude too small for the format comes back as zero.
 */
export function roundToFormat(
  text: FloatText,
  format: BinaryFormat,
): BinaryFloat | null {
  const { mantissa, exponent10, exponent2 } = text;
  if (mantissa === 0n) return { mantissa: 0n, exponent: 0 };
  // Bounds in powers of two spare the computation of 10^(10^9) for a number that is out of range.
  const bits = bitLength(mantissa);
  const size = bits + exponent2 + exponent10 * Math.log2(10);
  if (size > format.limit + 8) return null;
  if (size < format.minExponent - 8) return { mantissa: 0n, exponent: 0 };
  if (exponent10 >= 0) {
    return roundBinary(
      mantissa * 10n ** BigInt(exponent10),
      exponent2,
      false,
      format,
    );
  }
  // Two bits more than wanted in the quotient; whatever is left over only matters as "not exact".
  const divisor = 10n ** BigInt(-exponent10);
  const shift = Math.max(0, format.precision + 2 + bitLength(divisor) - bits);
  const dividend = mantissa << BigInt(shift);
  const quotient = dividend / divisor;
  const inexact = quotient * divisor !== dividend;
  return roundBinary(quotient, exponent2 - shift, inexact, format);
}

/**
 * Rounds mantissa · 2^exponent (and a bit more when `inexact`) to nearest, ties to even; null when
 * that is infinite. An inexact mantissa must have two bits more than the format's precision.
 */
export function roundBinary(
  mantissa: bigint,
  exponent: number,
  inexact: boolean,
  format: BinaryFormat,
): BinaryFloat | null {
  const excess = Math.max(
    bitLength(mantissa) - format.precision,
    format.minExponent - exponent,
  );
  let rounded = mantissa;
  let roundedExponent = exponent;
  if (excess > 0) {
    const shift = BigInt(excess);
    rounded = mantissa >> shift;
    roundedExponent += excess;
    const rest = mantissa - (rounded << shift);
    const half = 1n << (shift - 1n);
    const odd = (rounded & 1n) === 1n;
    if (rest > half || (rest === half && (inexact || odd))) rounded += 1n;
  }
  if (rounded === 0n) return { mantissa: 0n, exponent: 0 };
  if (bitLength(rounded) + roundedExponent > format.limit) return null;
  return { mantissa: rounded, exponent: roundedExponent };
}

/** How many bits a magnitude has; 0 for zero. */
export function bitLength(magnitude: bigint): number {
  if (magnitude === 0n) return 0;
  const digits = magnitude.toString(16);
  return digits.length * 4 - Math.clz32(parseInt(digits[0], 16)) + 28;
}

function fromDigits(match: RegExpExecArray, base: 10 | 16): FloatText | null {
  const fraction = match[3] ?? "";
  const digits = match[2] + fraction;
  if (digits === "") return null;
  const mantissa = BigInt(base === 16 ? "0x" + digits : digits);
  const written = Number(match[4] ?? "0");
  const exponent = Math.max(-EXPONENT_BOUND, Math.min(EXPONENT_BOUND, written));
  return {
    negative: match[1] === "-",
    infinite: false,
    mantissa,
    exponent10: base === 10 ? exponent - fraction.length : 0,
    exponent2: base === 16 ? exponent - fraction.length * 4 : 0,
  };
}
