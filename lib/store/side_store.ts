/**
 * Databases beside those of a store, in the same memory: data that is to take the place of what the
 * store has, all of it at one instant, or is given up.
 */

import { Database, exchangeContents, type StoreObserver } from "./database.ts";
import type { Store } from "./store.ts";
import type { StoreState } from "./store_state.ts";

export class SideStore {
  readonly state: StoreState;
  readonly databases: Database[];

  constructor(private readonly store: Store, observer: StoreObserver) {
    this.state = store.state;
    this.state.arena.join();
    this.databases = store.databases.map(({ index }) => new Database(this.state, observer, index));
  }

  /**
   * Gives the store what is here, and takes what it had.
   *
   * @param exchanged told of each database, with what it held before.
   */
  exchange(exchanged: (db: Database, before: Database) => void): void {
    for (const db of this.store.databases) exchangeContents(db, this.databases[db.index]);
    for (const db of this.store.databases) exchanged(db, this.databases[db.index]);
  }

  /** Frees what is here, bit by bit; nothing else may be done afterwards. */
  free(): void {
    for (const db of this.databases) this.store.lazyFree.add(db.detach());
    this.state.arena.leave();
  }
}
