/**
 * The manifest of the append-only file: which files it consists of, in Redis 7's format.
 *
 *     file appendonly.aof.2.base.rdb seq 2 type b
 *     file appendonly.aof.1.incr.aof seq 1 type h
 *     file appendonly.aof.2.incr.aof seq 2 type i
 *
 * One base (b) holds the data as of some instant, increments (i) what came since, in order. History
 * (h) is what a rewrite has replaced and may be removed. Lines with `#` and pairs of unknown words
 * are passed over. Changes make a new manifest, which is put in place of the old one in one step.
 */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { hostText, plainWord, splitWords } from "../../config/words.ts";
import { type Files, pathIn, replaceFile } from "../../host/files.ts";

export type FileType = "b" | "i" | "h";

export interface AppendedFile {
  /** A binary string. */
  readonly name: string;
  readonly seq: number;
}

export interface Manifest {
  readonly base: AppendedFile | null;
  readonly increments: readonly AppendedFile[];
  readonly history: readonly AppendedFile[];
}

export const NO_FILES: Manifest = { base: null, increments: [], history: [] };

/** A manifest that can't be used; a value to be reported as Redis does. */
export class ManifestError extends Error {
  override name = "ManifestError";
  constructor(
    message: string,
    /** From 1; 0 when it is not about one line. */
    readonly line = 0,
    readonly text = "",
  ) {
    super(message);
  }
}

/** Where the files of an append-only file are, and what they are called. */
export class AppendOnlyPaths {
  /** The directory of all of them; a text of the host's, as all paths are. */
  readonly directory: string;

  /**
   * @param dir the server's data directory, as the host names it.
   * @param directoryName `appenddirname`, a binary string.
   * @param fileName `appendfilename`, a binary string.
   */
  constructor(readonly dir: string, readonly directoryName: string, readonly fileName: string) {
    this.directory = pathIn(dir, hostText(directoryName));
  }

  /** The append-only file of servers before Redis 7, a single file in the data directory. */
  get oldStyle(): string {
    return pathIn(this.dir, hostText(this.fileName));
  }

  get manifest(): string {
    return this.of(`${this.fileName}.manifest`);
  }

  get temporaryManifest(): string {
    return this.of(`temp-${this.fileName}.manifest`);
  }

  get lock(): string {
    return this.of(`${this.fileName}.lock`);
  }

  of(name: string): string {
    return pathIn(this.directory, hostText(name));
  }

  baseName(seq: number, isRdb: boolean): string {
    return `${this.fileName}.${seq}.base.${isRdb ? "rdb" : "aof"}`;
  }

  incrementName(seq: number): string {
    return `${this.fileName}.${seq}.incr.aof`;
  }

  get temporaryIncrement(): string {
    return `temp-${this.fileName}.incr`;
  }

  temporaryBase(pid: number): string {
    return `temp-rewriteaof-bg-${pid}.aof`;
  }
}

/**
 * The manifest that lies in the directory; the empty one where there is none.
 *
 * @throws {ManifestError} for one that can't be used, and the host's errors.
 */
export function loadManifest(files: Files, paths: AppendOnlyPaths): Manifest {
  if (files.stat(paths.manifest)?.isFile !== true) return NO_FILES;
  return parseManifest(latin1(files.readBytes(paths.manifest)));
}

/** @throws {ManifestError} */
export function parseManifest(text: string): Manifest {
  if (text === "") throw new ManifestError("Found an empty AOF manifest");
  let base: AppendedFile | null = null;
  const increments: AppendedFile[] = [];
  const history: AppendedFile[] = [];
  const lines = text.split("\n");
  const rest = lines.pop() as string;
  lines.forEach((content, index) => {
    if (content.startsWith("#")) return;
    if (content.length >= MAX_LINE) throw TOO_LONG();
    const line = content.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
    const wrong = (reason: string) => new ManifestError(reason, index + 1, line);
    const { type, ...file } = readFile(line, wrong);
    if (type === "b") {
      if (base !== null) throw wrong("Found duplicate base file information");
      base = file;
    } else if (type === "h") {
      history.push(file);
    } else {
      if (file.seq <= (increments.at(-1)?.seq ?? 0)) {
        throw wrong("Found a non-monotonic sequence number");
      }
      increments.push(file);
    }
  });
  if (rest !== "" && !rest.startsWith("#")) throw TOO_LONG();
  return { base, increments, history };
}

const MAX_LINE = 1024;
const TOO_LONG = () => new ManifestError("The AOF manifest file contains too long line");

function readFile(line: string, wrong: (reason: string) => ManifestError) {
  const words = splitWords(line);
  if (words === null || words.length < 6 || words.length % 2 === 1) throw wrong(MALFORMED);
  let name: string | null = null;
  let seq: number | null = null;
  let type: string | null = null;
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1];
    const before: { name: string | null; type: string | null } = { name, type };
    switch (words[i].toLowerCase()) {
      case "file":
        name = value;
        if (/[/\\]/.test(name)) throw wrong("File can't be a path, just a filename");
        break;
      case "seq":
        seq = Number(/^\s*([+-]?\d{1,15})/.exec(value)?.[1] ?? 0);
        break;
      case "type":
        type = value.slice(0, 1);
        break;
      default:
        continue;
    }
    // Redis takes the last; two lines that have become one are damage, and a file would be missed.
    if (before.name !== null && before.name !== name) throw wrong(MALFORMED);
    if (before.type !== null && before.type !== type) throw wrong(MALFORMED);
  }
  if (!name || !seq || !type) throw wrong(MALFORMED);
  if (type !== "b" && type !== "i" && type !== "h") throw wrong("Unknown AOF file type");
  return { name, seq, type: type as FileType };
}

const MALFORMED = "Invalid AOF manifest file format";

/** As Redis orders it: base, history, increments. */
export function formatManifest(manifest: Manifest): string {
  const { base, increments, history } = manifest;
  return [
    ...(base === null ? [] : [lineOf(base, "b")]),
    ...history.map((file) => lineOf(file, "h")),
    ...increments.map((file) => lineOf(file, "i")),
  ].join("");
}

/** Puts the manifest in place of the one that is there, safely against a crash at any moment. */
export function saveManifest(files: Files, paths: AppendOnlyPaths, manifest: Manifest): void {
  // One that a crash has left would be in the way.
  removeIfThere(files, paths.temporaryManifest);
  const bytes = fromLatin1(formatManifest(manifest));
  replaceFile(files, paths.manifest, paths.temporaryManifest, bytes);
}

export function removeIfThere(files: Files, path: string): void {
  if (files.stat(path) !== null) files.remove(path);
}

/** Base and increments in the order in which they are loaded. */
export function filesOf(manifest: Manifest): AppendedFile[] {
  return [...(manifest.base === null ? [] : [manifest.base]), ...manifest.increments];
}

function lineOf(file: AppendedFile, type: FileType): string {
  return `file ${plainWord(file.name)} seq ${file.seq} type ${type}\n`;
}
