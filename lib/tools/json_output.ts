/** JSON written piece by piece, so that a value of any size needs no string of its size. */

import type { ByteSlice } from "../rdb/byte_slice.ts";

const FLUSH_CHARACTERS = 1 << 16;
/** Bytes of one text that are turned into base64 at once; a multiple of three. */
const BASE64_STEP = 3 << 14;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class JsonOutput {
  private pending = "";
  private isFirst = true;
  private isLineStart = true;

  constructor(private readonly write: (bytes: Uint8Array) => void) {}

  raw(json: string): void {
    this.isLineStart = false;
    this.pending += json;
    if (this.pending.length >= FLUSH_CHARACTERS) this.flush();
  }

  /** Bytes as a string, or as base64 where they are no UTF-8. */
  text(slice: ByteSlice): void {
    const bytes = slice.view();
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      return this.base64(bytes);
    }
    this.raw(JSON.stringify(text));
  }

  /** The next `separate` is the first of a list, and writes nothing. */
  beginList(): void {
    this.isFirst = true;
  }

  separate(): void {
    if (this.isFirst) this.isFirst = false;
    else this.raw(",");
  }

  /** Ends the line, if anything is on it. */
  endLine(): void {
    if (this.isLineStart) return;
    this.raw("\n");
    this.isLineStart = true;
  }

  flush(): void {
    if (this.pending !== "") this.write(encoder.encode(this.pending));
    this.pending = "";
  }

  private base64(bytes: Uint8Array): void {
    this.raw('{"base64":"');
    for (let at = 0; at < bytes.length; at += BASE64_STEP) {
      const end = Math.min(bytes.length, at + BASE64_STEP);
      let binary = "";
      for (let i = at; i < end; i++) binary += String.fromCharCode(bytes[i]);
      this.raw(btoa(binary));
    }
    this.raw('"}');
  }
}
