/**
 * Effects → the bytes of the append-only file, framed one behind the other in a buffer that grows.
 * A command costs no allocation: its arguments are copied from where they lie. [hot]
 */

import * as copyModule from "../../bytes/copy.ts";
import type { Request } from "../../resp/request.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, dataOf } = copyModule;

const INITIAL_BYTES = 64 * 1024;
/** What a turn rarely needs is given back. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** Room for a header: `$` or `*`, ten digits, the end of the line. */
const HEADER_BYTES = 13;

export class FrameBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES);
  length = 0;
  private data: DataView = dataOf(this.bytes);

  request(request: Request): void {
    const { count, offsets, lengths } = request;
    const source = request.data;
    let size = HEADER_BYTES * (count + 1) + 2 * count;
    for (let i = 0; i < count; i++) size += lengths[i];
    if (size > this.bytes.length - this.length) this.reserve(size);
    const { data } = this;
    let at = this.header(this.length, 42, count);
    at = this.header(at, 36, lengths[0]);
    if (isFramed(request)) {
      // As the client sent it, headers in between included: one copy in place of one for each.
      const length = offsets[count - 1] + lengths[count - 1] - offsets[0];
      copyBytes(source, offsets[0], data, at, length);
      at += length;
    } else {
      copyBytes(source, offsets[0], data, at, lengths[0]);
      at += lengths[0];
      for (let i = 1; i < count; i++) {
        data.setUint16(at, 0x0d0a);
        at = this.header(at + 2, 36, lengths[i]);
        copyBytes(source, offsets[i], data, at, lengths[i]);
        at += lengths[i];
      }
    }
    data.setUint16(at, 0x0d0a);
    this.length = at + 2;
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length > this.bytes.length - this.length) this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Makes sure that `count` bytes can be written behind {@linkcode length}. */
  reserve(count: number): void {
    if (count <= this.bytes.length - this.length) return;
    const grown = new Uint8Array(Math.max(this.length + count, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.use(grown);
  }

  /** Forgets what was taken out, and memory that only an unusual turn needed. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.use(new Uint8Array(INITIAL_BYTES));
  }

  private use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.data = dataOf(bytes);
  }

  /** Writes `$12\r\n` and returns what follows it; the room is there. */
  private header(at: number, kind: number, value: number): number {
    const { data } = this;
    if (value < 10) {
      // The four bytes in one.
      data.setInt32(at, kind << 24 | (48 + value) << 16 | 0x0d0a);
      return at + 4;
    }
    data.setUint8(at, kind);
    let end = at + 1;
    for (let rest = value; rest > 0; rest = Math.floor(rest / 10)) end++;
    let rest = value;
    for (let i = end - 1; i > at; i--) {
      const tens = Math.floor(rest / 10);
      data.setUint8(i, 48 + rest - tens * 10);
      rest = tens;
    }
    data.setUint16(end, 0x0d0a);
    return end + 2;
  }
}

/** Whether the arguments lie as they came in a RESP request, with canonical headers between them. */
function isFramed(request: Request): boolean {
  const { count, offsets, lengths, buffer } = request;
  let end = offsets[0] + lengths[0];
  for (let i = 1; i < count; i++) {
    const length = lengths[i];
    const digits = length < 10 ? 1 : length < 100 ? 2 : length < 1000 ? 3 : digitsOf(length);
    const start = offsets[i];
    // The parser has read the number: as many digits as it needs are the number without zeros or sign.
    if (start - end !== 5 + digits || buffer[start - 1] !== 10 || buffer[end + 2] !== 36) {
      return false;
    }
    end = start + length;
  }
  return true;
}

function digitsOf(value: number): number {
  let digits = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 10)) digits++;
  return digits;
}
