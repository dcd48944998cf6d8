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
    const { lengths, firsts, lasts } = this;
    const first = firstWord(data, offset, length);
    const last = lastWord(data, offset, length);
    let slot = hash(first, last) & this.mask;
    for (;;) {
      const found = lengths[slot];
      if (
        found === length && firsts[slot] === first && lasts[slot] === last &&
        (length <= TWO_WORDS_BYTES || this.hasMiddle(this.offsets[slot], data, offset, length))
      ) return this.values[slot];
      if (found === 0) return undefined;
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
    const first = firstWord(data, start, length);
    const last = lastWord(data, start, length);
    let slot = hash(first, last) & this.mask;
    while (this.lengths[slot] !== 0) slot = (slot + 1) & this.mask;
    this.values[slot] = value;
    this.offsets[slot] = start;
    this.lengths[slot] = length;
    this.firsts[slot] = first;
    this.lasts[slot] = last;
  }
}

/** The first four bytes in lower case; of a shorter name all of them. */
function firstWord(data: DataView, offset: number, length: number): number {
  if (length >= 4) return lowerWord(data.getInt32(offset, true));
  let word = 0;
  for (let i = length - 1; i >= 0; i--) word = word << 8 | data.getUint8(offset + i);
  return lowerWord(word);
}

/** The last four bytes in lower case; 0 for a shorter name. */
function lastWord(data: DataView, offset: number, length: number): number {
  return length >= 4 ? lowerWord(data.getInt32(offset + length - 4, true)) : 0;
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
