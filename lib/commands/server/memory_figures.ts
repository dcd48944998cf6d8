/**
 * What the memory of the server is spent on, for INFO, MEMORY STATS and MEMORY DOCTOR.
 *
 * "Used" is what `maxmemory` counts: our own bytes in the arena, tables and client buffers, but not
 * the replication stream. The process needs more: the runtime itself is some 50 MB before the first
 * key.
 */

import type { Context } from "../../engine/context.ts";
import type { Database } from "../../store/database.ts";

/** All in bytes. */
export interface MemoryFigures {
  readonly used: number;
  readonly peak: number;
  /** Of an engine without data and clients. */
  readonly startup: number;
  /** Of the process, as the operating system counts it. */
  readonly resident: number;
  /** Buffers of all clients but replicas. */
  readonly clients: number;
  /** Buffers of replicas, and what of the replication stream is kept for the slow among them. */
  readonly replicas: number;
  /** The replication stream as a whole, and of that what is kept for those who come back. */
  readonly stream: number;
  readonly backlog: number;
  /** Everything that is no data: startup, tables, clients. */
  readonly overhead: number;
  readonly dataset: number;
  /** Live objects of the runtime's heap and our used bytes. */
  readonly allocated: number;
  /** The runtime's heap with its free room and our used bytes. */
  readonly active: number;
  readonly keys: number;
}

export function memoryFigures(context: Context): MemoryFigures {
  const { memory, store, sessions, host, peaks, startupBytes: startup } = context;
  const process = host.process.memory();
  const stream = context.replication?.counts.backlogBytes ?? 0;
  const backlog = Math.min(stream, context.config.get("repl-backlog-size"));
  let clients = 0;
  let replicas = 0;
  let areReplicas = false;
  for (const { link, kind } of sessions.all()) {
    if (kind !== "replica") clients += link?.memoryBytes ?? 0;
    else {
      replicas += link?.memoryBytes ?? 0;
      areReplicas = true;
    }
  }
  if (areReplicas) replicas += stream - backlog;
  const used = memory.usedBytes;
  let tables = 0;
  for (const db of store.databases) tables += db.overheadBytes;
  const overhead = Math.min(used, Math.max(startup, tables) + memory.otherBytes);
  return {
    used,
    peak: peaks.peakBytes,
    startup,
    resident: process.rssBytes,
    clients,
    replicas,
    stream,
    backlog,
    overhead,
    dataset: used - overhead,
    allocated: process.heapUsedBytes + used,
    active: process.heapTotalBytes + used,
    keys: store.keyCount,
  };
}

/** Used bytes beyond those of an empty engine: what percentages of the data refer to. */
export function netBytes(figures: MemoryFigures): number {
  return Math.max(0, figures.used - figures.startup);
}

/** A ratio that is 1 where there is nothing to compare with. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

/** Bytes of the tables of one database: of its keys, and of those that expire. */
export function tableBytes(db: Database): { readonly main: number; readonly expires: number } {
  return { main: db.table.slotBytes, expires: db.expiry.memoryBytes };
}
