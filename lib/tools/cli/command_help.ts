/**
 * What the server says of its commands (COMMAND DOCS), as hints behind what is being typed, as
 * completions and as help texts.
 */

import type { Reply } from "../../resp/reply_decoder.ts";
import { splitArguments } from "./argument_splitting.ts";
import { fieldsOf, itemsOf, textOf } from "../reply_fields.ts";

export interface CommandHelp {
  /** In upper case; subcommands as "CONFIG GET". */
  readonly name: string;
  /** How its arguments are written, one by one. */
  readonly params: readonly string[];
  readonly summary: string;
  readonly since: string;
  readonly group: string;
}

export class CommandGuide {
  readonly commands: readonly CommandHelp[];
  readonly groups: readonly string[];
  private readonly byName: ReadonlyMap<string, CommandHelp>;

  constructor(commands: CommandHelp[]) {
    this.commands = [...commands].sort((a, b) => a.name < b.name ? -1 : 1);
    this.groups = [...new Set(commands.map(({ group }) => group))].filter(Boolean).sort();
    this.byName = new Map(commands.map((command) => [command.name, command]));
  }

  /** @param docs the reply to COMMAND DOCS. */
  static read(docs: Reply): CommandGuide {
    const commands: CommandHelp[] = [];
    for (const [name, entry] of fieldsOf(docs)) addCommand(commands, name, entry);
    return new CommandGuide(commands);
  }

  /** What may follow the text, to be shown behind it; empty when nothing is known. */
  hint(text: string): string {
    const words = splitArguments(text)?.map((word) => new TextDecoder().decode(word)) ?? null;
    if (words === null || words.length === 0) return "";
    const found = this.find(words);
    if (found === null) return "";
    const { command, length } = found;
    const inWord = !/\s$/.test(text);
    const given = words.length - length;
    const rest = remaining(command.params, given);
    if (rest.length === 0) return "";
    return (inWord ? " " : "") + rest.join(" ");
  }

  /** The lines that the text could become. */
  completions(text: string): string[] {
    const help = /^(\s*help\s+)(.*)$/i.exec(text);
    if (help !== null) {
      const [, start, topic] = help;
      const topics = [...this.groups.map((group) => `@${group}`), ...this.names()];
      return startingWith(topics, topic).map((name) => start + name);
    }
    return startingWith([...this.names(), "HELP"], text).map((name) => {
      // Those who type in lower case go on in it.
      return text === text.toLowerCase() && text !== "" ? name.toLowerCase() : name;
    });
  }

  /** The help on some words, as lines; null when they mean nothing. */
  describe(words: readonly string[]): string[] | null {
    if (words[0]?.startsWith("@")) {
      const group = words[0].slice(1).toLowerCase();
      const members = this.commands.filter((command) => command.group === group);
      return members.length === 0 ? null : members.flatMap((command) => entryLines(command, false));
    }
    const name = words.join(" ").toUpperCase();
    const members = this.commands.filter((command) => {
      return command.name === name || command.name.startsWith(`${name} `);
    });
    return members.length === 0 ? null : members.flatMap((command) => entryLines(command, true));
  }

  private names(): string[] {
    return this.commands.map(({ name }) => name);
  }

  /** The command with the longest name that the words begin with. */
  private find(words: readonly string[]): { command: CommandHelp; length: number } | null {
    for (const length of [2, 1]) {
      if (words.length < length) continue;
      const command = this.byName.get(words.slice(0, length).join(" ").toUpperCase());
      if (command !== undefined) return { command, length };
    }
    return null;
  }
}

/** The parameters behind those that are given; one that repeats is never used up. */
function remaining(params: readonly string[], given: number): readonly string[] {
  if (given < params.length) return params.slice(given);
  const last = params.at(-1);
  return last !== undefined && last.includes("...") ? [last] : [];
}

function startingWith(names: readonly string[], start: string): string[] {
  const wanted = start.trimStart().toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(wanted));
}

function entryLines(command: CommandHelp, withGroup: boolean): string[] {
  const lines = [
    "",
    `  \x1b[1m${command.name}\x1b[0m \x1b[90m${command.params.join(" ")}\x1b[0m`,
    `  \x1b[33msummary:\x1b[0m ${command.summary}`,
    `  \x1b[33msince:\x1b[0m ${command.since}`,
  ];
  if (withGroup) lines.push(`  \x1b[33mgroup:\x1b[0m ${command.group}`);
  return lines;
}

function addCommand(commands: CommandHelp[], name: string, entry: Reply): void {
  const fields = fieldsOf(entry);
  commands.push({
    name: name.replace("|", " ").toUpperCase(),
    params: itemsOf(fields.get("arguments")).map(paramText),
    summary: textOf(fields.get("summary")),
    since: textOf(fields.get("since")),
    group: textOf(fields.get("group")),
  });
  const subcommands = fields.get("subcommands");
  if (subcommands === undefined) return;
  for (const [subname, subentry] of fieldsOf(subcommands)) addCommand(commands, subname, subentry);
}

/** One argument of COMMAND DOCS as usage lines have it: `[EX seconds|PX milliseconds]`. */
function paramText(argument: Reply): string {
  const fields = fieldsOf(argument);
  const flags = itemsOf(fields.get("flags")).map(textOf);
  const parts = itemsOf(fields.get("arguments")).map(paramText);
  const token = textOf(fields.get("token"));
  const type = textOf(fields.get("type"));
  let text = textOf(fields.get("display_text")) || textOf(fields.get("name"));
  if (type === "oneof") text = parts.join("|");
  else if (type === "block") text = parts.join(" ");
  else if (type === "pure-token") text = "";
  text = [token, text].filter(Boolean).join(" ");
  if (flags.includes("multiple")) {
    const again = flags.includes("multiple_token") || token === ""
      ? text
      : text.slice(token.length + 1);
    text += ` [${again} ...]`;
  }
  if (flags.includes("optional")) return `[${text}]`;
  // What is chosen from must be held together where it has no brackets.
  return type === "oneof" && token === "" && parts.length > 1 ? `<${text}>` : text;
}
