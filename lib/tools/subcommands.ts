/** The program's subcommands: its first argument names one, or it starts a server. */

import { benchmark } from "./benchmark/benchmark.ts";
import { checkAof } from "./check_aof.ts";
import { checkRdb } from "./check_rdb.ts";
import { cli } from "./cli/cli.ts";
import { rdb } from "./rdb_json.ts";
import type { Tool } from "./tool_host.ts";

const SUBCOMMANDS: ReadonlyMap<string, Tool> = new Map([
  ["benchmark", benchmark],
  ["check-aof", checkAof],
  ["check-rdb", checkRdb],
  ["cli", cli],
  ["rdb", rdb],
]);

/** The subcommand that the arguments name; null when a server is wanted. */
export function subcommandOf(args: readonly string[]): Tool | null {
  return SUBCOMMANDS.get(args[0] ?? "") ?? null;
}
