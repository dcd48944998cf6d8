/** Commands about the append-only file. */

import { command } from "../../engine/command.ts";
import type { AppendOnlyPort } from "../../engine/append_only_port.ts";
import type { Call } from "../../engine/call.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError } from "../../engine/errors.ts";

const NO_FILES = new CommandError("ERR This server keeps no files");

export const BGREWRITEAOF = command({
  name: "BGREWRITEAOF",
  summary: "Writes the append-only file anew, as short as the data allow, in the background.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.NO_ASYNC_LOADING,
  run(call) {
    const isStarted = portOf(call).rewrite(call.session.deniesBlocking);
    call.reply.simple(
      `Background append only file rewriting ${isStarted ? "started" : "scheduled"}`,
    );
  },
});

export const APPEND_ONLY_COMMANDS = [BGREWRITEAOF];

/** DEBUG LOADAOF. */
export function loadAof(call: Call): void {
  portOf(call).reload();
  call.reply.ok();
}

function portOf(call: Call): AppendOnlyPort {
  const { appendOnly } = call.context;
  if (appendOnly === null) throw NO_FILES;
  return appendOnly;
}
