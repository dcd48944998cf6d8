/**
 * `GET /healthz`: the process is alive and answers. `GET /readyz`: it serves data, so not while it loads
 * some. For supervisors, so without a password.
 */

import { route } from "../route.ts";
import { infoSection } from "../figures.ts";

export const healthRoute = route({
  path: "/healthz",
  summary: "Says that the process is alive.",
  open: true,
  handle: ({ c }) => c.json({ status: "ok" }),
});

export const readyRoute = route({
  path: "/readyz",
  summary: "Says whether data is served: 503 while it is being loaded.",
  open: true,
  handle(asked) {
    using commands = asked.commands();
    const { loading, async_loading: asyncLoading } = infoSection(commands, "persistence");
    if (loading === 1 && asyncLoading !== 1) {
      return asked.c.json({ status: "loading" }, 503, { "Retry-After": "1" });
    }
    return asked.c.json({ status: "ok" });
  },
});
