/**
 * One request: its arguments as (offset, length) pairs in a byte buffer, lent to the command that
 * runs. Nothing is copied and nothing allocated: a command reads its arguments in place, and
 * whatever it keeps it copies. The buffer belongs to the connection (or loader, script, test)
 * and is overwritten after the command returns. [hot]
 */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";
import * as copyModule from "../bytes/copy.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, dataOf } = copyModule;

/** Arguments kept without growing; more of them double the two arrays. */
const INITIAL_ARGUMENTS = 16;
/** After a request with more arguments than this the arrays go back to their first size. */
const KEPT_ARGUMENTS = 4096;

export class Request {
  buffer: Uint8Array;
  /** The same bytes, for reading several at a time. */
  data: DataView;
  /** Number of arguments, the command's name included. */
  count = 0;
  offsets: Int32Array = new Int32Array(INITIAL_ARGUMENTS);
  lengths: Int32Array = new Int32Array(INITIAL_ARGUMENTS);
  /** Whether {@linkcode keyHash} is the table hash of argument 1, computed ahead. */
  hasKeyHash = false;
  keyHash = 0;
  /** The argument whose table hash is {@linkcode elementHash}, computed ahead; 0 for none. */
  hashedElement = 0;
  elementHash = 0;
  /**
   * Whether its name is, byte by byte, that of the request before it in a pipeline, with as many
   * arguments. To be trusted only by who has just run that one.
   */
  repeatsCommand = false;
  /** Whether argument 1 is known to be that of the request before it as well. */
  repeatsKey = false;
  /** Where it lies in the buffer, from its first byte to behind its last: the parser's own marks. */
  start = 0;
  end = 0;

  constructor(buffer: Uint8Array = new Uint8Array(0)) {
    this.buffer = buffer;
    this.data = dataOf(buffer);
  }

  /** Lets the arguments lie in another buffer. */
  use(buffer: Uint8Array): void {
    this.buffer = buffer;
    this.data = dataOf(buffer);
  }

  /** The same with memory whose views are there already. */
  lieIn(memory: ByteBuffer): void {
    this.buffer = memory.bytes;
    this.data = memory.data;
  }

  /** Lets the arguments lie in the buffer of another request. */
  share(other: Request): void {
    this.buffer = other.buffer;
    this.data = other.data;
  }

  /** A request of its own bytes, for loaders, scripts and tests. */
  static from(args: readonly (Uint8Array | string)[]): Request {
    const encoder = new TextEncoder();
    const parts = args.map((arg) => typeof arg === "string" ? encoder.encode(arg) : arg);
    let total = 0;
    for (const part of parts) total += part.length;
    const request = new Request(new Uint8Array(total));
    let at = 0;
    for (const part of parts) {
      request.buffer.set(part, at);
      request.push(at, part.length);
      at += part.length;
    }
    return request;
  }

  /** A request of its own bytes, to be kept. */
  clone(): Request {
    const copy = new Request();
    copy.copyFrom(this);
    return copy;
  }

  /** Takes over the arguments of another request, in its own memory if that is large enough. */
  copyFrom(other: Request): void {
    const { count, data, offsets, lengths } = other;
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += lengths[i];
    if (this.buffer.length < bytes) this.use(new Uint8Array(bytes));
    this.clear();
    let at = 0;
    for (let i = 0; i < count; i++) {
      copyBytes(data, offsets[i], this.data, at, lengths[i]);
      this.push(at, lengths[i]);
      at += lengths[i];
    }
  }

  /** Forgets the arguments, and memory that only an unusually long request needed. */
  clear(): void {
    this.count = 0;
    this.hasKeyHash = false;
    this.hashedElement = 0;
    this.repeatsCommand = false;
    this.repeatsKey = false;
    if (this.offsets.length > KEPT_ARGUMENTS) {
      this.offsets = new Int32Array(INITIAL_ARGUMENTS);
      this.lengths = new Int32Array(INITIAL_ARGUMENTS);
    }
  }

  push(offset: number, length: number): void {
    const index = this.count;
    if (index === this.offsets.length) this.grow();
    this.offsets[index] = offset;
    this.lengths[index] = length;
    this.count = index + 1;
  }

  /** The table hash of an argument that names an element, or 0 when it was not computed ahead. */
  hashOf(index: number): number {
    return index === this.hashedElement ? this.elementHash : 0;
  }

  /** The argument as a view that is valid only until the command returns. */
  view(index: number): Uint8Array {
    const offset = this.offsets[index];
    return this.buffer.subarray(offset, offset + this.lengths[index]);
  }

  /** The argument's own copy, to be kept. */
  copy(index: number): Uint8Array {
    const offset = this.offsets[index];
    return this.buffer.slice(offset, offset + this.lengths[index]);
  }

  /**
   * The argument as text of one character a byte; for options, patterns and messages.
   *
   * @param limit characters at most: an error that quotes what it was sent stays short.
   */
  text(index: number, limit = Infinity): string {
    const offset = this.offsets[index];
    const end = offset + Math.min(this.lengths[index], limit);
    let text = "";
    for (let i = offset; i < end; i++) text += String.fromCharCode(this.buffer[i]);
    return text;
  }

  /** Whether the argument equals an option's name, whatever its case; `upper` is ASCII. */
  is(index: number, upper: string): boolean {
    if (this.lengths[index] !== upper.length) return false;
    const offset = this.offsets[index];
    for (let i = 0; i < upper.length; i++) {
      let byte = this.buffer[offset + i];
      if (byte >= 97 && byte <= 122) byte -= 32;
      if (byte !== upper.charCodeAt(i)) return false;
    }
    return true;
  }

  private grow(): void {
    const offsets = new Int32Array(this.offsets.length * 2);
    const lengths = new Int32Array(offsets.length);
    offsets.set(this.offsets);
    lengths.set(this.lengths);
    this.offsets = offsets;
    this.lengths = lengths;
  }
}
