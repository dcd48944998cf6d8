/** Commands that save the data to the RDB file. */

import { command } from "../../engine/command.ts";
import type { Call } from "../../engine/call.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { PersistencePort } from "../../engine/persistence_port.ts";

const NO_FILES = new CommandError("ERR This server keeps no files");

export const SAVE = command({
  name: "SAVE",
  summary: "Saves the data to the RDB file; no other client is served meanwhile.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.NO_ASYNC_LOADING | Flag.NO_MULTI,
  run(call) {
    portOf(call).save();
    call.reply.ok();
  },
});

export const BGSAVE = command({
  name: "BGSAVE",
  usage: "[SCHEDULE]@3.2.2",
  summary: "Saves the data as they are now to the RDB file, in the background.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.NO_ASYNC_LOADING,
  run(call) {
    const mayWait = call.count === 2 && call.request.is(1, "SCHEDULE");
    if (call.count > 1 && !mayWait) throw errors.SYNTAX;
    const isStarted = portOf(call).saveInBackground(mayWait, call.session.deniesBlocking);
    call.reply.simple(isStarted ? "Background saving started" : "Background saving scheduled");
  },
});

export const LASTSAVE = command({
  name: "LASTSAVE",
  summary: "Tells when the data were last saved to the RDB file, in Unix seconds.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.LOADING | Flag.STALE | Flag.FAST,
  categories: ["@admin", "@dangerous"],
  tips: ["nondeterministic_output"],
  run(call) {
    call.reply.integer(portOf(call).figures.lastSaveSeconds);
  },
});

export const PERSISTENCE_COMMANDS = [BGSAVE, LASTSAVE, SAVE];

function portOf(call: Call): PersistencePort {
  const { persistence } = call.context;
  if (persistence === null) throw NO_FILES;
  return persistence;
}
