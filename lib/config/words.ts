/**
 * How redis.conf spells its words: arguments between blanks, quoted where they hold anything else.
 *
 * All text of a configuration is a binary string (one char for one byte, see lib/bytes): a password
 * or a path may be any bytes, and has to come back from CONFIG REWRITE as it was.
 */

import { fromLatin1, latin1, quoted, utf8 } from "../bytes/byte_string.ts";

/**
 * The arguments of a line; null when its quotes are unbalanced. In double quotes `\xHH`, `\n`, `\r`,
 * `\t`, `\b` and `\a` are escapes, in single quotes only `\'`; a closing quote must end the argument.
 * As in Redis, where a line is a C string, a NUL ends it.
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  const end = endOfLine(line);
  let at = 0;
  while (true) {
    while (at < end && isBlank(line.charCodeAt(at))) at++;
    if (at >= end) return words;
    const word = readWord(line, at, end);
    if (word === null) return null;
    words.push(word.text);
    at = word.end;
  }
}

/** A word that `splitWords` reads back as it is, in quotes always: `"a\x00b"`. */
export function quotedWord(text: string): string {
  return quoted(bytesOf(text));
}

/** As `quotedWord`, but plain words stay plain: `127.0.0.1`. */
export function plainWord(text: string): string {
  return /^[!#-&(-[\]-~]+$/.test(text) ? text : quotedWord(text);
}

/** The binary string for a text of the host's, such as a command-line argument or a path. */
export function binaryText(text: string): string {
  return latin1(utf8(text));
}

/** The text of the host's for a binary string, such as a path to open. */
export function hostText(binary: string): string {
  return new TextDecoder().decode(fromLatin1(binary));
}

interface Word {
  text: string;
  end: number;
}

function readWord(line: string, start: number, end: number): Word | null {
  let text = "";
  let at = start;
  while (at < end) {
    const char = line[at];
    if (char === '"' || char === "'") {
      const rest = char === '"' ? readDouble(line, at + 1, end) : readSingle(line, at + 1, end);
      if (rest === null) return null;
      return { text: text + rest.text, end: rest.end };
    }
    if (char === " " || char === "\n" || char === "\r" || char === "\t") break;
    text += char;
    at++;
  }
  return { text, end: at };
}

function readDouble(line: string, start: number, end: number): Word | null {
  let text = "";
  let at = start;
  while (at < end) {
    const char = line[at];
    if (char === '"') return closed(line, text, at + 1, end);
    if (char !== "\\" || at + 1 >= end) {
      text += char;
      at++;
      continue;
    }
    const hex = line.slice(at + 2, Math.min(at + 4, end));
    if (line[at + 1] === "x" && /^[0-9a-fA-F]{2}$/.test(hex)) {
      text += String.fromCharCode(parseInt(hex, 16));
      at += 4;
    } else {
      text += ESCAPES.get(line[at + 1]) ?? line[at + 1];
      at += 2;
    }
  }
  return null;
}

function readSingle(line: string, start: number, end: number): Word | null {
  let text = "";
  let at = start;
  while (at < end) {
    if (line[at] === "'") return closed(line, text, at + 1, end);
    if (line[at] === "\\" && at + 1 < end && line[at + 1] === "'") at++;
    text += line[at];
    at++;
  }
  return null;
}

function closed(
  line: string,
  text: string,
  at: number,
  end: number,
): Word | null {
  return at >= end || isBlank(line.charCodeAt(at)) ? { text, end: at } : null;
}

const ESCAPES = new Map([["n", "\n"], ["r", "\r"], ["t", "\t"], ["b", "\b"], [
  "a",
  "\x07",
]]);

function endOfLine(line: string): number {
  const nul = line.indexOf("\0");
  return nul < 0 ? line.length : nul;
}

/** What C's isspace() says: space, \t, \n, \v, \f, \r. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Chars above 255 can only come from a program that passed text for bytes: it means UTF-8. */
function bytesOf(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 255) return utf8(text);
  }
  return fromLatin1(text);
}
