/** What a command that has thrown is answered with, and what is counted and logged of it. */

import { ArenaFullError } from "../structures/arena.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { CommandError, errors } from "./errors.ts";
import type { Session } from "./session.ts";

/** Replies the error; one that no command is meant to throw goes to the log with its stack. */
export function replyFailure(
  { stats, host }: Context,
  session: Session,
  command: CommandSpec,
  error: unknown,
): void {
  let text: string;
  if (error instanceof CommandError) text = error.text;
  else if (error instanceof ArenaFullError) text = errors.OUT_OF_MEMORY.text;
  else {
    stats.unexpectedErrors++;
    const detail = error instanceof Error ? error.stack ?? error.message : String(error);
    host.log.warning(`Command '${command.lowerName}' failed: ${detail}`);
    text = "ERR internal error, see the server's log";
  }
  command.stats.failed++;
  stats.countError(text);
  session.reply.error(text);
}
