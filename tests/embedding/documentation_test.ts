/** The examples in the documentation of lib/mod.ts run as they are printed. */

import { assert, assertEquals } from "@std/assert";

const root = new URL("../..", import.meta.url);

Deno.test("every example of lib/mod.ts runs", async () => {
  const { code, text, passed } = await runExamples("lib/mod.ts");
  assertEquals(code, 0, text);
  assert(passed >= 6, text);
});

Deno.test("an example that fails is noticed", async () => {
  const path = Deno.makeTempFileSync({ prefix: "redino-test-", suffix: ".ts" });
  try {
    const block = ["/**", " * ```ts", ' * throw new Error("planted");', " * ```", " */"];
    Deno.writeTextFileSync(path, [...block, "export const nothing = 0;", ""].join("\n"));
    const { code, text } = await runExamples(path);
    assert(code !== 0 && text.includes("planted"), text);
  } finally {
    Deno.removeSync(path);
  }
});

/** Types are checked with the rest of the code. */
async function runExamples(path: string): Promise<{ code: number; text: string; passed: number }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--doc", "--no-check", path],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  return { code, text, passed: Number(/(\d+) passed/.exec(text)?.[1] ?? 0) };
}
