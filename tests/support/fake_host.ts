/**
 * A host that a test holds in its hand: time that stands until it is moved on, files in memory that
 * can lose power, a network without sockets, and a log to look at.
 */

import type { Clock, Timer } from "../../lib/host/clock.ts";
import type { Log, LogLevel } from "../../lib/host/log.ts";
import { TimerQueue } from "../../lib/host/timer_queue.ts";

export { MemoryFiles } from "./memory_files.ts";
export { LoopbackNetwork } from "./loopback_network.ts";
export { SeededRandom } from "../../lib/host/random.ts";

/** A clock that stands still: `advance()` moves it and runs what falls due on the way, in order. */
export class FakeClock implements Clock {
  private nowMs: number;
  private elapsedMs = 0;
  private readonly waiting = new TimerQueue();

  /** Starts at 2023-11-14 22:13:20 UTC unless told otherwise. */
  constructor(unixMs = 1_700_000_000_000) {
    this.nowMs = unixMs;
  }

  unixMs(): number {
    return Math.floor(this.nowMs);
  }

  unixUs(): number {
    return Math.floor(this.nowMs * 1000);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  schedule(delayMs: number, task: () => void): Timer {
    return this.waiting.add(this.elapsedMs + Math.max(0, delayMs), task);
  }

  /** Time passes at once, and nothing else happens in it: tasks that fall due run later. */
  sleepSync(ms: number): void {
    this.moveTo(this.elapsedMs + ms);
  }

  /** Moves both clocks on, and runs each task at its own time, also those that tasks ask for. */
  advance(ms: number): void {
    const endMs = this.elapsedMs + ms;
    while (this.waiting.firstDueMs <= endMs) {
      const { firstDueMs } = this.waiting;
      this.moveTo(Math.max(firstDueMs, this.elapsedMs));
      this.waiting.takeDue(firstDueMs)?.();
    }
    this.moveTo(endMs);
  }

  /** Sets the wall clock, forwards or backwards, as an operator may; timers don't notice. */
  jumpTo(unixMs: number): void {
    this.nowMs = unixMs;
  }

  /** How many tasks wait. */
  get pending(): number {
    return this.waiting.size;
  }

  private moveTo(elapsedMs: number): void {
    this.nowMs += elapsedMs - this.elapsedMs;
    this.elapsedMs = elapsedMs;
  }
}

/** Keeps what was logged. */
export class CapturedLog implements Log {
  readonly lines: { level: LogLevel; message: string }[] = [];

  debug(message: string): void {
    this.lines.push({ level: "debug", message });
  }

  verbose(message: string | (() => string)): void {
    this.lines.push({
      level: "verbose",
      message: typeof message === "string" ? message : message(),
    });
  }

  notice(message: string): void {
    this.lines.push({ level: "notice", message });
  }

  warning(message: string): void {
    this.lines.push({ level: "warning", message });
  }

  /** The messages, of one level or of all. */
  messages(level?: LogLevel): string[] {
    return this.lines
      .filter((line) => level === undefined || line.level === level)
      .map((line) => line.message);
  }
}
