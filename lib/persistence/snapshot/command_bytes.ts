/** Commands as bytes of RESP, written into memory that grows and is taken out now and then. */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import { bytesOf } from "../../bytes/copy.ts";

const INITIAL_BYTES = 4096;
const CR = 13;
const LF = 10;
const ASTERISK = 42;
const DOLLAR = 36;
/** Bytes of the longest count with its frame. */
const COUNT_BYTES = 24;

export class CommandBytes {
  length = 0;
  private bytes = new Uint8Array(INITIAL_BYTES);

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Begins a command of so many arguments, its name included. */
  begin(count: number): void {
    this.count(ASTERISK, count);
  }

  text(value: string): void {
    const bytes = fromLatin1(value);
    this.argument(bytes);
  }

  argument(bytes: Uint8Array): void {
    this.beginArgument(bytes.length);
    this.part(bytes);
    this.endArgument();
  }

  range(data: DataView, offset: number, length: number): void {
    this.argument(bytesOf(data, offset, length));
  }

  /** An argument in parts: this, then so many bytes in all, then {@linkcode endArgument}. */
  beginArgument(length: number): void {
    this.count(DOLLAR, length);
  }

  part(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  endArgument(): void {
    this.reserve(2);
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  private count(mark: number, value: number): void {
    this.reserve(COUNT_BYTES);
    this.bytes[this.length++] = mark;
    const digits = String(value);
    for (let i = 0; i < digits.length; i++) this.bytes[this.length++] = digits.charCodeAt(i);
    this.endArgument();
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
