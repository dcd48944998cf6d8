/** The contract of the routes as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). */

import { REDINO_VERSION } from "../lib/config/version.ts";
import type { Route } from "./route.ts";
import type { Parameter } from "./query.ts";
import type { JsonSchema } from "./shape.ts";

const PROBLEM: JsonSchema = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
  },
  required: ["type", "title", "status", "detail"],
};

const PROBLEM_CONTENT: JsonSchema = {
  content: {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  },
};

export function openApi(routes: readonly Route[]): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const known of routes) {
    const path = known.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[known.method.toLowerCase()] = operation(known);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Redino's admin side",
      version: REDINO_VERSION,
      description: "Keys and values are `{utf8}` where they are text and `{base64}` otherwise; " +
        "integers past 2^53 are strings.",
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic" },
      },
    },
    security: [{ bearer: [] }, { basic: [] }, {}],
  };
}

function operation(known: Route): JsonSchema {
  const inPath = [...known.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    description: name === "key"
      ? "Percent-encoded bytes, or `b64:` and base64url."
      : "As the listings show it.",
  }));
  const inQuery = Object.entries(known.query).map((
    [name, { schema, description, required }]: [string, Parameter<unknown>],
  ) => ({ name, in: "query", required, schema, description }));
  const inHeaders = Object.entries(known.headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    schema: { type: "string" },
    description,
  }));
  return {
    summary: known.summary,
    parameters: [...inPath, ...inQuery, ...inHeaders],
    ...(known.bodySchema === null ? {} : {
      requestBody: {
        required: true,
        content: { "application/json": { schema: known.bodySchema } },
      },
    }),
    ...(known.rawBody === null ? {} : {
      requestBody: { required: true, content: { [known.rawBody]: {} } },
    }),
    ...(known.open ? { security: [{}] } : {}),
    responses: {
      200: {
        description: "What was asked for.",
        ...replyHeaders(known),
        content: Object.fromEntries(known.produces.map((type) => [type, {}])),
      },
      ...furtherReplies(known),
      default: { description: "Why it was refused.", ...PROBLEM_CONTENT },
    },
  };
}

function replyHeaders({ replyHeaders }: Route): JsonSchema {
  const described = Object.entries(replyHeaders).map(([name, description]) => [
    name,
    { description, schema: { type: "string" } },
  ]);
  return described.length === 0 ? {} : { headers: Object.fromEntries(described) };
}

/** Those from 400 on are refusals, as the default is. */
function furtherReplies({ statuses }: Route): JsonSchema {
  return Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [
      status,
      { description, ...(Number(status) < 400 ? {} : PROBLEM_CONTENT) },
    ]),
  );
}
