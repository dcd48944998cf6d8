/**
 * The reply `:123 CR LF` of numbers that grow by one from reply to reply, as the lengths that a pipeline
 * of pushes is told: the text of the next one is kept, so that most of the time one digit is written in
 * place of all. [hot]
 */

const NINE = 57;
/** Of what is kept, colon and line end included. */
const TEXT_BYTES = 16;
/** Longer numbers are not kept: these have nine digits. */
const BEYOND = 1_000_000_000;

export class GrowingCount {
  /** The number whose text is kept; -1 for none. */
  private next = -1;
  /** The one after the last number that was not kept. */
  private candidate = -1;
  private size = 0;
  private readonly data: DataView = new DataView(new ArrayBuffer(TEXT_BYTES));

  /**
   * Writes the reply if its text is kept. The target needs room for 16 bytes, since what is behind the reply
   * is written over.
   *
   * @returns how many bytes the reply has, 0 if it isn't kept.
   */
  write(value: number, target: DataView, at: number): number {
    if (value !== this.next || value < 0) return 0;
    const { data, size } = this;
    target.setBigInt64(at, data.getBigInt64(0, true), true);
    target.setBigInt64(at + 8, data.getBigInt64(8, true), true);
    this.advance(value);
    return size;
  }

  /**
   * Takes note of a reply that had to be written by others; the second of two in a row is gone on with.
   *
   * @param value from 0 on.
   */
  wrote(value: number, source: DataView, from: number, size: number): void {
    const isGrowing = value === this.candidate;
    this.candidate = value < BEYOND ? value + 1 : -1;
    if (!isGrowing || this.candidate < 0) return;
    for (let i = 0; i < size; i++) this.data.setUint8(i, source.getUint8(from + i));
    this.size = size;
    this.advance(value);
  }

  private advance(value: number): void {
    const last = this.size - 3;
    const digit = this.data.getUint8(last);
    if (digit === NINE) {
      this.next = -1;
      this.candidate = value + 1;
    } else {
      this.data.setUint8(last, digit + 1);
      this.next = value + 1;
    }
  }
}
