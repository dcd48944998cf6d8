/** `GET /api/v1/slowlog`, `/latency`, `/commands`, `/commands/stats`: what was measured of commands. */

import type { ArgumentDoc, CommandSpec } from "../../lib/engine/command_spec.ts";
import { Flag } from "../../lib/engine/command_spec.ts";
import { invariant } from "../../lib/host/invariant.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { infoSection } from "../figures.ts";
import type { InfoObject } from "../figures.ts";
import type { JsonBytes } from "../json_values.ts";
import { jsonBytes } from "../json_values.ts";
import { onlyReads } from "../policy.ts";
import { integer, list } from "../query.ts";
import { replyBytes, replyItems, reportValue } from "../reply_json.ts";
import { route } from "../route.ts";

export interface SlowEntry {
  readonly id: unknown;
  /** Seconds since 1970. */
  readonly time: unknown;
  readonly microseconds: unknown;
  readonly args: readonly JsonBytes[];
  readonly client: string;
  readonly name: string;
}

export const slowLogRoute = route({
  path: "/api/v1/slowlog",
  summary: "Shows the slow log, newest first.",
  query: { limit: integer({ initial: 100, min: 1, max: 1000 }, "Entries to show.") },
  handle(asked) {
    using commands = asked.commands();
    const { config } = asked.engine.context;
    return asked.c.json({
      items: commands.items("SLOWLOG", "GET", String(asked.query.limit)).map(slowEntry),
      total: Number(commands.integer("SLOWLOG", "LEN")),
      thresholdMicroseconds: config.get("slowlog-log-slower-than"),
      maxLength: config.get("slowlog-max-len"),
    });
  },
});

function slowEntry(entry: Reply): SlowEntry {
  const [id, time, microseconds, args, client, name] = replyItems(entry);
  return {
    id: reportValue(id),
    time: reportValue(time),
    microseconds: reportValue(microseconds),
    args: replyItems(args).map((arg) => jsonBytes(replyBytes(arg))),
    client: String(reportValue(client) ?? ""),
    name: String(reportValue(name) ?? ""),
  };
}

export interface LatencyShown {
  readonly command: string;
  readonly calls: unknown;
  /** Calls that took at most so many microseconds, cumulative. */
  readonly histogram: readonly { readonly microseconds: number; readonly calls: unknown }[];
  /** By percentile, in microseconds. */
  readonly percentiles: InfoObject;
}

export const latencyRoute = route({
  path: "/api/v1/latency",
  summary: "Shows how long commands took as histograms, and the latest latency events.",
  query: { command: list("Only of these commands.") },
  handle(asked) {
    using commands = asked.commands();
    const reply = commands.run("LATENCY", "HISTOGRAM", ...asked.query.command);
    invariant(reply.kind === "map", `LATENCY HISTOGRAM replied ${reply.kind}`);
    const percentiles = infoSection(commands, "latencystats");
    const items = reply.entries.map(([name, value]) => {
      const command = String(reportValue(name));
      const known = percentiles[`latency_percentiles_usec_${command}`] as InfoObject | undefined;
      return latencyOf(command, value, known ?? {});
    });
    const events = commands.items("LATENCY", "LATEST").map((event) => {
      const [name, time, latest, worst] = replyItems(event).map(reportValue);
      return { event: name, time, latestMs: latest, worstMs: worst };
    });
    return asked.c.json({ items, events });
  },
});

function latencyOf(command: string, value: Reply, percentiles: InfoObject): LatencyShown {
  invariant(value.kind === "map", "a histogram is a map");
  const fields = new Map(value.entries.map(([name, part]) => [String(reportValue(name)), part]));
  const histogram = fields.get("histogram_usec");
  const buckets = histogram?.kind === "map" ? histogram.entries : [];
  return {
    command,
    calls: reportValue(fields.get("calls") ?? { kind: "null" }),
    histogram: buckets.map(([bound, calls]) => ({
      microseconds: Number(reportValue(bound)),
      calls: reportValue(calls),
    })),
    percentiles,
  };
}

export interface CommandShown {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  readonly arity: number;
  /** Its syntax behind the name. */
  readonly usage: string;
  readonly arguments: readonly ArgumentDoc[];
  readonly flags: readonly string[];
  readonly categories: readonly string[];
  readonly isContainer: boolean;
  /** Whether the console may run it while writing is off. */
  readonly onlyReads: boolean;
}

export const commandsRoute = route({
  path: "/api/v1/commands",
  summary: "Lists all commands with their syntax, for hints and for help.",
  handle(asked) {
    const items: CommandShown[] = [];
    for (const spec of asked.engine.context.commands.allWithSubcommands()) {
      items.push(commandShown(spec));
    }
    return asked.c.json({ items });
  },
});

function commandShown(spec: CommandSpec): CommandShown {
  return {
    name: spec.lowerName.replace("|", " "),
    group: spec.group,
    summary: spec.summary,
    since: spec.since,
    complexity: spec.complexity,
    arity: spec.arity,
    usage: spec.usage,
    arguments: spec.arguments,
    flags: Object.entries(Flag).filter(([, bit]) => (spec.flags & bit) !== 0)
      .map(([name]) => name.toLowerCase()),
    categories: spec.categories,
    isContainer: spec.subcommands.size > 0,
    onlyReads: onlyReads(spec),
  };
}

export const commandStatsRoute = route({
  path: "/api/v1/commands/stats",
  summary: "Shows how often each command ran, for how long, and how often it failed.",
  handle(asked) {
    using commands = asked.commands();
    const stats = infoSection(commands, "commandstats");
    return asked.c.json({
      items: Object.entries(stats).map(([name, fields]) => {
        const counted = fields as InfoObject;
        return {
          command: name.slice("cmdstat_".length).replace("|", " "),
          calls: counted.calls,
          microseconds: counted.usec,
          microsecondsPerCall: counted.usec_per_call,
          rejected: counted.rejected_calls,
          failed: counted.failed_calls,
        };
      }),
    });
  },
});
