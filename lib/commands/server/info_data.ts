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
 * | used_memory_lua, used_memory_vm_… | what Lua's values take; its memory as a whole is larger |
 * | mem_not_counted_for_evict | 0: what does not count is not in used_memory either |
 * | mem_cluster_links, mem_aof_buffer | 0: none of these buffers is there |
 * | active_defrag_running | 0: nothing has to be moved to give memory back |
 * | current_cow_peak, current_cow_size | bytes of a snapshot that wait to be written: most, and now |
 * | current_fork_perc | the share of keys that a snapshot under way has written |
 * | rdb_last_cow_size | the most bytes that waited while the last snapshot was written |
 * | aof_last_cow_size | the same of the last rewrite |
 * | current_cow_size_age, module_fork_… | 0: no process is forked |
 */

import type { Context } from "../../engine/context.ts";
import type { ScriptFigures } from "../../engine/scripts.ts";
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
      ...scriptFields(context.scripts.figures),
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
      ["mem_replication_backlog", figures.backlog],
      ["mem_total_replication_buffers", figures.stream],
      ["mem_clients_slaves", figures.replicas],
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

function scriptFields(figures: ScriptFigures): readonly Field[] {
  const { cachedBytes, functionBytes, evalMachineBytes, functionMachineBytes } = figures;
  return [
    ["used_memory_lua", evalMachineBytes],
    ["used_memory_vm_eval", evalMachineBytes],
    ["used_memory_lua_human", humanBytes(evalMachineBytes)],
    ["used_memory_scripts_eval", cachedBytes],
    ["number_of_cached_scripts", figures.cachedScripts],
    ["number_of_functions", figures.functions],
    ["number_of_libraries", figures.libraries],
    ["used_memory_vm_functions", functionMachineBytes],
    ...sized("used_memory_vm_total", evalMachineBytes + functionMachineBytes),
    ["used_memory_functions", functionBytes],
    ...sized("used_memory_scripts", cachedBytes + functionBytes),
  ];
}

/** Nothing was saved and nothing is being saved: snapshots and the append-only file bring the rest. */
const PERSISTENCE: Section = {
  title: "Persistence",
  isDefault: true,
  fields: (context: Context) => [
    ["loading", context.loading.isActive && !context.loading.isAsync ? 1 : 0],
    ["async_loading", context.loading.isAsync ? 1 : 0],
    ["current_cow_peak", context.persistence?.figures.waitingPeakBytes ?? 0],
    ["current_cow_size", context.persistence?.figures.waitingBytes ?? 0],
    ["current_cow_size_age", 0],
    ["current_fork_perc", savedPercentage(context)],
    ...snapshotFields(context),
    ["rdb_last_cow_size", context.persistence?.figures.lastPeakBytes ?? 0],
    ["rdb_last_load_keys_expired", context.loading.lastKeysExpired],
    ["rdb_last_load_keys_loaded", context.loading.lastKeysLoaded],
    ...appendOnlyFields(context),
    ["module_fork_in_progress", 0],
    ["module_fork_last_cow_size", 0],
    ...openFileFields(context),
    ...loadingFields(context),
  ],
};

function appendOnlyFields({ appendOnly }: Context): Field[] {
  const figures = appendOnly?.figures;
  return [
    ["aof_enabled", figures?.isOn === true ? 1 : 0],
    ["aof_rewrite_in_progress", figures?.isRewriting === true ? 1 : 0],
    ["aof_rewrite_scheduled", figures?.isRewriteScheduled === true ? 1 : 0],
    ["aof_last_rewrite_time_sec", figures?.lastRewriteSeconds ?? -1],
    ["aof_current_rewrite_time_sec", figures?.currentRewriteSeconds ?? -1],
    ["aof_last_bgrewrite_status", figures?.lastRewriteStatus ?? "ok"],
    ["aof_rewrites", figures?.rewrites ?? 0],
    ["aof_rewrites_consecutive_failures", figures?.consecutiveFailures ?? 0],
    ["aof_last_write_status", figures?.lastWriteStatus ?? "ok"],
    ["aof_last_cow_size", figures?.lastRewritePeakBytes ?? 0],
  ];
}

/** What Redis tells only while the append-only file is on, behind all else. */
function openFileFields({ appendOnly }: Context): Field[] {
  const figures = appendOnly?.figures;
  if (figures === undefined || !figures.isOn) return [];
  return [
    ["aof_current_size", figures.currentBytes],
    ["aof_base_size", figures.baseBytes],
    ["aof_pending_rewrite", figures.isRewriteScheduled ? 1 : 0],
    ["aof_buffer_length", figures.pendingBytes],
    ["aof_pending_bio_fsync", figures.isSyncing ? 1 : 0],
    ["aof_delayed_fsync", figures.delayedSyncs],
  ];
}

/** How far loading is, while it goes on. */
function loadingFields({ loading }: Context): Field[] {
  if (!loading.isActive) return [];
  return [
    ["loading_start_time", Math.floor(loading.startedMs / 1000)],
    ["loading_total_bytes", loading.totalBytes],
    ["loading_rdb_used_mem", loading.writerUsedBytes],
    ["loading_loaded_bytes", loading.loadedBytes],
    ["loading_loaded_perc", loading.percent.toFixed(2)],
    ["loading_eta_seconds", loading.etaSeconds],
  ];
}

function savedPercentage({ persistence }: Context): string {
  const { keysDone, keysTotal } = persistence?.figures ?? { keysDone: 0, keysTotal: 0 };
  return (keysTotal === 0 ? 0 : keysDone * 100 / keysTotal).toFixed(2);
}

function snapshotFields(context: Context): Field[] {
  const figures = context.persistence?.figures;
  const startedSeconds = Math.floor(context.startedMs / 1000);
  return [
    ["current_save_keys_processed", figures?.keysDone ?? 0],
    ["current_save_keys_total", figures?.keysTotal ?? 0],
    ["rdb_changes_since_last_save", context.stats.dirty],
    ["rdb_bgsave_in_progress", figures?.isSaving === true ? 1 : 0],
    ["rdb_last_save_time", figures?.lastSaveSeconds ?? startedSeconds],
    ["rdb_last_bgsave_status", figures?.lastStatus ?? "ok"],
    ["rdb_last_bgsave_time_sec", figures?.lastDurationSeconds ?? -1],
    ["rdb_current_bgsave_time_sec", figures?.currentDurationSeconds ?? -1],
    ["rdb_saves", figures?.saves ?? 0],
  ];
}

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
