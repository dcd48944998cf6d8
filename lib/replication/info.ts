/** INFO's section about replication. */

import type { Context } from "../engine/context.ts";
import type { Failover } from "./failover.ts";
import type { History } from "./history.ts";
import type { PrimaryLink } from "./primary_link.ts";
import type { Replicas } from "./replicas.ts";

type Field = readonly [string, string | number];

/** What the section tells of. */
export interface ReplicationParts {
  readonly history: History;
  readonly replicas: Replicas;
  readonly link: PrimaryLink | null;
  readonly failovers: Failover;
}

export function replicationInfo(parts: ReplicationParts, context: Context): Field[] {
  const { history, replicas, link, failovers } = parts;
  const { config, host } = context;
  const nowMs = host.clock.unixMs();
  const { backlog } = history;
  const minimum = config.get("min-replicas-to-write");
  const maxLag = config.get("min-replicas-max-lag");
  return [
    ["role", link === null ? "master" : "slave"],
    ...(link === null ? [] : linkFields(history.place, link, context, nowMs)),
    ["connected_slaves", replicas.all.length],
    ...(minimum > 0 && maxLag > 0
      ? [["min_slaves_good_slaves", replicas.goodCount(nowMs, maxLag)] as const]
      : []),
    ...replicas.info(nowMs),
    ["master_failover_state", failovers.state],
    ["master_replid", history.id],
    ["master_replid2", history.secondId],
    ["master_repl_offset", history.place],
    ["second_repl_offset", history.secondOffset],
    ["repl_backlog_active", backlog === null ? 0 : 1],
    ["repl_backlog_size", config.get("repl-backlog-size")],
    ["repl_backlog_first_byte_offset", backlog === null ? 0 : backlog.first + 1],
    ["repl_backlog_histlen", backlog === null ? 0 : backlog.committed - backlog.first],
  ];
}

function linkFields(
  place: number,
  link: PrimaryLink,
  { config }: Context,
  nowMs: number,
): Field[] {
  const { transfer } = link;
  return [
    ["master_host", link.host],
    ["master_port", link.port],
    ["master_link_status", link.isUp ? "up" : "down"],
    ["master_last_io_seconds_ago", link.isUp ? link.silentSeconds : -1],
    ["master_sync_in_progress", link.state === "sync" ? 1 : 0],
    ["slave_read_repl_offset", link.stream?.readOffset ?? place],
    ["slave_repl_offset", place],
    ...(transfer === null ? [] : [
      ["master_sync_total_bytes", Math.max(0, transfer.totalBytes)],
      ["master_sync_read_bytes", transfer.receivedBytes],
      ["master_sync_left_bytes", Math.max(0, transfer.totalBytes) - transfer.receivedBytes],
      [
        "master_sync_perc",
        transfer.totalBytes <= 0
          ? "0.00"
          : (transfer.receivedBytes * 100 / transfer.totalBytes).toFixed(2),
      ],
      ["master_sync_last_io_seconds_ago", link.silentSeconds],
    ] satisfies Field[]),
    ...(link.isUp ? [] : [
      ["master_link_down_since_seconds", Math.floor((nowMs - link.downSinceMs) / 1000)] as const,
    ]),
    ["slave_priority", config.get("replica-priority")],
    ["slave_read_only", config.get("replica-read-only") ? 1 : 0],
    ["replica_announced", config.get("replica-announced") ? 1 : 0],
  ];
}
