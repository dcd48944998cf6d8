/**
 * What a command says about itself, apart from how it runs: its name, flags, keys, documentation
 * and what was counted of it. COMMAND, COMMAND DOCS, GETKEYS, ACL categories, arity checks, HELP
 * and the statistics are all computed from this, so each fact stands here once.
 */

import { LatencyHistogram } from "./stats/latency_histogram.ts";

/** What a command is and when it may run; the names are those of COMMAND INFO. */
export const Flag = {
  WRITE: 1 << 0,
  READONLY: 1 << 1,
  DENY_OOM: 1 << 2,
  ADMIN: 1 << 3,
  PUBSUB: 1 << 4,
  NO_SCRIPT: 1 << 5,
  BLOCKING: 1 << 6,
  LOADING: 1 << 7,
  STALE: 1 << 8,
  SKIP_MONITOR: 1 << 9,
  SKIP_SLOW_LOG: 1 << 10,
  ASKING: 1 << 11,
  FAST: 1 << 12,
  NO_AUTH: 1 << 13,
  MAY_REPLICATE: 1 << 14,
  NO_MANDATORY_KEYS: 1 << 15,
  NO_ASYNC_LOADING: 1 << 16,
  NO_MULTI: 1 << 17,
  ALLOW_BUSY: 1 << 18,
  PROTECTED: 1 << 19,
  MOVABLE_KEYS: 1 << 20,
} as const;

/** How a command uses the keys of one key spec (https://redis.io/docs/reference/key-specs). */
export const Access = {
  RO: 1 << 0,
  RW: 1 << 1,
  OW: 1 << 2,
  RM: 1 << 3,
  ACCESS: 1 << 4,
  UPDATE: 1 << 5,
  INSERT: 1 << 6,
  DELETE: 1 << 7,
  NOT_KEY: 1 << 8,
  INCOMPLETE: 1 << 9,
  VARIABLE_FLAGS: 1 << 10,
} as const;

/** Where a key spec starts to look, as COMMAND INFO reports it. */
export type BeginSearch =
  | { readonly type: "index"; readonly index: number }
  | { readonly type: "keyword"; readonly keyword: string; readonly startFrom: number }
  | { readonly type: "unknown" };

/** Which arguments from there on are keys. */
export type FindKeys =
  | {
    readonly type: "range";
    readonly lastKey: number;
    readonly keyStep: number;
    readonly limit: number;
  }
  | {
    readonly type: "keynum";
    readonly keyNumIndex: number;
    readonly firstKey: number;
    readonly keyStep: number;
  }
  | { readonly type: "unknown" };

/** One group of keys among a command's arguments. */
export interface KeySpec {
  /** Bits of {@linkcode Access}. */
  readonly access: number;
  readonly begin: BeginSearch;
  readonly find: FindKeys;
  readonly notes?: string;
}

/** One node of the argument tree that COMMAND DOCS shows. */
export interface ArgumentDoc {
  readonly name: string;
  readonly type:
    | "string"
    | "integer"
    | "double"
    | "key"
    | "pattern"
    | "unix-time"
    | "pure-token"
    | "oneof"
    | "block";
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly keySpecIndex?: number;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  readonly multipleToken?: boolean;
  readonly arguments?: readonly ArgumentDoc[];
}

/** The description of a command or subcommand. */
export interface CommandSpec {
  /** Upper case; a subcommand is written `CONFIG|GET`. */
  readonly name: string;
  /** The name in lower case as COMMAND prints it (`config|get`). */
  readonly lowerName: string;
  /** Group of COMMAND DOCS, e.g. `sorted-set`. */
  readonly group: string;
  /** Syntax line from which arity, key positions and documented arguments come; see usage.ts. */
  readonly usage: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  /** Bits of {@linkcode Flag}. */
  readonly flags: number;
  /** As COMMAND reports it: negative means "at least", and counts the command's name. */
  readonly arity: number;
  readonly keySpecs: readonly KeySpec[];
  /** Names with `@`, sorted. */
  readonly categories: readonly string[];
  readonly arguments: readonly ArgumentDoc[];
  readonly tips: readonly string[];
  readonly docFlags: readonly string[];
  readonly deprecatedSince: string | undefined;
  readonly replacedBy: string | undefined;
  readonly parent: CommandSpec | undefined;
  /** Lower-case subcommand names to their specs; empty for ordinary commands. */
  readonly subcommands: ReadonlyMap<string, CommandSpec>;
  /**
   * A call with at most this many arguments is a small constant amount of work, or one that the
   * length of its reply tells: consecutive ones share time stamps, because reading the clock (0.1 µs
   * and more) would cost a tenth of such a command. 0: every call is measured by itself.
   */
  readonly briefArguments: number;
  /** Whether of brief calls only some are measured, because the length of a reply does not matter. */
  readonly isSampled: boolean;
  /** Whether keys that it finds expired are units of effects by themselves, not one together. */
  readonly meetsAnyKey: boolean;
  readonly stats: CommandStats;
}

/** What was counted of one command since start or CONFIG RESETSTAT. */
export class CommandStats {
  calls = 0;
  /** Calls whose running time is still to be added. */
  unmeasured = 0;
  /** Total running time in microseconds. */
  microseconds = 0;
  /** Refused before running. */
  rejected = 0;
  /** Ran and replied an error. */
  failed = 0;
  /** `latency-tracking`: whether running times are kept in {@linkcode histogram}. */
  tracksLatency = true;
  /** Running times; null until there is one. */
  histogram: LatencyHistogram | null = null;

  /** Adds the running time of calls that were measured together; each counts as the average. */
  addRun(calls: number, microseconds: number): void {
    this.microseconds += microseconds;
    if (!this.tracksLatency) return;
    if (this.histogram === null) this.histogram = new LatencyHistogram();
    this.histogram.add(calls, microseconds / calls);
  }

  reset(): void {
    this.calls = 0;
    this.unmeasured = 0;
    this.microseconds = 0;
    this.rejected = 0;
    this.failed = 0;
    this.histogram = null;
  }
}
