/**
 * A file of the append-only file, read command by command, with a verdict on every byte.
 *
 * The reader keeps the file in a window that moves on. {@linkcode AofReader.next} finds the next
 * command, or what stands in its place; where the format is broken or the file ends within a command it
 * says so and stays where it is. What to make of damage is decided by {@linkcode AofReader.judge}:
 *
 * - cut off: everything is right until the file ends in the middle of something;
 * - torn: what a crash leaves of writes that were not synced, zeros or anything else behind the
 *   last sum line that is right;
 * - broken: anything else. Bytes that were on the disk have changed, so nothing is to be cut.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import { crc32 } from "../../host/crc32.ts";
import type { FileHandle } from "../../host/files.ts";
import { Request } from "../../resp/request.ts";
import { indexOfBytes } from "./byte_search.ts";
import { type HeadLine, MAX_LINE_BYTES, readLine } from "./checksum_lines.ts";

/** What {@linkcode AofReader.next} found. */
export const Found = {
  COMMAND: 0,
  END: 1,
  /** The file ends within a command or line. */
  SHORT: 2,
  /** Something that is no command; {@linkcode AofReader.problem} says what. */
  MALFORMED: 3,
  /** A sum line is not that of what comes before it. */
  MISMATCH: 4,
} as const;

export type Verdict = "cut off" | "torn" | "broken";

const WINDOW_BYTES = 1 << 20;
/** Longest line of a count or an annotation, as in Redis. */
const LONGEST_LINE = 1024;
/** Redis reads lengths as C's `long`; nothing that long can be held. */
const MAX_ARGUMENT_BYTES = 2 ** 31 - 1;
/** Blocks that a crash can have left as zeros are no smaller. */
const BLOCK_BYTES = 512;
/** Damage at the end that is longer than this is not taken for a torn write. */
export const MAX_FOREIGN_TAIL_BYTES = 64 * 1024;

export class AofReader {
  /** The command found; lent until the next call. */
  readonly request = new Request();
  /** What was found malformed. */
  problem = "";
  /** Where the command found begins. */
  start = 0;
  /** Bytes of the file up to the end of the last command or line that was right. */
  offset: number;
  /** Up to here all is proved by a sum line; where the file was begun to be read otherwise. */
  proved: number;
  /** The last head line; null in files that only Redis has written. */
  head: HeadLine | null = null;
  /** Called for each head line that is right; returns what is wrong with it. */
  onHead: (head: HeadLine) => string | null = () => null;
  readonly totalBytes: number;
  private window: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Where in the file the window begins. */
  private origin: number;
  private at = 0;
  private end = 0;
  /** Checksum of the file up to `summed`, a place in the window. */
  private sum = 0;
  private summed = 0;
  /** Bytes that sum lines say were on the disk. */
  private syncedBytes = 0;
  /** What {@linkcode number} has read. */
  private value = 0;

  /** @param start where commands begin: behind an RDB preamble. */
  constructor(private readonly file: FileHandle, start = 0) {
    this.totalBytes = file.size();
    this.origin = 0;
    this.offset = start;
    this.proved = start;
    file.seekSync(0);
    if (start > 0) this.skipTo(start);
  }

  /** The checksum of all bytes up to {@linkcode offset}. */
  get checksum(): number {
    this.addToSum(this.at);
    return this.sum;
  }

  /** Finds the next command; what is returned is one of {@linkcode Found}. */
  next(): number {
    for (;;) {
      if (this.at === this.end && !this.fill(1)) return Found.END;
      const byte = this.window[this.at];
      const found = byte === 35 ? this.annotation() : this.command();
      if (found !== LINE) return found;
    }
  }

  /**
   * What a {@linkcode Found.SHORT}, MALFORMED or MISMATCH is, and from where on the file is to be cut
   * if it may be. That may be before commands that were found already.
   *
   * @param foundAs what {@linkcode next} returned.
   */
  judge(foundAs: number): { verdict: Verdict; cutAt: number } {
    if (this.head === null) return this.judgeForeign(foundAs);
    const { proved, offset } = this;
    const isCutOff = foundAs === Found.SHORT && !this.hasZeroBlock();
    const cutAt = isCutOff ? offset : proved;
    if (this.claimedSynced() > proved) return { verdict: "broken", cutAt };
    return { verdict: isCutOff ? "cut off" : "torn", cutAt };
  }

  /**
   * The same when the end was reached, but commands at the end that no sum line proves are not to
   * be believed: a write that was not synced may leave blocks of zeros, also within a value. Null
   * where they are. What Redis has appended begins with SELECT, and is.
   */
  judgeEnd(): { verdict: Verdict; cutAt: number } | null {
    if (this.head === null || this.proved === this.offset || !this.hasZeroBlock()) return null;
    const start = latin1(this.readAll(this.proved).subarray(0, SELECT.length));
    return start === SELECT ? null : { verdict: "torn", cutAt: this.proved };
  }

  private hasZeroBlock(): boolean {
    const { proved, totalBytes } = this;
    const rest = this.readAll(proved);
    for (let at = roundUp(proved); at + BLOCK_BYTES <= totalBytes; at += BLOCK_BYTES) {
      const start = at - proved;
      if (rest.subarray(start, start + BLOCK_BYTES).every((byte) => byte === 0)) return true;
    }
    return false;
  }

  /**
   * Files that Redis has written are judged as it does, but for their ends: zeros or rubbish of some
   * kilobytes with no command behind it are torn.
   */
  private judgeForeign(foundAs: number): { verdict: Verdict; cutAt: number } {
    const { offset } = this;
    if (foundAs === Found.SHORT) return { verdict: "cut off", cutAt: offset };
    const rest = this.readAll(offset);
    const isZeros = rest.every((byte) => byte === 0);
    if (offset === 0) {
      // No command is written before the head line is on the disk.
      const isHead = rest.length < MAX_LINE_BYTES && (isZeros || rest[0] === 35);
      return { verdict: isHead ? "torn" : "broken", cutAt: 0 };
    }
    if (isZeros) return { verdict: "torn", cutAt: offset };
    const isTail = rest.length <= MAX_FOREIGN_TAIL_BYTES && !hasCommand(rest);
    return { verdict: isTail ? "torn" : "broken", cutAt: offset };
  }

  /** The most that any sum line in the whole file says was on the disk. */
  private claimedSynced(): number {
    const { head, proved } = this;
    if (head === null) return 0;
    let most = this.syncedBytes;
    const rest = this.readAll(proved);
    for (let at = indexOfBytes(rest, SUM_START, 0); at >= 0;) {
      const line = lineAt(rest, at);
      const read = line === null ? null : readLine(line, proved + at, head.secret);
      if (read !== null && read.kind === "sum") most = Math.max(most, read.synced);
      at = indexOfBytes(rest, SUM_START, at + 1);
    }
    return most;
  }

  /** A command at the window's place; moves behind it when it is whole. */
  private command(): number {
    const { request } = this;
    request.clear();
    // Places are counted from the command's start: the window may move on meanwhile.
    let at = this.number(0, 42);
    if (at < 0) return at === SHORT ? Found.SHORT : Found.MALFORMED;
    const count = this.value;
    if (count < 1) return this.malformed("a command of no arguments");
    for (let i = 0; i < count; i++) {
      at = this.number(at, 36);
      if (at < 0) return at === SHORT ? Found.SHORT : Found.MALFORMED;
      const length = this.value;
      if (length > MAX_ARGUMENT_BYTES) return this.malformed("an argument that is too long");
      if (!this.has(at + length + 2)) return Found.SHORT;
      request.push(at, length);
      at += length + 2;
      const end = this.at + at;
      if (this.window[end - 2] !== 13 || this.window[end - 1] !== 10) {
        return this.malformed("an argument that does not end where it should");
      }
    }
    const { offsets } = request;
    for (let i = 0; i < count; i++) offsets[i] += this.at;
    if (request.buffer !== this.window) request.use(this.window);
    this.at += at;
    this.start = this.offset;
    this.offset = this.origin + this.at;
    return Found.COMMAND;
  }

  private annotation(): number {
    const length = this.lineLength();
    if (length === SHORT) return Found.SHORT;
    if (length === MALFORMED) return this.malformed("a line that does not end");
    const line = this.window.subarray(this.at, this.at + length);
    const read = readLine(line, this.offset, this.head?.secret ?? null);
    if (read.kind === "broken") return this.malformed("a line of checksums that is damaged");
    if (read.kind === "sum" || read.kind === "head") {
      if (this.checksum !== read.sum) return Found.MISMATCH;
    }
    if (read.kind === "head") {
      const fault = this.onHead(read);
      if (fault !== null) return this.malformed(fault);
      this.head = read;
    } else if (read.kind === "sum") {
      this.syncedBytes = Math.max(this.syncedBytes, read.synced);
    }
    this.at += length;
    this.offset = this.origin + this.at;
    if (read.kind !== "other") this.proved = this.offset;
    return LINE;
  }

  /** Reads `*12\r\n` and returns what follows it, or what is wrong. */
  private number(from: number, kind: number): number {
    if (!this.has(from + 1)) return SHORT;
    if (this.window[this.at + from] !== kind) {
      this.malformed(kind === 42 ? "no command" : "no argument");
      return MALFORMED;
    }
    let value = 0;
    let i = from + 1;
    for (;; i++) {
      if (!this.has(i + 1)) return SHORT;
      const digit = this.window[this.at + i] - 48;
      if (digit < 0 || digit > 9 || i - from > 15) break;
      value = value * 10 + digit;
    }
    if (i === from + 1 || this.window[this.at + i] !== 13) return this.notANumber();
    if (!this.has(i + 2)) return SHORT;
    if (this.window[this.at + i + 1] !== 10) return this.notANumber();
    this.value = value;
    return i + 2;
  }

  private notANumber(): number {
    this.malformed("a length that is no number");
    return MALFORMED;
  }

  private lineLength(): number {
    for (let i = 0; i < LONGEST_LINE; i++) {
      if (!this.has(i + 1)) return SHORT;
      if (this.window[this.at + i] === 10) return i + 1;
    }
    return MALFORMED;
  }

  private malformed(problem: string): number {
    this.problem = problem;
    return Found.MALFORMED;
  }

  /** Whether so many bytes from the present place on can be had. */
  private has(count: number): boolean {
    return this.at + count <= this.end || this.fill(count);
  }

  /** Reads on until `count` bytes from the present place are in the window. */
  private fill(count: number): boolean {
    if (this.totalBytes - this.origin - this.at < count) return false;
    if (this.window.length - this.at < count) this.move(count);
    while (this.end - this.at < count) {
      const got = this.file.readSync(this.window.subarray(this.end));
      if (got === null || got === 0) return false;
      this.end += got;
    }
    return true;
  }

  /** Lets the window begin at the present place, with room for `count` bytes and more. */
  private move(count: number): void {
    this.addToSum(this.at);
    const left = this.totalBytes - this.origin - this.at;
    const size = Math.max(count, Math.min(WINDOW_BYTES, left));
    const rest = this.window.subarray(this.at, this.end);
    const next = size > this.window.length || this.window.length > WINDOW_BYTES
      ? new Uint8Array(size)
      : this.window;
    next.set(rest);
    this.window = next;
    this.origin += this.at;
    this.end -= this.at;
    this.at = 0;
    this.summed = 0;
  }

  private addToSum(to: number): void {
    this.sum = crc32(this.window.subarray(this.summed, to), this.sum);
    this.summed = to;
  }

  private skipTo(start: number): void {
    while (this.origin + this.at < start) {
      if (!this.fill(1)) return;
      this.at = Math.min(this.end, start - this.origin);
      if (this.origin + this.at < start) this.move(1);
    }
  }

  /** Everything from a place in the file on, read apart from the window. */
  private readAll(from: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, this.totalBytes - from));
    const back = this.origin + this.end;
    this.file.seekSync(from);
    let got = 0;
    while (got < bytes.length) {
      const count = this.file.readSync(bytes.subarray(got));
      if (count === null) break;
      got += count;
    }
    this.file.seekSync(back);
    return bytes.subarray(0, got);
  }
}

const LINE = -1;
const SHORT = -1;
const MALFORMED = -2;
const SELECT = "*2\r\n$6\r\nSELECT\r\n";
const SUM_START = new Uint8Array([35, 61]);

function roundUp(offset: number): number {
  return Math.ceil(offset / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The line that begins at a place, with its end; null when it does not end. */
function lineAt(bytes: Uint8Array, at: number): Uint8Array | null {
  const end = bytes.indexOf(10, at);
  if (end < 0 || end - at >= MAX_LINE_BYTES) return null;
  return bytes.subarray(at, end + 1);
}

/** Whether something behind the first byte, where the damaged command begins, looks like a command. */
function hasCommand(bytes: Uint8Array): boolean {
  return /\*[1-9]\d{0,9}\r\n\$\d{1,10}\r\n/.test(latin1(bytes.subarray(1)));
}
