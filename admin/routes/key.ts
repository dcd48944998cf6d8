/**
 * `GET /keys/:key`: one key and its value. A big value comes in parts: `valueRange` says which part
 * this is, and `offset` asks for the next, so that no request moves more than a megabyte.
 */

import { errors } from "../../lib/engine/errors.ts";
import { withCommands } from "../engine_access.ts";
import type { Commands } from "../engine_access.ts";
import type { JsonBytes } from "../json_values.ts";
import { bytesOfSegment, jsonBytes, jsonInteger, wholeCharacters } from "../json_values.ts";
import { databaseParameter, integerParameter } from "../parameters.ts";
import { Problem } from "../problem.ts";
import type { Route } from "../route.ts";

const DEFAULT_BYTES = 64 * 1024;
const MAX_BYTES = 1024 * 1024;

/** The part of a value to show. */
interface Part {
  readonly offset: number;
  readonly limit: number;
}

export interface ShownValue {
  readonly value: JsonBytes;
  /** What of the value is shown, from `start` until before `end`, of `total`; in bytes. */
  readonly valueRange: { readonly start: number; readonly end: number; readonly total: number };
  /** Whether something of the value is not shown. */
  readonly truncated: boolean;
}

type ValueReader = (commands: Commands, key: Uint8Array, part: Part) => ShownValue;

/** How to show a value, by what TYPE says. */
const READERS: ReadonlyMap<string, ValueReader> = new Map([["string", readString]]);

export const keyRoute: Route = {
  path: "/keys/:key",
  summary: "Shows a key and its value; the key percent-encoded, or b64: and its bytes as base64.",
  parameters: {
    db: "number of the database, 0 by default",
    offset: "where in the value to begin, in bytes, 0 by default",
    limit: `bytes of the value to show, ${DEFAULT_BYTES} by default, at most ${MAX_BYTES}`,
  },
  handle(c, engine) {
    const database = databaseParameter(c);
    const part = {
      offset: integerParameter(c, "offset", { initial: 0, min: 0, max: 2 ** 40 }),
      limit: integerParameter(c, "limit", { initial: DEFAULT_BYTES, min: 1, max: MAX_BYTES }),
    };
    // Hono decodes parameters as UTF-8, which a key need not be.
    const key = bytesOfSegment(new URL(c.req.url).pathname.slice("/keys/".length));
    const body = withCommands(engine, database, (commands) => {
      const type = commands.text("TYPE", key);
      if (type === null || type === "none") throw new Problem(404, errors.NO_SUCH_KEY.text);
      const ttlMs = commands.integer("PTTL", key);
      return {
        key: jsonBytes(key),
        db: database,
        type,
        encoding: commands.text("OBJECT", "ENCODING", key),
        ttlMs: ttlMs < 0 ? null : jsonInteger(ttlMs),
        ...READERS.get(type)?.(commands, key, part),
      };
    });
    return c.json(body);
  },
};

function readString(commands: Commands, key: Uint8Array, part: Part): ShownValue {
  const total = Number(commands.integer("STRLEN", key));
  const start = Math.min(part.offset, total);
  let end = Math.min(start + part.limit, total);
  // GETRANGE takes the last byte's position, and reads a negative one from the end.
  const shown = start === end
    ? new Uint8Array(0)
    : commands.bytes("GETRANGE", key, String(start), String(end - 1)) ?? new Uint8Array(0);
  if (end < total) end = start + wholeCharacters(shown);
  return {
    value: jsonBytes(shown.subarray(0, end - start)),
    valueRange: { start, end, total },
    truncated: start > 0 || end < total,
  };
}
