/** What the libraries of scripts need of the server around them. */

import type { Request } from "../resp/request.ts";
import type { ScriptRun } from "./script_run.ts";

export interface ScriptHost {
  /**
   * Runs a command of a script; the reply is in the writer of the script's session.
   *
   * @returns why it was not run, as an error reply says it; null when it was.
   */
  command(run: ScriptRun, request: Request): string | null;
  /** Whether the caller's rights allow a command; null when there is no such command. */
  mayRun(run: ScriptRun, request: Request): boolean | null;
  /** @param level 0 (debug) to 3 (warning). */
  log(level: number, text: string): void;
  /** A monotonic clock in milliseconds. */
  monotonicMs(): number;
}
