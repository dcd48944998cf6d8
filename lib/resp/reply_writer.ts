/**
 * Replies → bytes, in RESP2 or RESP3: the only class that knows how a reply looks. [hot]
 *
 * Replies of one turn gather in one buffer, which the connection takes and writes as a whole.
 * Every method appends one element; aggregates announce their count and the elements follow. What
 * RESP2 has no form for is written as its documentation says: a map as a flat array, a double as
 * a bulk string, null as `$-1`. Format: https://redis.io/docs/reference/protocol-spec.
 */

import { ByteBuffer } from "../bytes/byte_buffer.ts";
import * as byteBufferModule from "../bytes/byte_buffer.ts";
import * as copyModule from "../bytes/copy.ts";
import * as doubleModule from "../bytes/double.ts";
import * as integerModule from "../bytes/integer.ts";
import * as bulkFrameModule from "../structures/bulk_frame.ts";
import { GrowingCount } from "./growing_count.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { NO_BUFFER } = byteBufferModule;
const { copyBytes } = copyModule;
const { frameBytes, writeFrame } = bulkFrameModule;
const { formatDouble } = doubleModule;
const { formatBigInteger, formatInteger, integerLength } = integerModule;

/** Shared by all: clients that push to one list are told of its growth in turn. */
const COUNT = new GrowingCount();

const INITIAL_BYTES = 1024;
/** The bytes CR and LF as one little-endian word. */
const CRLF = 0x0a0d;
/** `+QUE` and `UED` with CR, likewise. */
const PLUS_QUE = 0x4555512b;
const UED_CR = 0x0d444555;
/** `$-1` with CR. */
const NULL_BULK_CR = 0x0d312d24;
/** Longest header: type, digits of a 64-bit integer, CRLF. */
const HEADER_BYTES = 24;

/** Growth beyond this is told to {@linkcode ReplyWriter.listener}: the size of pooled buffers. */
const WATCHED_BYTES = 16 * 1024;

const encoder = new TextEncoder();

/** Told when replies become long; it must not change the writer. */
export interface ReplyListener {
  /**
   * @param bytes what is written so far, with what is about to be.
   * @returns false when nothing of it will be sent.
   */
  replyGrows(bytes: number): boolean;
}

/** Where a writer gets larger memory from, and gives back what it has outgrown. */
export interface MemorySource {
  takeLarge(bytes: number): ByteBuffer;
  give(memory: ByteBuffer): void;
}

export class ReplyWriter {
  /** 2 or 3. */
  protocol = 2;
  buffer: Uint8Array = NO_BUFFER.bytes;
  /** Bytes written so far. */
  length = 0;
  /** Watches over limits; asked only when the buffer has to grow. */
  listener: ReplyListener | null = null;
  /** Null: memory is made anew, which for replies of 100 KB costs as much as writing them. */
  source: MemorySource | null = null;
  /** The same bytes as {@linkcode buffer}, with what else there is to them. */
  memory: ByteBuffer = NO_BUFFER;
  /** The same bytes as {@linkcode buffer}. */
  private data: DataView = NO_BUFFER.data;
  /** Up to where it was written when the listener first refused more; -1 before. */
  private refusedFrom = -1;

  ok(): void {
    this.reserve(5);
    const bytes = this.buffer;
    const at = this.length;
    bytes[at] = 43;
    bytes[at + 1] = 79;
    bytes[at + 2] = 75;
    bytes[at + 3] = 13;
    bytes[at + 4] = 10;
    this.length = at + 5;
  }

  /** The status of a request that waits for EXEC. */
  queued(): void {
    this.reserve(9);
    const { data, length } = this;
    data.setInt32(length, PLUS_QUE, true);
    data.setInt32(length + 4, UED_CR, true);
    data.setUint8(length + 8, 10);
    this.length = length + 9;
  }

  integer(value: number): void {
    this.reserve(HEADER_BYTES);
    const at = this.length;
    const size = COUNT.write(value, this.data, at);
    if (size > 0) {
      this.length = at + size;
      return;
    }
    this.header(58, value);
    // One digit is written as fast by itself.
    if (value >= 10) COUNT.wrote(value, this.data, at, this.length - at);
  }

  /** A whole number whose digits lie in a buffer. */
  integerText(source: DataView, offset: number, length: number): void {
    this.reserve(length + 3);
    const at = this.length;
    this.buffer[at] = 58;
    copyBytes(source, offset, this.data, at + 1, length);
    this.data.setInt16(at + 1 + length, CRLF, true);
    this.length = at + length + 3;
  }

  bigInteger(value: bigint): void {
    this.reserve(HEADER_BYTES);
    this.buffer[this.length] = 58;
    this.length++;
    this.length += formatBigInteger(value, this.buffer, this.length);
    this.lineEnd();
  }

  /** A bulk string from part of a buffer. */
  bulkRange(source: DataView, offset: number, length: number): void {
    const bytes = frameBytes(length);
    this.reserve(bytes);
    writeFrame(this.buffer, this.data, this.length, source, offset, length);
    this.length += bytes;
  }

  bulkBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length + HEADER_BYTES + 2);
    this.header(36, bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.lineEnd();
  }

  /** A bulk string from text, as UTF-8. */
  bulk(text: string): void {
    this.bulkBytes(encoder.encode(text));
  }

  /** A bulk string that holds a whole number. */
  bulkInteger(value: number): void {
    this.reserve(HEADER_BYTES * 2);
    this.header(36, integerLength(value));
    this.length += formatInteger(value, this.buffer, this.length);
    this.lineEnd();
  }

  /** A status such as `OK`: text of one byte a character, without CR or LF. */
  simple(text: string): void {
    this.line(43, text);
  }

  /**
   * An error with its code first (`ERR …`), one byte a character; CR and LF become spaces, so that
   * it stays one line whatever the client sent.
   */
  error(text: string): void {
    this.line(45, text.replace(/[\r\n]/g, " "));
  }

  null(): void {
    this.reserve(5);
    if (this.protocol === 3) return this.ascii("_\r\n");
    const { data, length } = this;
    data.setInt32(length, NULL_BULK_CR, true);
    data.setUint8(length + 4, 10);
    this.length = length + 5;
  }

  /** A missing array, which RESP2 tells from a missing string. */
  nullArray(): void {
    this.reserve(5);
    this.ascii(this.protocol === 3 ? "_\r\n" : "*-1\r\n");
  }

  array(count: number): void {
    this.reserve(HEADER_BYTES);
    this.header(42, count);
  }

  /** `count` pairs of key and value follow. */
  map(count: number): void {
    this.reserve(HEADER_BYTES);
    if (this.protocol === 3) this.header(37, count);
    else this.header(42, count * 2);
  }

  set(count: number): void {
    this.reserve(HEADER_BYTES);
    this.header(this.protocol === 3 ? 126 : 42, count);
  }

  /** Out-of-band data, such as a pub/sub message; a plain array in RESP2. */
  push(count: number): void {
    this.reserve(HEADER_BYTES);
    this.header(this.protocol === 3 ? 62 : 42, count);
  }

  /** Pairs of name and value that describe the element after them; RESP3 only. */
  attribute(count: number): void {
    this.reserve(HEADER_BYTES);
    this.header(124, count);
  }

  double(value: number): void {
    // Most scores are whole numbers, which need no text in between.
    if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
      if (this.protocol !== 3) return this.bulkInteger(value);
      this.reserve(HEADER_BYTES);
      return this.header(44, value);
    }
    const text = formatDouble(value);
    if (this.protocol === 3) return this.line(44, text);
    this.reserve(text.length + HEADER_BYTES + 2);
    this.header(36, text.length);
    this.ascii(text);
    this.lineEnd();
  }

  /** A double in RESP3 whose text is given. */
  doubleText(text: string): void {
    this.line(44, text);
  }

  boolean(value: boolean): void {
    this.reserve(4);
    if (this.protocol === 3) this.ascii(value ? "#t\r\n" : "#f\r\n");
    else this.ascii(value ? ":1\r\n" : ":0\r\n");
  }

  /** A whole number of any size as text. */
  bigNumber(digits: string): void {
    if (this.protocol === 3) this.line(40, digits);
    else this.bulk(digits);
  }

  /** Text for people with a three-letter format (`txt`, `mkd`). */
  verbatim(format: string, text: string): void {
    this.verbatimBytes(format, encoder.encode(text));
  }

  /** The same from bytes. */
  verbatimBytes(format: string, bytes: Uint8Array): void {
    if (this.protocol !== 3) return this.bulkBytes(bytes);
    this.reserve(bytes.length + HEADER_BYTES + 6);
    this.header(61, bytes.length + 4);
    this.ascii(`${format}:`);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.lineEnd();
  }

  /** Bytes that are a reply already. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A push that is all that another writer holds, encoded there in the form of RESP2. */
  pushFrame(frame: ReplyWriter): void {
    const at = this.length;
    this.rawRange(frame.data, 0, frame.length);
    if (this.protocol === 3) this.buffer[at] = 62;
  }

  /** Part of a buffer whose bytes are replies already. */
  rawRange(source: DataView, offset: number, length: number): void {
    this.reserve(length);
    copyBytes(source, offset, this.data, this.length, length);
    this.length += length;
  }

  /**
   * An array, set or map whose count is known only after its elements: call with the
   * {@linkcode length} from before the first of them.
   */
  arrayAt(start: number, count: number): void {
    this.headerAt(start, 42, count);
  }

  setAt(start: number, count: number): void {
    this.headerAt(start, this.protocol === 3 ? 126 : 42, count);
  }

  mapAt(start: number, count: number): void {
    if (this.protocol === 3) this.headerAt(start, 37, count);
    else this.headerAt(start, 42, count * 2);
  }

  /** Takes back all that was written since `length` had this value. */
  cutTo(length: number): void {
    this.length = length;
  }

  /** Writes into this memory from now on. */
  attach(memory: ByteBuffer): void {
    this.memory = memory;
    this.buffer = memory.bytes;
    this.data = memory.data;
  }

  /** Starts over without memory, and hands over what was written into. */
  detach(): ByteBuffer {
    const { memory } = this;
    this.attach(NO_BUFFER);
    this.length = 0;
    return memory;
  }

  /** Goes on in larger memory, and hands over what was written into. */
  moveTo(memory: ByteBuffer): ByteBuffer {
    const before = this.memory;
    memory.bytes.set(before.bytes.subarray(0, this.length));
    this.attach(memory);
    return before;
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.buffer.length - this.length < count) this.grow(count);
  }

  private grow(count: number): void {
    if (this.length + count > WATCHED_BYTES && this.isRefused(count)) return;
    const needed = this.length + count;
    let size = Math.max(INITIAL_BYTES, this.buffer.length * 2);
    while (size < needed) size *= 2;
    const { source } = this;
    if (source === null) this.moveTo(new ByteBuffer(size));
    else source.give(this.moveTo(source.takeLarge(size)));
  }

  /**
   * Asks the listener about `count` more bytes. Behind what it refuses everything is written to the same
   * place, over and over, since a command that has begun to reply must come to its end. True where
   * there is room for it.
   */
  private isRefused(count: number): boolean {
    if (this.listener === null || this.listener.replyGrows(this.length + count)) return false;
    if (this.refusedFrom < 0) this.refusedFrom = this.length;
    else this.length = this.refusedFrom;
    return this.buffer.length - this.length >= count;
  }

  private header(type: number, value: number): void {
    const bytes = this.buffer;
    const at = this.length;
    bytes[at] = type;
    if (value >= 0 && value < 10) {
      bytes[at + 1] = 48 + value;
      bytes[at + 2] = 13;
      bytes[at + 3] = 10;
      this.length = at + 4;
      return;
    }
    this.length = at + 1;
    this.length += formatInteger(value, bytes, at + 1);
    this.lineEnd();
  }

  /** Puts a header before what was written since `start`. */
  private headerAt(start: number, type: number, value: number): void {
    this.reserve(HEADER_BYTES);
    const end = this.length;
    const size = integerLength(value) + 3;
    this.buffer.copyWithin(start + size, start, end);
    this.length = start;
    this.header(type, value);
    this.length = end + size;
  }

  private line(type: number, text: string): void {
    this.reserve(text.length + 3);
    this.buffer[this.length++] = type;
    this.ascii(text);
    this.lineEnd();
  }

  private ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.buffer[this.length + i] = text.charCodeAt(i);
    this.length += text.length;
  }

  private lineEnd(): void {
    this.buffer[this.length] = 13;
    this.buffer[this.length + 1] = 10;
    this.length += 2;
  }
}
