/** `GET /api/v1/keys`: the keys of a database in pages. */

import type { Argument, Commands } from "../engine_access.ts";
import type { JsonBytes } from "../json_values.ts";
import { jsonBytes, jsonInteger, keyPath } from "../json_values.ts";
import { database, integer } from "../query.ts";
import { route } from "../route.ts";
import type { ScanStep } from "../scan.ts";
import {
  cursorParameter,
  FILTER_PARAMETERS,
  filterArguments,
  scanStep,
  STEP_KEYS,
} from "../scan.ts";
import type { Slices } from "../slices.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/**
 * Keys that one request looks at: a pattern that nothing matches must end some time, so a page may
 * come back short, even empty, before the end.
 */
const MAX_EXAMINED = 20_000;

export interface KeyItem {
  readonly key: JsonBytes;
  readonly type: string;
  /** Milliseconds left to live; null for ever. */
  readonly ttlMs: number | string | null;
  /** Where the key's value is shown. */
  readonly href: string;
}

export const keysRoute = route({
  path: "/api/v1/keys",
  summary: "Lists keys by SCAN; follow cursor until done.",
  query: {
    db: database,
    ...FILTER_PARAMETERS,
    cursor: cursorParameter,
    limit: integer({ initial: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT }, "Keys a page."),
  },
  async handle(asked) {
    const { db, cursor: start, limit } = asked.query;
    using commands = asked.commands({ database: db });
    const slices = asked.slices();
    const filter = filterArguments(asked.query);
    const { keys, cursor } = await scanPage(commands, slices, { start, filter, limit });
    const items: KeyItem[] = [];
    for (const key of keys) {
      const item = describe(commands, key, db);
      if (item !== null) items.push(item);
      if (slices.isOver) await slices.rest();
    }
    return asked.c.json({ items, cursor: cursor === "0" ? null : cursor, done: cursor === "0" });
  },
});

interface PageAsked {
  readonly start: string;
  readonly filter: readonly Argument[];
  readonly limit: number;
}

/**
 * SCAN replies more than its COUNT where the last slot holds several keys. A step that brought more
 * than the page has room for is taken again in smaller ones, from the same cursor, and left to the next
 * page when it can't be smaller; so only a slot that by itself holds more than a page exceeds the
 * limit.
 */
async function scanPage(
  commands: Commands,
  slices: Slices,
  { start, filter, limit }: PageAsked,
): Promise<ScanStep> {
  const keys: Uint8Array[] = [];
  let cursor = start;
  const unfiltered = filter.length === 0;
  let count = unfiltered ? stepFor(limit) : STEP_KEYS;
  for (let examined = 0; examined < MAX_EXAMINED; examined += count) {
    const step = scanStep(commands, cursor, filter, count);
    if (keys.length + step.keys.length <= limit || (count === 1 && keys.length === 0)) {
      keys.push(...step.keys);
      cursor = step.cursor;
      if (cursor === "0" || keys.length >= limit) break;
      if (unfiltered) count = stepFor(limit - keys.length);
    } else if (count === 1) break;
    else count = Math.ceil(count / 4);
    await slices.step();
  }
  return { keys, cursor };
}

/** A COUNT that will hardly bring more keys than there is room for. */
function stepFor(room: number): number {
  return Math.min(STEP_KEYS, Math.ceil(room * 0.875));
}

/** Null for a key that went since it was found. */
function describe(commands: Commands, key: Uint8Array, db: number): KeyItem | null {
  const type = commands.text("TYPE", key) ?? "none";
  if (type === "none") return null;
  const ttlMs = commands.integer("PTTL", key);
  return {
    key: jsonBytes(key),
    type,
    ttlMs: ttlMs < 0 ? null : jsonInteger(ttlMs),
    href: keyPath(key) + (db === 0 ? "" : `?db=${db}`),
  };
}
