/**
 * Long work in slices, so that no request of the admin side holds up a client of the data: after a
 * slice it rests until others had their turn, and longer while clients are sending. A slice ends
 * by time, and after a number of steps, so that it ends under a clock that stands still as well.
 */

import type { Context } from "../lib/engine/context.ts";
import type { Pace } from "../lib/host/pace.ts";

/** Longer than this, and clients would see it in their slowest replies. */
const SLICE_MS = 0.5;
const SLICE_STEPS = 200;

export class Slices {
  private startedMs: number;
  private steps = 0;
  /** Bytes that clients had sent when the slice began. */
  private sentBytes: number;

  constructor(
    private readonly context: Pick<Context, "host" | "stats">,
    private readonly pace: Pace,
  ) {
    this.startedMs = context.host.clock.monotonicMs();
    this.sentBytes = context.stats.inputBytes;
  }

  /** To be asked after each step; when the slice is over {@linkcode rest}. */
  get isOver(): boolean {
    if (++this.steps >= SLICE_STEPS) return true;
    return this.context.host.clock.monotonicMs() - this.startedMs >= SLICE_MS;
  }

  async rest(): Promise<void> {
    const { host, stats } = this.context;
    const isBusy = stats.inputBytes !== this.sentBytes;
    this.sentBytes = stats.inputBytes;
    await this.pace.rest(isBusy);
    this.steps = 0;
    this.startedMs = host.clock.monotonicMs();
  }

  /** Rests if the slice is over. In loops of many steps, look at {@linkcode isOver} first. */
  async step(): Promise<void> {
    if (this.isOver) await this.rest();
  }
}
