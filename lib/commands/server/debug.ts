/**
 * DEBUG: what test suites and operators lean on to look inside the server and to bring about what
 * otherwise takes luck. Its subcommands are no commands of their own, as in Redis, so they are a table
 * here: how many words each takes, what HELP says of it, what it does.
 */

import { hexadecimal, latin1 } from "../../bytes/byte_string.ts";
import { matchGlob } from "../../bytes/glob.ts";
import { parseMemory } from "../../config/parameter.ts";
import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, cString } from "../../engine/errors.ts";
import { type HelpEntry, linesOfEntries, replyLines } from "../../engine/help.ts";
import { isLocalClient } from "../../engine/local_client.ts";
import { PACKED_THRESHOLD_BYTES, REPLY_PEAK_RESET_MS } from "../../engine/switches.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { datasetDigest, valueDigest } from "../../store/digest.ts";
import { loadAof } from "./append_only.ts";
import { rewriteConfigFile } from "./config.ts";
import { populate, replyObject, replyTableStats, replyValueTableStats } from "./debug_data.ts";
import { replySample } from "./debug_protocol.ts";
import { reload } from "./debug_reload.ts";

const NOT_ALLOWED = new CommandError(
  "ERR DEBUG command not allowed. If the enable-debug-command option is set to " +
    '"local", you can run it from a local connection, otherwise you need to set this option ' +
    "in the configuration file, and then restart the server.",
);
const WRONG_THRESHOLD = new CommandError(
  "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
);
/** Redis's lists count the bytes of a node in 32 bits, with some room left. */
const MAX_THRESHOLD_BYTES = 2 ** 32 - 2 ** 20;

export const DEBUG = command({
  name: "DEBUG",
  summary: "Holds what is meant for those who test and debug.",
  since: "1.0.0",
  complexity: "Depends on subcommand.",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.PROTECTED,
  arity: -2,
  docFlags: ["syscmd"],
  run(call) {
    const allowed = call.context.config.get("enable-debug-command");
    if (allowed === "no" || (allowed === "local" && !isLocalClient(call.session))) {
      throw NOT_ALLOWED;
    }
    const name = latin1(call.request.view(1));
    const upper = name.toUpperCase();
    if (REFUSED.has(upper)) {
      throw new CommandError(`ERR DEBUG ${upper} is refused: this server does not harm itself`);
    }
    const found = SUBCOMMANDS.get(upper);
    const words = call.count - 2;
    if (found === undefined || words < found.least || words > (found.most ?? found.least)) {
      throw unknown(name);
    }
    found.run(call);
  },
});

export const DEBUG_COMMANDS = [DEBUG];

interface Subcommand {
  /** How many arguments follow its name. */
  readonly least: number;
  readonly most?: number;
  readonly help: readonly HelpEntry[];
  run(call: Call): void;
}

/** What makes redis-server crash, leak or start anew. */
const REFUSED = new Set(
  ["ASSERT", "CRASH-AND-RECOVER", "LEAK", "OOM", "PANIC", "RESTART", "SEGFAULT"],
);

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ["AOF-FLUSH-SLEEP", {
    least: 1,
    help: [[
      "AOF-FLUSH-SLEEP <microsec>",
      "Lets the server sleep before each write to the append-only file; 0 ends that.",
    ]],
    run(call) {
      const microseconds = parseInt(latin1(call.request.view(2)), 10);
      call.context.switches.aofFlushSleepMs = Math.max(0, microseconds || 0) / 1000;
      call.reply.ok();
    },
  }],
  ["CHANGE-REPL-ID", {
    least: 0,
    help: [["CHANGE-REPL-ID", "Takes a new replication id, as if the data had another history."]],
    run(call) {
      const { context } = call;
      context.replicationId = hexadecimal(context.host.random.bytes(20));
      context.host.log.notice(`Replication id changed to ${context.replicationId} by DEBUG`);
      call.reply.ok();
    },
  }],
  ["CONFIG-REWRITE-FORCE-ALL", {
    least: 0,
    help: [[
      "CONFIG-REWRITE-FORCE-ALL",
      "As CONFIG REWRITE, with every parameter written, also those that have their default.",
    ]],
    run(call) {
      try {
        if (call.context.configFile === null) throw new Error("there is no config file");
        rewriteConfigFile(call.context, true);
      } catch (error) {
        throw new CommandError(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${systemErrorText(error)}`);
      }
      call.reply.ok();
    },
  }],
  ["DIGEST", {
    least: 0,
    help: [["DIGEST", "Shows a fingerprint of all data: equal data have equal ones."]],
    run: (call) => call.reply.simple(datasetDigest(call.context.store)),
  }],
  ["DIGEST-VALUE", {
    least: 0,
    most: Infinity,
    help: [["DIGEST-VALUE <key> [<key> ...]", "Shows a fingerprint of each value."]],
    run(call) {
      call.reply.array(call.count - 2);
      for (let i = 2; i < call.count; i++) {
        call.reply.simple(valueDigest(call.db, call.peek(i)));
      }
    },
  }],
  ["ERROR", {
    least: 1,
    help: [["ERROR <string>", "Replies the text as an error."]],
    run: (call) => call.reply.error(latin1(call.request.view(2))),
  }],
  ["HTSTATS", {
    least: 1,
    help: [["HTSTATS <dbid>", "Shows how the hash table of a database is filled."]],
    run: replyTableStats,
  }],
  ["HTSTATS-KEY", {
    least: 1,
    help: [["HTSTATS-KEY <key>", "The same for a value that is a hash table."]],
    run: replyValueTableStats,
  }],
  ["LOG", {
    least: 1,
    help: [["LOG <message>", "Writes a line to the server's log."]],
    run(call) {
      call.context.host.log.warning(`DEBUG LOG: ${latin1(call.request.view(2))}`);
      call.reply.ok();
    },
  }],
  ["OBJECT", {
    least: 1,
    help: [["OBJECT <key>", "Shows how a value is stored."]],
    run: replyObject,
  }],
  ["PAUSE-CRON", {
    least: 1,
    help: [["PAUSE-CRON <0|1>", "1 stops all periodic work, 0 lets it go on."]],
    run: (call) => flip(call, 2, (on) => call.context.switches.cronPaused = on),
  }],
  ["POPULATE", {
    least: 1,
    most: 3,
    help: [[
      "POPULATE <count> [<prefix>] [<size>]",
      "Makes string keys named key:<number>, or with <prefix> for key, that hold",
      "value:<number>, cut or filled up with zeros to <size> bytes. Nothing is propagated.",
    ]],
    run: populate,
  }],
  ["PROTOCOL", {
    least: 1,
    help: [[
      "PROTOCOL <type>",
      "Replies a sample of a type: string, integer, double, bignum, null, array, set, map,",
      "attrib, push, verbatim, true or false.",
    ]],
    run: replySample,
  }],
  ["LOADAOF", {
    least: 0,
    help: [[
      "LOADAOF",
      "Writes what waits to the append-only file, forgets the data and loads the file.",
    ]],
    run: loadAof,
  }],
  ["RELOAD", {
    least: 0,
    most: Infinity,
    help: [[
      "RELOAD [option ...]",
      "Saves the data to the RDB file, forgets them and loads the file. Options: MERGE lets keys of",
      "the file replace those that are there, NOFLUSH forgets nothing, NOSAVE saves nothing.",
    ]],
    run: reload,
  }],
  ["REPLICATE", {
    least: 1,
    most: Infinity,
    help: [[
      "REPLICATE <string>",
      "Sends replicas a command, word by word, that is not run here: their data may differ then.",
    ]],
    run(call) {
      const { request, context } = call;
      const words: Uint8Array[] = [];
      for (let i = 2; i < call.count; i++) words.push(request.copy(i));
      context.replication?.replicate(words);
      call.reply.ok();
    },
  }],
  ["SET-ACTIVE-EXPIRE", {
    least: 1,
    help: [[
      "SET-ACTIVE-EXPIRE <0|1>",
      "0 leaves expired keys until somebody asks for them; 1 removes them as usual.",
    ]],
    run: (call) => flip(call, 2, (on) => call.context.expiry.enabled = on),
  }],
  ["SET-DISABLE-DENY-SCRIPTS", {
    least: 1,
    help: [["SET-DISABLE-DENY-SCRIPTS <0|1>", "1 lets scripts run what they may not otherwise."]],
    run: (call) => flip(call, 2, (on) => call.context.switches.scriptsMayRunAll = on),
  }],
  ["QUICKLIST-PACKED-THRESHOLD", {
    least: 1,
    help: [[
      "QUICKLIST-PACKED-THRESHOLD <size>",
      "List elements from this size on get a node of their own. 0 is the default of 1gb.",
    ]],
    run: setPackedThreshold,
  }],
  ["SET-SKIP-CHECKSUM-VALIDATION", {
    least: 1,
    help: [[
      "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
      "1 takes RDB files and payloads of RESTORE whatever their checksum.",
    ]],
    run: (call) => flip(call, 2, (on) => call.context.switches.skipsChecksums = on),
  }],
  ["SLEEP", {
    least: 1,
    help: [["SLEEP <seconds>", "Stops the whole server for a time; fractions are allowed."]],
    run(call) {
      const seconds = parseFloat(latin1(call.request.view(2)));
      call.context.host.clock.sleepSync(seconds > 0 ? seconds * 1000 : 0);
      call.reply.ok();
    },
  }],
  ["STRINGMATCH-LEN", {
    least: 2,
    help: [["STRINGMATCH-LEN <pattern> <string>", "1 when the glob pattern matches, else 0."]],
    run(call) {
      const { buffer, offsets, lengths } = call.request;
      const [, , pattern, text] = offsets;
      const [, , patternLength, textLength] = lengths;
      const matches = matchGlob(buffer, pattern, patternLength, buffer, text, textLength, false);
      call.reply.integer(matches ? 1 : 0);
    },
  }],
  ["REPLYBUFFER", {
    least: 2,
    help: [
      [
        "REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>",
        "How long the largest reply is remembered, in milliseconds.",
      ],
      ["REPLYBUFFER RESIZING <0|1>", "0 leaves the reply buffers at the size they have."],
    ],
    run: setReplyBuffer,
  }],
  ["HELP", {
    least: 0,
    help: [],
    run(call) {
      const entries = [...SUBCOMMANDS.values()].flatMap((subcommand) => subcommand.help);
      replyLines(call, linesOfEntries("DEBUG", entries));
    },
  }],
]);

function unknown(name: string): CommandError {
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${cString(name).slice(0, 128)}'. ` +
      "Try DEBUG HELP.",
  );
}

/** Anything that C's atoi() does not take for 0 turns it on. */
function flip(call: Call, index: number, turn: (on: boolean) => void): void {
  const value = parseInt(latin1(call.request.view(index)), 10);
  turn(!Number.isNaN(value) && value !== 0);
  call.reply.ok();
}

function setPackedThreshold(call: Call): void {
  const bytes = parseMemory(latin1(call.request.view(2)));
  if (bytes === null || bytes > BigInt(MAX_THRESHOLD_BYTES)) throw WRONG_THRESHOLD;
  call.context.switches.packedThresholdBytes = bytes === 0n
    ? PACKED_THRESHOLD_BYTES
    : Number(bytes);
  call.reply.ok();
}

function setReplyBuffer(call: Call): void {
  const { switches } = call.context;
  if (call.request.is(2, "RESIZING")) {
    return flip(call, 3, (on) => switches.resizesReplyBuffers = on);
  }
  if (!call.request.is(2, "PEAK-RESET-TIME")) throw unknown(latin1(call.request.view(1)));
  if (call.request.is(3, "NEVER")) switches.replyPeakResetMs = -1;
  else if (call.request.is(3, "RESET")) switches.replyPeakResetMs = REPLY_PEAK_RESET_MS;
  else switches.replyPeakResetMs = Number(readBigInteger(call, 3));
  call.reply.ok();
}
