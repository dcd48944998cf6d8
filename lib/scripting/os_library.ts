/** `os`: nothing but the processor time that has passed, as scripts measure themselves with it. */

import type { Library } from "./library.ts";

export const OS_LIBRARY: Library = {
  clock: ({ machine, host }, state) => {
    machine.api.lua_pushnumber(state, host.monotonicMs() / 1000);
    return 1;
  },
};
