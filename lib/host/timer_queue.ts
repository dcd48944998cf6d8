/**
 * Tasks that wait on a clock which somebody moves: sorted by due time, those due at the same time in
 * the order in which they were asked for.
 */

import type { Timer } from "./clock.ts";

interface Waiting {
  readonly dueMs: number;
  readonly task: () => void;
}

export class TimerQueue {
  private readonly waiting: Waiting[] = [];

  get size(): number {
    return this.waiting.length;
  }

  /** When the first task is due; Infinity when none waits. */
  get firstDueMs(): number {
    return this.waiting.length === 0 ? Infinity : this.waiting[0].dueMs;
  }

  add(dueMs: number, task: () => void): Timer {
    const entry = { dueMs, task };
    let at = this.waiting.length;
    while (at > 0 && this.waiting[at - 1].dueMs > dueMs) at--;
    this.waiting.splice(at, 0, entry);
    return {
      cancel: () => {
        const index = this.waiting.indexOf(entry);
        if (index >= 0) this.waiting.splice(index, 1);
      },
    };
  }

  /** Takes the first task out if it is due by `nowMs`; undefined when none is. */
  takeDue(nowMs: number): (() => void) | undefined {
    return this.firstDueMs <= nowMs ? this.waiting.shift()?.task : undefined;
  }

  clear(): void {
    this.waiting.length = 0;
  }
}
