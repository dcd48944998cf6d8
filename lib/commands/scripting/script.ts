/** SCRIPT: the scripts that are kept, and ending the one that runs. */

import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import { Scripting } from "../../scripting/scripting.ts";

const FLUSH_MODE = new CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
const DEBUG_MODE = new CommandError("ERR Use SCRIPT DEBUG YES/SYNC/NO");
const NO_DEBUGGER = new CommandError("ERR the debugger of scripts is not part of this server");

export const SCRIPT = command({
  name: "SCRIPT",
  summary: "The scripts that the server keeps.",
  since: "2.6.0",
  complexity: "Depends on the subcommand",
});

export const SCRIPT_DEBUG = command({
  name: "SCRIPT|DEBUG",
  usage: "(mode: YES | SYNC | NO)",
  summary: "Turns the debugger off, which is not to be had.",
  since: "3.2.0",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT,
  run(call) {
    if (call.request.is(2, "YES") || call.request.is(2, "SYNC")) throw NO_DEBUGGER;
    if (!call.request.is(2, "NO")) throw DEBUG_MODE;
    call.reply.ok();
  },
});

export const SCRIPT_EXISTS = command({
  name: "SCRIPT|EXISTS",
  usage: "sha1 [sha1 ...]",
  summary: "Tells of each script whether it is kept.",
  since: "2.6.0",
  complexity: "O(N) where N is the number of scripts asked for",
  flags: Flag.NO_SCRIPT,
  tips: ["request_policy:all_shards", "response_policy:agg_logical_and"],
  run(call) {
    const { cache } = Scripting.of(call.context);
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      call.reply.integer(cache.has(call.request.text(i, 41)) ? 1 : 0);
    }
  },
});

export const SCRIPT_FLUSH = command({
  name: "SCRIPT|FLUSH",
  usage: "[async: ASYNC | SYNC]@6.2.0",
  summary: "Forgets all scripts.",
  since: "2.6.0",
  complexity: "O(N) where N is the number of scripts kept",
  flags: Flag.NO_SCRIPT,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    const { request } = call;
    const isMode = call.count === 3 && (request.is(2, "SYNC") || request.is(2, "ASYNC"));
    if (call.count > 2 && !isMode) throw FLUSH_MODE;
    Scripting.of(call.context).flush();
    call.reply.ok();
  },
});

export const SCRIPT_KILL = command({
  name: "SCRIPT|KILL",
  summary: "Ends the script that runs, if it has changed nothing.",
  since: "2.6.0",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT | Flag.ALLOW_BUSY,
  tips: ["request_policy:all_shards", "response_policy:one_succeeded"],
  run(call) {
    Scripting.of(call.context).kill(false);
    call.reply.ok();
  },
});

export const SCRIPT_LOAD = command({
  name: "SCRIPT|LOAD",
  usage: "script",
  summary: "Keeps a script without running it, and replies its name.",
  since: "2.6.0",
  complexity: "O(N) where N is the length of the script",
  flags: Flag.NO_SCRIPT | Flag.STALE,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    const scripting = Scripting.of(call.context);
    const { cache } = scripting;
    let script = cache.bySource(call.request, 2);
    if (script !== undefined) cache.keep(script);
    else {
      script = cache.prepare(call.request, 2);
      scripting.compile(script);
      script.isLoaded = true;
      cache.add(script);
    }
    call.reply.bulk(script.sha);
  },
});

export const SCRIPT_HELP = helpCommand({
  container: "SCRIPT",
  since: "5.0.0",
  entries: [
    ["DEBUG (YES|SYNC|NO)", "Accepts NO only: there is no debugger."],
    ["EXISTS <sha1> [<sha1> ...]", "Tells of each script whether it is kept."],
    ["FLUSH [ASYNC|SYNC]", "Forgets all scripts; both modes do so at once."],
    ["KILL", "Ends the script that runs, if it has changed nothing."],
    ["LOAD <script>", "Keeps a script without running it."],
  ],
});

export const SCRIPT_COMMANDS = [
  ...[SCRIPT, SCRIPT_DEBUG, SCRIPT_EXISTS, SCRIPT_FLUSH, SCRIPT_HELP, SCRIPT_KILL, SCRIPT_LOAD],
];
