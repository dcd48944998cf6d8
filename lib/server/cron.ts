/**
 * What runs when: the periodic work of a server, each piece a `tick` of the part that owns it.
 * The clock is the host's, so a test that moves time runs the cron as well.
 */

import type { Clock, Timer } from "../host/clock.ts";
import type { Log } from "../host/log.ts";

/** A piece of periodic work. */
export interface CronTask {
  readonly name: string;
  /** How often it runs at most, in milliseconds; 0: at every round of the cron. */
  readonly everyMs: number;
  /**
   * Does one slice of the work; `true` asks for another round at once, after what is waiting on
   * sockets has been served.
   *
   * @param nowMs Unix time in milliseconds.
   */
  tick(nowMs: number): boolean | void;
}

/** How soon the next round comes when a task has more to do: sockets are served in between. */
const BUSY_DELAY_MS = 1;

export class Cron {
  private readonly tasks: { readonly task: CronTask; dueMs: number }[] = [];
  private timer: Timer | null = null;

  /** @param hz rounds a second, asked for anew at each. */
  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly hz: () => number,
    /** Runs a round as a turn of the engine, its replies and effects flushed at the end. */
    private readonly inTurn: (round: () => void) => void,
    /** DEBUG PAUSE-CRON: rounds pass without work while this is true. */
    private readonly isPaused: () => boolean,
  ) {}

  add(task: CronTask): void {
    this.tasks.push({ task, dueMs: 0 });
  }

  start(): void {
    this.schedule(1000 / this.hz());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private schedule(delayMs: number): void {
    this.timer = this.clock.schedule(delayMs, () => {
      let busy = false;
      if (!this.isPaused()) this.inTurn(() => busy = this.round());
      if (this.timer !== null) this.schedule(busy ? BUSY_DELAY_MS : 1000 / this.hz());
    });
  }

  private round(): boolean {
    const elapsedMs = this.clock.monotonicMs();
    const nowMs = this.clock.unixMs();
    let busy = false;
    for (const entry of this.tasks) {
      if (entry.dueMs > elapsedMs) continue;
      entry.dueMs = elapsedMs + entry.task.everyMs;
      try {
        if (entry.task.tick(nowMs) === true) busy = true;
      } catch (error) {
        const detail = error instanceof Error ? error.stack ?? error.message : String(error);
        this.log.warning(`Cron task '${entry.task.name}' failed: ${detail}`);
      }
    }
    return busy;
  }
}
