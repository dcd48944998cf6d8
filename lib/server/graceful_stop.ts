/**
 * A stop that waits for replicas: until they have all that was written, or `shutdown-timeout` is over,
 * while writes wait. SHUTDOWN NOW does without, a second signal cuts it short, SHUTDOWN ABORT takes
 * it back.
 */

import type { Context } from "../engine/context.ts";
import type { ShutdownOptions } from "../engine/ports.ts";
import type { Replication } from "../replication/replication.ts";

interface Plan {
  readonly options: ShutdownOptions;
  readonly deadlineMs: number;
  /** How far the replicas have to be; what asks them comes after it. */
  readonly offset: number;
  /** Those who asked for it and would be told that it was taken back. */
  readonly aborted: (() => void)[];
}

export class GracefulStop {
  private plan: Plan | null = null;

  /** @param stop stops the server; true when it does. */
  constructor(
    private readonly context: Context,
    private readonly replication: Replication,
    private readonly stop: (options: ShutdownOptions) => boolean,
  ) {}

  get isWaiting(): boolean {
    return this.plan !== null;
  }

  /** How long it is waited at most, in milliseconds from now; null when nothing waits. */
  get remainingMs(): number | null {
    if (this.plan === null) return null;
    return Math.ceil(this.plan.deadlineMs - this.context.host.clock.monotonicMs());
  }

  /**
   * Whether there is reason to wait; if so that has begun.
   *
   * @param forCron whether the next round of the cron is one: what DEBUG PAUSE-CRON holds back.
   */
  begin(options: ShutdownOptions, aborted: () => void, forCron = false): boolean {
    const { context, replication } = this;
    if (this.plan !== null && !options.now) {
      this.plan.aborted.push(aborted);
      return true;
    }
    const timeoutMs = context.config.get("shutdown-timeout") * 1000;
    const offset = this.plan?.offset ?? replication.offset;
    const lags = !options.now && timeoutMs > 0 && replication.lagsBehind(offset);
    if (!lags && !forCron) {
      replication.tellLag(offset);
      return false;
    }
    const deadlineMs = context.host.clock.monotonicMs() + timeoutMs;
    this.plan = { options, deadlineMs, offset, aborted: [aborted] };
    context.pause.hold();
    if (lags) {
      context.host.log.notice("Waiting for replicas before shutting down.");
      replication.askForAcknowledgements();
    }
    return true;
  }

  /** Takes it back; false when nothing waits. */
  abort(): boolean {
    const { plan, context } = this;
    if (plan === null) return false;
    this.forget();
    context.host.log.notice("Shutdown manually aborted.");
    for (const tell of plan.aborted) tell();
    return true;
  }

  /** The server stops without waiting any longer. */
  forget(): void {
    if (this.plan === null) return;
    this.plan = null;
    this.context.pause.release();
  }

  tick(): void {
    const { plan, context, replication } = this;
    if (plan === null) return;
    const isLate = context.host.clock.monotonicMs() >= plan.deadlineMs;
    if (!isLate && replication.lagsBehind(plan.offset)) return;
    replication.tellLag(plan.offset);
    this.forget();
    if (this.stop(plan.options)) return;
    for (const tell of plan.aborted) tell();
  }
}
