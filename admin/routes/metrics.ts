/** `GET /metrics`: what Prometheus scrapes. */

import { collectMetrics } from "../metrics/collect.ts";
import { route } from "../route.ts";

const MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const metricsRoute = route({
  path: "/metrics",
  summary: "Figures for Prometheus, under the names of redis_exporter.",
  produces: ["text/plain"],
  async handle(asked) {
    const { databases } = asked.engine.context.store;
    using commands = asked.commands();
    const text = await collectMetrics(commands, asked.slices(), databases.length);
    return asked.c.body(text, 200, { "Content-Type": MEDIA_TYPE });
  },
});
