/** In a browser: keys out and in, times of fields, and what changed meanwhile. */

import { assertEquals, assertMatch } from "@std/assert";
import { needs } from "../support/peers.ts";
import { Site, withBrowser } from "./browser_site.ts";

needs("chromium", "keys go out and in by a browser, and nobody's change is lost", async (t) => {
  await withBrowser(async (browser) => {
    await using site = await Site.start(browser, {});
    await t.step("chosen keys, or those of a pattern, are saved as a file", () => exports(site));
    await t.step("a file is taken in by keyboard, and failures are told", () => imports(site));
    await t.step("fields have their own times to live", () => fieldTimes(site));
    await t.step("a value that changed meanwhile is not written over", () => conflict(site));
    await t.step("reading only, keys go out and not in", async () => {
      await using reader = await Site.start(browser, { writes: false });
      const page = await reader.open("/browse?key=greeting");
      assertEquals(await page.getByRole("button", { name: "Export" }).count(), 2);
      assertEquals(await page.getByRole("button", { name: "Import" }).count(), 0);
      assertEquals(await saved(reader, "Export greeting"), JSON_GREETING);
    });
    await t.step("with a token as well", async () => {
      await using guarded = await Site.start(browser, { token: "a-token-for-tests" });
      const page = await guarded.open("/browse?match=gree");
      await page.getByLabel("Token or password").fill("a-token-for-tests");
      await page.keyboard.press("Enter");
      assertEquals(await saved(guarded, "Export"), JSON_GREETING);
      for (const complaint of guarded.complaints.splice(0)) assertMatch(complaint, /401/);
    });
  });
});

const JSON_GREETING = '{"key":"greeting","type":"string","value":"hello"}\n';

/** What is saved after a button was pressed and the dialog confirmed. */
async function saved({ page }: Site, button: string, format = "json"): Promise<string> {
  await page.getByRole("button", { name: button, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("As").selectOption(format);
  const download = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Export" }).click();
  const path = await (await download).path();
  await dialog.getByText("saved as").waitFor();
  await page.keyboard.press("Escape");
  return await Deno.readTextFile(path);
}

async function exports(site: Site): Promise<void> {
  const page = await site.open("/browse?view=list");
  await page.getByLabel("Choose greeting").check();
  await page.getByLabel("Choose user:2").check();
  assertEquals(await saved(site, "Export 2 keys", "commands"), COMMANDS);
  await site.open("/browse?match=greet");
  assertEquals(await saved(site, "Export"), JSON_GREETING);
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByLabel("Keys like").fill("nothing");
  await page.keyboard.press("Enter");
  await page.getByText("No key is like that").waitFor();
}

/** The time is the harness's, which stands still. */
const COMMANDS = "SET greeting hello\nDEL user:2\nHSET user:2 name Alan\n" +
  "PEXPIREAT user:2 1700000100000\n";

async function imports(site: Site): Promise<void> {
  const page = await site.open("/browse");
  await page.getByRole("button", { name: "Import" }).focus();
  await page.keyboard.press("Enter");
  const lines = '{"key":"new:1","type":"string","value":"1"}\nno JSON\n';
  const file = { name: "keys.ndjson", mimeType: "", buffer: new TextEncoder().encode(lines) };
  await page.getByLabel("File").setInputFiles([{ ...file, buffer: Buffer.from(file.buffer) }]);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Import" }).focus();
  await page.keyboard.press("Enter");
  await dialog.getByText("1 line taken.").waitFor();
  assertEquals(await dialog.getByRole("listitem").allInnerTexts(), ["2: the line is not JSON"]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "new 1", exact: true }).waitFor();
  assertEquals(site.redis.run("GET", "new:1"), '"1"');
  await page.getByRole("button", { name: "Import" }).click();
  const commands = Buffer.from("SET new:2 2\nGET new:1\n");
  await page.getByLabel("File").setInputFiles([{ ...file, buffer: commands }]);
  await dialog.getByRole("button", { name: "Import" }).click();
  await dialog.getByText("1 command taken.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "new 2", exact: true }).waitFor();
  assertEquals(site.redis.run("GET", "new:2"), '"2"');
}

async function fieldTimes(site: Site): Promise<void> {
  const page = await site.open("/browse?key=user:1");
  const row = page.getByRole("row", { name: /^name/ });
  await row.getByRole("button", { name: "TTL of name" }).click();
  await page.getByLabel("Seconds").fill("100");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await row.locator(".ttl").waitFor();
  const ttls = () => site.redis.run("HPTTL", "user:1", "FIELDS", "2", "name", "born");
  assertEquals(ttls(), "1) (integer) 100000\n2) (integer) -1");
  await row.getByRole("button", { name: "Edit Ada" }).click();
  await page.getByRole("textbox", { name: "Value" }).fill("Ada King");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Ada King").waitFor();
  assertEquals(ttls(), "1) (integer) 100000\n2) (integer) -1");
  await row.getByRole("button", { name: "TTL of name" }).click();
  await page.getByLabel("Seconds").fill("");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await row.getByText("none").waitFor();
  assertEquals(ttls(), "1) (integer) -1\n2) (integer) -1");
}

async function conflict(site: Site): Promise<void> {
  for (
    const [key, button, theirs] of [
      ["greeting", "Edit", ["SET", "greeting", "theirs"]],
      ["queue:mail", "Remove one", ["LPUSH", "queue:mail", "theirs"]],
      ["queue:mail", "Edit one", ["LPUSH", "queue:mail", "theirs"]],
    ] as const
  ) {
    const page = await site.open(`/browse?key=${key}`);
    await page.getByRole("button", { name: button, exact: true }).click();
    site.redis.run(...theirs);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /Save|Remove/ }).click();
    await dialog.getByText("the key has changed").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#detail").getByText("theirs").first().waitFor();
    // The browser itself notes the refusal.
    assertMatch(site.complaints.splice(0).join(), /^[^,]*412[^,]*$/);
  }
  assertEquals(site.redis.run("GET", "greeting"), '"theirs"');
  assertEquals(site.redis.run("LRANGE", "queue:mail", "2", "-1"), '1) "one"\n2) "two"');
}
