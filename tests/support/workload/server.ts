/** The little of the server's own commands whose replies are the same everywhere. */

import type { Rules } from "./rule.ts";

export const SERVER_RULES: Rules = {
  DBSIZE: { weight: 5 },
  FLUSHALL: { weight: 0.3 },
  FLUSHDB: { weight: 0.5 },
  SWAPDB: {
    weight: 1,
    makers: { index1: (draw) => draw.database(), index2: (draw) => draw.database() },
  },
};
