/** `GET /api/v1/config`, `/persistence`, `/memory`; `PATCH /api/v1/config` sets parameters. */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { findParameter, PARAMETERS } from "../../lib/config/parameters.ts";
import { invariant } from "../../lib/host/invariant.ts";
import { infoSection } from "../figures.ts";
import { Problem } from "../problem.ts";
import { bytes } from "../query.ts";
import { replyBytes, reportValue } from "../reply_json.ts";
import { route } from "../route.ts";
import { record, shape } from "../shape.ts";

export interface ParameterShown {
  readonly name: string;
  /** As CONFIG GET shows it; null for a secret. */
  readonly value: string | null;
  readonly default: string;
  /** For people: "yes/no", "integer", … */
  readonly kind: string;
  /** Whether CONFIG SET takes it. */
  readonly isChangeable: boolean;
  /** Why it changes nothing here; empty where it has its effect. */
  readonly withoutEffect: string;
}

export const configRoute = route({
  path: "/api/v1/config",
  summary: "Shows the parameters; of secrets only that they exist.",
  query: { match: bytes("A glob-style pattern that names match.") },
  handle(asked) {
    using commands = asked.commands();
    const reply = commands.run("CONFIG", "GET", asked.query.match ?? "*");
    invariant(reply.kind === "map", `CONFIG GET replied ${reply.kind}`);
    const items = reply.entries.map(([name, value]) =>
      parameterShown(latin1(replyBytes(name)), String(reportValue(value)))
    );
    return asked.c.json({ items });
  },
});

function parameterShown(name: string, value: string): ParameterShown {
  const known = findParameter(name);
  if (known === null) {
    return { name, value, default: "", kind: "", isChangeable: false, withoutEffect: "" };
  }
  const { initial, kind, immutable, sensitive, withoutEffect } = PARAMETERS[known];
  return {
    name,
    value: sensitive ? null : value,
    default: initial.text,
    kind,
    isChangeable: !immutable,
    withoutEffect,
  };
}

const changesShape = shape(
  { type: "object", additionalProperties: { type: "string" }, minProperties: 1 },
  (value, at): readonly string[] => {
    const words: string[] = [];
    for (const [name, text] of Object.entries(record(value, at))) {
      if (typeof text !== "string") throw new Problem(400, `${at}.${name} must be a string`);
      words.push(name, text);
    }
    if (words.length === 0) throw new Problem(400, `${at} names no parameter`);
    return words;
  },
);

export const setConfigRoute = route({
  method: "PATCH",
  path: "/api/v1/config",
  summary: "Sets parameters, all or none: an object of names and values.",
  writes: true,
  body: changesShape,
  handle(asked) {
    using commands = asked.commands({ shown: true });
    commands.run("CONFIG", "SET", ...asked.body);
    return asked.c.json({ status: "ok" });
  },
});

export const persistenceRoute = route({
  path: "/api/v1/persistence",
  summary: "Shows what is saved when, and how the last times went.",
  handle(asked) {
    using commands = asked.commands();
    const names = ["save", "appendonly", "appendfsync", "dir", "dbfilename", "appenddirname"];
    return asked.c.json({
      config: reportValue(commands.run("CONFIG", "GET", ...names)),
      info: infoSection(commands, "persistence"),
    });
  },
});

export const memoryRoute = route({
  path: "/api/v1/memory",
  summary: "Shows what memory is used for.",
  handle(asked) {
    using commands = asked.commands();
    return asked.c.json({
      stats: reportValue(commands.run("MEMORY", "STATS")),
      info: infoSection(commands, "memory"),
    });
  },
});
