/** SLOWLOG: the commands that took longest lately (lib/engine/stats/slow_log.ts keeps them). */

import { readClampedInteger } from "../../engine/arguments.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import { fromLatin1 } from "../../bytes/byte_string.ts";

const FLAGS = Flag.ADMIN | Flag.LOADING | Flag.STALE;
const DEFAULT_COUNT = 10;

const WRONG_COUNT = new CommandError("ERR count should be greater than or equal to -1");
const TOO_MANY = new CommandError(
  "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.",
);

export const SLOWLOG = command({
  name: "SLOWLOG",
  summary: "Holds the subcommands about the slow log.",
  since: "2.2.12",
  complexity: "Depends on subcommand.",
});

export const SLOWLOG_GET = command({
  name: "SLOWLOG|GET",
  usage: "[count]",
  summary: "Shows the newest entries of the slow log.",
  since: "2.2.12",
  complexity: "O(N) where N is the number of entries to show",
  flags: FLAGS,
  tips: ["request_policy:all_nodes", "nondeterministic_output"],
  run(call) {
    if (call.count > 3) throw TOO_MANY;
    const count = call.count === 2 ? DEFAULT_COUNT : readClampedInteger(call, 2, WRONG_COUNT);
    if (count < -1) throw WRONG_COUNT;
    const entries = call.context.slowLog.newest(count);
    call.reply.array(entries.length);
    for (const entry of entries) {
      call.reply.array(6);
      call.reply.integer(entry.id);
      call.reply.integer(entry.time);
      call.reply.integer(entry.microseconds);
      call.reply.array(entry.args.length);
      for (const arg of entry.args) call.reply.bulkBytes(arg);
      call.reply.bulk(entry.clientAddress);
      call.reply.bulkBytes(fromLatin1(entry.clientName));
    }
  },
});

export const SLOWLOG_LEN = command({
  name: "SLOWLOG|LEN",
  summary: "Counts the entries of the slow log.",
  since: "2.2.12",
  complexity: "O(1)",
  flags: FLAGS,
  tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
  run(call) {
    call.reply.integer(call.context.slowLog.length);
  },
});

export const SLOWLOG_RESET = command({
  name: "SLOWLOG|RESET",
  summary: "Empties the slow log.",
  since: "2.2.12",
  complexity: "O(N) where N is the number of entries",
  flags: FLAGS,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    call.context.slowLog.clear();
    call.reply.ok();
  },
});

export const SLOWLOG_HELP = helpCommand({
  container: "SLOWLOG",
  since: "6.2.0",
  entries: [
    [
      "GET [<count>]",
      "Shows the newest entries: 10 unless <count> says otherwise, all of them for -1.",
      "An entry holds its id, the time it began (Unix seconds), how long it took in",
      "microseconds, the arguments, and the address and name of the client.",
    ],
    ["LEN", "Counts the entries."],
    ["RESET", "Empties the slow log."],
  ],
});

export const SLOW_LOG_COMMANDS = [
  SLOWLOG,
  SLOWLOG_GET,
  SLOWLOG_HELP,
  SLOWLOG_LEN,
  SLOWLOG_RESET,
];
