/**
 * What a route of the admin side is: where it stands, what it takes, how it answers. Routes are
 * data: the app, the list at `/api/v1` and /openapi.json are drawn from the same definitions.
 */

import type { Context } from "hono";
import type { Pace } from "../lib/host/pace.ts";
import type { AdminEngine, CommandsOptions, Identity } from "./engine_access.ts";
import { Commands } from "./engine_access.ts";
import type { KeyTags } from "./key_tags.ts";
import type { Parameter, Parameters, ParameterValues } from "./query.ts";
import { isRepeated } from "./query.ts";
import type { JsonSchema, Shape } from "./shape.ts";
import { Slices } from "./slices.ts";
import type { EventStream } from "./event_stream.ts";
import type { StreamRegister } from "./stream_register.ts";

/** The connection that a request came on; nothing of it is known where no socket is. */
export interface AdminBindings {
  readonly localAddress?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  /** Gives the body of this request time again, for routes that take it in pieces. */
  readonly extendDeadline?: () => void;
  /** A page that only shows the reply: it needs no tag, which would cost writers something. */
  readonly needsNoTag?: boolean;
}

export interface AdminEnv {
  Bindings: AdminBindings;
  Variables: {
    identity: Identity;
    hasToken: boolean;
    /** Whether data is shown: of interest where everybody is answered, as by pages and `/healthz`. */
    hasAccess: boolean;
  };
}

export type AdminContext = Context<AdminEnv>;

/** What the whole admin side shares. */
export interface AdminParts {
  readonly engine: AdminEngine;
  /** Whether `admin-write` is on. */
  readonly writes: boolean;
  readonly pace: Pace;
  readonly streams: StreamRegister<EventStream>;
  readonly keyTags: KeyTags;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One request, as a route's handler sees it. */
export class Asked<Query = unknown, Body = unknown> {
  constructor(
    readonly c: AdminContext,
    readonly parts: AdminParts,
    readonly query: Query,
    readonly body: Body,
  ) {}

  get engine(): AdminEngine {
    return this.parts.engine;
  }

  get identity(): Identity {
    return this.c.get("identity");
  }

  /** A session for this request, to be closed: `using commands = asked.commands()`. */
  commands(options: CommandsOptions = {}): Commands {
    return new Commands(this.engine, this.identity, options);
  }

  slices(): Slices {
    return new Slices(this.engine.context, this.parts.pace);
  }

  /**
   * A segment of the path as it was sent, not decoded: Hono decodes as UTF-8, which a key need not be.
   *
   * @param index counted from 0 behind the first slash.
   */
  segment(index: number): string {
    return new URL(this.c.req.url).pathname.split("/")[index + 1] ?? "";
  }
}

/** Names, and what is to be known of each. */
export type Described = Readonly<Record<string, string>>;

/** How a route is defined; {@linkcode route} makes a {@linkcode Route} of it. */
export interface RouteDefinition<P extends Parameters, B> {
  readonly method?: Method;
  /** As Hono writes paths, e.g. `/api/v1/keys/:key`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: P;
  readonly body?: Shape<B>;
  /** What the reply is, as media types; JSON where nothing is said. */
  readonly produces?: readonly string[];
  /** Request headers that it looks at, and what each is for. */
  readonly headers?: Described;
  /** Headers of the reply, besides those that each has. */
  readonly replyHeaders?: Described;
  /** What it answers besides 200, and when. */
  readonly statuses?: Described;
  /** Answered without a token or password. */
  readonly open?: boolean;
  /** Refused unless `admin-write` is on. */
  readonly writes?: boolean;
  /** The body is not JSON and is read by the handler itself. */
  readonly rawBody?: string;
  /** Throws a `Problem` for what the client did wrong. */
  handle(asked: Asked<ParameterValues<P>, B>): Response | Promise<Response>;
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly query: Parameters;
  readonly bodySchema: JsonSchema | null;
  readonly rawBody: string | null;
  readonly produces: readonly string[];
  readonly headers: Described;
  readonly replyHeaders: Described;
  readonly statuses: Described;
  readonly open: boolean;
  readonly writes: boolean;
  /** @param body the JSON that was sent; undefined where the route takes none. */
  respond(c: AdminContext, parts: AdminParts, body: unknown): Response | Promise<Response>;
}

export function route<P extends Parameters, B = undefined>(
  definition: RouteDefinition<P, B>,
): Route {
  const query: Parameters = definition.query ?? {};
  const names = Object.keys(query);
  const { body } = definition;
  return {
    method: definition.method ?? "GET",
    path: definition.path,
    summary: definition.summary,
    query,
    bodySchema: body?.schema ?? null,
    rawBody: definition.rawBody ?? null,
    produces: definition.produces ?? ["application/json"],
    headers: definition.headers ?? {},
    replyHeaders: definition.replyHeaders ?? {},
    statuses: definition.statuses ?? {},
    open: definition.open ?? false,
    writes: definition.writes ?? false,
    respond(c, parts, given) {
      const values = Object.fromEntries(
        names.map((name) => [name, valueOf(query[name], c, name)]),
      ) as ParameterValues<P>;
      const content = (body === undefined ? undefined : body.read(given, "body")) as B;
      return definition.handle(new Asked(c, parts, values, content));
    },
  };
}

function valueOf(parameter: Parameter<unknown>, c: AdminContext, name: string): unknown {
  return isRepeated(parameter)
    ? parameter.readAll(c.req.queries(name) ?? [], name)
    : parameter.read(c.req.query(name), name);
}
