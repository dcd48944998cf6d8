/** What runs at each level of a machine's stack. */

import { DebugField } from "./lua_api.ts";
import type { LuaMachine } from "./lua_machine.ts";

export interface Frame {
  readonly isC: boolean;
  /** What its source is called. */
  readonly source: string;
  readonly line: number;
}

/**
 * @param level 0 is the function that asks.
 * @returns null when there is no such level.
 */
export function frameAt(machine: LuaMachine, state: number, level: number): Frame | null {
  const { api, record } = machine;
  if (api.lua_getstack(state, level, record) === 0) return null;
  api.lua_getinfo(state, machine.name("Sl"), record);
  const word = (field: number) => machine.data.getInt32(record + field, true);
  return {
    isC: machine.textAt(word(DebugField.WHAT)) === "C",
    source: machine.textAt(word(DebugField.SOURCE)),
    line: word(DebugField.CURRENT_LINE),
  };
}
