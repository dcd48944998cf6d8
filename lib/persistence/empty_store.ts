/** What DEBUG RELOAD and DEBUG LOADAOF do before they load: the data go, and nothing passes it on. */

import type { Context } from "../engine/context.ts";

/** Forgets all keys; who watches or tracks any hears of it, and a snapshot that runs keeps them. */
export function emptyStore({ store, keyspace, tracking }: Context): void {
  for (const db of store.databases) if (db.size > 0) keyspace.flushed(db);
  tracking.emptied();
  store.clear();
}
