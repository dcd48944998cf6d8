/**
 * Input that comes bit by bit and can't be waited for where it is read: who wants more than has come
 * goes back to the start of the item that he reads, and begins it again when there is more.
 *
 * An item that is long is not begun again with each byte: not before what was wanted is there, and
 * twice as much as at the last try.
 */

import { dataOf } from "../bytes/copy.ts";
import { Crc64 } from "../bytes/crc64.ts";
import { RdbInput } from "./rdb_input.ts";

const FIRST_BUFFER_BYTES = 512 << 10;

export class StreamedInput extends RdbInput {
  private readonly total = new Crc64();
  /** Where the present item begins in `bytes`: what is before it is done with. */
  private start = 0;
  /** Up to where in `bytes` the checksum goes, not beyond `start`. */
  private counted = 0;
  /** Bytes from the start of the item that the next try wants. */
  private wanted = 1;
  private isOver = false;

  /** @param totalBytes size of the whole input; Infinity when it is not known. */
  constructor(totalBytes: number, private readonly counts: boolean) {
    super(() => 0, totalBytes, false);
  }

  /** Whether the next item may be there as a whole. */
  get isReady(): boolean {
    return this.isOver || this.end - this.start >= this.wanted;
  }

  /** Bytes that have come and were not taken. */
  get unread(): number {
    return this.end - this.position;
  }

  /** Adds bytes, which are copied. */
  push(bytes: Uint8Array): void {
    this.addToTotal(this.start);
    const kept = this.end - this.start;
    const isRoomy = kept + bytes.length <= this.bytes.length;
    const target = isRoomy ? this.bytes : new Uint8Array(
      Math.max(FIRST_BUFFER_BYTES, (kept + bytes.length) * 2),
    );
    target.set(this.bytes.subarray(this.start, this.end));
    target.set(bytes, kept);
    if (!isRoomy) {
      this.bytes = target;
      this.data = dataOf(target);
    }
    this.origin += this.start;
    this.position -= this.start;
    this.counted = 0;
    this.start = 0;
    this.end = kept + bytes.length;
  }

  /** No more will come. */
  finish(): void {
    this.isOver = true;
  }

  /** What is read from here on is another item. */
  override releaseLent(): void {
    this.start = this.position;
    this.wanted = 1;
  }

  override goBack(): boolean {
    if (this.isOver || this.wanted > this.totalBytes - this.origin - this.start) return false;
    this.position = this.start;
    return true;
  }

  override checksum(): Crc64 {
    const sum = new Crc64();
    this.addToTotal(this.start);
    sum.low = this.total.low;
    sum.high = this.total.high;
    if (this.counts) sum.update(this.bytes, this.start, this.position - this.start);
    return sum;
  }

  protected override refill(count: number): boolean {
    const tried = this.end - this.start;
    this.wanted = this.position - this.start + count;
    // Where the end is known, it must not be waited for beyond.
    const most = Math.max(this.wanted, this.totalBytes - this.origin - this.start);
    this.wanted = Math.min(most, Math.max(this.wanted, tried * 2));
    return false;
  }

  private addToTotal(end: number): void {
    if (this.counts) this.total.update(this.bytes, this.counted, end - this.counted);
    this.counted = end;
  }
}
