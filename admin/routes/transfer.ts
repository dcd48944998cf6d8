/** `GET /api/v1/export`, `POST /api/v1/import` and `/import/commands`: keys out and in. */

import { Problem } from "../problem.ts";
import { database, manyBytes, word } from "../query.ts";
import type { AdminContext, Asked } from "../route.ts";
import { route } from "../route.ts";
import { FILTER_PARAMETERS } from "../scan.ts";
import { streamedHeaders } from "../send_body.ts";
import { exportKeys } from "../transfer/export.ts";
import type { Format } from "../transfer/export.ts";
import { importCommands, importJson } from "../transfer/import.ts";

const JSON_LINES = "application/x-ndjson";
/** Keys that are named one by one; their names have to fit into an address. */
const MAX_NAMED = 1000;
/** Nothing that a form can send, so that pages of other sites can't (own_pages_only.ts). */
const COMMANDS = "application/x-redis-commands";

const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: JSON_LINES,
  commands: "text/plain; charset=utf-8",
  resp: "application/octet-stream",
};

export const exportRoute = route({
  path: "/api/v1/export",
  summary: "Gives out keys with their values and times to live, sorted, so that exports can be " +
    "compared.",
  produces: Object.values(MEDIA_TYPES),
  query: {
    db: database,
    ...FILTER_PARAMETERS,
    key: manyBytes("Only this key, without a walk over all of them.", MAX_NAMED),
    format: word(
      ["json", "commands", "resp"],
      "json",
      "Lines of JSON, lines for redis-cli, or RESP for redis-cli --pipe.",
    ),
    order: word(
      ["key", "scan"],
      "key",
      "By the bytes of keys, or as a walk finds them, which needs no memory for their names.",
    ),
  },
  handle(asked) {
    const { db, format, key, match, type } = asked.query;
    if (key.length > 0 && (match !== undefined || type !== undefined)) {
      throw new Problem(400, "match and type choose among all keys: give them, or key");
    }
    const commands = asked.commands({ database: db });
    const reader = { engine: asked.engine, commands, slices: asked.slices() };
    const pieces = exportKeys(reader, { ...asked.query, names: key });
    const { log } = asked.engine.context.host;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await pieces.next();
          if (!done) return controller.enqueue(value);
          commands.close();
          controller.close();
        } catch (error) {
          commands.close();
          log.warning(`Export failed: ${error instanceof Error ? error.message : error}`);
          // Cut off, and not ended, so that nobody takes a part for the whole.
          controller.error(error);
        }
      },
      cancel() {
        commands.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, {
      headers: {
        ...streamedHeaders(MEDIA_TYPES[format]),
        "Content-Disposition": `attachment; filename="db${db}.${EXTENSIONS[format]}"`,
      },
    });
  },
});

const EXTENSIONS: Readonly<Record<Format, string>> = {
  json: "ndjson",
  commands: "txt",
  resp: "resp",
};

export const importRoute = route({
  method: "POST",
  path: "/api/v1/import",
  summary: "Takes in lines of JSON as export gives them out.",
  writes: true,
  rawBody: JSON_LINES,
  query: {
    db: database,
    existing: word(["replace", "skip", "fail"], "replace", "What is done about keys that exist."),
  },
  async handle(asked) {
    const { db, existing } = asked.query;
    using commands = asked.commands({ database: db, shown: true });
    const importer = { engine: asked.engine, commands, slices: asked.slices() };
    return asked.c.json(await importJson(importer, bodyOf(asked.c), existing));
  },
});

export const importCommandsRoute = route({
  method: "POST",
  path: "/api/v1/import/commands",
  summary: "Runs commands that write: lines as for redis-cli, or RESP.",
  writes: true,
  rawBody: COMMANDS,
  query: { db: database },
  async handle(asked: Asked<{ readonly db: number }>) {
    using commands = asked.commands({ database: asked.query.db, shown: true });
    const importer = { engine: asked.engine, commands, slices: asked.slices() };
    return asked.c.json(await importCommands(importer, bodyOf(asked.c)));
  },
});

/** The body in the pieces that it comes in; each gives the next one its time. */
async function* bodyOf(c: AdminContext): AsyncGenerator<Uint8Array> {
  const { body } = c.req.raw;
  if (body === null) throw new Problem(400, "the body is missing");
  for await (const chunk of body) {
    c.env?.extendDeadline?.();
    yield chunk;
  }
}
