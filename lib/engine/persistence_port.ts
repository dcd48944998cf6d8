/**
 * What commands need of snapshots to disk, which stand outside of the engine and fill this in: SAVE,
 * BGSAVE, LASTSAVE, FLUSHALL and INFO.
 */

/** What INFO tells of snapshots; times in Unix seconds, durations in seconds, -1 for none. */
export interface SnapshotFigures {
  readonly isSaving: boolean;
  readonly lastSaveSeconds: number;
  readonly lastStatus: "ok" | "err";
  readonly lastDurationSeconds: number;
  readonly currentDurationSeconds: number;
  /** Saves that were begun. */
  readonly saves: number;
  /** Background jobs that were begun: saves, rewrites, snapshots for replicas. */
  readonly jobs: number;
  /** Of whatever snapshot is being written, also one for the append-only file or replicas. */
  readonly keysDone: number;
  readonly keysTotal: number;
  /** Bytes of that snapshot that wait to be written now, and most of them up to now. */
  readonly waitingBytes: number;
  readonly waitingPeakBytes: number;
  /** The same of the last one to the RDB file. */
  readonly lastPeakBytes: number;
}

export interface PersistencePort {
  /** CONFIG RESETSTAT: begins to count saves anew. */
  resetCounts(): void;
  /** SAVE. @throws {CommandError} when a BGSAVE runs, or it failed. */
  save(): void;
  /**
   * BGSAVE.
   *
   * @param mayWait run later when something else runs (SCHEDULE).
   * @param mustWait run later in any case: within EXEC.
   * @returns whether it was started now.
   * @throws {CommandError} when it can't be.
   */
  saveInBackground(mayWait: boolean, mustWait: boolean): boolean;
  /**
   * FLUSHALL has emptied all databases: a BGSAVE is given up, and the empty data are saved where
   * save points are configured. True when they were.
   */
  savedEmpty(): boolean;
  /** FLUSHALL is about to empty all databases. */
  beforeFlushAll(): void;
  readonly figures: SnapshotFigures;
}
