/** Sends one session a message that is no reply. [hot] */

import { ReplyWriter } from "../resp/reply_writer.ts";
import type { Session } from "./session.ts";

/**
 * Sends a session a push, encoded in the form of RESP2.
 *
 * @param running the session whose command runs, which gets it behind its reply; null for none.
 */
export function pushTo(session: Session, frame: ReplyWriter, running: Session | null): void {
  // Whoever is about to be closed gets no more.
  if (session.closing) return;
  if (session === running) defer(session, frame);
  else if (session.link === null || session.link.expectPush(frame.length)) {
    session.reply.pushFrame(frame);
  }
}

/** Keeps a message back until the reply of the running command is complete. */
function defer(session: Session, frame: ReplyWriter): void {
  if (session.deferredPushes === null) {
    session.deferredPushes = new ReplyWriter();
    session.deferredPushes.protocol = session.reply.protocol;
  }
  session.deferredPushes.pushFrame(frame);
}
