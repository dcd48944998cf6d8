/**
 * The stream of effects → the increment, and who may see what when.
 *
 * Effects gather in memory while commands run. Before the replies of a turn leave, all of it is
 * written at once ({@linkcode AofWriter.turnEnds}). What `appendfsync` then asks for:
 *
 * - `always`: the replies of the turn, also those that may only show what was written, wait for a
 *   sync that covers it. One sync runs at a time; turns that end meanwhile share the next.
 * - `everysec`: the replies leave; a sync is begun a second after the one before.
 * - `no`: the operating system decides.
 *
 * A write that fails for want of space closes the gate for writing commands until one succeeds; the
 * replies of that turn wait for it. A sync that fails is never tried again, as the system may have
 * dropped what it could not write and then says that all is well: under `always` the server ends,
 * otherwise the file is given up for a new one with a new base.
 */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import type { EffectSubscriber } from "../../engine/propagation.ts";
import type { Latency } from "../../engine/stats/latency.ts";
import type { Switches } from "../../engine/switches.ts";
import type { Clock } from "../../host/clock.ts";
import type { Log } from "../../host/log.ts";
import { systemErrorText } from "../../host/system_error.ts";
import type { Request } from "../../resp/request.ts";
import { AppendError, type AppendFile } from "./append_file.ts";
import { FrameBuffer } from "./frame.ts";

export type FsyncPolicy = "always" | "everysec" | "no";

/** What the writer tells its owner. */
export interface WriterOwner {
  /** Replies that wait for this ticket, or an earlier one, may leave. */
  release(ticket: number): void;
  /** Writing commands are refused from now on with this reason; null: no longer. */
  refuseWrites(reason: string | null): void;
  /** The server must end at once: what it acknowledged would not be true. */
  fatal(message: string): void;
  /** The file can't be relied on any more. */
  syncFailed(): void;
  /** Something more is on the disk. */
  synced(): void;
  /** Whether syncs are to wait for a background job (`no-appendfsync-on-rewrite`). */
  postponesSync(): boolean;
}

/** A ticket that is never released. */
const NEVER = Number.MAX_SAFE_INTEGER;
const SYNC_INTERVAL_MS = 1000;
/** A sync that is due and can't begin for so long counts as delayed, as in Redis. */
const DELAYED_SYNC_MS = 2000;
const LOG_INTERVAL_MS = 30_000;
const MULTI = fromLatin1("*1\r\n$5\r\nMULTI\r\n");
const EXEC = fromLatin1("*1\r\n$4\r\nEXEC\r\n");

export class AofWriter implements EffectSubscriber {
  policy: FsyncPolicy = "everysec";
  /** `aof-timestamp-enabled`. */
  stampsTime = false;
  /** Null while there is nothing to write to: effects then wait in memory. */
  file: AppendFile | null = null;
  /** Why the last write failed; null when it did not. */
  writeError: string | null = null;
  /** Why the last sync failed; null when it did not. */
  syncError: string | null = null;
  /** Syncs that could not begin in time as the one before still ran. */
  delayedSyncs = 0;
  private readonly frames = new FrameBuffer();
  /** Bytes that the file had when it became ours. */
  private startSize = 0;
  private selectedDb = -1;
  /** A unit has begun, of which there is nothing yet. */
  private unitBegins = false;
  private inUnit = false;
  private stampedSecond = 0;
  /** Bytes written to all files since the start; those who wait for a place in it wait for a sync. */
  private written = 0;
  private synced = 0;
  /** A write or sync has failed under `always`: nothing is acknowledged any more. */
  private isLost = false;
  /** While writing fails: who waited when it began waits for this. */
  private failedAt = 0;
  /** The sync that runs, never rejected; null when none does. */
  private syncing: Promise<void> | null = null;
  private syncStartedMs = -Infinity;
  private countedDelay = false;
  private loggedMs = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly latency: Latency,
    private readonly switches: Switches,
    private readonly owner: WriterOwner,
  ) {}

  effect(db: number, request: Request): void {
    if (this.stampsTime && !this.inUnit) this.stamp();
    if (db !== this.selectedDb) this.select(db);
    if (this.unitBegins) {
      this.unitBegins = false;
      this.inUnit = true;
      this.frames.raw(MULTI);
    }
    this.frames.request(request);
  }

  /** All that is in a unit may be for replicas only: then it leaves nothing here. */
  beginUnit(): void {
    this.unitBegins = true;
  }

  endUnit(): void {
    this.unitBegins = false;
    if (!this.inUnit) return;
    this.inUnit = false;
    this.frames.raw(EXEC);
  }

  /** Bytes that wait to be written. */
  get pendingBytes(): number {
    return this.frames.length;
  }

  /** How far effects have got, in bytes since the start. */
  get offset(): number {
    return this.written + this.frames.length;
  }

  /** Up to where they are on the disk. */
  get syncedOffset(): number {
    return this.synced;
  }

  /** Whether nothing was, or is to be, written to the file since it is appended to. */
  get isUntouched(): boolean {
    return this.file !== null && this.file.size + this.frames.length === this.startSize;
  }

  get isSyncing(): boolean {
    return this.syncing !== null;
  }

  /** Whether all that was written is on the disk. */
  get isSynced(): boolean {
    return this.synced === this.written && this.frames.length === 0;
  }

  /**
   * Writes what the commands of a turn have changed; their replies leave afterwards.
   *
   * @returns 0 when they may leave, otherwise the ticket to wait for.
   */
  turnEnds(): number {
    if (this.frames.length > 0 && this.file !== null && !this.flush()) {
      return this.failedAt;
    }
    if (this.policy !== "always") return 0;
    if (this.isLost) return NEVER;
    if (this.synced === this.written) return 0;
    if (this.syncing === null && !this.owner.postponesSync()) this.startSync();
    return this.owner.postponesSync() ? 0 : this.written;
  }

  /** What is done now and then: syncs that are due, and another try of what failed. */
  tick(): void {
    const { file } = this;
    if (file === null) return;
    if (this.writeError !== null) this.retry(file);
    if (this.policy === "no" || this.synced === this.written || this.syncError !== null) return;
    const now = this.clock.monotonicMs();
    if (this.syncing !== null) {
      if (!this.countedDelay && now - this.syncStartedMs > DELAYED_SYNC_MS) {
        this.countedDelay = true;
        this.delayedSyncs++;
        this.log.notice(
          "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer " +
            "without waiting for fsync to complete, this may slow down Redis.",
        );
      }
    } else if (now - this.syncStartedMs >= SYNC_INTERVAL_MS && !this.owner.postponesSync()) {
      this.startSync();
    }
  }

  /** Writes all and waits for the disk; throws the host's error. For ends and rewrites. */
  flushAndSync(): void {
    const { file } = this;
    if (file === null) return;
    if (this.frames.length > 0) this.append(file);
    if (this.syncError !== null) return;
    try {
      file.syncNow();
    } catch (error) {
      this.syncFailed(error);
      throw error;
    }
    this.synced = this.written;
    this.owner.release(this.written);
    this.owner.synced();
  }

  /** Settles when what is written now is on the disk, or that has failed. */
  async syncOnce(): Promise<void> {
    if (this.syncing !== null) await this.syncing;
    if (this.file === null || this.syncError !== null || this.synced === this.written) return;
    if (this.syncing === null) this.startSync();
    await this.syncing;
  }

  /** Closes a file that is not appended to any more, once no sync holds it. */
  retire(file: AppendFile): void {
    if (this.syncing === null) file.close();
    else void this.syncing.then(() => file.close());
  }

  /** Appends to another file from now on, which was begun; nothing waits for the old one. */
  use(file: AppendFile | null): void {
    this.file = file;
    this.startSize = file?.size ?? 0;
    this.selectedDb = -1;
    this.stampedSecond = 0;
  }

  /** Forgets what is not written: it is in a new base, or nobody wants it. */
  discard(): void {
    this.written += this.frames.length;
    this.synced = this.written;
    this.frames.clear();
    this.selectedDb = -1;
  }

  /** A new base and increment hold everything: failures of the old file are history. */
  recovered(): void {
    this.syncError = null;
    this.writeError = null;
    this.tellGate();
    this.policyChanged();
  }

  /** The policy changed: nobody waits in vain. */
  policyChanged(): void {
    if (this.policy !== "always" && this.writeError === null) this.owner.release(this.written);
  }

  /** False when it failed just now. */
  private flush(): boolean {
    if (this.writeError !== null) return true;
    try {
      this.append(this.file as AppendFile);
      return true;
    } catch (error) {
      this.failedAt = this.offset;
      this.writeFailed(error);
      return false;
    }
  }

  private retry(file: AppendFile): void {
    try {
      this.append(file);
    } catch (error) {
      this.writeFailed(error);
      return;
    }
    this.writeError = null;
    this.tellGate();
    this.log.warning("AOF write error looks solved, Redis can write again.");
    this.owner.release(this.written);
  }

  private append(file: AppendFile): void {
    const { size } = file;
    const startMs = this.latency.begin();
    if (this.switches.aofFlushSleepMs > 0) this.clock.sleepSync(this.switches.aofFlushSleepMs);
    try {
      file.append(this.frames, true);
    } finally {
      this.written += file.size - size;
    }
    if (startMs >= 0) this.noteWrite(startMs);
  }

  /** Tells the latency monitor, under the names that redis-server has for it. */
  private noteWrite(startMs: number): void {
    const elapsedMs = this.clock.monotonicMs() - startMs;
    const alone = this.syncing === null ? "aof-write-alone" : "aof-write-pending-fsync";
    this.latency.record(alone, elapsedMs);
    this.latency.record("aof-write", elapsedMs);
  }

  private writeFailed(error: unknown): void {
    const failure = error instanceof AppendError ? error : new AppendError(error, 0, false);
    this.writeError = systemErrorText(failure.reason);
    const now = this.clock.monotonicMs();
    if (now - this.loggedMs >= LOG_INTERVAL_MS) {
      this.loggedMs = now;
      if (failure.written > 0) {
        this.log.warning(
          "Short write while writing to the AOF file: " +
            `(nwritten=${failure.written}, expected=${failure.written + this.frames.length})`,
        );
      }
      this.log.warning(`Error writing to the AOF file: ${this.writeError}`);
      if (failure.kept) this.log.warning("Could not remove short write from the append-only file.");
    }
    if (this.policy === "always") {
      this.isLost = true;
      this.owner.fatal(
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...",
      );
    } else this.tellGate();
  }

  private startSync(): void {
    const file = this.file as AppendFile;
    const upTo = this.written;
    this.syncStartedMs = this.clock.monotonicMs();
    this.countedDelay = false;
    this.syncing = file.sync().then(
      () => this.syncEnded(upTo),
      (error) => this.syncFailed(error),
    );
  }

  private syncEnded(upTo: number): void {
    this.syncing = null;
    if (this.isLost) return;
    if (upTo > this.synced) this.synced = upTo;
    if (this.policy === "always") {
      this.latency.record("aof-fsync-always", this.clock.monotonicMs() - this.syncStartedMs);
      if (this.written > this.synced && this.file !== null) this.startSync();
      this.owner.release(this.synced);
    }
    this.owner.synced();
  }

  private syncFailed(error: unknown): void {
    this.syncing = null;
    this.syncError = systemErrorText(error);
    if (this.policy === "always") {
      this.isLost = true;
      this.log.warning(
        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': " +
          `${this.syncError}. Exiting...`,
      );
      return this.owner.fatal(`the append-only file could not be synced: ${this.syncError}`);
    }
    this.log.warning(`Fail to fsync the AOF file: ${this.syncError}`);
    this.tellGate();
    this.owner.syncFailed();
  }

  private tellGate(): void {
    this.owner.refuseWrites(this.writeError ?? this.syncError);
  }

  private select(db: number): void {
    this.selectedDb = db;
    const digits = String(db);
    this.frames.raw(fromLatin1(`*2\r\n$6\r\nSELECT\r\n$${digits.length}\r\n${digits}\r\n`));
  }

  private stamp(): void {
    const second = Math.floor(this.clock.unixMs() / 1000);
    if (second === this.stampedSecond) return;
    this.stampedSecond = second;
    this.frames.raw(fromLatin1(`#TS:${second}\r\n`));
  }
}
