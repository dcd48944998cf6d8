/** What we declare of the standard library, held against what the package really has. */

import * as assertModule from "@std/assert";
import { assertEquals, assertGreater } from "@std/assert";
import * as cliModule from "@std/cli";
import { parseArgs } from "@std/cli";
import * as streamsModule from "@std/streams";

const declarations = Deno.readTextFileSync(
  new URL("../../../lib/types/deno_std.d.ts", import.meta.url),
);

const modules = { assert: assertModule, cli: cliModule, streams: streamsModule };

for (const [name, module] of Object.entries(modules)) {
  Deno.test(`all that is declared of @std/${name} is there`, () => {
    const start = declarations.indexOf(`declare module "@std/${name}"`);
    const text = declarations.slice(start).split(/^\}$/m)[0];
    const names = [...text.matchAll(/export (?:function|class) (\w+)/g)].map((match) => match[1]);
    assertGreater(names.length, 0);
    const present: Record<string, unknown> = { ...module };
    assertEquals(names.filter((exported) => typeof present[exported] !== "function"), []);
  });
}

Deno.test("parseArgs gives the types that are declared", () => {
  const args = ["--port", "70", "--help", "--dir=a", "--dir=b", "file", "--", "--rest"];
  const parsed = parseArgs(args, {
    boolean: ["help", "version"],
    string: ["port", "dir", "user"],
    collect: ["dir"],
    "--": true,
  });
  const port: string | undefined = parsed.port;
  const directories: string[] = parsed.dir;
  const flags: boolean[] = [parsed.help, parsed.version];
  assertEquals([port, parsed.user], ["70", undefined]);
  assertEquals(directories, ["a", "b"]);
  assertEquals(flags, [true, false]);
  assertEquals([parsed._, parsed["--"]], [["file"], ["--rest"]]);
});
