/**
 * The append-only file into the store: base and increments in order, every command through the same
 * dispatcher as those of clients, in slices, so that clients get their -LOADING meanwhile.
 *
 * Only the end of the last file may be damaged: a crash leaves nothing else. What is cut off there
 * is kept in a file beside it. All other damage ends loading, with the file and the place in it;
 * nothing is changed then. Where damage is found behind commands that must not be believed either,
 * the file is cut and everything is loaded anew.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import { hostText } from "../../config/words.ts";
import type { Context } from "../../engine/context.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Session } from "../../engine/session.ts";
import type { FileHandle } from "../../host/files.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { RdbInput } from "../../rdb/rdb_input.ts";
import { LoadError, SnapshotLoader } from "../snapshot/loader.ts";
import type { FileEnd } from "./append_file.ts";
import { cutFile } from "./cut_file.ts";
import { type AppendedFile, type AppendOnlyPaths, filesOf, type Manifest } from "./manifest.ts";
import { AofReader, Found, type Verdict } from "./reader.ts";

/** What was loaded, and where the last file goes on. */
export interface LoadedFiles {
  /** Of all files together, and of the base. */
  readonly totalBytes: number;
  readonly baseBytes: number;
  /** The end of the last increment, and of the file before it that has commands. */
  readonly end: FileEnd;
  readonly previousEnd: FileEnd | null;
  /** Secret of the last increment's checksum lines; null where it has none. */
  readonly secret: number | null;
}

export interface AofLoadOptions {
  readonly takeFunction?: (code: Uint8Array) => void;
  /** Takes all of them back. */
  readonly forgetFunctions?: () => void;
  readonly isCancelled: () => boolean;
}

/** How long clients wait for their -LOADING at most; shorter slices make loading take longer. */
const LOAD_SLICE_MS = 25;
/** Commands between two looks at the clock. */
const COMMANDS_PER_LOOK = 64;
const LOGGED_ERRORS = 10;
const PROGRESS_MS = 5000;

/**
 * Loads what a manifest names. The caller says `loading.begin` before and `loading.end` after.
 *
 * @throws {LoadError} when that is not possible; the log says why.
 */
export async function loadAppendOnlyFiles(
  engine: Engine,
  paths: AppendOnlyPaths,
  manifest: Manifest,
  options: AofLoadOptions,
): Promise<LoadedFiles> {
  const { scripts, host: { clock } } = engine.context;
  for (;;) {
    const loader = new AofLoader(engine, paths, manifest, options, true);
    try {
      while (loader.slice(LOAD_SLICE_MS)) {
        do {
          await new Promise<void>((resolve) => clock.schedule(0, resolve));
          if (options.isCancelled()) throw new LoadError("loading was given up");
        } while (scripts.isBusy);
      }
      return loader.result();
    } catch (error) {
      if (!(error instanceof LoadAnew)) throw error;
      loader.forgetAll();
    } finally {
      loader.close();
    }
  }
}

/** The same in one go, for DEBUG LOADAOF. */
export function loadAppendOnlyFilesNow(
  engine: Engine,
  paths: AppendOnlyPaths,
  manifest: Manifest,
  options: AofLoadOptions,
): LoadedFiles {
  for (;;) {
    const loader = new AofLoader(engine, paths, manifest, options, false);
    try {
      while (loader.slice(Infinity));
      return loader.result();
    } catch (error) {
      if (!(error instanceof LoadAnew)) throw error;
      loader.forgetAll();
    } finally {
      loader.close();
    }
  }
}

/** A file was cut before something that was loaded already. */
class LoadAnew extends Error {}

class AofLoader {
  private readonly context: Context;
  private readonly session: Session;
  private readonly files: readonly AppendedFile[];
  private readonly sizes: readonly number[];
  private next = 0;
  private handle: FileHandle | null = null;
  private rdb: SnapshotLoader | null = null;
  private reader: AofReader | null = null;
  private fileStartedMs = 0;
  /** Where the MULTI began that is open. */
  private multiStart = 0;
  private doneBytes = 0;
  private totalBytes = 0;
  private end: FileEnd = { length: 0, sum: 0 };
  private previousEnd: FileEnd | null = null;
  private secret: number | null = null;
  private errors = 0;
  private toldMs: number;

  constructor(
    private readonly engine: Engine,
    private readonly paths: AppendOnlyPaths,
    private readonly manifest: Manifest,
    private readonly options: AofLoadOptions,
    awaitsScripts: boolean,
  ) {
    this.context = engine.context;
    this.files = filesOf(manifest);
    this.sizes = this.files.map((file) => this.sizeOf(file));
    for (const size of this.sizes) this.totalBytes += size;
    this.context.loading.totalBytes = this.totalBytes;
    this.toldMs = this.context.host.clock.monotonicMs();
    this.session = engine.openSession();
    this.session.isTrusted = true;
    this.session.awaitsScripts = awaitsScripts;
  }

  /** Loads for about `budgetMs`; true while there is more. */
  slice(budgetMs: number): boolean {
    const { clock } = this.context.host;
    const end = clock.monotonicMs() + budgetMs;
    this.engine.beginTurn();
    try {
      for (;;) {
        if (this.handle === null && !this.openNext()) return false;
        if (this.rdb !== null) this.loadBase(Math.max(1, end - clock.monotonicMs()));
        else this.loadCommands(this.reader as AofReader);
        if (this.session.parked || clock.monotonicMs() >= end) break;
      }
    } finally {
      this.engine.endTurn();
    }
    this.tellProgress();
    return true;
  }

  result(): LoadedFiles {
    const hasBase = this.manifest.base !== null;
    return {
      totalBytes: this.totalBytes,
      baseBytes: hasBase ? this.sizes[0] : 0,
      end: this.manifest.increments.length === 0 ? { length: 0, sum: 0 } : this.end,
      previousEnd: this.previousEnd,
      secret: this.secret,
    };
  }

  close(): void {
    this.handle?.close();
    this.handle = null;
    this.context.sessions.close(this.session);
  }

  /** Takes back what was loaded. */
  forgetAll(): void {
    this.context.store.clear();
    this.options.forgetFunctions?.();
  }

  /** False when all files are loaded. */
  private openNext(): boolean {
    if (this.next === this.files.length) return false;
    const index = this.next++;
    const { host } = this.context;
    const file = this.files[index];
    const isIncrement = index > 0 || this.manifest.base === null;
    if (isIncrement) {
      // An empty increment says nothing about the one before it.
      this.previousEnd = index > (this.manifest.base === null ? 0 : 1) ? this.end : null;
      this.end = { length: 0, sum: 0 };
      this.secret = null;
    }
    this.fileStartedMs = host.clock.monotonicMs();
    if (this.sizes[index] === 0) return this.next < this.files.length ? this.openNext() : false;
    const path = this.paths.of(file.name);
    let handle: FileHandle;
    try {
      handle = host.files.open(path, { read: true });
    } catch (error) {
      throw this.fatal(
        `Fatal error: can't open the append log file ${file.name} for reading: ` +
          systemErrorText(error),
      );
    }
    this.handle = handle;
    if (!startsAsRdb(handle)) this.reader = this.readerOf(handle, 0);
    else {
      host.log.notice("Reading RDB base file on AOF loading...");
      const input = new RdbInput((target) => handle.readSync(target) ?? 0, handle.size());
      this.rdb = new SnapshotLoader(this.context, input, {
        dropsExpired: false,
        bytesBefore: this.doneBytes,
        ...(this.options.takeFunction === undefined
          ? {}
          : { takeFunction: this.options.takeFunction }),
      });
    }
    return true;
  }

  private loadBase(budgetMs: number): void {
    const rdb = this.rdb as SnapshotLoader;
    try {
      if (rdb.slice(budgetMs)) return;
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      const { name } = this.current;
      throw this.fatal(`Error reading the RDB base file ${name}, AOF loading aborted`);
    }
    this.rdb = null;
    const { endOffset } = rdb.report();
    const handle = this.handle as FileHandle;
    if (handle.size() === endOffset) return this.fileEnds();
    this.context.host.log.notice("Reading the remaining AOF tail...");
    this.reader = this.readerOf(handle, endOffset);
  }

  private readerOf(handle: FileHandle, start: number): AofReader {
    const reader = new AofReader(handle, start);
    const { previousEnd } = this;
    reader.onHead = (head) => {
      // A head in the middle follows what another server has appended to the same file.
      if (head.offset > 0 || previousEnd === null || head.previousLength < 0) return null;
      const { length, sum } = previousEnd;
      if (length === head.previousLength && sum === head.previousSum) return null;
      const before = this.files[this.next - 2].name;
      return `it follows a file of ${head.previousLength} bytes with another checksum than ` +
        `${before}, which has ${length} bytes: commands are missing at its end`;
    };
    return reader;
  }

  private loadCommands(reader: AofReader): void {
    const { engine, session } = this;
    if (session.parked) {
      session.parked = false;
      this.answered(reader);
    }
    for (let i = 0; i < COMMANDS_PER_LOOK; i++) {
      const found = reader.next();
      if (found !== Found.COMMAND) return this.noCommand(reader, found);
      if (session.queue === null) this.multiStart = reader.start;
      engine.execute(session, reader.request);
      // A script is set aside, and goes on while others are told that data are being loaded.
      if (session.parked) break;
      this.answered(reader);
    }
    this.context.loading.loadedBytes = this.doneBytes + reader.offset;
  }

  private answered(reader: AofReader): void {
    const { reply } = this.session;
    if (reply.length > 0 && reply.buffer[0] === 45) this.failed(reader);
    reply.length = 0;
  }

  private noCommand(reader: AofReader, found: number): void {
    const isOpen = this.session.queue !== null;
    if (found === Found.END) {
      const doubt = reader.judgeEnd();
      if (doubt !== null) return this.damaged(reader, found, doubt);
      if (!isOpen && this.isComplete(reader)) return this.fileEnds();
      if (!isOpen) return this.damaged(reader, found, { verdict: "broken", cutAt: reader.offset });
      return this.damaged(reader, found, { verdict: "cut off", cutAt: this.multiStart });
    }
    const judged = reader.judge(found);
    const cutAt = isOpen ? Math.min(judged.cutAt, this.multiStart) : judged.cutAt;
    this.damaged(reader, found, { verdict: judged.verdict, cutAt });
  }

  /** A base of ours was put in place when it was whole, and its end proves it. */
  private isComplete(reader: AofReader): boolean {
    return reader.head === null || this.current !== this.manifest.base ||
      reader.proved === reader.offset;
  }

  /** The file is not right up to its end: it is cut where that may be, or loading ends. */
  private damaged(
    reader: AofReader,
    found: number,
    { verdict, cutAt }: { verdict: Verdict; cutAt: number },
  ): void {
    const { log } = this.context.host;
    const { name } = this.current;
    const isOurBase = this.current === this.manifest.base && reader.head !== null;
    // A rewrite that was begun has made the next one already, and nothing is in it.
    const isLast = !isOurBase && this.sizes.slice(this.next).every((size) => size === 0);
    const reason = reasonOf(reader, found, cutAt);
    if (this.session.queue !== null) {
      log.warning(`Revert incomplete MULTI/EXEC transaction from AOF file ${name}`);
      this.context.transactions.discard(this.session);
    }
    const refusal = verdict === "broken"
      ? badFormat(name, this.paths)
      : !this.context.config.get("aof-load-truncated")
      ? verdict === "cut off" ? shortRead(name, this.paths) : badFormat(name, this.paths)
      : isLast
      ? null
      : "Fatal error: the truncated file is not the last file";
    if (refusal !== null) {
      log.warning(`AOF file ${name} is damaged: ${reason}`);
      throw this.fatal(refusal);
    }
    log.warning(
      verdict === "cut off"
        ? `!!! Warning: short read while loading the AOF file ${name}!!!`
        : `!!! Warning: the end of the AOF file ${name} is damaged: ${reason} !!!`,
    );
    log.warning(`!!! Truncating the AOF ${name} at offset ${cutAt} !!!`);
    this.cut(name, cutAt);
    // The checksum is that of everything read, and some of it may have been run.
    if (cutAt < reader.offset) throw new LoadAnew();
    log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
    this.fileEnds(cutAt);
  }

  /** Cuts the file, after what is cut off was saved beside it. */
  private cut(name: string, cutAt: number): void {
    const { files, log } = this.context.host;
    try {
      const { copy, bytes } = cutFile(files, this.paths.of(name), cutAt);
      log.warning(`The ${bytes} bytes that were cut off are kept in ${copy}`);
    } catch (error) {
      throw this.fatal(`Error truncating the AOF file ${name}: ${systemErrorText(error)}`);
    }
  }

  private fileEnds(cutAt?: number): void {
    const { log, clock } = this.context.host;
    const { current, reader } = this;
    const isBase = current === this.manifest.base;
    const seconds = ((clock.monotonicMs() - this.fileStartedMs) / 1000).toFixed(3);
    log.notice(
      `DB loaded from ${isBase ? "base" : "incr"} file ${current.name}: ${seconds} seconds`,
    );
    const size = this.sizes[this.next - 1];
    if (reader !== null && !isBase) {
      this.end = { length: reader.offset, sum: reader.checksum };
      this.secret = reader.head?.secret ?? null;
    }
    if (cutAt !== undefined) this.totalBytes -= size - cutAt;
    this.doneBytes += size;
    this.context.loading.loadedBytes = this.doneBytes;
    this.reader = null;
    this.handle?.close();
    this.handle = null;
  }

  private failed(reader: AofReader): void {
    const { reply } = this.session;
    const text = latin1(reply.buffer.subarray(1, Math.max(1, reply.length - 2)));
    const command = reader.request.text(0, 64);
    if (text.startsWith("ERR unknown command")) {
      throw this.fatal(
        `Unknown command '${command}' reading the append only file ${this.current.name}`,
      );
    }
    const { host, stats, config } = this.context;
    const after = `after processing the command '${command.toLowerCase()}'`;
    stats.unexpectedErrors++;
    if (++this.errors <= LOGGED_ERRORS) {
      host.log.warning(
        "== CRITICAL == This server is sending an error to its AOF-loading-client: " +
          `'${text}' ${after}`,
      );
    }
    if (config.get("propagation-error-behavior") !== "panic") return;
    throw this.fatal(`This server panicked sending an error to its AOF-loading-client ${after}`);
  }

  private sizeOf(file: AppendedFile): number {
    const { files } = this.context.host;
    let reason = "No such file or directory";
    try {
      const status = files.stat(this.paths.of(file.name));
      if (status !== null) return status.size;
    } catch (error) {
      reason = systemErrorText(error);
    }
    throw this.fatal(`Unable to obtain the AOF file ${file.name} length. stat: ${reason}`);
  }

  private tellProgress(): void {
    const { loading, host } = this.context;
    const now = host.clock.monotonicMs();
    if (this.rdb !== null || now - this.toldMs < PROGRESS_MS) return;
    this.toldMs = now;
    const percent = Math.floor(loading.loadedBytes / Math.max(1, this.totalBytes) * 100);
    host.log.notice(
      `Loading the append only file: ${percent}% (${loading.loadedBytes} of ${this.totalBytes} ` +
        `bytes), about ${loading.etaSeconds} seconds to go`,
    );
  }

  private get current(): AppendedFile {
    return this.files[this.next - 1];
  }

  private fatal(message: string): LoadError {
    this.context.host.log.warning(message);
    return new LoadError(message);
  }
}

/** What is wrong, and where. */
function reasonOf(reader: AofReader, found: number, cutAt: number): string {
  if (found === Found.MISMATCH) {
    return `the bytes from ${reader.proved} to ${reader.offset} are not those that were written`;
  }
  if (found === Found.MALFORMED) return `at offset ${reader.offset}: ${reader.problem}`;
  return `it ends at offset ${reader.totalBytes} in the middle of what began at ${cutAt}`;
}

function startsAsRdb(handle: FileHandle): boolean {
  const start = new Uint8Array(5);
  const count = handle.readSync(start);
  handle.seekSync(0);
  return count === 5 && latin1(start) === "REDIS";
}

function badFormat(name: string, paths: AppendOnlyPaths): string {
  return `Bad file format reading the append only file ${name}: make a backup of your AOF file, ` +
    `then use check-aof --fix ${hostText(paths.fileName)}.manifest`;
}

function shortRead(name: string, paths: AppendOnlyPaths): string {
  return `Unexpected end of file reading the append only file ${name}. You can: 1) Make a backup ` +
    `of your AOF file, then use check-aof --fix ${hostText(paths.fileName)}.manifest. 2) ` +
    "Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart " +
    "the server.";
}
