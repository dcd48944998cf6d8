/** What a page of the admin side is: where it stands, what it takes, how it answers. */

import type { Context } from "hono";
import type { AdminEngine } from "./engine_access.ts";

/** The connection that a request came on; nothing of it is known where no socket is. */
export interface AdminBindings {
  readonly localAddress?: string;
  readonly remoteAddress?: string;
}

export interface AdminEnv {
  Bindings: AdminBindings;
}

export type AdminContext = Context<AdminEnv>;

/** A page, served to GET and HEAD. */
export interface Route {
  /** As Hono writes paths, e.g. `/keys/:key`. */
  readonly path: string;
  readonly summary: string;
  /** Query parameters and what they mean. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Answered without a password. */
  readonly open?: boolean;
  /** Throws a `Problem` for what the client did wrong. */
  handle(c: AdminContext, engine: AdminEngine): Response;
}
