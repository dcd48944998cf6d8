/**
 * Who is answered. Where an admin token is set, or a password (`requirepass`), every request brings
 * one of the two: as a bearer token (for programs) or as the password of HTTP Basic (for curl and
 * browsers). Where neither is set only this machine is answered, as the server then listens
 * nowhere else. So the admin side is no way around the password, and a token need not be the
 * password that all applications have.
 *
 * The token gives all rights. A password gives the rights of its user, since commands run as that
 * user.
 */

import type { MiddlewareHandler } from "hono";
import { fromLatin1 } from "../lib/bytes/byte_string.ts";
import { sha256 } from "../lib/bytes/sha.ts";
import { CommandError } from "../lib/engine/errors.ts";
import { isLoopback } from "./allowed_hosts.ts";
import type { AdminEngine } from "./engine_access.ts";
import { Problem } from "./problem.ts";
import type { AdminBindings, AdminEnv } from "./route.ts";

/** Whose password `requirepass` is, and whose rights the token has. */
const DEFAULT_USER = "default";

/**
 * @param token null when none is set.
 * @param isOpen whether a path is answered to everybody.
 */
export function requireAccess(
  engine: AdminEngine,
  token: string | null,
  isOpen: (path: string) => boolean,
): MiddlewareHandler<AdminEnv> {
  const keeper = new Keeper(engine, token);
  return async (c, next) => {
    const user = keeper.userOf(c.req.header("authorization"));
    if (user === null && !isOpen(c.req.path)) {
      if (keeper.asks) throw refusal();
      if (!isLoopback(c.env?.remoteAddress)) {
        throw new Problem(403, "no token and no password is set: only this machine is answered");
      }
    }
    c.set("hasToken", user !== null);
    c.set("hasAccess", user !== null || (!keeper.asks && isLoopback(c.env?.remoteAddress)));
    c.set("identity", { user: user ?? DEFAULT_USER, address: addressOf(c.env) });
    await next();
  };
}

/** Compares what is sent with the token and the passwords. */
class Keeper {
  /** Only its digest is kept, and digests are compared, so that nothing can be measured. */
  private readonly digest: string | null;

  constructor(private readonly engine: AdminEngine, token: string | null) {
    this.digest = token === null ? null : sha256(fromLatin1(token));
  }

  get asks(): boolean {
    return this.digest !== null || this.engine.context.authentication.required;
  }

  /** Who sends a header; null for nobody that is known. */
  userOf(header: string | undefined): string | null {
    const given = header === undefined ? null : credentialsIn(header);
    if (given === null) return null;
    if (this.digest !== null && equalDigests(sha256(fromLatin1(given.password)), this.digest)) {
      return DEFAULT_USER;
    }
    const { authentication } = this.engine.context;
    if (!authentication.required) return null;
    try {
      authentication.check(given.user, fromLatin1(given.password));
      return given.user;
    } catch (error) {
      if (error instanceof CommandError) return null;
      throw error;
    }
  }
}

interface Credentials {
  readonly user: string;
  /** A binary string. */
  readonly password: string;
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

/** Compares every character, wherever the first difference is. */
function equalDigests(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function refusal(): Problem {
  return new Problem(401, "NOAUTH Authentication required.", {
    "WWW-Authenticate": 'Bearer realm="redino", Basic realm="redino"',
  });
}

function addressOf(bindings: AdminBindings | undefined): string {
  const address = bindings?.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "") ?? "127.0.0.1";
  const port = bindings?.remotePort ?? 0;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
