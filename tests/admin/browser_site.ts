/** Chromium, and servers that it looks at. */

import { assertEquals } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { adminEngine } from "../../admin/engine_access.ts";
import type { AdminServer } from "../../admin/server.ts";
import { startAdmin } from "../../admin/server.ts";
import { SystemClock } from "../../lib/host/clock.ts";
import { EngineHarness } from "../support/engine_harness.ts";

/** Runs something with a browser of its own, which leaves nothing behind. */
export async function withBrowser(use: (browser: BrowserContext) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const browser = await chromium.launchPersistentContext(directory, {
    executablePath: "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1280, height: 860 },
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update"],
    ],
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

/** A server with some keys, and a page of the browser that looks at it. */
export class Site {
  readonly complaints: string[] = [];

  private constructor(
    readonly redis: EngineHarness,
    private readonly server: AdminServer,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(5000);
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
  }

  static async start(
    browser: BrowserContext,
    options: { readonly writes?: boolean; readonly token?: string },
  ): Promise<Site> {
    const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
    redis.run("SET", "greeting", "hello");
    redis.run("HSET", "user:1", "name", "Ada", "born", "1815");
    redis.run("HSET", "user:2", "name", "Alan");
    redis.run("PEXPIRE", "user:2", "100000");
    redis.run("RPUSH", "queue:mail", "one", "two");
    redis.run("XADD", "orders", "1-1", "item", "tea");
    const server = await startAdmin(adminEngine(redis.engine), {
      hostname: "127.0.0.1",
      port: 0,
      clock: new SystemClock(),
      writes: true,
      ...options,
    });
    return new Site(redis, server, await browser.newPage());
  }

  async open(path: string): Promise<Page> {
    await this.page.goto(`http://127.0.0.1:${this.server.port}${path}`);
    return this.page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
    await this.server.close();
    assertEquals(this.complaints, []);
  }
}

export function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
}
