/**
 * What a snapshot is to those who ask for one and those who take its bytes; snapshot.ts passes it on.
 */

/**
 * What takes the bytes. A chunk has about 256 KiB (more where a single value that can't be divided
 * is larger), and belongs to the sink from then on.
 */
export interface SnapshotSink {
  /**
   * Takes a chunk; the next comes when the promise has settled. While it has not, the walk goes on
   * until {@linkcode QUEUE_PAUSE_BYTES} wait, and then stands still; only what commands change is
   * still written. To throw, or to reject, ends the snapshot as failed.
   */
  write(chunk: Uint8Array): Promise<void> | void;
  /**
   * Takes a chunk at once, though a promise of `write` is not settled: for sinks that can, when
   * more than {@linkcode QUEUE_CAP_BYTES} wait. Where it is missing the snapshot fails then, so
   * that memory is bounded one way or the other.
   */
  writeNow?(chunk: Uint8Array): void;
}

/** Where in the stream of effects the cut lies, for AUX fields of a snapshot for replicas. */
export interface ReplicationPoint {
  /** 40 hexadecimal digits. */
  readonly id: string;
  readonly offset: number | bigint;
  /** Database selected in the stream at the cut. */
  readonly db: number;
}

export interface SaveOptions {
  /** `commands`: RESP commands in place of RDB, for `aof-use-rdb-preamble no`. */
  readonly format: "rdb" | "commands";
  /** Whether it is the base of an append-only file (AUX `aof-base`); RDB only. */
  readonly aofPreamble: boolean;
  /** Null: no AUX fields about replication. RDB only. */
  readonly replication: ReplicationPoint | null;
}

export interface SnapshotOptions extends SaveOptions {
  readonly sink: SnapshotSink;
  /**
   * Called once, when the sink has taken everything, or when the snapshot failed or was aborted:
   * within {@linkcode Snapshot.abort}, within a command whose change could not be written before, or
   * in a task of its own, but never within `begin`. The sink is the caller's to sync and close.
   */
  onDone(result: SnapshotResult): void;
}

/** `failed`: the sink did, or fell behind; `aborted`: somebody called {@linkcode Snapshot.abort}. */
export type SnapshotResult =
  | { readonly status: "done"; readonly bytes: number; readonly keys: number }
  | { readonly status: "failed"; readonly reason: string; readonly error: unknown }
  | { readonly status: "aborted"; readonly reason: string };

/** A snapshot that is being written. */
export interface Snapshot {
  readonly keysDone: number;
  /** Keys at the cut. */
  readonly keysTotal: number;
  /** Bytes handed to the sink, and bytes that wait for it. */
  readonly bytesWritten: number;
  readonly queuedBytes: number;
  /** The most bytes that waited so far: the memory that the snapshot took. */
  readonly queuedPeakBytes: number;
  /** Huge values that were written within a command, which could not wait outside of itself. */
  readonly finishedForWriters: number;
  /** Gives the snapshot up; `onDone` is told. Does nothing when it is over. */
  abort(reason: string): void;
}

/** Libraries of functions, as the scripting engine keeps them: their source texts. */
export type FunctionsSource = () => readonly Uint8Array[];

/** How much of a walk is done in one go. */
export interface SnapshotPace {
  /** Milliseconds of a slice: short enough not to be felt by who waits for a reply. */
  readonly sliceMs: number;
  /** Small pieces between two looks at the clock. */
  readonly stepsPerLook: number;
}

/** Steps take about half a microsecond each. */
export const SNAPSHOT_PACE: SnapshotPace = { sliceMs: 3, stepsPerLook: 16 };

/**
 * A value of more elements or bytes is huge: it is not written within a command that can wait until
 * it was written in slices (engine/delayed_writers.ts).
 */
export interface HugeLimits {
  readonly elements: number;
  readonly bytes: number;
  /**
   * What may be put aside while a long value is written, in bytes, before commands that can wait do
   * so, and until those that can't have the value finished at once.
   */
  readonly asideBytes: number;
  readonly mostAsideBytes: number;
}

/** A thousand elements take 1 to 3 ms in one go, half a MiB that is compressed 5 to 10 ms. */
export const HUGE_LIMITS: HugeLimits = {
  elements: 4096,
  bytes: 1 << 19,
  asideBytes: 4 << 20,
  mostAsideBytes: 32 << 20,
};

/** The walk waits while so many bytes do. */
export const QUEUE_PAUSE_BYTES = 4 << 20;
/** What may wait at most; see {@linkcode SnapshotSink.writeNow}. */
export const QUEUE_CAP_BYTES = 64 << 20;
