/** Values of Lua as they lie in its memory, beside what Lua's own functions say of them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { luaBinary } from "../../../lib/host/lua_binary.ts";
import { GarbageCollection, LuaType, REGISTRY_INDEX } from "../../../lib/lua/lua_api.ts";
import {
  baseOf,
  checkLayout,
  isBlack,
  itemCount,
  numberAt,
  popTo,
  pushNumber,
  pushWord,
  setTop,
  stringBytes,
  stringLength,
  tableItems,
  topOf,
  typeAt,
  VALUE_BYTES,
  wordAt,
} from "../../../lib/lua/lua_layout.ts";
import { LuaMachine } from "../../../lib/lua/lua_machine.ts";

function machine(): LuaMachine {
  return new LuaMachine({
    binary: luaBinary(),
    limitBytes: 64 * 1024 * 1024,
    functions: [],
    tick: () => false,
  });
}

Deno.test("what is pushed in place is what Lua finds", () => {
  const lua = machine();
  const { api, state } = lua;
  pushNumber(lua.data, state, -0.5);
  pushWord(lua.data, state, LuaType.BOOLEAN, 1);
  pushWord(lua.data, state, LuaType.NIL, 0);
  lua.pushName(state, "kept");
  assertEquals(api.lua_gettop(state), 4);
  assertEquals(api.lua_tonumber(state, 1), -0.5);
  assertEquals(api.lua_toboolean(state, 2), 1);
  assertEquals(api.lua_type(state, 3), LuaType.NIL);
  assertEquals(lua.text(state, 4), "kept");
  setTop(lua.data, state, baseOf(lua.data, state) + VALUE_BYTES);
  assertEquals(api.lua_gettop(state), 1);
});

Deno.test("what Lua has pushed is found in place", () => {
  const lua = machine();
  const { api, state } = lua;
  api.lua_pushnumber(state, 1e300);
  lua.pushBytes(state, Uint8Array.of(0, 255, 13, 10), 0, 4);
  api.lua_createtable(state, 2, 0);
  lua.pushText(state, "item");
  lua.setItem(state, wordAt(lua.data, topOf(lua.data, state) - 2 * VALUE_BYTES), 2);
  const base = baseOf(lua.data, state);
  assertEquals(numberAt(lua.data, base), 1e300);
  const string = wordAt(lua.data, base + VALUE_BYTES);
  const start = stringBytes(string);
  const bytes = lua.bytes.slice(start, start + stringLength(lua.data, string));
  assertEquals(bytes, Uint8Array.of(0, 255, 13, 10));
  const table = wordAt(lua.data, base + 2 * VALUE_BYTES);
  assertEquals(itemCount(lua.data, table), 2);
  assertEquals(typeAt(lua.data, tableItems(lua.data, table)), LuaType.NIL);
  api.lua_rawgeti(state, 3, 2);
  assertEquals(lua.text(state, -1), "item");
});

Deno.test("a table that the collector has finished with is known, and keeps what it is given", () => {
  const lua = machine();
  const { api, state } = lua;
  const size = 8;
  api.lua_createtable(state, size, 0);
  const ref = lua.ref(state);
  const table = lua.addressOf(ref);
  let blackSteps = 0;
  for (let step = 0; step < 20_000; step++) {
    const n = step % size + 1;
    if (isBlack(lua.data, table)) blackSteps++;
    pushWord(lua.data, state, LuaType.TABLE, table);
    lua.pushText(state, `string number ${step}`);
    lua.setItem(state, table, n);
    api.lua_settop(state, 0);
    api.lua_gc(state, GarbageCollection.STEP, 0);
    // Fills what a string that was freed too early has left.
    lua.pushText(state, `another one ${step}`);
    api.lua_settop(state, 0);
    api.lua_rawgeti(state, REGISTRY_INDEX, ref);
    api.lua_rawgeti(state, -1, n);
    assertEquals(lua.text(state, -1), `string number ${step}`);
    api.lua_settop(state, 0);
  }
  assert(blackSteps > 0, "no step has met a black table");
  for (let n = 1; n <= size; n++) {
    pushWord(lua.data, state, LuaType.TABLE, table);
    api.lua_rawgeti(state, -1, n);
    assertEquals(lua.text(state, -1), `string number ${20_000 - size + n - 1}`);
    api.lua_settop(state, 0);
  }
});

Deno.test("a program that keeps its values elsewhere is refused", () => {
  const lua = machine();
  const { api, state } = lua;
  checkLayout(api, state);
  const moved = { ...api, lua_topointer: () => 8, memory: api.memory };
  assertThrows(() => checkLayout(moved, state), Error, "elsewhere");
});

Deno.test("a value is moved bit by bit", () => {
  const lua = machine();
  const { state } = lua;
  // Read as a number and written again, a NaN like this might come out as another.
  const at = topOf(lua.data, state);
  pushWord(lua.data, state, LuaType.BOOLEAN, 1);
  lua.data.setUint32(at + 4, 0x7ff00000, true);
  const to = lua.room(VALUE_BYTES);
  popTo(lua.data, state, to);
  assertEquals(wordAt(lua.data, to), 1);
  assertEquals(lua.data.getUint32(to + 4, true), 0x7ff00000);
  assertEquals(topOf(lua.data, state), at);
});
