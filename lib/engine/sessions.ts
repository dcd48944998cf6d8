/** All sessions of an engine, by id; the ids are those of CLIENT ID. */

import type { Database } from "../store/database.ts";
import { Session } from "./session.ts";

export class Sessions {
  private nextId = 1;
  private readonly byId: Map<number, Session> = new Map();
  private readonly leavers: ((session: Session) => void)[] = [];

  open(db: Database, nowMs: number): Session {
    const session = new Session(this.nextId++, db, nowMs);
    this.byId.set(session.id, session);
    return session;
  }

  close(session: Session): void {
    this.byId.delete(session.id);
    for (const leave of this.leavers) leave(session);
  }

  /** Has `leave` called for each session that is closed, by parts that know sessions. */
  whenClosed(leave: (session: Session) => void): void {
    this.leavers.push(leave);
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
