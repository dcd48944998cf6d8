/**
 * Finds commands by the bytes of a name, whatever their case, without making a string: an
 * open-addressed table at most a quarter full, so that the first probe nearly always decides. It
 * needs no secret hash key because clients cannot add names to it. [hot]
 */
export class NameTable<Value> {
  private values: (Value | undefined)[] = [];
  /** The names in lower case, one after the other; a slot's name is a run of them. */
  private names: Uint8Array = new Uint8Array(0);
  private offsets: Int32Array = new Int32Array(0);
  private lengths: Int32Array = new Int32Array(0);
  private mask = 0;

  constructor(entries: Iterable<readonly [name: string, value: Value]>) {
    const list = [...entries];
    let capacity = 8;
    while (capacity < list.length * 4) capacity *= 2;
    this.values = new Array<Value | undefined>(capacity).fill(undefined);
    this.names = new Uint8Array(list.reduce((sum, [name]) => sum + name.length, 0));
    this.offsets = new Int32Array(capacity);
    this.lengths = new Int32Array(capacity);
    this.mask = capacity - 1;
    let end = 0;
    for (const [name, value] of list) {
      const start = end;
      for (let i = 0; i < name.length; i++) this.names[end++] = lower(name.charCodeAt(i));
      this.insert(start, name.length, value);
    }
  }

  /** The value under a name, given as bytes in any case. */
  find(bytes: Uint8Array, offset: number, length: number): Value | undefined {
    let slot = hash(bytes, offset, length) & this.mask;
    for (;;) {
      const value = this.values[slot];
      if (value === undefined) return undefined;
      if (
        this.lengths[slot] === length && this.isNameAt(this.offsets[slot], bytes, offset, length)
      ) {
        return value;
      }
      slot = (slot + 1) & this.mask;
    }
  }

  private isNameAt(at: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const names = this.names;
    for (let i = 0; i < length; i++) {
      const byte = bytes[offset + i];
      if (byte !== names[at + i] && lower(byte) !== names[at + i]) return false;
    }
    return true;
  }

  private insert(start: number, length: number, value: Value): void {
    let slot = hash(this.names, start, length) & this.mask;
    while (this.values[slot] !== undefined) slot = (slot + 1) & this.mask;
    this.values[slot] = value;
    this.offsets[slot] = start;
    this.lengths[slot] = length;
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Setting bit 5 folds the case of letters; that it changes other bytes as well does no harm. */
function hash(bytes: Uint8Array, offset: number, length: number): number {
  let state = length;
  const end = offset + length;
  for (let i = offset; i < end; i++) state = (Math.imul(state, 31) + (bytes[i] | 0x20)) | 0;
  return state ^ (state >>> 15);
}
