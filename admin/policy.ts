/**
 * Which commands a person or program may run over HTTP. While writing is off: those that read keys and
 * cost little. What needs a connection of its own (it waits, listens, or changes what a
 * connection is) can't be run by a request that is answered and over.
 */

import { latin1 } from "../lib/bytes/byte_string.ts";
import type { CommandSpec } from "../lib/engine/command_spec.ts";
import { Flag } from "../lib/engine/command_spec.ts";
import type { AdminEngine } from "./engine_access.ts";
import { Problem } from "./problem.ts";

/** They change what a connection is, or would leave something behind that nobody ends. */
const FOR_CONNECTIONS = new Set([
  ...["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"],
  ...["MONITOR", "SYNC", "PSYNC", "REPLCONF", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"],
  ...["AUTH", "HELLO", "SELECT", "QUIT", "RESET", "ASKING", "READONLY", "READWRITE"],
  ...["CLIENT|REPLY", "CLIENT|TRACKING", "CLIENT|CACHING", "CLIENT|SETNAME", "CLIENT|SETINFO"],
  ...["CLIENT|NO-EVICT", "CLIENT|NO-TOUCH", "MIGRATE", "WAIT", "WAITAOF", "SCRIPT|DEBUG"],
]);

/** They read no keys and are harmless. */
const HARMLESS = new Set(["PING", "ECHO", "TIME", "DBSIZE", "LASTSAVE", "INFO", "LOLWUT"]);

/**
 * The command that these arguments name, or undefined: such is left to the engine to refuse.
 *
 * @throws 400 for what can't be run here, 403 for what writing must be on for.
 */
export function requireAllowed(
  engine: AdminEngine,
  args: readonly Uint8Array[],
  writes: boolean,
): CommandSpec | undefined {
  const spec = specOf(engine, args);
  if (spec === undefined) return undefined;
  if (FOR_CONNECTIONS.has(spec.name) || mayWait(spec, args)) {
    throw new Problem(
      400,
      `ERR ${spec.lowerName.replace("|", " ")} needs a connection of its own, not a request`,
    );
  }
  if (!writes && !onlyReads(spec)) {
    throw new Problem(
      403,
      `NOPERM ${spec.lowerName.replace("|", " ")} may change something or cost much: start the ` +
        "server with --admin-write yes",
    );
  }
  return spec;
}

/** Whether a command may be run while writing is off. */
export function onlyReads(spec: CommandSpec): boolean {
  if (HARMLESS.has(spec.name)) return true;
  return (spec.flags & Flag.READONLY) !== 0 && (spec.flags & (Flag.WRITE | Flag.ADMIN)) === 0 &&
    !spec.categories.some((category) => COSTLY.includes(category));
}

/** Scripts that only read may still run for ever. */
const COSTLY = ["@dangerous", "@scripting"];

/** XREAD and XREADGROUP wait only when they are told to, by a word in front of the streams. */
function mayWait(spec: CommandSpec, args: readonly Uint8Array[]): boolean {
  if ((spec.flags & Flag.BLOCKING) === 0) return false;
  if (spec.name !== "XREAD" && spec.name !== "XREADGROUP") return true;
  const words = args.map((arg) => latin1(arg, 0, Math.min(arg.length, 16)).toUpperCase());
  return words.slice(0, words.indexOf("STREAMS")).includes("BLOCK");
}

function specOf(engine: AdminEngine, args: readonly Uint8Array[]): CommandSpec | undefined {
  const { commands } = engine.context;
  const spec = commands.byName(latin1(args[0]));
  if (spec === undefined || spec.subcommands.size === 0 || args.length < 2) return spec;
  return spec.subcommands.get(latin1(args[1]).toLowerCase()) ?? spec;
}
