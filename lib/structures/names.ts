/**
 * What has a name, found by the bytes of it: channels, consumers and their groups. The names come with
 * every request, and making a string to look one up took a tenth of an XREADGROUP: those used of late
 * are found by comparing bytes, at a place that a weak hash gives. A client who makes names fall
 * together there only falls back on the map. [hot]
 */

import * as byteStringModule from "../bytes/byte_string.ts";
import * as copyModule from "../bytes/copy.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { latin1 } = byteStringModule;
const { bytesOf } = copyModule;

const SMALLEST = 4;
/** Places for names used of late at most, and for each name. */
const LARGEST = 1024;
const PLACES_EACH = 4;

interface Named {
  readonly name: Uint8Array;
}

export class Names<T extends Named> {
  private readonly all = new Map<string, T>();
  private recent: (T | null)[] = new Array<T | null>(SMALLEST).fill(null);

  get size(): number {
    return this.all.size;
  }

  /** The one of that name; the bytes are lent. */
  find(data: DataView, offset: number, length: number): T | undefined {
    const place = hash(data, offset, length) & (this.recent.length - 1);
    const recent = this.recent[place];
    if (recent !== null && isName(recent.name, data, offset, length)) return recent;
    const found = this.all.get(latin1(bytesOf(data, offset, length)));
    if (found !== undefined) this.recent[place] = found;
    return found;
  }

  /** The same for a name with one character a byte. */
  get(name: string): T | undefined {
    return this.all.get(name);
  }

  /** Adds one whose name is free. */
  add(named: T): void {
    this.all.set(latin1(named.name), named);
    if (this.all.size * PLACES_EACH <= this.recent.length || this.recent.length === LARGEST) return;
    this.recent = new Array<T | null>(this.recent.length * 2).fill(null);
  }

  delete(named: T): void {
    this.all.delete(latin1(named.name));
    this.forget();
  }

  clear(): void {
    this.all.clear();
    this.forget();
  }

  /** The names, with one character a byte. */
  keys(): Iterable<string> {
    return this.all.keys();
  }

  values(): Iterable<T> {
    return this.all.values();
  }

  /** In the order of their names, as memcmp orders bytes. */
  sorted(): T[] {
    const names = [...this.all.keys()].sort((a, b) => a < b ? -1 : 1);
    return names.map((name) => this.all.get(name) as T);
  }

  private forget(): void {
    this.recent.fill(null);
  }
}

function isName(name: Uint8Array, data: DataView, offset: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== data.getUint8(offset + i)) return false;
  return true;
}

function hash(data: DataView, offset: number, length: number): number {
  let state = length;
  for (let i = 0; i < length; i++) state = (Math.imul(state, 31) + data.getUint8(offset + i)) | 0;
  return state ^ (state >>> 11);
}
