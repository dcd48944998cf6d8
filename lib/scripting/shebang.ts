/** The first line of scripts and libraries: `#!lua name=lib flags=no-writes,allow-oom`. */

import { splitWords } from "../config/words.ts";
import { CommandError } from "../engine/errors.ts";
import { SCRIPT_FLAG_NAMES, ScriptFlag } from "./script_run.ts";

const NEWLINE = 10;

/** What a script says about itself. */
export interface ScriptHead {
  /** Bits of {@linkcode ScriptFlag}. */
  readonly flags: number;
}

/**
 * Reads the first line of a script; without one the rules for old scripts hold.
 *
 * @param source one character a byte.
 */
export function scriptHead(source: string): ScriptHead {
  const words = firstLine(source);
  if (words === null) return { flags: ScriptFlag.LEGACY };
  if (words.length === 0) {
    const part = source.includes("\n") ? "engine in script" : "script";
    throw new CommandError(`ERR Invalid ${part} shebang`);
  }
  const [engine, ...options] = words;
  if (engine !== "#!lua") {
    throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  }
  let flags = 0;
  for (const option of options) {
    if (!option.startsWith("flags=")) {
      throw new CommandError(`ERR Unknown lua shebang option: ${option}`);
    }
    const names = option.slice(6);
    for (const name of names === "" ? [] : names.split(",")) {
      const flag = flagOf(name);
      if (flag === 0) {
        throw new CommandError(`ERR Unexpected flag in script shebang: ${name}`);
      }
      flags |= flag;
    }
  }
  return { flags };
}

/** The name of the library that a text is; throws what FUNCTION LOAD replies when it is none. */
export function libraryName(source: string): string {
  const words = firstLine(source);
  if (words === null) throw new CommandError("ERR Missing library metadata");
  if (words.length === 0) throw new CommandError("ERR Invalid library metadata");
  const [engine, ...options] = words;
  let name: string | null = null;
  for (const option of options) {
    if (!option.toLowerCase().startsWith("name=")) {
      throw new CommandError(`ERR Invalid metadata value given: ${option}`);
    }
    if (name !== null) {
      throw new CommandError("ERR Invalid metadata value, name argument was given multiple times");
    }
    name = option.slice(5);
  }
  if (name === null) throw new CommandError("ERR Library name was not given");
  if (engine.slice(2).toLowerCase() !== "lua") {
    throw new CommandError(`ERR Engine '${engine.slice(2)}' not found`);
  }
  if (!isValidName(name)) throw new CommandError(`ERR ${INVALID_NAME}`);
  return name;
}

/** Said of libraries and of functions. */
export const INVALID_NAME =
  "Library names can only contain letters, numbers, or underscores(_) and must be at least one " +
  "character long";

export function isValidName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

export function flagOf(name: string): number {
  return SCRIPT_FLAG_NAMES.find(([known]) => known === name)?.[1] ?? 0;
}

/** The source with its first line emptied where that is not Lua, so that line numbers stay. */
export function withoutHead(source: Uint8Array): Uint8Array {
  if (source[0] !== 35 || source[1] !== 33) return source;
  const end = source.indexOf(NEWLINE);
  return end < 0 ? source : source.subarray(end);
}

/** The words of the first line, none when its quotes are unbalanced; null when it does not begin as one that describes a script. */
function firstLine(source: string): string[] | null {
  if (!source.startsWith("#!")) return null;
  const end = source.indexOf("\n");
  if (end < 0) return [];
  return splitWords(source.slice(0, end)) ?? [];
}
