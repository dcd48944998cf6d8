/**
 * Input that is read piece by piece, with the checksum of all that was taken from it.
 *
 * Two buffers are used in turn: what is lent from one stays as it is while the other is filled. Only
 * when one item of the input reaches over more of them are further ones made, and left to the
 * collector. A long string gets a buffer of its own size, but only when the input is known to have
 * so much, so that a length that lies costs nothing.
 */

import { Crc64 } from "../bytes/crc64.ts";
import { dataOf } from "../bytes/copy.ts";
import { ByteSource } from "./byte_source.ts";

export const INPUT_BUFFER_BYTES = 128 << 10;
/** How much a string may grow at once where the size of the input is not known. */
const UNKNOWN_SIZE_STEP_BYTES = 4 << 20;

/** Fills the start of `target`; how many bytes it got, 0 at the end of the input. */
export type Pull = (target: Uint8Array) => number;

export class RdbInput extends ByteSource {
  private readonly sum = new Crc64();
  /** Up to where in `bytes` the checksum goes. */
  private summed = 0;
  private isAtEnd = false;
  /** A buffer that nothing is lent from. */
  private spare: Uint8Array | null = null;
  /** A buffer from which something of the present item may be lent. */
  private used: Uint8Array | null = null;

  /**
   * @param totalBytes size of the input; Infinity when it is not known.
   * @param sums whether the checksum is wanted.
   */
  constructor(
    private readonly pull: Pull,
    readonly totalBytes: number = Infinity,
    private readonly sums: boolean = true,
    private readonly bufferBytes: number = INPUT_BUFFER_BYTES,
  ) {
    super();
  }

  /** Bytes not taken yet, as far as the size of the input is known. */
  get remaining(): number {
    return this.totalBytes - this.offset;
  }

  /** Nothing that was lent is used any more: its memory may be filled anew. */
  releaseLent(): void {
    if (this.used === null) return;
    this.spare = this.used;
    this.used = null;
  }

  /**
   * What was wanted has not come yet: goes back to where nothing was lent any more, the start of the
   * item. False when it will never come.
   */
  goBack(): boolean {
    return false;
  }

  /** The checksum of all bytes taken so far; lent. */
  checksum(): Crc64 {
    this.addToSum();
    return this.sum;
  }

  /** Bytes of buffers that are kept, for tests of what bounds them. */
  get heldBytes(): number {
    return this.bytes.length + (this.spare?.length ?? 0) + (this.used?.length ?? 0);
  }

  protected override refill(count: number): boolean {
    if (this.isAtEnd || count > this.totalBytes - this.offset) return false;
    this.addToSum();
    if (this.totalBytes === Infinity) return this.grow(count);
    this.show(Math.max(count, this.bufferBytes));
    return this.fill(count);
  }

  /** Makes room only as fast as bytes come. */
  private grow(count: number): boolean {
    const needed = count;
    do {
      const have = this.end - this.position;
      const step = Math.min(needed, have + UNKNOWN_SIZE_STEP_BYTES + have);
      this.show(Math.max(step, this.bufferBytes));
      if (!this.fill(step)) return false;
    } while (this.end - this.position < needed);
    return true;
  }

  /** Moves what is not taken yet to the start of another buffer, of at least `size` bytes. */
  private show(size: number): void {
    const { bytes, position, end } = this;
    const { spare } = this;
    const fits = spare !== null && spare.length >= size;
    const next = fits ? spare : new Uint8Array(size);
    if (fits) this.spare = null;
    next.set(bytes.subarray(position, end));
    // Buffers of long strings are not kept: the next one that long may never come.
    if (bytes.length === this.bufferBytes) this.used = bytes;
    this.origin += position;
    this.bytes = next;
    this.data = dataOf(next);
    this.position = 0;
    this.end = end - position;
    this.summed = 0;
  }

  private fill(count: number): boolean {
    while (this.end < count) {
      const got = this.pull(this.bytes.subarray(this.end));
      if (got === 0) {
        this.isAtEnd = true;
        return false;
      }
      this.end += got;
    }
    return true;
  }

  private addToSum(): void {
    if (this.sums) this.sum.update(this.bytes, this.summed, this.position - this.summed);
    this.summed = this.position;
  }
}

/** An input that is all in memory. */
export function inputOf(bytes: Uint8Array, sums = true): RdbInput {
  let at = 0;
  return new RdbInput(
    (target) => {
      const count = Math.min(target.length, bytes.length - at);
      target.set(bytes.subarray(at, at + count));
      at += count;
      return count;
    },
    bytes.length,
    sums,
  );
}
