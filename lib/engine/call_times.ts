/**
 * How long commands run, for INFO commandstats, LATENCY HISTOGRAM and the slow log. [hot]
 *
 * Time is measured in runs: consecutive calls of the same brief command share one pair of time
 * stamps, since reading the clock (0.1 µs and more) would be a tenth of a GET. Of a command that is
 * called often not all runs are measured; those that are stand for the others. Commands that may
 * take long are measured one by one. A script without loops is brief until one of its commands is not.
 */

import type { Clock } from "../host/clock.ts";
import { CommandStats } from "./command_spec.ts";
import type { EngineStats } from "./stats/engine_stats.ts";

/** A longer reply takes its time, whatever the command: the run of brief ones ends with it. */
export const BRIEF_REPLY_BYTES: number = 16 * 1024;

/** Calls of a brief command that go unmeasured between two that are, after so many that all are. */
const CALLS_PER_SAMPLE = 64;
const MEASURED_CALLS = 64;
/** Calls in a run of commands that the length of a reply makes long. */
const LONGEST_RUN = 16;
/**
 * A brief call that takes longer was held up, by the system or by the collector, and stands for no
 * others: they wait for the next one.
 */
const HELD_UP_MS = 0.1;
/** The start of a run that is not measured. */
const UNMEASURED = -1;

export class CallTimes {
  // The run of equal brief commands that is open.
  private runStats: CommandStats = new CommandStats();
  private runCalls = 0;
  private runStartMs = UNMEASURED;
  /** When the last measurement of this turn ended, if nothing has run since; else 0. */
  private stampMs = 0;

  constructor(private readonly clock: Clock, private readonly stats: EngineStats) {}

  /**
   * Counts a call of a brief command that is about to run.
   *
   * @param sampled whether others may stand for it; not where the length of the reply decides. Such
   * runs are short, so that a call at the end of one is hardly made responsible for the others.
   */
  countBrief(stats: CommandStats, sampled: boolean): void {
    const { runCalls } = this;
    if (stats !== this.runStats || runCalls === 0 || (!sampled && runCalls >= LONGEST_RUN)) {
      this.openRun(stats, sampled);
    }
    this.runCalls++;
  }

  /** Before calls of a brief command that are run in one go, to be counted by {@linkcode countMore}. */
  openFor(stats: CommandStats, sampled: boolean): void {
    if (stats !== this.runStats || this.runCalls === 0) this.openRun(stats, sampled);
  }

  countMore(calls: number): void {
    this.runCalls += calls;
  }

  /** Ends the open run, since its last call was not brief; its milliseconds, -1 if not measured. */
  endRun(): number {
    if (this.runCalls === 0) return UNMEASURED;
    const nowMs = this.endOfRun();
    const elapsedMs = nowMs === UNMEASURED ? UNMEASURED : nowMs - this.runStartMs;
    this.closeRun(nowMs);
    this.stampMs = 0;
    return elapsedMs;
  }

  /**
   * Counts a call that is about to run within a script and is measured; when it starts, which is not
   * when the script did.
   */
  startWithin(stats: CommandStats): number {
    stats.calls++;
    this.stats.commandsProcessed++;
    return this.clock.monotonicMs();
  }

  /** Adds the time of such a call, and leaves what is open; returns it in milliseconds. */
  endWithin(stats: CommandStats, startedMs: number): number {
    const elapsedMs = this.clock.monotonicMs() - startedMs;
    stats.addRun(1, elapsedMs * 1000);
    return elapsedMs;
  }

  /** Counts a call that is about to run and is measured by itself; when it starts. */
  startCall(stats: CommandStats): number {
    // Within a turn a measurement starts where the one before it ended.
    let startedMs = this.stampMs;
    if (this.runCalls > 0 || startedMs === 0) {
      startedMs = this.clock.monotonicMs();
      if (this.runCalls > 0) this.closeRun(startedMs);
      this.stampMs = 0;
    }
    stats.calls++;
    this.stats.commandsProcessed++;
    return startedMs;
  }

  /** Adds the time of a call that was measured by itself; returns it in milliseconds. */
  endCall(stats: CommandStats, startedMs: number): number {
    this.stampMs = this.clock.monotonicMs();
    const elapsedMs = this.stampMs - startedMs;
    stats.addRun(1, elapsedMs * 1000);
    return elapsedMs;
  }

  /**
   * Counts a call of a brief command whose neighbours are seldom of its kind, as in scripts, so that
   * there are no runs to measure. Whether it is to be measured, for those before it as well.
   */
  countSampled(stats: CommandStats): boolean {
    stats.calls++;
    stats.unmeasured++;
    this.stats.commandsProcessed++;
    return stats.unmeasured >= CALLS_PER_SAMPLE || stats.calls <= MEASURED_CALLS;
  }

  /** Adds the time of a call for which {@linkcode countSampled} said so. */
  endSampled(stats: CommandStats, startedMs: number): void {
    // It was counted as unmeasured itself.
    stats.unmeasured--;
    addMeasured(stats, 1, this.clock.monotonicMs() - startedMs);
  }

  /** Ends the measurement that is open, at the end of a turn. */
  endTurn(): void {
    if (this.runCalls > 0) this.closeRun(this.endOfRun());
    this.stampMs = 0;
  }

  /** Makes the next measurement read the clock, whatever was measured in this turn. */
  forget(): void {
    this.stampMs = 0;
  }

  private openRun(stats: CommandStats, sampled: boolean): void {
    let startMs = UNMEASURED;
    if (this.runCalls > 0) {
      startMs = this.endOfRun();
      this.closeRun(startMs);
    }
    const isMeasured = !sampled || stats.unmeasured >= CALLS_PER_SAMPLE ||
      stats.calls < MEASURED_CALLS;
    this.runStats = stats;
    if (!isMeasured) startMs = UNMEASURED;
    else if (startMs === UNMEASURED) startMs = this.clock.monotonicMs();
    this.runStartMs = startMs;
  }

  /** The time, if the open run needs to know when it ends. */
  private endOfRun(): number {
    return this.runStartMs === UNMEASURED ? UNMEASURED : this.clock.monotonicMs();
  }

  private closeRun(nowMs: number): void {
    const { runStats, runCalls } = this;
    this.runCalls = 0;
    this.stats.commandsProcessed += runCalls;
    runStats.calls += runCalls;
    if (this.runStartMs === UNMEASURED) {
      runStats.unmeasured += runCalls;
      return;
    }
    addMeasured(runStats, runCalls, nowMs - this.runStartMs);
  }
}

/** Adds the time of calls that were measured together, and of those before that they stand for. */
function addMeasured(stats: CommandStats, calls: number, elapsedMs: number): void {
  if (elapsedMs > calls * HELD_UP_MS) return stats.addRun(calls, elapsedMs * 1000);
  const all = calls + stats.unmeasured;
  stats.addRun(all, elapsedMs * 1000 * all / calls);
  stats.unmeasured = 0;
}
