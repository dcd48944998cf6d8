/** Every reason to refuse a script before it runs, in Redis's order. */

import type { Context } from "../engine/context.ts";
import { CommandError, errors } from "../engine/errors.ts";
import { Gate, type Session } from "../engine/session.ts";
import { ScriptFlag, type ScriptRun } from "./script_run.ts";

const WRITES_IN_RO = new CommandError(
  "ERR Can not execute a script with write flag using *_ro command.",
);
const WRITES_ON_REPLICA = new CommandError(
  "READONLY You can not run script with write flag on readonly replica.",
);
const NO_MEMORY = new CommandError(
  "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
);

/** Notes in `run` what the server's state means for its commands. */
export function checkScript(
  context: Context,
  session: Session,
  flags: number,
  isReadOnly: boolean,
  run: ScriptRun,
): void {
  const { scripts, replication } = context;
  const has = (flag: number) => (flags & flag) !== 0;
  const gate = session.isTrusted ? 0 : scripts.dispatch?.gate() ?? 0;
  run.isStale = (gate & Gate.STALE) !== 0;
  run.isOutOfMemory = !session.isTrusted && !context.memory.makeRoom();
  run.isReadOnly = isReadOnly || has(ScriptFlag.NO_WRITES);
  if (has(ScriptFlag.LEGACY)) {
    if (run.isStale) throw errors.STALE;
    return;
  }
  if (run.isStale && !has(ScriptFlag.ALLOW_STALE)) throw errors.STALE;
  if (!has(ScriptFlag.NO_WRITES)) {
    if (isReadOnly) throw WRITES_IN_RO;
    if ((gate & Gate.READ_ONLY) !== 0) throw WRITES_ON_REPLICA;
    if ((gate & Gate.DISK_ERROR) !== 0 && context.diskErrors.refusal !== null) {
      throw context.diskErrors.refusal;
    }
    if ((gate & Gate.FEW_REPLICAS) !== 0 && replication?.hasEnoughReplicas === false) {
      throw errors.FEW_REPLICAS;
    }
  }
  if (run.isOutOfMemory && !has(ScriptFlag.ALLOW_OOM | ScriptFlag.NO_WRITES)) throw NO_MEMORY;
}
