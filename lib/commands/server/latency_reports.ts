/** LATENCY GRAPH and DOCTOR: the latency monitor's spikes as a drawing and as advice. */

import type { Context } from "../../engine/context.ts";
import type { LatencyEvent, LatencySample } from "../../engine/stats/latency.ts";

const WIDTH = 80;
const ROWS = 4;
/** Heights within a row, from low to high. */
const MARKS = "_o#";

/**
 * The drawing: one column for a spike, its height between the lowest and the highest of them, and
 * below it how long ago it was, from top to bottom.
 */
export function latencyGraph(name: string, event: LatencyEvent, nowSeconds: number): string {
  const shown = event.samples.slice(-WIDTH);
  const times = shown.map((sample) => sample.milliseconds);
  const high = Math.max(...times);
  const low = Math.min(...times);
  const lines = [
    `${name} - high ${high} ms, low ${low} ms (all time high ${event.worst} ms)`,
    "-".repeat(WIDTH),
    ...columns(times, low, high),
    ...labels(shown, nowSeconds),
  ];
  return lines.map((line) => line + "\n").join("");
}

function columns(times: readonly number[], low: number, high: number): string[] {
  const steps = ROWS * MARKS.length - 1;
  const heights = times.map((time) => Math.floor((time - low) * steps / Math.max(1, high - low)));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const floor = row * MARKS.length;
    lines.push(heights.map((height) => markOf(height - floor)).join(""));
  }
  return lines;
}

function markOf(height: number): string {
  if (height < 0) return " ";
  return height < MARKS.length ? MARKS[height] : "|";
}

function labels(samples: readonly LatencySample[], nowSeconds: number): string[] {
  const texts = samples.map((sample) => age(Math.max(0, nowSeconds - sample.time)));
  const longest = Math.max(...texts.map((text) => text.length));
  const lines: string[] = [];
  for (let row = 0; row < longest; row++) {
    lines.push(texts.map((text) => text[row] ?? " ").join(""));
  }
  return ["", ...lines];
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** What LATENCY DOCTOR says. */
export function latencyReport(context: Context): string {
  const { config, latency } = context;
  const threshold = latency.thresholdMs;
  if (threshold === 0) {
    return "The latency monitor is off, so there is nothing to tell. Turn it on with " +
      "CONFIG SET latency-monitor-threshold <milliseconds>: events that take as long are noted.\n";
  }
  if (latency.events.size === 0) {
    return `No event took ${threshold} ms or longer since the monitor was turned on or reset.\n`;
  }
  const lines = ["Events that took too long:", ""];
  for (const [name, event] of latency.events) lines.push(`- ${name}: ${summaryOf(event)}`);
  lines.push("", "What may help:", "");
  const slower = config.get("slowlog-log-slower-than");
  if (slower < 0 || slower > threshold * 1000) {
    lines.push(
      `- The slow log misses these commands. CONFIG SET slowlog-log-slower-than ${
        threshold * 1000
      } makes it note them.`,
    );
  }
  for (const [name, advice] of ADVICE) {
    if ([...latency.events.keys()].some((event) => event.startsWith(name))) {
      lines.push(`- ${advice}`);
    }
  }
  return lines.join("\n") + "\n";
}

/** By the beginning of an event's name. */
const ADVICE: readonly (readonly [event: string, advice: string])[] = [
  [
    "command",
    "SLOWLOG GET shows which commands they were. Those that go over all keys or over a large " +
    "value (KEYS, SMEMBERS, LRANGE 0 -1) are better done in parts (SCAN and its kin).",
  ],
  [
    "fast-command",
    "Even small commands were held up: look for other work on this machine (processor, swapping, " +
    "a virtual machine that is paused).",
  ],
  ["expire", "Many keys expire at the same moment: spread their times to live."],
  ["eviction", "Memory is at its limit: raise maxmemory, or store less."],
  [
    "aof",
    "The disk is slow to take the append-only file: a disk of its own, or appendfsync everysec, " +
    "helps.",
  ],
];

function summaryOf(event: LatencyEvent): string {
  const times = event.samples.map((sample) => sample.milliseconds);
  const count = times.length;
  const mean = times.reduce((sum, time) => sum + time, 0) / count;
  const deviation = times.reduce((sum, time) => sum + Math.abs(time - mean), 0) / count;
  const span = event.samples[count - 1].time - event.samples[0].time;
  const period = count < 2 ? "" : `, one every ${(span / (count - 1)).toFixed(1)} s`;
  return `${count} ${count === 1 ? "spike" : "spikes"}, ${Math.round(mean)} ms on average ` +
    `(mean deviation ${Math.round(deviation)} ms)${period}; the worst was ${event.worst} ms`;
}
