/**
 * What a page is, and what it knows of the request that it answers. A page draws its data from the
 * routes under `/api/v1`, asked within the process with the reader's own credentials: so pages and
 * script show the same, and what the routes refuse no page can show.
 */

import type { Child } from "hono/jsx";
import { Commands } from "../engine_access.ts";
import { Problem } from "../problem.ts";
import type { AdminContext, AdminParts } from "../route.ts";
import { address } from "./format.ts";

export interface Page {
  readonly path: string;
  /** Stands in the navigation and in the window's title. */
  readonly title: string;
  /** The part of the script that serves it (assets/app.js). */
  readonly name: string;
  /** @throws {Problem} which is shown in the place of the page. */
  render(asked: PageAsked): Child | Promise<Child>;
}

export type FetchApi = (path: string) => Response | Promise<Response>;

export class PageAsked {
  constructor(
    readonly c: AdminContext,
    readonly parts: AdminParts,
    private readonly fetchApi: FetchApi,
  ) {}

  /** Whether the reader may change something. */
  get writes(): boolean {
    return this.parts.writes;
  }

  /** A query parameter of the page; empty ones, as forms send them, count as none. */
  query(name: string): string | undefined {
    const value = this.c.req.query(name);
    return value === "" ? undefined : value;
  }

  /** The database that the page is about. */
  get db(): number {
    const text = this.query("db") ?? "0";
    if (!/^\d{1,9}$/.test(text)) throw new Problem(400, "ERR invalid DB index");
    if (Number(text) < this.parts.engine.context.store.databases.length) return Number(text);
    throw new Problem(400, "ERR DB index is out of range");
  }

  /** A reply of the routes; each page names the type that the route it asks has. */
  async api<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<T> {
    return (await this.tagged<T>(path, query)).body;
  }

  /** The same with the tag that the route gave. */
  async tagged<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<{ readonly body: T; readonly tag: string | null }> {
    const response = await this.fetchApi(address(path, query));
    const body = await response.json();
    if (response.ok) return { body: body as T, tag: response.headers.get("etag") };
    throw new Problem(response.status, String(body.detail ?? body.title ?? "no reply"));
  }

  /** For what no route has. To be closed. */
  commands(): Commands {
    return new Commands(this.parts.engine, this.c.get("identity"), { database: this.db });
  }
}
