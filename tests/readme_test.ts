/** The README's examples do what it says. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createAdminApp } from "../admin/app.ts";
import { adminEngine } from "../admin/engine_access.ts";
import { splitWords } from "../lib/config/words.ts";
import { EngineHarness } from "./support/engine_harness.ts";

const text = Deno.readTextFileSync("README.md");

/** Blocks of code in a language. */
function blocks(language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]);
}

Deno.test("the README's session with redis-cli goes as shown", () => {
  const [session] = blocks("console").filter((block) => block.includes("redis-cli"));
  const redis = new EngineHarness();
  const lines = session.trimEnd().split("\n").slice(1);
  assert(lines.length >= 4);
  for (let i = 0; i < lines.length; i += 2) {
    const words = splitWords(lines[i].replace(/^\S+> /, ""));
    assert(words !== null);
    const reply = redis.run(...words);
    // Ids of streams tell the time.
    if (/^"\d+-\d+"$/.test(lines[i + 1])) assertMatch(reply, /^"\d+-\d+"$/);
    else assertEquals(reply, lines[i + 1], lines[i]);
  }
});

Deno.test("what the README asks the admin side for is answered", async () => {
  const redis = new EngineHarness();
  redis.run("SET", "greeting", "hello");
  const app = createAdminApp(adminEngine(redis.engine));
  const [session] = blocks("console").filter((block) => block.includes("curl"));
  const urls = [...session.matchAll(/curl "?([^"\s]+)"?$/gm)].map((match) => match[1]);
  assert(urls.length >= 3);
  for (const url of urls) {
    const response = await app.request(url, { headers: { Host: "127.0.0.1:8379" } });
    const body = await response.text();
    assertEquals(response.status, 200, `${url}: ${body}`);
  }
});

Deno.test("the README's programs run", async () => {
  const programs = blocks("ts");
  assert(programs.length > 0);
  for (const program of programs) {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      const module = new URL("../lib/mod.ts", import.meta.url).href;
      await Deno.writeTextFile(file, program.replaceAll("./lib/mod.ts", module));
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--config", "deno.json", file],
      }).output();
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assert(success, decode(stderr));
      // What is printed stands in the comments behind.
      const expected = [...program.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((m) => m[1]);
      assertEquals(decode(stdout).trim().split("\n"), expected);
    } finally {
      await Deno.remove(file);
    }
  }
});
