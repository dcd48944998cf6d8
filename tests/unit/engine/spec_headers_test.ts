import { assert, assertEquals } from "@std/assert";
import { Command, command } from "../../../lib/engine/command.ts";
import { Flag } from "../../../lib/engine/command_spec.ts";
import { optionsOf } from "../../support/fact_registry.ts";
import {
  type CommandFact,
  docOfFact,
  factsByName,
  keySpecOfFact,
} from "../../tools/command_facts.ts";
import { headerOf, printHeader } from "../../tools/spec_headers.ts";

Deno.test("every header made from the facts declares a command with just these facts", () => {
  const facts = factsByName();
  assertEquals(facts.size, 366);
  for (const [name, fact] of facts) {
    const made = new Command(command(optionsOf(headerOf(name, fact))), fact.group, undefined);
    assertEquals(made.arity, fact.arity, name);
    assertEquals(shownFlags(made.flags), expectedFlags(fact), name);
    assertEquals(
      [made.firstKey, made.lastKey, made.keyStep],
      [fact.firstKey, fact.lastKey, fact.keyStep],
      name,
    );
    assertEquals(made.categories.toSorted(), fact.aclCategories, name);
    assertEquals(made.keySpecs, (fact.keySpecs ?? []).map(keySpecOfFact), name);
    assertEquals(made.arguments, (fact.arguments ?? []).map(docOfFact), name);
    assertEquals(made.since, fact.since, name);
    assertEquals(made.isContainer, fact.subcommands !== undefined && fact.arity === -2, name);
  }
});

Deno.test("a printed header has what an author needs and nothing that is computed", () => {
  const facts = factsByName();
  const text = printHeader(headerOf("SET", facts.get("SET")!));
  assert(
    text.startsWith('export const SET = command({\n  name: "SET",\n  usage:\n    "key value ['),
  );
  assert(text.includes("flags: Flag.WRITE | Flag.DENY_OOM,"));
  assert(text.includes("keys: Access.RW | Access.ACCESS | Access.UPDATE | Access.VARIABLE_FLAGS,"));
  assert(text.includes("run(call) {"));
  for (const field of ["arity", "keySpecs", "categories", "tips"]) {
    assert(!text.includes(field + ":"), field);
  }
  const overridden = printHeader(headerOf("SPUBLISH", facts.get("SPUBLISH")!));
  assert(overridden.includes("rangeSpec(Access.NOT_KEY, 1),"));
});

function expectedFlags(fact: CommandFact): string[] {
  const names = fact.flags.map((name) => name.replaceAll("_", "").toUpperCase());
  return names.toSorted();
}

function shownFlags(bits: number): string[] {
  const hidden: number = Flag.MAY_REPLICATE | Flag.PROTECTED;
  const shown = Object.entries(Flag).filter(([, bit]) => bits & bit & ~hidden);
  return shown.map(([name]) => name.replaceAll("_", "")).toSorted();
}
