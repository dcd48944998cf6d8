/**
 * Where a reader's bytes come from: memory as a whole, or a file piece by piece. A source shows a
 * window of contiguous bytes; when more are needed than it shows, it is asked for them.
 */

import { dataOf } from "../bytes/copy.ts";
import { RdbShortRead } from "./rdb_error.ts";

export abstract class ByteSource {
  /** The bytes that are shown: unread are those from `position` to `end`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The same memory, offsets as in {@linkcode bytes}. */
  data: DataView = new DataView(this.bytes.buffer);
  position = 0;
  end = 0;
  /** How far into the input `bytes[0]` is. */
  protected origin = 0;

  /** How many bytes of the input were taken. */
  get offset(): number {
    return this.origin + this.position;
  }

  /**
   * Makes `count` unread bytes show, and more if that is cheap; false when there are not so many.
   * What was shown before was lent to slices: it must stay as it is, so bytes that are to move go
   * to a new buffer.
   */
  protected abstract refill(count: number): boolean;

  /**
   * Takes the next `count` bytes; they lie at the offset that is returned.
   *
   * @throws RdbShortRead when there are not so many.
   */
  take(count: number): number {
    if (this.end - this.position < count && !this.refill(count)) {
      throw new RdbShortRead(`${count} bytes are wanted where the input ends`);
    }
    const at = this.position;
    this.position = at + count;
    return at;
  }
}

/** Bytes that are all there. */
export class MemorySource extends ByteSource {
  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
    this.data = dataOf(bytes);
    this.end = bytes.length;
  }

  protected override refill(): boolean {
    return false;
  }
}
