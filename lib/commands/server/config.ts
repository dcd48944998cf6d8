/** CONFIG: reads and changes the configuration while the server runs, and writes it to redis.conf. */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { matchGlob } from "../../bytes/glob.ts";
import { ConfigError } from "../../config/config_error.ts";
import { rewriteConfig } from "../../config/rewrite.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import type { Context } from "../../engine/context.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import { isLocalClient } from "../../engine/local_client.ts";
import { replaceFile } from "../../host/files.ts";
import { systemErrorKind, systemErrorText } from "../../host/system_error.ts";

const FLAGS = Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;

const NO_CONFIG_FILE = new CommandError("ERR The server is running without a config file");

export const CONFIG = command({
  name: "CONFIG",
  summary: "Holds the subcommands about the configuration.",
  since: "2.0.0",
  complexity: "Depends on subcommand.",
});

export const CONFIG_GET = command({
  name: "CONFIG|GET",
  usage: "(parameter: parameter) ...",
  summary: "Shows the parameters that match some patterns.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of parameters",
  flags: FLAGS,
  run(call) {
    const patterns: string[] = [];
    for (let i = 2; i < call.count; i++) patterns.push(latin1(call.request.view(i)));
    const found = call.context.config.match(patterns, matchesName);
    call.reply.map(found.length);
    for (const [name, text] of found) {
      call.reply.bulkBytes(fromLatin1(name));
      call.reply.bulkBytes(fromLatin1(text));
    }
  },
});

export const CONFIG_SET = command({
  name: "CONFIG|SET",
  usage: "parameter value [parameter value ...]",
  summary: "Changes parameters: all that are named, or none.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of parameters to change",
  flags: FLAGS,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    if (call.count % 2 === 1) throw errors.SYNTAX;
    const pairs: [string, string][] = [];
    for (let i = 2; i < call.count; i += 2) {
      pairs.push([latin1(call.request.view(i)), latin1(call.request.view(i + 1))]);
    }
    try {
      call.context.config.set(pairs, {
        local: isLocalClient(call.session),
        loading: !call.context.store.state.expires,
      });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const code = error.kind === "loading" ? "LOADING" : "ERR";
      throw new CommandError(`${code} ${error.replyText}`);
    }
    call.reply.ok();
  },
});

export const CONFIG_RESETSTAT = command({
  name: "CONFIG|RESETSTAT",
  summary: "Sets what INFO counted back to zero.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of commands",
  flags: FLAGS,
  run(call) {
    resetStats(call.context);
    // The command itself is the first that counts again.
    call.context.stats.commandsProcessed = 1;
    call.command.stats.calls = 1;
    call.reply.ok();
  },
});

export const CONFIG_REWRITE = command({
  name: "CONFIG|REWRITE",
  summary: "Writes the configuration to redis.conf, keeping its comments and order.",
  since: "2.8.0",
  complexity: "O(N) where N is the number of parameters and lines of the file",
  flags: FLAGS,
  run(call) {
    const { context } = call;
    if (context.configFile === null) throw NO_CONFIG_FILE;
    try {
      rewriteConfigFile(context, false);
    } catch (error) {
      const reason = systemErrorText(error);
      context.host.log.warning(`CONFIG REWRITE failed: ${reason}`);
      throw new CommandError(`ERR Rewriting config file: ${reason}`);
    }
    context.host.log.notice("CONFIG REWRITE executed with success.");
    call.reply.ok();
  },
});

export const CONFIG_HELP = helpCommand({
  container: "CONFIG",
  since: "5.0.0",
  entries: [
    ["GET <pattern>", "Shows the parameters whose names match, with their values."],
    ["SET <directive> <value>", "Changes a parameter; more pairs may follow."],
    ["RESETSTAT", "Sets what INFO counted back to zero."],
    ["REWRITE", "Writes the configuration to the file that the server started with."],
  ],
});

export const CONFIG_COMMANDS = [
  CONFIG,
  CONFIG_GET,
  CONFIG_HELP,
  CONFIG_RESETSTAT,
  CONFIG_REWRITE,
  CONFIG_SET,
];

/**
 * Writes redis.conf anew, in one step. The context must have a file. Throws the operating
 * system's error.
 */
export function rewriteConfigFile(context: Context, forceAll: boolean): void {
  const { config, host, configIncluded: included } = context;
  const path = context.configFile ?? "";
  const text = rewriteConfig(readIfThere(context, path), config, { forceAll, included });
  const temporary = `${path}-${host.process.pid}-${host.random.uint32()}.tmp`;
  replaceFile(host.files, path, temporary, fromLatin1(text));
}

function readIfThere(context: Context, path: string): string {
  try {
    return latin1(context.host.files.readBytes(path));
  } catch (error) {
    if (systemErrorKind(error) === "not found") return "";
    throw error;
  }
}

function resetStats(context: Context): void {
  context.stats.reset();
  context.commands.resetStats();
  context.rates.reset();
  context.peaks.reset(context.host.clock.unixMs());
  context.store.state.hits = 0;
  context.store.state.misses = 0;
  context.store.lazyFree.freedObjects = 0;
  context.replication?.resetCounts();
  context.persistence?.resetCounts();
  context.appendOnly?.resetCounts();
  context.scripts.engine?.resetCounts();
}

function matchesName(pattern: string, name: string): boolean {
  const bytes = fromLatin1(pattern);
  return matchGlob(bytes, 0, bytes.length, fromLatin1(name), 0, name.length, true);
}
