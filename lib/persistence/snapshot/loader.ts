/**
 * RDB files into the store: at start, for DEBUG RELOAD, as the base of an append-only file, and as
 * what a primary sends. In slices, so that sockets are served meanwhile, or at once.
 *
 * The file is never written. Where it is wrong loading ends with a {@linkcode LoadError}, and what to
 * do with a store that holds half of it is the caller's to decide.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Context } from "../../engine/context.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { RdbChecksumError, RdbError, RdbShortRead } from "../../rdb/rdb_error.ts";
import { RdbFileReader, RdbItem } from "../../rdb/rdb_file_reader.ts";
import { RdbInput } from "../../rdb/rdb_input.ts";
import { valueErrorText } from "../../rdb/value_error_text.ts";
import { describeAux, LoadNotes, shown } from "./load_notes.ts";
import { EntryLoader, type EntryLoaderStore } from "./entry_loader.ts";

/** How long sockets wait while a slice is loaded. A long value is never cut in two. */
export const LOAD_SLICE_MS = 16;
/** Bytes between two looks at the clock: some 50 µs of work. */
const BYTES_PER_LOOK = 8192;

/** A file that can't be loaded; what is wrong was logged, and the message says it in one line. */
export class LoadError extends Error {
  override name = "LoadError";

  /** @param lastLine what a server that does not start for it logs last; "" for nothing more. */
  constructor(message: string, readonly lastLine = "") {
    super(message);
  }
}

export interface LoadOptions {
  /** Keys past their time are left out: on a primary, but not when an append-only file follows. */
  readonly dropsExpired: boolean;
  /**
   * Hears of each key that is left out, which is lent; those who listen remove fields of hashes
   * that are past their time themselves.
   */
  readonly keyExpired?: (db: number, key: Uint8Array) => void;
  /** A key that comes twice replaces the one before in place of ending it all. */
  readonly replacesKeys?: boolean;
  /**
   * Takes the code of a library of functions, lent; it throws what is wrong with it. Without it
   * libraries are passed over with a line in the log.
   */
  readonly takeFunction?: (code: Uint8Array) => void;
  /** Bytes of files loaded before, which the progress goes on from. */
  readonly bytesBefore?: number;
  /** Whose databases are filled, where it is not the engine's own store. */
  readonly into?: EntryLoaderStore;
  /** Asked between two slices; true ends loading with a {@linkcode LoadError}. */
  readonly isCancelled?: () => boolean;
}

export interface LoadReport {
  /** Version of the format. */
  readonly version: number;
  /** What the writer said of itself: `redis-ver`, `repl-id`, `repl-offset`, `repl-stream-db` … */
  readonly aux: ReadonlyMap<string, string>;
  readonly keysLoaded: number;
  /** Keys past their time, which were left out. */
  readonly keysExpired: number;
  readonly emptyKeysSkipped: number;
  readonly functionsLoaded: number;
  /** Values of modules, which were left out. */
  readonly moduleKeysSkipped: number;
  /** Where in the file its RDB part ends: what follows may be an append-only file's. */
  readonly endOffset: number;
}

/**
 * Loads a file, serving sockets in between. The caller says `loading.begin` and `loading.end`.
 *
 * @throws {LoadError} when the file can't be read or is wrong.
 */
export async function loadSnapshot(
  context: Context,
  path: string,
  options: LoadOptions,
): Promise<LoadReport> {
  const { clock } = context.host;
  using file = openInput(context, path);
  const loader = new SnapshotLoader(context, file.input, options);
  while (loader.slice(LOAD_SLICE_MS)) {
    await new Promise<void>((resolve) => clock.schedule(0, resolve));
    if (options.isCancelled?.()) throw new LoadError("loading was given up");
  }
  return loader.report();
}

/**
 * As {@linkcode loadSnapshot}, all at once.
 *
 * @throws {LoadError} when the file can't be read or is wrong.
 */
export function loadSnapshotSync(
  context: Context,
  path: string,
  options: LoadOptions,
): LoadReport {
  using file = openInput(context, path);
  const loader = new SnapshotLoader(context, file.input, options);
  while (loader.slice(Infinity));
  return loader.report();
}

/** Loads one input, slice by slice. */
export class SnapshotLoader {
  private readonly file: RdbFileReader;
  private readonly entries: EntryLoader;
  private readonly notes: LoadNotes;
  private readonly aux = new Map<string, string>();
  private functionsLoaded = 0;
  private moduleKeysSkipped = 0;
  private doing = "its head";
  private isDone = false;

  constructor(
    private readonly context: Context,
    input: RdbInput,
    private readonly options: LoadOptions,
  ) {
    const checksSum = context.config.get("rdbchecksum") && !context.switches.skipsChecksums;
    this.file = new RdbFileReader(input, checksSum);
    const nowMs = context.host.clock.unixMs();
    context.store.state.setNow(nowMs);
    this.entries = new EntryLoader(options.into ?? context.store, nowMs, options);
    this.notes = new LoadNotes(context.host);
  }

  /**
   * Loads for about `budgetMs`; true while there is more.
   *
   * @throws {LoadError} when the bytes are wrong.
   */
  slice(budgetMs: number): boolean {
    if (this.isDone) return false;
    const { context, file } = this;
    const { clock } = context.host;
    const { state } = context.store;
    const { observesNewKeys } = state;
    // Nobody hears of keys that come from a file.
    state.observesNewKeys = false;
    try {
      const end = clock.monotonicMs() + budgetMs;
      do {
        const stop = file.input.offset + BYTES_PER_LOOK;
        while (!this.isDone && file.input.offset < stop) this.item(file.next());
      } while (!this.isDone && clock.monotonicMs() < end);
    } catch (error) {
      if (!(error instanceof RdbShortRead) || !file.input.goBack()) throw this.failure(error);
    } finally {
      state.observesNewKeys = observesNewKeys;
    }
    this.tellProgress();
    if (this.isDone) this.tellEnd();
    return !this.isDone;
  }

  report(): LoadReport {
    const { entries } = this;
    return {
      version: this.file.version,
      aux: this.aux,
      keysLoaded: entries.loaded,
      keysExpired: entries.expired,
      emptyKeysSkipped: entries.empty,
      functionsLoaded: this.functionsLoaded,
      moduleKeysSkipped: this.moduleKeysSkipped,
      endOffset: this.file.input.offset,
    };
  }

  private item(item: number): void {
    const { file, entries } = this;
    switch (item) {
      case RdbItem.KEY:
        this.doing = "key";
        if (entries.isModuleValue(file)) this.skipModuleValue();
        else if (!entries.load(file)) this.notes.emptyKey(file.text.view());
        break;
      case RdbItem.SELECT_DB:
        this.doing = "";
        entries.select(file.db);
        break;
      case RdbItem.RESIZE_DB:
        entries.reserve(file.keys, file.input.remaining);
        break;
      case RdbItem.AUX:
        this.takeAux();
        break;
      case RdbItem.FUNCTION:
        this.takeFunction();
        break;
      case RdbItem.MODULE_AUX:
        this.notes.moduleAux(file.module);
        break;
      case RdbItem.END:
        this.isDone = true;
        break;
    }
  }

  private takeAux(): void {
    const name = latin1(this.file.name.view());
    const text = latin1(this.file.text.view());
    this.aux.set(name, text);
    const { host, loading } = this.context;
    if (name === "used-mem") loading.writerUsedBytes = Number(text) || 0;
    describeAux(host, name, text);
  }

  private takeFunction(): void {
    this.doing = "a library of functions";
    const { takeFunction } = this.options;
    if (takeFunction === undefined) return this.notes.functionSkipped();
    try {
      takeFunction(this.file.text.view());
    } catch (error) {
      throw new RdbError(error instanceof Error ? error.message : String(error));
    }
    this.functionsLoaded++;
  }

  private skipModuleValue(): void {
    const key = this.file.text.view();
    const name = this.file.skipModuleValue();
    this.moduleKeysSkipped++;
    this.notes.moduleValue(name, key);
  }

  private tellProgress(): void {
    const { loading } = this.context;
    if (!loading.isActive) return;
    loading.loadedBytes = (this.options.bytesBefore ?? 0) + this.file.input.offset;
    const { totalBytes, loadedBytes } = loading;
    if (totalBytes > 0 && totalBytes < loadedBytes) loading.totalBytes = loadedBytes;
    loading.lastKeysLoaded = this.entries.loaded;
    if (!this.isDone) this.notes.progress(loading, this.entries.loaded);
  }

  private tellEnd(): void {
    const { entries, context } = this;
    context.loading.lastKeysLoaded = entries.loaded;
    context.loading.lastKeysExpired = entries.expired;
    this.notes.end(entries.loaded, entries.expired, entries.empty);
  }

  /** Logs what is wrong, and says it in one line. */
  private failure(error: unknown): unknown {
    const { file } = this;
    if (!(error instanceof RdbError) && !(error instanceof RangeError)) return error;
    const { log } = this.context.host;
    const { offset, totalBytes } = file.input;
    const isShort: boolean = error instanceof RdbShortRead || error instanceof RangeError;
    const isCrc = error instanceof RdbChecksumError;
    const reason = isCrc
      ? `RDB CRC error: ${error.message}`
      : this.doing === "key" && error instanceof RdbError
      ? valueErrorText(error, file.type)
      : error.message;
    if (isShort) {
      log.warning("Short read or OOM loading DB. Unrecoverable error, aborting now.");
    } else if (isCrc) log.warning(`${error.message}. Aborting now.`);
    else log.warning(`${reason}. Unrecoverable error, aborting now.`);
    const size = Number.isFinite(totalBytes) ? ` of ${totalBytes}` : "";
    const message = `RDB at byte ${offset}${size}${isCrc ? "" : this.whatIsRead()}: ${reason}`;
    log.warning(message);
    return new LoadError(message, "Terminating server after rdb file reading failure.");
  }

  private whatIsRead(): string {
    const { doing, file, entries } = this;
    if (doing === "") return "";
    if (doing !== "key") return `, reading ${doing}`;
    return `, reading key '${shown(file.text.view())}' of database ${entries.db.index}`;
  }
}

interface OpenInput extends Disposable {
  readonly input: RdbInput;
}

function openInput(context: Context, path: string): OpenInput {
  const { files, log } = context.host;
  try {
    const handle = files.open(path, { read: true });
    const input = new RdbInput((target) => handle.readSync(target) ?? 0, handle.size());
    return { input, [Symbol.dispose]: () => handle.close() };
  } catch (error) {
    const message = `Fatal error: can't open the RDB file ${path} for reading: ` +
      systemErrorText(error);
    log.warning(message);
    throw new LoadError(message, "Fatal error loading the DB, check server logs. Exiting.");
  }
}
