/**
 * A home for one value that is being loaded: a record that looks like an entry and is under no key.
 * Types whose access needs an entry build their value in it; what comes of it is taken out as a
 * whole, or given back.
 */

import type { Arena } from "../structures/arena.ts";
import type { HashTable } from "../structures/hash_table.ts";
import {
  encodingOf,
  ENTRY_KEY_OFFSET,
  META_WORD,
  metaWord,
  readWord,
  storageOf,
  VALUE_WORD,
  writeWord,
} from "./entry.ts";
import { HashExpiry } from "./hash/hash_expiry.ts";
import type { ValueLimits } from "./limits.ts";
import type { ObjectTable, StoredObject, ValueHome } from "./value.ts";
import { type LooseValue, release } from "./value_codec.ts";

export class ValueDraft implements ValueHome {
  readonly arena: Arena;
  readonly objects: ObjectTable;
  readonly limits: ValueLimits;
  /** What expires in a draft is not looked after before it is under a key. */
  readonly hashExpiry: HashExpiry = new HashExpiry();
  /** In a draft nothing is past its time: whoever loads it decides what is left out. */
  readonly fieldsExpireUpTo = -1;
  /** The record, in place of an entry's ref. */
  readonly ref: number;

  /** @param value where the empty value is that the draft begins with. */
  constructor(private readonly home: ValueHome, private readonly type: number, value: LooseValue) {
    this.arena = home.arena;
    this.objects = home.objects;
    this.limits = home.limits;
    this.ref = home.arena.allocate(ENTRY_KEY_OFFSET);
    this.moveValue(this.ref, value.encoding, value.storage, value.value);
  }

  newTable(keyOffset: number): HashTable {
    return this.home.newTable(keyOffset);
  }

  valueWordOf(ref: number): number {
    return readWord(this.arena, ref, VALUE_WORD);
  }

  moveValue(ref: number, encoding: number, storage: number, value: number): void {
    writeWord(this.arena, ref, META_WORD, metaWord(this.type, encoding, storage, 0));
    writeWord(this.arena, ref, VALUE_WORD, value);
  }

  discard(object: StoredObject): void {
    this.home.discard(object);
  }

  /** Takes the value, of so many elements, out; the draft is of no use any more. */
  take(size: number): LooseValue {
    const { arena, ref, type } = this;
    const loose = {
      type,
      encoding: encodingOf(arena, ref),
      storage: storageOf(arena, ref),
      value: this.valueWordOf(ref),
      size,
    };
    arena.free(ref);
    return loose;
  }

  /** Gives back draft and value. */
  drop(): void {
    release(this.home, this.take(0));
  }
}
