/**
 * What every entry of a stream begins with in a reply: an array of two, its id, and the header of the
 * array of its fields and values. Written by itself it is a copy of some 30 bytes, in place of four
 * elements; and ids that follow one another mostly have the same first number, whose digits are kept.
 * It took a third of the time of an XRANGE. [hot]
 */

import * as copyModule from "../../bytes/copy.ts";
import * as integerModule from "../../bytes/integer.ts";
import type { StreamId } from "../../structures/stream_id.ts";
import * as streamIdModule from "../../structures/stream_id.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { dataOf } = copyModule;
const { formatInteger } = integerModule;
const { ID_TEXT_BYTES } = streamIdModule;

/** `*2`, then `$` and a length of two digits, with two line ends. */
const BEFORE_ID = 9;
/** A line end, `*`, the digits of a count, a line end. */
const BEHIND_ID = 20;
const ZERO = 0x30;
const MINUS = 0x2d;
const RETURN = 0x0d;
const NEWLINE = 0x0a;

export class EntryHead {
  readonly data: DataView;
  /** Where the text of the id is in {@linkcode data}. */
  readonly idAt = BEFORE_ID;
  /** What {@linkcode format} has written. */
  offset = 0;
  length = 0;
  private readonly bytes = new Uint8Array(BEFORE_ID + ID_TEXT_BYTES + BEHIND_ID);
  /** The first number whose digits are in place, and where they and the minus end. */
  private msHigh = -1;
  private msLow = 0;
  private msEnd = 0;

  constructor() {
    this.data = dataOf(this.bytes);
  }

  /** Writes an id as text; its length. */
  formatId(id: StreamId): number {
    const { bytes } = this;
    if (id.msHigh !== this.msHigh || id.msLow !== this.msLow) {
      this.msHigh = id.msHigh;
      this.msLow = id.msLow;
      this.msEnd = BEFORE_ID + id.formatMilliseconds(bytes, BEFORE_ID);
      bytes[this.msEnd++] = MINUS;
    }
    return this.msEnd - BEFORE_ID + id.formatSequence(bytes, this.msEnd);
  }

  /** Writes all that stands before the first field of an entry. */
  format(id: StreamId, elements: number): void {
    const { bytes } = this;
    const length = this.formatId(id);
    const tens = length / 10 | 0;
    this.offset = tens === 0 ? 1 : 0;
    let at = this.offset;
    bytes[at++] = 0x2a;
    bytes[at++] = ZERO + 2;
    bytes[at++] = RETURN;
    bytes[at++] = NEWLINE;
    bytes[at++] = 0x24;
    if (tens > 0) bytes[at++] = ZERO + tens;
    bytes[at++] = ZERO + length - tens * 10;
    bytes[at++] = RETURN;
    bytes[at++] = NEWLINE;
    at += length;
    bytes[at++] = RETURN;
    bytes[at++] = NEWLINE;
    bytes[at++] = 0x2a;
    if (elements < 10) bytes[at++] = ZERO + elements;
    else at += formatInteger(elements, bytes, at);
    bytes[at++] = RETURN;
    bytes[at++] = NEWLINE;
    this.length = at - this.offset;
  }
}
