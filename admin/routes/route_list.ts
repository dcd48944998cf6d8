/** `GET /`: what there is, drawn from the routes themselves. */

import { REDINO_VERSION } from "../../lib/config/version.ts";
import type { Route } from "../route.ts";

export function routeList(routes: readonly Route[]): Route {
  return {
    path: "/",
    summary: "Lists the pages.",
    handle: (c) =>
      c.json({
        name: "redino",
        version: REDINO_VERSION,
        routes: routes.map(({ path, summary, parameters }) => ({
          method: "GET",
          path,
          summary,
          parameters: parameters ?? {},
        })),
      }),
  };
}
