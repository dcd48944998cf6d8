/**
 * Commands by REST, in the form that Upstash's clients use (https://upstash.com/docs/redis/features/restapi):
 * `POST /` with `["SET","k","v"]`, `/pipeline` and `/multi-exec` with an array of those, and
 * `GET /set/k/v`. A token or password is always asked for, since a GET may write here. The reply is
 * `{"result": …}` or `{"error": …}`; with `Upstash-Encoding: base64` strings are base64 but for OK.
 */

import { latin1, utf8 } from "../lib/bytes/byte_string.ts";
import type { Reply } from "../lib/resp/reply_decoder.ts";
import { readJson } from "./body.ts";
import { Commands } from "./engine_access.ts";
import { bytesOfSegment } from "./json_values.ts";
import { requireContentType } from "./own_pages_only.ts";
import { requireAllowed } from "./policy.ts";
import { Problem } from "./problem.ts";
import type { PlainReply, StringWriter } from "./reply_json.ts";
import { plainReply } from "./reply_json.ts";
import type { AdminContext, AdminParts } from "./route.ts";
import { arrayShape, shape } from "./shape.ts";

/** Commands of one pipeline. */
const MAX_COMMANDS = 1000;
const MAX_ARGUMENTS = 100_000;

/** Clients send numbers and booleans as they are. */
const argumentShape = shape({}, (value, at) => {
  if (typeof value === "string") return utf8(value);
  if (typeof value === "number" || typeof value === "boolean") return utf8(String(value));
  throw new Problem(400, `ERR ${at} must be a string or a number`);
});
const commandShape = arrayShape(argumentShape, { min: 1, max: MAX_ARGUMENTS });
const pipelineShape = arrayShape(commandShape, { min: 1, max: MAX_COMMANDS });

type Result = { readonly result: PlainReply } | { readonly error: string };

/** The reply to a REST request; null for what is none. */
export async function answerRest(c: AdminContext, parts: AdminParts): Promise<Response | null> {
  if (!isRest(c, parts)) return null;
  requireCredentials(c);
  if (c.req.method === "POST") requireContentType(c, "application/json");
  return c.json(await resultOf(c, parts, namesJson(c)));
}

/** Whether a request is one of these, so that a refusal is in their form as well. */
export function isRest(c: AdminContext, parts: AdminParts): boolean {
  const { method } = c.req;
  if (method !== "GET" && method !== "POST") return false;
  return namesJson(c) || commandOfPath(c, parts) !== null;
}

export function restRefusal({ message, status, headers }: Problem): Response {
  return Response.json({ error: message }, { status, headers });
}

/** Whether the commands are in the body. */
function namesJson(c: AdminContext): boolean {
  return c.req.method === "POST" && ["/", "/pipeline", "/multi-exec"].includes(c.req.path);
}

/** A Basic password comes by itself with each request of a browser, so it is not enough here. */
function requireCredentials(c: AdminContext): void {
  const isBearer = /^bearer /i.test(c.req.header("authorization") ?? "");
  if (isBearer && c.get("hasToken")) return;
  throw new Problem(401, "Unauthorized: send the admin token (--admin-token) as a bearer token");
}

async function resultOf(
  c: AdminContext,
  parts: AdminParts,
  isJson: boolean,
): Promise<Result | readonly Result[]> {
  using commands = new Commands(parts.engine, c.get("identity"), { shown: true, protocol: 2 });
  commands.session.noTouch = false;
  const rest = new Rest(commands, parts, c.req.header("upstash-encoding") === "base64");
  if (!isJson) {
    const args = commandOfPath(c, parts) ?? [];
    // What is posted is one more argument, taken as it was sent.
    const posted = c.req.method === "POST" ? [utf8(JSON.stringify(await readJson(c)))] : [];
    return rest.run([...args, ...posted]);
  }
  const body = await readJson(c);
  if (c.req.path === "/") return rest.run(commandShape.read(body, "body"));
  const pipeline = pipelineShape.read(body, "body");
  if (c.req.path === "/pipeline") return await rest.pipeline(pipeline);
  return rest.transaction(pipeline);
}

class Rest {
  private readonly string: StringWriter;
  private readonly status: (text: string) => string;

  constructor(
    private readonly commands: Commands,
    private readonly parts: AdminParts,
    base64: boolean,
  ) {
    const decoder = new TextDecoder();
    this.string = base64 ? (bytes) => bytes.toBase64() : (bytes) => decoder.decode(bytes);
    this.status = base64 ? (text) => text === "OK" ? text : btoa(text) : (text) => text;
  }

  /** One command; an error of it is a refusal of the request. */
  run(args: readonly Uint8Array[]): Result {
    requireAllowed(this.parts.engine, args, this.parts.writes);
    const reply = this.replyTo(args);
    if (reply.kind === "error") throw new Problem(400, reply.text);
    return { result: plainReply(reply, this.string, this.status) };
  }

  /** Each command by itself: others may run between. */
  async pipeline(pipeline: readonly (readonly Uint8Array[])[]): Promise<readonly Result[]> {
    const results: Result[] = [];
    for (const args of pipeline) {
      results.push(this.attempt(args));
      if (results.length % PAUSE_EVERY === 0) await this.parts.pace.rest(true);
    }
    return results;
  }

  /** All together, or none when one of them is not accepted. */
  transaction(pipeline: readonly (readonly Uint8Array[])[]): readonly Result[] {
    for (const args of pipeline) requireAllowed(this.parts.engine, args, this.parts.writes);
    this.replyTo([utf8("MULTI")]);
    for (const args of pipeline) this.replyTo(args);
    const reply = this.replyTo([utf8("EXEC")]);
    if (reply.kind === "error") throw new Problem(400, reply.text);
    const items = reply.kind === "array" ? reply.items ?? [] : [];
    return items.map((item) => this.resultOf(item));
  }

  private attempt(args: readonly Uint8Array[]): Result {
    try {
      requireAllowed(this.parts.engine, args, this.parts.writes);
    } catch (error) {
      if (error instanceof Problem) return { error: error.message };
      throw error;
    }
    return this.resultOf(this.replyTo(args));
  }

  private resultOf(reply: Reply): Result {
    if (reply.kind === "error") return { error: reply.text };
    return { result: plainReply(reply, this.string, this.status) };
  }

  private replyTo(args: readonly Uint8Array[]): Reply {
    const reply = this.commands.attempt(args);
    if (reply !== undefined) return reply;
    throw new Problem(503, "ERR the command waits: clients are paused", { "Retry-After": "1" });
  }
}

/** Commands of a pipeline that run before others have their turn. */
const PAUSE_EVERY = 50;

/**
 * The command in a path such as `/set/key/value?EX=100`, whose segments and query parameters are its
 * arguments; null when its first segment names no command.
 */
function commandOfPath(c: AdminContext, parts: AdminParts): Uint8Array[] | null {
  const { pathname, searchParams } = new URL(c.req.url);
  const segments = pathname.slice(1).split("/");
  let args: Uint8Array[];
  try {
    args = segments.map(bytesOfSegment);
  } catch {
    return null;
  }
  if (parts.engine.context.commands.byName(latin1(args[0])) === undefined) return null;
  for (const [name, value] of searchParams) {
    args.push(utf8(name));
    if (value !== "") args.push(utf8(value));
  }
  return args;
}
