/**
 * `bit`: operations on 32 bits, as Mike Pall's BitOp defines them (https://bitop.luajit.org): numbers
 * are taken modulo 2^32, rounded where they have a fraction, and results are signed.
 */

import type { Library, LibraryFunction } from "./library.ts";

/** Adding this moves the low 32 bits of the rounded sum to the end of a double. */
const MAGIC = 6755399441055744;
const MAX_HEX_DIGITS = 8;

const number = new DataView(new ArrayBuffer(8));

function toBits(value: number): number {
  number.setFloat64(0, value + MAGIC);
  return number.getInt32(4);
}

function unary(run: (a: number) => number): LibraryFunction {
  return ({ machine: { api } }, state) => {
    api.lua_pushnumber(state, run(toBits(api.luaL_checknumber(state, 1))) | 0);
    return 1;
  };
}

function folded(run: (a: number, b: number) => number): LibraryFunction {
  return ({ machine: { api } }, state) => {
    let bits = toBits(api.luaL_checknumber(state, 1));
    for (let i = api.lua_gettop(state); i > 1; i--) {
      bits = run(bits, toBits(api.luaL_checknumber(state, i)));
    }
    api.lua_pushnumber(state, bits | 0);
    return 1;
  };
}

function shift(run: (a: number, count: number) => number): LibraryFunction {
  return ({ machine: { api } }, state) => {
    const bits = toBits(api.luaL_checknumber(state, 1));
    const count = toBits(api.luaL_checknumber(state, 2)) & 31;
    api.lua_pushnumber(state, run(bits, count) | 0);
    return 1;
  };
}

export const BIT_LIBRARY: Library = {
  tobit: unary((a) => a),
  bnot: unary((a) => ~a),
  bswap: unary((a) => a << 24 | (a & 0xff00) << 8 | a >>> 8 & 0xff00 | a >>> 24),
  band: folded((a, b) => a & b),
  bor: folded((a, b) => a | b),
  bxor: folded((a, b) => a ^ b),
  lshift: shift((a, n) => a << n),
  rshift: shift((a, n) => a >>> n),
  arshift: shift((a, n) => a >> n),
  rol: shift((a, n) => a << n | a >>> (32 - n & 31)),
  ror: shift((a, n) => a >>> n | a << (32 - n & 31)),
  tohex: ({ machine }, state) => {
    const { api } = machine;
    const bits = toBits(api.luaL_checknumber(state, 1));
    const asked = api.lua_type(state, 2) > 0 ? toBits(api.luaL_checknumber(state, 2)) : 8;
    const digits = Math.min(asked < 0 ? -asked : asked, MAX_HEX_DIGITS);
    const count = digits < 0 ? MAX_HEX_DIGITS : digits;
    const text = (bits >>> 0).toString(16).padStart(8, "0").slice(8 - count);
    machine.pushText(state, asked < 0 ? text.toUpperCase() : text);
    return 1;
  },
};
