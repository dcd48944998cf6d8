/** JSON text → values of Lua, with the leniency and the messages of lua-cjson 2.1. */

import { latin1 } from "../bytes/byte_string.ts";
import type { LuaMachine } from "../lua/lua_machine.ts";
import type { JsonSettings } from "./json_settings.ts";

/** Kinds of tokens, as messages name them. */
type Token =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_STRING"
  | "T_NUMBER"
  | "T_BOOLEAN"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END"
  | "T_ERROR";

const PUNCTUATION: (Token | undefined)[] = new Array(256).fill(undefined);
Object.assign(PUNCTUATION, {
  123: "T_OBJ_BEGIN",
  125: "T_OBJ_END",
  91: "T_ARR_BEGIN",
  93: "T_ARR_END",
  58: "T_COLON",
  44: "T_COMMA",
  0: "T_END",
});
const ESCAPED: Readonly<Record<number, number>> = {
  34: 34,
  92: 92,
  47: 47,
  98: 8,
  116: 9,
  110: 10,
  102: 12,
  114: 13,
};
/** What strtod takes for a number, from its first character on. */
const NUMBER =
  /^[+-]?(?:0x[0-9a-f]+(?:\.[0-9a-f]*)?(?:p[+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)/i;
const LONGEST_NUMBER = 400;
const PLAIN_DIGITS = 16;

export class JsonReader {
  private at = 0;
  private depth = 0;
  private start = 0;
  private token: Token = "T_END";
  private problem = "";
  private value = 0;
  /** The bytes of a string with escapes; null for one that is taken as it lies there. */
  private text: Uint8Array | null = null;
  private from = 0;
  private to = 0;

  /** @param base where the text lies in Lua's memory; it must stay on the stack meanwhile. */
  constructor(
    private readonly machine: LuaMachine,
    private readonly state: number,
    private readonly base: number,
    private readonly end: number,
    private readonly settings: JsonSettings,
  ) {
    this.at = base;
  }

  /** Lua's memory, which may have grown since the last token. */
  private get source(): Uint8Array {
    return this.machine.bytes;
  }

  /** Pushes the value of the whole text. */
  read(): void {
    const { source, machine, state, base } = this;
    if (this.end - base >= 2 && (source[base] === 0 || source[base + 1] === 0)) {
      machine.raise(state, "JSON parser does not support UTF-16 or UTF-32");
    }
    this.next();
    this.push();
    this.next();
    if (this.token !== "T_END") this.expected("the end");
  }

  private push(): void {
    const { machine, state } = this;
    const { api } = machine;
    switch (this.token) {
      case "T_STRING":
        return this.pushString();
      case "T_NUMBER":
        return api.lua_pushnumber(state, this.value);
      case "T_BOOLEAN":
        return api.lua_pushboolean(state, this.value);
      case "T_NULL":
        return api.lua_pushlightuserdata(state, 0);
      case "T_OBJ_BEGIN":
        return this.object();
      case "T_ARR_BEGIN":
        return this.array();
      default:
        this.expected("value");
    }
  }

  private object(): void {
    const { api } = this.machine;
    const { state } = this;
    this.descend();
    api.lua_createtable(state, 0, 0);
    this.next();
    if (this.is("T_OBJ_END")) return this.ascend();
    for (;;) {
      if (this.token !== "T_STRING") this.expected("object key string");
      this.pushString();
      this.next();
      if (this.token !== "T_COLON") this.expected("colon");
      this.next();
      this.push();
      api.lua_rawset(state, -3);
      this.next();
      if (this.is("T_OBJ_END")) return this.ascend();
      if (this.token !== "T_COMMA") this.expected("comma or object end");
      this.next();
    }
  }

  private array(): void {
    const { api } = this.machine;
    const { state } = this;
    this.descend();
    api.lua_createtable(state, 0, 0);
    this.next();
    if (this.is("T_ARR_END")) return this.ascend();
    for (let i = 1;; i++) {
      this.push();
      api.lua_rawseti(state, -2, i);
      this.next();
      if (this.is("T_ARR_END")) return this.ascend();
      if (this.token !== "T_COMMA") this.expected("comma or array end");
      this.next();
    }
  }

  private is(token: Token): boolean {
    return this.token === token;
  }

  private descend(): void {
    const { machine, state } = this;
    this.depth++;
    const fits = this.depth <= this.settings.decodeDepth &&
      machine.api.lua_checkstack(state, 3) !== 0;
    if (fits) return;
    machine.raise(
      state,
      `Found too many nested data structures (${this.depth}) at character ${
        this.start - this.base + 1
      }`,
    );
  }

  private ascend(): void {
    this.depth--;
  }

  private pushString(): void {
    const { machine, state, text, from, to } = this;
    if (text === null) machine.api.lua_pushlstring(state, from, to - from);
    else machine.pushBytes(state, text, from, to - from);
  }

  private expected(what: string): void {
    const found = this.token === "T_ERROR" ? this.problem : this.token;
    this.machine.raise(
      this.state,
      `Expected ${what} but found ${found} at character ${this.start - this.base + 1}`,
    );
  }

  private next(): void {
    const { source } = this;
    let at = this.at;
    while (at < this.end && isSpace(source[at])) at++;
    this.start = at;
    this.at = at + 1;
    if (at >= this.end) {
      this.token = "T_END";
      return;
    }
    const byte = source[at];
    const mark = PUNCTUATION[byte];
    if (mark !== undefined) this.token = mark;
    else if (byte === 34) this.string();
    else if (byte === 45 || (byte >= 48 && byte <= 57)) {
      if (!this.settings.decodesInvalid && this.isInvalidNumber()) this.fail("invalid number");
      else this.number();
    } else if (this.word("true")) this.found("T_BOOLEAN", 1);
    else if (this.word("false")) this.found("T_BOOLEAN", 0);
    else if (this.word("null")) this.found("T_NULL", 0);
    else if (this.settings.decodesInvalid && this.isInvalidNumber()) this.number();
    else this.fail("invalid token");
  }

  private word(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.source[this.start + i] !== text.charCodeAt(i)) return false;
    }
    if (this.start + text.length > this.end) return false;
    this.at = this.start + text.length;
    return true;
  }

  private found(token: Token, value: number): void {
    this.token = token;
    this.value = value;
  }

  private fail(problem: string): void {
    this.token = "T_ERROR";
    this.problem = problem;
  }

  /** Whether it is a number that JSON does not allow and strtod would take. */
  private isInvalidNumber(): boolean {
    return /^(?:\+|-?0[0-9xX]|-?inf|-?nan)/i.test(latin1(this.source, this.start, this.rest(5)));
  }

  private rest(most: number): number {
    return Math.min(most, this.end - this.start);
  }

  private number(): void {
    const { source } = this;
    let at = this.start;
    if (source[at] === 45) at++;
    const first = at;
    let value = 0;
    while (at < this.end && source[at] >= 48 && source[at] <= 57) {
      value = value * 10 + source[at++] - 48;
    }
    const isPlain = at > first && at - first < PLAIN_DIGITS && !goesOn(source[at]);
    if (!isPlain || (value === 0 && at - first > 1)) return this.longNumber();
    this.at = at;
    this.found("T_NUMBER", first > this.start ? -value : value);
  }

  private longNumber(): void {
    const match = NUMBER.exec(latin1(this.source, this.start, this.rest(LONGEST_NUMBER)));
    if (match === null) return this.fail("invalid number");
    this.at = this.start + match[0].length;
    this.found("T_NUMBER", numberOf(match[0]));
  }

  private string(): void {
    const { source } = this;
    let at = this.at;
    while (at < this.end && source[at] !== 34 && source[at] !== 92) at++;
    if (at >= this.end) return this.endless();
    if (source[at] === 34) {
      this.text = null;
      this.from = this.at;
      this.to = at;
      this.at = at + 1;
      this.token = "T_STRING";
      return;
    }
    this.escapedString();
  }

  private endless(): void {
    this.start = this.end;
    this.fail("unexpected end of string");
  }

  private escapedString(): void {
    const { source } = this;
    const bytes = new Uint8Array(this.end - this.at);
    let length = 0;
    for (let at = this.at; at < this.end; at++) {
      const byte = source[at];
      if (byte === 34) {
        this.text = bytes;
        this.from = 0;
        this.to = length;
        this.at = at + 1;
        this.token = "T_STRING";
        return;
      }
      if (byte !== 92) {
        bytes[length++] = byte;
        continue;
      }
      at++;
      if (source[at] === 117) {
        const code = this.unicode(at + 1);
        if (code < 0) {
          this.start = at - 1;
          return this.fail("invalid unicode escape code");
        }
        at += code > 0xffff ? 10 : 4;
        length = putUtf8(bytes, length, code);
        continue;
      }
      const plain = ESCAPED[source[at]];
      if (plain === undefined) {
        this.start = at - 1;
        return this.fail("invalid escape code");
      }
      bytes[length++] = plain;
    }
    this.endless();
  }

  /** The character of `\u` and four digits, or of two such; -1 when it is none. */
  private unicode(at: number): number {
    const high = this.fourDigits(at);
    if (high < 0 || (high & 0xf800) !== 0xd800) return high;
    if ((high & 0x400) !== 0) return -1;
    if (this.source[at + 4] !== 92 || this.source[at + 5] !== 117) return -1;
    const low = this.fourDigits(at + 6);
    if (low < 0 || (low & 0xfc00) !== 0xdc00) return -1;
    return ((high & 0x3ff) << 10 | low & 0x3ff) + 0x10000;
  }

  private fourDigits(at: number): number {
    const text = at + 4 <= this.end ? latin1(this.source, at, 4) : "";
    return /^[0-9a-fA-F]{4}$/.test(text) ? parseInt(text, 16) : -1;
  }
}

/** Whether a number may go on with this behind its digits: a point, an exponent, the x of 0x. */
function goesOn(byte: number): boolean {
  return byte === 46 || (byte | 32) === 101 || (byte | 32) === 120 || (byte >= 48 && byte <= 57);
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function numberOf(text: string): number {
  const isNegative = text.startsWith("-");
  const rest = text.replace(/^[+-]/, "");
  let value: number;
  if (/^inf/i.test(rest)) value = Infinity;
  else if (/^nan/i.test(rest)) value = NaN;
  else if (/^0x/i.test(rest)) value = hexadecimal(rest);
  else value = Number(rest);
  return isNegative ? -value : value;
}

/** `0x1.8p3`: digits, a point, a power of two. */
function hexadecimal(text: string): number {
  const [mantissa, power = "0"] = text.slice(2).toLowerCase().split("p");
  const [whole, fraction = ""] = mantissa.split(".");
  return parseInt(whole + fraction, 16) * 2 ** (Number(power) - 4 * fraction.length);
}

function putUtf8(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  bytes[at] = (0xf00 >> more + 1 & 0xff) | code >> 6 * more;
  for (let i = 1; i <= more; i++) bytes[at + i] = 0x80 | code >> 6 * (more - i) & 0x3f;
  return at + more + 1;
}
