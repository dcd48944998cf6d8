/** What clients say about themselves. */

import type { Rules } from "./rule.ts";

export const CONNECTION_RULES: Rules = {
  AUTH: { weight: 1 },
  "CLIENT|GETNAME": { weight: 2 },
  "CLIENT|GETREDIR": { weight: 1 },
  "CLIENT|NO-EVICT": { weight: 1 },
  "CLIENT|SETNAME": { weight: 2 },
  "CLIENT|TRACKINGINFO": { weight: 1 },
  "CLIENT|UNPAUSE": { weight: 1 },
  ECHO: { weight: 3 },
  PING: { weight: 3 },
  SELECT: { weight: 6, makers: { index: (draw) => draw.database() } },
};
