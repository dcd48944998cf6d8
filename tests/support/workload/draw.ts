/**
 * What random commands are made of: keys from a small set, so that types and states collide, and
 * values that like the edges, where implementations differ.
 */

import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import type { ArgumentDoc } from "../../../lib/engine/command_spec.ts";
import { SeededRandom } from "../../../lib/host/random.ts";

/** Makes the argument of one name; arguments are binary strings, one char a byte. */
export type Maker = (draw: Draw) => string;

/** By the name that the usage line gives to an argument. */
export type Makers = Readonly<Record<string, Maker>>;

/** Offsets past this would make strings that take long to compare, or fill the memory. */
export const MAX_OFFSET = 2_000;

export class Draw {
  private readonly random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.random.below(times) === 0;
  }

  pick<T>(items: ArrayLike<T>): T {
    return items[this.random.below(items.length)];
  }

  key(): string {
    return this.oneIn(12) ? this.pick(oddKeys) : this.pick(plainKeys);
  }

  /** A key, or a glob pattern that may match some. */
  pattern(): string {
    return this.oneIn(3) ? this.key() : this.pick(patterns);
  }

  string(): string {
    switch (this.below(6)) {
      case 0:
        return this.integer();
      case 1:
        return this.double();
      case 2:
        return this.binary();
      case 3:
        return this.pick(sizes);
      default:
        return this.pick(strings);
    }
  }

  integer(): string {
    switch (this.below(8)) {
      case 0:
        return this.pick(integerEdges);
      case 1:
        return this.pick(notIntegers);
      case 2:
        return String(this.below(20_000) - 10_000);
      default:
        return String(this.below(30) - 10);
    }
  }

  double(): string {
    return this.oneIn(3) ? this.integer() : this.pick(doubles);
  }

  /** Where in a string: near, or so far that it is refused. */
  offset(): string {
    if (this.oneIn(10)) return this.integer();
    return String(this.below(this.oneIn(10) ? MAX_OFFSET : 80));
  }

  /** Seconds that end long after the test, or never begin. */
  seconds(): string {
    return this.oneIn(6) ? this.integer() : String(100_000 + this.below(1_000_000));
  }

  milliseconds(): string {
    return this.oneIn(6) ? this.integer() : String(100_000_000 + this.below(1_000_000_000));
  }

  unixSeconds(): string {
    return this.oneIn(6) ? this.integer() : String(4_000_000_000 + this.below(1_000));
  }

  unixMilliseconds(): string {
    return this.oneIn(6) ? this.integer() : String(4_000_000_000_000 + this.below(1_000));
  }

  database(): string {
    return this.oneIn(15) ? this.integer() : String(this.below(3));
  }

  binary(): string {
    let text = "";
    for (let left = this.below(20); left > 0; left--) {
      text += String.fromCharCode(this.below(256));
    }
    return text;
  }

  /** Upper, lower or mixed case. */
  inSomeCase(word: string): string {
    if (!this.oneIn(5)) return word;
    if (this.oneIn(2)) return word.toLowerCase();
    return Array.from(word, (char) => this.oneIn(2) ? char.toLowerCase() : char).join("");
  }

  /** Arguments for a usage line: options come and go, in any order, now and then twice. */
  arguments(docs: readonly ArgumentDoc[], makers: Makers): string[] {
    const words: string[] = [];
    for (let i = 0; i < docs.length;) {
      let end = i;
      while (end < docs.length && docs[end].optional) end++;
      if (end === i) {
        this.argument(docs[i++], makers, words);
        continue;
      }
      const options = docs.slice(i, end).filter(() => this.oneIn(3));
      if (options.length > 0 && this.oneIn(15)) options.push(this.pick(options));
      if (this.oneIn(3)) this.shuffle(options);
      for (const option of options) this.argument(option, makers, words);
      i = end;
    }
    return words;
  }

  shuffle<T>(items: T[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }

  private argument(doc: ArgumentDoc, makers: Makers, words: string[]): void {
    const times = doc.multiple ? 1 + this.below(this.oneIn(6) ? 12 : 3) : 1;
    for (let i = 0; i < times; i++) {
      if (doc.token !== undefined && (i === 0 || doc.multipleToken)) {
        words.push(this.inSomeCase(doc.token));
      }
      if (doc.type === "pure-token") continue;
      if (doc.type === "oneof") this.argument(this.pick(doc.arguments ?? []), makers, words);
      else if (doc.type === "block") words.push(...this.arguments(doc.arguments ?? [], makers));
      else words.push((makers[doc.name] ?? byType[doc.type])(this));
    }
  }
}

const byType: Readonly<Record<string, Maker>> = {
  string: (draw) => draw.string(),
  integer: (draw) => draw.integer(),
  double: (draw) => draw.double(),
  key: (draw) => draw.key(),
  pattern: (draw) => draw.pattern(),
  "unix-time": (draw) => draw.unixSeconds(),
};

/** For the makers of an option's word or number: `one("u8", "i64")`. */
export function one(...words: string[]): Maker {
  return (draw) => draw.pick(words);
}

/** A binary string as the bytes that are sent. */
export function bytesOf(words: readonly string[]): Uint8Array[] {
  return words.map((word) => fromLatin1(word));
}

/** The whole number that a word is, as far as a double tells; NaN for any other word. */
export function numberIn(word: string): number {
  return /^-?\d+$/.test(word) ? Number(word) : NaN;
}

export const plainKeys = Array.from({ length: 14 }, (_, index) => `key:${index}`);

const oddKeys = [
  "",
  "\0",
  "__proto__",
  "constructor",
  "a b",
  "\xff\xfe\0\r\n",
  "{tag}one",
  "{tag}two",
  "12345",
  "k".repeat(300),
];

const patterns = [
  ...["*", "key:*", "key:?", "key:[0-3]", "key:[^0-3]", "*:1*", "\\*", "[", "[a", "[^]"],
  ...["", "key:[3-0]", "key:1[", "k*y*:*", "key:\\1", "__*", "?", "\0", "*\xff*", "{tag}*"],
];

const strings = [
  ...["", "a", "abc", "value", "hello world", " ", " 1", "1 ", "01", "+1", "-0", "0x10", "1e3"],
  ...["\0", "\r\n", "$5\r\nhello\r\n", "\xff", "\x80\x00\x7f", "é", "nil", "OK", "*", "foobar"],
  ...["ohmytext", "mynewtext", "true", "__proto__", "\xf0\x9f\x98\x80"],
];

/** Around the limits of the embedded encoding, and of one and two bytes of length. */
const sizes = [43, 44, 45, 63, 64, 65, 127, 128, 255, 256, 257].map((size) => "x".repeat(size));

const integerEdges = [
  ...["0", "1", "-1", "2", "127", "128", "255", "256", "32767", "32768", "65535", "65536"],
  ...["9999", "10000", "2147483647", "2147483648", "-2147483648", "-2147483649"],
  ...["4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993"],
  ...["-9007199254740991", "-9007199254740993", "9223372036854775806", "9223372036854775807"],
  ...["9223372036854775808", "-9223372036854775807", "-9223372036854775808"],
  ...["-9223372036854775809", "18446744073709551615", "18446744073709551616"],
  ...["92233720368547758070", "4611686018427387904", "-4611686018427387905"],
];

const notIntegers = [
  ...["", " 1", "1 ", "+1", "-", "--1", "01", "-0", "00", "1.0", "1e3", "0x1f", "ten", "1\0"],
  ...["\xb2", "inf", "nan", "9".repeat(30), "1,000", "1_000"],
];

const doubles = [
  ...["0", "0.1", "0.5", "-0.25", "3.0", "1.5", "-1.5", "1e3", "1E3", "1e-7", "1e17", "1e21"],
  ...["1.23456789012345678", "0.30000000000000004", "5.0e3", "1.0e2", ".5", "5.", "-.5", "-0.0"],
  ...["1e300", "-1e300", "1e308", "1.7976931348623157e308", "5e-324", "1e400", "1e-400", "1e5000"],
  ...["inf", "-inf", "+inf", "infinity", "Inf", "nan", "-nan", "NaN", "0x1p3", "0x10", "1e", "e1"],
  ...["", " 1.5", "1.5 ", "1.5.5", "1,5", "abc", "1.5\0", "99999999999999999999.5", "1e18"],
];
