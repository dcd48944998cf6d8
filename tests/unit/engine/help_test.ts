import { assertEquals } from "@std/assert";
import { command } from "../../../lib/engine/command.ts";
import { helpCommand, helpLines, syntaxOf } from "../../../lib/engine/help.ts";
import { Registry } from "../../../lib/engine/registry.ts";
import { parseUsage } from "../../../lib/engine/usage.ts";

Deno.test("HELP lists the subcommands with their syntax, itself last", () => {
  const base = { since: "1.0.0", run: () => {} };
  const registry = new Registry({
    server: [
      helpCommand({ container: "SLOWLOG", since: "1.0.0" }),
      command({ name: "SLOWLOG", summary: "Holds subcommands.", since: "1.0.0" }),
      command({ ...base, name: "SLOWLOG|RESET", summary: "Empties the log." }),
      command({ ...base, name: "SLOWLOG|GET", usage: "[count]", summary: "Shows entries." }),
    ],
  });
  assertEquals(helpLines(registry.byName("slowlog")!), [
    "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET [<count>]",
    "    Shows entries.",
    "RESET",
    "    Empties the log.",
    "HELP",
    "    Lists the subcommands.",
  ]);
});

Deno.test("arguments are shown as manuals show them", () => {
  const syntax = (usage: string) => parseUsage(usage).map(syntaxOf).join(" ");
  assertEquals(syntax("member [member ...]"), "<member> [<member> ...]");
  assertEquals(syntax("[field ...]"), "[<field> ...]");
  assertEquals(syntax("[COUNT count] [GET]"), "[COUNT <count>] [GET]");
  assertEquals(syntax("[GET field] ..."), "[GET <field> ...]");
  assertEquals(syntax("[operation: count | RESET]"), "[<count> | RESET]");
  assertEquals(syntax("(mode: YES | NO)"), "<YES | NO>");
  assertEquals(syntax("[LIMIT offset count]"), "[LIMIT <offset> <count>]");
  assertEquals(syntax("(pair: field value) ..."), "<field> <value> [<field> <value> ...]");
});
