/**
 * The style sheets, the script and the picture of the pages. Their texts are part of the program, so that
 * nothing is read while it runs; their paths carry a digest of all of them, so that browsers keep
 * them until the program is another.
 */

import { utf8 } from "../../lib/bytes/byte_string.ts";
import { sha256 } from "../../lib/bytes/sha.ts";
import acts from "./assets/acts.js" with { type: "text" };
import app from "./assets/app.js" with { type: "text" };
import base from "./assets/base.css" with { type: "text" };
import browse from "./assets/browse.js" with { type: "text" };
import charts from "./assets/charts.js" with { type: "text" };
import client from "./assets/client.js" with { type: "text" };
import console from "./assets/console.js" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import live from "./assets/live.js" with { type: "text" };
import overview from "./assets/overview.js" with { type: "text" };
import pages from "./assets/pages.css" with { type: "text" };
import parts from "./assets/parts.css" with { type: "text" };
import replies from "./assets/replies.js" with { type: "text" };
import theme from "./assets/theme.js" with { type: "text" };
import transfer from "./assets/transfer.js" with { type: "text" };
import views from "./assets/views.css" with { type: "text" };
import words from "./assets/words.js" with { type: "text" };

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

interface Asset {
  readonly type: string;
  readonly text: string;
}

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ["acts.js", { type: SCRIPT, text: acts }],
  ["app.js", { type: SCRIPT, text: app }],
  ["browse.js", { type: SCRIPT, text: browse }],
  ["charts.js", { type: SCRIPT, text: charts }],
  ["client.js", { type: SCRIPT, text: client }],
  ["console.js", { type: SCRIPT, text: console }],
  ["live.js", { type: SCRIPT, text: live }],
  ["overview.js", { type: SCRIPT, text: overview }],
  ["replies.js", { type: SCRIPT, text: replies }],
  ["theme.js", { type: SCRIPT, text: theme }],
  ["transfer.js", { type: SCRIPT, text: transfer }],
  ["words.js", { type: SCRIPT, text: words }],
  ["base.css", { type: STYLE, text: base }],
  ["parts.css", { type: STYLE, text: parts }],
  ["pages.css", { type: STYLE, text: pages }],
  ["views.css", { type: STYLE, text: views }],
  ["icon.svg", { type: "image/svg+xml", text: icon }],
]);

const VERSION = digestOf([...ASSETS.values()].map(({ text }) => text).join("\0"));

export function assetPath(name: string): string {
  return `/assets/${VERSION}/${name}`;
}

/** Null for a name that is none of ours. */
export function assetResponse(version: string, name: string): Response | null {
  const asset = ASSETS.get(name);
  if (asset === undefined) return null;
  const isThis = version === VERSION;
  return new Response(asset.text, {
    headers: {
      "Content-Type": asset.type,
      "Cache-Control": isThis ? "public, max-age=31536000, immutable" : "no-cache",
    },
  });
}

function digestOf(text: string): string {
  return sha256(utf8(text)).slice(0, 16);
}
