/**
 * The pages in a browser: the ways through them that matter, by mouse and by keyboard, wide and narrow.
 * Whatever the script complains of, and whatever the pages' policy refuses, fails the test.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { adminEngine } from "../../admin/engine_access.ts";
import { PAGES } from "../../admin/pages/serve.tsx";
import type { AdminServer } from "../../admin/server.ts";
import { startAdmin } from "../../admin/server.ts";
import { SystemClock } from "../../lib/host/clock.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs } from "../support/peers.ts";

const token = "a-token-for-tests";

needs("chromium", "the pages work in a browser", async (t) => {
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
    await using site = await Site.start(browser, {});
    await t.step("a key is found in the tree, edited, and its TTL counts down", () => edits(site));
    await t.step("a key is made and deleted by keyboard alone", () => keyboard(site));
    await t.step("the console hints, completes, runs and remembers", () => commands(site));
    await t.step("the live view shows commands as they are run", () => live(site));
    await t.step("the charts draw what is read", () => charts(site));
    await t.step("the chosen colours stay", () => colours(site));
    await t.step("nothing is wider than a narrow window", () => narrow(site));
    await t.step("all keys are counted, and a search goes on until its end", async () => {
      await using crowded = await Site.start(browser, {});
      await counts(crowded);
    });
    await t.step("reading only, nothing can be changed", async () => {
      await using reader = await Site.start(browser, { writes: false });
      await readsOnly(reader);
    });
    await t.step("a token is asked for once", async () => {
      await using guarded = await Site.start(browser, { token });
      await signsIn(guarded);
    });
  } finally {
    await browser.close();
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
});

/** A server with some keys, and a page of the browser that looks at it. */
class Site {
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

async function edits(site: Site): Promise<void> {
  const page = await site.open("/browse");
  await page.getByRole("button", { name: /^user/ }).click();
  await page.getByRole("link", { name: "1", exact: true }).click();
  await page.getByRole("heading", { name: "user:1" }).waitFor();
  await page.getByRole("button", { name: "Edit Ada" }).click();
  await page.getByRole("textbox", { name: "Value" }).fill("Ada\nLovelace");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Ada\\nLovelace").waitFor();
  assertEquals(site.redis.run("HGET", "user:1", "name"), '"Ada\\nLovelace"');
  // What was read stays open and chosen.
  assertEquals(await page.locator(".tree [aria-current]").count(), 1);
  await page.getByRole("link", { name: "2", exact: true }).click();
  const ttl = page.locator(".key-facts .ttl");
  await page.locator(".key-facts .ttl.counting").waitFor();
  const before = await ttl.textContent();
  await page.locator(".key-facts .ttl", { hasNotText: before ?? "" }).waitFor();
  await page.getByRole("button", { name: "Set TTL" }).click();
  await page.getByLabel("Seconds").fill("");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.locator(".key-facts", { hasText: "TTL none" }).waitFor();
  assertEquals(site.redis.run("PTTL", "user:2"), "(integer) -1");
}

async function keyboard(site: Site): Promise<void> {
  const page = await site.open("/browse");
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), "Skip to the content");
  await page.getByRole("button", { name: "New key" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("made:by%hand");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a value");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "made:by%hand" }).waitFor();
  assertEquals(site.redis.run("GET", "made:by%hand"), '"a value"');
  const branch = page.getByRole("button", { name: /^made/ });
  await branch.focus();
  await page.keyboard.press("ArrowRight");
  await page.locator(".tree ul a").waitFor();
  await page.keyboard.press("ArrowRight");
  assertMatch(await focused(page), /by%hand/);
  await page.keyboard.press("ArrowLeft");
  assertMatch(await focused(page), /^made/);
  await page.getByRole("button", { name: "Delete", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  assertEquals(await focused(page), "Delete");
  assertEquals(site.redis.run("EXISTS", "made:by%hand"), "(integer) 1");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Choose a key to see it.").waitFor();
  assertEquals(site.redis.run("EXISTS", "made:by%hand"), "(integer) 0");
}

function focused(page: Page): Promise<string> {
  return page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
}

async function counts(site: Site): Promise<void> {
  // More than the first part of a count looks at, and more than a search does before it is shown.
  site.redis.run("DEBUG", "POPULATE", "250000", "many", "1");
  const page = await site.open("/browse");
  await page.getByRole("button", { name: "many 250,000", exact: true }).waitFor();
  assertEquals(await page.getByRole("button", { name: /^many/ }).count(), 1);
  await site.open("/browse?match=*nothing*");
  await page.getByText("No key is like that.").waitFor();
}

async function commands(site: Site): Promise<void> {
  site.redis.run("HSET", "poet", "line", "one\ntwo");
  const page = await site.open("/console");
  const line = page.getByLabel("Command");
  const replies = page.getByRole("log");
  await line.pressSequentially("hgeta");
  await page.getByRole("button", { name: "HGETALL" }).waitFor();
  await line.press("Tab");
  assertEquals(await line.inputValue(), "HGETALL ");
  assertMatch(await page.locator(".usage").innerText(), /HGETALL key/);
  await line.pressSequentially("poet");
  await line.press("Enter");
  await replies.getByText('1# "line" => "one\\ntwo"').waitFor();
  await line.fill("SET \"with blank\" 'it\\'s'");
  await line.press("Enter");
  await replies.getByText("OK", { exact: true }).waitFor();
  assertEquals(site.redis.run("GET", "with blank"), '"it\'s"');
  await line.fill("LPUSH greeting x");
  await line.press("Enter");
  await replies.getByText(/\(error\) WRONGTYPE/).waitFor();
  await line.press("ArrowUp");
  await line.press("ArrowUp");
  assertMatch(await line.inputValue(), /^SET "with blank"/);
}

async function live(site: Site): Promise<void> {
  const page = await site.open("/live");
  await page.getByLabel("Contains").fill("lively");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText(/^watching: 0 seen/).waitFor();
  await waitForMonitor(site);
  site.redis.run("SET", "quiet", "1");
  site.redis.run("SET", "lively", "1");
  await page.getByRole("log").getByText('"lively" "1"').waitFor();
  assertEquals(await page.locator(".event").count(), 1);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/^stopped after 1 seen/).waitFor();
}

async function waitForMonitor(site: Site): Promise<void> {
  const { monitor } = site.redis.engine.context;
  while (!monitor.active) await site.page.evaluate("new Promise(requestAnimationFrame)");
}

async function charts(site: Site): Promise<void> {
  const page = await site.open("/");
  await page.locator("[data-chart=memory] path.line").waitFor({ state: "attached" });
  assertMatch(await page.locator("[data-chart=memory] .chart-value").innerText(), /B$|bytes$/);
}

async function colours(site: Site): Promise<void> {
  const page = await site.open("/clients");
  const ground = () =>
    page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.getByRole("button", { name: "Change colours" }).click();
  const dark = await ground();
  assert(light !== dark);
  await site.open("/slow");
  assertEquals(await ground(), dark);
}

async function narrow(site: Site): Promise<void> {
  await site.page.setViewportSize({ width: 400, height: 800 });
  const keys = ["greeting", "user:1", "queue:mail", "orders"].map((key) => `/browse?key=${key}`);
  for (const path of [...PAGES.map((one) => one.path), ...keys, "/streams?key=orders"]) {
    const page = await site.open(path);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    assertEquals(width, 400, path);
  }
}

async function readsOnly(site: Site): Promise<void> {
  const page = await site.open("/browse?key=greeting");
  await page.getByText("Read-only").waitFor();
  assertEquals(await page.locator("[data-act]").count(), 0);
  await site.open("/console");
  await page.getByLabel("Command").fill("GET greeting");
  await page.getByLabel("Command").press("Enter");
  await page.getByText('"hello"').waitFor();
  assertEquals(site.complaints, []);
  await page.getByLabel("Command").fill("SET greeting x");
  await page.getByLabel("Command").press("Enter");
  await page.getByText(/NOPERM set may change something/).waitFor();
  // The browser itself notes the refusal, 403.
  assertEquals(site.complaints.splice(0).length, 1);
}

async function signsIn(site: Site): Promise<void> {
  const page = await site.open("/browse?key=greeting");
  await page.getByLabel("Token or password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("does not know this token").waitFor();
  await page.getByLabel("Token or password").fill(token);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "greeting" }).waitFor();
  await page.getByText("hello").waitFor();
  await page.getByRole("link", { name: "Console" }).click();
  await page.getByLabel("Command").fill("GET greeting");
  await page.getByLabel("Command").press("Enter");
  await page.getByText('"hello"').waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "greeting" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "greeting" }).waitFor();
  // The browser notes each page that was refused before the token was there.
  for (const complaint of site.complaints.splice(0)) assertMatch(complaint, /401/);
}
