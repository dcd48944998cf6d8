/**
 * Bytes from a client → requests, keeping its place across reads. [hot]
 *
 * The bytes lie in one buffer per connection:
 *
 * ```
 *   0 … start   requests already run
 *   start … at  the request being parsed; its arguments so far are offsets into the buffer
 *   at … end    read, not looked at yet
 * ```
 *
 * A request that ends in a later read goes on where it stopped: nothing is parsed twice. A header
 * that announces much reserves nothing; the buffer grows as bytes arrive. Limits and error texts
 * are those of Redis's networking.c; format: https://redis.io/docs/reference/protocol-spec.
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import * as byteBufferModule from "../bytes/byte_buffer.ts";
import * as integerModule from "../bytes/integer.ts";
import * as inlineRequestModule from "./inline_request.ts";
import * as repeatedRequestModule from "./repeated_request.ts";
import { Request } from "./request.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { NO_BUFFER } = byteBufferModule;
const { parseBigInteger } = integerModule;
const { splitInline } = inlineRequestModule;
const { findRepeated } = repeatedRequestModule;

/** What {@linkcode RequestParser.next} found. */
export const Parsed = { INCOMPLETE: 0, REQUEST: 1, ERROR: 2 } as const;

export interface ParserLimits {
  /** Longest argument, in bytes. */
  maxBulkBytes: number;
}

/** Where read buffers come from and go to. */
export interface ReadMemory {
  take(bytes: number): ByteBuffer;
  /** Nobody uses this one any more. */
  give(buffer: ByteBuffer): void;
}

/** New memory each time, which is left to the collector. */
const FRESH_MEMORY: ReadMemory = { take: (bytes) => new ByteBuffer(bytes), give: () => {} };

const MAX_INLINE_BYTES = 64 * 1024;
const MAX_ARGUMENTS = 2 ** 31 - 1;
const UNAUTHENTICATED_ARGUMENTS = 10;
const UNAUTHENTICATED_BULK_BYTES = 16384;
/** Read buffer of a connection that is idle or sends little. */
const SMALL_BUFFER_BYTES = 1024;
/**
 * Read buffer of a client that has not given its password: what Redis reads at once, so that as
 * many requests meet the limit on replies in one turn as there.
 */
const UNAUTHENTICATED_BUFFER_BYTES = 16 * 1024;
/** Small reads in a row after which a connection counts as idle again. */
const SMALL_READS = 32;
/** Read buffer of a busy connection; only a longer request makes a larger one. */
const FULL_BUFFER_BYTES = 64 * 1024;

const NEWLINE = 10;
const RETURN = 13;
const DOLLAR = 36;
const STAR = 42;
const NOT_A_NUMBER = -2;

export class RequestParser {
  /** The request found by {@linkcode next}; after {@linkcode backTo} the one that waits. */
  request: Request;
  /** What ended the last {@linkcode nextBatch}; REQUEST when there may be more at once. */
  ended: number = Parsed.INCOMPLETE;
  /** What was wrong, after {@linkcode Parsed.ERROR}. */
  error = "";
  /** What is read into. */
  private buffer: ByteBuffer;
  private start = 0;
  private at = 0;
  private end = 0;
  /** Arguments still to come of the request being parsed; 0 between requests. */
  private remaining = 0;
  /** Length of the argument being waited for, or -1 when its header comes next. */
  private bulkLength = -1;
  /** Bytes from `at` on that were searched for a line end in vain. */
  private searched = 0;
  /** Whether the request found last was a line: unescaped where it lies, it may look like any other. */
  private isLine = false;
  /** Reads in a row that used little of the buffer. */
  private smallReads = 0;

  /** @param authenticated tighter limits hold until the client has authenticated. */
  constructor(
    private readonly limits: ParserLimits,
    public authenticated: boolean = true,
    private readonly memory: ReadMemory = FRESH_MEMORY,
  ) {
    const size = authenticated ? SMALL_BUFFER_BYTES : UNAUTHENTICATED_BUFFER_BYTES;
    this.buffer = memory.take(size);
    this.request = new Request();
    this.request.lieIn(this.buffer);
  }

  /** Where the next read goes; never empty. */
  space(): Uint8Array {
    if (this.start === this.end && this.remaining === 0) this.rewind();
    let buffer = this.request.buffer;
    if (this.end === buffer.length) {
      this.makeRoom();
      buffer = this.request.buffer;
    }
    return this.end === 0 ? buffer : buffer.subarray(this.end);
  }

  /** Takes note of `count` bytes read into {@linkcode space}. */
  filled(count: number): void {
    this.end += count;
  }

  /** Copies bytes in, for drivers that do not read into the buffer themselves. */
  feed(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const space = this.space();
      const count = Math.min(space.length, bytes.length - done);
      space.set(bytes.subarray(done, done + count));
      this.filled(count);
      done += count;
    }
  }

  /** Drops what was read and not run: the client is being closed. */
  discard(): void {
    this.request.clear();
    this.remaining = 0;
    this.bulkLength = -1;
    this.searched = 0;
    this.start = 0;
    this.at = 0;
    this.end = 0;
  }

  /** Gives the buffer back, with what was not run: there will be no more reads, and none goes on. */
  release(): void {
    this.discard();
    this.memory.give(this.buffer);
    this.use(NO_BUFFER);
  }

  /** Bytes that were read and not run yet. */
  get pendingBytes(): number {
    return this.end - this.start;
  }

  /** The first of the bytes that were read and not run, for the log. */
  pending(limit: number): Uint8Array {
    return this.request.buffer.slice(this.start, Math.min(this.end, this.start + limit));
  }

  get bufferBytes(): number {
    return this.request.buffer.length;
  }

  /** Looks for the next complete request; {@linkcode request} then holds its arguments. */
  next(): number {
    for (;;) {
      if (this.remaining === 0) {
        this.start = this.at;
        if (this.at === this.end) return Parsed.INCOMPLETE;
        this.request.clear();
        this.isLine = this.request.buffer[this.at] !== STAR;
        if (this.isLine) {
          const line = this.inline();
          if (line === Parsed.REQUEST && this.request.count === 0) continue;
          return line;
        }
        const header = this.header();
        if (header !== Parsed.REQUEST) return header;
        if (this.remaining === 0) continue;
      }
      return this.arguments();
    }
  }

  /**
   * Looks for complete requests and puts them into `batch` from `first` on until it is filled up to
   * `most`, so that what they need can be brought into the cache together. They are lent until the
   * next read.
   *
   * @returns where the batch now ends.
   */
  nextBatch(batch: Request[], first: number, most: number): number {
    // Each is parsed in its place; what is begun and not complete must be the parser's own.
    let own = this.request;
    let count = first;
    for (; count < most; count++) {
      // An inline request is unescaped where it lies: it could not be parsed again after backTo.
      if (count > first && this.at < this.end && own.buffer[this.at] !== STAR) break;
      const place = batch[count];
      // Most lie in the same buffer; comparing is cheaper than storing pointers.
      if (place.data !== own.data) place.share(own);
      if (
        count > first && !this.isLine && findRepeated(batch[count - 1], place, this.at, this.end)
      ) {
        this.start = place.start;
        this.at = place.end;
        continue;
      }
      if (this.remaining === 0) this.request = place;
      else {
        batch[count] = own;
        own = place;
      }
      const parsed = this.next();
      if (parsed !== Parsed.REQUEST) {
        if (this.remaining === 0) this.request = own;
        else batch[count] = own;
        this.ended = parsed;
        return count;
      }
      const found = this.request;
      found.start = this.start;
      found.end = this.at;
    }
    this.request = own;
    this.ended = Parsed.REQUEST;
    return count;
  }

  /**
   * To be called when {@linkcode nextBatch} has thrown: the request it was at may be in the batch too, and
   * must not be touched by two parsers.
   */
  abandon(): void {
    this.request = new Request();
    this.request.lieIn(this.buffer);
    this.discard();
  }

  /**
   * Goes back to request `index` of the batch found last: it stays in {@linkcode request}, lent while
   * it waits to be run again, and those behind it will be found once more.
   */
  backTo(batch: Request[], index: number): void {
    const waiting = batch[index];
    batch[index] = this.request;
    this.request = waiting;
    this.start = waiting.start;
    this.at = waiting.end;
    this.remaining = 0;
    this.bulkLength = -1;
    this.searched = 0;
  }

  private arguments(): number {
    const request = this.request;
    const bytes = request.buffer;
    while (this.remaining > 0) {
      let length = this.bulkLength;
      if (length < 0) {
        const at = this.at;
        // Nearly all arguments are shorter than 100 bytes: `$d\r\n` or `$dd\r\n`, read at once.
        if (at + 4 < this.end && bytes[at] === DOLLAR && isDigit(bytes[at + 1])) {
          const first = bytes[at + 1] - 48;
          if (bytes[at + 2] === RETURN) {
            length = first;
            this.at = at + 4;
          } else if (first !== 0 && isDigit(bytes[at + 2]) && bytes[at + 3] === RETURN) {
            length = first * 10 + bytes[at + 2] - 48;
            this.at = at + 5;
          }
        }
        if (length < 0) {
          const parsed = this.bulkHeader();
          if (parsed !== Parsed.REQUEST) return parsed;
          length = this.bulkLength;
        }
        // An earlier read may have ended within this header, and been searched for its end.
        this.searched = 0;
      }
      if (this.end - this.at < length + 2) {
        this.bulkLength = length;
        return Parsed.INCOMPLETE;
      }
      request.push(this.at, length);
      this.at += length + 2;
      this.bulkLength = -1;
      this.remaining--;
    }
    return Parsed.REQUEST;
  }

  /** `*<count>\r\n`; REQUEST here means that the header is complete. */
  private header(): number {
    const { at } = this;
    const bytes = this.request.buffer;
    // Nearly all requests have less than ten arguments: `*d\r\n`, read at once.
    if (at + 4 <= this.end && bytes[at + 2] === RETURN && isDigit(bytes[at + 1])) {
      this.searched = 0;
      this.at = at + 4;
      this.remaining = bytes[at + 1] - 48;
      this.bulkLength = -1;
      return Parsed.REQUEST;
    }
    const line = this.lineEnd("too big mbulk count string");
    if (line < 0) return line === -1 ? Parsed.INCOMPLETE : Parsed.ERROR;
    const count = this.number(this.at + 1, line);
    if (count === NOT_A_NUMBER || count > MAX_ARGUMENTS) {
      return this.fail("invalid multibulk length");
    }
    if (!this.authenticated && count > UNAUTHENTICATED_ARGUMENTS) {
      return this.fail("unauthenticated multibulk length");
    }
    this.at = line + 2;
    this.remaining = Math.max(0, count);
    this.bulkLength = -1;
    return Parsed.REQUEST;
  }

  /** `$<length>\r\n`; REQUEST here means that the header is complete. */
  private bulkHeader(): number {
    const line = this.lineEnd("too big bulk count string");
    if (line < 0) return line === -1 ? Parsed.INCOMPLETE : Parsed.ERROR;
    const first = this.request.buffer[this.at];
    if (first !== DOLLAR) return this.fail(`expected '$', got '${printable(first)}'`);
    const length = this.number(this.at + 1, line);
    if (length < 0 || length > this.limits.maxBulkBytes) return this.fail("invalid bulk length");
    if (!this.authenticated && length > UNAUTHENTICATED_BULK_BYTES) {
      return this.fail("unauthenticated bulk length");
    }
    this.at = line + 2;
    this.bulkLength = length;
    return Parsed.REQUEST;
  }

  /**
   * Index of the `\r` that ends the line at `at`; -1 when it is not there yet, -2 on error. As in
   * Redis, a NUL hides what follows it, so such a line ends only at the length limit.
   */
  private lineEnd(tooLong: string): number {
    const bytes = this.request.buffer;
    let i = this.at + this.searched;
    while (i < this.end && bytes[i] !== RETURN && bytes[i] !== 0) i++;
    if (i < this.end - 1 && bytes[i] === RETURN) {
      this.searched = 0;
      return i;
    }
    this.searched = i - this.at;
    // Beyond the end of what was read lies what an earlier read has left.
    const isMissing = i === this.end || bytes[i] !== RETURN;
    if (isMissing && this.end - this.at > MAX_INLINE_BYTES) {
      this.fail(tooLong);
      return -2;
    }
    return -1;
  }

  /** The whole number between two indexes; {@linkcode NOT_A_NUMBER} when it isn't one. */
  private number(from: number, to: number): number {
    const bytes = this.request.buffer;
    if (to - from > 15) return longNumber(bytes, from, to);
    const negative = bytes[from] === 45;
    if (negative) from++;
    if (from >= to) return NOT_A_NUMBER;
    if (bytes[from] === 48 && (to - from > 1 || negative)) return NOT_A_NUMBER;
    let value = 0;
    for (let i = from; i < to; i++) {
      if (!isDigit(bytes[i])) return NOT_A_NUMBER;
      value = value * 10 + bytes[i] - 48;
    }
    return negative ? -1 : value;
  }

  private inline(): number {
    const bytes = this.request.buffer;
    let end = this.at + this.searched;
    while (end < this.end && bytes[end] !== NEWLINE && bytes[end] !== 0) end++;
    if (end === this.end || bytes[end] === 0) {
      this.searched = end - this.at;
      if (this.end - this.at > MAX_INLINE_BYTES) return this.fail("too big inline request");
      return Parsed.INCOMPLETE;
    }
    this.searched = 0;
    const line = this.at;
    this.at = end + 1;
    if (end > line && bytes[end - 1] === RETURN) end--;
    if (!splitInline(this.request, line, end)) return this.fail("unbalanced quotes in request");
    return Parsed.REQUEST;
  }

  private fail(what: string): number {
    this.error = `Protocol error: ${what}`;
    return Parsed.ERROR;
  }

  /** Starts over at the front of the buffer, which goes back to an ordinary size. */
  private rewind(): void {
    const length = this.request.buffer.length;
    if (this.end === length && length < FULL_BUFFER_BYTES) {
      this.exchange(Math.min(length * 4, FULL_BUFFER_BYTES));
    } else if (length > FULL_BUFFER_BYTES) this.exchange(FULL_BUFFER_BYTES);
    else this.shrinkIfIdle(length);
    this.start = 0;
    this.at = 0;
    this.end = 0;
  }

  /**
   * Takes a smaller buffer once many reads in a row were small. Not at the first: a pipeline a little
   * longer than the buffer would have it shrunk by its rest and grown by its start, each time.
   */
  private shrinkIfIdle(length: number): void {
    if (length === SMALL_BUFFER_BYTES || this.end >= length >>> 4) this.smallReads = 0;
    else if (++this.smallReads > SMALL_READS && this.authenticated) {
      this.smallReads = 0;
      this.exchange(Math.max(SMALL_BUFFER_BYTES, length >>> 2));
    }
  }

  /** Takes another buffer; what lies in this one is not needed. */
  private exchange(bytes: number): void {
    this.memory.give(this.buffer);
    this.use(this.memory.take(bytes));
  }

  private use(buffer: ByteBuffer): void {
    this.buffer = buffer;
    this.request.lieIn(buffer);
  }

  /** Moves what is unfinished to the front, into a larger buffer if it fills this one. */
  private makeRoom(): void {
    const request = this.request;
    const pending = this.end - this.start;
    const old = this.buffer;
    const { bytes } = old;
    if (pending > bytes.length >>> 1 || bytes.length < FULL_BUFFER_BYTES) {
      this.use(this.memory.take(this.grownLength(bytes.length)));
      request.buffer.set(bytes.subarray(this.start, this.end));
      this.memory.give(old);
    } else bytes.copyWithin(0, this.start, this.end);
    for (let i = 0; i < request.count; i++) request.offsets[i] -= this.start;
    this.at -= this.start;
    this.end = pending;
    this.start = 0;
  }

  /** At most twice what has arrived once the buffer is large, whatever a header announces. */
  private grownLength(length: number): number {
    if (length < FULL_BUFFER_BYTES) return Math.min(length * 4, FULL_BUFFER_BYTES);
    const wanted = this.bulkLength < 0 ? 0 : this.at - this.start + this.bulkLength + 2;
    return wanted > length && wanted < length * 2 ? wanted : length * 2;
  }
}

/** Too large for any limit, unless it is negative or no number at all. */
function longNumber(bytes: Uint8Array, from: number, to: number): number {
  const value = parseBigInteger(bytes, from, to - from);
  if (value === null) return NOT_A_NUMBER;
  return value < 0n ? -1 : Infinity;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function printable(byte: number): string {
  return String.fromCharCode(byte);
}
