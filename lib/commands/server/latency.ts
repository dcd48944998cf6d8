/**
 * LATENCY: the latency monitor's spikes (lib/engine/stats/latency.ts) and the running times of all
 * commands (lib/engine/stats/latency_histogram.ts).
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { type CommandSpec, Flag } from "../../engine/command_spec.ts";
import { CommandError, cString } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import type { LatencyHistogram } from "../../engine/stats/latency_histogram.ts";
import { latencyGraph, latencyReport } from "./latency_reports.ts";

const FLAGS = Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;
const TIPS = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

export const LATENCY = command({
  name: "LATENCY",
  summary: "Holds the subcommands about latency.",
  since: "2.8.13",
  complexity: "Depends on subcommand.",
});

export const LATENCY_LATEST = command({
  name: "LATENCY|LATEST",
  summary: "Shows the latest spike of every event, and the worst.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: FLAGS,
  tips: TIPS,
  run(call) {
    const { events } = call.context.latency;
    call.reply.array(events.size);
    for (const [name, event] of events) {
      const latest = event.samples[event.samples.length - 1];
      call.reply.array(4);
      call.reply.bulk(name);
      call.reply.integer(latest.time);
      call.reply.integer(latest.milliseconds);
      call.reply.integer(event.worst);
    }
  },
});

export const LATENCY_HISTORY = command({
  name: "LATENCY|HISTORY",
  usage: "event",
  summary: "Shows the spikes of an event that are remembered.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: FLAGS,
  tips: TIPS,
  run(call) {
    const samples = eventOf(call)?.samples ?? [];
    call.reply.array(samples.length);
    for (const sample of samples) {
      call.reply.array(2);
      call.reply.integer(sample.time);
      call.reply.integer(sample.milliseconds);
    }
  },
});

export const LATENCY_RESET = command({
  name: "LATENCY|RESET",
  usage: "[event ...]",
  summary: "Forgets the spikes of the named events, or of all.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: FLAGS,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    const names: string[] = [];
    for (let i = 2; i < call.count; i++) names.push(latin1(call.request.view(i)));
    call.reply.integer(call.context.latency.reset(names));
  },
});

export const LATENCY_GRAPH = command({
  name: "LATENCY|GRAPH",
  usage: "event",
  summary: "Draws the spikes of an event.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: FLAGS,
  tips: TIPS,
  run(call) {
    const event = eventOf(call);
    const name = latin1(call.request.view(2));
    if (event === undefined) {
      throw new CommandError(`ERR No samples available for event '${cString(name)}'`);
    }
    const nowSeconds = Math.floor(call.context.host.clock.unixMs() / 1000);
    call.reply.verbatim("txt", latencyGraph(name, event, nowSeconds));
  },
});

export const LATENCY_DOCTOR = command({
  name: "LATENCY|DOCTOR",
  summary: "Says what the spikes may come from.",
  since: "2.8.13",
  complexity: "O(1)",
  flags: FLAGS,
  tips: TIPS,
  run(call) {
    call.reply.verbatim("txt", latencyReport(call.context));
  },
});

export const LATENCY_HISTOGRAM = command({
  name: "LATENCY|HISTOGRAM",
  usage: "[command ...]",
  summary: "Shows how long the runs of commands took.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of commands to show",
  flags: FLAGS,
  tips: TIPS,
  run(call) {
    const { reply } = call;
    const start = reply.length;
    let shown = 0;
    for (const { lowerName, stats } of askedCommands(call)) {
      if (stats.histogram === null) continue;
      reply.bulk(lowerName);
      writeHistogram(call, stats.histogram);
      shown++;
    }
    reply.mapAt(start, shown);
  },
});

export const LATENCY_HELP = helpCommand({
  container: "LATENCY",
  since: "2.8.13",
  entries: [
    ["DOCTOR", "Says what the spikes may come from, and what to do about them."],
    ["GRAPH <event>", "Draws the spikes of an event."],
    ["HISTORY <event>", "Shows the spikes of an event: Unix time in seconds, milliseconds."],
    ["LATEST", "Shows the latest spike of every event, and the worst."],
    ["RESET [<event> ...]", "Forgets the spikes of the named events, or of all."],
    [
      "HISTOGRAM [COMMAND ...]",
      "Shows how many runs of the named commands, or of all, took up to how many",
      "microseconds.",
    ],
  ],
});

export const LATENCY_COMMANDS = [
  LATENCY,
  LATENCY_DOCTOR,
  LATENCY_GRAPH,
  LATENCY_HELP,
  LATENCY_HISTOGRAM,
  LATENCY_HISTORY,
  LATENCY_LATEST,
  LATENCY_RESET,
];

function eventOf(call: Call) {
  return call.context.latency.events.get(latin1(call.request.view(2)));
}

/** The named commands, each with its subcommands, or all. What is unknown is left out. */
function* askedCommands(call: Call): Iterable<CommandSpec> {
  const { commands } = call.context;
  if (call.count === 2) yield* commands.allWithSubcommands();
  for (let i = 2; i < call.count; i++) {
    const spec = commands.byName(latin1(call.request.view(i)));
    if (spec === undefined) continue;
    yield spec;
    yield* spec.subcommands.values();
  }
}

function writeHistogram(call: Call, histogram: LatencyHistogram): void {
  const { reply } = call;
  const counts = histogram.cumulative();
  reply.map(2);
  reply.bulk("calls");
  reply.integer(histogram.calls);
  reply.bulk("histogram_usec");
  reply.map(counts.length);
  for (const { microseconds, calls } of counts) {
    reply.integer(microseconds);
    reply.integer(calls);
  }
}
