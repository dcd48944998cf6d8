/**
 * A clock that a test moves: it runs with the system's until it is frozen, and can be moved on, or be
 * given another date, at any time.
 *
 * Tasks wait by this clock's time. One that is due runs at once, frozen or not, so that work which is
 * only put off a moment (the slices of a snapshot) comes to its end while time stands. A long way is
 * not gone step by step for ever: a server's cron asks for ten rounds a second, and a month has 26
 * million of them. After {@linkcode MOST_STEPS} tasks the rest of the way is one step, at whose end
 * what is due runs once.
 */

import type { Clock, Timer } from "./clock.ts";
import { TimerQueue } from "./timer_queue.ts";

/** Tasks that one {@linkcode MovableClock.advance} runs at their own time. */
export const MOST_STEPS = 1000;

export class MovableClock implements Clock {
  /** Called when the time was moved by hand, after what had waited for it. */
  moved: () => void = () => {};
  private readonly waiting = new TimerQueue();
  /** What is added to the system's time; while frozen, to the time when it was frozen. */
  private wallOffsetMs = 0;
  private monotonicOffsetMs = 0;
  private frozenAt: { readonly wallUs: number; readonly monotonicMs: number } | null = null;
  private timer: Timer | null = null;
  private timerDueMs = Infinity;

  constructor(private readonly system: Clock) {}

  get isFrozen(): boolean {
    return this.frozenAt !== null;
  }

  unixMs(): number {
    return Math.floor(this.unixUs() / 1000);
  }

  unixUs(): number {
    const wallUs = this.frozenAt === null ? this.system.unixUs() : this.frozenAt.wallUs;
    return wallUs + Math.round(this.wallOffsetMs * 1000);
  }

  monotonicMs(): number {
    const ms = this.frozenAt === null ? this.system.monotonicMs() : this.frozenAt.monotonicMs;
    return ms + this.monotonicOffsetMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const timer = this.waiting.add(this.monotonicMs() + Math.max(0, delayMs), task);
    this.arm();
    return {
      cancel: () => {
        timer.cancel();
        this.arm();
      },
    };
  }

  /** While frozen, time passes at once. */
  sleepSync(ms: number): void {
    if (!this.isFrozen) return this.system.sleepSync(ms);
    this.shift(Math.max(0, ms));
    this.arm();
  }

  /** Stops the time; does nothing when it stands. */
  freeze(): void {
    if (this.frozenAt !== null) return;
    // Whole milliseconds, so that what expires after so many does at exactly that time.
    const wallUs = this.system.unixUs();
    this.frozenAt = {
      wallUs: wallUs - (wallUs + Math.round(this.wallOffsetMs * 1000)) % 1000,
      monotonicMs: this.system.monotonicMs(),
    };
    this.arm();
  }

  /** Lets the time go on from where it stands, as fast as the system's. */
  resume(): void {
    if (this.frozenAt === null) return;
    const { wallUs, monotonicMs } = this.frozenAt;
    this.frozenAt = null;
    this.wallOffsetMs += (wallUs - this.system.unixUs()) / 1000;
    this.monotonicOffsetMs += monotonicMs - this.system.monotonicMs();
    this.arm();
  }

  /**
   * Moves the time on and runs what falls due on the way, each task at its own time and what it has
   * put off to the end of a turn before the next.
   *
   * @param ms milliseconds, 0 or more.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`the time can't be moved by ${ms} ms`);
    const endMs = this.monotonicMs() + ms;
    for (let steps = 0; this.waiting.firstDueMs <= endMs && steps < MOST_STEPS; steps++) {
      const { firstDueMs } = this.waiting;
      this.shift(Math.max(0, firstDueMs - this.monotonicMs()));
      this.waiting.takeDue(firstDueMs)?.();
      await settled();
    }
    this.shift(Math.max(0, endMs - this.monotonicMs()));
    await this.runDue(endMs);
    this.arm();
    this.moved();
    await settled();
  }

  /**
   * Sets the date, forwards or backwards, as an operator sets a computer's: what expires at a date
   * follows, and what waits for some time to pass does not notice.
   */
  async set(unixMs: number): Promise<void> {
    if (!Number.isSafeInteger(unixMs) || unixMs < 0) throw new RangeError(`no date: ${unixMs}`);
    // Whatever is under way was under way at the old date.
    await settled();
    this.wallOffsetMs += unixMs - this.unixUs() / 1000;
    this.moved();
    await settled();
  }

  /** Forgets every task that waits. */
  close(): void {
    this.waiting.clear();
    this.arm();
  }

  private shift(ms: number): void {
    this.wallOffsetMs += ms;
    this.monotonicOffsetMs += ms;
    // It was set for a time that comes sooner now.
    this.timer?.cancel();
    this.timer = null;
    this.timerDueMs = Infinity;
  }

  /** Runs once what is due by now; what these tasks ask for is left for later. */
  private async runDue(nowMs: number): Promise<void> {
    for (let left = this.waiting.size; left > 0; left--) {
      const task = this.waiting.takeDue(nowMs);
      if (task === undefined) return;
      task();
      await settled();
    }
  }

  /** Has the system wake us when the first task is due: never while frozen, unless that is now. */
  private arm(): void {
    const { firstDueMs } = this.waiting;
    const isDue = firstDueMs <= this.monotonicMs();
    const dueMs = this.isFrozen && !isDue ? Infinity : firstDueMs;
    if (dueMs === this.timerDueMs) return;
    this.timer?.cancel();
    this.timer = null;
    this.timerDueMs = dueMs;
    if (dueMs === Infinity) return;
    const delayMs = Math.max(0, dueMs - this.monotonicMs());
    this.timer = this.system.schedule(delayMs, () => this.fire(dueMs));
  }

  private fire(dueMs: number): void {
    this.timer = null;
    this.timerDueMs = Infinity;
    // The system's timer may be a fraction of a millisecond early.
    this.waiting.takeDue(Math.max(dueMs, this.monotonicMs()))?.();
    this.arm();
  }
}

/** Lets what runs at the end of a turn, and replies that can leave, go first. */
function settled(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
}
