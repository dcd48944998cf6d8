/**
 * The latency monitor (LATENCY LATEST, HISTORY, RESET): spikes of named events, one sample a
 * second at most and the worst of each second kept, as in Redis.
 */

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

  get events(): ReadonlyMap<string, LatencyEvent> {
    return this.kept;
  }

  record(event: string, milliseconds: number, unixSeconds: number): void {
    if (this.thresholdMs === 0 || milliseconds < this.thresholdMs) return;
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
