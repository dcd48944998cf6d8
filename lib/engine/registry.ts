/**
 * The commands of one engine: its own instances (statistics are per engine) of the declarations,
 * found by the bytes of their names.
 */
import type { Request } from "../resp/request.ts";
import { Command, type CommandDefinition } from "./command.ts";
import { NameTable } from "./name_table.ts";

export class Registry {
  /** By the names clients use, in lower case: those of rename-command where there are any. */
  private readonly byClientName = new Map<string, Command>();
  private table: NameTable<Command>;

  /**
   * `groups` maps the groups of COMMAND DOCS to their commands. Subcommands may be listed in any
   * order; each is attached to the container that its name gives. Throws an Error for a command
   * listed twice, a subcommand without its container and a container without subcommands.
   */
  constructor(groups: Readonly<Record<string, readonly CommandDefinition[]>>) {
    const listed = Object.entries(groups).flatMap(([group, definitions]) =>
      definitions.map((definition) => ({ group, definition }))
    );
    listed.sort((a, b) => order(a.definition.options.name, b.definition.options.name));
    const children = new Map<Command, Map<string, Command>>();
    for (const { group, definition } of listed) {
      const [name, subcommand] = definition.options.name.toLowerCase().split("|");
      if (subcommand === undefined) {
        if (this.byClientName.has(name)) throw new Error(`command "${name}" is listed twice`);
        this.byClientName.set(name, new Command(definition, group, undefined));
        continue;
      }
      const parent = this.byClientName.get(name);
      if (parent === undefined) throw new Error(`command "${name}|${subcommand}" has no container`);
      const siblings = children.get(parent) ?? new Map<string, Command>();
      if (siblings.has(subcommand)) {
        throw new Error(`command "${name}|${subcommand}" is listed twice`);
      }
      children.set(parent, siblings.set(subcommand, new Command(definition, group, parent)));
    }
    for (const [parent, siblings] of children) parent.attach(siblings);
    for (const made of this.byClientName.values()) {
      if (made.isContainer && !made.hasSubcommands) {
        throw new Error(`command "${made.lowerName}" has neither run nor subcommands`);
      }
    }
    this.table = new NameTable(this.byClientName);
  }

  /** How many commands there are, subcommands not counted. */
  get count(): number {
    return this.byClientName.size;
  }

  /** The command of a name in any case. [hot] */
  find(data: DataView, offset: number, length: number): Command | undefined {
    return this.table.find(data, offset, length);
  }

  /** The subcommand of a name in any case, for a command that {@linkcode Command.hasSubcommands}. */
  findSubcommand(
    parent: Command,
    data: DataView,
    offset: number,
    length: number,
  ): Command | undefined {
    return parent.subcommandTable.find(data, offset, length);
  }

  /** The command, or subcommand, that a request names. [hot] */
  resolve(request: Request): Command | undefined {
    const { data, offsets, lengths } = request;
    const command = this.table.find(data, offsets[0], lengths[0]);
    if (command === undefined || !command.hasSubcommands || request.count < 2) return command;
    return command.subcommandTable.find(data, offsets[1], lengths[1]);
  }

  /** By name in any case, where `|` may lead to a subcommand: `set`, `config|get`. */
  byName(text: string): Command | undefined {
    const [name, subcommand, ...rest] = asciiLower(text).split("|");
    if (rest.length > 0) return undefined;
    const found = this.byClientName.get(name);
    return subcommand === undefined ? found : found?.subcommands.get(subcommand);
  }

  /** All commands in the order of their names, without subcommands. */
  all(): Iterable<Command> {
    return this.byClientName.values();
  }

  /** All commands, each followed by its subcommands. */
  *allWithSubcommands(): Iterable<Command> {
    for (const found of this.byClientName.values()) {
      yield found;
      yield* found.subcommands.values();
    }
  }

  /**
   * What the directive rename-command does: clients find the command under `to` only, or not at
   * all when that is empty. COMMAND goes on to show its own name. Throws an Error with Redis's
   * text when `from` is no command or `to` already is one.
   */
  rename(from: string, to: string): void {
    const found = this.byClientName.get(asciiLower(from));
    if (found === undefined) throw new Error("No such command in rename-command");
    this.byClientName.delete(asciiLower(from));
    if (to !== "") {
      if (this.byClientName.has(asciiLower(to))) {
        this.byClientName.set(asciiLower(from), found);
        throw new Error("Target command name already exists");
      }
      this.byClientName.set(asciiLower(to), found);
    }
    this.table = new NameTable(this.byClientName);
  }

  /** CONFIG RESETSTAT's part: forgets what was counted of the commands. */
  resetStats(): void {
    for (const found of this.allWithSubcommands()) found.stats.reset();
  }
}

/** By code units: `acl|cat` stands behind every plain name that it could belong to. */
function order(a: string, b: string): number {
  const [aName, aSubcommand = ""] = a.split("|");
  const [bName, bSubcommand = ""] = b.split("|");
  if (aName !== bName) return aName < bName ? -1 : 1;
  if (aSubcommand === bSubcommand) return 0;
  return aSubcommand < bSubcommand ? -1 : 1;
}

/** Only A to Z: names are bytes, and `toLowerCase` knows more alphabets. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
