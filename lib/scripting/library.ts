/** What libraries of functions for scripts are made of, and what they find in the machine they run in. */

import type { LuaMachine } from "../lua/lua_machine.ts";
import type { Request } from "../resp/request.ts";
import type { JsonSettings } from "./json_settings.ts";
import type { DrandRandom } from "./random.ts";
import type { ReplyMemory } from "./reply_memory.ts";
import type { ScriptHost } from "./script_host.ts";
import type { ScriptRun } from "./script_run.ts";

/** A function for scripts: gets its arguments on the stack and returns how many results it left. */
export type LibraryFunction = (engine: LibraryEngine, state: number) => number;
export type Library = Readonly<Record<string, LibraryFunction>>;
/** Fields of a library that are no functions. */
export type Constants = Readonly<Record<string, string | number>>;

/** The field of Lua's tables for errors that says that they have been counted, as Redis names it. */
export const COUNTED_MARK = "ignore_error_stats_update";

/** An error of a script as the handler found it. */
export interface ScriptProblem {
  readonly text: string;
  /** Where it was raised, e.g. `@user_script`; empty when that is not known. */
  readonly source: string;
  readonly line: number;
  /** Whether it is a command's error, which was counted when the command failed. */
  readonly isCounted: boolean;
}

/** The machine with what our functions keep for it. */
export interface LibraryEngine {
  readonly machine: LuaMachine;
  readonly host: ScriptHost;
  /** The script that runs in this machine; null for none. */
  readonly run: ScriptRun | null;
  readonly jsonSettings: JsonSettings;
  readonly random: DrandRandom;
  /** The arguments of `redis.call`, which lie in Lua's memory. */
  readonly request: Request;
  readonly replyMemory: ReplyMemory;
  /** Shields by their address: refs of the tables behind them. */
  readonly shields: Map<number, number>;
  /** Lua's own `next` and `string.format`. */
  readonly nextRef: number;
  readonly formatRef: number;
  /** What the last error was. */
  problem: ScriptProblem | null;
  /** Set while a library's code runs that registers functions; says what is wrong, or null. */
  readonly registering: ((state: number) => string | null) | null;
  pushLibraryFunction(state: number, run: LibraryFunction): void;
}
