/**
 * BGREWRITEAOF: a new base in place of the old base and the increments that it makes superfluous.
 *
 * What is on disk if the process, or the machine, dies between two steps, and what becomes of it:
 *
 * | step                                                    | on disk          | recovery             |
 * |---------------------------------------------------------|------------------|----------------------|
 * | a. make increment k+1, sync it and the directory        | M0, stray file   | the stray is removed |
 * | b. manifest with k+1, synced, renamed, directory synced | M0 or M1         | both are complete    |
 * | c. cut: k is synced, then k+1 is appended to            | M1               | complete             |
 * | d. write the base under a temporary name, sync it       | M1, stray file   | the stray is removed |
 * | e. rename the base, sync the directory                  | M1, stray base   | the stray is removed |
 * | f. manifest with new base and k+1, the rest as history  | M1 or M2         | the same data        |
 * | g. remove history, manifest without it                  | M2, some history | the rest is removed  |
 *
 * While the file is being switched on there is no increment yet that counts: k+1 then has a
 * temporary name until step f. If a step fails M0 or M1 stays, and everything goes on with it.
 */

import { hostText } from "../../config/words.ts";
import type { Context } from "../../engine/context.ts";
import { systemErrorText } from "../../host/system_error.ts";
import type { BackgroundJobs } from "../background_job.ts";
import { DumpFile } from "../snapshot/dump_file.ts";
import type { Snapshot, SnapshotResult, Snapshots } from "../snapshot/snapshot.ts";
import { AppendFile } from "./append_file.ts";
import { BaseFile } from "./base_file.ts";
import {
  type AppendedFile,
  type AppendOnlyPaths,
  type Manifest,
  removeIfThere,
  saveManifest,
} from "./manifest.ts";
import type { AofWriter } from "./writer.ts";

/** What the rewriter changes of its owner. */
export interface RewriterOwner {
  manifest: Manifest;
  /** Whether the file is being switched on by this rewrite. */
  readonly isStarting: boolean;
  /** The new increment is appended to from now on. */
  switched(): void;
  /** A rewrite was made part of the manifest; bytes of the new base. */
  rewritten(baseBytes: number): void;
  /** A rewrite has failed, or was given up. */
  failed(): void;
}

interface Running {
  readonly base: BaseFile;
  /** Null until the cut. */
  snapshot: Snapshot | null;
  /** The increment that follows the new base; null while the append-only file is off. */
  increment: AppendedFile | null;
  readonly startedMs: number;
  isGivenUp: boolean;
}

/** Failures in a row from which on a new try waits, and how long at most. */
const FAILURES_WITHOUT_DELAY = 3;
const LONGEST_DELAY_MINUTES = 60;

export class Rewriter {
  lastSeconds = -1;
  lastStatus: "ok" | "err" = "ok";
  rewrites = 0;
  consecutiveFailures = 0;
  peakBytes = 0;
  private running: Running | null = null;
  private delayMinutes = 0;
  /** Unix milliseconds before which there is no new try; 0: no matter. */
  private nextTryMs = 0;

  constructor(
    private readonly context: Context,
    private readonly snapshots: Snapshots,
    private readonly jobs: BackgroundJobs,
    private readonly paths: AppendOnlyPaths,
    private readonly writer: AofWriter,
    private readonly owner: RewriterOwner,
  ) {}

  get isRunning(): boolean {
    return this.running !== null;
  }

  get currentSeconds(): number {
    if (this.running === null) return -1;
    return Math.floor((this.context.host.clock.unixMs() - this.running.startedMs) / 1000);
  }

  /** Whether, after several failures, the next try is still to wait. */
  isLimited(): boolean {
    const now = this.context.host.clock.unixMs();
    if (this.consecutiveFailures < FAILURES_WITHOUT_DELAY) {
      this.delayMinutes = 0;
      this.nextTryMs = 0;
      return false;
    }
    if (this.nextTryMs !== 0) {
      if (now < this.nextTryMs) return true;
      this.nextTryMs = 0;
      return false;
    }
    this.delayMinutes = this.delayMinutes === 0
      ? 1
      : Math.min(this.delayMinutes * 2, LONGEST_DELAY_MINUTES);
    this.nextTryMs = now + this.delayMinutes * 60_000;
    this.context.host.log.warning(
      "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in " +
        `${this.delayMinutes} minutes`,
    );
    return true;
  }

  /**
   * Begins; no other job may be running. False when that failed, which was logged and counts.
   *
   * @param appends whether effects are appended, so that the base is followed by an increment.
   */
  start(appends: boolean): boolean {
    const { host } = this.context;
    this.jobs.rewriteScheduled = false;
    this.rewrites++;
    try {
      host.files.mkdir(this.paths.directory, { recursive: true });
      const increment = appends ? this.makeIncrement() : null;
      const base = this.makeBase();
      this.jobs.begin("rewrite");
      const startedMs = host.clock.unixMs();
      this.running = { base, snapshot: null, increment, startedMs, isGivenUp: false };
    } catch (error) {
      host.log.warning(`Can't rewrite append only file in background: ${systemErrorText(error)}`);
      this.lastStatus = "err";
      this.consecutiveFailures++;
      this.owner.failed();
      return false;
    }
    host.log.notice("Background append only file rewriting started");
    void this.cutWhenSynced(this.running);
    return true;
  }

  /** Ends a rewrite that runs; what it made is removed. */
  giveUp(reason: string): void {
    const { running } = this;
    if (running === null || running.isGivenUp) return;
    running.isGivenUp = true;
    this.context.host.log.notice(`Killing running AOF rewrite child: ${reason}`);
    if (running.snapshot !== null && this.snapshots.current === running.snapshot) {
      running.snapshot.abort(reason);
    }
    this.end(running);
  }

  /** Steps a and b; while the file is switched on, a under a temporary name. */
  private makeIncrement(): AppendedFile {
    const { files, log } = this.context.host;
    const { owner, paths } = this;
    const { manifest } = owner;
    const last = manifest.increments.at(-1);
    // That of a rewrite that failed is taken again as long as it has no commands: failures do not
    // leave ever more of them.
    if (!owner.isStarting && this.lastStatus === "err" && this.isEmpty(last)) {
      return last as AppendedFile;
    }
    let seq = (last?.seq ?? highest(manifest)) + 1;
    while (files.stat(paths.of(paths.incrementName(seq))) !== null) seq++;
    const name = owner.isStarting ? paths.temporaryIncrement : paths.incrementName(seq);
    log.notice(`Creating AOF incr file ${name} on background rewrite`);
    if (owner.isStarting) {
      removeIfThere(files, paths.of(name));
      this.create(name);
      return { name, seq };
    }
    this.create(name);
    const increments = [...manifest.increments, { name, seq }];
    try {
      saveManifest(files, paths, { ...manifest, increments });
    } catch (error) {
      removeIfThere(files, paths.of(name));
      throw error;
    }
    owner.manifest = { ...manifest, increments };
    return { name, seq };
  }

  /** Whether an increment, the last one, has no commands: it was begun and not used. */
  private isEmpty(last: AppendedFile | undefined): boolean {
    return last !== undefined && last.name === this.writer.file?.name && this.writer.isUntouched &&
      this.writer.file.size <= MOST_HEAD_BYTES;
  }

  private create(name: string): void {
    const { files } = this.context.host;
    const file = files.open(this.paths.of(name), { append: true, createNew: true });
    try {
      file.syncSync();
    } finally {
      file.close();
    }
    files.syncDirectory(this.paths.directory);
  }

  private makeBase(): BaseFile {
    const { host, config } = this.context;
    const isRdb = config.get("aof-use-rdb-preamble");
    const dump = new DumpFile(
      host.files,
      this.paths.directory,
      hostText(this.paths.temporaryBase(host.process.pid)),
      config.get("aof-rewrite-incremental-fsync"),
    );
    return new BaseFile(dump, isRdb, host.random.uint32());
  }

  /** The cut waits for the disk: most of what is written is synced before, with nobody waiting. */
  private async cutWhenSynced(running: Running): Promise<void> {
    await this.writer.syncOnce();
    if (running.isGivenUp) return;
    try {
      this.cut(running);
    } catch (error) {
      this.stepFailed(running, "switching to the new increment", error);
    }
  }

  /** Step c, in one go: nothing comes between the old increment's end, the cut and the new one. */
  private cut(running: Running): void {
    const { writer, context, paths, owner } = this;
    const { files, random } = context.host;
    const { increment } = running;
    if (increment !== null && increment.name !== writer.file?.name) {
      const path = paths.of(increment.name);
      const next = AppendFile.open(files, path, increment.name, false, EMPTY, random.uint32());
      const old = writer.file;
      try {
        writer.flushAndSync();
        next.begin(old?.end ?? null);
      } catch (error) {
        next.close();
        throw error;
      }
      writer.use(next);
      if (old !== null) writer.retire(old);
      owner.switched();
    }
    running.snapshot = this.snapshots.begin({
      format: running.base.isRdb ? "rdb" : "commands",
      aofPreamble: true,
      replication: null,
      sink: running.base,
      onDone: (result) => void this.written(running, result),
    });
  }

  private async written(running: Running, result: SnapshotResult): Promise<void> {
    this.peakBytes = running.snapshot?.queuedPeakBytes ?? 0;
    if (running.isGivenUp) return;
    if (result.status !== "done") {
      const error = result.status === "failed" ? result.error ?? result.reason : result.reason;
      return this.stepFailed(running, "writing the base file", error);
    }
    try {
      await this.commit(running);
    } catch (error) {
      if (!running.isGivenUp) this.stepFailed(running, "putting the new base in place", error);
    }
  }

  /** Steps d to g. */
  private async commit(running: Running): Promise<void> {
    const { owner, paths, context } = this;
    const { files, log } = context.host;
    const { base } = running;
    const temporary = paths.temporaryBase(context.host.process.pid);
    const seq = this.nextBaseSeq(base.isRdb);
    const name = paths.baseName(seq, base.isRdb);
    base.finish();
    await base.file.commit(hostText(name));
    if (running.isGivenUp) return removeIfThere(files, paths.of(name));
    log.notice("Background AOF rewrite terminated with success");
    log.notice(`Successfully renamed the temporary AOF base file ${temporary} into ${name}`);
    const { manifest } = owner;
    let { increment } = running;
    try {
      if (increment !== null && increment.name === paths.temporaryIncrement) {
        increment = this.nameIncrement(increment);
      }
      // What was appended to after the cut is in this order: the new increment and no other.
      const kept = increment === null
        ? []
        : manifest.increments.filter((file) => file.seq >= (increment as AppendedFile).seq);
      if (increment !== null && kept.length === 0) kept.push(increment);
      const replaced = manifest.increments.filter((file) => !kept.includes(file));
      const next: Manifest = {
        base: { name, seq },
        increments: kept,
        history: [
          ...replaced,
          ...(manifest.base === null ? [] : [manifest.base]),
          ...manifest.history,
        ],
      };
      saveManifest(files, paths, next);
      owner.manifest = next;
    } catch (error) {
      removeIfThere(files, paths.of(name));
      throw error;
    }
    this.end(running);
    this.lastStatus = "ok";
    this.consecutiveFailures = 0;
    owner.rewritten(base.bytes);
    log.notice("Background AOF rewrite finished successfully");
  }

  private nextBaseSeq(isRdb: boolean): number {
    const { files } = this.context.host;
    let seq = (this.owner.manifest.base?.seq ?? 0) + 1;
    while (files.stat(this.paths.of(this.paths.baseName(seq, isRdb))) !== null) seq++;
    return seq;
  }

  /** Gives the increment of a start its lasting name. */
  private nameIncrement({ name, seq }: AppendedFile): AppendedFile {
    const { files, log } = this.context.host;
    const lasting = this.paths.incrementName(seq);
    files.rename(this.paths.of(name), this.paths.of(lasting));
    files.syncDirectory(this.paths.directory);
    log.notice(`Successfully renamed the temporary AOF incr file ${name} into ${lasting}`);
    return { name: lasting, seq };
  }

  private stepFailed(running: Running, step: string, error: unknown): void {
    const { log } = this.context.host;
    log.warning(`Background AOF rewrite failed ${step}: ${systemErrorText(error)}`);
    running.isGivenUp = true;
    this.lastStatus = "err";
    this.consecutiveFailures++;
    this.end(running);
    this.owner.failed();
  }

  private end(running: Running): void {
    if (this.running !== running) return;
    this.lastSeconds = this.currentSeconds;
    this.running = null;
    running.base.discard();
    this.jobs.end();
  }
}

/** What {@linkcode AppendFile.begin} writes. */
const MOST_HEAD_BYTES = 128;
const EMPTY = { length: 0, sum: 0 };

/** A manifest may have lost its increments; their numbers are not used again. */
function highest(manifest: Manifest): number {
  return Math.max(0, ...manifest.history.map((file) => file.seq));
}
