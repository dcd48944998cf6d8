/**
 * Changes of one key: `PATCH /api/v1/keys/:key` (elements of its value), `…/ttl`, `…/rename`, `DELETE`;
 * and `POST /api/v1/dbs/:db/flush`. The changes of one request are made
 * in one turn, in their order, until one is refused.
 */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { errors } from "../../lib/engine/errors.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import type { Argument } from "../engine_access.ts";
import { bytesShape } from "../json_values.ts";
import { newTag, requireAsWanted, TAG_HEADERS } from "../preconditions.ts";
import { Problem } from "../problem.ts";
import { database } from "../query.ts";
import { replyItems } from "../reply_json.ts";
import { route } from "../route.ts";
import {
  arrayShape,
  booleanShape,
  integerShape,
  objectShape,
  optional,
  record,
  shape,
  textShape,
  wordShape,
} from "../shape.ts";
import type { JsonSchema, Shape } from "../shape.ts";
import { keyOf } from "./key.ts";

const MAX_CHANGES = 1000;
const LONG = /^-?\d{1,19}$/;

interface Change {
  /** @param marker bytes that no element is. */
  readonly commands: MakeCommands;
  /** Why a reply means that there was nothing to change; null where it doesn't. */
  readonly refusal: (reply: Reply) => Problem | null;
}

type MakeCommands = (key: Uint8Array, marker: Uint8Array) => readonly (readonly Argument[])[];

/** Whole numbers of 64 bits; as strings where they are past 2^53. */
const longShape: Shape<string> = shape({ type: ["integer", "string"] }, (value, at) => {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === "string" && LONG.test(text)) return text;
  throw new Problem(400, `${at} must be a whole number`);
});

const scoreShape: Shape<string> = shape({ type: ["number", "string"] }, (value, at) => {
  if (typeof value === "number") return String(value);
  if (typeof value === "string" && /^[+-]?(?:inf|[\d.]+(?:e[+-]?\d+)?)$/i.test(value)) return value;
  throw new Problem(400, `${at} must be a number, "inf" or "-inf"`);
});

const ttlShape: Shape<number | null> = shape(
  { type: ["integer", "null"], minimum: 1 },
  (value, at) => {
    if (value === null) return null;
    return integerShape(1, Number.MAX_SAFE_INTEGER).read(value, at);
  },
);

/** What may be changed, by the word in `op`. */
const CHANGES: ReadonlyMap<string, Shape<Change>> = new Map([
  [
    "set-string",
    change({ value: bytesShape }, ({ value }) => (key) => [
      ["SET", key, value, "KEEPTTL"],
    ]),
  ],
  [
    "set-field",
    change(
      { field: bytesShape, value: bytesShape, keepTtl: optional(booleanShape) },
      ({ field, value, keepTtl }) => (key) => [
        keepTtl === true
          ? ["HSETEX", key, "KEEPTTL", "FIELDS", "1", field, value]
          : ["HSET", key, field, value],
      ],
    ),
  ],
  [
    "set-field-ttl",
    change(
      { field: bytesShape, ttlMs: ttlShape },
      ({ field, ttlMs }) => (key) => [
        ttlMs === null
          ? ["HPERSIST", key, "FIELDS", "1", field]
          : ["HPEXPIRE", key, String(ttlMs), "FIELDS", "1", field],
      ],
      noSuchField,
    ),
  ],
  ["remove-field", change({ field: bytesShape }, ({ field }) => (key) => [["HDEL", key, field]])],
  [
    "set-element",
    change({ index: longShape, value: bytesShape }, ({ index, value }) => (key) => [
      ["LSET", key, index, value],
    ]),
  ],
  [
    "push",
    change(
      { side: wordShape(["left", "right"]), value: bytesShape },
      ({ side, value }) => (key) => [[side === "left" ? "LPUSH" : "RPUSH", key, value]],
    ),
  ],
  [
    "remove-element",
    change({ index: longShape }, ({ index }) => (key, marker) => [
      // A list removes by value only: the element is first made one that no other is.
      ["LSET", key, index, marker],
      ["LREM", key, "1", marker],
    ]),
  ],
  ["add-member", change({ member: bytesShape }, ({ member }) => (key) => [["SADD", key, member]])],
  [
    "remove-member",
    change({ member: bytesShape }, ({ member }) => (key) => [
      ["SREM", key, member],
    ]),
  ],
  [
    "set-score",
    change({ member: bytesShape, score: scoreShape }, ({ member, score }) => (key) => [
      ["ZADD", key, score, member],
    ]),
  ],
  [
    "remove-scored",
    change({ member: bytesShape }, ({ member }) => (key) => [
      ["ZREM", key, member],
    ]),
  ],
  [
    "add-entry",
    change(
      {
        id: optional(textShape),
        fields: arrayShape(arrayShape(bytesShape, { min: 2, max: 2 }), {
          min: 1,
          max: MAX_CHANGES,
        }),
      },
      ({ id, fields }) => (key) => [["XADD", key, id ?? "*", ...fields.flat()]],
    ),
  ],
  ["remove-entry", change({ id: textShape }, ({ id }) => (key) => [["XDEL", key, id]])],
]);

type Fields = { readonly [name: string]: Shape<unknown> };
type FieldValues<F> = { readonly [N in keyof F]: F[N] extends Shape<infer T> ? T : never };

function change<F extends Fields>(
  fields: F,
  make: (values: FieldValues<F>) => MakeCommands,
  refusal: Change["refusal"] = () => null,
): Shape<Change> {
  const inner = objectShape(fields);
  return shape(inner.schema, (value, at) => ({ commands: make(inner.read(value, at)), refusal }));
}

/** HPEXPIRE and HPERSIST reply -2 for a field, or a whole key, that is not there. */
function noSuchField(reply: Reply): Problem | null {
  const [found] = replyItems(reply);
  const isMissing = found.kind === "integer" && Number(found.value) === -2;
  return isMissing ? new Problem(404, "there is no such field") : null;
}

const changeShape: Shape<Change> = shape(
  { oneOf: [...CHANGES].map(([op, { schema }]) => withOperation(op, schema)) },
  (value, at) => {
    const { op, ...rest } = record(value, at);
    const found = CHANGES.get(String(op));
    if (found === undefined) {
      throw new Problem(400, `${at}.op must be ${[...CHANGES.keys()].join(", ")}`);
    }
    return found.read(rest, at);
  },
);

function withOperation(op: string, schema: JsonSchema): JsonSchema {
  return {
    ...schema,
    properties: { op: { const: op }, ...record(schema.properties, "schema") },
    required: ["op", ...(schema.required as readonly string[])],
  };
}

export const changeKeyRoute = route({
  method: "PATCH",
  path: "/api/v1/keys/:key",
  summary: "Changes elements of a key's value, in order; makes the key if needed.",
  writes: true,
  query: { db: database },
  ...TAG_HEADERS.writing,
  body: objectShape({ changes: arrayShape(changeShape, { min: 1, max: MAX_CHANGES }) }),
  handle(asked) {
    const key = keyOf(asked);
    using commands = asked.commands({ database: asked.query.db, shown: true });
    const tagged = requireAsWanted(asked, commands, key);
    const marker = `removed:${asked.engine.context.host.random.bytes(16).toHex()}`;
    let made = 0;
    for (const change of asked.body.changes) {
      try {
        for (const args of change.commands(key, fromLatin1(marker))) {
          const refusal = change.refusal(commands.run(...args));
          if (refusal !== null) throw refusal;
        }
      } catch (error) {
        if (error instanceof Problem && made > 0) throw afterChanges(error, made);
        throw error;
      }
      made++;
    }
    const exists = Number(commands.integer("EXISTS", key)) === 1;
    if (tagged && exists) asked.c.header("ETag", newTag(asked, commands, key));
    return asked.c.json({ status: "ok", exists });
  },
});

function afterChanges({ status, message, headers }: Problem, made: number): Problem {
  return new Problem(status, `${message} (after ${made} of the changes, which stay)`, headers);
}

export const deleteKeyRoute = route({
  method: "DELETE",
  path: "/api/v1/keys/:key",
  summary: "Deletes a key.",
  writes: true,
  query: { db: database },
  headers: TAG_HEADERS.writing.headers,
  statuses: TAG_HEADERS.writing.statuses,
  handle(asked) {
    const key = keyOf(asked);
    using commands = asked.commands({ database: asked.query.db, shown: true });
    requireAsWanted(asked, commands, key);
    requireFound(commands.integer("UNLINK", key));
    return asked.c.json({ status: "ok" });
  },
});

export const setTtlRoute = route({
  method: "PUT",
  path: "/api/v1/keys/:key/ttl",
  summary: "Sets how many milliseconds a key has left; null for ever.",
  writes: true,
  query: { db: database },
  ...TAG_HEADERS.writing,
  body: objectShape({ ttlMs: ttlShape }),
  handle(asked) {
    const key = keyOf(asked);
    const { ttlMs } = asked.body;
    using commands = asked.commands({ database: asked.query.db, shown: true });
    const tagged = requireAsWanted(asked, commands, key);
    requireFound(commands.integer("EXISTS", key));
    if (ttlMs === null) commands.run("PERSIST", key);
    else commands.run("PEXPIRE", key, String(ttlMs));
    if (tagged) asked.c.header("ETag", newTag(asked, commands, key));
    return asked.c.json({ status: "ok" });
  },
});

export const renameKeyRoute = route({
  method: "POST",
  path: "/api/v1/keys/:key/rename",
  summary: "Renames a key; a key that has the new name stays unless replace is true.",
  writes: true,
  query: { db: database },
  headers: TAG_HEADERS.writing.headers,
  statuses: TAG_HEADERS.writing.statuses,
  body: objectShape({ to: bytesShape, replace: optional(booleanShape) }),
  handle(asked) {
    const key = keyOf(asked);
    const { to, replace } = asked.body;
    using commands = asked.commands({ database: asked.query.db, shown: true });
    requireAsWanted(asked, commands, key);
    if (replace === true) commands.run("RENAME", key, to);
    else if (Number(commands.integer("RENAMENX", key, to)) === 0) {
      throw new Problem(409, "a key of that name exists");
    }
    return asked.c.json({ status: "ok" });
  },
});

export const flushRoute = route({
  method: "POST",
  path: "/api/v1/dbs/:db/flush",
  summary: 'Deletes all keys of a database; confirm must be its name, such as "db0".',
  writes: true,
  body: objectShape({ confirm: textShape }),
  handle(asked) {
    const name = asked.segment(3);
    if (!/^\d{1,9}$/.test(name)) throw new Problem(400, "ERR invalid DB index");
    if (asked.body.confirm !== `db${name}`) {
      throw new Problem(400, `body.confirm must be "db${name}"`);
    }
    using commands = asked.commands({ database: Number(name), shown: true });
    commands.run("FLUSHDB", "ASYNC");
    return asked.c.json({ status: "ok" });
  },
});

function requireFound(count: number | bigint): void {
  if (Number(count) === 0) throw new Problem(404, errors.NO_SUCH_KEY.text);
}
