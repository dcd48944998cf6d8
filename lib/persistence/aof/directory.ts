/**
 * The directory of the append-only file, apart from what is written and loaded: its lock, the
 * manifest, files that are made when the server starts, and those that are of no use any more.
 */

import { binaryText, hostText } from "../../config/words.ts";
import type { Host } from "../../engine/context.ts";
import type { FileHandle } from "../../host/files.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { DumpFile } from "../snapshot/dump_file.ts";
import { AppendFile } from "./append_file.ts";
import { BaseFile } from "./base_file.ts";
import type { LoadedFiles } from "./loader.ts";
import {
  type AppendOnlyPaths,
  filesOf,
  loadManifest,
  type Manifest,
  ManifestError,
  removeIfThere,
  saveManifest,
} from "./manifest.ts";

/** The base of a server without data, which a crash in its first moments leaves, is no larger. */
const EMPTY_BASE_BYTES = 256;

export type SaveAll = (format: "rdb" | "commands", write: (chunk: Uint8Array) => void) => void;

export class AofDirectory {
  /** Bytes of the base that {@linkcode makeBase} made; 0 when it made none. */
  madeBytes = 0;
  private lockHandle: FileHandle | null = null;

  constructor(private readonly host: Host, private readonly paths: AppendOnlyPaths) {}

  /**
   * Takes the directory for this process; does nothing where it has it.
   *
   * @throws when another process has it, or the host's error.
   */
  lock(): void {
    if (this.lockHandle !== null) return;
    const { files } = this.host;
    const { directory, lock } = this.paths;
    try {
      if (files.stat(directory)?.isDirectory !== true) {
        files.mkdir(directory, { recursive: true });
        files.syncDirectory(this.paths.dir);
      }
    } catch (error) {
      throw new Error(
        `Can't open or create append-only dir ${directory}: ${systemErrorText(error)}`,
      );
    }
    const handle = files.open(lock, { write: true, create: true });
    if (handle.tryLock()) {
      this.lockHandle = handle;
      return;
    }
    handle.close();
    throw new Error(
      `Another server uses the append-only file in ${directory}: it holds the lock ${lock}`,
    );
  }

  unlock(): void {
    this.lockHandle?.close();
    this.lockHandle = null;
  }

  /** @throws {ManifestError} */
  readManifest(): Manifest {
    const manifest = loadManifest(this.host.files, this.paths);
    const kinds = manifest.history.map((file) => this.kindOf(file.name));
    // A rewrite makes a base history together with its increments: one alone is a damaged letter,
    // and to leave the increment out would lose what is in it.
    if (kinds.some((kind) => kind?.isBase === false) && !kinds.some((kind) => kind?.isBase)) {
      throw new ManifestError("Found an increment in the history without the base that it follows");
    }
    return manifest;
  }

  /** The single file of a server before Redis 7 becomes the base, as Redis 7 does it. */
  takeOverOldStyle(manifest: Manifest): Manifest {
    const { files, log } = this.host;
    const { paths } = this;
    const { base, increments } = manifest;
    if (files.stat(paths.oldStyle)?.isFile !== true) return manifest;
    const isBegun = base !== null && increments.length === 0 && base.name === paths.fileName &&
      files.stat(paths.of(paths.fileName)) === null;
    if (filesOf(manifest).length > 0 && !isBegun) return manifest;
    const next = { ...manifest, base: { name: paths.fileName, seq: 1 } };
    saveManifest(files, paths, next);
    files.rename(paths.oldStyle, paths.of(paths.fileName));
    files.syncDirectory(paths.dir);
    files.syncDirectory(paths.directory);
    log.notice(
      `Successfully migrated an old-style AOF configuration (${hostText(paths.fileName)}) into ` +
        `the AOF directory (${hostText(paths.directoryName)}).`,
    );
    return next;
  }

  /** Writes the first base of a server that has no files yet. */
  makeBase(manifest: Manifest, isRdb: boolean, save: SaveAll): Manifest {
    const { files, log, process, random } = this.host;
    const { paths } = this;
    let seq = 1;
    this.removeStrays(manifest);
    while (files.stat(paths.of(paths.baseName(seq, isRdb))) !== null) seq++;
    const name = paths.baseName(seq, isRdb);
    log.notice(`Creating AOF base file ${name} on server start`);
    const temporary = hostText(paths.temporaryBase(process.pid));
    const dump = new DumpFile(files, paths.directory, temporary, false);
    const base = new BaseFile(dump, isRdb, random.uint32());
    try {
      save(isRdb ? "rdb" : "commands", (chunk) => base.writeNow(chunk));
      base.finish();
      dump.commitNow(hostText(name));
    } catch (error) {
      base.discard();
      throw error;
    }
    this.madeBytes = base.bytes;
    return { ...manifest, base: { name, seq } };
  }

  /** Opens the last increment, or makes one where there is none. */
  openLast(manifest: Manifest, loaded: LoadedFiles): { file: AppendFile; manifest: Manifest } {
    const { files, log, random } = this.host;
    const { paths } = this;
    const last = manifest.increments.at(-1);
    const secret = loaded.secret ?? random.uint32();
    if (last !== undefined) {
      log.notice(`Opening AOF incr file ${last.name} on server start`);
      const file = AppendFile.open(
        files,
        paths.of(last.name),
        last.name,
        false,
        loaded.end,
        secret,
      );
      return { file, manifest };
    }
    let seq = 1;
    while (files.stat(paths.of(paths.incrementName(seq))) !== null) seq++;
    const name = paths.incrementName(seq);
    log.notice(`Creating AOF incr file ${name} on server start`);
    const file = AppendFile.open(files, paths.of(name), name, true, loaded.end, secret);
    file.syncNow();
    files.syncDirectory(paths.directory);
    const next = { ...manifest, increments: [{ name, seq }] };
    saveManifest(files, paths, next);
    return { file, manifest: next };
  }

  /** Removes what a rewrite has replaced. What can't be removed stays in the manifest. */
  removeHistory(manifest: Manifest): Manifest {
    if (manifest.history.length === 0) return manifest;
    const { files, log } = this.host;
    const next = { ...manifest, history: [] };
    try {
      for (const { name } of manifest.history) {
        log.notice(`Removing the history file ${name} in the background`);
        removeIfThere(files, this.paths.of(name));
      }
      saveManifest(files, this.paths, next);
    } catch (error) {
      // The manifest may name files that are gone, which does no harm; the next start tries again.
      log.warning(`Can't remove history files: ${systemErrorText(error)}`);
      return manifest;
    }
    return next;
  }

  /** Removes the increment of a rewrite that was to switch the file on, and did not. */
  removeTemporaryIncrement(): void {
    const { files, log } = this.host;
    const name = this.paths.temporaryIncrement;
    try {
      if (files.stat(this.paths.of(name)) === null) return;
      log.notice(`Removing the temp incr aof file ${name} in the background`);
      files.remove(this.paths.of(name));
    } catch (error) {
      // The next rewrite, or start, removes it.
      log.warning(`Can't remove ${name}: ${systemErrorText(error)}`);
    }
  }

  /**
   * Removes what a crash has left of a rewrite: temporary files, increments that nothing was
   * written to, and a base that never became part of the manifest. Other files stay.
   */
  removeStrays(manifest: Manifest): void {
    const { files, log } = this.host;
    const { paths } = this;
    const known = new Set([...filesOf(manifest), ...manifest.history].map((file) => file.name));
    const hasFiles = filesOf(manifest).length > 0;
    const strays = files.list(paths.directory).filter((found) => {
      const name = binaryText(found);
      return !known.has(name) && this.isStray(name, manifest, hasFiles);
    });
    // An increment beside a base that does not count either was to be put in place together with it.
    const isBase = (name: string): boolean => /\.base\.(rdb|aof)$/.test(name);
    if (hasFiles && strays.some(isBase)) {
      const last = manifest.increments.at(-1)?.seq ?? 0;
      for (const found of files.list(paths.directory)) {
        const kind = this.kindOf(binaryText(found));
        if (kind === null || kind.isBase || kind.seq <= last || strays.includes(found)) continue;
        if (!known.has(binaryText(found))) strays.unshift(found);
      }
    }
    for (const found of strays) {
      log.notice(`Removing ${found}, which a rewrite that did not end has left`);
      removeIfThere(files, paths.of(binaryText(found)));
    }
  }

  private isStray(name: string, manifest: Manifest, hasFiles: boolean): boolean {
    const { fileName } = this.paths;
    if (/^temp-rewriteaof-bg-\d+\.aof$/.test(name)) return true;
    if (name === this.paths.temporaryIncrement || name === `temp-${fileName}.manifest`) return true;
    const kind = this.kindOf(name);
    if (kind === null) return false;
    const size = this.host.files.stat(this.paths.of(name))?.size ?? 0;
    if (!kind.isBase) return size === 0 && kind.seq > (manifest.increments.at(-1)?.seq ?? 0);
    return hasFiles ? kind.seq > (manifest.base?.seq ?? 0) : size <= EMPTY_BASE_BYTES;
  }

  /** What a file is by its name; null when it is none of an append-only file's. */
  private kindOf(name: string): { isBase: boolean; seq: number } | null {
    const { fileName } = this.paths;
    if (!name.startsWith(`${fileName}.`)) return null;
    const match = /^(\d+)\.(base\.rdb|base\.aof|incr\.aof)$/.exec(name.slice(fileName.length + 1));
    if (match === null) return null;
    return { isBase: match[2] !== "incr.aof", seq: Number(match[1]) };
  }
}
