/**
 * The commands of a script: which of them it may run, and running them in a session of its own.
 * [hot]
 */

import type { CommandTable } from "../engine/command_table.ts";
import type { Context } from "../engine/context.ts";
import type { CommandSpec } from "../engine/command_spec.ts";
import * as commandSpecModule from "../engine/command_spec.ts";
import { errors } from "../engine/errors.ts";
import type { ScriptDispatch } from "../engine/scripts.ts";
import { invariant } from "../host/invariant.ts";
import type { Request } from "../resp/request.ts";
import type { ScriptHost } from "./script_host.ts";
import { RestartScript, type ScriptRun } from "./script_run.ts";
import * as scriptRunModule from "./script_run.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { Flag } = commandSpecModule;
const { ScriptFlag } = scriptRunModule;

const UNKNOWN = "ERR Unknown Redis command called from script";
const WRONG_ARITY = "ERR Wrong number of args calling Redis command from script";
const NOT_ALLOWED = "ERR This Redis command is not allowed from script";
const STALE = "ERR Can not execute the command on a stale replica";
/** What a script that only reads may not run. */
const CHANGES = Flag.WRITE | Flag.MAY_REPLICATE;
const READ_ONLY_SCRIPT = "ERR Write commands are not allowed from read-only scripts.";
const LEVELS = ["debug", "verbose", "notice", "warning"] as const;

export class ScriptCommands implements ScriptHost {
  private readonly commands: CommandTable;
  private readonly dispatch: ScriptDispatch;

  constructor(private readonly context: Context) {
    const { dispatch } = context.scripts;
    invariant(dispatch !== null, "scripts without a dispatcher");
    this.dispatch = dispatch;
    this.commands = context.commands;
  }

  command(run: ScriptRun, request: Request): string | null {
    const command = this.commands.resolve(request);
    const refusal = command === undefined ? UNKNOWN : this.run(run, command, request);
    if (refusal !== null) {
      this.context.stats.countError(refusal);
      if (command !== undefined) command.stats.rejected++;
    }
    return refusal;
  }

  /** Why a command was refused; null when it was run. */
  private run(run: ScriptRun, command: CommandSpec, request: Request): string | null {
    const { context } = this;
    if (!fits(command, request)) return WRONG_ARITY;
    const { flags } = command;
    if ((flags & Flag.NO_SCRIPT) !== 0 && !context.switches.scriptsMayRunAll) return NOT_ALLOWED;
    if (run.isStale && (flags & Flag.STALE) === 0) return STALE;
    const { denies } = context.scripts;
    if (denies !== null) {
      const denied = denies(run.caller, command, request);
      if (denied !== null) return denied;
    }
    if ((flags & CHANGES) !== 0) {
      if (run.isReadOnly) return READ_ONLY_SCRIPT;
      if (run.isPlain) throw new RestartScript();
    }
    if (
      run.isOutOfMemory && !run.hasWritten && (flags & Flag.DENY_OOM) !== 0 &&
      (run.flags & ScriptFlag.ALLOW_OOM) === 0
    ) return errors.OUT_OF_MEMORY.text;
    // What a script has begun it may end: it can't be undone.
    const isAdmitted = run.hasWritten;
    const refusal = this.dispatch.run(run.session, command, request, run.targets, isAdmitted);
    if (refusal !== null) return refusal.text;
    if ((flags & Flag.WRITE) !== 0) run.hasWritten = true;
    const { tracking } = run.caller;
    if (tracking !== null) context.tracking.ran(run.caller, command, request);
    return null;
  }

  mayRun(run: ScriptRun, request: Request): boolean | null {
    const command = this.context.commands.resolve(request);
    if (command === undefined) return null;
    return (this.context.scripts.denies?.(run.caller, command, request) ?? null) === null;
  }

  log(level: number, text: string): void {
    this.context.host.log[LEVELS[level]](text);
  }

  monotonicMs(): number {
    return this.context.host.clock.monotonicMs();
  }
}

function fits(command: CommandSpec, request: Request): boolean {
  const { arity } = command;
  return arity > 0 ? request.count === arity : request.count >= -arity;
}
