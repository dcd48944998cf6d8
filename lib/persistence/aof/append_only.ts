/**
 * The append-only file as a whole: loaded and opened at the start, switched on and off, rewritten,
 * given up for a new one when the disk has failed, closed at the end.
 *
 * It is off, on, or starting: then a rewrite writes a first base, and effects go to an increment
 * that counts once that base is there.
 */

import { ConfigError } from "../../config/config_error.ts";
import { hostText } from "../../config/words.ts";
import type { AppendOnlyFigures, AppendOnlyPort } from "../../engine/append_only_port.ts";
import type { Context } from "../../engine/context.ts";
import type { Engine } from "../../engine/engine.ts";
import { appendOnlyFailed, errors } from "../../engine/errors.ts";
import type { DurabilityPort } from "../../engine/ports.ts";
import { systemErrorText } from "../../host/system_error.ts";
import type { BackgroundJobs } from "../background_job.ts";
import { emptyStore } from "../empty_store.ts";
import { LoadError } from "../snapshot/loader.ts";
import type { Snapshots } from "../snapshot/snapshot.ts";
import { AofDirectory } from "./directory.ts";
import { type AofLoadOptions, loadAppendOnlyFiles, loadAppendOnlyFilesNow } from "./loader.ts";
import type { LoadedFiles } from "./loader.ts";
import { AppendOnlyPaths, filesOf, type Manifest, ManifestError, NO_FILES } from "./manifest.ts";
import { Rewriter, type RewriterOwner } from "./rewriter.ts";
import { AofWriter, type FsyncPolicy, type WriterOwner } from "./writer.ts";

export interface AppendOnlyOptions {
  readonly engine: Engine;
  readonly snapshots: Snapshots;
  readonly jobs: BackgroundJobs;
  /** Lets replies go that wait for this ticket or an earlier one. */
  readonly release: (ticket: number) => void;
  /** Ends the server at once, with the exit code for failures. */
  readonly fatal: (message: string) => void;
  readonly takeFunction?: (code: Uint8Array) => void;
  readonly forgetFunctions?: () => void;
}

export class AppendOnly implements AppendOnlyPort, DurabilityPort, WriterOwner, RewriterOwner {
  manifest: Manifest = NO_FILES;
  readonly writer: AofWriter;
  private readonly context: Context;
  private readonly paths: AppendOnlyPaths;
  private readonly directory: AofDirectory;
  private readonly rewriter: Rewriter;
  private state: "off" | "on" | "starting" = "off";
  private forgetConfig: () => void = () => {};
  private loaded: LoadedFiles | null = null;
  /** Bytes of the base and of increments that are not appended to any more. */
  private closedBytes = 0;
  /** Bytes of all files when the last rewrite ended. */
  private rewrittenBytes = 0;

  constructor(private readonly options: AppendOnlyOptions) {
    const { context } = options.engine;
    const { config, host } = context;
    this.context = context;
    this.paths = new AppendOnlyPaths(
      hostText(config.get("dir")),
      config.get("appenddirname"),
      config.get("appendfilename"),
    );
    this.directory = new AofDirectory(host, this.paths);
    const { latency, switches } = context;
    this.writer = new AofWriter(host.clock, host.log, latency, switches, this);
    const { snapshots, jobs } = options;
    this.rewriter = new Rewriter(context, snapshots, jobs, this.paths, this.writer, this);
    this.followConfig();
  }

  get isOn(): boolean {
    return this.state !== "off";
  }

  get isStarting(): boolean {
    return this.state === "starting";
  }

  get offset(): number {
    return this.writer.offset;
  }

  get fsyncedOffset(): number {
    // What is appended can't be loaded before the first rewrite has ended.
    return this.state === "on" ? this.writer.syncedOffset : -1;
  }

  resetCounts(): void {
    this.rewriter.rewrites = 0;
    this.rewriter.consecutiveFailures = 0;
    this.writer.delayedSyncs = 0;
  }

  get figures(): AppendOnlyFigures {
    const { rewriter, writer, options } = this;
    return {
      isOn: this.isOn,
      isRewriting: rewriter.isRunning,
      isRewriteScheduled: options.jobs.rewriteScheduled,
      lastRewriteSeconds: rewriter.lastSeconds,
      currentRewriteSeconds: rewriter.currentSeconds,
      lastRewriteStatus: rewriter.lastStatus,
      rewrites: rewriter.rewrites,
      consecutiveFailures: rewriter.consecutiveFailures,
      lastWriteStatus: writer.writeError === null && writer.syncError === null ? "ok" : "err",
      lastRewritePeakBytes: rewriter.peakBytes,
      currentBytes: this.currentBytes,
      baseBytes: this.rewrittenBytes,
      pendingBytes: writer.pendingBytes,
      isSyncing: writer.isSyncing,
      delayedSyncs: writer.delayedSyncs,
    };
  }

  /**
   * Reads the manifest, which must be right also where the append-only file is off.
   *
   * @throws {LoadError} which was logged.
   */
  prepare(): void {
    const { log } = this.context.host;
    try {
      if (this.context.config.get("appendonly")) this.directory.lock();
      this.manifest = this.directory.readManifest();
    } catch (error) {
      if (error instanceof ManifestError) {
        log.warning("*** FATAL AOF MANIFEST FILE ERROR ***");
        if (error.line > 0) {
          log.warning(`Reading the manifest file, at line ${error.line}`);
          log.warning(`>>> '${error.text}'`);
        }
      }
      throw this.loadError(systemErrorText(error));
    }
  }

  /**
   * Loads what the manifest names; {@linkcode openLoaded} follows.
   *
   * @returns whether there was anything.
   * @throws {LoadError} which was logged.
   */
  async load(isCancelled: () => boolean): Promise<boolean> {
    try {
      this.manifest = this.directory.takeOverOldStyle(this.manifest);
    } catch (error) {
      throw this.loadError(systemErrorText(error));
    }
    const hasFiles = filesOf(this.manifest).length > 0;
    this.loaded = await loadAppendOnlyFiles(
      this.options.engine,
      this.paths,
      this.manifest,
      this.loadOptions(isCancelled),
    );
    this.context.stats.dirty = 0;
    return hasFiles;
  }

  /** Appends to what was loaded from now on. @throws {LoadError} which was logged. */
  openLoaded(): void {
    const { loaded } = this;
    this.loaded = null;
    if (loaded !== null) this.open(loaded);
  }

  /** What is due now and then. */
  tick(): void {
    const { jobs } = this.options;
    this.writer.tick();
    if (jobs.running !== null || this.context.loading.isActive) return;
    if (jobs.rewriteScheduled || this.isStarting) {
      if (!this.rewriter.isLimited()) this.startRewrite();
    } else if (this.state === "on") this.rewriteIfGrown();
  }

  rewrite(mustWait: boolean): boolean {
    const { jobs } = this.options;
    if (jobs.running === "rewrite") throw errors.ALREADY_REWRITING;
    if (mustWait || jobs.running !== null) {
      jobs.rewriteScheduled = true;
      this.rewriter.consecutiveFailures = 0;
      return false;
    }
    if (!this.startRewrite()) throw errors.REWRITE_FAILED;
    return true;
  }

  reload(): void {
    if (this.options.jobs.running === "rewrite") throw errors.ALREADY_REWRITING;
    this.prepareReload();
    const { context, options } = this;
    try {
      context.loading.begin(0);
      emptyStore(context);
      options.forgetFunctions?.();
      const loaded = loadAppendOnlyFilesNow(
        options.engine,
        this.paths,
        this.manifest,
        this.loadOptions(() => false),
      );
      context.loading.end();
      if (this.state === "on") this.open(loaded);
    } catch (error) {
      context.loading.end();
      if (!(error instanceof LoadError)) throw error;
      // Half of the data must not go to the files: the server is of no use without a look at them.
      options.fatal(`DEBUG LOADAOF: ${error.message}`);
      throw errors.RELOAD_FAILED;
    } finally {
      if (!this.isOn) this.directory.unlock();
    }
    context.stats.dirty = 0;
    context.host.log.warning("Append Only File loaded by DEBUG LOADAOF");
  }

  /** All data were replaced by others, which no effect tells of: a new base is needed. */
  dataReplaced(): void {
    if (this.state === "off") return;
    this.rewriter.giveUp("the data were replaced");
    this.begin();
  }

  /**
   * Writes and syncs what there is, before the server ends.
   *
   * @param force end though that fails.
   * @returns whether the server may end.
   */
  closeAtEnd(force: boolean): boolean {
    const { log } = this.context.host;
    if (this.rewriter.isRunning) {
      if (this.isStarting) {
        log.warning("Writing initial AOF, can't exit.");
        if (!force) return false;
      }
      log.warning("There is a child rewriting the AOF. Killing it!");
      this.rewriter.giveUp("the server ends");
    }
    if (this.state === "on") {
      log.notice("Calling fsync() on the AOF file.");
      try {
        this.writer.flushAndSync();
      } catch (error) {
        log.warning(`Fail to fsync the AOF file: ${systemErrorText(error)}.`);
      }
    }
    return true;
  }

  /** Gives everything back, without a word and without writing. */
  close(): void {
    this.forgetConfig();
    this.rewriter.giveUp("the server ends");
    this.context.propagation.unsubscribe(this.writer);
    this.state = "off";
    const { file } = this.writer;
    this.writer.use(null);
    if (file !== null) this.writer.retire(file);
    this.directory.unlock();
  }

  release(ticket: number): void {
    this.options.release(ticket);
  }

  refuseWrites(reason: string | null): void {
    this.context.diskErrors.appendOnly(reason === null ? null : appendOnlyFailed(reason));
  }

  fatal(message: string): void {
    this.options.fatal(message);
  }

  /** What was written may be gone, and to sync again would not tell: all is written anew. */
  syncFailed(): void {
    this.rewriter.giveUp("the append-only file could not be synced");
    this.begin();
  }

  synced(): void {
    this.context.acknowledgements.changed();
    this.context.replication?.synced();
  }

  postponesSync(): boolean {
    return this.options.jobs.running !== null &&
      this.context.config.get("no-appendfsync-on-rewrite");
  }

  switched(): void {
    this.context.propagation.subscribe(this.writer);
  }

  rewritten(baseBytes: number): void {
    this.state = this.state === "starting" ? "on" : this.state;
    this.closedBytes = baseBytes;
    this.rewrittenBytes = this.currentBytes;
    if (this.state === "on") this.writer.recovered();
    this.synced();
    this.removeHistory();
    if (!this.isOn) this.directory.unlock();
  }

  private removeHistory(): void {
    if (this.context.config.get("aof-disable-auto-gc")) return;
    this.manifest = this.directory.removeHistory(this.manifest);
  }

  failed(): void {
    if (!this.isOn) this.directory.unlock();
    if (!this.isStarting) return;
    this.detach();
    this.options.jobs.rewriteScheduled = true;
  }

  private get currentBytes(): number {
    return this.closedBytes + (this.writer.file?.size ?? 0);
  }

  /** Puts the files into the state in which they can be loaded; a server that fails goes on. */
  private prepareReload(): void {
    const { directory, isOn } = this;
    try {
      if (isOn) this.writer.flushAndSync();
      this.manifest = directory.readManifest();
      if (filesOf(this.manifest).length === 0) throw new Error("There is no append-only file");
      directory.lock();
    } catch (error) {
      if (!isOn) directory.unlock();
      this.context.host.log.warning(`DEBUG LOADAOF: ${systemErrorText(error)}`);
      throw errors.RELOAD_FAILED;
    }
    this.detach();
  }

  /** Opens what was loaded, to append to it. @throws {LoadError} which was logged. */
  private open(loaded: LoadedFiles): void {
    const { config, host } = this.context;
    try {
      if (filesOf(this.manifest).length === 0) {
        this.manifest = this.directory.makeBase(
          this.manifest,
          config.get("aof-use-rdb-preamble"),
          (format, write) =>
            this.options.snapshots.saveNow({ format, aofPreamble: true, replication: null }, write),
        );
      }
      const { file, manifest } = this.directory.openLast(this.manifest, loaded);
      this.manifest = manifest;
      if (loaded.secret === null) file.begin(loaded.previousEnd);
      this.writer.use(file);
      this.closedBytes = Math.max(loaded.totalBytes - loaded.end.length, this.directory.madeBytes);
      this.rewrittenBytes = loaded.baseBytes > 0 ? loaded.baseBytes : this.directory.madeBytes;
      this.directory.removeStrays(this.manifest);
      this.removeHistory();
    } catch (error) {
      throw this.loadError(`Can't open the append-only file: ${systemErrorText(error)}`);
    }
    this.state = "on";
    this.context.propagation.subscribe(this.writer);
    if (this.manifest.base === null) host.log.notice("The append-only file has no base file");
  }

  /** CONFIG SET appendonly. */
  private switchTo(on: boolean): void {
    if (on === this.isOn) return;
    const { log } = this.context.host;
    if (!on) {
      this.rewriter.giveUp("the append-only file is switched off");
      try {
        this.writer.flushAndSync();
      } catch (error) {
        log.warning(`Fail to fsync the AOF file: ${systemErrorText(error)}`);
      }
      this.options.jobs.rewriteScheduled = false;
      this.detach();
      this.writer.recovered();
      this.state = "off";
      this.directory.unlock();
      return;
    }
    if (!this.locksDirectory()) {
      throw new ConfigError("Unable to turn on AOF. Check server logs.");
    }
    if (this.options.jobs.running === "rewrite") {
      log.warning(
        "AOF was enabled but there is already an AOF rewriting in background. Stopping background " +
          "AOF and starting a rewrite now.",
      );
      this.rewriter.giveUp("the append-only file is switched on");
    }
    if (!this.begin()) {
      this.state = "off";
      this.options.jobs.rewriteScheduled = false;
      this.directory.unlock();
      throw new ConfigError("Unable to turn on AOF. Check server logs.");
    }
  }

  /** Starts with a new base, now or when the job that runs has ended; false when that failed. */
  private begin(): boolean {
    const { jobs } = this.options;
    const { log } = this.context.host;
    this.detach();
    this.state = "starting";
    const why = jobs.running !== null
      ? "but there is already another background operation"
      : this.context.transactions.isExecuting
      ? "during a transaction"
      : null;
    if (why !== null) {
      jobs.rewriteScheduled = true;
      log.warning(
        `AOF was enabled ${why}. An AOF background was scheduled to start when possible.`,
      );
      return true;
    }
    if (this.rewriter.start(true)) return true;
    log.warning(
      "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check " +
        "the above logs for more info about the error.",
    );
    return false;
  }

  /** Ends appending; what is not written is forgotten. */
  private detach(): void {
    this.context.propagation.unsubscribe(this.writer);
    const { file } = this.writer;
    this.writer.discard();
    this.writer.use(null);
    if (file !== null) this.writer.retire(file);
    if (this.isStarting) this.directory.removeTemporaryIncrement();
  }

  /** Also where nothing is appended; not, however, to files that another server appends to. */
  private startRewrite(): boolean {
    if (this.locksDirectory()) return this.rewriter.start(this.isOn);
    this.options.jobs.rewriteScheduled = false;
    return false;
  }

  private locksDirectory(): boolean {
    try {
      this.directory.lock();
    } catch (error) {
      this.context.host.log.warning(systemErrorText(error));
      return false;
    }
    return true;
  }

  private rewriteIfGrown(): void {
    const { config, host } = this.context;
    const percentage = config.get("auto-aof-rewrite-percentage");
    const bytes = this.currentBytes;
    if (percentage === 0 || bytes <= config.get("auto-aof-rewrite-min-size")) return;
    const growth = Math.floor(bytes * 100 / Math.max(1, this.rewrittenBytes)) - 100;
    if (growth < percentage || this.rewriter.isLimited()) return;
    host.log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.rewriter.start(true);
  }

  private followConfig(): void {
    const { config } = this.context;
    const follow = (): void => {
      this.writer.policy = config.get("appendfsync") as FsyncPolicy;
      this.writer.stampsTime = config.get("aof-timestamp-enabled");
      this.writer.policyChanged();
    };
    follow();
    const ends = [
      config.subscribe(["appendfsync", "aof-timestamp-enabled"], follow),
      config.subscribe("appendonly", () => this.switchTo(config.get("appendonly"))),
      config.subscribe("aof-disable-auto-gc", () => this.isOn && this.removeHistory()),
    ];
    this.forgetConfig = () => ends.forEach((end) => end());
  }

  private loadOptions(isCancelled: () => boolean): AofLoadOptions {
    const { takeFunction, forgetFunctions } = this.options;
    return {
      isCancelled,
      ...(takeFunction === undefined ? {} : { takeFunction }),
      ...(forgetFunctions === undefined ? {} : { forgetFunctions }),
    };
  }

  private loadError(message: string): LoadError {
    this.context.host.log.warning(message);
    return new LoadError(message);
  }
}
