/**
 * CLIENT PAUSE: for some time clients' commands wait, all of them or those that change data.
 *
 * A command that has to wait parks its session: the connection keeps the request and runs no other
 * until {@linkcode ClientPause.end} resumes it, which runs the request anew. Sessions without a
 * connection (loaders, links to a primary) have nowhere to wait and are never paused.
 */

import type { Clock, Timer } from "../host/clock.ts";
import type { CommandSpec } from "./command_spec.ts";
import { Flag } from "./command_spec.ts";
import type { Session } from "./session.ts";

/** Larger is stricter. */
export const PauseMode = { NONE: 0, WRITE: 1, ALL: 2 } as const;

/** What a command has that may change data, or have others do so. */
const CHANGES = Flag.WRITE | Flag.MAY_REPLICATE;

export class ClientPause {
  private mode: number = PauseMode.NONE;
  private endMs = 0;
  private timer: Timer | null = null;
  private postponed: Session[] = [];
  private waiting: (() => void)[] = [];
  /** How many commands hold up writing until they are done. */
  private holds = 0;

  /** @param setGate turns the gate's bit for pauses on and off. */
  constructor(
    private readonly clock: Clock,
    private readonly setGate: (on: boolean) => void,
  ) {}

  get isActive(): boolean {
    return this.mode !== PauseMode.NONE;
  }

  /**
   * Starts a pause, or makes the one that lasts longer and stricter: it never becomes shorter.
   *
   * @param durationMs milliseconds from now.
   */
  begin(mode: number, durationMs: number): void {
    const now = this.clock.monotonicMs();
    this.mode = Math.max(this.mode, mode);
    this.endMs = Math.max(this.endMs, now + durationMs);
    this.setGate(true);
    this.timer?.cancel();
    this.timer = this.clock.schedule(this.endMs - now, () => this.end());
  }

  /** Ends the pause; what waited is run. */
  end(): void {
    if (!this.isActive) return;
    this.timer?.cancel();
    this.timer = null;
    this.mode = PauseMode.NONE;
    this.endMs = 0;
    this.resume();
  }

  /**
   * Lets commands that change data wait until {@linkcode release}, whatever CLIENT PAUSE and UNPAUSE
   * do: for a command that takes several turns and must seem to take none (MIGRATE).
   */
  hold(): void {
    this.holds++;
    this.setGate(true);
  }

  /** Ends one {@linkcode hold}. */
  release(): void {
    this.holds--;
    if (this.holds === 0) this.resume();
  }

  /** Runs what waited; what has another reason to wait does so again. */
  private resume(): void {
    this.setGate(this.isActive || this.holds > 0);
    const { postponed, waiting } = this;
    this.postponed = [];
    this.waiting = [];
    for (const session of postponed) session.link?.resume(true);
    for (const resolve of waiting) resolve();
  }

  /** Whether a session's command, with these flags, has to wait. */
  stops(session: Session, flags: number): boolean {
    if (session.link === null || session.kind === "replica") return false;
    return this.mode === PauseMode.ALL ||
      ((this.mode === PauseMode.WRITE || this.holds > 0) && (flags & CHANGES) !== 0);
  }

  /**
   * For a primary's stream, which waits as clients do: what to wait for before a command with these
   * flags; null when it can be run now.
   */
  delay(flags: number): Promise<void> | null {
    const isStopped = this.mode === PauseMode.ALL ||
      (this.mode === PauseMode.WRITE && (flags & CHANGES) !== 0);
    return isStopped ? new Promise((resolve) => this.waiting.push(resolve)) : null;
  }

  /** Parks a session whose command has to wait. */
  postpone(session: Session, command: CommandSpec): void {
    session.lastCommand = command;
    session.parked = true;
    this.postponed.push(session);
  }

  /** A session that ends no longer waits. */
  forget(session: Session): void {
    const index = this.postponed.indexOf(session);
    if (index >= 0) this.postponed.splice(index, 1);
  }
}
