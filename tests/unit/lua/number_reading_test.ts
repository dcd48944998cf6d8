/** Texts that Lua reads as numbers, the short way and its own. */

import { assertEquals, assertThrows } from "@std/assert";
import { luaBinary } from "../../../lib/host/lua_binary.ts";
import { LuaMachine } from "../../../lib/lua/lua_machine.ts";
import { metered } from "../../../lib/lua/metering.ts";

function reader(): (text: string) => number | null {
  const lua = new LuaMachine({
    binary: luaBinary(),
    limitBytes: 64 * 1024 * 1024,
    functions: [],
    tick: () => false,
  });
  const { api, state } = lua;
  return (text) => {
    lua.pushText(state, text);
    const number = api.lua_isnumber(state, -1) !== 0 ? api.lua_tonumber(state, -1) : null;
    api.lua_settop(state, 0);
    return number;
  };
}

Deno.test("digits are read as the number that they are, however many there are", () => {
  const read = reader();
  let digits = "";
  for (let i = 1; i <= 40; i++) {
    digits += String(i * 7 % 10);
    assertEquals(read(digits), Number(digits), digits);
  }
  const texts = ["0", "9", "007", "000000000000000", "0000000000000001", "1760000001000"];
  texts.push("999999999999999", "9999999999999999", "9007199254740993", "18446744073709551616");
  for (const text of texts) assertEquals(read(text), Number(text), text);
});

Deno.test("what is not digits alone is read as Lua reads it", () => {
  const read = reader();
  const numbers: [string, number][] = [
    ...[["-5", -5], ["+5", 5], ["1.5", 1.5], [".5", 0.5], ["5.", 5]] as [string, number][],
    ...[["1e3", 1000], ["0x10", 16], [" 12", 12], ["12 ", 12]] as [string, number][],
    ...[["\t7\n", 7], ["-0", -0], ["12\0x", 12], ["0.000", 0]] as [string, number][],
  ];
  for (const [text, number] of numbers) assertEquals(read(text), number, JSON.stringify(text));
  for (const text of ["", " ", "a", "12a", "1 2", "/", ":", "1/", "1:", "--1", "\0" + "1"]) {
    assertEquals(read(text), null, JSON.stringify(text));
  }
});

Deno.test("a program whose numbers are read otherwise is refused", () => {
  const binary = luaBinary().slice();
  const body = [0x03, 0x04, 0x7f, 0x02, 0x7e, 0x01, 0x7c, 0x23];
  const at = binary.findIndex((_, i) => body.every((byte, k) => binary[i + k] === byte));
  binary[at + 11] ^= 1;
  assertThrows(() => metered(binary), Error, "reads numbers otherwise");
});
