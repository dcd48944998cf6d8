/**
 * What a test has left behind in a server: data that will stay, and clients that are in the middle of
 * something. In sentences, for the message of the test that fails.
 */

import { matchGlob } from "../bytes/glob.ts";
import type { Database } from "../store/database.ts";
import { EXPIRY_WORD, readWord, TYPE_NAMES, typeOf, ValueType } from "../values/entry.ts";
import type { Stream } from "../values/stream/stream.ts";
import type { Context } from "./context.ts";
import type { Session } from "./session.ts";

const text = new TextDecoder();

/** What counts as left behind. */
export interface CleanOptions {
  /**
   * `expiring`, the default: keys that expire are none of it; `none`: every key is; `any`: no key.
   */
  readonly keys?: "expiring" | "none" | "any";
  /** Glob patterns of keys that may be there. */
  readonly except?: readonly string[];
  /** Channels and patterns that clients are subscribed to; true unless given. */
  readonly subscriptions?: boolean;
  /** Entries of streams that a group has delivered and nobody acknowledged; true unless given. */
  readonly pendingEntries?: boolean;
  /** Clients in MULTI, and those that watch keys; true unless given. */
  readonly transactions?: boolean;
  /** Clients whose command waits: BLPOP, WAIT, CLIENT PAUSE; true unless given. */
  readonly blockedClients?: boolean;
  /** Clients that are connected at all; false unless given. */
  readonly connections?: boolean;
  /** Faults that are in; true unless given. */
  readonly faults?: boolean;
}

/** Lines of one kind that are listed one by one. */
const MOST_LISTED = 20;

/** What is left behind, a line each; empty when the server is clean. */
export function findLeftovers(context: Context, options: CleanOptions): string[] {
  const { transactions, faults } = context;
  const lines = [...keyLines(context, options)];
  for (const session of context.sessions.all()) {
    if (session.link !== null) lines.push(...clientLines(session, options));
  }
  if (options.transactions !== false && transactions.watchingSessions > 0) {
    lines.push(`${transactions.watchingSessions} client(s) watch keys (WATCH)`);
  }
  if (options.faults !== false && faults.count > 0) {
    lines.push(`${faults.count} fault(s) are still in`);
  }
  return lines;
}

function keyLines(context: Context, options: CleanOptions): string[] {
  const { keys = "expiring", except = [] } = options;
  const patterns = except.map((pattern) => new TextEncoder().encode(pattern));
  const left: string[] = [];
  const pending: string[] = [];
  for (const db of context.store.databases) {
    db.table.forEach((ref) => {
      const key = db.keyOf(ref);
      if (patterns.some((pattern) => matches(pattern, key)) || db.isExpired(ref)) return;
      const type = typeOf(db.arena, ref);
      const expires = readWord(db.arena, ref, EXPIRY_WORD) !== 0;
      if (keys === "none" || (keys === "expiring" && !expires)) {
        left.push(`key ${named(db, key)} (${TYPE_NAMES[type]})${expires ? ", which expires" : ""}`);
      }
      if (type === ValueType.STREAM && options.pendingEntries !== false) {
        pending.push(...pendingLines(db, ref));
      }
    });
  }
  return [...listed(left, "keys"), ...listed(pending, "groups with pending entries")];
}

function pendingLines(db: Database, ref: number): string[] {
  const groups = (db.objectOf(ref) as Stream).groups();
  return groups.filter((group) => group.pendingCount > 0).map((group) =>
    `stream ${named(db, db.keyOf(ref))}: ${group.pendingCount} pending entries in group ` +
    JSON.stringify(text.decode(group.name))
  );
}

function clientLines(session: Session, options: CleanOptions): string[] {
  const { subscriptions, queue } = session;
  const lines: string[] = [];
  if (options.connections === true) lines.push("is connected");
  if (options.subscriptions !== false && subscriptions !== null && subscriptions.total > 0) {
    const names = subscriptions.names.flatMap((kind) => [...kind]);
    lines.push(`is subscribed to ${names.map((name) => JSON.stringify(name)).join(", ")}`);
  }
  if (options.transactions !== false && queue !== null) {
    lines.push(`is in MULTI with ${queue.count} command(s) queued`);
  }
  if (options.blockedClients !== false && session.isBlocked) {
    lines.push(`waits in ${session.lastCommand?.name ?? "a command"}`);
  }
  return lines.map((line) => `${clientName(session)} ${line}`);
}

function clientName(session: Session): string {
  const name = session.name === "" ? "" : ` ${JSON.stringify(session.name)}`;
  return `client ${session.id}${name}`;
}

function named(db: Database, key: Uint8Array): string {
  const shown = JSON.stringify(text.decode(key));
  return db.index === 0 ? shown : `${shown} in database ${db.index}`;
}

function listed(lines: readonly string[], kind: string): string[] {
  if (lines.length <= MOST_LISTED) return [...lines];
  const more = `and ${lines.length - MOST_LISTED} more ${kind}`;
  return [...lines.slice(0, MOST_LISTED), more];
}

function matches(pattern: Uint8Array, key: Uint8Array): boolean {
  return matchGlob(pattern, 0, pattern.length, key, 0, key.length, false);
}
