/** The table of commands as commands themselves see it (COMMAND, INFO, CONFIG RESETSTAT, ACL). */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";

export interface CommandTable {
  /** By name, whatever its case; a subcommand is `config|get`. */
  byName(name: string): CommandSpec | undefined;
  /** The command, or subcommand, that a request names. [hot] */
  resolve(request: Request): CommandSpec | undefined;
  /** Every command, not the subcommands, in a stable order. */
  all(): Iterable<CommandSpec>;
  /** Every command, each followed by its subcommands. */
  allWithSubcommands(): Iterable<CommandSpec>;
  /** Forgets what was counted of all commands. */
  resetStats(): void;
}
