/** Reads fixtures/command_table: what a real redis-server 7.0 says about its commands. */
import {
  Access,
  type ArgumentDoc,
  type BeginSearch,
  type FindKeys,
  type KeySpec,
} from "../../lib/engine/command_spec.ts";

/** An argument as COMMAND DOCS reported it. */
export interface ArgumentFact {
  name: string;
  type: ArgumentDoc["type"];
  token?: string;
  since?: string;
  deprecated_since?: string;
  key_spec_index?: number;
  flags?: string[];
  arguments?: ArgumentFact[];
}

/** A key spec as COMMAND INFO reported it. */
export interface KeySpecFact {
  flags: string[];
  begin_search: {
    type: string;
    spec: { index?: number; keyword?: string; startfrom?: number };
  };
  find_keys: {
    type: string;
    spec: {
      lastkey?: number;
      keystep?: number;
      limit?: number;
      keynumidx?: number;
      firstkey?: number;
    };
  };
}

export interface CommandFact {
  arity: number;
  flags: string[];
  firstKey: number;
  lastKey: number;
  keyStep: number;
  aclCategories: string[];
  keySpecs?: KeySpecFact[];
  group: string;
  since: string;
  tips?: string[];
  doc_flags?: string[];
  deprecated_since?: string;
  replaced_by?: string;
  arguments?: ArgumentFact[];
  subcommands?: Record<string, CommandFact>;
}

/** All commands and subcommands by their upper-case name, e.g. `CONFIG|GET`. */
export function factsByName(): Map<string, CommandFact> {
  const file = new URL("../../fixtures/command_table/redis-7.0-commands.json", import.meta.url);
  const table: Record<string, CommandFact> = JSON.parse(Deno.readTextFileSync(file));
  const facts = new Map<string, CommandFact>();
  for (const [name, fact] of Object.entries(table)) {
    facts.set(name.toUpperCase(), fact);
    for (const [subcommand, inner] of Object.entries(fact.subcommands ?? {})) {
      facts.set(`${name}|${subcommand}`.toUpperCase(), inner);
    }
  }
  return facts;
}

/** The fact in the shape of our own argument trees. */
export function docOfFact(fact: ArgumentFact): ArgumentDoc {
  const has = (flag: string): boolean => fact.flags?.includes(flag) ?? false;
  return {
    name: fact.name,
    type: fact.type,
    ...(fact.token === undefined ? {} : { token: fact.token }),
    ...(fact.since === undefined ? {} : { since: fact.since }),
    ...(fact.deprecated_since === undefined ? {} : { deprecatedSince: fact.deprecated_since }),
    ...(fact.key_spec_index === undefined ? {} : { keySpecIndex: fact.key_spec_index }),
    ...(has("optional") ? { optional: true } : {}),
    ...(has("multiple") ? { multiple: true } : {}),
    ...(has("multiple_token") ? { multipleToken: true } : {}),
    ...(fact.arguments === undefined ? {} : { arguments: fact.arguments.map(docOfFact) }),
  };
}

/** The fact in the shape of our own key specs. */
export function keySpecOfFact(fact: KeySpecFact): KeySpec {
  let access = 0;
  for (const flag of fact.flags) access |= Access[flag.toUpperCase() as keyof typeof Access];
  return { access, begin: beginOfFact(fact.begin_search), find: findOfFact(fact.find_keys) };
}

function beginOfFact({ type, spec }: KeySpecFact["begin_search"]): BeginSearch {
  if (type === "index") return { type, index: spec.index ?? 0 };
  if (type !== "keyword") return { type: "unknown" };
  return { type, keyword: spec.keyword ?? "", startFrom: spec.startfrom ?? 0 };
}

function findOfFact({ type, spec }: KeySpecFact["find_keys"]): FindKeys {
  const keyStep = spec.keystep ?? 0;
  if (type === "range") {
    return { type, lastKey: spec.lastkey ?? 0, keyStep, limit: spec.limit ?? 0 };
  }
  if (type !== "keynum") return { type: "unknown" };
  return { type, keyNumIndex: spec.keynumidx ?? 0, firstKey: spec.firstkey ?? 0, keyStep };
}
