/**
 * `check-aof FILE|DIR|MANIFEST [--fix]`: whether an append-only file is right, and where it breaks, in
 * the words of redis-check-aof. With `--fix` the end of the last file is cut off and kept beside it;
 * as nothing is lost, nobody is asked.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { hostText } from "../config/words.ts";
import { directoryOf, type FileHandle, pathIn } from "../host/files.ts";
import { systemErrorText } from "../host/system_error.ts";
import { cutFile } from "../persistence/aof/cut_file.ts";
import {
  type AppendedFile,
  filesOf,
  ManifestError,
  parseManifest,
} from "../persistence/aof/manifest.ts";
import { AofReader, Found } from "../persistence/aof/reader.ts";
import { RdbInput } from "../rdb/rdb_input.ts";
import { RdbCheck } from "./check_rdb.ts";
import { print, printError, type ToolHost } from "./tool_host.ts";

/** Exit code 0 when all files are right, or were made so. */
export function checkAof(args: readonly string[], host: ToolHost): Promise<number> {
  const paths = args.filter((arg) => arg !== "--fix");
  if (paths.length !== 1 || paths[0].startsWith("--")) {
    printError(host, "Usage: redino check-aof <file.manifest|file.aof|directory> [--fix]");
    return Promise.resolve(1);
  }
  try {
    return Promise.resolve(new AofCheck(host, args.includes("--fix")).run(paths[0]) ? 0 : 1);
  } catch (error) {
    if (!(error instanceof ManifestError)) {
      printError(host, `Cannot check ${paths[0]}: ${systemErrorText(error)}`);
      return Promise.resolve(1);
    }
    if (error.line > 0) {
      printError(host, `Reading the manifest file, at line ${error.line}`);
      printError(host, `>>> '${error.text}'`);
    }
    printError(host, error.message);
    return Promise.resolve(1);
  }
}

interface FileEnd {
  readonly length: number;
  readonly sum: number;
}

class AofCheck {
  private previous: FileEnd | null = null;

  constructor(private readonly host: ToolHost, private readonly fixes: boolean) {}

  run(path: string): boolean {
    const { files } = this.host;
    const status = files.stat(path);
    if (status === null) throw new Error("No such file or directory");
    if (!status.isDirectory) {
      return path.endsWith(".manifest") ? this.all(path) : this.single(path);
    }
    const manifest = files.list(path).find((name) => name.endsWith(".manifest"));
    if (manifest === undefined) throw new Error("there is no manifest in it");
    return this.all(pathIn(path, manifest));
  }

  /** The files that a manifest names. */
  private all(path: string): boolean {
    const { host } = this;
    print(host, "Start checking Multi Part AOF");
    const manifest = parseManifest(latin1(host.files.readBytes(path)));
    const directory = directoryOf(path);
    const all = filesOf(manifest);
    for (const [index, file] of all.entries()) {
      const isBase = file === manifest.base;
      if (isBase) {
        const format = this.isRdb(pathIn(directory, hostText(file.name))) ? "RDB" : "AOF";
        print(host, `Start to check BASE AOF (${format} format).`);
      } else if (index === (manifest.base === null ? 0 : 1)) {
        print(host, "Start to check INCR files.");
      }
      if (!this.file(directory, file, index === all.length - 1, isBase)) return false;
      print(host, `${isBase ? "BASE" : "INCR"} AOF ${hostText(file.name)} is valid`);
    }
    print(host, "All AOF files and manifest are valid");
    return true;
  }

  private single(path: string): boolean {
    print(this.host, "Start checking Old-Style AOF");
    const name = path.slice(directoryOf(path) === "." ? 0 : directoryOf(path).length + 1);
    if (!this.file(directoryOf(path), { name, seq: 1 }, true, true)) return false;
    print(this.host, `AOF ${name} is valid`);
    return true;
  }

  private file(
    directory: string,
    { name }: AppendedFile,
    isLast: boolean,
    isBase: boolean,
  ): boolean {
    const { host } = this;
    const path = pathIn(directory, hostText(name));
    const start = this.isRdb(path) ? this.preamble(path) : 0;
    if (start < 0) return false;
    const handle = host.files.open(path, { read: true });
    try {
      const size = handle.size();
      const good = this.commands(handle, start, isBase);
      if (good < 0) return false;
      print(
        host,
        `AOF analyzed: filename=${name}, size=${size}, ok_up_to=${good}, diff=${size - good}`,
      );
      if (good === size) return true;
      if (!isLast) {
        print(host, `Failed to truncate AOF ${name} because it is not the last file`);
        return false;
      }
      if (!this.fixes) {
        print(host, `AOF ${name} is not valid. Use the --fix option to try fixing it.`);
        return false;
      }
      print(
        host,
        `This will shrink the AOF ${name} from ${size} bytes, with ${
          size - good
        } bytes, to ${good} bytes`,
      );
      const { copy } = cutFile(host.files, path, good);
      print(host, `Successfully truncated AOF ${name}; what was cut off is in ${copy}`);
      return true;
    } finally {
      handle.close();
    }
  }

  /** Where the commands that are right end; -1 for a file that can't be mended. */
  private commands(handle: FileHandle, start: number, isBase: boolean): number {
    const { host } = this;
    const reader = new AofReader(handle, start);
    const { previous } = this;
    reader.onHead = (head) =>
      head.offset > 0 || previous === null || head.previousLength < 0 ||
        (head.previousLength === previous.length && head.previousSum === previous.sum)
        ? null
        : `commands are missing at the end of the file before: it had ${head.previousLength} ` +
          `bytes and has ${previous.length}`;
    let multiStart = -1;
    let found = reader.next();
    for (; found === Found.COMMAND; found = reader.next()) {
      const { request } = reader;
      if (multiStart < 0 && request.is(0, "MULTI")) multiStart = reader.start;
      else if (request.is(0, "EXEC") || request.is(0, "DISCARD")) multiStart = -1;
    }
    if (!isBase) this.previous = { length: reader.offset, sum: reader.checksum };
    const judged = found === Found.END ? reader.judgeEnd() : reader.judge(found);
    const place = `0x${reader.offset.toString(16).padStart(16, " ")}`;
    if (found === Found.SHORT) print(host, `${place}: Unexpected end of file`);
    else if (found === Found.MALFORMED) print(host, `${place}: ${reader.problem}`);
    else if (judged !== null) {
      print(
        host,
        `${place}: The bytes from ${reader.proved} on are not those that were written`,
      );
    }
    if (judged?.verdict === "broken") {
      print(host, "Bytes that were on the disk have changed: the file is not to be cut");
      if (!this.fixes) return -1;
    }
    const cutAt = judged?.cutAt ?? reader.offset;
    if (multiStart < 0) return cutAt;
    print(host, "Reached EOF before reading EXEC for MULTI");
    return Math.min(cutAt, multiStart);
  }

  private isRdb(path: string): boolean {
    const handle = this.host.files.open(path, { read: true });
    try {
      const start = new Uint8Array(5);
      return handle.readSync(start) === 5 && latin1(start) === "REDIS";
    } finally {
      handle.close();
    }
  }

  /** Checks the RDB at the start of a file; where it ends, -1 when it is not right. */
  private preamble(path: string): number {
    const { host } = this;
    const handle = host.files.open(path, { read: true });
    try {
      const input = new RdbInput((target) => handle.readSync(target) ?? 0, handle.size());
      if (!new RdbCheck(host, input).run(path)) {
        print(host, "RDB preamble of AOF file is not sane, aborting.");
        return -1;
      }
      print(host, "RDB preamble is OK, proceeding with AOF tail...");
      return input.offset;
    } finally {
      handle.close();
    }
  }
}
