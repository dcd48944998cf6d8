/** Numbers as C's `printf` writes them with `%.<precision>g`. */

/** Digits by which an exact half is told from what is nearly one. */
const EXACT_DIGITS = 40;

export function generalNumber(value: number, precision: number): string {
  if (value !== value) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (value === 0) return 1 / value < 0 ? "-0" : "0";
  const scientific = roundedToEven(value, precision);
  const mark = scientific.indexOf("e");
  const exponent = Number(scientific.slice(mark + 1));
  if (exponent >= -4 && exponent < precision) {
    return trimmed(plain(scientific.slice(0, mark), exponent));
  }
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${trimmed(scientific.slice(0, mark))}e${exponent < 0 ? "-" : "+"}${digits}`;
}

/** As `toExponential`, which rounds a tie away from zero. */
function roundedToEven(value: number, precision: number): string {
  const nearest = value.toExponential(precision - 1);
  const [mantissa] = value.toExponential(Math.min(100, precision + EXACT_DIGITS)).split("e");
  const rest = mantissa.slice(mantissa.indexOf(".") + precision);
  if (
    !/^50*$/.test(rest) || Number(mantissa.slice(0, mantissa.length - rest.length).at(-1)) % 2 > 0
  ) {
    return nearest;
  }
  // The digits before an exact half are even already: cutting is rounding.
  const cut = mantissa.slice(0, mantissa.length - rest.length);
  return `${cut}${nearest.slice(nearest.indexOf("e"))}`;
}

/** The digits of a mantissa with the point where the exponent puts it. */
function plain(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = exponent + 1;
  return digits.length > whole
    ? `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`
    : `${sign}${digits}`;
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
