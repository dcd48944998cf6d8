/** `GET /healthz`: the process is alive and answers. For supervisors, so without a password. */

import type { Route } from "../route.ts";

export const healthRoute: Route = {
  path: "/healthz",
  summary: "Says that the process is alive.",
  open: true,
  handle: (c) => c.json({ status: "ok" }),
};
