/**
 * The home of values for who only reads them to save them: all fields of hashes are there, those
 * past their time included, as they were at the cut. Who loads them drops them, as with keys.
 */

import { invariant } from "../../host/invariant.ts";
import type { Store } from "../../store/store.ts";
import type { Arena } from "../../structures/arena.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import { readWord, VALUE_WORD } from "../../values/entry.ts";
import { HashExpiry } from "../../values/hash/hash_expiry.ts";
import type { ValueLimits } from "../../values/limits.ts";
import type { ObjectTable, ValueHome } from "../../values/value.ts";

export class SavedHome implements ValueHome {
  readonly arena: Arena;
  readonly objects: ObjectTable;
  readonly limits: ValueLimits;
  readonly fieldsExpireUpTo = -1;
  readonly hashExpiry = new HashExpiry();

  constructor(private readonly store: Store) {
    this.arena = store.state.arena;
    this.objects = store.state.objects;
    this.limits = store.state.limits;
  }

  newTable(keyOffset: number): HashTable {
    return this.store.state.newTable(keyOffset);
  }

  valueWordOf(ref: number): number {
    return readWord(this.arena, ref, VALUE_WORD);
  }

  moveValue(): void {
    invariant(false, "snapshot: a value changed while it was saved");
  }

  discard(): void {
    invariant(false, "snapshot: a value was dropped while it was saved");
  }
}
