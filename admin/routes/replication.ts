/**
 * `GET /api/v1/replication`: who is primary and who follows, how far each is and how far behind. All of
 * it is what ROLE and INFO say.
 */

import type { InfoObject, InfoSection } from "../figures.ts";
import { infoSection } from "../figures.ts";
import { reportValue } from "../reply_json.ts";
import { route } from "../route.ts";

export interface ReplicaShown {
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly offset: number;
  /** Seconds since it was heard of. */
  readonly lagSeconds: number;
  /** Bytes of the stream that it has not acknowledged. */
  readonly lagBytes: number;
}

export const replicationRoute = route({
  path: "/api/v1/replication",
  summary: "Shows the role, the replicas with their offsets and lag, or the link to the primary.",
  handle(asked) {
    using commands = asked.commands();
    const info = infoSection(commands, "replication");
    const role = reportValue(commands.run("ROLE"));
    const isPrimary = info.role === "master";
    const offset = Number(info.master_repl_offset ?? 0);
    return asked.c.json({
      role: isPrimary ? "primary" : "replica",
      offset,
      replicationId: info.master_replid ?? null,
      replicas: replicasOf(info, offset),
      primary: isPrimary ? null : {
        address: info.master_host ?? null,
        port: info.master_port ?? null,
        link: info.master_link_status ?? null,
        offset: info.slave_repl_offset ?? null,
        lastHeardSeconds: info.master_last_io_seconds_ago ?? null,
        isSyncing: info.master_sync_in_progress === 1,
      },
      backlog: {
        isActive: info.repl_backlog_active === 1,
        sizeBytes: info.repl_backlog_size ?? 0,
        heldBytes: info.repl_backlog_histlen ?? 0,
        firstOffset: info.repl_backlog_first_byte_offset ?? 0,
      },
      roleReply: role,
      info,
    });
  },
});

/** The replicas that INFO lists. */
export function replicasOf(info: InfoSection, offset: number): ReplicaShown[] {
  const replicas: ReplicaShown[] = [];
  for (let i = 0; info[`slave${i}`] !== undefined; i++) {
    const fields = info[`slave${i}`] as InfoObject;
    const reached = Number(fields.offset ?? 0);
    replicas.push({
      address: String(fields.ip ?? ""),
      port: Number(fields.port ?? 0),
      state: String(fields.state ?? ""),
      offset: reached,
      lagSeconds: Number(fields.lag ?? 0),
      lagBytes: Math.max(0, offset - reached),
    });
  }
  return replicas;
}
