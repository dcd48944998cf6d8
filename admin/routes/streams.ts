/** `GET /api/v1/streams/:key/groups` and `…/pending`: who reads a stream, and what is not acknowledged. */

import { errors } from "../../lib/engine/errors.ts";
import { invariant } from "../../lib/host/invariant.ts";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import type { Commands } from "../engine_access.ts";
import type { JsonBytes } from "../json_values.ts";
import { jsonBytes, jsonInteger } from "../json_values.ts";
import { Problem } from "../problem.ts";
import { bytes, database, integer, text } from "../query.ts";
import { replyBytes, replyItems, reportValue } from "../reply_json.ts";
import { route } from "../route.ts";
import { keyOf } from "./key.ts";

/** Groups and consumers that are shown of a stream. */
const MAX_SHOWN = 1000;

export interface GroupShown {
  readonly name: JsonBytes;
  readonly lastDeliveredId: unknown;
  /** Null where that can't be told. */
  readonly entriesRead: unknown;
  readonly lag: unknown;
  readonly pending: {
    readonly count: unknown;
    readonly smallestId: unknown;
    readonly greatestId: unknown;
  };
  readonly consumers: readonly ConsumerShown[];
}

export interface ConsumerShown {
  readonly name: JsonBytes;
  readonly pending: unknown;
  readonly idleMs: unknown;
  /** Milliseconds since it last got something; -1 for never. */
  readonly inactiveMs: unknown;
}

export const groupsRoute = route({
  path: "/api/v1/streams/:key/groups",
  summary: "Shows a stream's groups with their consumers and how much is pending.",
  query: { db: database },
  async handle(asked) {
    const key = keyOf(asked);
    using commands = asked.commands({ database: asked.query.db });
    const slices = asked.slices();
    requireKey(commands, key);
    const names = commands.items("XINFO", "GROUPS", key).slice(0, MAX_SHOWN).map(fieldsOf);
    const groups: GroupShown[] = [];
    for (const fields of names) {
      groups.push(groupOf(commands, key, fields));
      await slices.step();
    }
    return asked.c.json({ key: jsonBytes(key), groups });
  },
});

export const pendingRoute = route({
  path: "/api/v1/streams/:key/pending",
  summary: "Lists entries that a group's consumers have not acknowledged, in pages.",
  query: {
    db: database,
    group: { ...bytes("The group's name."), required: true },
    consumer: bytes("Only what this consumer has."),
    cursor: text("The cursor of the page before.", /^\(?\d{1,20}-\d{1,20}$/, "ERR invalid cursor"),
    limit: integer({ initial: 100, min: 1, max: 1000 }, "Entries a page."),
  },
  handle(asked) {
    const { db, group, consumer, cursor, limit } = asked.query;
    if (group === undefined) throw new Problem(400, "group is missing");
    const key = keyOf(asked);
    using commands = asked.commands({ database: db });
    requireKey(commands, key);
    const range = [cursor ?? "-", "+", String(limit)];
    const filter = consumer === undefined ? [] : [consumer];
    const items = commands.items("XPENDING", key, group, ...range, ...filter).map((entry) => {
      const [id, owner, idle, deliveries] = replyItems(entry);
      return {
        id: latin1(replyBytes(id)),
        consumer: jsonBytes(replyBytes(owner)),
        idleMs: reportValue(idle),
        deliveries: reportValue(deliveries),
      };
    });
    const next = items.length === limit ? `(${items[items.length - 1].id}` : null;
    return asked.c.json({ items, cursor: next, done: next === null });
  },
});

function groupOf(
  commands: Commands,
  key: Uint8Array,
  fields: ReadonlyMap<string, Reply>,
): GroupShown {
  const name = replyBytes(fieldOf(fields, "name"));
  const [count, smallest, greatest] = commands.items("XPENDING", key, name);
  const consumers = commands.items("XINFO", "CONSUMERS", key, name).slice(0, MAX_SHOWN);
  return {
    name: jsonBytes(name),
    lastDeliveredId: reportValue(fieldOf(fields, "last-delivered-id")),
    entriesRead: reportValue(fieldOf(fields, "entries-read")),
    lag: reportValue(fieldOf(fields, "lag")),
    pending: {
      count: reportValue(count),
      smallestId: reportValue(smallest),
      greatestId: reportValue(greatest),
    },
    consumers: consumers.map((consumer) => consumerOf(fieldsOf(consumer))),
  };
}

function consumerOf(fields: ReadonlyMap<string, Reply>): ConsumerShown {
  return {
    name: jsonBytes(replyBytes(fieldOf(fields, "name"))),
    pending: reportValue(fieldOf(fields, "pending")),
    idleMs: reportValue(fieldOf(fields, "idle")),
    inactiveMs: reportValue(fieldOf(fields, "inactive")),
  };
}

function requireKey(commands: Commands, key: Uint8Array): void {
  if (jsonInteger(commands.integer("EXISTS", key)) === 0) {
    throw new Problem(404, errors.NO_SUCH_KEY.text);
  }
}

function fieldsOf(reply: Reply): ReadonlyMap<string, Reply> {
  invariant(reply.kind === "map", `XINFO replied ${reply.kind}`);
  return new Map(reply.entries.map(([name, value]) => [latin1(replyBytes(name)), value]));
}

function fieldOf(fields: ReadonlyMap<string, Reply>, name: string): Reply {
  return fields.get(name) ?? { kind: "null" };
}
