/**
 * The admin side as a Hono app over an engine. It knows no socket: server.ts serves it, and tests
 * call `app.request()`.
 *
 * Everything goes through the same gates in the same order: the Host header (against DNS
 * rebinding), pages of other sites, the token or password; then the route, and there whether
 * writing is on and what the body is. There are no cookies and no CORS headers, so a page of
 * another site can neither read a reply nor act for a user.
 */

import { Hono } from "hono";
import type { Pace } from "../lib/host/pace.ts";
import { SystemPace } from "../lib/host/pace.ts";
import { requireAccess } from "./access.ts";
import { requireKnownHost } from "./allowed_hosts.ts";
import { readJson } from "./body.ts";
import type { AdminEngine } from "./engine_access.ts";
import type { EventStream } from "./event_stream.ts";
import { KeyTags } from "./key_tags.ts";
import { openApi } from "./openapi.ts";
import { refuseForeignPages, requireContentType } from "./own_pages_only.ts";
import { isPagePath, servePages } from "./pages/serve.tsx";
import { Problem, problemResponse } from "./problem.ts";
import type { AdminContext, AdminEnv, AdminParts, Route } from "./route.ts";
import { route } from "./route.ts";
import { ROUTES } from "./routes/all.ts";
import { answerRest, isRest, restRefusal } from "./rest.ts";
import { StreamRegister } from "./stream_register.ts";
import { REDINO_VERSION } from "../lib/config/version.ts";

export interface AppOptions {
  /** Without it only this machine is answered, or whoever knows the password. */
  readonly token?: string | null;
  /** Whether routes that change something are answered. */
  readonly writes?: boolean;
  readonly pace?: Pace;
  readonly streams?: StreamRegister<EventStream>;
}

/** Nothing is loaded by what is served as data; a page sets its own policy. */
const DATA_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The admin side of an engine. */
export function createAdminApp(engine: AdminEngine, options: AppOptions = {}): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  const parts: AdminParts = {
    engine,
    writes: options.writes ?? false,
    pace: options.pace ?? new SystemPace(),
    streams: options.streams ?? new StreamRegister(),
    keyTags: new KeyTags(engine.context),
  };
  const routes = [...ROUTES, listRoute(ROUTES), contractRoute(ROUTES)];
  app.use(async (c, next) => {
    await next();
    // As for any client: what is not on disk yet is not told, where the configuration says so.
    await engine.settled();
    setHeaders(c);
  });
  app.use(requireKnownHost(engine));
  app.use(refuseForeignPages());
  const open = new Set(routes.filter((known) => known.open).map((known) => known.path));
  const isOpen = (path: string): boolean => open.has(path) || isPagePath(path);
  app.use(requireAccess(engine, options.token ?? null, isOpen));
  for (const known of routes) {
    app.on(known.method, known.path, async (c) => await answer(known, c, parts));
  }
  for (const path of new Set(routes.map((known) => known.path))) refuseOthers(app, path, routes);
  servePages(app, parts);
  app.all("*", async (c) => await answerRest(c, parts) ?? nothingHere(c));
  app.onError((error, c) => {
    if (error instanceof Problem) {
      return isRest(c, parts) ? restRefusal(error) : problemResponse(error);
    }
    const detail = error.stack ?? error.message;
    engine.context.host.log.warning(`Admin request failed: ${detail}`);
    return problemResponse(new Problem(500, "internal error, see the server's log"));
  });
  return app;
}

async function answer(known: Route, c: AdminContext, parts: AdminParts): Promise<Response> {
  if (known.writes && !parts.writes) {
    throw new Problem(403, "this server's admin side only reads: start it with --admin-write yes");
  }
  if (known.rawBody !== null) requireContentType(c, known.rawBody);
  else if (known.method !== "GET") requireContentType(c, "application/json");
  const body = known.bodySchema === null ? undefined : await readJson(c);
  const response = await known.respond(c, parts, body);
  // The body of a reply to HEAD is never read: what makes it must not go on waiting for that.
  if (c.req.method === "HEAD") await response.body?.cancel();
  return response;
}

/** Where a path is known and the method is not. HEAD is answered as GET, without the body. */
function refuseOthers(app: Hono<AdminEnv>, path: string, routes: readonly Route[]): void {
  const methods = routes.filter((known) => known.path === path).map((known) => known.method);
  const allowed = methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
  app.all(path, (c) => {
    throw new Problem(405, `${c.req.method} is not allowed here`, { Allow: allowed.join(", ") });
  });
}

function nothingHere(c: AdminContext): Response {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    throw new Problem(405, `${c.req.method} is not allowed here`, { Allow: "GET, HEAD" });
  }
  throw new Problem(404, `there is no page ${c.req.path}`);
}

function setHeaders(c: AdminContext): void {
  const { headers } = c.res;
  if (!headers.has("Content-Security-Policy")) {
    headers.set("Content-Security-Policy", DATA_POLICY);
  }
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  // What is shown may be secret, and is old a moment later.
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
}

function listRoute(routes: readonly Route[]): Route {
  return route({
    path: "/api/v1",
    summary: "Lists the routes, and says whether writing is on.",
    handle: ({ c, parts }) =>
      c.json({
        name: "redino",
        version: REDINO_VERSION,
        writes: parts.writes,
        routes: routes.map(({ method, path, summary, writes }) => ({
          method,
          path,
          summary,
          writes,
        })),
      }),
  });
}

function contractRoute(routes: readonly Route[]): Route {
  return route({
    path: "/openapi.json",
    summary: "Describes the routes as OpenAPI 3.1.",
    handle: ({ c }) => c.json(openApi(routes)),
  });
}
