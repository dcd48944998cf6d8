/** What clients are told of scripts that run for long or were ended. */

import { CommandError } from "../engine/errors.ts";

export const KILLED = "ERR Script killed by user with SCRIPT KILL...";
export const STOPPED =
  "ERR Script stopped: it ran longer than busy-reply-threshold where none could stop it";

export const BUSY_SCRIPT = new CommandError(
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
);
export const BUSY_FUNCTION = new CommandError(
  "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
);
export const NOT_BUSY = new CommandError("NOTBUSY No scripts in execution right now.");
export const UNKILLABLE = new CommandError(
  "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either " +
    "wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);

/** Thrown into a machine to end what runs in it. */
export class ScriptStopped {
  constructor(readonly text: string) {}
}
