/**
 * The admin side as a Hono app over an engine. It knows no socket: server.ts serves it, and tests
 * call `app.request()`.
 *
 * Everything goes through the same gates in the same order: the Host header (against DNS
 * rebinding), the method, the password; then the route. There are no cookies and no CORS headers, so
 * a page of another site can neither read a reply nor act for a user. For now all routes only read.
 */

import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { requireAccess } from "./access.ts";
import { requireKnownHost } from "./allowed_hosts.ts";
import type { AdminEngine } from "./engine_access.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { AdminEnv, Route } from "./route.ts";
import { healthRoute } from "./routes/health.ts";
import { infoRoute } from "./routes/info.ts";
import { keyRoute } from "./routes/key.ts";
import { keysRoute } from "./routes/keys.ts";
import { routeList } from "./routes/route_list.ts";

/** Every page, in the order in which `/` lists them. A new page is one more line. */
const PAGES: readonly Route[] = [healthRoute, infoRoute, keysRoute, keyRoute];

/** The admin side of an engine. */
export function createAdminApp(engine: AdminEngine): Hono<AdminEnv> {
  const app = new Hono<AdminEnv>();
  const routes = [routeList(PAGES), ...PAGES];
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    // The server speaks plain HTTP, and whoever puts TLS before it decides about this header.
    strictTransportSecurity: false,
  }));
  app.use(async (c, next) => {
    await next();
    // What is shown may be secret, and is old a moment later.
    c.res.headers.set("Cache-Control", "no-store");
  });
  app.use(requireKnownHost(engine));
  app.use(async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      throw new Problem(
        405,
        `${c.req.method} is not allowed: this server's admin side only reads`,
        {
          Allow: "GET, HEAD",
        },
      );
    }
    await next();
  });
  const open = routes.filter((route) => route.open === true).map((route) => route.path);
  app.use(requireAccess(engine, open));
  for (const route of routes) app.get(route.path, (c) => route.handle(c, engine));
  app.notFound((c) => problemResponse(new Problem(404, `there is no page ${c.req.path}`)));
  app.onError((error) => {
    if (error instanceof Problem) return problemResponse(error);
    const detail = error.stack ?? error.message;
    engine.context.host.log.warning(`Admin request failed: ${detail}`);
    return problemResponse(new Problem(500, "internal error, see the server's log"));
  });
  return app;
}
