/**
 * Our table of commands against the recorded one of redis-server 7.0. Commands that we do not have yet
 * are printed, not failed; what came with 7.2 stands in two short tables here.
 */

import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../lib/commands/all.ts";
import type { Command } from "../../lib/engine/command.ts";
import { Flag } from "../../lib/engine/command_spec.ts";
import { Registry } from "../../lib/engine/registry.ts";
import { type CommandFact, docOfFact, factsByName, keySpecOfFact } from "../tools/command_facts.ts";

/** Commands that 7.0 did not have, with the version that brought them. */
const NEWER: Readonly<Record<string, string>> = {
  "CLIENT|NO-TOUCH": "7.2.0",
  "CLIENT|SETINFO": "7.2.0",
  "CLUSTER|MYSHARDID": "7.2.0",
  "HEXPIRE": "7.4.0",
  "HEXPIREAT": "7.4.0",
  "HEXPIRETIME": "7.4.0",
  "HGETDEL": "8.0.0",
  "HGETEX": "8.0.0",
  "HPERSIST": "7.4.0",
  "HPEXPIRE": "7.4.0",
  "HPEXPIREAT": "7.4.0",
  "HPEXPIRETIME": "7.4.0",
  "HPTTL": "7.4.0",
  "HSETEX": "8.0.0",
  "HTTL": "7.4.0",
  "WAITAOF": "7.2.0",
};

/** Commands of 7.0 to which later versions gave new arguments: their arity and arguments are our own affair. */
const EXTENDED = new Set(["HSCAN", "ZRANK", "ZREVRANK"]);

const facts = factsByName();
const registry = new Registry(COMMANDS);
const all = [...registry.allWithSubcommands()];

Deno.test("each command says of itself what redis-server says of it", () => {
  for (const command of all) {
    const fact = facts.get(command.name);
    if (fact === undefined) {
      assertEquals(command.since, NEWER[command.name], `${command.name} is not in 7.0`);
    } else {
      assertEquals(described(command), expected(command.name, fact), command.name);
    }
  }
});

Deno.test("each command has a summary, and each that runs a complexity", () => {
  for (const command of all) {
    assert(/^[A-Z].*\.$/.test(command.summary), `summary of ${command.name}`);
    if (!command.isContainer) assert(command.complexity !== "", `complexity of ${command.name}`);
  }
});

Deno.test("commands of Redis that are missing here", () => {
  const names = [...facts.keys(), ...Object.keys(NEWER)];
  const missing = names.filter((name) => registry.byName(name) === undefined);
  assertEquals(all.length + missing.length, names.length);
  if (missing.length > 0) {
    console.log(`${missing.length} of ${names.length} are missing: ${missing.join(" ")}`);
  }
});

function described(command: Command): unknown {
  const extended = EXTENDED.has(command.name);
  return {
    arity: extended ? "own" : command.arity,
    arguments: extended ? "own" : command.arguments,
    flags: shownFlags(command.flags),
    keys: [command.firstKey, command.lastKey, command.keyStep],
    keySpecs: command.keySpecs.map(({ access, begin, find }) => ({ access, begin, find })),
    categories: command.categories.toSorted(),
    group: command.group,
    since: command.since,
    tips: command.tips.toSorted(),
    docFlags: command.docFlags,
    deprecatedSince: command.deprecatedSince,
    replacedBy: command.replacedBy,
    subcommands: command.hasSubcommands,
  };
}

function expected(name: string, fact: CommandFact): unknown {
  const extended = EXTENDED.has(name);
  return {
    arity: extended ? "own" : fact.arity,
    arguments: extended ? "own" : (fact.arguments ?? []).map(docOfFact),
    flags: fact.flags.map((flag) => flag.replaceAll("_", "").toUpperCase()).toSorted(),
    keys: [fact.firstKey, fact.lastKey, fact.keyStep],
    keySpecs: (fact.keySpecs ?? []).map(keySpecOfFact),
    categories: fact.aclCategories,
    group: fact.group,
    since: fact.since,
    tips: (fact.tips ?? []).toSorted(),
    docFlags: fact.doc_flags ?? [],
    deprecatedSince: fact.deprecated_since,
    replacedBy: fact.replaced_by,
    subcommands: fact.subcommands !== undefined,
  };
}

/** The flags that COMMAND INFO shows, as the recorded ones are compared. */
function shownFlags(bits: number): string[] {
  const shown = bits & ~(Flag.MAY_REPLICATE | Flag.PROTECTED);
  const names = Object.entries(Flag).filter(([, bit]) => (shown & bit) !== 0);
  return names.map(([name]) => name.replaceAll("_", "")).toSorted();
}
