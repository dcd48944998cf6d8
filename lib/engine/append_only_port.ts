/**
 * What commands need of the append-only file, which stands outside of the engine and fills this in:
 * BGREWRITEAOF, DEBUG LOADAOF and INFO.
 */

/** What INFO tells of the append-only file; durations in seconds, -1 for none. */
export interface AppendOnlyFigures {
  readonly isOn: boolean;
  readonly isRewriting: boolean;
  readonly isRewriteScheduled: boolean;
  readonly lastRewriteSeconds: number;
  readonly currentRewriteSeconds: number;
  readonly lastRewriteStatus: "ok" | "err";
  readonly rewrites: number;
  readonly consecutiveFailures: number;
  readonly lastWriteStatus: "ok" | "err";
  /** The most bytes that waited during the last rewrite. */
  readonly lastRewritePeakBytes: number;
  /** Of all files, and of them when the last rewrite ended. */
  readonly currentBytes: number;
  readonly baseBytes: number;
  /** Effects that are not written yet. */
  readonly pendingBytes: number;
  readonly isSyncing: boolean;
  readonly delayedSyncs: number;
}

export interface AppendOnlyPort {
  /** CONFIG RESETSTAT: begins to count rewrites and delayed syncs anew. */
  resetCounts(): void;
  /**
   * BGREWRITEAOF.
   *
   * @param mustWait run later in any case: within EXEC.
   * @returns whether it was started now.
   * @throws {CommandError} when it can't be.
   */
  rewrite(mustWait: boolean): boolean;
  /** DEBUG LOADAOF: the data as the files have them. @throws {CommandError} */
  reload(): void;
  readonly figures: AppendOnlyFigures;
}
