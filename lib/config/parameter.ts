/**
 * What a parameter is, and the common kinds of them: yes/no, integer, memory, choice, text.
 *
 * A kind turns arguments into a setting: the typed value that the server works with, and the text
 * that CONFIG GET shows. The text is kept beside the value because it can say more: a limit of
 * 9223372036854775807 is not exact as a number, and has to be taken back as it was shown.
 */

import { ConfigError } from "./config_error.ts";
import { quotedWord } from "./words.ts";

export interface Setting<Value> {
  readonly value: Value;
  /** As CONFIG GET shows it: a binary string. */
  readonly text: string;
}

/** What CONFIG REWRITE does about a parameter that has its default. */
export type DefaultPolicy =
  /** A line that is there is brought up to date, none is added. */
  | "kept"
  /** Lines that are there are removed. */
  | "removed"
  /** It is written always. */
  | "written";

export interface Traits {
  /** Other names, such as those with "slave" and "ziplist". */
  readonly aliases?: readonly string[];
  /** Taken from redis.conf and the command line only. */
  readonly immutable?: boolean;
  /**
   * Redis has no such parameter. Tools that set again all that CONFIG GET says leave out what they
   * know as immutable: the present value is taken silently then.
   */
  readonly ours?: boolean;
  /** Needs `enable-protected-configs`. */
  readonly protected?: boolean;
  /** Its value must not show up in SLOWLOG, MONITOR and the like. */
  readonly sensitive?: boolean;
  /** CONFIG GET shows it under its exact name only. */
  readonly hidden?: boolean;
  /** Can't be changed while a data set is being loaded. */
  readonly denyLoading?: boolean;
  /** Why it is accepted but changes nothing here; "" when it has its effect. */
  readonly withoutEffect?: string;
}

export interface Parameter<Value> extends Required<Traits> {
  /** For people: "yes/no", "integer", … */
  readonly kind: string;
  readonly initial: Setting<Value>;
  /** Takes any number of arguments: several words in redis.conf, split at blanks in CONFIG SET. */
  readonly manyArguments: boolean;
  /** Whether a further setting adds to the one before: lines in redis.conf, or all of them. */
  readonly accumulates: "never" | "in redis.conf" | "always";
  readonly whenDefault: DefaultPolicy;
  /** Throws a `ConfigError`. `previous` is what to add to, or null. */
  parse(
    args: readonly string[],
    previous: Setting<Value> | null,
  ): Setting<Value>;
  /** What follows the name in redis.conf, on one line or more. */
  lines(setting: Setting<Value>): readonly string[];
}

export interface Kind<Value> {
  kind: string;
  initial: string;
  manyArguments?: boolean;
  accumulates?: "never" | "in redis.conf" | "always";
  whenDefault?: DefaultPolicy;
  parse(
    args: readonly string[],
    previous: Setting<Value> | null,
  ): Setting<Value>;
  lines?(setting: Setting<Value>): readonly string[];
}

/** Puts a row of the table together. */
export function parameter<Value>(
  kind: Kind<Value>,
  traits: Traits,
): Parameter<Value> {
  const manyArguments = kind.manyArguments ?? false;
  return {
    kind: kind.kind,
    initial: kind.parse(
      manyArguments ? kind.initial.split(" ") : [kind.initial],
      null,
    ),
    manyArguments,
    accumulates: kind.accumulates ?? "never",
    whenDefault: kind.whenDefault ?? "kept",
    parse: kind.parse,
    lines: kind.lines ?? ((setting) => [setting.text]),
    aliases: traits.aliases ?? [],
    immutable: traits.immutable ?? false,
    ours: traits.ours ?? false,
    protected: traits.protected ?? false,
    sensitive: traits.sensitive ?? false,
    hidden: traits.hidden ?? false,
    denyLoading: traits.denyLoading ?? false,
    withoutEffect: traits.withoutEffect ?? "",
  };
}

export const INT_MIN = -(2n ** 31n);
export const INT_MAX = 2n ** 31n - 1n;
export const UINT_MAX = 2n ** 32n - 1n;
export const LONG_MAX = 2n ** 63n - 1n;
export const ULONG_MAX = 2n ** 64n - 1n;

/** Both ends belong to the range. */
export type Range = readonly [lowest: bigint, highest: bigint];
export const PORT: Range = [0n, 65535n];
export const COUNT: Range = [0n, INT_MAX];
export const LONG_COUNT: Range = [0n, LONG_MAX];

/** Throws a `ConfigError` when a value that is well-formed can't be taken all the same. */
export type Check<Value> = (value: Value) => void;

export function yesNo(
  initial: "yes" | "no",
  traits: Traits & { check?: Check<boolean> } = {},
): Parameter<boolean> {
  return parameter({
    kind: "yes/no",
    initial,
    parse([text]) {
      const word = text.toLowerCase();
      if (word !== "yes" && word !== "no") {
        throw new ConfigError("argument must be 'yes' or 'no'");
      }
      traits.check?.(word === "yes");
      return { value: word === "yes", text: word };
    },
  }, traits);
}

export function integer(
  initial: number,
  range: Range,
  traits: Traits & {
    check?: Check<number>;
    /** What a value in range is moved into, silently. */
    clamp?: Range;
  } = {},
): Parameter<number> {
  return parameter({
    kind: "integer",
    initial: String(initial),
    parse([text]) {
      const parsed = parseLong(text);
      if (parsed === null) {
        throw new ConfigError("argument couldn't be parsed into an integer");
      }
      requireRange(parsed, range);
      const value = traits.clamp === undefined ? parsed : clamped(parsed, traits.clamp);
      traits.check?.(Number(value));
      return { value: Number(value), text: String(value) };
    },
  }, traits);
}

/** Permission bits, in octal. */
export function octal(
  initial: number,
  range: Range,
  traits: Traits = {},
): Parameter<number> {
  return parameter({
    kind: "octal",
    initial: initial.toString(8),
    parse([text]) {
      if (!/^[0-7]{1,10}$/.test(text)) {
        throw new ConfigError("argument couldn't be parsed as an octal number");
      }
      const value = parseInt(text, 8);
      requireRange(BigInt(value), range, 8);
      return { value, text: value.toString(8) };
    },
  }, traits);
}

/** A number of bytes, with the units b, k, kb, m, mb, g and gb (`k` is 1000, `kb` is 1024). */
export function memory(
  initial: string,
  range: Range,
  traits: Traits & { clamp?: Range } = {},
): Parameter<number> {
  return parameter({
    kind: "memory",
    initial,
    parse([text]) {
      const parsed = parseMemory(text);
      if (parsed === null) {
        throw new ConfigError("argument must be a memory value");
      }
      requireRange(parsed, range);
      const bytes = traits.clamp === undefined ? parsed : clamped(parsed, traits.clamp);
      return { value: Number(bytes), text: String(bytes) };
    },
    lines: (setting) => [formatMemory(setting.text)],
  }, traits);
}

/** A number of bytes, or a percentage (of `maxmemory`). */
export interface MemoryShare {
  readonly amount: number;
  readonly percent: boolean;
}

export function memoryOrPercent(
  initial: string,
  traits: Traits = {},
): Parameter<MemoryShare> {
  return parameter<MemoryShare>({
    kind: "memory or percent",
    initial,
    parse([text]) {
      const bytes = parseMemory(text);
      if (bytes !== null && bytes <= LONG_MAX) {
        return {
          value: { amount: Number(bytes), percent: false },
          text: String(bytes),
        };
      }
      const percent = text.endsWith("%") ? parseLong(text.slice(0, -1)) : null;
      if (percent === null || percent < 0n) {
        throw new ConfigError("argument must be a memory or percent value");
      }
      if (percent > 100n) {
        throw new ConfigError(
          "percentage argument must be less or equal to 100",
        );
      }
      if (percent === 0n) {
        return { value: { amount: 0, percent: false }, text: "0" };
      }
      return {
        value: { amount: Number(percent), percent: true },
        text: `${percent}%`,
      };
    },
    lines: (
      setting,
    ) => [setting.value.percent ? setting.text : formatMemory(setting.text)],
  }, traits);
}

/** One of several words; `sameAs` maps words that are only another way to say one. */
export function choice<const Word extends string>(
  words: readonly Word[],
  initial: NoInfer<Word>,
  traits: Traits & { sameAs?: Readonly<Record<string, NoInfer<Word>>> } = {},
): Parameter<Word> {
  return parameter<Word>({
    kind: words.join(" | "),
    initial,
    parse([text]) {
      const lower = text.toLowerCase();
      const word = words.find((word) => word === lower);
      if (word === undefined) throw notOneOf(words);
      const value = traits.sameAs?.[word] ?? word;
      return { value, text: value };
    },
  }, traits);
}

export function text(
  initial: string,
  traits: Traits & {
    check?: Check<string>;
    /** An empty text means none: such a line is not written. */
    emptyIsNone?: boolean;
  } = {},
): Parameter<string> {
  return parameter({
    kind: "string",
    initial,
    whenDefault: traits.emptyIsNone ? "removed" : "kept",
    parse([value]) {
      traits.check?.(value);
      return { value, text: value };
    },
    lines: (setting) => [quotedWord(setting.text)],
  }, traits);
}

/** As `text`, where an empty one means none. */
export function optionalText(
  traits: Traits & { check?: Check<string> } = {},
): Parameter<string> {
  return text("", { ...traits, emptyIsNone: true });
}

export function notOneOf(words: readonly string[]): ConfigError {
  return new ConfigError(
    `argument(s) must be one of the following: ${words.join(", ")}`,
  );
}

/** A signed 64-bit integer as Redis's string2ll reads it: no sign but "-", no blanks, no zeros. */
export function parseLong(text: string): bigint | null {
  if (text.length > 20 || !/^(0|-?[1-9][0-9]*)$/.test(text)) return null;
  const value = BigInt(text);
  return value > LONG_MAX || value < -LONG_MAX - 1n ? null : value;
}

/** Bytes; digits beyond 64 bits stand for the largest value, as in Redis. */
export function parseMemory(text: string): bigint | null {
  const match = /^([0-9]{0,127})([a-z]*)$/i.exec(text);
  const unit = match === null ? undefined : UNITS.get(match[2].toLowerCase());
  if (match === null || unit === undefined) return null;
  const digits = BigInt(match[1]);
  const bytes = (digits > ULONG_MAX ? ULONG_MAX : digits) * unit;
  return bytes > ULONG_MAX ? null : bytes;
}

/** The shortest way to write a number of bytes in redis.conf, such as `64mb`. */
export function formatMemory(bytes: string): string {
  const value = BigInt(bytes);
  if (value === 0n) return "0";
  for (const unit of ["gb", "mb", "kb"]) {
    const size = UNITS.get(unit) ?? 1n;
    if (value % size === 0n) return `${value / size}${unit}`;
  }
  return bytes;
}

const UNITS = new Map([
  ["", 1n],
  ["b", 1n],
  ["k", 1000n],
  ["kb", 1024n],
  ["m", 1000n * 1000n],
  ["mb", 1024n * 1024n],
  ["g", 1000n * 1000n * 1000n],
  ["gb", 1024n * 1024n * 1024n],
]);

function requireRange(
  value: bigint,
  [lowest, highest]: Range,
  radix = 10,
): void {
  if (value >= lowest && value <= highest) return;
  const from = lowest.toString(radix);
  throw new ConfigError(
    `argument must be between ${from} and ${highest.toString(radix)} inclusive`,
  );
}

function clamped(value: bigint, [lowest, highest]: Range): bigint {
  return value < lowest ? lowest : value > highest ? highest : value;
}
