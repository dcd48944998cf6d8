/**
 * The bytes of string values: where they lie, and which encoding OBJECT ENCODING names. [hot]
 *
 * All strings are kept as the bytes that GET sends; the encoding in the entry's meta word only
 * remembers what Redis would have chosen, since an integer is told from its text in a few
 * nanoseconds and its text is what is read most.
 */

import * as integerModule from "../../bytes/integer.ts";
import * as arenaModule from "../../structures/arena.ts";
import type { Arena } from "../../structures/arena.ts";
import * as entryModule from "../entry.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { parseInteger, parseBigInteger } = integerModule;
const { SEGMENT_OF_REF } = arenaModule;
const {
  BLOCK_HEADER_BYTES,
  byteBase,
  Encoding,
  ENTRY_KEY_OFFSET,
  META_WORD,
  Storage,
  STORAGE_SHIFT,
  VALUE_WORD,
  wordBase,
} = entryModule;

/** Longest text that Redis keeps in one allocation with its object. */
const EMBSTR_BYTES = 44;
/** Longest text of a 64-bit integer. */
const INTEGER_BYTES = 20;

/** A string's bytes where they lie; lent until the next change of the store. */
export class StringView {
  bytes: Uint8Array = new Uint8Array(0);
  /** The memory that {@linkcode bytes} shows, for reading several bytes at a time. */
  data: DataView = new DataView(this.bytes.buffer);
  offset = 0;
  length = 0;

  /** Points the view at the value of a string entry. */
  point(arena: Arena, ref: number): this {
    const words = arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    const value = words[base + VALUE_WORD];
    if ((words[base + META_WORD] >>> STORAGE_SHIFT & 3) === Storage.INLINE) {
      this.lieIn(arena, ref >>> SEGMENT_OF_REF);
      this.offset = byteBase(ref) + ENTRY_KEY_OFFSET + words[base + 2];
      this.length = value;
    } else {
      this.lieIn(arena, value >>> SEGMENT_OF_REF);
      this.offset = byteBase(value) + BLOCK_HEADER_BYTES;
      this.length = arena.words[value >>> SEGMENT_OF_REF][wordBase(value)];
    }
    return this;
  }

  /** Most lie in the segment of the one before; comparing is cheaper than storing pointers. */
  private lieIn(arena: Arena, segment: number): void {
    const bytes = arena.bytes[segment];
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    this.data = arena.data[segment];
  }

  /** A copy to be kept. */
  copy(): Uint8Array {
    return this.bytes.slice(this.offset, this.offset + this.length);
  }

  view(): Uint8Array {
    return this.bytes.subarray(this.offset, this.offset + this.length);
  }
}

/** The encoding that Redis picks for a text that was set as a whole. */
export function stringEncoding(bytes: Uint8Array, offset: number, length: number): number {
  if (length <= INTEGER_BYTES && length > 0) {
    const first = bytes[offset];
    // Most values are told by their first byte not to be integers.
    if (first <= 57 && first >= 45 && isInteger(bytes, offset, length)) return Encoding.INT;
  }
  return textEncoding(length);
}

/** The encoding of a text that Redis keeps as text even when it is a number. */
export function textEncoding(length: number): number {
  return length <= EMBSTR_BYTES ? Encoding.EMBSTR : Encoding.RAW;
}

function isInteger(bytes: Uint8Array, offset: number, length: number): boolean {
  return !Number.isNaN(parseInteger(bytes, offset, length)) ||
    (length > 15 && parseBigInteger(bytes, offset, length) !== null);
}
