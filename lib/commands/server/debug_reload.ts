/** DEBUG RELOAD: its options. What it does is done by those who keep the files. */

import type { Call } from "../../engine/call.ts";
import { CommandError } from "../../engine/errors.ts";

const WRONG_OPTION = new CommandError(
  "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
);
const NO_FILES = new CommandError("ERR there are no files to load data from");

export function reload(call: Call): void {
  const options = { saves: true, flushes: true, merges: false };
  for (let i = 2; i < call.count; i++) {
    if (call.request.is(i, "MERGE")) options.merges = true;
    else if (call.request.is(i, "NOFLUSH")) options.flushes = false;
    else if (call.request.is(i, "NOSAVE")) options.saves = false;
    else throw WRONG_OPTION;
  }
  const port = call.context.reload;
  if (port === null) throw NO_FILES;
  port.reload(options);
  call.reply.ok();
}
