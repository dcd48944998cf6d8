/**
 * INFO about what was counted: sections Stats, Commandstats, Errorstats and Latencystats.
 *
 * Fields of Redis that have no meaning of their own here, and what they say:
 *
 * | field | value |
 * |---|---|
 * | expired_stale_perc | 0: the expiry index knows every key that is due, none is estimated |
 * | latest_fork_usec | 0: no process is forked |
 * | total_forks | background jobs (a save, a rewrite, a snapshot for replicas), for which Redis forks |
 * | active_defrag_…, total_active_defrag_time … | 0: nothing has to be moved to give memory back |
 * | io_threaded_…_processed | 0: there are no such threads |
 * | reply_buffer_shrinks, reply_buffer_expands | 0: buffers come from a pool and go back to it |
 */

import type { CommandSpec } from "../../engine/command_spec.ts";
import type { Context } from "../../engine/context.ts";
import { Topic } from "../../engine/subscriptions.ts";
import type { Field, Section } from "./info_section.ts";

const STATS: Section = {
  title: "Stats",
  isDefault: true,
  fields(context) {
    const { stats, pubsub, tracking, replication } = context;
    return [
      ["total_connections_received", stats.connectionsReceived],
      ["total_commands_processed", stats.commandsProcessed],
      ["instantaneous_ops_per_sec", Math.floor(context.rates.commandsPerSecond)],
      ...trafficFields(context),
      ["rejected_connections", stats.connectionsRejected],
      ["sync_full", replication?.counts.fullSyncs ?? 0],
      ["sync_partial_ok", replication?.counts.partialSyncs ?? 0],
      ["sync_partial_err", replication?.counts.partialSyncsRefused ?? 0],
      ...keyFields(context),
      ["pubsub_channels", pubsub.count(Topic.CHANNEL)],
      ["pubsub_patterns", pubsub.count(Topic.PATTERN)],
      ["pubsubshard_channels", pubsub.count(Topic.SHARD_CHANNEL)],
      ["latest_fork_usec", 0],
      ["total_forks", context.persistence?.figures.jobs ?? 0],
      ["migrate_cached_sockets", context.migration?.keptLinks ?? 0],
      ["slave_expires_tracked_keys", context.ownKeys.count],
      ["active_defrag_hits", 0],
      ["active_defrag_misses", 0],
      ["active_defrag_key_hits", 0],
      ["active_defrag_key_misses", 0],
      ["total_active_defrag_time", 0],
      ["current_active_defrag_time", 0],
      ["tracking_total_keys", tracking.keyCount],
      ["tracking_total_items", tracking.itemCount],
      ["tracking_total_prefixes", tracking.prefixCount],
      ["unexpected_error_replies", stats.unexpectedErrors],
      ["total_error_replies", stats.errorReplies],
      ["dump_payload_sanitizations", 0],
      ["total_reads_processed", stats.reads],
      ["total_writes_processed", stats.writes],
      ["io_threaded_reads_processed", 0],
      ["io_threaded_writes_processed", 0],
      ["reply_buffer_shrinks", 0],
      ["reply_buffer_expands", 0],
    ];
  },
};

function trafficFields({ stats, rates, replication }: Context): Field[] {
  return [
    ["total_net_input_bytes", stats.inputBytes],
    ["total_net_output_bytes", stats.outputBytes],
    ["total_net_repl_input_bytes", replication?.counts.inputBytes ?? 0],
    ["total_net_repl_output_bytes", replication?.counts.outputBytes ?? 0],
    ["instantaneous_input_kbps", (rates.inputPerSecond / 1024).toFixed(2)],
    ["instantaneous_output_kbps", (rates.outputPerSecond / 1024).toFixed(2)],
    ["instantaneous_input_repl_kbps", (rates.replicationInputPerSecond / 1024).toFixed(2)],
    ["instantaneous_output_repl_kbps", (rates.replicationOutputPerSecond / 1024).toFixed(2)],
  ];
}

function keyFields({ stats, store, peaks, host, scripts }: Context): Field[] {
  const nowMs = host.clock.unixMs();
  return [
    ["expired_keys", stats.expiredKeys],
    ["expired_subkeys", stats.expiredFields],
    ["expired_stale_perc", "0.00"],
    ["expired_time_cap_reached_count", stats.expireTimeCapReached],
    ["expire_cycle_cpu_milliseconds", Math.floor(stats.expireCycleMs)],
    ["evicted_keys", stats.evictedKeys],
    ["evicted_scripts", scripts.figures.evictedScripts],
    ["evicted_clients", stats.evictedClients],
    ["total_eviction_exceeded_time", peaks.totalExceededMs(nowMs)],
    ["current_eviction_exceeded_time", peaks.currentExceededMs(nowMs)],
    ["keyspace_hits", store.state.hits],
    ["keyspace_misses", store.state.misses],
  ];
}

const COMMAND_STATS: Section = {
  title: "Commandstats",
  isDefault: false,
  fields: ({ commands }) =>
    [...commands.allWithSubcommands()].filter(wasCalled).map((spec) => [
      `cmdstat_${spec.lowerName}`,
      commandFigures(spec),
    ]),
};

function wasCalled({ stats }: CommandSpec): boolean {
  return stats.calls > 0 || stats.rejected > 0 || stats.failed > 0;
}

function commandFigures({ stats }: CommandSpec): string {
  const each = stats.calls === 0 ? 0 : stats.microseconds / stats.calls;
  return `calls=${stats.calls},usec=${Math.floor(stats.microseconds)},` +
    `usec_per_call=${
      each.toFixed(2)
    },rejected_calls=${stats.rejected},failed_calls=${stats.failed}`;
}

const ERROR_STATS: Section = {
  title: "Errorstats",
  isDefault: true,
  fields: ({ stats }) =>
    [...stats.errorCodes].sort(([a], [b]) => a < b ? -1 : 1).map(([code, count]) => [
      `errorstat_${code.replace(/[#:\r\n]/g, "_")}`,
      `count=${count}`,
    ]),
};

const LATENCY_STATS: Section = {
  title: "Latencystats",
  isDefault: false,
  fields({ commands, config }) {
    if (!config.get("latency-tracking")) return [];
    const percents = config.get("latency-tracking-info-percentiles");
    const fields: Field[] = [];
    for (const { lowerName, stats } of commands.allWithSubcommands()) {
      const { histogram } = stats;
      if (histogram === null) continue;
      const times = percents.map((percent) =>
        `p${percent}=${histogram.percentile(percent).toFixed(3)}`
      );
      fields.push([`latency_percentiles_usec_${lowerName}`, times.join(",")]);
    }
    return fields;
  },
};

export const COUNTER_SECTIONS: readonly Section[] = [
  STATS,
  COMMAND_STATS,
  ERROR_STATS,
  LATENCY_STATS,
];
