/** `GET /api/v1/info`: what INFO says, as its text or as JSON by section. `/dbs`: the databases. */

import { preferredType } from "../accepted_type.ts";
import { infoSection, infoText, parseInfo } from "../figures.ts";
import type { InfoObject } from "../figures.ts";
import { list } from "../query.ts";
import { route } from "../route.ts";

export const infoRoute = route({
  path: "/api/v1/info",
  summary: "Shows what INFO says: as JSON by section, or as its text with Accept: text/plain.",
  query: { section: list("Sections, as INFO names them; without it INFO's default ones.") },
  produces: ["application/json", "text/plain"],
  handle(asked) {
    const { c } = asked;
    const type = preferredType(c, ["application/json", "text/plain"]);
    const names = (c.req.queries("section") ?? []).flatMap((part) => part.split(","));
    using commands = asked.commands();
    const text = infoText(commands, names.filter((name) => name !== ""));
    return type === "text/plain" ? c.text(text) : c.json(parseInfo(text));
  },
});

export const databasesRoute = route({
  path: "/api/v1/dbs",
  summary: "Lists the databases with their keys.",
  handle(asked) {
    using commands = asked.commands();
    const keyspace = infoSection(commands, "keyspace");
    const { databases } = asked.engine.context.store;
    return asked.c.json({
      items: databases.map((_, db) => {
        const fields = (keyspace[`db${db}`] ?? {}) as InfoObject;
        return {
          db,
          keys: fields.keys ?? 0,
          expires: fields.expires ?? 0,
          avgTtlMs: fields.avg_ttl ?? 0,
        };
      }),
    });
  },
});
