/**
 * When the data are saved to the RDB file: SAVE, BGSAVE, save points, FLUSHALL and the end of the
 * server, and what comes of it. What is refused, what waits and what is logged follows redis-server.
 */

import { hostText } from "../../config/words.ts";
import type { Context } from "../../engine/context.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { PersistencePort, SnapshotFigures } from "../../engine/persistence_port.ts";
import type { ShutdownOptions } from "../../engine/ports.ts";
import { systemErrorText } from "../../host/system_error.ts";
import type { BackgroundJobs } from "../background_job.ts";
import { DumpFile, MoveError } from "./dump_file.ts";
import type { ReplicationPoint, SaveOptions, Snapshot, SnapshotResult } from "./snapshot.ts";
import type { Snapshots } from "./snapshot.ts";

/** How long a failed save is left alone, in seconds. */
const RETRY_SECONDS = 5;

const ALREADY_SAVING = new CommandError("ERR Background save already in progress");
const OTHER_JOB = new CommandError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in " +
    "order to schedule a BGSAVE whenever possible.",
);
const FAILED = new CommandError("ERR");

export class Saves implements PersistencePort {
  /** Set by replication: where its stream stands, null when there is no backlog. */
  replicationPoint: () => ReplicationPoint | null = () => null;
  private lastSaveSeconds: number;
  private lastStatus: "ok" | "err" = "ok";
  private lastTrySeconds = 0;
  private lastDurationSeconds = -1;
  private saves = 0;
  private peakBytes = 0;
  private running: { readonly file: DumpFile; readonly snapshot: Snapshot } | null = null;
  private startedSeconds = 0;
  /** Changes that the running save has. */
  private changesAtCut = 0;

  constructor(
    private readonly context: Context,
    private readonly snapshots: Snapshots,
    private readonly jobs: BackgroundJobs,
  ) {
    // What is there at the start counts as saved.
    this.lastSaveSeconds = this.nowSeconds;
    jobs.whenForReplicas = (isRunning) => {
      if (isRunning) {
        this.saves++;
        this.startedSeconds = this.nowSeconds;
      } else this.lastDurationSeconds = this.nowSeconds - this.startedSeconds;
    };
    context.config.subscribe(["save", "stop-writes-on-bgsave-error"], () => this.followStatus());
  }

  get figures(): SnapshotFigures {
    const { current } = this.snapshots;
    return {
      isSaving: this.jobs.isSaving,
      lastSaveSeconds: this.lastSaveSeconds,
      lastStatus: this.lastStatus,
      lastDurationSeconds: this.lastDurationSeconds,
      currentDurationSeconds: this.jobs.isSaving ? this.nowSeconds - this.startedSeconds : -1,
      saves: this.saves,
      jobs: this.jobs.begun,
      keysDone: current?.keysDone ?? 0,
      keysTotal: current?.keysTotal ?? 0,
      waitingBytes: current?.queuedBytes ?? 0,
      waitingPeakBytes: current?.queuedPeakBytes ?? 0,
      lastPeakBytes: this.peakBytes,
    };
  }

  resetCounts(): void {
    this.saves = 0;
  }

  save(): void {
    if (this.jobs.isSaving) throw ALREADY_SAVING;
    this.saves++;
    if (!this.saveNow()) throw FAILED;
  }

  saveInBackground(mayWait: boolean, mustWait: boolean): boolean {
    if (this.jobs.isSaving) throw ALREADY_SAVING;
    if (mustWait || this.jobs.running !== null) {
      if (!mayWait && !mustWait) throw OTHER_JOB;
      this.jobs.saveScheduled = true;
      return false;
    }
    this.begin();
    return true;
  }

  beforeFlushAll(): void {
    this.giveUp("FLUSHALL");
  }

  savedEmpty(): boolean {
    return this.context.config.get("save").length > 0 && this.saveNow();
  }

  /** Begins what is due: a save that was scheduled, or one that a save point asks for. */
  tick(): void {
    if (this.jobs.running !== null || this.context.loading.isActive) return;
    const now = this.nowSeconds;
    const mayTry = this.lastStatus === "ok" || now - this.lastTrySeconds > RETRY_SECONDS;
    if (!mayTry) return;
    const { log } = this.context.host;
    for (const { seconds, changes } of this.context.config.get("save")) {
      if (this.context.stats.dirty < changes || now - this.lastSaveSeconds <= seconds) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      return this.begin();
    }
    // A rewrite that waits goes first, as in Redis.
    if (this.jobs.saveScheduled && !this.jobs.rewriteScheduled) this.begin();
  }

  /**
   * Saves once more where that is configured or asked for, before the server ends; a save that runs
   * is given up. False when the server must go on, since the data could not be saved.
   */
  saveAtEnd({ save, force }: ShutdownOptions): boolean {
    const { config, host, loading } = this.context;
    if (this.jobs.isSaving) {
      host.log.warning("There is a child saving an .rdb. Killing it!");
      this.giveUp("SHUTDOWN");
    }
    // What is loaded by half must not replace the whole.
    if (loading.isActive || !(save ?? config.get("save").length > 0)) return true;
    host.log.notice("Saving the final RDB snapshot before exiting.");
    if (this.saveNow()) return true;
    if (!force) {
      host.log.warning("Error trying to save the DB, can't exit.");
      return false;
    }
    host.log.warning("Error trying to save the DB. Exit anyway.");
    return true;
  }

  /** Saves in one go, for SAVE, SHUTDOWN, FLUSHALL and DEBUG RELOAD; false when that failed. */
  saveNow(): boolean {
    const { host, config, stats } = this.context;
    const name = `temp-save-${host.process.pid}.rdb`;
    let file: DumpFile | null = null;
    try {
      file = this.create(name, false);
      if (file === null) return false;
      const target = file;
      this.snapshots.saveNow(this.options(), (chunk) => target.writeNow(chunk));
      file.commitNow(hostText(config.get("dbfilename")));
    } catch (error) {
      this.logFailure(error, name);
      file?.discard();
      return false;
    }
    host.log.notice("DB saved on disk");
    stats.dirty = 0;
    this.succeeded();
    return true;
  }

  private begin(): void {
    const { host, config, stats } = this.context;
    this.jobs.saveScheduled = false;
    this.saves++;
    this.changesAtCut = stats.dirty;
    this.lastTrySeconds = this.startedSeconds = this.nowSeconds;
    host.log.notice("Background saving started");
    const name = `temp-${host.process.pid}.rdb`;
    const file = this.create(name, config.get("rdb-save-incremental-fsync"));
    if (file === null) {
      host.log.warning("Background saving error");
      return this.failed();
    }
    this.jobs.begin("rdb");
    const snapshot = this.snapshots.begin({
      ...this.options(),
      sink: file,
      onDone: (result) => void this.ended(result, file, name),
    });
    this.running = { file, snapshot };
  }

  private async ended(result: SnapshotResult, file: DumpFile, name: string): Promise<void> {
    const { log } = this.context.host;
    this.peakBytes = this.running?.snapshot.queuedPeakBytes ?? 0;
    if (result.status === "done") {
      try {
        await file.commit(hostText(this.context.config.get("dbfilename")));
        log.notice("DB saved on disk");
        this.end();
        log.notice("Background saving terminated with success");
        this.context.stats.dirty -= this.changesAtCut;
        return this.succeeded();
      } catch (error) {
        // Given up meanwhile, with its file.
        if (this.running?.file !== file) return;
        this.logFailure(error, name);
      }
    } else if (result.status === "aborted") {
      file.discard();
      return this.gaveUp(result.reason);
    } else this.logFailure(result.error ?? result.reason, name);
    file.discard();
    this.end();
    log.warning("Background saving error");
    this.failed();
  }

  /** Ends what runs, without a word about it: the server ends. */
  close(): void {
    if (this.jobs.isSaving) this.giveUp("the server ends");
  }

  /** Ends a save, or a snapshot for replicas, that runs. */
  private giveUp(reason: string): void {
    if (!this.jobs.isSaving) return;
    const { current } = this.snapshots;
    if (current !== null) return current.abort(reason);
    // All is written and the disk is waited for.
    if (this.running === null) return;
    this.running.file.discard();
    this.gaveUp(reason);
  }

  private gaveUp(reason: string): void {
    this.context.host.log.warning(`Background saving given up: ${reason}`);
    this.end();
  }

  private end(): void {
    this.lastDurationSeconds = this.nowSeconds - this.startedSeconds;
    this.running = null;
    this.jobs.end();
  }

  private succeeded(): void {
    this.lastSaveSeconds = this.nowSeconds;
    this.lastStatus = "ok";
    this.followStatus();
  }

  private failed(): void {
    this.lastStatus = "err";
    this.followStatus();
  }

  /** Refuses writes, or no longer. */
  private followStatus(): void {
    const { config, diskErrors } = this.context;
    const stops = this.lastStatus === "err" && config.get("save").length > 0 &&
      config.get("stop-writes-on-bgsave-error");
    diskErrors.snapshots(stops ? errors.SNAPSHOT_FAILED : null);
  }

  private create(name: string, syncsOnTheWay: boolean): DumpFile | null {
    const { host } = this.context;
    try {
      return new DumpFile(host.files, this.directory, name, syncsOnTheWay);
    } catch (error) {
      host.log.warning(
        `Failed opening the temp RDB file ${name} (in server root dir ${this.directory}) ` +
          `for saving: ${systemErrorText(error)}`,
      );
      return null;
    }
  }

  private logFailure(error: unknown, name: string): void {
    const { host, config } = this.context;
    if (error instanceof MoveError) {
      host.log.warning(
        `Error moving temp DB file ${name} on the final destination ` +
          `${hostText(config.get("dbfilename"))} (in server root dir ${this.directory}): ` +
          systemErrorText(error.cause),
      );
    } else host.log.warning(`Write error saving DB on disk: ${systemErrorText(error)}`);
  }

  private options(): SaveOptions {
    return { format: "rdb", aofPreamble: false, replication: this.replicationPoint() };
  }

  private get directory(): string {
    return hostText(this.context.config.get("dir"));
  }

  private get nowSeconds(): number {
    return Math.floor(this.context.host.clock.unixMs() / 1000);
  }
}
