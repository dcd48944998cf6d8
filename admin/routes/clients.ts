/** `GET /api/v1/clients`: who is connected, a page at a time. `POST …/:id/kill`: ends a connection. */

import type { Commands } from "../engine_access.ts";
import { Problem } from "../problem.ts";
import { integer } from "../query.ts";
import { route } from "../route.ts";
import { SessionLink } from "../session_link.ts";
import { objectShape } from "../shape.ts";

/** Clients that one CLIENT LIST is asked for. */
const STEP = 50;

export type ClientFields = { readonly [field: string]: string | number };

export const clientsRoute = route({
  path: "/api/v1/clients",
  summary: "Lists clients as CLIENT LIST does, by their ids; requests to this port are left out.",
  query: {
    after: integer({ initial: 0, min: 0, max: 2 ** 48 }, "The last id of the page before."),
    limit: integer({ initial: 100, min: 1, max: 1000 }, "Clients a page."),
  },
  async handle(asked) {
    const { after, limit } = asked.query;
    const { sessions } = asked.engine.context;
    const ids: number[] = [];
    let total = 0;
    for (const session of sessions.all()) {
      if (session.link instanceof SessionLink) continue;
      total++;
      if (session.id > after && ids.length <= limit) ids.push(session.id);
    }
    const shown = ids.slice(0, limit);
    using commands = asked.commands();
    const slices = asked.slices();
    const items: ClientFields[] = [];
    for (let at = 0; at < shown.length; at += STEP) {
      items.push(...clientsOf(commands, shown.slice(at, at + STEP)));
      await slices.step();
    }
    const done = ids.length <= limit;
    return asked.c.json({ items, total, after: done ? null : shown.at(-1) ?? null, done });
  },
});

export const killClientRoute = route({
  method: "POST",
  path: "/api/v1/clients/:id/kill",
  summary: "Ends a client's connection.",
  writes: true,
  body: objectShape({}),
  handle(asked) {
    const id = asked.segment(3);
    if (!/^\d{1,15}$/.test(id)) throw new Problem(404, "there is no such client");
    using commands = asked.commands({ shown: true });
    const killed = commands.integer("CLIENT", "KILL", "ID", id);
    if (Number(killed) === 0) throw new Problem(404, "there is no such client");
    return asked.c.json({ killed: Number(killed) });
  },
});

const decoder = new TextDecoder();

function clientsOf(commands: Commands, ids: readonly number[]): ClientFields[] {
  const bytes = commands.bytes("CLIENT", "LIST", "ID", ...ids.map(String));
  const lines = decoder.decode(bytes ?? new Uint8Array(0)).split("\n");
  return lines.filter((line) => line !== "").map(fieldsOf);
}

/** A line of CLIENT LIST; values hold no blanks. */
function fieldsOf(line: string): ClientFields {
  const pairs = line.trim().split(" ").map((pair): [string, string | number] => {
    const equals = pair.indexOf("=");
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const isNumber = !TEXT_FIELDS.includes(name) && /^-?\d{1,15}$/.test(value);
    return [name, isNumber ? Number(value) : value];
  });
  return Object.fromEntries(pairs);
}

const TEXT_FIELDS = ["name", "addr", "laddr", "flags", "events", "cmd", "user"].concat(
  ["lib-name", "lib-ver"],
);
