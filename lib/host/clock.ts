/**
 * Time as everything else sees it: the wall clock, a clock that never jumps, and tasks for later.
 *
 * The engine and the server are handed a `Clock` and never ask the runtime, so that a test can freeze
 * time and move it on. Delays that the runtime would cut short (it fires at once past 2^31 - 1 ms) are
 * waited for in several steps.
 */

/** The clock that is handed to everything that needs the time. */
export interface Clock {
  /** The wall clock: whole milliseconds since 1970. */
  unixMs(): number;
  /** The wall clock: whole microseconds since 1970, always within the millisecond of `unixMs()`. */
  unixUs(): number;
  /** Milliseconds, with a fraction, from a fixed point in the past; never jumps or goes back. */
  monotonicMs(): number;
  /** Runs `task` once, when `delayMs` have passed. */
  schedule(delayMs: number, task: () => void): Timer;
  /** Stops everything, this thread included, for a time (DEBUG SLEEP). */
  sleepSync(ms: number): void;
}

/** A task that waits for its time. */
export interface Timer {
  /** The task will not run; does nothing once it has run. */
  cancel(): void;
}

const longestDelayMs = 2 ** 31 - 1;

/** The real clock. Tasks that wait keep the process alive until they have run or are cancelled. */
export class SystemClock implements Clock {
  private readonly timers = new Set<SystemTimer>();
  private unixMinusMonotonicMs = Date.now() - performance.now();

  unixMs(): number {
    return Date.now();
  }

  /**
   * The runtime tells the wall clock in whole milliseconds only. The monotonic clock adds the rest:
   * the difference between the two is corrected whenever it leaves the millisecond that the wall
   * clock shows, so both always agree.
   */
  unixUs(): number {
    const monotonicMs = performance.now();
    const startOfMs = Date.now();
    const estimateMs = monotonicMs + this.unixMinusMonotonicMs;
    if (estimateMs < startOfMs) {
      this.unixMinusMonotonicMs = startOfMs - monotonicMs;
      return startOfMs * 1000;
    }
    if (estimateMs >= startOfMs + 1) {
      this.unixMinusMonotonicMs = startOfMs + 0.999 - monotonicMs;
      return startOfMs * 1000 + 999;
    }
    return startOfMs * 1000 + Math.floor((estimateMs - startOfMs) * 1000);
  }

  monotonicMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, task: () => void): SystemTimer {
    return new SystemTimer(this.timers, delayMs, task);
  }

  sleepSync(ms: number): void {
    if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  /** Cancels every task that still waits. */
  close(): void {
    for (const timer of [...this.timers]) timer.cancel();
  }
}

/** A task that waits on the real clock. */
export class SystemTimer implements Timer {
  private handle: ReturnType<typeof setTimeout> | undefined;
  private readonly dueMs: number;

  constructor(
    private readonly waiting: Set<SystemTimer>,
    delayMs: number,
    private readonly task: () => void,
  ) {
    this.dueMs = performance.now() + delayMs;
    waiting.add(this);
    this.arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.handle);
    this.waiting.delete(this);
  }

  private arm(delayMs: number): void {
    if (delayMs <= longestDelayMs) {
      this.handle = setTimeout(() => {
        this.waiting.delete(this);
        this.task();
      }, Math.max(0, delayMs)); // the runtime warns of what is due already
    } else {
      this.handle = setTimeout(() => this.arm(this.dueMs - performance.now()), longestDelayMs);
    }
  }
}
