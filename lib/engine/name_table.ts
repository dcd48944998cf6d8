/**
 * Finds commands by the bytes of a name, whatever their case, without making a string: an
 * open-addressed table at most a quarter full, so that the first probe nearly always decides. It
 * needs no secret hash key because clients cannot add names to it.
 *
 * A name is told by its first and its last four bytes, which overlap or meet in most names, as two
 * words; only of longer ones is the middle compared as well. [hot]
 */

/** Names up to this long lie within their first and last word. */
const TWO_WORDS_BYTES = 8;

export class NameTable<Value> {
  private values: (Value | undefined)[] = [];
  /** The names in lower case, one after the other; a slot's name is a run of them. */
  private names: Uint8Array = new Uint8Array(0);
  private offsets: Int32Array = new Int32Array(0);
  /** 0 in an empty slot. */
  private lengths: Int32Array = new Int32Array(0);
  private firsts: Int32Array = new Int32Array(0);
  private lasts: Int32Array = new Int32Array(0);
  private mask = 0;
  // The name found last, as its words were given: in pipelines most are followed by the same one.
  private lastLength = 0;
  private lastFirst = 0;
  private lastLast = 0;
  private lastValue: Value | undefined = undefined;

  constructor(entries: Iterable<readonly [name: string, value: Value]>) {
    const list = [...entries];
    let capacity = 8;
    while (capacity < list.length * 4) capacity *= 2;
    this.values = new Array<Value | undefined>(capacity).fill(undefined);
    this.names = new Uint8Array(list.reduce((sum, [name]) => sum + name.length, 0));
    this.offsets = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
    this.firsts = new Int32Array(capacity);
    this.lasts = new Int32Array(capacity);
    this.mask = capacity - 1;
    let end = 0;
    for (const [name, value] of list) {
      const start = end;
      for (let i = 0; i < name.length; i++) this.names[end++] = lower(name.charCodeAt(i));
      this.insert(start, name.length, value);
    }
  }

  /** The value under a name, given as bytes in any case. */
  find(data: DataView, offset: number, length: number): Value | undefined {
    const first = firstWord(data, offset, length);
    const last = lastWord(data, offset, length);
    if (first === this.lastFirst && last === this.lastLast && length === this.lastLength) {
      return this.lastValue;
    }
    const slot = this.slotOf(lowerWord(first), lowerWord(last), data, offset, length);
    const value = this.values[slot];
    if (length <= TWO_WORDS_BYTES) {
      this.lastLength = length;
      this.lastFirst = first;
      this.lastLast = last;
      this.lastValue = value;
    }
    return value;
  }

  /** Where a name is, or else an empty slot; its words are given in lower case. */
  private slotOf(
    first: number,
    last: number,
    data: DataView,
    offset: number,
    length: number,
  ): number {
    const { lengths, firsts, lasts } = this;
    let slot = hash(first, last) & this.mask;
    for (;;) {
      const found = lengths[slot];
      if (
        found === length && firsts[slot] === first && lasts[slot] === last &&
        (length <= TWO_WORDS_BYTES || this.hasMiddle(this.offsets[slot], data, offset, length))
      ) return slot;
      if (found === 0) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  /** Whether the bytes between first and last word are those of the name at an offset. */
  private hasMiddle(at: number, data: DataView, offset: number, length: number): boolean {
    const { names } = this;
    for (let i = 4; i < length - 4; i++) {
      if (lower(data.getUint8(offset + i)) !== names[at + i]) return false;
    }
    return true;
  }

  private insert(start: number, length: number, value: Value): void {
    const data = new DataView(this.names.buffer);
    const first = lowerWord(firstWord(data, start, length));
    const last = lowerWord(lastWord(data, start, length));
    const slot = this.slotOf(first, last, data, start, length);
    this.values[slot] = value;
    this.offsets[slot] = start;
    this.lengths[slot] = length;
    this.firsts[slot] = first;
    this.lasts[slot] = last;
  }
}

/** The first four bytes; of a shorter name all of them. */
function firstWord(data: DataView, offset: number, length: number): number {
  if (length >= 4) return data.getInt32(offset, true);
  if (length === 3) return data.getUint16(offset, true) | data.getUint8(offset + 2) << 16;
  return length === 2 ? data.getUint16(offset, true) : length === 1 ? data.getUint8(offset) : 0;
}

/** The last four bytes; 0 for a shorter name. */
function lastWord(data: DataView, offset: number, length: number): number {
  return length >= 4 ? data.getInt32(offset + length - 4, true) : 0;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Four bytes at a time: within the low seven bits of each, both sums carry into the highest one. */
function lowerWord(word: number): number {
  const low = word & 0x7f7f7f7f;
  const fromA = (low + 0x3f3f3f3f) | 0;
  const beyondZ = (low + 0x25252525) | 0;
  const upper = (fromA ^ beyondZ) & ~word & 0x80808080;
  return word | upper >>> 2;
}

function hash(first: number, last: number): number {
  const mixed = Math.imul(first ^ Math.imul(last, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ mixed >>> 15;
}
