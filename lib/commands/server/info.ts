/**
 * INFO: the state of the server as lines of `field:value` under headings. The sections and fields
 * are those of Redis 7.0, in its order; programs look fields up by name, and people by place.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import type { Context } from "../../engine/context.ts";
import { COUNTER_SECTIONS } from "./info_counters.ts";
import { DATA_SECTIONS } from "./info_data.ts";
import { type Section, sectionText } from "./info_section.ts";
import { SERVER_SECTIONS } from "./info_server.ts";

export const INFO = command({
  name: "INFO",
  usage: "[section ...]",
  summary: "Shows the state of the server and what it counted.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.LOADING | Flag.STALE,
  categories: ["@dangerous"],
  tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
  run(call) {
    const names: string[] = [];
    for (let i = 1; i < call.count; i++) names.push(latin1(call.request.view(i)));
    call.reply.verbatim("txt", infoText(call.context, names));
  },
});

/**
 * What INFO replies to these names of sections, in any case; without names the default ones. An
 * unknown name adds nothing.
 */
export function infoText(context: Context, names: readonly string[]): string {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const everything = asked.has("all") || asked.has("everything");
  const defaults = asked.size === 0 || asked.has("default");
  return SECTIONS
    .filter((section) =>
      everything || (defaults && section.isDefault) || asked.has(section.title.toLowerCase())
    )
    .map((section) => sectionText(section, context))
    .join("\r\n");
}

/** In Redis's order. */
const ORDER = [
  "Server",
  "Clients",
  "Memory",
  "Persistence",
  "Stats",
  "Replication",
  "CPU",
  "Modules",
  "Commandstats",
  "Errorstats",
  "Latencystats",
  "Cluster",
  "Keyspace",
];

const SECTIONS: readonly Section[] = [...SERVER_SECTIONS, ...DATA_SECTIONS, ...COUNTER_SECTIONS]
  .sort((a, b) => ORDER.indexOf(a.title) - ORDER.indexOf(b.title));

export const INFO_COMMANDS = [INFO];
