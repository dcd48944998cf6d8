/**
 * The HELP subcommand of every container. Its lines are made from the usage lines and summaries of
 * the subcommands, so that no author writes them a second time.
 */
import type { Call } from "./call.ts";
import { command, type CommandDefinition } from "./command.ts";
import { type ArgumentDoc, type CommandSpec, Flag } from "./command_spec.ts";

export interface HelpOptions {
  /** The container's name in upper case. */
  readonly container: string;
  readonly since: string;
  /** Bits of Flag; LOADING and STALE when left out. */
  readonly flags?: number;
  readonly categories?: readonly string[];
  /**
   * What is shown of the subcommands, where redis-server's syntax lines say it in another way than
   * the usage lines: the syntax, then lines of explanation. Without HELP itself.
   */
  readonly entries?: readonly HelpEntry[];
}

/** A syntax line and what it does, a line or more. */
export type HelpEntry = readonly [syntax: string, ...explanation: string[]];

/** Declares `<container>|HELP`. */
export function helpCommand(options: HelpOptions): CommandDefinition {
  return command({
    name: `${options.container}|HELP`,
    summary: "Lists the subcommands.",
    since: options.since,
    complexity: "O(1)",
    flags: options.flags ?? (Flag.LOADING | Flag.STALE),
    ...(options.categories === undefined ? {} : { categories: options.categories }),
    run: (call) => replyHelp(call, options.entries),
  });
}

/** The lines of HELP from entries that were written by hand. */
export function linesOfEntries(container: string, entries: readonly HelpEntry[]): string[] {
  const lines = [heading(container)];
  for (const [syntax, ...explanation] of [...entries, ["HELP", "Lists the subcommands."]]) {
    lines.push(syntax, ...explanation.map((line) => `    ${line}`));
  }
  return lines;
}

/** Replies the lines of HELP. */
export function replyLines(call: Call, lines: readonly string[]): void {
  call.reply.array(lines.length);
  for (const line of lines) call.reply.simple(line);
}

function replyHelp(call: Call, entries: readonly HelpEntry[] | undefined): void {
  const container = call.command.parent ?? call.command;
  replyLines(
    call,
    entries === undefined ? helpLines(container) : linesOfEntries(container.name, entries),
  );
}

function heading(container: string): string {
  return `${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`;
}

/** What `<container> HELP` replies, line by line. */
export function helpLines(container: CommandSpec): string[] {
  const lines = [heading(container.name)];
  if (container.arguments.length > 0 || container.arity === -1) {
    lines.push("(no subcommand)", `    ${container.summary}`);
  }
  const subcommands = [...container.subcommands.values()];
  const help = `${container.name}|HELP`;
  subcommands.sort((a, b) => Number(a.name === help) - Number(b.name === help));
  for (const subcommand of subcommands) {
    const name = subcommand.name.slice(container.name.length + 1);
    lines.push([name, ...subcommand.arguments.map(syntaxOf)].join(" "));
    lines.push(`    ${subcommand.summary}`);
  }
  return lines;
}

/** An argument as manuals show it: `[COUNT <count>]`, `<key> [<key> ...]`. */
export function syntaxOf(arg: ArgumentDoc): string {
  const token = arg.token === undefined ? "" : arg.token === "" ? '""' : arg.token;
  const value = arg.type === "pure-token" ? "" : valueSyntax(arg);
  const space = token === "" || value === "" ? "" : " ";
  if (!arg.multiple) return arg.optional ? `[${token}${space}${value}]` : token + space + value;
  if (arg.multipleToken) return `[${token}${space}${value} ...]`;
  if (arg.optional && token === "") return `[${value} ...]`;
  const all = `${token}${space}${value} [${value} ...]`;
  return arg.optional ? `[${all}]` : all;
}

function valueSyntax(arg: ArgumentDoc): string {
  const members = arg.arguments ?? [];
  if (arg.type === "block") return members.map(syntaxOf).join(" ");
  if (arg.type !== "oneof") return `<${arg.name}>`;
  const choice = members.map(syntaxOf).join(" | ");
  return arg.optional && arg.token === undefined ? choice : `<${choice}>`;
}
