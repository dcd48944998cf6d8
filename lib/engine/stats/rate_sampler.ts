/**
 * The rates of INFO: commands a second, and bytes a second in and out. As in Redis each is the mean
 * of the last 16 samples of about 100 ms, so that it shows what is going on and not one burst.
 */

import type { ReplicationCounts } from "../replication_port.ts";
import type { EngineStats } from "./engine_stats.ts";

const SAMPLES = 16;
/** How often the cron should call {@linkcode RateSampler.tick}, in milliseconds. */
export const SAMPLE_MS = 100;

export class RateSampler {
  private readonly commands = new Rate();
  private readonly input = new Rate();
  private readonly output = new Rate();
  private readonly replicationInput = new Rate();
  private readonly replicationOutput = new Rate();
  private lastMs: number;

  constructor(private readonly stats: EngineStats, nowMs: number) {
    this.lastMs = nowMs;
  }

  get commandsPerSecond(): number {
    return this.commands.perSecond;
  }

  /** Bytes a second that clients sent. */
  get inputPerSecond(): number {
    return this.input.perSecond;
  }

  /** Bytes a second that clients were sent. */
  get outputPerSecond(): number {
    return this.output.perSecond;
  }

  /** Bytes a second that came from the primary. */
  get replicationInputPerSecond(): number {
    return this.replicationInput.perSecond;
  }

  /** Bytes a second that went to replicas. */
  get replicationOutputPerSecond(): number {
    return this.replicationOutput.perSecond;
  }

  /**
   * Takes one sample of each rate; to be called about every {@linkcode SAMPLE_MS}.
   *
   * @param replication null where there is none.
   */
  tick(
    nowMs: number,
    replication: Pick<ReplicationCounts, "inputBytes" | "outputBytes"> | null,
  ): void {
    const elapsedMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    const { commandsProcessed, inputBytes, outputBytes } = this.stats;
    this.commands.sample(commandsProcessed, elapsedMs);
    this.input.sample(inputBytes, elapsedMs);
    this.output.sample(outputBytes, elapsedMs);
    this.replicationInput.sample(replication?.inputBytes ?? 0, elapsedMs);
    this.replicationOutput.sample(replication?.outputBytes ?? 0, elapsedMs);
  }

  /** Forgets samples of what clients do, after the counters have been set to zero. */
  reset(): void {
    for (const rate of [this.commands, this.input, this.output]) rate.reset();
  }
}

class Rate {
  private readonly samples = new Float64Array(SAMPLES);
  private next = 0;
  private lastCount = 0;

  sample(count: number, elapsedMs: number): void {
    const added = count - this.lastCount;
    this.lastCount = count;
    // A clock that was set back gives no rate to speak of.
    this.samples[this.next] = elapsedMs > 0 && added > 0 ? added * 1000 / elapsedMs : 0;
    this.next = (this.next + 1) % SAMPLES;
  }

  get perSecond(): number {
    return this.samples.reduce((sum, sample) => sum + sample, 0) / SAMPLES;
  }

  reset(): void {
    this.samples.fill(0);
    this.lastCount = 0;
  }
}
