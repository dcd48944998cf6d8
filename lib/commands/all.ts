/** The list of every command, by group of COMMAND DOCS; nothing registers itself by being imported. */

import type { CommandDefinition } from "../engine/command.ts";
import { BASICS_COMMANDS } from "./connection/basics.ts";
import { COMMAND_COMMANDS } from "./server/command.ts";
import { GET_SET_COMMANDS } from "./string/get_set.ts";

export const COMMANDS: Readonly<Record<string, readonly CommandDefinition[]>> = {
  connection: [...BASICS_COMMANDS],
  server: [...COMMAND_COMMANDS],
  string: [...GET_SET_COMMANDS],
};
