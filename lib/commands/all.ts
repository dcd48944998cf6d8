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
import { EXPIRY_COMMANDS } from "./generic/expiry.ts";
import { KEYS_COMMANDS } from "./generic/keys.ts";
import { OBJECT_COMMANDS } from "./generic/object.ts";
import { SCAN_COMMANDS } from "./generic/scan.ts";
import { COMMAND_COMMANDS } from "./server/command.ts";
import { CONFIG_COMMANDS } from "./server/config.ts";
import { DATABASE_COMMANDS } from "./server/databases.ts";
import { DEBUG_COMMANDS } from "./server/debug.ts";
import { INFO_COMMANDS } from "./server/info.ts";
import { LATENCY_COMMANDS } from "./server/latency.ts";
import { LIFECYCLE_COMMANDS } from "./server/lifecycle.ts";
import { LOLWUT_COMMANDS } from "./server/lolwut.ts";
import { MEMORY_COMMANDS } from "./server/memory.ts";
import { SLOW_LOG_COMMANDS } from "./server/slow_log.ts";
import { COUNTER_COMMANDS } from "./string/counters.ts";
import { GET_SET_COMMANDS } from "./string/get_set.ts";
import { LCS_COMMANDS } from "./string/lcs.ts";
import { MANY_KEYS_COMMANDS } from "./string/many_keys.ts";
import { RANGE_COMMANDS } from "./string/ranges.ts";

export const COMMANDS: Readonly<Record<string, readonly CommandDefinition[]>> = {
  bitmap: [...BIT_COMMANDS, ...BITOP_COMMANDS, ...BITFIELD_COMMANDS],
  connection: [
    ...BASICS_COMMANDS,
    ...AUTH_COMMANDS,
    ...CLIENT_COMMANDS,
    ...CLIENT_KILL_COMMANDS,
    ...CLIENT_MODES_COMMANDS,
  ],
  generic: [...KEYS_COMMANDS, ...EXPIRY_COMMANDS, ...SCAN_COMMANDS, ...OBJECT_COMMANDS],
  server: [
    ...COMMAND_COMMANDS,
    ...CONFIG_COMMANDS,
    ...DATABASE_COMMANDS,
    ...DEBUG_COMMANDS,
    ...INFO_COMMANDS,
    ...LATENCY_COMMANDS,
    ...LIFECYCLE_COMMANDS,
    ...LOLWUT_COMMANDS,
    ...MEMORY_COMMANDS,
    ...SLOW_LOG_COMMANDS,
  ],
  string: [
    ...GET_SET_COMMANDS,
    ...COUNTER_COMMANDS,
    ...RANGE_COMMANDS,
    ...MANY_KEYS_COMMANDS,
    ...LCS_COMMANDS,
  ],
};
