/**
 * Requests that repeat the one before them in a pipeline, with its name, number of arguments and
 * key, as those that push to one list: a command that can runs them in one go, so that what is the
 * same for all, the look-up above all, is done once. [hot]
 */

import type { Request } from "../resp/request.ts";
import * as entryModule from "../values/entry.ts";
import { noteOffsets } from "./acknowledgements.ts";
import type { Call } from "./call.ts";
import type { Context } from "./context.ts";
import type { Session } from "./session.ts";
import * as sessionModule from "./session.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { typeOf } = entryModule;
const { ReplyMode } = sessionModule;

/**
 * Runs such requests; argument 1 is the key of all of them. Must not throw, nor add or remove the
 * key: what it can't do is run one by one. Either all that it has run has changed something, which
 * `call.dirty` counts, or nothing has; the effects are the requests themselves.
 *
 * @returns where it has stopped: behind the last request that it has run, `from` if none.
 */
export type AlikeRunner = (
  call: Call,
  from: number,
  to: number,
  requests: readonly Request[],
) => number;

/** See {@linkcode lookUpAlike}. */
export const UNFIT = -1;

/**
 * Entry of the key of such requests, to be changed; 0 when there is none, {@linkcode UNFIT} when it
 * holds something else or they have another number of arguments.
 *
 * @param count of arguments, the name included.
 * @param type one of {@linkcode ValueType}.
 */
export function lookUpAlike(call: Call, count: number, type: number): number {
  if (call.count !== count) return UNFIT;
  const ref = call.lookUpWrite(1);
  return ref === 0 || typeOf(call.db.arena, ref) === type ? ref : UNFIT;
}

/** The same for requests that only read the key; leaves no trace, as {@linkcode noteReads} does. */
export function peekAlike(call: Call, count: number, type: number): number {
  if (call.count !== count) return UNFIT;
  const ref = call.peek(1);
  return ref === 0 || typeOf(call.db.arena, ref) === type ? ref : UNFIT;
}

/** Counts that so many requests have read the key, which is there. */
export function noteReads(call: Call, reads: number): void {
  if (reads === 0) return;
  call.lookUpRead(1);
  call.context.store.state.hits += reads - 1;
}

/** Replies null to requests that find no key; where they end. */
export function replyNullToAll({ reply }: Call, from: number, to: number): number {
  for (let i = from; i < to; i++) reply.null();
  return to;
}

/** Whether somebody sees each request, or each change, by itself. */
export function isObserved({ monitor, keyspace, store }: Context, { replyMode }: Session): boolean {
  return monitor.active || keyspace.observed || !store.state.stampsAccess ||
    replyMode !== ReplyMode.ON;
}

/** Where the requests end, from one of them on, that repeat each the one before it. */
export function endOfAlike(requests: readonly Request[], from: number, to: number): number {
  let end = from + 1;
  while (end < to && requests[end].repeatsKey) end++;
  return end;
}

/** Counts and propagates what requests have changed that were run in one go. */
export function propagateAlike(
  { context, session, db, dirty }: Call,
  requests: readonly Request[],
  from: number,
  to: number,
): void {
  const { propagation, stats } = context;
  stats.dirty += dirty;
  if (dirty > 0 && propagation.active) {
    for (let i = from; i < to; i++) propagation.emit(db.index, requests[i]);
  } else if (!propagation.unitOpen) return;
  // The key, or fields of it, may have been found past their time.
  if (propagation.unitOpen) propagation.endUnit();
  noteOffsets(context, session);
}
