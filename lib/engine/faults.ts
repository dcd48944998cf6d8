/**
 * Faults that a test puts in: commands that are answered late or with an error, and connections that
 * break, for those that match. What a program does when its server fails is hard to see otherwise.
 *
 * The first fault that matches a command, in the order in which they were put in, strikes. One bit of
 * the gate is set while there are any, so that a server without faults pays nothing. A command that is
 * held up parks its session, as CLIENT PAUSE does, and is run anew when its time has come; that is
 * measured by the server's clock. Commands are struck as clients send them: those in a MULTI when
 * they are queued, a script's not at all.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { matchGlob } from "../bytes/glob.ts";
import type { Clock, Timer } from "../host/clock.ts";
import { type Random, SeededRandom } from "../host/random.ts";
import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import { CommandError, errors, POSTPONED } from "./errors.ts";
import { extractKeys, hasKeys } from "./key_extraction.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import { KeyReferences } from "./special_keys.ts";
import type { CommandListener, Monitor } from "./stats/monitor.ts";

/** What a fault strikes, and what it does; what is left out does not restrict. */
export interface FaultOptions {
  /** Names in any case; a subcommand is `CONFIG GET`, and `CONFIG` stands for all of them. */
  readonly command?: string | readonly string[];
  /** A glob pattern that one of the command's keys matches. */
  readonly key?: string;
  /** A client's name (CLIENT SETNAME) or its id (CLIENT ID). */
  readonly client?: string | number;
  /** Commands that match and pass before the fault begins to strike; 0 unless given. */
  readonly after?: number;
  /** How often it strikes before it goes; for ever unless given. */
  readonly times?: number;
  /** How likely it strikes what matches, from 0 to 1; 1 unless given. */
  readonly probability?: number;
  /** Milliseconds that the command waits before it runs, or before it is answered as below. */
  readonly latencyMs?: number;
  /**
   * The error that is replied in place of running the command. `LOADING`, `READONLY`, `OOM`,
   * `MASTERDOWN`, `NOREPLICAS` and `NOAUTH` stand for the whole text that Redis replies.
   */
  readonly error?: string;
  /** The connection is closed: `before` the command runs, or `after` it ran, its reply unsent. */
  readonly drop?: "before" | "after";
}

/** A fault that is in. */
export interface Fault extends Disposable {
  /** How often it has struck. */
  readonly hits: number;
  /** Takes it out; commands that it holds up still wait for their time. */
  remove(): void;
  /** The same. */
  [Symbol.dispose](): void;
}

/** What to do to a command. */
interface Effect {
  readonly latencyMs: number;
  readonly error: CommandError | null;
  readonly drop: "before" | "after" | null;
}

interface Delayed {
  readonly effect: Effect;
  readonly timer: Timer;
}

/** Texts that a single word stands for. */
const KNOWN_ERRORS: Readonly<Record<string, CommandError>> = {
  LOADING: errors.LOADING,
  READONLY: errors.READ_ONLY,
  OOM: errors.OUT_OF_MEMORY,
  MASTERDOWN: errors.STALE,
  NOREPLICAS: errors.FEW_REPLICAS,
  NOAUTH: errors.NO_AUTH,
};
/** Commands that end what MULTI began, and are not queued. */
const ENDS_MULTI = new Set(["EXEC", "DISCARD", "RESET", "QUIT"]);

export class Faults implements CommandListener {
  private faults: readonly ActiveFault[] = [];
  private readonly delayed: Map<Session, Delayed> = new Map();
  /** Sessions that are closed when the command has run. */
  private readonly dropping: Map<Session, CommandSpec> = new Map();
  private generator: Random | null = null;

  /**
   * @param random seeds the faults' own generator, so that they leave other picks as they are.
   * @param setGate turns the gate's bit for faults on and off.
   */
  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    sessions: Sessions,
    private readonly monitor: Monitor,
    private readonly setGate: (on: boolean) => void,
  ) {
    sessions.whenClosed((session) => this.forget(session));
  }

  /** Faults that are in. */
  get count(): number {
    return this.faults.length;
  }

  /**
   * Puts a fault in.
   *
   * @throws {TypeError} when it would do nothing, or a number makes no sense.
   */
  add(options: FaultOptions): Fault {
    const fault = new ActiveFault(this, options);
    this.faults = [...this.faults, fault];
    this.follow();
    return fault;
  }

  /** Takes all faults out. */
  clear(): void {
    this.faults = [];
    this.follow();
  }

  remove(fault: Fault): void {
    this.faults = this.faults.filter((other) => other !== fault);
    this.follow();
  }

  /** What becomes of a command: an error to reply, POSTPONED when it is dealt with, null to run it. */
  meet(session: Session, command: CommandSpec, request: Request): CommandError | null {
    const delayed = this.delayed.get(session);
    if (delayed !== undefined) {
      this.delayed.delete(session);
      this.follow();
      return this.strike(session, command, delayed.effect);
    }
    const { link } = session;
    if (link === null) return null;
    const effect = this.faults.find((fault) => fault.strikes(session, command, request))?.effect;
    if (effect === undefined) return null;
    if (effect.latencyMs === 0) return this.strike(session, command, effect);
    session.lastCommand = command;
    session.parked = true;
    const timer = this.clock.schedule(effect.latencyMs, () => link.resume(true));
    this.delayed.set(session, { effect, timer });
    // It may have been the fault's last time.
    this.follow();
    return POSTPONED;
  }

  ran(session: Session, command: CommandSpec): void {
    if (this.dropping.get(session) !== command) return;
    this.dropping.delete(session);
    if (this.dropping.size === 0) this.monitor.unlisten(this);
    close(session);
  }

  /** A session ends. */
  private forget(session: Session): void {
    this.dropping.delete(session);
    const delayed = this.delayed.get(session);
    if (delayed === undefined) return;
    delayed.timer.cancel();
    this.delayed.delete(session);
    this.follow();
  }

  /** A number from 0 up to and without 1. */
  chance(): number {
    this.generator ??= new SeededRandom(this.random.uint32());
    return this.generator.uint32() / 2 ** 32;
  }

  private strike(session: Session, command: CommandSpec, effect: Effect): CommandError | null {
    if (effect.error !== null) return effect.error;
    if (effect.drop === null) return null;
    const isQueued = session.queue !== null && !ENDS_MULTI.has(command.name);
    if (effect.drop === "before" || isQueued) {
      close(session);
      return POSTPONED;
    }
    this.dropping.set(session, command);
    this.monitor.listen(this);
    return null;
  }

  private follow(): void {
    this.setGate(this.faults.length > 0 || this.delayed.size > 0);
  }
}

class ActiveFault implements Fault {
  hits = 0;
  readonly effect: Effect;
  private readonly commands: ReadonlySet<string> | null;
  private readonly keyPattern: Uint8Array | null;
  private readonly keys = new KeyReferences();
  private passed = 0;

  constructor(private readonly owner: Faults, private readonly options: FaultOptions) {
    const { command, key, latencyMs = 0, error, drop } = options;
    if (latencyMs === 0 && error === undefined && drop === undefined) {
      throw new TypeError("a fault needs latencyMs, error or drop");
    }
    requireRange("latencyMs", latencyMs, Infinity);
    requireRange("times", options.times ?? 0, Infinity);
    requireRange("after", options.after ?? 0, Infinity);
    requireRange("probability", options.probability ?? 0, 1);
    const names = typeof command === "string" ? [command] : command;
    this.commands = names === undefined
      ? null
      : new Set(names.map((name) => name.trim().toUpperCase().replace(/[ |]+/, "|")));
    this.keyPattern = key === undefined ? null : new TextEncoder().encode(key);
    this.effect = {
      latencyMs,
      error: error === undefined ? null : errorOf(error),
      drop: drop ?? null,
    };
  }

  remove(): void {
    this.owner.remove(this);
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  /** Whether it strikes this command; counts as that when it does. */
  strikes(session: Session, command: CommandSpec, request: Request): boolean {
    const { after = 0, times = Infinity, probability = 1 } = this.options;
    if (!this.matches(session, command, request)) return false;
    if (this.passed < after) {
      this.passed++;
      return false;
    }
    if (probability < 1 && this.owner.chance() >= probability) return false;
    if (this.hits >= times) return false;
    this.hits++;
    if (this.hits >= times) this.remove();
    return true;
  }

  private matches(session: Session, command: CommandSpec, request: Request): boolean {
    const { client } = this.options;
    if (client !== undefined && session.id !== client && session.name !== client) return false;
    const { commands } = this;
    if (commands !== null && !commands.has(command.name)) {
      const bar = command.name.indexOf("|");
      if (bar < 0 || !commands.has(command.name.slice(0, bar))) return false;
    }
    return this.keyPattern === null || this.namesKey(this.keyPattern, command, request);
  }

  private namesKey(pattern: Uint8Array, command: CommandSpec, request: Request): boolean {
    if (!hasKeys(command)) return false;
    const { keys } = this;
    extractKeys(command, request, keys);
    const { buffer, offsets, lengths } = request;
    for (let i = 0; i < keys.count; i++) {
      const index = keys.indexes[i];
      const offset = offsets[index];
      if (matchGlob(pattern, 0, pattern.length, buffer, offset, lengths[index], false)) return true;
    }
    return false;
  }
}

function errorOf(text: string): CommandError {
  const known = KNOWN_ERRORS[text];
  if (known !== undefined) return known;
  if (/[\r\n]/.test(text)) throw new TypeError("an error is one line");
  // Texts of errors have one character a byte.
  return new CommandError(latin1(new TextEncoder().encode(text)));
}

function requireRange(name: string, value: number, most: number): void {
  if (!(value >= 0 && value <= most)) throw new TypeError(`${name} can't be ${value}`);
}

function close(session: Session): void {
  session.closing = true;
  session.link?.close();
}
