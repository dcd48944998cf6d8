/**
 * The pages in a browser: the ways through them that matter, by mouse and by keyboard, wide and narrow.
 * Whatever the script complains of, and whatever the pages' policy refuses, fails the test.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { PAGES } from "../../admin/pages/serve.tsx";
import { needs } from "../support/peers.ts";
import { focused, Site, withBrowser } from "./browser_site.ts";

const token = "a-token-for-tests";

needs("chromium", "the pages work in a browser", async (t) => {
  await withBrowser(async (browser) => {
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
  });
});

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
  // Somebody ends the server's side of it: the page comes back, and says that something may be missing.
  const [, id] = /id=(\d+) [^\\]*name=admin/.exec(site.redis.run("CLIENT", "LIST")) ?? [];
  site.redis.run("CLIENT", "KILL", "ID", id);
  await waitForMonitor(site);
  site.redis.run("SET", "lively", "2");
  await page.getByRole("log").getByText('"lively" "2"').waitFor();
  await page.getByText("2 seen, some missed").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(/^stopped after 2 seen/).waitFor();
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
