/**
 * One request: its arguments as (offset, length) pairs in a byte buffer, lent to the command that
 * runs. Nothing is copied and nothing allocated: a command reads its arguments in place, and
 * whatever it keeps it copies. The buffer belongs to the connection (or loader, script, test)
 * and is overwritten after the command returns. [hot]
 */

import { dataOf } from "../bytes/copy.ts";

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

  constructor(buffer: Uint8Array = new Uint8Array(0)) {
    this.buffer = buffer;
    this.data = dataOf(buffer);
  }

  /** Lets the arguments lie in another buffer. */
  use(buffer: Uint8Array): void {
    this.buffer = buffer;
    this.data = dataOf(buffer);
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
    const args: Uint8Array[] = [];
    for (let i = 0; i < this.count; i++) args.push(this.view(i));
    return Request.from(args);
  }

  /** Forgets the arguments, and memory that only an unusually long request needed. */
  clear(): void {
    this.count = 0;
    this.hasKeyHash = false;
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
