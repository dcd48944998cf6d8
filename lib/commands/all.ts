/** The list of every command, by group of COMMAND DOCS; nothing registers itself by being imported. */

import type { CommandDefinition } from "../engine/command.ts";
import { BITFIELD_COMMANDS } from "./bitmap/bitfield.ts";
import { BITOP_COMMANDS } from "./bitmap/bitop.ts";
import { BIT_COMMANDS } from "./bitmap/bits.ts";
import { AUTH_COMMANDS } from "./connection/auth.ts";
import { BASICS_COMMANDS } from "./connection/basics.ts";
import { CLIENT_COMMANDS } from "./connection/client.ts";
import { CLIENT_KILL_COMMANDS } from "./connection/client_kill.ts";
import { CLIENT_MODES_COMMANDS } from "./connection/client_modes.ts";
import { CLIENT_TRACKING_COMMANDS } from "./connection/client_tracking.ts";
import { COPY_DUMP_COMMANDS } from "./generic/copy_dump.ts";
import { EXPIRY_COMMANDS } from "./generic/expiry.ts";
import { KEYS_COMMANDS } from "./generic/keys.ts";
import { MIGRATE_COMMANDS } from "./generic/migrate.ts";
import { OBJECT_COMMANDS } from "./generic/object.ts";
import { SCAN_COMMANDS } from "./generic/scan.ts";
import { SORT_COMMANDS } from "./generic/sort.ts";
import { WAIT_COMMANDS } from "./generic/wait.ts";
import { PLACE_COMMANDS } from "./geo/places.ts";
import { GEO_SEARCH_COMMANDS } from "./geo/search.ts";
import { HASH_COUNTER_COMMANDS } from "./hash/counters.ts";
import { HASH_FIELD_EXPIRY_COMMANDS } from "./hash/field_expiry.ts";
import { HASH_FIELD_OPTION_COMMANDS } from "./hash/field_options.ts";
import { HASH_FIELD_COMMANDS } from "./hash/fields.ts";
import { HASH_LISTING_COMMANDS } from "./hash/listing.ts";
import { HYPERLOGLOG_COMMANDS } from "./hyperloglog/counting.ts";
import { HYPERLOGLOG_DEBUG_COMMANDS } from "./hyperloglog/debugging.ts";
import { LIST_ACCESS_COMMANDS } from "./list/access.ts";
import { LIST_BLOCKING_COMMANDS } from "./list/blocking.ts";
import { MOVE_COMMANDS } from "./list/move.ts";
import { PUSH_POP_COMMANDS } from "./list/push_pop.ts";
import { EVAL_COMMANDS } from "./scripting/eval.ts";
import { FUNCTION_COMMANDS } from "./scripting/function.ts";
import { SCRIPT_COMMANDS } from "./scripting/script.ts";
import { APPEND_ONLY_COMMANDS } from "./server/append_only.ts";
import { COMMAND_COMMANDS } from "./server/command.ts";
import { CONFIG_COMMANDS } from "./server/config.ts";
import { DATABASE_COMMANDS } from "./server/databases.ts";
import { DEBUG_COMMANDS } from "./server/debug.ts";
import { INFO_COMMANDS } from "./server/info.ts";
import { LATENCY_COMMANDS } from "./server/latency.ts";
import { LIFECYCLE_COMMANDS } from "./server/lifecycle.ts";
import { LOLWUT_COMMANDS } from "./server/lolwut.ts";
import { MEMORY_COMMANDS } from "./server/memory.ts";
import { PERSISTENCE_COMMANDS } from "./server/persistence.ts";
import { REPLICATION_COMMANDS } from "./server/replication.ts";
import { RESTORE_ASKING_COMMANDS } from "./server/restore_asking.ts";
import { SLOW_LOG_COMMANDS } from "./server/slow_log.ts";
import { PUBLISH_COMMANDS } from "./pubsub/publish.ts";
import { SUBSCRIBE_COMMANDS } from "./pubsub/subscribe.ts";
import { SET_ALGEBRA_COMMANDS } from "./set/algebra.ts";
import { MEMBER_COMMANDS } from "./set/members.ts";
import { SET_RANDOM_SCAN_COMMANDS } from "./set/random_scan.ts";
import { ADD_REMOVE_COMMANDS } from "./sorted_set/add_remove.ts";
import { SORTED_SET_ALGEBRA_COMMANDS } from "./sorted_set/algebra.ts";
import { SORTED_SET_BLOCKING_COMMANDS } from "./sorted_set/blocking.ts";
import { POP_COMMANDS } from "./sorted_set/pop.ts";
import { SORTED_SET_RANDOM_SCAN_COMMANDS } from "./sorted_set/random_scan.ts";
import { SORTED_SET_RANGE_COMMANDS } from "./sorted_set/range.ts";
import { RANGE_REMOVE_COMMANDS } from "./sorted_set/range_remove.ts";
import { RANK_COUNT_COMMANDS } from "./sorted_set/rank_count.ts";
import { TRANSACTION_COMMANDS } from "./transactions/transactions.ts";
import { APPEND_TRIM_COMMANDS } from "./stream/append_trim.ts";
import { GROUP_COMMANDS } from "./stream/groups.ts";
import { STREAM_INFO_COMMANDS } from "./stream/info.ts";
import { PENDING_COMMANDS } from "./stream/pending.ts";
import { READ_COMMANDS } from "./stream/read.ts";
import { COUNTER_COMMANDS } from "./string/counters.ts";
import { GET_SET_COMMANDS } from "./string/get_set.ts";
import { LCS_COMMANDS } from "./string/lcs.ts";
import { MANY_KEYS_COMMANDS } from "./string/many_keys.ts";
import { RANGE_COMMANDS } from "./string/ranges.ts";

export const COMMANDS: Readonly<Record<string, readonly CommandDefinition[]>> = {
  scripting: [...EVAL_COMMANDS, ...SCRIPT_COMMANDS, ...FUNCTION_COMMANDS],
  bitmap: [...BIT_COMMANDS, ...BITOP_COMMANDS, ...BITFIELD_COMMANDS],
  connection: [
    ...BASICS_COMMANDS,
    ...AUTH_COMMANDS,
    ...CLIENT_COMMANDS,
    ...CLIENT_KILL_COMMANDS,
    ...CLIENT_MODES_COMMANDS,
    ...CLIENT_TRACKING_COMMANDS,
  ],
  generic: [
    ...KEYS_COMMANDS,
    ...EXPIRY_COMMANDS,
    ...SCAN_COMMANDS,
    ...OBJECT_COMMANDS,
    ...COPY_DUMP_COMMANDS,
    ...MIGRATE_COMMANDS,
    ...SORT_COMMANDS,
    ...WAIT_COMMANDS,
  ],
  hyperloglog: [...HYPERLOGLOG_COMMANDS, ...HYPERLOGLOG_DEBUG_COMMANDS],
  hash: [
    ...HASH_FIELD_COMMANDS,
    ...HASH_COUNTER_COMMANDS,
    ...HASH_LISTING_COMMANDS,
    ...HASH_FIELD_EXPIRY_COMMANDS,
    ...HASH_FIELD_OPTION_COMMANDS,
  ],
  list: [
    ...PUSH_POP_COMMANDS,
    ...LIST_ACCESS_COMMANDS,
    ...MOVE_COMMANDS,
    ...LIST_BLOCKING_COMMANDS,
  ],
  pubsub: [...SUBSCRIBE_COMMANDS, ...PUBLISH_COMMANDS],
  server: [
    ...APPEND_ONLY_COMMANDS,
    ...COMMAND_COMMANDS,
    ...CONFIG_COMMANDS,
    ...DATABASE_COMMANDS,
    ...DEBUG_COMMANDS,
    ...INFO_COMMANDS,
    ...LATENCY_COMMANDS,
    ...LIFECYCLE_COMMANDS,
    ...REPLICATION_COMMANDS,
    ...LOLWUT_COMMANDS,
    ...MEMORY_COMMANDS,
    ...PERSISTENCE_COMMANDS,
    ...RESTORE_ASKING_COMMANDS,
    ...SLOW_LOG_COMMANDS,
  ],
  set: [...MEMBER_COMMANDS, ...SET_ALGEBRA_COMMANDS, ...SET_RANDOM_SCAN_COMMANDS],
  geo: [...PLACE_COMMANDS, ...GEO_SEARCH_COMMANDS],
  "sorted-set": [
    ...ADD_REMOVE_COMMANDS,
    ...RANK_COUNT_COMMANDS,
    ...SORTED_SET_RANGE_COMMANDS,
    ...RANGE_REMOVE_COMMANDS,
    ...POP_COMMANDS,
    ...SORTED_SET_BLOCKING_COMMANDS,
    ...SORTED_SET_ALGEBRA_COMMANDS,
    ...SORTED_SET_RANDOM_SCAN_COMMANDS,
  ],
  transactions: TRANSACTION_COMMANDS,
  stream: [
    ...APPEND_TRIM_COMMANDS,
    ...READ_COMMANDS,
    ...GROUP_COMMANDS,
    ...PENDING_COMMANDS,
    ...STREAM_INFO_COMMANDS,
  ],
  string: [
    ...GET_SET_COMMANDS,
    ...COUNTER_COMMANDS,
    ...RANGE_COMMANDS,
    ...MANY_KEYS_COMMANDS,
    ...LCS_COMMANDS,
  ],
};
