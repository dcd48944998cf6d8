/** Bytes that are put together one after the other, for the libraries that encode. */

import type { LuaMachine } from "../lua/lua_machine.ts";

const INITIAL_BYTES = 256;

export class ByteSink {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  length = 0;
  private data = new DataView(this.bytes.buffer);

  /** Makes room for `count` more bytes and gives the place of the first. */
  reserve(count: number): number {
    const at = this.length;
    if (at + count > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, at + count));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.data = new DataView(grown.buffer);
    }
    this.length = at + count;
    return at;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  text(text: string): void {
    const at = this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
  }

  put(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** The views for writing numbers at a place that {@linkcode reserve} gave. */
  get view(): DataView {
    return this.data;
  }

  pushTo(machine: LuaMachine, state: number): void {
    machine.pushBytes(state, this.bytes, 0, this.length);
  }
}
