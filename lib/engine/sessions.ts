/** All sessions of an engine, by id; the ids are those of CLIENT ID. */

import type { Database } from "../store/database.ts";
import { Session } from "./session.ts";

export class Sessions {
  private nextId = 1;
  private readonly byId: Map<number, Session> = new Map();

  open(db: Database, nowMs: number): Session {
    const session = new Session(this.nextId++, db, nowMs);
    this.byId.set(session.id, session);
    return session;
  }

  close(session: Session): void {
    this.byId.delete(session.id);
  }

  get(id: number): Session | undefined {
    return this.byId.get(id);
  }

  /** In the order of their ids, oldest first. */
  all(): Iterable<Session> {
    return this.byId.values();
  }

  get count(): number {
    return this.byId.size;
  }
}
