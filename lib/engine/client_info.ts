/**
 * A client in one line, as CLIENT LIST, CLIENT INFO and the log show it: fields and their order
 * are those of Redis 7.2.
 */

import type { Request } from "../resp/request.ts";
import { frameBytes, headerBytes } from "../structures/bulk_frame.ts";
import { Gate, type Session } from "./session.ts";
import { Topic, type TopicKind } from "./subscriptions.ts";
import type { TrackingState } from "./tracking_state.ts";

const REPLY_BUFFER_BYTES = 16 * 1024;

/**
 * The line, without its end.
 *
 * @param nowMs Unix time in milliseconds.
 * @param running the request that the session runs at this moment, if it does.
 */
export function clientInfo(session: Session, nowMs: number, running?: Request): string {
  const { link } = session;
  const ends = link ?? session.primary;
  const open = link?.outputBytes ?? 0;
  // Redis has a buffer of this size for each client, and a list for what does not fit.
  const inBuffer = Math.min(open, REPLY_BUFFER_BYTES);
  const listed = (link?.queuedBytes ?? 0) + open - inBuffer;
  const fields: readonly (readonly [string, string | number])[] = [
    ["id", session.id],
    ["addr", ends?.remoteAddress ?? "?:0"],
    ["laddr", ends?.localAddress ?? "?:0"],
    // The runtime does not tell which file a socket is.
    ["fd", -1],
    ["name", session.name],
    ["age", seconds(nowMs - session.createdMs)],
    ["idle", seconds(nowMs - session.lastActiveMs)],
    ["flags", clientFlags(session)],
    ["db", session.db.index],
    ["sub", subscriptions(session, Topic.CHANNEL)],
    ["psub", subscriptions(session, Topic.PATTERN)],
    ["ssub", subscriptions(session, Topic.SHARD_CHANNEL)],
    ["multi", session.queue?.count ?? -1],
    ["qbuf", link === null ? 0 : link.queryBytes + requestBytes(running)],
    ["qbuf-free", link?.queryFreeBytes ?? 0],
    ["argv-mem", running === undefined ? 0 : argumentBytes(running)],
    ["multi-mem", session.queue?.memoryBytes ?? 0],
    ["rbs", link?.replyBufferBytes ?? 0],
    ["rbp", link?.replyBufferPeak ?? 0],
    ["obl", inBuffer],
    ["oll", (link?.queuedBuffers ?? 0) + (open > inBuffer ? 1 : 0)],
    ["omem", listed],
    ["tot-mem", link?.memoryBytes ?? 0],
    ["events", inBuffer + listed > 0 ? "rw" : "r"],
    ["cmd", session.lastCommand?.lowerName ?? "NULL"],
    // A primary's stream is subject to nobody's rights.
    ["user", session.primary === null ? session.user : "(superuser)"],
    ["redir", session.tracking?.isOn === true ? session.tracking.redirect : -1],
    ["resp", session.reply.protocol],
    ["lib-name", session.libraryName],
    ["lib-ver", session.libraryVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
}

/** One letter for each thing that is special about the client; N when nothing is. */
export function clientFlags(session: Session): string {
  const letters = (session.kind === "replica" ? "S" : "") +
    (session.isTrusted ? "M" : "") +
    ((session.gate & Gate.MONITOR) !== 0 ? "O" : "") +
    ((session.gate & Gate.SUBSCRIBED) !== 0 ? "P" : "") +
    ((session.gate & Gate.IN_MULTI) !== 0 ? "x" : "") +
    (session.isBlocked ? "b" : "") +
    (session.tracking === null ? "" : trackingFlags(session.tracking)) +
    (session.hasDirtyWatch ? "d" : "") +
    (session.closing ? "c" : "") +
    (session.link?.isUnixSocket === true ? "U" : "") +
    (session.noEvict ? "e" : "") +
    (session.noTouch ? "T" : "");
  return letters === "" ? "N" : letters;
}

function trackingFlags({ isOn, isBroken, options }: TrackingState): string {
  return (isOn ? "t" : "") + (isBroken ? "R" : "") + (options.isBroadcast ? "B" : "");
}

/** What a request takes in the query buffer, where Redis keeps it while it runs. */
function requestBytes(request: Request | undefined): number {
  if (request === undefined) return 0;
  let bytes = headerBytes(request.count);
  for (let i = 0; i < request.count; i++) bytes += frameBytes(request.lengths[i]);
  return bytes;
}

function subscriptions(session: Session, topic: TopicKind): number {
  return session.subscriptions?.names[topic].size ?? 0;
}

function seconds(durationMs: number): number {
  return Math.max(0, Math.floor(durationMs / 1000));
}

function argumentBytes(request: Request): number {
  let total = 0;
  for (let i = 0; i < request.count; i++) total += request.lengths[i];
  return total;
}
