/** FUNCTION and FCALL: libraries of functions that are kept with the data. */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import { matchGlob } from "../../bytes/glob.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import type { Context } from "../../engine/context.ts";
import { CommandError } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import type { ReplyWriter } from "../../resp/reply_writer.ts";
import type { Request } from "../../resp/request.ts";
import { pushArguments } from "../../scripting/argument_table.ts";
import { dumpLibraries, readLibraries } from "../../scripting/library_dump.ts";
import type { FunctionLibrary } from "../../scripting/libraries.ts";
import { SCRIPT_FLAG_NAMES } from "../../scripting/script_run.ts";
import { Scripting } from "../../scripting/scripting.ts";
import { showFirst } from "./eval.ts";
import { declaredFlags, FIRST_KEY, keyCount } from "./invoke.ts";

const NO_FUNCTION = new CommandError("ERR Function not found");
const BAD_KEYS = new CommandError("ERR Bad number of keys provided");
const NO_LIBRARY = new CommandError("ERR Library not found");
const FLUSH_MODE = new CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
const POLICY = new CommandError(
  "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
);
const FLAGS = Flag.NO_SCRIPT | Flag.STALE | Flag.SKIP_MONITOR | Flag.NO_MANDATORY_KEYS;
const COMPLEXITY = "Depends on the function that is run";
const NAME_LIMIT = 1024;

export const FCALL = command({
  name: "FCALL",
  usage: "function numkeys [key ...] [arg ...]",
  summary: "Runs a function, as one unit.",
  since: "7.0.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.MAY_REPLICATE,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  flagsOf: (context, request) => flagsOfFunction(context, request, FLAGS | Flag.MAY_REPLICATE),
  run: (call) => callFunction(call, false),
});

export const FCALL_RO = command({
  name: "FCALL_RO",
  usage: "function numkeys [key ...] [arg ...]",
  summary: "Runs a function that changes nothing.",
  since: "7.0.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  flagsOf: (context, request) => flagsOfFunction(context, request, FLAGS | Flag.READONLY),
  run: (call) => callFunction(call, true),
});

function flagsOfFunction(context: Context, request: Request, flags: number): number {
  const entry = Scripting.of(context).libraries.find(request.text(1, NAME_LIMIT));
  return entry === undefined ? flags : declaredFlags(flags, entry.flags);
}

function callFunction(call: Call, isReadOnly: boolean): void {
  showFirst(call);
  const scripting = Scripting.of(call.context);
  const name = call.request.text(1, NAME_LIMIT);
  if (scripting.libraries.find(name) === undefined) throw NO_FUNCTION;
  const keys = keyCount(call, BAD_KEYS);
  // A new machine has new refs.
  const engine = scripting.libraryEngine;
  const entry = scripting.libraries.find(name);
  if (entry === undefined) throw NO_FUNCTION;
  scripting.prepare(call, entry.name, entry.flags, true, isReadOnly);
  const { machine } = engine;
  machine.pushRef(machine.state, entry.ref);
  pushArguments(machine, call.request, FIRST_KEY, FIRST_KEY + keys);
  pushArguments(machine, call.request, FIRST_KEY + keys, call.count);
  scripting.execute(call, engine, 2, false, false);
}

export const FUNCTION = command({
  name: "FUNCTION",
  summary: "Libraries of functions.",
  since: "7.0.0",
  complexity: "Depends on the subcommand",
});

export const FUNCTION_LOAD = command({
  name: "FUNCTION|LOAD",
  usage: "[REPLACE] function-code",
  summary: "Takes a library and replies its name.",
  since: "7.0.0",
  complexity: "O(N) where N is the length of the code",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.NO_SCRIPT,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    const { request } = call;
    let replaces = false;
    for (let i = 2; i < call.count - 1; i++) {
      if (!request.is(i, "REPLACE")) {
        throw new CommandError(`ERR Unknown option given: ${request.text(i, 128)}`);
      }
      replaces = true;
    }
    const name = Scripting.of(call.context).libraries.load(
      request.view(call.count - 1),
      replaces,
    );
    call.dirty++;
    call.reply.bulk(name);
  },
});

export const FUNCTION_DELETE = command({
  name: "FUNCTION|DELETE",
  usage: "library-name",
  summary: "Removes a library.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.NO_SCRIPT,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    const { libraries } = Scripting.of(call.context);
    if (!libraries.delete(call.request.text(2, NAME_LIMIT))) throw NO_LIBRARY;
    call.dirty++;
    call.reply.ok();
  },
});

export const FUNCTION_FLUSH = command({
  name: "FUNCTION|FLUSH",
  usage: "[async: ASYNC | SYNC]",
  summary: "Removes all libraries.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of libraries",
  flags: Flag.WRITE | Flag.NO_SCRIPT,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    const { request } = call;
    if (call.count > 3) throw wrongArguments(request);
    const isMode = call.count === 2 || request.is(2, "SYNC") || request.is(2, "ASYNC");
    if (!isMode) throw FLUSH_MODE;
    Scripting.of(call.context).libraries.clear();
    call.dirty++;
    call.reply.ok();
  },
});

function wrongArguments(request: Request): CommandError {
  return new CommandError(
    "ERR unknown subcommand or wrong number of arguments for " +
      `'${request.text(1, 128)}'. Try FUNCTION HELP.`,
  );
}

export const FUNCTION_DUMP = command({
  name: "FUNCTION|DUMP",
  summary: "Replies all libraries in a form that RESTORE takes.",
  since: "7.0.0",
  complexity: "O(N) where N is the size of the libraries",
  flags: Flag.NO_SCRIPT,
  run(call) {
    const { config } = call.context;
    const { libraries } = Scripting.of(call.context);
    call.reply.bulkBytes(dumpLibraries(libraries.sources(), config.get("rdbcompression")));
  },
});

export const FUNCTION_RESTORE = command({
  name: "FUNCTION|RESTORE",
  usage: "serialized-value [policy: FLUSH | APPEND | REPLACE]",
  summary: "Takes libraries from what DUMP replied, all or none.",
  since: "7.0.0",
  complexity: "O(N) where N is the size of the payload",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.NO_SCRIPT,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    const { request } = call;
    const has = (word: string) => call.count === 4 && request.is(3, word);
    if (call.count > 4) throw wrongArguments(request);
    if (call.count === 4 && !has("FLUSH") && !has("APPEND") && !has("REPLACE")) throw POLICY;
    const sources = readLibraries(request.copy(2), !call.context.switches.skipsChecksums);
    const { libraries } = Scripting.of(call.context);
    libraries.atomically(() => {
      if (has("FLUSH")) libraries.clear();
      for (const source of sources) libraries.load(source, has("REPLACE"), "");
    });
    call.dirty++;
    call.reply.ok();
  },
});

export const FUNCTION_LIST = command({
  name: "FUNCTION|LIST",
  usage: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
  summary: "Lists libraries and their functions.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of functions",
  flags: Flag.NO_SCRIPT,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const { request, reply } = call;
    let pattern: Uint8Array | null = null;
    let hasCode = false;
    for (let i = 2; i < call.count; i++) {
      if (!hasCode && request.is(i, "WITHCODE")) hasCode = true;
      else if (pattern === null && request.is(i, "LIBRARYNAME")) {
        i++;
        if (i >= call.count) {
          throw new CommandError("ERR library name argument was not given");
        }
        pattern = request.copy(i);
      } else throw new CommandError(`ERR Unknown argument ${request.text(i, 128)}`);
    }
    const matching = [...Scripting.of(call.context).libraries.list()].filter(({ name }) =>
      pattern === null || matchesName(pattern, fromLatin1(name))
    );
    reply.array(matching.length);
    for (const library of matching) replyLibrary(reply, library, hasCode);
  },
});

function matchesName(pattern: Uint8Array, name: Uint8Array): boolean {
  return matchGlob(pattern, 0, pattern.length, name, 0, name.length, true);
}

function replyLibrary(reply: ReplyWriter, library: FunctionLibrary, hasCode: boolean): void {
  reply.map(hasCode ? 4 : 3);
  reply.bulk("library_name");
  reply.bulk(library.name);
  reply.bulk("engine");
  reply.bulk("LUA");
  reply.bulk("functions");
  reply.array(library.functions.size);
  for (const { name, description, flags } of library.functions.values()) {
    reply.map(3);
    reply.bulk("name");
    reply.bulk(name);
    reply.bulk("description");
    if (description === null) reply.null();
    else reply.bulkBytes(fromLatin1(description));
    reply.bulk("flags");
    const names = SCRIPT_FLAG_NAMES.filter(([, flag]) => (flags & flag) !== 0);
    reply.set(names.length);
    for (const [flag] of names) reply.simple(flag);
  }
  if (!hasCode) return;
  reply.bulk("library_code");
  reply.bulkBytes(library.source);
}

export const FUNCTION_STATS = command({
  name: "FUNCTION|STATS",
  summary: "Tells which function runs, and how many there are.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT | Flag.ALLOW_BUSY,
  tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
  run(call) {
    const { reply } = call;
    const scripting = Scripting.of(call.context);
    const running = scripting.runningFunction;
    reply.map(2);
    reply.bulk("running_script");
    if (running === null) reply.null();
    else {
      reply.map(3);
      reply.bulk("name");
      reply.bulk(running.name);
      reply.bulk("command");
      reply.array(running.request.count);
      for (let i = 0; i < running.request.count; i++) reply.bulkBytes(running.request.view(i));
      reply.bulk("duration_ms");
      reply.integer(running.durationMs);
    }
    reply.bulk("engines");
    reply.map(1);
    reply.bulk("LUA");
    reply.map(2);
    reply.bulk("libraries_count");
    reply.integer(scripting.libraries.count);
    reply.bulk("functions_count");
    reply.integer(scripting.libraries.functionCount);
  },
});

export const FUNCTION_KILL = command({
  name: "FUNCTION|KILL",
  summary: "Ends the function that runs, if it has changed nothing.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT | Flag.ALLOW_BUSY,
  tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
  run(call) {
    Scripting.of(call.context).kill(true);
    call.reply.ok();
  },
});

export const FUNCTION_HELP = helpCommand({
  container: "FUNCTION",
  since: "7.0.0",
  entries: [
    ["LOAD [REPLACE] <FUNCTION CODE>", "Takes a library, which its first line names."],
    ["DELETE <LIBRARY NAME>", "Removes a library."],
    ["LIST [LIBRARYNAME PATTERN] [WITHCODE]", "Lists libraries and their functions."],
    ["STATS", "Tells which function runs, and how many there are."],
    ["KILL", "Ends the function that runs, if it has changed nothing."],
    ["FLUSH [ASYNC|SYNC]", "Removes all libraries; both modes do so at once."],
    ["DUMP", "Replies all libraries in a form that RESTORE takes."],
    [
      "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
      "Takes libraries from a payload, all or none:",
      "* FLUSH: in place of those that are there.",
      "* APPEND: beside them; one of the same name is an error.",
      "* REPLACE: beside them, in place of those of the same name.",
    ],
  ],
});

export const FUNCTION_COMMANDS = [
  ...[FCALL, FCALL_RO, FUNCTION, FUNCTION_DELETE, FUNCTION_DUMP, FUNCTION_FLUSH, FUNCTION_HELP],
  ...[FUNCTION_KILL, FUNCTION_LIST, FUNCTION_LOAD, FUNCTION_RESTORE, FUNCTION_STATS],
];
