/**
 * Files, for configuration, snapshots and the append-only file.
 *
 * Everything is synchronous but the two calls that wait for a disk or write much (`syncData`,
 * `write`): commands run to their end, and a flush must have handed its bytes to the operating system
 * before its replies leave. Errors are the operating system's: `systemErrorKind()` sorts them.
 */

import { requireWindowsPath, retryWhileHeld, windowsPathProblem } from "./windows_files.ts";

export interface Files {
  open(path: string, options: OpenOptions): FileHandle;
  /** Replaces what is at `to`, in one step. */
  rename(from: string, to: string): void;
  /** Removes a file or an empty directory; with `recursive`, all that is below as well. */
  remove(path: string, options?: { recursive?: boolean }): void;
  /** With `recursive`, parents are made as well, and a directory that is there is no error. */
  mkdir(path: string, options?: { recursive?: boolean }): void;
  /** The names in a directory, sorted. */
  list(path: string): string[];
  /** What is at `path`, links followed; null when nothing is. */
  stat(path: string): FileStatus | null;
  /** The absolute path without links. */
  realPath(path: string): string;
  /** Permission bits; does nothing where files have none (Windows). */
  changeMode(path: string, mode: number): void;
  /**
   * Makes names created, renamed and removed in a directory safe against power loss. Does nothing
   * where directories can't be synced (Windows).
   */
  syncDirectory(path: string): void;
  readText(path: string): string;
  readBytes(path: string): Uint8Array<ArrayBuffer>;
}

export interface OpenOptions {
  read?: boolean;
  write?: boolean;
  /** Every write goes to the end. */
  append?: boolean;
  /** Makes the file when it isn't there. */
  create?: boolean;
  /** Makes the file, and fails with "already exists" when it is there. */
  createNew?: boolean;
  /** Empties the file. */
  truncate?: boolean;
  /** Permission bits of a file that is made (before the process's mask). */
  mode?: number;
}

export type SeekFrom = "start" | "current" | "end";

export interface FileHandle {
  /** Bytes read into the start of `target`; null at the end of the file. */
  readSync(target: Uint8Array): number | null;
  /** Bytes taken: fewer than given when the disk is full, after which the next call throws. */
  writeSync(bytes: Uint8Array): number;
  write(bytes: Uint8Array): Promise<number>;
  /** Moves the place of the next read or write; returns it, in bytes from the start. */
  seekSync(offset: number, from?: SeekFrom): number;
  /** Cuts the file, or fills it up with zeros, to `length` bytes. */
  truncateSync(length: number): void;
  /** Waits until content and metadata are on the disk. */
  syncSync(): void;
  /** Waits until the content, and what is needed to read it back, is on the disk. */
  syncDataSync(): void;
  /** As `syncDataSync`, off the event loop. After a failure nothing written is to be relied on. */
  syncData(): Promise<void>;
  /** Bytes. */
  size(): number;
  /** Takes the lock that other processes see; false when one of them has it. Freed by `close()`. */
  tryLock(): boolean;
  close(): void;
}

export interface FileStatus {
  /** Bytes. */
  size: number;
  isFile: boolean;
  isDirectory: boolean;
  /** Whether `path` itself is a link; all three are false but this when it leads nowhere. */
  isSymlink: boolean;
  /** Milliseconds since 1970; null where the file system doesn't say. */
  modifiedMs: number | null;
}

/** Writes all of `bytes`, in as many calls as it takes. */
export function writeAllSync(file: FileHandle, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += file.writeSync(written === 0 ? bytes : bytes.subarray(written));
  }
}

/**
 * Puts `bytes` at `path` so that a crash or power loss at any moment leaves either the old file or
 * the whole new one: a temporary file beside it is written and synced, renamed, and the
 * directory synced. On an error the temporary file is removed and the old one is untouched.
 * `temporaryPath` must be in the same directory and not exist.
 */
export function replaceFile(
  files: Files,
  path: string,
  temporaryPath: string,
  bytes: Uint8Array,
  mode = 0o644,
): void {
  const file = files.open(temporaryPath, { write: true, createNew: true, mode });
  try {
    try {
      writeAllSync(file, bytes);
      file.syncSync();
    } finally {
      file.close();
    }
    files.rename(temporaryPath, path);
  } catch (error) {
    try {
      files.remove(temporaryPath);
    } catch {
      // The first error says what happened; a file left behind does no harm.
    }
    throw error;
  }
  files.syncDirectory(directoryOf(path));
}

/** The directory that holds `path`; "." when it names none. */
export function directoryOf(path: string): string {
  let end = path.length - 1;
  while (end >= 0 && path[end] !== "/" && path[end] !== "\\") end--;
  if (end < 0) return ".";
  const directory = path.slice(0, end);
  // A root keeps its slash: `C:` alone is whatever directory the process is in on that drive.
  return directory === "" || /^[A-Za-z]:$/.test(directory) ? path.slice(0, end + 1) : directory;
}

/**
 * Why no file or directory on this system can have this path; null when it can. Linux has files of
 * all names, Windows not.
 */
export function pathProblem(path: string): string | null {
  return onWindows ? windowsPathProblem(path) : null;
}

const onWindows = Deno.build.os === "windows";

/** The real files. */
export class DenoFiles implements Files {
  /** @param windows whether to keep to the rules of Windows: see `windows_files.ts`. */
  constructor(private readonly windows = onWindows) {}

  open(path: string, options: OpenOptions): FileHandle {
    if (!this.windows) return new DenoFileHandle(Deno.openSync(path, options));
    requireWindowsPath(path);
    const file = Deno.openSync(path, options);
    return options.append === true ? new WindowsAppendHandle(file, path) : new DenoFileHandle(file);
  }

  rename(from: string, to: string): void {
    if (!this.windows) return Deno.renameSync(from, to);
    requireWindowsPath(to);
    retryWhileHeld(() => Deno.renameSync(from, to));
  }

  remove(path: string, options?: { recursive?: boolean }): void {
    if (!this.windows) return Deno.removeSync(path, options);
    retryWhileHeld(() => Deno.removeSync(path, options));
  }

  mkdir(path: string, options?: { recursive?: boolean }): void {
    if (this.windows) requireWindowsPath(path);
    Deno.mkdirSync(path, options);
  }

  list(path: string): string[] {
    return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
  }

  stat(path: string): FileStatus | null {
    const link = existing(() => Deno.lstatSync(path));
    if (link === null) return null;
    const target = link.isSymlink ? existing(() => Deno.statSync(path)) : link;
    return {
      size: target?.size ?? 0,
      isFile: target?.isFile ?? false,
      isDirectory: target?.isDirectory ?? false,
      isSymlink: link.isSymlink,
      modifiedMs: target?.mtime?.getTime() ?? null,
    };
  }

  realPath(path: string): string {
    return Deno.realPathSync(path);
  }

  changeMode(path: string, mode: number): void {
    if (!this.windows) Deno.chmodSync(path, mode);
  }

  syncDirectory(path: string): void {
    if (this.windows) return;
    const directory = Deno.openSync(path);
    try {
      directory.syncSync();
    } finally {
      directory.close();
    }
  }

  readText(path: string): string {
    return Deno.readTextFileSync(path);
  }

  readBytes(path: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(path);
  }
}

/**
 * A path as the configuration means it: relative ones start in the data directory. Redis makes
 * that the process's working directory, which several servers in one process can't share.
 */
export function pathIn(directory: string, path: string): string {
  // With a directory of Linux, a backslash or a drive's letter is a part of a name.
  const isAbsolute = /^\/[^/]|^\/$/.test(directory) ? /^\// : /^([A-Za-z]:)?[\\/]/;
  if (isAbsolute.test(path)) return path;
  if (/[\\/]$/.test(directory)) return directory + path;
  // A path that begins with `\\?\` knows no slash but the one of Windows.
  const isWindows = /^([A-Za-z]:\\|\\\\)/.test(directory);
  return `${directory}${isWindows ? "\\" : "/"}${path}`;
}

function existing<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

class DenoFileHandle implements FileHandle {
  constructor(protected readonly file: Deno.FsFile) {}

  readSync(target: Uint8Array): number | null {
    return this.file.readSync(target);
  }

  writeSync(bytes: Uint8Array): number {
    return this.file.writeSync(bytes);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.file.write(bytes);
  }

  seekSync(offset: number, from: SeekFrom = "start"): number {
    return this.file.seekSync(offset, seekModes[from]);
  }

  truncateSync(length: number): void {
    this.file.truncateSync(length);
  }

  syncSync(): void {
    this.file.syncSync();
  }

  syncDataSync(): void {
    this.file.syncDataSync();
  }

  syncData(): Promise<void> {
    return this.file.syncData();
  }

  size(): number {
    return this.file.statSync().size;
  }

  tryLock(): boolean {
    return this.file.tryLockSync(true);
  }

  close(): void {
    this.file.close();
  }
}

/** On Windows a handle that only appends may not cut its file: another one does. */
class WindowsAppendHandle extends DenoFileHandle {
  constructor(file: Deno.FsFile, private readonly path: string) {
    super(file);
  }

  override truncateSync(length: number): void {
    using writable = Deno.openSync(this.path, { read: true, write: true });
    writable.truncateSync(length);
  }
}

const seekModes = {
  start: Deno.SeekMode.Start,
  current: Deno.SeekMode.Current,
  end: Deno.SeekMode.End,
} as const;
