/**
 * Every reason to refuse a command before it runs, as one ordered table. It is looked at only
 * while some bit of a gate is set, so ordinary traffic pays one test for all of it.
 */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import { Flag } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { CommandError, errors, notForSubscribers } from "./errors.ts";
import type { Session } from "./session.ts";
import { Gate } from "./session.ts";

/** Not a refusal: the command waits until the pause ends. */
export const POSTPONED = new CommandError("");

interface Rule {
  /** Bits of {@linkcode Gate} that bring the rule into play. */
  readonly gate: number;
  /** @param flags the command's; of EXEC with what those it will run add and take away. */
  check(
    context: Context,
    session: Session,
    command: CommandSpec,
    flags: number,
  ): CommandError | null;
}

/** What a subscribed RESP2 connection may run. */
const FOR_SUBSCRIBERS = new Set([
  ...["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"],
  ...["PING", "QUIT", "RESET"],
]);

/** What a full server lets a client in MULTI do: all else would fill its queue. */
const FOR_FULL_MEMORY = new Set(["EXEC", "DISCARD", "QUIT", "RESET"]);

/** Flags that EXEC has when one of its commands has them, and when all of them have them. */
const FLAGS_OF_ANY = Flag.WRITE | Flag.READONLY | Flag.DENY_OOM | Flag.MAY_REPLICATE;
const FLAGS_OF_ALL = Flag.LOADING | Flag.STALE;

const RULES: readonly Rule[] = [
  {
    gate: Gate.UNAUTHENTICATED,
    check: (_context, _session, command) =>
      (command.flags & Flag.NO_AUTH) !== 0 ? null : errors.NO_AUTH,
  },
  {
    gate: Gate.IN_MULTI,
    check: (_context, _session, command) =>
      (command.flags & Flag.NO_MULTI) === 0 ? null : errors.NOT_IN_MULTI,
  },
  {
    gate: Gate.MAXMEMORY,
    check: (context, session, command, flags) => {
      // Room is made for every command, as Redis does, but only growing ones are refused.
      if (context.memory.makeRoom()) return null;
      const grows = (flags & Flag.DENY_OOM) !== 0 ||
        (session.queue !== null && !FOR_FULL_MEMORY.has(command.name));
      return grows ? errors.OUT_OF_MEMORY : null;
    },
  },
  {
    gate: Gate.SUBSCRIBED,
    check: (_context, session, command) =>
      session.reply.protocol === 3 || FOR_SUBSCRIBERS.has(command.name)
        ? null
        : notForSubscribers(command.lowerName),
  },
  {
    gate: Gate.LOADING,
    check: (_context, _session, _command, flags) =>
      (flags & Flag.LOADING) !== 0 ? null : errors.LOADING,
  },
  {
    gate: Gate.MONITOR,
    check: (_context, _session, _command, flags) =>
      (flags & (Flag.READONLY | Flag.WRITE | Flag.MAY_REPLICATE)) === 0
        ? null
        : errors.NO_KEYS_FOR_REPLICA,
  },
  {
    gate: Gate.PAUSED,
    check: (context, session, _command, flags) =>
      context.pause.stops(session, flags) ? POSTPONED : null,
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
  const flags = flagsOf(session, command);
  for (const rule of RULES) {
    if ((rule.gate & gate) === 0) continue;
    const refusal = rule.check(context, session, command, flags);
    if (refusal !== null) return refusal;
  }
  return null;
}

function flagsOf(session: Session, command: CommandSpec): number {
  const { queue } = session;
  if (queue === null || command.name !== "EXEC") return command.flags;
  return (command.flags & (~FLAGS_OF_ALL | queue.commonFlags)) | (queue.anyFlags & FLAGS_OF_ANY);
}
