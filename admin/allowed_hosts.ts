/**
 * Which Host headers are answered. A site may point its own name at 127.0.0.1 and so make a browser
 * send us requests as if to that site (DNS rebinding); but the browser then names the site in Host.
 * So the names of this machine's loopback are answered, the address the server is bound to, and the
 * address that the connection came in at. The port is left open, because tunnels change it.
 */

import type { MiddlewareHandler } from "hono";
import type { AdminEngine } from "./engine_access.ts";
import { Problem } from "./problem.ts";
import type { AdminEnv } from "./route.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];
const WILDCARDS = ["", "0.0.0.0", "::", "*"];

export function requireKnownHost(engine: AdminEngine): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const name = hostName(c.req.header("host") ?? "");
    const bound = engine.context.config.get("admin-bind").toLowerCase();
    const known = name !== null && (
      LOOPBACK_NAMES.includes(name) ||
      (name === bound && !WILDCARDS.includes(bound)) ||
      name === plainAddress(c.env?.localAddress)
    );
    if (!known) throw new Problem(421, "the Host header names no address of this server");
    await next();
  };
}

/** Whether a client's address is on this machine; one that is not known is (there is no socket). */
export function isLoopback(address: string | undefined): boolean {
  const plain = plainAddress(address);
  return plain === undefined || plain === "::1" || /^127\.\d+\.\d+\.\d+$/.test(plain);
}

/** The name in a Host header, in lower case, without its port; null if it is malformed. */
function hostName(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\],]+))(?::\d{1,5})?$/i.exec(header);
  return match === null ? null : (match[1] ?? match[2]).toLowerCase();
}

/** Without the prefix that an IPv4 address has on a socket for both versions. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
}
