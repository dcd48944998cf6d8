/** `--latency` and `--latency-history`: how long PING takes, over and over. */

import { print } from "../tool_host.ts";
import type { CliSession } from "./session.ts";
import { sleep } from "./sleep.ts";

const PAUSE_MS = 10;
const HISTORY_SECONDS = 15;

interface Samples {
  count: number;
  minMs: number;
  maxMs: number;
  totalMs: number;
}

/**
 * Runs for ever on a terminal. Elsewhere, and with a format of its own, it samples for a second
 * (or the interval), prints once and ends; the history prints after each interval.
 */
export async function sampleLatency(session: CliSession, onTerminal: boolean): Promise<number> {
  const { clock } = session.host;
  const { options, style } = session;
  const history = options.mode === "latency-history";
  const once = !history && (!onTerminal || style !== "standard");
  const seconds = options.intervalSeconds || (history ? HISTORY_SECONDS : 1);
  let samples = noSamples();
  let startedMs = clock.monotonicMs();
  for (;;) {
    const sentMs = clock.monotonicMs();
    await session.ask("PING");
    // Whole milliseconds, as redis-cli counts them.
    const tookMs = Math.floor(clock.monotonicMs() - sentMs);
    samples.count++;
    samples.minMs = Math.min(samples.minMs, tookMs);
    samples.maxMs = Math.max(samples.maxMs, tookMs);
    samples.totalMs += tookMs;
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (onTerminal && style === "standard") {
      session.write(`\x1b[0G\x1b[2K${describe(samples)}`);
    }
    if (once && elapsedMs > seconds * 1000) {
      session.write(formatted(samples, style));
      return 0;
    }
    if (history && elapsedMs > seconds * 1000) {
      const range = ` -- ${(elapsedMs / 1000).toFixed(2)} seconds range`;
      if (onTerminal && style === "standard") print(session.host, range);
      else session.write(formatted(samples, style));
      samples = noSamples();
      startedMs = clock.monotonicMs();
    }
    await sleep(clock, PAUSE_MS);
  }
}

function formatted(samples: Samples, style: string): string {
  const { minMs, maxMs, count } = samples;
  const average = (samples.totalMs / count).toFixed(2);
  if (style === "csv") return `${minMs},${maxMs},${average},${count}\n`;
  if (style === "json" || style === "quoted-json") {
    return `{"min": ${minMs}, "max": ${maxMs}, "avg": ${average}, "count": ${count}}\n`;
  }
  if (style === "raw") return `${minMs} ${maxMs} ${average} ${count}\n`;
  return `${describe(samples)}\n`;
}

function describe({ minMs, maxMs, totalMs, count }: Samples): string {
  return `min: ${minMs}, max: ${maxMs}, avg: ${(totalMs / count).toFixed(2)} (${count} samples)`;
}

function noSamples(): Samples {
  return { count: 0, minMs: Infinity, maxMs: 0, totalMs: 0 };
}
