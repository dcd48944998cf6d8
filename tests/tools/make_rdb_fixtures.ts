/** Writes fixtures/rdb: the files of tests/support/rdb_fixtures.ts, and what is in them as JSON. */

import { fixtures } from "../support/rdb_fixtures.ts";
import { runTool } from "../support/tool_runner.ts";

const directory = decodeURIComponent(new URL("../../fixtures/rdb/", import.meta.url).pathname);

for (const { name, bytes } of fixtures()) {
  Deno.writeFileSync(`${directory}${name}.rdb`, bytes);
  const { output } = await runTool(["rdb", `${directory}${name}.rdb`, "--json"]);
  Deno.writeTextFileSync(`${directory}${name}.jsonl`, output);
}
