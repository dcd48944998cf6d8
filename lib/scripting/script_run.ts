/** The script that runs: who called it, what it may do and what it did. There is one at a time. */

import { Target } from "../engine/propagation.ts";
import type { Session } from "../engine/session.ts";

/** What a script says about itself in its first line, and functions when they are registered. */
export const ScriptFlag = {
  NO_WRITES: 1 << 0,
  ALLOW_OOM: 1 << 1,
  ALLOW_STALE: 1 << 2,
  NO_CLUSTER: 1 << 3,
  ALLOW_CROSS_SLOT_KEYS: 1 << 4,
  /** No first line was given: rules of old scripts hold. */
  LEGACY: 1 << 5,
} as const;

/** The names that clients use, in the order in which Redis lists them. */
export const SCRIPT_FLAG_NAMES: readonly (readonly [string, number])[] = [
  ["no-writes", ScriptFlag.NO_WRITES],
  ["allow-oom", ScriptFlag.ALLOW_OOM],
  ["allow-stale", ScriptFlag.ALLOW_STALE],
  ["no-cluster", ScriptFlag.NO_CLUSTER],
  ["allow-cross-slot-keys", ScriptFlag.ALLOW_CROSS_SLOT_KEYS],
];

/** Thrown into a machine to begin a script anew: see {@linkcode ScriptRun.isPlain}. */
export class RestartScript {}

export class ScriptRun {
  /** SHA-1 of the script, or the function's name. */
  name = "";
  isFunction = false;
  flags = 0;
  /** Whether write commands are refused: the script or the command that called it says so. */
  isReadOnly = false;
  /** Whether the memory was full when it began. */
  isOutOfMemory = false;
  /** Whether this is a replica without its primary that serves no old data. */
  isStale = false;
  /** Whether it may have changed data, after which it can't be killed. */
  hasWritten = false;
  targets: number = Target.ALL;
  /** Set by SCRIPT KILL. */
  isKilled = false;
  /**
   * The clock that never jumps, in milliseconds; negative before the first tick, up to which nobody
   * needs it.
   */
  startedMs = -1;
  /** When it last let others be served. */
  sliceStartedMs = 0;
  /** Whether it has been set aside before. */
  isAside = false;
  /** Whether it has run longer than `busy-reply-threshold`. */
  isSlow = false;
  canSuspend = false;
  /**
   * Whether it runs where it can't be set aside because it has only read before and was quick. As
   * soon as it is about to write, or is slow, it is begun anew where it can.
   */
  isPlain = false;
  /**
   * Whether the script's text has no loop and no function, nor any call that could search for long.
   * It ends by itself, so it never has to be set aside, and is spared what that costs (1 µs).
   */
  isStraight = false;
  /** Turn time (Unix ms) when it began, which it sees until it ends. */
  nowMs = 0;

  /** @param session the one that its commands run in. */
  constructor(readonly session: Session, public caller: Session) {}
}
