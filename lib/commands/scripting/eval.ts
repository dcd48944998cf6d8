/** Scripts: running them, by their text or by its SHA-1. [hot] */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import type { Context } from "../../engine/context.ts";
import { CommandError } from "../../engine/errors.ts";
import type { Request } from "../../resp/request.ts";
import type { CachedScript } from "../../scripting/script_cache.ts";
import * as scriptCacheModule from "../../scripting/script_cache.ts";
import { Scripting } from "../../scripting/scripting.ts";
import { scriptHead } from "../../scripting/shebang.ts";
import * as invokeModule from "./invoke.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { MAX_RESTARTS } = scriptCacheModule;
const { declaredFlags, FIRST_KEY, keyCount } = invokeModule;

const NO_SCRIPT = new CommandError("NOSCRIPT No matching script. Please use EVAL.");
const NAME_DIGITS = 40;
/** Arguments of a call at most, and bytes of each, that a script can do but little with. */
const BRIEF_ARGUMENTS = 16;
const BRIEF_BYTES = 1024;
/** What a script begins with that says something about itself. */
const HASH = 0x23;

const FLAGS = Flag.NO_SCRIPT | Flag.STALE | Flag.SKIP_MONITOR | Flag.NO_MANDATORY_KEYS;
const COMPLEXITY = "Depends on the script that is run";

export const EVAL = command({
  name: "EVAL",
  usage: "script numkeys [key ...] [arg ...]",
  summary: "Runs a script in Lua, as one unit.",
  since: "2.6.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.MAY_REPLICATE,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  flagsOf: (_context, request) => flagsByText(request, FLAGS | Flag.MAY_REPLICATE),
  run: (call) => evalSource(call, false),
});

export const EVALSHA = command({
  name: "EVALSHA",
  usage: "sha1 numkeys [key ...] [arg ...]",
  summary: "Runs a script that the server has kept.",
  since: "2.6.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.MAY_REPLICATE,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  flagsOf: (context, request) => flagsByName(context, request, FLAGS | Flag.MAY_REPLICATE),
  isBrief: isBriefByName,
  run: (call) => evalName(call, false),
});

export const EVAL_RO = command({
  name: "EVAL_RO",
  usage: "script numkeys [key ...] [arg ...]",
  summary: "Runs a script in Lua that changes nothing.",
  since: "7.0.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  flagsOf: (_context, request) => flagsByText(request, FLAGS | Flag.READONLY),
  run: (call) => evalSource(call, true),
});

export const EVALSHA_RO = command({
  name: "EVALSHA_RO",
  usage: "sha1 numkeys [key ...] [arg ...]",
  summary: "Runs a script that the server has kept and that changes nothing.",
  since: "7.0.0",
  complexity: COMPLEXITY,
  flags: FLAGS | Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  flagsOf: (context, request) => flagsByName(context, request, FLAGS | Flag.READONLY),
  isBrief: isBriefByName,
  run: (call) => evalName(call, true),
});

export const EVAL_COMMANDS = [EVAL, EVALSHA, EVAL_RO, EVALSHA_RO];

/** Looks at no more of a script than its first bytes, if it says nothing about itself. */
function flagsByText(request: Request, flags: number): number {
  const { buffer, offsets } = request;
  if (request.lengths[1] < 2 || buffer[offsets[1]] !== HASH) return flags;
  try {
    return declaredFlags(flags, scriptHead(latin1(request.view(1))).flags);
  } catch (error) {
    if (error instanceof CommandError) return flags;
    throw error;
  }
}

function flagsByName(context: Context, request: Request, flags: number): number {
  if (request.lengths[1] !== NAME_DIGITS) return flags;
  const script = Scripting.of(context).cache.byName(request, 1);
  return script === undefined ? flags : declaredFlags(flags, script.flags);
}

/** A script without loops takes no longer than its commands, which tell when they are not brief. */
function isBriefByName(context: Context, request: Request): boolean {
  if (request.count > BRIEF_ARGUMENTS || request.lengths[1] !== NAME_DIGITS) return false;
  for (let i = 2; i < request.count; i++) if (request.lengths[i] > BRIEF_BYTES) return false;
  return Scripting.of(context).cache.byName(request, 1)?.isStraight === true;
}

function evalSource(call: Call, isReadOnly: boolean): void {
  showFirst(call);
  const scripting = Scripting.of(call.context);
  const keys = keyCount(call);
  let script = scripting.cache.bySource(call.request, 1);
  if (script === undefined) {
    script = scripting.cache.prepare(call.request, 1);
    scripting.compile(script);
    scripting.cache.add(script);
  }
  runScript(call, scripting, script, keys, isReadOnly);
}

function evalName(call: Call, isReadOnly: boolean): void {
  showFirst(call);
  const scripting = Scripting.of(call.context);
  if (call.request.lengths[1] !== NAME_DIGITS) throw NO_SCRIPT;
  const keys = keyCount(call);
  const script = scripting.cache.byName(call.request, 1);
  if (script === undefined) throw NO_SCRIPT;
  runScript(call, scripting, script, keys, isReadOnly);
}

/** Whoever watches by MONITOR sees a script before the commands that it runs. */
export function showFirst(call: Call): void {
  const { monitor } = call.context;
  if (monitor.active) monitor.showAlways(call.session, call.command, call.request);
}

function runScript(
  call: Call,
  scripting: Scripting,
  script: CachedScript,
  keys: number,
  isReadOnly: boolean,
): void {
  while (!runOnce(call, scripting, script, keys, isReadOnly)) {
    script.isQuickReader = false;
    script.restarts++;
  }
  script.isQuickReader = scripting.wasQuickReader && script.restarts < MAX_RESTARTS;
}

/** @returns false when it has to be run once more. */
function runOnce(
  call: Call,
  scripting: Scripting,
  script: CachedScript,
  keys: number,
  isReadOnly: boolean,
): boolean {
  const { flags, sha: name } = script;
  scripting.prepare(call, name, flags, false, isReadOnly);
  const engine = scripting.engineFor(script);
  if (script.readsKeys) engine.keys.fill(call.request, FIRST_KEY, FIRST_KEY + keys);
  if (script.readsArguments) engine.argv.fill(call.request, FIRST_KEY + keys, call.count);
  scripting.pushScript(script, engine);
  return scripting.execute(call, engine, 0, script.isQuickReader, script.isStraight);
}
