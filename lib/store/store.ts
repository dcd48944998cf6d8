/** The numbered databases and what they share. */

import type { Random } from "../host/random.ts";
import { Database } from "./database.ts";
import type { StoreObserver } from "./database.ts";
import { StoreState } from "./store_state.ts";

export class Store {
  readonly state: StoreState;
  readonly databases: Database[] = [];

  constructor(random: Random, databases: number, observer: StoreObserver) {
    this.state = new StoreState(random);
    for (let i = 0; i < databases; i++) {
      this.databases.push(new Database(this.state, observer, i));
    }
  }

  /** Bytes of all entries, tables and indexes. */
  get usedBytes(): number {
    let total = this.state.arena.usedBytes;
    for (const db of this.databases) total += db.overheadBytes;
    return total;
  }

  get keyCount(): number {
    let total = 0;
    for (const db of this.databases) total += db.size;
    return total;
  }
}
