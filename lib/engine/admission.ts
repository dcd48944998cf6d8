/**
 * Every reason to refuse a command before it runs, as one ordered table. It is looked at only
 * while some bit of a gate is set, so ordinary traffic pays one test for all of it.
 */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import { Flag } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { CommandError, errors } from "./errors.ts";
import type { Session } from "./session.ts";
import { Gate } from "./session.ts";

/** Not a refusal: the command waits until the pause ends. */
export const POSTPONED = new CommandError("");

interface Rule {
  /** Bits of {@linkcode Gate} that bring the rule into play. */
  readonly gate: number;
  check(context: Context, session: Session, command: CommandSpec): CommandError | null;
}

const RULES: readonly Rule[] = [
  {
    gate: Gate.UNAUTHENTICATED,
    check: (_context, _session, command) =>
      (command.flags & Flag.NO_AUTH) !== 0 ? null : errors.NO_AUTH,
  },
  {
    gate: Gate.MAXMEMORY,
    check: (context, _session, command) => {
      // Room is made for every command, as Redis does, but only growing ones are refused.
      const enough = context.memory.makeRoom();
      return enough || (command.flags & Flag.DENY_OOM) === 0 ? null : errors.OUT_OF_MEMORY;
    },
  },
  {
    gate: Gate.LOADING,
    check: (_context, _session, command) =>
      (command.flags & Flag.LOADING) !== 0 ? null : errors.LOADING,
  },
  {
    gate: Gate.MONITOR,
    check: (_context, _session, command) =>
      (command.flags & (Flag.READONLY | Flag.WRITE | Flag.MAY_REPLICATE)) === 0
        ? null
        : errors.NO_KEYS_FOR_REPLICA,
  },
  {
    gate: Gate.PAUSED,
    check: (context, session, command) => context.pause.stops(session, command) ? POSTPONED : null,
  },
];

/** The first reason to refuse the command, or null. `gate` is the session's or'ed with the engine's. */
export function admit(
  context: Context,
  session: Session,
  command: CommandSpec,
  _request: Request,
  gate: number,
): CommandError | null {
  for (const rule of RULES) {
    if ((rule.gate & gate) === 0) continue;
    const refusal = rule.check(context, session, command);
    if (refusal !== null) return refusal;
  }
  return null;
}
