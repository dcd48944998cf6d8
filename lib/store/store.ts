/** The numbered databases and what they share. */

import type { Random } from "../host/random.ts";
import { Database, exchangeContents } from "./database.ts";
import type { StoreObserver } from "./database.ts";
import { LazyFree } from "./lazy_free.ts";
import { StoreState } from "./store_state.ts";

export class Store {
  readonly state: StoreState;
  readonly lazyFree: LazyFree;
  readonly databases: Database[] = [];

  constructor(random: Random, databases: number, observer: StoreObserver) {
    this.state = new StoreState(random);
    this.lazyFree = new LazyFree(this.state);
    for (let i = 0; i < databases; i++) {
      this.databases.push(new Database(this.state, observer, i));
    }
  }

  /**
   * Removes every key of every database and says how many there were. Where nothing else lies in
   * the arena it is given back as a whole, which takes no time however many keys there were.
   */
  clear(): number {
    const count = this.keyCount;
    const { arena } = this.state;
    if (arena.isShared) {
      for (const db of this.databases) db.clear();
    } else {
      for (const db of this.databases) db.detach();
      this.state.objects.clear();
      this.state.discarded.length = 0;
      arena.reset();
    }
    return count;
  }

  /** Lets two databases change what they hold; their numbers, and who uses them, stay. */
  swap(a: number, b: number): void {
    exchangeContents(this.databases[a], this.databases[b]);
  }

  /** Bytes of all entries, tables and indexes. */
  get usedBytes(): number {
    const { arena } = this.state;
    let total = arena.usedBytes + arena.outsideBytes;
    for (const db of this.databases) total += db.overheadBytes;
    return total;
  }

  get keyCount(): number {
    let total = 0;
    for (const db of this.databases) total += db.size;
    return total;
  }
}
