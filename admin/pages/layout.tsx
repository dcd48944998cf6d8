/** What every page has around it: the head, the navigation, the place for notices. */

import type { Child } from "hono/jsx";
import { REDINO_VERSION } from "../../lib/config/version.ts";
import { assetPath } from "./assets.ts";

/** A page of the navigation. */
export interface Entry {
  readonly path: string;
  readonly title: string;
}

export interface LayoutProps {
  readonly title: string;
  readonly name: string;
  readonly path: string;
  readonly entries: readonly Entry[];
  readonly writes: boolean;
  /** `127.0.0.1:6379`: where clients connect to. Null before the reader has signed in. */
  readonly server: string | null;
  readonly children: Child;
}

export function Layout(props: LayoutProps) {
  const { title, name, server, writes, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Redino`}</title>
        <link rel="icon" type="image/svg+xml" href={assetPath("icon.svg")} />
        <link rel="stylesheet" href={assetPath("base.css")} />
        <link rel="stylesheet" href={assetPath("parts.css")} />
        <link rel="stylesheet" href={assetPath("pages.css")} />
        <link rel="stylesheet" href={assetPath("views.css")} />
        <script src={assetPath("theme.js")}></script>
        <script type="module" src={assetPath("app.js")}></script>
      </head>
      <body data-page={name} data-writes={writes ? "yes" : "no"}>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="/">
            <img src={assetPath("icon.svg")} alt="" width="24" height="24" />
            <strong>Redino</strong>
            <span class="version">{REDINO_VERSION}</span>
          </a>
          {server === null ? null : <code class="server">{server}</code>}
          <span class="grow"></span>
          {server === null ? null : <Mode writes={writes} />}
          <button type="button" class="quiet needs-script" id="theme" aria-label="Change colours">
            <span class="half" aria-hidden="true"></span>
          </button>
        </header>
        {server === null ? null : <Navigation path={props.path} entries={props.entries} />}
        <main id="main" tabindex={-1}>
          <h1>{title}</h1>
          {children}
        </main>
        <div id="notices" role="status" aria-live="polite"></div>
      </body>
    </html>
  );
}

function Mode({ writes }: { writes: boolean }) {
  return writes
    ? <span class="mode writes" title="These pages may change data.">Writing is on</span>
    : (
      <span class="mode" title="Start the server with --admin-write yes to change data here.">
        Read-only
      </span>
    );
}

function Navigation({ path, entries }: { path: string; entries: readonly Entry[] }) {
  const item = (entry: Entry) => (
    <li>
      <a href={entry.path} aria-current={entry.path === path ? "page" : undefined}>
        {entry.title}
      </a>
    </li>
  );
  return (
    <nav aria-label="Pages">
      <ul>{entries.map(item)}</ul>
    </nav>
  );
}

/** For readers whose token or password is not known yet; the script shows the page after it. */
export function SignIn() {
  return (
    <form id="sign-in" class="card narrow">
      <p>This server asks for its admin token, or for its password.</p>
      <label for="token">Token or password</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        autofocus
      />
      <p class="error" role="alert" id="sign-in-error"></p>
      <button type="submit" class="primary">Sign in</button>
      <p class="hint">
        It is kept in this tab until you close it. The token is what the server was started with:
        {" "}
        <code>--admin-token</code>, <code>--admin-token-file</code> or{" "}
        <code>REDINO_ADMIN_TOKEN</code>.
      </p>
      <noscript>
        <p class="hint">
          Signing in here takes JavaScript. Without it, send the token as a bearer token or as the
          password of HTTP Basic.
        </p>
      </noscript>
    </form>
  );
}
