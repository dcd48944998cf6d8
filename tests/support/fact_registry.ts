/**
 * A table of all 366 commands of Redis 7.0, made of recorded facts, for tests that need more commands
 * than one theme has. They do nothing when run, but for those given.
 */

import { command, type CommandDefinition, type CommandOptions } from "../../lib/engine/command.ts";
import { Access, Flag } from "../../lib/engine/command_spec.ts";
import { Registry } from "../../lib/engine/registry.ts";
import { factsByName } from "../tools/command_facts.ts";
import { type Header, headerOf } from "../tools/spec_headers.ts";

/** All commands of 7.0; those of `real` take the place of the ones with the same names. */
export function factRegistry(real: readonly CommandDefinition[] = []): Registry {
  const own = new Map(real.map((definition) => [definition.options.name, definition]));
  const groups: Record<string, CommandDefinition[]> = {};
  for (const [name, fact] of factsByName()) {
    const definition = own.get(name) ?? command(optionsOf(headerOf(name, fact)));
    (groups[fact.group] ??= []).push(definition);
  }
  return new Registry(groups);
}

/** What `command()` takes, from a header that the tool made. */
export function optionsOf(header: Header): CommandOptions {
  const { container, flags, keys, ...rest } = header;
  return {
    ...rest,
    summary: "Does what its name says.",
    flags: flags.reduce((sum, flag) => sum | Flag[flag], 0),
    keys: keys.map((names) => names.reduce((sum, name) => sum | Access[name], 0)),
    ...(container ? {} : { run: () => {} }),
  };
}
