/**
 * Every reason to refuse a command before it runs, as one ordered table. It is looked at only
 * while some bit of a gate is set, so ordinary traffic pays one test for all of it.
 */

import type { Request } from "../resp/request.ts";
import type { Command } from "./command.ts";
import type { CommandSpec } from "./command_spec.ts";
import { Flag } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { type CommandError, errors, notForSubscribers, POSTPONED } from "./errors.ts";
import type { RequestQueue } from "./request_queue.ts";
import type { Session } from "./session.ts";
import { Gate } from "./session.ts";

interface Rule {
  /** Bits of {@linkcode Gate} that bring the rule into play. */
  readonly gate: number;
  /** @param flags the request's: see {@linkcode flagsOf}. */
  check(
    context: Context,
    session: Session,
    command: CommandSpec,
    flags: number,
    request: Request,
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
const FLAGS_OF_ANY = Flag.WRITE | Flag.READONLY | Flag.DENY_OOM | Flag.MAY_REPLICATE |
  Flag.NO_ASYNC_LOADING;
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
      if (context.scripts.isBusy || context.memory.makeRoom()) return null;
      const grows = (flags & Flag.DENY_OOM) !== 0 ||
        (session.queue !== null && !FOR_FULL_MEMORY.has(command.name));
      return grows ? errors.OUT_OF_MEMORY : null;
    },
  },
  {
    gate: Gate.DISK_ERROR,
    // PING too, so that whoever watches the server notices.
    check: (context, _session, command, flags) =>
      (flags & Flag.WRITE) !== 0 || command.name === "PING" ? context.diskErrors.refusal : null,
  },
  {
    gate: Gate.FEW_REPLICAS,
    check: (context, _session, _command, flags) =>
      (flags & Flag.WRITE) !== 0 && context.replication?.hasEnoughReplicas === false
        ? errors.FEW_REPLICAS
        : null,
  },
  {
    gate: Gate.READ_ONLY,
    check: (_context, _session, _command, flags) =>
      (flags & Flag.WRITE) !== 0 ? errors.READ_ONLY : null,
  },
  {
    gate: Gate.SUBSCRIBED,
    check: (_context, session, command) =>
      session.reply.protocol === 3 || FOR_SUBSCRIBERS.has(command.name)
        ? null
        : notForSubscribers(command.lowerName),
  },
  {
    gate: Gate.STALE,
    check: (_context, _session, _command, flags) =>
      (flags & Flag.STALE) !== 0 ? null : errors.STALE,
  },
  {
    gate: Gate.LOADING,
    check: ({ loading }, _session, _command, flags) => {
      const isAllowed = loading.isAsync
        ? (flags & Flag.NO_ASYNC_LOADING) === 0
        : (flags & Flag.LOADING) !== 0;
      return isAllowed ? null : errors.LOADING;
    },
  },
  {
    gate: Gate.BUSY,
    check: (context, _session, _command, flags) =>
      (flags & Flag.ALLOW_BUSY) !== 0 ? null : context.scripts.engine?.busyError ?? null,
  },
  {
    gate: Gate.MONITOR | Gate.REPLICA,
    check: (_context, _session, _command, flags) =>
      (flags & (Flag.READONLY | Flag.WRITE | Flag.MAY_REPLICATE)) === 0
        ? null
        : errors.NO_KEYS_FOR_REPLICA,
  },
  {
    gate: Gate.PAUSED,
    check: ({ pause }, session, command, flags) => {
      if (!pause.stops(session, flags)) return null;
      pause.postpone(session, command);
      return POSTPONED;
    },
  },
  {
    gate: Gate.SAVING,
    check: ({ delayedWriters }, session, command, flags, request) =>
      delayedWriters.stops(session, command, flags, request) ? POSTPONED : null,
  },
  {
    gate: Gate.FAULTS,
    check: (context, session, command, _flags, request) =>
      context.faults.meet(session, command, request),
  },
];

/** The first reason to refuse the command, or null. `gate` is the session's or'ed with the engine's. */
export function admit(
  context: Context,
  session: Session,
  command: CommandSpec,
  request: Request,
  gate: number,
): CommandError | null {
  if (session.isTrusted) return null;
  const flags = flagsOf(context, session, command, request);
  // Of snapshots each command is to feel as little as possible.
  if (gate === Gate.SAVING) {
    return context.delayedWriters.stops(session, command, flags, request) ? POSTPONED : null;
  }
  for (const rule of RULES) {
    if ((rule.gate & gate) === 0) continue;
    const refusal = rule.check(context, session, command, flags, request);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The flags of what a request runs: EXEC has those of its queue, a script has declared its own. */
function flagsOf(
  context: Context,
  session: Session,
  spec: CommandSpec,
  request: Request,
): number {
  // What a session runs is one of the registry's commands.
  const command = spec as Command;
  if (command.flagsOf !== null) return command.flagsOf(context, request);
  const { queue } = session;
  if (queue === null || command.name !== "EXEC") return command.flags;
  return (command.flags & (~FLAGS_OF_ALL | queue.commonFlags)) | (queue.anyFlags & FLAGS_OF_ANY);
}

/** Closes a client that has queued more in MULTI than it may send at once. */
export function limitQueue(
  { config, host }: Context,
  session: Session,
  queue: RequestQueue,
): void {
  if (session.isTrusted || queue.argumentBytes <= config.get("client-query-buffer-limit")) return;
  host.log.warning(
    `Closing client that queued more than client-query-buffer-limit in MULTI: id=${session.id}`,
  );
  session.closing = true;
  session.link?.close();
}
