/** How soon a machine asks whether to go on, and that it can be set aside between calls of ours. */

import { assert, assertEquals } from "@std/assert";
import { luaBinary } from "../../../lib/host/lua_binary.ts";
import { GLOBALS_INDEX, LuaStatus } from "../../../lib/lua/lua_api.ts";
import { LuaMachine, Outcome } from "../../../lib/lua/lua_machine.ts";

const SOURCE = "for i = 1, 100 do work() end return 0";

interface Trial {
  readonly lua: LuaMachine;
  /** How often it has asked. */
  ticks(): number;
}

/** A machine with a script on its stack that calls `work` a hundred times and does nothing else. */
function trial(work: (lua: LuaMachine) => void, wantsPause = false): Trial {
  let ticks = 0;
  const lua = new LuaMachine({
    binary: luaBinary(),
    limitBytes: 64 * 1024 * 1024,
    functions: [() => {
      work(lua);
      return 0;
    }],
    tick: () => {
      ticks++;
      return wantsPause;
    },
  });
  const { api, state } = lua;
  lua.pushFunction(state, 0);
  api.lua_setfield(state, GLOBALS_INDEX, lua.name("work"));
  assertEquals(lua.load(state, new TextEncoder().encode(SOURCE), "@trial"), LuaStatus.OK);
  ticks = 0;
  return { lua, ticks: () => ticks };
}

Deno.test("a machine that is hurried asks at nearly every call, else after some dozens", () => {
  const calm = trial(() => {});
  assertEquals(calm.lua.run(0, 0, true), LuaStatus.OK);
  assert(calm.ticks() < 10, String(calm.ticks()));
  const hurried = trial((lua) => lua.hurry());
  assertEquals(hurried.lua.run(0, 0, true), LuaStatus.OK);
  assert(hurried.ticks() >= 25, String(hurried.ticks()));
});

Deno.test("a script that does little beside long calls of ours is set aside behind one of them", () => {
  let calls = 0;
  const { lua } = trial(({ api, state }) => {
    calls++;
    for (let i = 0; i < 10_000; i++) {
      api.lua_createtable(state, 0, 0);
      api.lua_settop(state, 0);
    }
  }, true);
  assertEquals(lua.run(0, 0, true), Outcome.SUSPENDED);
  assert(calls <= 3, String(calls));
  lua.abandon();
});
