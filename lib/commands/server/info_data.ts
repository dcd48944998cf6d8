/**
 * INFO about the data: sections Memory, Persistence and Keyspace.
 *
 * Fields of Redis that have no meaning of their own here, and what they say:
 *
 * | field | value |
 * |---|---|
 * | allocator_allocated | live objects of the runtime's heap, and our used bytes |
 * | allocator_active | the same with the free room of the heap |
 * | allocator_resident | the process's resident memory, as used_memory_rss; so rss_overhead is none |
 * | mem_fragmentation_… | resident against used memory; the runtime's own 50 MB are part of it |
 * | mem_allocator | `arena`, see lib/structures/arena.ts |
 * | used_memory_lua, …_vm_…, …_scripts, number_of_… | 0 while there is no script engine |
 * | mem_not_counted_for_evict, mem_replication_…, mem_cluster_links, mem_aof_buffer | 0: none of these buffers is there |
 * | active_defrag_running | 0: nothing has to be moved to give memory back |
 * | current_cow_…, current_fork_perc, …_cow_size, module_fork_… | 0: no process is forked |
 */

import type { Context } from "../../engine/context.ts";
import { type Field, humanBytes, percentage, type Section } from "./info_section.ts";
import { memoryFigures, netBytes, ratio } from "./memory_figures.ts";

const MEMORY: Section = {
  title: "Memory",
  isDefault: true,
  fields(context) {
    const { config, store } = context;
    const figures = memoryFigures(context);
    const system = context.host.process.totalSystemMemoryBytes;
    const limit = config.get("maxmemory");
    return [
      ...sized("used_memory", figures.used),
      ...sized("used_memory_rss", figures.resident),
      ...sized("used_memory_peak", figures.peak),
      ["used_memory_peak_perc", percentage(figures.used, figures.peak)],
      ["used_memory_overhead", figures.overhead],
      ["used_memory_startup", figures.startup],
      ["used_memory_dataset", figures.dataset],
      ["used_memory_dataset_perc", percentage(figures.dataset, netBytes(figures))],
      ["allocator_allocated", figures.allocated],
      ["allocator_active", figures.active],
      ["allocator_resident", figures.resident],
      ...sized("total_system_memory", system),
      ...SCRIPT_FIELDS,
      ...sized("maxmemory", limit),
      ["maxmemory_policy", config.get("maxmemory-policy")],
      ["allocator_frag_ratio", ratio(figures.active, figures.allocated).toFixed(2)],
      ["allocator_frag_bytes", figures.active - figures.allocated],
      ["allocator_rss_ratio", ratio(figures.resident, figures.active).toFixed(2)],
      ["allocator_rss_bytes", figures.resident - figures.active],
      ["rss_overhead_ratio", "1.00"],
      ["rss_overhead_bytes", 0],
      ["mem_fragmentation_ratio", ratio(figures.resident, figures.used).toFixed(2)],
      ["mem_fragmentation_bytes", figures.resident - figures.used],
      ["mem_not_counted_for_evict", 0],
      ["mem_replication_backlog", 0],
      ["mem_total_replication_buffers", 0],
      ["mem_clients_slaves", 0],
      ["mem_clients_normal", figures.clients],
      ["mem_cluster_links", 0],
      ["mem_aof_buffer", 0],
      ["mem_allocator", "arena"],
      ["active_defrag_running", 0],
      ["lazyfree_pending_objects", store.lazyFree.pendingObjects],
      ["lazyfreed_objects", store.lazyFree.freedObjects],
    ];
  },
};

function sized(name: string, bytes: number): Field[] {
  return [[name, bytes], [`${name}_human`, humanBytes(bytes)]];
}

const SCRIPT_FIELDS: readonly Field[] = [
  ["used_memory_lua", 0],
  ["used_memory_vm_eval", 0],
  ["used_memory_lua_human", humanBytes(0)],
  ["used_memory_scripts_eval", 0],
  ["number_of_cached_scripts", 0],
  ["number_of_functions", 0],
  ["number_of_libraries", 0],
  ["used_memory_vm_functions", 0],
  ...sized("used_memory_vm_total", 0),
  ["used_memory_functions", 0],
  ...sized("used_memory_scripts", 0),
];

/** Nothing was saved and nothing is being saved: snapshots and the append-only file bring the rest. */
const PERSISTENCE: Section = {
  title: "Persistence",
  isDefault: true,
  fields: (context: Context) => [
    ["loading", context.store.state.expires ? 0 : 1],
    ["async_loading", 0],
    ["current_cow_peak", 0],
    ["current_cow_size", 0],
    ["current_cow_size_age", 0],
    ["current_fork_perc", "0.00"],
    ["current_save_keys_processed", 0],
    ["current_save_keys_total", 0],
    ["rdb_changes_since_last_save", context.stats.dirty],
    ["rdb_bgsave_in_progress", 0],
    ["rdb_last_save_time", Math.floor(context.startedMs / 1000)],
    ["rdb_last_bgsave_status", "ok"],
    ["rdb_last_bgsave_time_sec", -1],
    ["rdb_current_bgsave_time_sec", -1],
    ["rdb_saves", 0],
    ["rdb_last_cow_size", 0],
    ["rdb_last_load_keys_expired", 0],
    ["rdb_last_load_keys_loaded", 0],
    ["aof_enabled", 0],
    ["aof_rewrite_in_progress", 0],
    ["aof_rewrite_scheduled", 0],
    ["aof_last_rewrite_time_sec", -1],
    ["aof_current_rewrite_time_sec", -1],
    ["aof_last_bgrewrite_status", "ok"],
    ["aof_rewrites", 0],
    ["aof_rewrites_consecutive_failures", 0],
    ["aof_last_write_status", "ok"],
    ["aof_last_cow_size", 0],
    ["module_fork_in_progress", 0],
    ["module_fork_last_cow_size", 0],
  ],
};

const KEYSPACE: Section = {
  title: "Keyspace",
  isDefault: true,
  fields: ({ store }) =>
    store.databases.filter((db) => db.size > 0).map((db) => [
      `db${db.index}`,
      `keys=${db.size},expires=${db.expiry.count},avg_ttl=${
        db.expiry.averageTtl(store.state.now)
      }` +
      // Redis shows the hashes with expiring fields from 7.4 on: here only where there are some.
      (db.hashExpiry.count === 0 ? "" : `,subexpiry=${db.hashExpiry.count}`),
    ]),
};

export const DATA_SECTIONS: readonly Section[] = [MEMORY, PERSISTENCE, KEYSPACE];
