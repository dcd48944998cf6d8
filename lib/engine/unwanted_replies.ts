/**
 * What becomes of replies that are not to be sent: CLIENT REPLY takes them back, and a replica, to
 * whom nothing but the stream may be written, is cut off for one.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { clientInfo } from "./client_info.ts";
import type { CommandSpec } from "./command_spec.ts";
import { Flag } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { ReplyMode, type Session } from "./session.ts";

/** Flags by which the commands are known whose replies are pushes: they subscribe and unsubscribe. */
const REPLIES_PUSHES = Flag.PUBSUB | Flag.NO_SCRIPT;
/** What an error reply begins with. */
const ERROR_MARK = 45;

/**
 * A session that is not simply replied to has run a command.
 *
 * @param mark where in the session's replies that of the command begins.
 * @param command undefined when there is none of the name.
 * @param isRefused whether it was not run.
 */
export function unwantedReply(
  context: Context,
  session: Session,
  mark: number,
  command: CommandSpec | undefined,
  isRefused = false,
): void {
  if (session.replyMode === ReplyMode.CUT_OFF) return cutOff(context, session, mark, command);
  if (session.replyMode === ReplyMode.SKIP_NEXT) {
    session.replyMode = ReplyMode.SKIP;
    return;
  }
  // Pushes are no replies: they are sent whatever CLIENT REPLY says.
  const isPush = !isRefused && command !== undefined &&
    (command.flags & REPLIES_PUSHES) === REPLIES_PUSHES;
  if (!isPush) session.reply.cutTo(mark);
  if (session.replyMode === ReplyMode.SKIP) session.replyMode = ReplyMode.ON;
}

function cutOff(
  { host, stats }: Context,
  session: Session,
  mark: number,
  command: CommandSpec | undefined,
): void {
  const { reply, link } = session;
  if (reply.length === mark) return;
  const name = command?.lowerName ?? "<unknown>";
  const info = clientInfo(session, host.clock.unixMs());
  host.log.warning(`Replica generated a reply to command '${name}', disconnecting it: ${info}`);
  if (reply.buffer[mark] === ERROR_MARK) {
    const text = latin1(reply.buffer.subarray(mark + 1, reply.length)).trimEnd();
    host.log.warning(
      "== CRITICAL == This master is sending an error to its replica: " +
        `'${text}' after processing the command '${name}'`,
    );
    stats.unexpectedErrors++;
  }
  reply.cutTo(mark);
  session.closing = true;
  link?.close();
}
