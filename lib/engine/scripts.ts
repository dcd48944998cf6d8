/**
 * Where scripts and the engine meet. The engine knows no Lua: it runs the commands of a script inside
 * the command that runs the script, and lets that command be held.
 *
 * A script that runs for long is set aside between two slices, so that others can be told that the
 * server is busy and may stop it. Its command is then held: the call has returned without an answer,
 * its effects stay one open unit, its session is parked and Gate.BUSY refuses nearly everything, until
 * the script has ended and {@linkcode ScriptDispatch.release} writes the answer.
 */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { CommandError } from "./errors.ts";
import type { Session } from "./session.ts";

/** What the dispatcher does for scripts. */
export interface ScriptDispatch {
  /**
   * Runs a command of the script that runs.
   *
   * @param targets whom its effects are for: bits of Target.
   * @param isAdmitted whether it is run whatever the server's state is.
   * @returns why it was refused; null when it was run.
   */
  run(
    session: Session,
    spec: CommandSpec,
    request: Request,
    targets: number,
    isAdmitted: boolean,
  ): CommandError | null;
  /** Bits of Gate that hold for all sessions. */
  gate(): number;
  /** Holds the command that runs the script, which must return without a reply. */
  hold(session: Session): void;
  /** Ends the held command with the reply that `answer` writes. */
  release(answer: () => void): void;
}

/** A command whose script is set aside; `depth` is 2 when EXEC runs it. */
export interface HeldCall {
  readonly session: Session;
  readonly command: CommandSpec;
  readonly request: Request;
  readonly depth: number;
  startedMs: number;
}

/** What the rest of the server asks of the script engine. */
export interface ScriptEnginePort {
  /** Why other commands are refused while a script is set aside. */
  readonly busyError: CommandError;
  /** For INFO: bytes and numbers by the names of its fields. */
  readonly figures: ScriptFigures;
  /** CONFIG RESETSTAT: scripts that were evicted are counted from zero. */
  resetCounts(): void;
  /** Source texts of the libraries of functions. */
  functions(): readonly Uint8Array[];
  /** Takes a library from a file or a primary, by default in place of one of the same name. */
  takeFunction(code: Uint8Array, replaces?: boolean): void;
  /** Forgets all libraries. */
  forgetFunctions(): void;
  /** Lets go of a script that is set aside: the server ends. */
  close(): void;
}

export interface ScriptFigures {
  readonly cachedScripts: number;
  readonly cachedBytes: number;
  readonly evictedScripts: number;
  readonly libraries: number;
  readonly functions: number;
  readonly functionBytes: number;
  /** Memory of Lua for scripts, and for functions. */
  readonly evalMachineBytes: number;
  readonly functionMachineBytes: number;
}

const NO_FIGURES: ScriptFigures = {
  cachedScripts: 0,
  cachedBytes: 0,
  evictedScripts: 0,
  libraries: 0,
  functions: 0,
  functionBytes: 0,
  evalMachineBytes: 0,
  functionMachineBytes: 0,
};

export class Scripts {
  /** Set by the dispatcher. */
  dispatch: ScriptDispatch | null = null;
  /** Made when the first script or function comes. */
  engine: ScriptEnginePort | null = null;
  /** Why a session's rights do not allow a command, as an error reply; null when they do. */
  denies: ((session: Session, spec: CommandSpec, request: Request) => string | null) | null = null;
  /** Told of commands of a script that took milliseconds; set by whoever runs scripts. */
  commandWasSlow: () => void = () => {};
  /** Opens a turn, or joins the open one; set by the server. */
  beginTurn: () => void = () => {};
  /** Whether a script is set aside. */
  isBusy = false;
  private waiting: (() => void)[] = [];

  /** @param setGate turns Gate.BUSY on and off. */
  constructor(private readonly setGate: (on: boolean) => void) {}

  get figures(): ScriptFigures {
    return this.engine?.figures ?? NO_FIGURES;
  }

  setBusy(on: boolean): void {
    this.isBusy = on;
    this.setGate(on);
    if (on) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Waits until no script is set aside: for a primary's stream, which nobody may refuse. */
  idle(): Promise<void> {
    if (!this.isBusy) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
