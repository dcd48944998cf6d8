/** RESTORE as the nodes of a cluster send it to each other; COMMAND DOCS counts it to the server. */

import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import { restore, RESTORE_COMPLEXITY, RESTORE_USAGE } from "../generic/copy_dump.ts";

export const RESTORE_ASKING = command({
  name: "RESTORE-ASKING",
  usage: RESTORE_USAGE,
  summary: "Is RESTORE for a slot that is on its way to this node of a cluster.",
  since: "3.0.0",
  complexity: RESTORE_COMPLEXITY,
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.ASKING,
  keys: Access.OW | Access.UPDATE,
  categories: ["@dangerous", "@keyspace"],
  docFlags: ["syscmd"],
  run: restore,
});

export const RESTORE_ASKING_COMMANDS = [RESTORE_ASKING];
