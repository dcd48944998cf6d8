/** A store used by text, with an observer that does what the engine's does and keeps count. */

import { dataOf } from "../../../lib/bytes/copy.ts";
import { latin1, utf8 } from "../../../lib/bytes/byte_string.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import type { Database, StoreObserver } from "../../../lib/store/database.ts";
import { Store } from "../../../lib/store/store.ts";
import { encodingOf } from "../../../lib/values/entry.ts";
import { stringEncoding } from "../../../lib/values/string/string.ts";

export class TextStore implements StoreObserver {
  readonly store: Store;
  /** Keys that expired, in their order. */
  readonly expiredKeys: string[] = [];
  /** Fields that expired, as `key field`, in their order. */
  readonly expiredFields: string[] = [];
  readonly preservedKeys: string[] = [];
  /** Whether tables that are detached are kept, as by a snapshot. */
  keepsTables = false;

  constructor(databases = 2, private readonly keepExpiredKeys = true) {
    this.store = new Store(new SeededRandom(1), databases, this);
    this.store.state.setNow(1_700_000_000_000);
  }

  expired(db: Database, ref: number): void {
    if (this.keepExpiredKeys) this.expiredKeys.push(latin1(db.keyOf(ref)));
    db.remove(ref);
  }

  fieldsExpired(db: Database, ref: number, fields: readonly Uint8Array[], emptied: boolean): void {
    for (const field of fields) {
      this.expiredFields.push(`${latin1(db.keyOf(ref))} ${latin1(field)}`);
    }
    if (emptied) db.remove(ref);
  }

  keyMissed(): void {}
  keyAdded(): void {}
  ownExpiry(): void {}

  keepsDetached(): boolean {
    return this.keepsTables;
  }

  keepsRemoved(db: Database, ref: number): boolean {
    this.beforeChange(db, ref);
    return false;
  }

  postponesChange(): boolean {
    return false;
  }

  beforeChange(db: Database, ref: number): void {
    this.preservedKeys.push(latin1(db.keyOf(ref)));
  }

  db(index = 0): Database {
    return this.store.databases[index];
  }

  find(db: Database, key: string): number {
    const bytes = utf8(key);
    return db.lookUpWrite(dataOf(bytes), 0, bytes.length);
  }

  set(db: Database, key: string, value: Uint8Array): number {
    const bytes = utf8(key);
    const encoding = stringEncoding(value, 0, value.length);
    const ref = this.find(db, key);
    return db.setString(
      ref,
      dataOf(bytes),
      0,
      bytes.length,
      dataOf(value),
      0,
      value.length,
      encoding,
    );
  }

  get(db: Database, key: string): Uint8Array | null {
    const ref = this.find(db, key);
    return ref === 0 ? null : db.stringOf(ref).copy();
  }

  resize(db: Database, key: string, length: number): number {
    const ref = this.find(db, key);
    return db.resizeString(ref, length, encodingOf(db.arena, ref));
  }

  rename(from: Database, key: string, to: Database, newKey: string): number {
    const bytes = utf8(newKey);
    return from.moveEntry(this.find(from, key), to, dataOf(bytes), 0, bytes.length);
  }

  copy(from: Database, key: string, to: Database, newKey: string): number {
    const bytes = utf8(newKey);
    return from.copyEntry(this.find(from, key), to, dataOf(bytes), 0, bytes.length);
  }
}
