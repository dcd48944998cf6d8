/**
 * `GET /keys`: the keys of a database in pages. It goes by SCAN, so a page costs the same however many
 * keys there are, and what exists all the way through a listing is in it; a key that moves may come
 * twice.
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { invariant } from "../../lib/host/invariant.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { withCommands } from "../engine_access.ts";
import type { Commands } from "../engine_access.ts";
import type { JsonBytes } from "../json_values.ts";
import { bytesOfParameter, jsonBytes, jsonInteger, keyPath } from "../json_values.ts";
import { databaseParameter, integerParameter } from "../parameters.ts";
import { Problem } from "../problem.ts";
import type { AdminContext, Route } from "../route.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/**
 * Keys that one request looks at: a pattern that nothing matches must not hold up clients, so a page may
 * come back short, even empty, before the end. This many take a few milliseconds.
 */
const MAX_EXAMINED = 10_000;

export interface KeyItem {
  readonly key: JsonBytes;
  readonly type: string;
  /** Milliseconds left to live; null for ever. */
  readonly ttlMs: number | string | null;
  /** Where the key's value is shown. */
  readonly href: string;
}

export const keysRoute: Route = {
  path: "/keys",
  summary: "Lists keys by SCAN; follow cursor until done.",
  parameters: {
    db: "number of the database, 0 by default",
    match: "a glob-style pattern, or b64: and its bytes as base64",
    type: "only keys of this type, as TYPE names it",
    cursor: "the cursor of the page before, to go on from there",
    limit: `keys a page, ${DEFAULT_LIMIT} by default, at most ${MAX_LIMIT}`,
  },
  handle(c, engine) {
    const database = databaseParameter(c);
    const limit = integerParameter(c, "limit", { initial: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT });
    const filter = filterOf(c);
    const start = cursorOf(c);
    const page = withCommands(engine, database, (commands) => {
      const { keys, cursor } = scanPage(commands, start, filter, limit);
      return {
        items: keys.map((key) => describe(commands, key, database)),
        cursor: cursor === "0" ? null : cursor,
        done: cursor === "0",
      };
    });
    return c.json(page);
  },
};

interface Page {
  readonly keys: readonly Uint8Array[];
  /** SCAN's own, "0" at the end. */
  readonly cursor: string;
}

/**
 * SCAN replies more than its COUNT where the last slot holds several keys. A step that brought more
 * than the page has room for is taken again in smaller ones, from the same cursor, and left to the next
 * page when it can't be smaller; so only a slot that by itself holds more than a page exceeds the
 * limit.
 */
function scanPage(
  commands: Commands,
  start: string,
  filter: readonly (string | Uint8Array)[],
  limit: number,
): Page {
  const keys: Uint8Array[] = [];
  let cursor = start;
  const unfiltered = filter.length === 0;
  let count = unfiltered ? stepFor(limit) : MAX_LIMIT;
  for (let examined = 0; examined < MAX_EXAMINED; examined += count) {
    const step = scanStep(commands, cursor, filter, count);
    if (keys.length + step.keys.length <= limit || (count === 1 && keys.length === 0)) {
      keys.push(...step.keys);
      cursor = step.cursor;
      if (cursor === "0" || keys.length >= limit) break;
      if (unfiltered) count = Math.min(count, stepFor(limit - keys.length));
    } else if (count === 1) break;
    else count = Math.ceil(count / 4);
  }
  return { keys, cursor };
}

/** A COUNT that will hardly bring more keys than there is room for. */
function stepFor(room: number): number {
  return Math.ceil(room * 0.875);
}

function scanStep(
  commands: Commands,
  cursor: string,
  filter: readonly (string | Uint8Array)[],
  count: number,
): Page {
  const reply = commands.run("SCAN", cursor, ...filter, "COUNT", String(count));
  invariant(reply.kind === "array" && reply.items?.length === 2, "SCAN replied no cursor and keys");
  const [next, found] = reply.items;
  invariant(found.kind === "array" && found.items !== null, "SCAN replied no keys");
  return { keys: found.items.map(bytesOf), cursor: latin1(bytesOf(next)) };
}

function describe(commands: Commands, key: Uint8Array, database: number): KeyItem {
  const ttlMs = commands.integer("PTTL", key);
  return {
    key: jsonBytes(key),
    type: commands.text("TYPE", key) ?? "none",
    ttlMs: ttlMs < 0 ? null : jsonInteger(ttlMs),
    href: keyPath(key) + (database === 0 ? "" : `?db=${database}`),
  };
}

/** Stricter than SCAN, which takes a sign or an empty text and starts again. */
function cursorOf(c: AdminContext): string {
  const cursor = c.req.query("cursor") ?? "0";
  if (!/^\d{1,20}$/.test(cursor)) throw new Problem(400, "ERR invalid cursor");
  return cursor;
}

function filterOf(c: AdminContext): (string | Uint8Array)[] {
  const match = c.req.query("match");
  const type = c.req.query("type");
  const filter: (string | Uint8Array)[] = [];
  if (match !== undefined) filter.push("MATCH", bytesOfParameter(match));
  if (type !== undefined) filter.push("TYPE", type);
  return filter;
}

function bytesOf(reply: Reply): Uint8Array {
  invariant(reply.kind === "bulk" && reply.bytes !== null, `${reply.kind} is no string`);
  return reply.bytes;
}
