/**
 * The replies that go on until somebody ends them (server-sent events), to bound their number and to
 * end them when the server stops.
 */

import { Problem } from "./problem.ts";

const MAX_STREAMS = 32;

export class StreamRegister {
  private readonly ends: Set<() => void> = new Set();

  get count(): number {
    return this.ends.size;
  }

  /** @throws 503 when there are too many. */
  requireRoom(): void {
    if (this.ends.size < MAX_STREAMS) return;
    throw new Problem(503, `there are ${MAX_STREAMS} event streams already`, {
      "Retry-After": "5",
    });
  }

  add(end: () => void): void {
    this.ends.add(end);
  }

  remove(end: () => void): void {
    this.ends.delete(end);
  }

  endAll(): void {
    for (const end of [...this.ends]) end();
  }
}
