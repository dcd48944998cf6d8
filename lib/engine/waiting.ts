/**
 * Sessions whose command waits for something to happen, whatever that is: until it does, until the
 * time is up, until CLIENT UNBLOCK, or until the client is gone. Who waits for which key is in
 * blocking.ts, who waits for replicas and disks in acknowledgements.ts.
 *
 * One timer serves all deadlines. It is set for the first of them and left as it is when that one is
 * answered in time, which is the rule: then it finds nothing due and is set anew.
 */

import type { Clock, Timer } from "../host/clock.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { CommandError } from "./errors.ts";
import type { Session } from "./session.ts";
import type { EngineStats } from "./stats/engine_stats.ts";

/** A command that has been run and not been answered. */
export abstract class Waiter implements Deadline {
  dueMs = Infinity;
  order = 0;
  place = -1;
  /** CLIENT REPLY OFF or SKIP was meant for this command. */
  readonly isMuted: boolean;

  constructor(readonly session: Session) {
    this.isMuted = session.isMuted;
  }

  /** Replies what the command replies when it has waited in vain. */
  abstract timedOut(reply: ReplyWriter): void;

  /** It no longer waits: whoever would tell it that it can go on forgets it. */
  abstract leave(): void;
}

export class Waiting {
  private readonly bySession: Map<Session, Waiter> = new Map();
  private readonly deadlines: Deadlines<Waiter> = new Deadlines();
  private timer: Timer | null = null;
  private timerMs = Infinity;

  constructor(private readonly clock: Clock, private readonly stats: EngineStats) {}

  /** Sessions that wait. */
  get count(): number {
    return this.bySession.size;
  }

  /** Those of them that do so for a limited time. */
  get timedCount(): number {
    return this.deadlines.size;
  }

  has(session: Session): boolean {
    return this.bySession.has(session);
  }

  /**
   * Parks the session of a command.
   *
   * @param timeoutMs how long it waits at most, in milliseconds; 0 for ever.
   */
  park(waiter: Waiter, timeoutMs: number): void {
    const { session } = waiter;
    session.parked = true;
    this.bySession.set(session, waiter);
    if (timeoutMs === 0) return;
    waiter.dueMs = this.clock.monotonicMs() + timeoutMs;
    waiter.order = session.id;
    this.deadlines.add(waiter);
    if (waiter.dueMs < this.timerMs) this.setTimer(waiter.dueMs);
  }

  /** The session has been answered and goes on when the turn ends. */
  release(waiter: Waiter): void {
    const { session } = waiter;
    if (!this.bySession.delete(session)) return;
    this.deadlines.remove(waiter);
    waiter.leave();
    session.link?.resume(false);
  }

  /** Answers a session that has waited in vain, and lets it go on. */
  timeOut(waiter: Waiter): void {
    const { session } = waiter;
    session.link?.scheduleFlush();
    if (!waiter.isMuted) waiter.timedOut(session.reply);
    this.release(waiter);
  }

  /**
   * CLIENT UNBLOCK: ends the waiting of a session, as if its time were up or with an error.
   *
   * @returns whether it waited.
   */
  unblock(session: Session, error: CommandError | null): boolean {
    const waiter = this.bySession.get(session);
    if (waiter === undefined) return false;
    if (error === null) this.timeOut(waiter);
    else this.fail(waiter, error);
    return true;
  }

  /** The same for all sessions: what they wait for is no longer theirs to have. */
  unblockAll(error: CommandError): void {
    for (const waiter of [...this.bySession.values()]) this.fail(waiter, error);
  }

  /** A session ends: it takes nothing. */
  forget(session: Session): void {
    const waiter = this.bySession.get(session);
    if (waiter === undefined) return;
    this.bySession.delete(session);
    this.deadlines.remove(waiter);
    waiter.leave();
  }

  /** Nobody will be told any more that time is up, so that nothing keeps the process alive. */
  close(): void {
    this.timer?.cancel();
    this.timer = null;
    this.timerMs = Infinity;
  }

  private fail(waiter: Waiter, error: CommandError): void {
    const { session } = waiter;
    session.link?.scheduleFlush();
    this.stats.countError(error.text);
    const { lastCommand } = session;
    if (lastCommand !== null) lastCommand.stats.failed++;
    if (!waiter.isMuted) session.reply.error(error.text);
    this.release(waiter);
  }

  private setTimer(dueMs: number): void {
    this.timer?.cancel();
    this.timerMs = dueMs;
    this.timer = this.clock.schedule(dueMs - this.clock.monotonicMs(), this.fire);
  }

  private readonly fire = (): void => {
    this.timer = null;
    this.timerMs = Infinity;
    const now = this.clock.monotonicMs();
    for (;;) {
      const { first } = this.deadlines;
      if (first === undefined) return;
      if (first.dueMs > now) return this.setTimer(first.dueMs);
      this.timeOut(first);
    }
  };
}
