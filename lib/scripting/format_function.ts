/**
 * `string.format`, where Lua's own falls short: the WebAssembly program has integers of 32 bits, so
 * that `%d` of a time in milliseconds would not be that time. Numbers that need more bits are written
 * here, and Lua's own function gets the text; all else is left to it.
 */

import { LuaStatus, LuaType } from "../lua/lua_api.ts";
import type { LibraryEngine, LibraryFunction } from "./library.ts";

const SPECIFIER = /%[-+ #0]*[0-9]*(?:\.[0-9]*)?[\s\S]/g;
const INTEGERS = "diuoxX";
const BITS = 2 ** 63;
/** Digits that a number of more than 32 bits has at least. */
const WIDE_DIGITS = 10;

export const format: LibraryFunction = (engine, state) => {
  const { machine } = engine;
  const { api } = machine;
  const count = api.lua_gettop(state);
  for (let i = 2; i <= count; i++) {
    const type = api.lua_type(state, i);
    const mayBeWide = type === LuaType.NUMBER ||
      (type === LuaType.STRING && api.lua_objlen(state, i) >= WIDE_DIGITS);
    if (!mayBeWide || api.lua_isnumber(state, i) === 0) continue;
    const value = api.lua_tonumber(state, i);
    if (value !== (value | 0)) {
      widen(engine, state, count);
      break;
    }
  }
  machine.pushRef(state, engine.formatRef);
  api.lua_insert(state, 1);
  if (api.lua_pcall(state, count, 1, 0) === LuaStatus.OK) return 1;
  // Lua does not know its function by name, nor who called it, when we do.
  const problem = machine.text(state, -1) ?? "";
  return machine.raise(state, problem.replace("'?'", "'format'"));
};

/** Puts texts in place of the integers that are too wide, and `%s` in place of their specifiers. */
function widen({ machine }: LibraryEngine, state: number, count: number): void {
  const { api } = machine;
  const source = machine.argumentText(state, 1);
  let index = 1;
  let isChanged = false;
  const changed = source.replace(SPECIFIER, (specifier) => {
    const kind = specifier[specifier.length - 1];
    if (kind === "%") return specifier;
    index++;
    if (!INTEGERS.includes(kind) || index > count || api.lua_isnumber(state, index) === 0) {
      return specifier;
    }
    const value = api.lua_tonumber(state, index);
    if (value === (value | 0)) return specifier;
    machine.pushText(state, integerText(value, specifier, kind));
    api.lua_replace(state, index);
    isChanged = true;
    return "%s";
  });
  if (!isChanged) return;
  machine.pushText(state, changed);
  api.lua_replace(state, 1);
}

/** As printf writes a `long` of 64 bits. */
function integerText(value: number, specifier: string, kind: string): string {
  const [, flags, width, precision] = /^%([-+ #0]*)([0-9]*)(?:\.([0-9]*))?/.exec(
    specifier,
  ) as RegExpExecArray;
  const whole = Math.abs(value) < BITS ? BigInt(Math.trunc(value)) : -(2n ** 63n);
  const isSigned = kind === "d" || kind === "i";
  const magnitude = isSigned ? (whole < 0n ? -whole : whole) : BigInt.asUintN(64, whole);
  let digits = magnitude.toString(kind === "o" ? 8 : kind === "x" || kind === "X" ? 16 : 10);
  if (kind === "X") digits = digits.toUpperCase();
  if (precision !== undefined) digits = digits.padStart(Math.min(99, Number(precision)), "0");
  let sign = "";
  if (isSigned) {
    if (whole < 0n) sign = "-";
    else if (flags.includes("+")) sign = "+";
    else if (flags.includes(" ")) sign = " ";
  } else if (flags.includes("#")) {
    if (kind === "o") digits = `0${digits}`;
    else if (kind !== "u") sign = `0${kind}`;
  }
  const room = Math.min(99, Number(width));
  if (flags.includes("-")) return (sign + digits).padEnd(room);
  if (flags.includes("0") && precision === undefined) {
    return sign + digits.padStart(room - sign.length, "0");
  }
  return (sign + digits).padStart(room);
}
