/**
 * Who may read: with `requirepass` set, whoever sends that password, as a bearer token (for programs)
 * or by HTTP Basic (for curl and browsers); without it, everybody on this machine, and everybody
 * else only with `protected-mode no`. These are the rules of the port for RESP, and the engine
 * compares the passwords for both.
 */

import type { MiddlewareHandler } from "hono";
import { fromLatin1 } from "../lib/bytes/byte_string.ts";
import type { Authentication } from "../lib/engine/authentication.ts";
import { CommandError } from "../lib/engine/errors.ts";
import { isLoopback } from "./allowed_hosts.ts";
import type { AdminEngine } from "./engine_access.ts";
import { Problem } from "./problem.ts";
import type { AdminEnv } from "./route.ts";

/** Whose password `requirepass` is. */
const DEFAULT_USER = "default";

/** @param open paths that are answered to everybody. */
export function requireAccess(
  engine: AdminEngine,
  open: readonly string[],
): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    if (!open.includes(c.req.path)) {
      const { authentication, config } = engine.context;
      if (authentication.required) {
        requirePassword(authentication, c.req.header("authorization"));
      } else if (config.get("protected-mode") && !isLoopback(c.env?.remoteAddress)) {
        throw new Problem(
          403,
          "protected mode is on and no password is set: only clients on this machine are answered",
        );
      }
    }
    await next();
  };
}

function requirePassword(authentication: Authentication, header: string | undefined): void {
  const given = header === undefined ? null : credentialsIn(header);
  if (given !== null && isRight(authentication, given)) return;
  throw new Problem(401, "NOAUTH Authentication required.", {
    "WWW-Authenticate": 'Bearer realm="redino", Basic realm="redino"',
  });
}

interface Credentials {
  readonly user: string;
  /** A binary string. */
  readonly password: string;
}

function isRight(authentication: Authentication, given: Credentials): boolean {
  try {
    authentication.check(given.user, fromLatin1(given.password));
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** What an Authorization header says; null if that is nothing we know. */
function credentialsIn(header: string): Credentials | null {
  const [, scheme, value] = /^(\w+) +(\S+) *$/.exec(header) ?? [];
  if (scheme?.toLowerCase() === "bearer") return { user: DEFAULT_USER, password: value };
  if (scheme?.toLowerCase() !== "basic") return null;
  let text: string;
  try {
    text = atob(value);
  } catch {
    return null;
  }
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  return { user: text.slice(0, colon) || DEFAULT_USER, password: text.slice(colon + 1) };
}
