/**
 * Keys of a writable replica to which its own clients gave an expiry. Their primary knows nothing of
 * them and will never say DEL, so the replica has to remove them itself.
 *
 * A key is noted when its expiry is set, and looked at when that time comes: what has become of it
 * meanwhile, by clients or by the primary, shows then.
 */

import type { Clock } from "../host/clock.ts";
import { dataOf } from "../bytes/copy.ts";
import { latin1 } from "../bytes/byte_string.ts";
import type { EntryTable } from "../store/entry_table.ts";
import type { Store } from "../store/store.ts";
import { keyCopy } from "../values/entry.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import type { Keyspace } from "./keyspace.ts";

/** Keys removed between two looks at the clock. */
const KEYS_PER_LOOK = 32;

interface OwnKey extends Deadline {
  readonly db: number;
  readonly key: Uint8Array;
}

export class OwnKeys {
  private readonly byName: Map<string, OwnKey> = new Map();
  private readonly deadlines: Deadlines<OwnKey> = new Deadlines();

  constructor(private readonly store: Store, private readonly keyspace: Keyspace) {
    keyspace.ownKeys = this;
  }

  /** How many are waited for (`slave_expires_tracked_keys`). */
  get count(): number {
    return this.byName.size;
  }

  /** A client has given an entry an expiry, or another one. */
  note(db: EntryTable, ref: number): void {
    this.add(db.index, keyCopy(db.arena, ref), db.expiryOf(ref));
  }

  /** The replica has become a primary, or has other data. */
  forget(): void {
    for (const own of this.byName.values()) this.deadlines.remove(own);
    this.byName.clear();
  }

  /** Removes those that are due by the time of the open turn, for about `budgetMs` at most. */
  tick(budgetMs: number, clock: Clock): void {
    if (this.count === 0) return;
    const { state } = this.store;
    const endMs = clock.monotonicMs() + budgetMs;
    let looks = 0;
    for (let { first } = this.deadlines; first !== undefined; { first } = this.deadlines) {
      if (first.dueMs > state.now || !state.expires || state.isHeld) return;
      this.look(first);
      if (++looks % KEYS_PER_LOOK === 0 && clock.monotonicMs() >= endMs) return;
    }
  }

  private look(own: OwnKey): void {
    this.deadlines.remove(own);
    this.byName.delete(nameOf(own.db, own.key));
    const { store } = this;
    const db = store.databases[own.db];
    const ref = db.entryOf(dataOf(own.key), 0, own.key.length);
    const time = ref === 0 ? -1 : db.expiryOf(ref);
    if (time === -1) return;
    if (time > store.state.now) this.add(own.db, own.key, time);
    else this.keyspace.expired(db, ref);
  }

  private add(db: number, key: Uint8Array, dueMs: number): void {
    const name = nameOf(db, key);
    const before = this.byName.get(name);
    if (before !== undefined) this.deadlines.remove(before);
    const own: OwnKey = { db, key, dueMs, order: 0, place: -1 };
    this.byName.set(name, own);
    this.deadlines.add(own);
  }
}

function nameOf(db: number, key: Uint8Array): string {
  return `${db} ${latin1(key)}`;
}
