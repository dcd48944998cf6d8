/**
 * The latency monitor (LATENCY LATEST, HISTORY, RESET): spikes of named events, one sample a
 * second at most and the worst of each second kept, as in Redis.
 */

import type { Clock } from "../../host/clock.ts";

/** Samples kept of one event. */
const SAMPLES = 160;

export interface LatencySample {
  /** Unix time in seconds. */
  time: number;
  milliseconds: number;
}

export interface LatencyEvent {
  readonly samples: readonly LatencySample[];
  /** Worst ever seen, in milliseconds. */
  readonly worst: number;
}

export class Latency {
  /** Spikes at least this long are kept, in milliseconds; 0 turns the monitor off. */
  thresholdMs = 0;
  private readonly kept: Map<string, { samples: LatencySample[]; worst: number }> = new Map();

  constructor(private readonly clock: Clock) {}

  get events(): ReadonlyMap<string, LatencyEvent> {
    return this.kept;
  }

  /** When something begins that {@linkcode end} is told of; -1 while the monitor is off. */
  begin(): number {
    return this.thresholdMs > 0 ? this.clock.monotonicMs() : -1;
  }

  /** Notes what has taken its time since `startMs`, given by {@linkcode begin}. */
  end(event: string, startMs: number): void {
    if (this.thresholdMs === 0 || startMs < 0) return;
    this.record(event, this.clock.monotonicMs() - startMs);
  }

  record(event: string, milliseconds: number): void {
    if (this.thresholdMs === 0 || milliseconds < this.thresholdMs) return;
    const unixSeconds = Math.floor(this.clock.unixMs() / 1000);
    let entry = this.kept.get(event);
    if (entry === undefined) {
      entry = { samples: [], worst: 0 };
      this.kept.set(event, entry);
    }
    const whole = Math.floor(milliseconds);
    entry.worst = Math.max(entry.worst, whole);
    const last = entry.samples.at(-1);
    if (last !== undefined && last.time === unixSeconds) {
      last.milliseconds = Math.max(last.milliseconds, whole);
      return;
    }
    entry.samples.push({ time: unixSeconds, milliseconds: whole });
    if (entry.samples.length > SAMPLES) entry.samples.shift();
  }

  /** Forgets the named events, or all; how many there were. */
  reset(events: readonly string[]): number {
    if (events.length === 0) {
      const count = this.kept.size;
      this.kept.clear();
      return count;
    }
    return events.filter((event) => this.kept.delete(event)).length;
  }
}
