/**
 * Serves the pages. They stand outside the gate of the routes, because a browser can't send a token with
 * a link that is followed: who is not known gets the form to sign in, and nothing of the data. All
 * script and style comes from this server, in files, which the policy of each page says.
 */

import type { Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { Problem } from "../problem.ts";
import type { AdminContext, AdminEnv, AdminParts } from "../route.ts";
import { assetResponse } from "./assets.ts";
import { browsePage } from "./browse.tsx";
import { clientsPage } from "./clients.tsx";
import { configPage } from "./config.tsx";
import { consolePage } from "./console.tsx";
import { Layout, SignIn } from "./layout.tsx";
import { livePage } from "./live.tsx";
import { overviewPage } from "./overview.tsx";
import { PageAsked } from "./page.ts";
import type { Page } from "./page.ts";
import { Empty } from "./pieces.tsx";
import { replicationPage } from "./replication.tsx";
import { slowPage } from "./slow.tsx";
import { streamsPage } from "./streams.tsx";

/** In the order of the navigation. */
export const PAGES: readonly Page[] = [
  overviewPage,
  browsePage,
  consolePage,
  livePage,
  clientsPage,
  slowPage,
  streamsPage,
  replicationPage,
  configPage,
];

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ASSET_PATH = "/assets/:version/:name";

/** Whether a path is answered before it is known who asks. */
export function isPagePath(path: string): boolean {
  return path.startsWith("/assets/") || PAGES.some((page) => page.path === path);
}

/** Adds the pages to the app whose routes they draw from. */
export function servePages(app: Hono<AdminEnv>, parts: AdminParts): void {
  app.get(ASSET_PATH, async (c, next) => {
    const response = assetResponse(c.req.param("version"), c.req.param("name"));
    if (response === null) return await next();
    return response;
  });
  for (const page of PAGES) {
    app.get(page.path, async (c) => await answerPage(page, c, parts, app));
  }
}

async function answerPage(
  page: Page,
  c: AdminContext,
  parts: AdminParts,
  app: Hono<AdminEnv>,
): Promise<Response> {
  c.header("Content-Security-Policy", POLICY);
  if (!c.get("hasAccess")) return await send(c, parts, { page: SIGN_IN, status: 401 }, <SignIn />);
  try {
    const child = await page.render(
      new PageAsked(c, parts, (path) => fetchApi(app, c, path, parts)),
    );
    return await send(c, parts, { page, status: 200 }, child);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const shown = { page: { ...page, name: "problem" }, status: error.status };
    return await send(c, parts, shown, <ProblemShown problem={error} />);
  }
}

const SIGN_IN = { path: "", title: "Sign in", name: "sign-in" };

interface Shown {
  readonly page: Pick<Page, "path" | "title" | "name">;
  readonly status: number;
}

async function send(
  c: AdminContext,
  parts: AdminParts,
  { page, status }: Shown,
  child: Child,
): Promise<Response> {
  const { config } = parts.engine.context;
  const layout = (
    <Layout
      title={page.title}
      name={page.name}
      path={page.path}
      entries={PAGES}
      writes={parts.writes}
      server={page === SIGN_IN ? null : `port ${config.get("port")}`}
    >
      {child}
    </Layout>
  );
  const text = `<!doctype html>${await layout.toString()}`;
  return c.html(text, { status: status as 200 });
}

/** Asks a route as the reader would, on the same connection. */
function fetchApi(
  app: Hono<AdminEnv>,
  c: Context<AdminEnv>,
  path: string,
  { writes }: AdminParts,
): Response | Promise<Response> {
  const headers = new Headers();
  for (const name of ["authorization", "host"]) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return app.fetch(new Request(`http://localhost${path}`, { headers }), {
    ...c.env,
    needsNoTag: !writes,
  });
}

function ProblemShown({ problem }: { problem: Problem }) {
  return (
    <div role="alert">
      <Empty title={problem.message}>
        <p>
          {problem.status === 503
            ? "The server does not answer this now. Try again in a moment."
            : "This can't be shown."}
        </p>
        <p>
          <a href="">Try again</a> · <a href="/">Overview</a>
        </p>
      </Empty>
    </div>
  );
}
