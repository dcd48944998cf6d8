/**
 * Values that are too large or too rich for a block of bytes: objects that keep their elements in
 * the arena and know how to give them back. An entry names its object by a number in a table, so
 * that entries stay bytes.
 */

import type { Arena } from "../structures/arena.ts";
import type { HashTable } from "../structures/hash_table.ts";
import type { HashExpiry } from "./hash/hash_expiry.ts";
import type { ValueLimits } from "./limits.ts";

/** What every such value can do; the types add their own. */
export interface StoredObject {
  /** Number of elements. */
  readonly size: number;
  /** What finds its elements by their bytes, if that is a table; see engine/prefetch.ts. */
  readonly table?: HashTable;
  /** Bytes that the value takes, in the arena and outside. */
  readonly memoryBytes: number;
  /**
   * Gives back about `elements` elements of a value that is out of use; true while there is more.
   * From the first call on, the value is good for nothing else.
   */
  drain(elements: number): boolean;
  /** A copy that shares nothing with the value. */
  copy(): StoredObject;
  /** Told that another entry holds the value from now on: after RENAME, MOVE or COPY. */
  entered?(holder: ValueHolder, ref: number): void;
}

/** What a database keeps about the values in it. */
export interface ValueHolder {
  /** The hashes with expiring fields. */
  readonly hashExpiry: HashExpiry;
}

/** What a type's access to an entry needs of the database that holds it. */
export interface ValueHome extends ValueHolder {
  readonly arena: Arena;
  readonly objects: ObjectTable;
  readonly limits: ValueLimits;
  /** Fields whose time is up to this are gone: now in Unix milliseconds, or -1 while loading. */
  readonly fieldsExpireUpTo: number;
  /**
   * An empty table in the arena, hashed with the store's secret key.
   *
   * @param keyOffset where a record's key begins, in bytes from its start.
   */
  newTable(keyOffset: number): HashTable;
  /** Ref of the block, or number of the object, that holds a collection's elements. */
  valueWordOf(ref: number): number;
  /** Notes where a collection's value lies now; what was there before is the caller's to free. */
  moveValue(ref: number, encoding: number, storage: number, value: number): void;
  /** Gives back an object that no entry holds any more. */
  discard(object: StoredObject): void;
}

/** The objects of a store, by the numbers that its entries hold. */
export class ObjectTable {
  private items: (StoredObject | null)[] = [];
  private free: number[] = [];

  /** Number of objects. */
  get count(): number {
    return this.items.length - this.free.length;
  }

  add(object: StoredObject): number {
    const index = this.free.pop();
    if (index === undefined) return this.items.push(object) - 1;
    this.items[index] = object;
    return index;
  }

  get(index: number): StoredObject {
    return this.items[index] as StoredObject;
  }

  /** Takes an object out of the table. */
  take(index: number): StoredObject {
    const object = this.items[index] as StoredObject;
    this.items[index] = null;
    this.free.push(index);
    return object;
  }

  /** Forgets all objects, whose memory is given back with the arena. */
  clear(): void {
    this.items = [];
    this.free = [];
  }
}
