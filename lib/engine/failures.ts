/** What is answered in place of a reply, and what is counted and logged of it. */

import { ArenaFullError } from "../structures/arena.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { CommandError, errors, execRefused } from "./errors.ts";
import type { Session } from "./session.ts";
import { ReplyMode } from "./session.ts";
import { unwantedReply } from "./unwanted_replies.ts";

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

/** Replies an error in place of running; a refused command also spoils a MULTI. */
export function refuse(
  context: Context,
  session: Session,
  command: CommandSpec | undefined,
  error: CommandError,
): void {
  const mark = session.reply.length;
  if (command !== undefined) command.stats.rejected++;
  let refusal = error;
  if (command?.name === "EXEC") {
    context.transactions.discard(session);
    refusal = execRefused(error);
  } else if (session.queue !== null) session.isSpoiled = true;
  context.stats.countError(refusal.text);
  session.reply.error(refusal.text);
  if (session.replyMode !== ReplyMode.ON) unwantedReply(context, session, mark, command, true);
  if (session.tracking !== null) context.tracking.ended(session, command);
}
