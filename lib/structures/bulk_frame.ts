/** Frames of bulk strings, `$5 CR LF hello CR LF`: how long they are, reading and writing them. [hot] */

import * as copyModule from "../bytes/copy.ts";
import * as integerModule from "../bytes/integer.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { formatInteger, integerLength } = integerModule;

/** CR and LF, the lower byte first. */
const CRLF = 0x0a0d;
const CR = 13;
/** `$0 CR LF` for adding a digit to. */
const SHORT_HEADER = 0x0a0d3024;
/** `$00 CR` for adding two digits to; LF follows. */
const TWO_DIGIT_HEADER = 0x0d303024;
/** The first four bytes of the headers of lengths below 100. */
const HEADERS = Int32Array.from(
  { length: 100 },
  (_, length) =>
    length < 10
      ? SHORT_HEADER + (length << 8)
      : TWO_DIGIT_HEADER + (Math.floor(length / 10) << 8) + (length % 10 << 16),
);
const LF = 10;
const DOLLAR = 36;
const ZERO = 48;

/** Bytes that a string takes with its frame. */
export function frameBytes(length: number): number {
  return headerBytes(length) + length + 2;
}

/** Bytes of a frame before the string. */
export function headerBytes(length: number): number {
  return length < 10 ? 4 : length < 100 ? 5 : 3 + integerLength(length);
}

/** The length of the string whose frame begins at `place`. */
export function lengthAt(data: DataView, place: number): number {
  // No frame has less than six bytes.
  const header = data.getInt32(place, true);
  if (header >>> 16 === CRLF) return (header >>> 8 & 0xff) - ZERO;
  if (header >>> 24 === CR) {
    return (header >>> 8 & 0xff) * 10 + (header >>> 16 & 0xff) - ZERO * 11;
  }
  return longLength(data, place);
}

/** Writes a frame at `place` of memory that `bytes` and `data` both show. */
export function writeFrame(
  bytes: Uint8Array,
  data: DataView,
  place: number,
  source: DataView,
  offset: number,
  length: number,
): void {
  let to = length < 10 ? place + 4 : place + 5;
  if (length < HEADERS.length) {
    data.setInt32(place, HEADERS[length], true);
    // Of one digit the header has ended already: the string, or its end, is written over this.
    data.setUint8(place + 4, LF);
  } else to = writeLongHeader(bytes, data, place, length);
  copyBytes(source, offset, data, to, length);
  data.setInt16(to + length, CRLF, true);
}

/** Where the string begins. */
function writeLongHeader(bytes: Uint8Array, data: DataView, place: number, length: number): number {
  bytes[place] = DOLLAR;
  const to = place + 3 + formatInteger(length, bytes, place + 1);
  data.setInt16(to - 2, CRLF, true);
  return to;
}

function longLength(data: DataView, place: number): number {
  let length = 0;
  for (let at = place + 1;; at++) {
    const byte = data.getUint8(at);
    if (byte === CR) return length;
    length = length * 10 + byte - ZERO;
  }
}
