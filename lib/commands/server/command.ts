/**
 * COMMAND: what this server says about its own commands. Everything is read from the table of
 * commands; command_replies.ts knows how a command's description looks on the wire.
 */
import { fromLatin1 } from "../../bytes/byte_string.ts";
import { matchGlob } from "../../bytes/glob.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { type CommandSpec, Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import { extractKeys, hasKeys } from "../../engine/key_extraction.ts";
import { KeyReferences } from "../../engine/special_keys.ts";
import { Request } from "../../resp/request.ts";
import { writeAccess, writeDocs, writeInfo } from "./command_replies.ts";

const CATEGORIES = ["@connection"];
const ANY_TIME = Flag.LOADING | Flag.STALE;

const UNKNOWN_COMMAND = new CommandError("ERR Invalid command specified");
const NO_KEY_ARGUMENTS = new CommandError("ERR The command has no key arguments");
const WRONG_COUNT = new CommandError("ERR Invalid number of arguments specified for command");
const WRONG_ARGUMENTS = new CommandError("ERR Invalid arguments specified for command");

export const COMMAND = command({
  name: "COMMAND",
  summary: "Describes every command.",
  since: "2.8.13",
  complexity: "O(N) where N is the number of commands",
  flags: ANY_TIME,
  arity: -1,
  categories: CATEGORIES,
  tips: ["nondeterministic_output_order"],
  run: replyAllInfo,
});

export const COMMAND_COUNT = command({
  name: "COMMAND|COUNT",
  summary: "Counts the commands, without subcommands.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: ANY_TIME,
  categories: CATEGORIES,
  run(call) {
    call.reply.integer([...call.context.commands.all()].length);
  },
});

export const COMMAND_DOCS = command({
  name: "COMMAND|DOCS",
  usage: "[command-name ...]",
  summary: "Documents the named commands, or all of them.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of commands to document",
  flags: ANY_TIME,
  categories: CATEGORIES,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const found = call.count === 2
      ? [...call.context.commands.all()]
      : namedCommands(call).filter((spec) => spec !== undefined);
    call.reply.map(found.length);
    for (const spec of found) {
      call.reply.bulk(spec.lowerName);
      writeDocs(call.reply, spec);
    }
  },
});

export const COMMAND_GETKEYS = command({
  name: "COMMAND|GETKEYS",
  summary: "Finds the keys among the arguments of a whole command.",
  since: "2.8.13",
  complexity: "O(N) where N is the number of arguments to the command",
  flags: ANY_TIME,
  arity: -4,
  categories: CATEGORIES,
  run(call) {
    const request = inner(call.request);
    const found = keysOf(call, request);
    call.reply.array(found.count);
    for (let i = 0; i < found.count; i++) call.reply.bulkBytes(request.view(found.indexes[i]));
  },
});

export const COMMAND_GETKEYSANDFLAGS = command({
  name: "COMMAND|GETKEYSANDFLAGS",
  summary: "Finds the keys of a whole command, and what it does with each.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of arguments to the command",
  flags: ANY_TIME,
  arity: -4,
  categories: CATEGORIES,
  run(call) {
    const request = inner(call.request);
    const found = keysOf(call, request);
    call.reply.array(found.count);
    for (let i = 0; i < found.count; i++) {
      call.reply.array(2);
      call.reply.bulkBytes(request.view(found.indexes[i]));
      writeAccess(call.reply, found.access[i]);
    }
  },
});

export const COMMAND_INFO = command({
  name: "COMMAND|INFO",
  usage: "[command-name ...]",
  summary: "Describes the named commands, or all of them.",
  since: "2.8.13",
  complexity: "O(N) where N is the number of commands to describe",
  flags: ANY_TIME,
  categories: CATEGORIES,
  tips: ["nondeterministic_output_order"],
  run(call) {
    if (call.count === 2) return replyAllInfo(call);
    call.reply.array(call.count - 2);
    for (const spec of namedCommands(call)) {
      if (spec === undefined) call.reply.null();
      else writeInfo(call.reply, spec);
    }
  },
});

export const COMMAND_LIST = command({
  name: "COMMAND|LIST",
  usage: "[FILTERBY (filterby: MODULE module-name | ACLCAT category | PATTERN pattern)]",
  summary: "Lists the names of commands and subcommands.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of commands and subcommands",
  flags: ANY_TIME,
  categories: CATEGORIES,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const accepts = filterOf(call);
    const names: string[] = [];
    for (const spec of call.context.commands.all()) {
      for (const one of [spec, ...spec.subcommands.values()]) {
        if (accepts(one)) names.push(one.lowerName);
      }
    }
    call.reply.array(names.length);
    for (const name of names) call.reply.bulk(name);
  },
});

export const COMMAND_HELP = helpCommand({
  container: "COMMAND",
  since: "5.0.0",
  categories: CATEGORIES,
});

export const COMMAND_COMMANDS = [
  COMMAND,
  COMMAND_COUNT,
  COMMAND_DOCS,
  COMMAND_GETKEYS,
  COMMAND_GETKEYSANDFLAGS,
  COMMAND_HELP,
  COMMAND_INFO,
  COMMAND_LIST,
];

function replyAllInfo(call: Call): void {
  const all = [...call.context.commands.all()];
  call.reply.array(all.length);
  for (const spec of all) writeInfo(call.reply, spec);
}

function namedCommands(call: Call): (CommandSpec | undefined)[] {
  const found: (CommandSpec | undefined)[] = [];
  for (let i = 2; i < call.count; i++) {
    found.push(call.context.commands.byName(call.request.text(i)));
  }
  return found;
}

function filterOf(call: Call): (spec: CommandSpec) => boolean {
  const request = call.request;
  if (request.count === 2) return () => true;
  if (request.count !== 5 || !request.is(2, "FILTERBY")) throw errors.SYNTAX;
  // Commands are never part of a module here, so none passes.
  if (request.is(3, "MODULE")) return () => false;
  if (request.is(3, "ACLCAT")) {
    const category = "@" + request.text(4).toLowerCase();
    return (spec) => spec.categories.includes(category);
  }
  if (!request.is(3, "PATTERN")) throw errors.SYNTAX;
  const pattern = request.copy(4);
  return ({ lowerName }) =>
    matchGlob(pattern, 0, pattern.length, fromLatin1(lowerName), 0, lowerName.length, true);
}

/** The command that stands behind COMMAND GETKEYS, as a request of its own. */
function inner(request: Request): Request {
  const rest = new Request(request.buffer);
  for (let i = 2; i < request.count; i++) rest.push(request.offsets[i], request.lengths[i]);
  return rest;
}

function keysOf(call: Call, request: Request): KeyReferences {
  const spec = commandOf(call, request);
  if (spec === undefined) throw UNKNOWN_COMMAND;
  if (!hasKeys(spec)) throw NO_KEY_ARGUMENTS;
  const fits = spec.arity > 0 ? request.count === spec.arity : request.count >= -spec.arity;
  if (!fits) throw WRONG_COUNT;
  const found = new KeyReferences();
  extractKeys(spec, request, found);
  if (found.count === 0 && (spec.flags & Flag.NO_MANDATORY_KEYS) === 0) throw WRONG_ARGUMENTS;
  return found;
}

function commandOf(call: Call, request: Request): CommandSpec | undefined {
  const name = request.text(0);
  // Clients write a space between the two names; `config|get` is a name only for COMMAND INFO.
  if (name.includes("|")) return undefined;
  const spec = call.context.commands.byName(name);
  if (spec === undefined || spec.subcommands.size === 0 || request.count === 1) return spec;
  return spec.subcommands.get(request.text(1).toLowerCase());
}
