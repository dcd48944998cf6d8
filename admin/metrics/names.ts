/**
 * Which field of INFO is which metric. The names are those of redis_exporter
 * (https://github.com/oliver006/redis_exporter), so that dashboards and alerts made for it fit.
 *
 * Four of its names end in `_duration_sec`, which Prometheus's own lint refuses; here they end in
 * `_duration_seconds`. Counts that it declares against the convention of names (counters without
 * `_total`, gauges with it) have the type that their name asks for.
 */

export type MetricType = "counter" | "gauge";

/** A metric that one field of INFO gives. */
export interface FieldMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly section: string;
  readonly field: string;
  readonly help: string;
  /** What the field is multiplied by. */
  readonly factor: number;
}

type Row = readonly [name: string, field: string, help: string, factor?: number];

const COUNTERS: Readonly<Record<string, readonly Row[]>> = {
  stats: [
    ["redis_connections_received_total", "total_connections_received", "Connections accepted."],
    ["redis_commands_processed_total", "total_commands_processed", "Commands run."],
    ["redis_rejected_connections_total", "rejected_connections", "Connections over maxclients."],
    ["redis_net_input_bytes_total", "total_net_input_bytes", "Bytes that clients sent."],
    ["redis_net_output_bytes_total", "total_net_output_bytes", "Bytes that clients were sent."],
    ["redis_expired_keys_total", "expired_keys", "Keys removed because their time was up."],
    [
      "redis_expired_time_cap_reached_total",
      "expired_time_cap_reached_count",
      "Times that expiry had more to do than its time.",
    ],
    ["redis_evicted_keys_total", "evicted_keys", "Keys removed for lack of memory."],
    ["redis_keyspace_hits_total", "keyspace_hits", "Look-ups that found a key."],
    ["redis_keyspace_misses_total", "keyspace_misses", "Look-ups that found none."],
    ["redis_migrate_cached_sockets_total", "migrate_cached_sockets", "Connections of MIGRATE."],
  ],
  cpu: [
    ["redis_cpu_sys_seconds_total", "used_cpu_sys", "Processor time in the system."],
    ["redis_cpu_user_seconds_total", "used_cpu_user", "Processor time in the server's own code."],
    [
      "redis_cpu_sys_children_seconds_total",
      "used_cpu_sys_children",
      "Processor time of child processes in the system; there are none.",
    ],
    [
      "redis_cpu_user_children_seconds_total",
      "used_cpu_user_children",
      "Processor time of child processes; there are none.",
    ],
    [
      "redis_cpu_sys_main_thread_seconds_total",
      "used_cpu_sys_main_thread",
      "Processor time of the main thread in the system.",
    ],
    [
      "redis_cpu_user_main_thread_seconds_total",
      "used_cpu_user_main_thread",
      "Processor time of the main thread in the server's own code.",
    ],
  ],
};

const GAUGES: Readonly<Record<string, readonly Row[]>> = {
  server: [
    ["redis_uptime_in_seconds", "uptime_in_seconds", "Seconds since the server started."],
    ["redis_process_id", "process_id", "The server's process id."],
    ["redis_io_threads_active", "io_threads_active", "Whether further threads read and write."],
  ],
  clients: [
    ["redis_connected_clients", "connected_clients", "Clients that are connected."],
    ["redis_cluster_connections", "cluster_connections", "Connections of the cluster's bus."],
    ["redis_blocked_clients", "blocked_clients", "Clients that wait in a blocking command."],
    ["redis_tracking_clients", "tracking_clients", "Clients that are told of changed keys."],
    [
      "redis_clients_in_timeout_table",
      "clients_in_timeout_table",
      "Clients whose wait ends at some time.",
    ],
    [
      "redis_client_recent_max_input_buffer_bytes",
      "client_recent_max_input_buffer",
      "Largest buffer of a client's requests lately.",
    ],
    [
      "redis_client_recent_max_output_buffer_bytes",
      "client_recent_max_output_buffer",
      "Largest buffer of a client's replies lately.",
    ],
  ],
  memory: [
    ["redis_memory_used_bytes", "used_memory", "Bytes used for data and clients."],
    ["redis_memory_used_rss_bytes", "used_memory_rss", "Bytes that the process holds."],
    ["redis_memory_used_peak_bytes", "used_memory_peak", "The most that was used."],
    ["redis_memory_used_lua_bytes", "used_memory_lua", "Bytes of scripts' machines."],
    ["redis_memory_used_scripts_bytes", "used_memory_scripts", "Bytes of cached scripts."],
    ["redis_memory_used_overhead_bytes", "used_memory_overhead", "Bytes used beside the data."],
    ["redis_memory_used_startup_bytes", "used_memory_startup", "Bytes used by an empty server."],
    ["redis_memory_used_dataset_bytes", "used_memory_dataset", "Bytes used by the data."],
    ["redis_memory_max_bytes", "maxmemory", "The limit of memory, 0 for none."],
    ["redis_allocator_active_bytes", "allocator_active", "Bytes in pages that are in use."],
    ["redis_allocator_allocated_bytes", "allocator_allocated", "Bytes given out."],
    ["redis_allocator_resident_bytes", "allocator_resident", "Bytes held of the system."],
    ["redis_allocator_frag_ratio", "allocator_frag_ratio", "Bytes in pages to bytes given out."],
    ["redis_allocator_frag_bytes", "allocator_frag_bytes", "Bytes in pages and not given out."],
    ["redis_allocator_rss_ratio", "allocator_rss_ratio", "Bytes held to bytes in pages."],
    ["redis_allocator_rss_bytes", "allocator_rss_bytes", "Bytes held and not in pages."],
    ["redis_mem_fragmentation_ratio", "mem_fragmentation_ratio", "Bytes held to bytes used."],
    ["redis_mem_fragmentation_bytes", "mem_fragmentation_bytes", "Bytes held and not used."],
    ["redis_mem_clients_normal", "mem_clients_normal", "Bytes of ordinary clients."],
    ["redis_mem_clients_slaves", "mem_clients_slaves", "Bytes of replicas."],
    [
      "redis_mem_not_counted_for_eviction_bytes",
      "mem_not_counted_for_evict",
      "Bytes that the limit of memory does not count.",
    ],
    ["redis_lazyfree_pending_objects", "lazyfree_pending_objects", "Values still to be freed."],
    ["redis_active_defrag_running", "active_defrag_running", "Whether memory is rearranged."],
    ["redis_number_of_cached_scripts", "number_of_cached_scripts", "Scripts kept for EVALSHA."],
  ],
  persistence: [
    ["redis_loading_dump_file", "loading", "Whether data is being loaded."],
    [
      "redis_rdb_changes_since_last_save",
      "rdb_changes_since_last_save",
      "Changes since the last snapshot.",
    ],
    ["redis_rdb_bgsave_in_progress", "rdb_bgsave_in_progress", "Whether a snapshot is written."],
    [
      "redis_rdb_last_save_timestamp_seconds",
      "rdb_last_save_time",
      "When the last snapshot was made, in seconds since 1970.",
    ],
    [
      "redis_rdb_last_bgsave_duration_seconds",
      "rdb_last_bgsave_time_sec",
      "How long the last snapshot took; -1 for none.",
    ],
    [
      "redis_rdb_current_bgsave_duration_seconds",
      "rdb_current_bgsave_time_sec",
      "How long the current snapshot has taken; -1 for none.",
    ],
    ["redis_rdb_last_cow_size_bytes", "rdb_last_cow_size", "Bytes the last snapshot kept aside."],
    ["redis_aof_enabled", "aof_enabled", "Whether there is an append-only file."],
    ["redis_aof_rewrite_in_progress", "aof_rewrite_in_progress", "Whether it is rewritten."],
    ["redis_aof_rewrite_scheduled", "aof_rewrite_scheduled", "Whether it will be rewritten."],
    [
      "redis_aof_last_rewrite_duration_seconds",
      "aof_last_rewrite_time_sec",
      "How long the last rewrite took; -1 for none.",
    ],
    [
      "redis_aof_current_rewrite_duration_seconds",
      "aof_current_rewrite_time_sec",
      "How long the current rewrite has taken; -1 for none.",
    ],
    ["redis_aof_last_cow_size_bytes", "aof_last_cow_size", "Bytes the last rewrite kept aside."],
    ["redis_aof_current_size_bytes", "aof_current_size", "Size of the append-only file."],
    ["redis_aof_base_size_bytes", "aof_base_size", "Its size after the last rewrite."],
    ["redis_aof_pending_bio_fsync", "aof_pending_bio_fsync", "Syncs to the disk that wait."],
    ["redis_aof_delayed_fsync", "aof_delayed_fsync", "Writes that waited for a sync."],
    ["redis_module_fork_in_progress", "module_fork_in_progress", "Whether a module forked."],
    ["redis_module_fork_last_cow_size", "module_fork_last_cow_size", "Bytes copied for that."],
  ],
  stats: [
    [
      "redis_expired_stale_percentage",
      "expired_stale_perc",
      "Share of keys whose time is up and that are still there.",
    ],
    ["redis_latest_fork_seconds", "latest_fork_usec", "How long the last fork took.", 1e-6],
    ["redis_pubsub_channels", "pubsub_channels", "Channels with subscribers."],
    ["redis_pubsub_patterns", "pubsub_patterns", "Patterns with subscribers."],
    ["redis_slave_expires_tracked_keys", "slave_expires_tracked_keys", "Keys a replica expires."],
    ["redis_defrag_hits", "active_defrag_hits", "Values moved to rearrange memory."],
    ["redis_defrag_misses", "active_defrag_misses", "Values that were not moved for that."],
    ["redis_defrag_key_hits", "active_defrag_key_hits", "Keys moved to rearrange memory."],
    ["redis_defrag_key_misses", "active_defrag_key_misses", "Keys that were not moved for that."],
    ["redis_tracking_total_keys", "tracking_total_keys", "Keys whose readers are remembered."],
    ["redis_tracking_total_items", "tracking_total_items", "Readers that are remembered."],
    ["redis_tracking_total_prefixes", "tracking_total_prefixes", "Prefixes that are followed."],
    ["redis_unexpected_error_replies", "unexpected_error_replies", "Errors of the server's own."],
    ["redis_total_error_replies", "total_error_replies", "Error replies."],
    ["redis_dump_payload_sanitizations", "dump_payload_sanitizations", "Payloads checked deeply."],
    ["redis_total_reads_processed", "total_reads_processed", "Reads from sockets."],
    ["redis_total_writes_processed", "total_writes_processed", "Writes to sockets."],
    ["redis_io_threaded_reads_processed", "io_threaded_reads_processed", "Reads by threads."],
    ["redis_io_threaded_writes_processed", "io_threaded_writes_processed", "Writes by threads."],
    ["redis_replica_resyncs_full", "sync_full", "Full syncs of replicas."],
    ["redis_replica_partial_resync_accepted", "sync_partial_ok", "Partial syncs of replicas."],
    ["redis_replica_partial_resync_denied", "sync_partial_err", "Partial syncs refused."],
  ],
  replication: [
    ["redis_connected_slaves", "connected_slaves", "Replicas that are connected."],
    ["redis_master_repl_offset", "master_repl_offset", "Bytes of the replication stream."],
    ["redis_second_repl_offset", "second_repl_offset", "Offset to which the former id holds."],
    ["redis_repl_backlog_is_active", "repl_backlog_active", "Whether there is a backlog."],
    ["redis_replication_backlog_bytes", "repl_backlog_size", "Size of the backlog."],
    [
      "redis_repl_backlog_first_byte_offset",
      "repl_backlog_first_byte_offset",
      "Offset of the backlog's first byte.",
    ],
    ["redis_repl_backlog_history_bytes", "repl_backlog_histlen", "Bytes held in the backlog."],
    ["redis_slave_repl_offset", "slave_repl_offset", "Bytes of the stream that came in."],
    ["redis_slave_priority", "slave_priority", "The replica's priority in a failover."],
    ["redis_slave_read_only", "slave_read_only", "Whether the replica refuses writes."],
    [
      "redis_master_last_io_seconds_ago",
      "master_last_io_seconds_ago",
      "Seconds since the primary was heard of.",
    ],
    ["redis_master_sync_in_progress", "master_sync_in_progress", "Whether a full sync runs."],
  ],
  cluster: [["redis_cluster_enabled", "cluster_enabled", "Whether this is a cluster's node."]],
};

export const FIELD_METRICS: readonly FieldMetric[] = [
  ...rows("counter", COUNTERS),
  ...rows("gauge", GAUGES),
];

function rows(
  type: MetricType,
  sections: Readonly<Record<string, readonly Row[]>>,
): FieldMetric[] {
  return Object.entries(sections).flatMap(([section, metrics]) =>
    metrics.map(([name, field, help, factor = 1]) => ({ name, type, section, field, help, factor }))
  );
}
