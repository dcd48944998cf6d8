/**
 * Snapshots: the data as they are at one instant, written while the server goes on serving, where
 * Redis forks a process. BGSAVE, the base file of BGREWRITEAOF and full synchronisation use it.
 *
 * The cut is made in {@linkcode Snapshots.begin}: every entry that is there then is part of the
 * snapshot. A walk over all databases writes a slice of a few milliseconds in each macrotask; an
 * entry that a command is about to change, or that is about to go, is written first, in its old
 * state; where that would take long the command waits. The epoch in each entry's record (values/entry.ts) says whether that is still to be done,
 * so that each is written exactly once and keys that are new are passed over.
 *
 * ```ts
 * snapshots.begin({
 *   sink,
 *   format: "rdb",
 *   aofPreamble: true,
 *   replication: null,
 *   onDone: (result) => result.status === "done" ? commit() : giveUp(result.reason),
 * });
 * ```
 *
 * There is at most one cut at a time: whether a second one is refused, waits, or joins is for the
 * callers to say, who also keep {@linkcode BackgroundJobs}.
 */

import type { Context } from "../../engine/context.ts";
import { invariant } from "../../host/invariant.ts";
import { epochBits, META_WORD, readWord, VALUE_META, writeWord } from "../../values/entry.ts";
import { CommandFormat } from "./command_format.ts";
import type {
  FunctionsSource,
  ReplicationPoint,
  SaveOptions,
  Snapshot,
  SnapshotOptions,
} from "./contract.ts";
import { HUGE_LIMITS, SNAPSHOT_PACE } from "./contract.ts";
import type { SnapshotFormat } from "./format.ts";
import { RdbFormat } from "./rdb_format.ts";
import { SnapshotWalk } from "./walk.ts";
import { writeAll } from "./write_all.ts";

export type {
  FunctionsSource,
  HugeLimits,
  ReplicationPoint,
  SaveOptions,
  Snapshot,
  SnapshotOptions,
  SnapshotPace,
  SnapshotResult,
  SnapshotSink,
} from "./contract.ts";
export { HUGE_LIMITS, QUEUE_CAP_BYTES, QUEUE_PAUSE_BYTES, SNAPSHOT_PACE } from "./contract.ts";

export class Snapshots {
  /** The snapshot that is being written. */
  current: Snapshot | null = null;
  /** Filled in by the scripting engine: the libraries, at the instant of the call. */
  functions: FunctionsSource = () => [];
  /** Snapshots in a row of which not every entry was stamped. */
  private unfinished = 0;

  constructor(
    private readonly context: Context,
    private readonly pace = SNAPSHOT_PACE,
    private readonly huge = HUGE_LIMITS,
  ) {}

  /** Makes the cut, synchronously, and begins to write. No snapshot may be running. */
  begin(options: SnapshotOptions): Snapshot {
    invariant(this.current === null, "snapshot: another one runs");
    const { context } = this;
    if (this.unfinished === MOST_UNFINISHED) this.makeEpochsOne();
    const format = formatFor(options, context, this.functions());
    const walk = new SnapshotWalk(
      context,
      format,
      options.sink,
      this.pace,
      this.huge,
      (result, stampedAll) => {
        this.unfinished = stampedAll ? 0 : this.unfinished + 1;
        this.current = null;
        options.onDone(result);
      },
    );
    this.current = walk;
    return walk;
  }

  /**
   * The same in one go, for SAVE, SHUTDOWN and DEBUG RELOAD; a snapshot that runs is not disturbed.
   *
   * @param write takes the chunks, lent until it returns; what it throws is passed on.
   */
  saveNow(
    options: SaveOptions,
    write: (chunk: Uint8Array) => void,
  ): { readonly bytes: number; readonly keys: number } {
    const format = formatFor(options, this.context, this.functions());
    return writeAll(this.context.store, format, write);
  }

  /** An RDB file without keys, and with the libraries of functions where they are wanted. */
  withoutKeys(replication: ReplicationPoint, hasFunctions: boolean): Uint8Array {
    const { context } = this;
    const options = { format: "rdb", aofPreamble: false, replication } as const;
    const format = formatFor(options, context, hasFunctions ? this.functions() : []);
    const parts: Uint8Array[] = [];
    writeAll(context.store, format, (chunk) => parts.push(chunk.slice()), []);
    const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /**
   * Epochs have 16 bits. Each walk that gets to its end stamps all entries with its own, so that
   * old ones die out; after very many that did not, an old one could come up again, so all
   * entries get the same. That takes as long as a scan, once in 65,000 failures.
   */
  private makeEpochsOne(): void {
    const { databases, state } = this.context.store;
    for (const { table, arena } of databases) {
      table.forEach((ref) => {
        const meta = readWord(arena, ref, META_WORD) & VALUE_META | epochBits(state.epoch);
        writeWord(arena, ref, META_WORD, meta);
      });
    }
    this.unfinished = 0;
  }
}

const MOST_UNFINISHED = 65_000;

/** @param functions source texts of the libraries. */
function formatFor(
  options: SaveOptions,
  context: Context,
  functions: readonly Uint8Array[],
): SnapshotFormat {
  return options.format === "rdb"
    ? new RdbFormat(options, context, functions)
    : new CommandFormat(context, functions);
}
