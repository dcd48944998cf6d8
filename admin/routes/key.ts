/** `GET /api/v1/keys/:key`: one key and a page of its value. */

import { errors } from "../../lib/engine/errors.ts";
import { bytesOfSegment, jsonBytes, jsonInteger } from "../json_values.ts";
import { TAG_HEADERS, tagForReading } from "../preconditions.ts";
import { Problem } from "../problem.ts";
import { database, integer, text } from "../query.ts";
import type { Asked } from "../route.ts";
import { route } from "../route.ts";
import { valuePage } from "../value_pages.ts";

const MAX_LIMIT = 1024 * 1024;

export const keyRoute = route({
  path: "/api/v1/keys/:key",
  summary: "Shows a key and a page of its value; the key percent-encoded, or b64: and base64url.",
  query: {
    db: database,
    cursor: text("The cursor of the page before, for collections."),
    offset: integer(
      { initial: 0, min: 0, max: 2 ** 40 },
      "Where to begin: the byte of a string, the element of a list or sorted set.",
    ),
    limit: integer(
      { initial: undefined, min: 1, max: MAX_LIMIT },
      "Bytes of a string (65536 by default), elements of anything else (100, at most 1000).",
    ),
  },
  ...TAG_HEADERS.reading,
  async handle(asked) {
    const { db } = asked.query;
    const key = keyOf(asked);
    using commands = asked.commands({ database: db });
    const type = commands.text("TYPE", key);
    if (type === null || type === "none") throw new Problem(404, errors.NO_SUCH_KEY.text);
    // Before anything is read: a change while the value is read in slices ends the tag.
    if (asked.c.env?.needsNoTag !== true) {
      const { tag, isKnown } = tagForReading(asked, commands, key);
      asked.c.header("ETag", tag);
      if (isKnown) return asked.c.body(null, 304);
    }
    const ttlMs = commands.integer("PTTL", key);
    const facts = {
      key: jsonBytes(key),
      db,
      type,
      encoding: commands.text("OBJECT", "ENCODING", key),
      ttlMs: ttlMs < 0 ? null : jsonInteger(ttlMs),
      memoryBytes: jsonInteger(commands.integer("MEMORY", "USAGE", key)),
    };
    const page = await valuePage(commands, asked.slices(), type, key, asked.query);
    return asked.c.json({ ...facts, ...page });
  },
});

/** The key that a path `/api/v1/keys/:key…` names. */
export function keyOf(asked: Asked): Uint8Array {
  return bytesOfSegment(asked.segment(3));
}
