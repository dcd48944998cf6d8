/**
 * Pages of other sites, opened in a browser on this machine, can make it send requests here. They
 * can't read the replies, since there are no CORS headers; what is left is refused here:
 *
 * - a request that the browser itself calls a foreign one (Sec-Fetch-Site), unless a person follows
 *   a link to a page;
 * - a request that may change something and names another Origin than the Host, or whose body
 *   is not JSON: the types that forms can send need no permission of ours, JSON does.
 */

import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";
import type { AdminContext, AdminEnv } from "./route.ts";

export function refuseForeignPages(): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const site = c.req.header("sec-fetch-site");
    const reads = c.req.method === "GET" || c.req.method === "HEAD";
    const follows = reads && c.req.header("sec-fetch-mode") === "navigate";
    if (site !== undefined && site !== "same-origin" && site !== "none" && !follows) {
      throw new Problem(403, "requests from pages of other sites are refused");
    }
    if (!reads) requireOwnOrigin(c);
    await next();
  };
}

function requireOwnOrigin(c: AdminContext): void {
  const origin = c.req.header("origin");
  if (origin === undefined) return;
  const host = (c.req.header("host") ?? "").toLowerCase();
  const own = [`http://${host}`, `https://${host}`];
  if (!own.includes(origin.toLowerCase())) {
    throw new Problem(403, "the Origin header names another site");
  }
}

/** @throws 415 where the body of a request is declared as anything else. */
export function requireContentType(c: AdminContext, type: string): void {
  const given = (c.req.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (given !== type) throw new Problem(415, `Content-Type must be ${type}`);
}
