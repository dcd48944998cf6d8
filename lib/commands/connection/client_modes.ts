/** CLIENT: how connections are served: pauses, muted replies, exemptions. */

import { readBigInteger, readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { PauseMode } from "../../engine/client_pause.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { ReplyMode } from "../../engine/session.ts";

const PLAIN = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;

const LAST_TIME_MS = 2n ** 63n - 1n;

const NOT_A_TIMEOUT = new CommandError("ERR timeout is not an integer or out of range");
const LATE_TIMEOUT = new CommandError("ERR timeout is out of range");
const NEGATIVE_TIMEOUT = new CommandError("ERR timeout is negative");
const BAD_PAUSE_MODE = new CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL");
const BAD_UNBLOCK_REASON = new CommandError(
  "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
);

export const CLIENT_PAUSE = command({
  name: "CLIENT|PAUSE",
  usage: "timeout:integer [mode: WRITE | ALL]@6.2.0",
  summary: "Lets the commands of all clients wait for some milliseconds, or only those that write.",
  since: "2.9.50",
  complexity: "O(1)",
  flags: Flag.ADMIN | PLAIN,
  run(call) {
    let mode: number = PauseMode.ALL;
    if (call.count === 4) {
      if (call.request.is(3, "WRITE")) mode = PauseMode.WRITE;
      else if (!call.request.is(3, "ALL")) throw BAD_PAUSE_MODE;
    }
    const timeoutMs = readBigInteger(call, 2, NOT_A_TIMEOUT);
    if (timeoutMs < 0n) throw NEGATIVE_TIMEOUT;
    if (timeoutMs > LAST_TIME_MS - BigInt(call.context.store.state.now)) throw LATE_TIMEOUT;
    call.context.pause.begin(mode, Number(timeoutMs));
    call.reply.ok();
  },
});

export const CLIENT_UNPAUSE = command({
  name: "CLIENT|UNPAUSE",
  summary: "Ends a pause; the commands that waited are run.",
  since: "6.2.0",
  complexity: "O(N) where N is the number of paused clients",
  flags: Flag.ADMIN | PLAIN,
  run(call) {
    call.context.pause.end();
    call.reply.ok();
  },
});

export const CLIENT_REPLY = command({
  name: "CLIENT|REPLY",
  usage: "(ON | OFF | SKIP)",
  summary: "Turns this connection's replies on or off, or leaves out the next one.",
  since: "3.2.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    const { request, session } = call;
    if (request.is(2, "ON")) {
      session.replyMode = session.kind === "replica" ? ReplyMode.CUT_OFF : ReplyMode.ON;
      call.reply.ok();
    } else if (request.is(2, "OFF")) session.replyMode = ReplyMode.OFF;
    else if (!request.is(2, "SKIP")) throw errors.SYNTAX;
    else if (session.replyMode !== ReplyMode.OFF) session.replyMode = ReplyMode.SKIP_NEXT;
  },
});

export const CLIENT_NO_EVICT = command({
  name: "CLIENT|NO-EVICT",
  usage: "(enabled: ON | OFF)",
  summary: "Exempts this connection from being closed when clients take too much memory.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | PLAIN,
  run(call) {
    call.session.noEvict = readOnOff(call);
    call.reply.ok();
  },
});

export const CLIENT_NO_TOUCH = command({
  name: "CLIENT|NO-TOUCH",
  usage: "(enabled: ON | OFF)",
  summary: "Keeps this connection's commands from counting as use of the keys they read.",
  since: "7.2.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    call.session.noTouch = readOnOff(call);
    call.reply.ok();
  },
});

export const CLIENT_UNBLOCK = command({
  name: "CLIENT|UNBLOCK",
  usage: "client-id [TIMEOUT | ERROR]",
  summary: "Wakes a connection that waits in a blocking command.",
  since: "5.0.0",
  complexity: "O(log N) where N is the number of connections",
  flags: Flag.ADMIN | PLAIN,
  run(call) {
    if (call.count === 4 && !call.request.is(3, "TIMEOUT") && !call.request.is(3, "ERROR")) {
      throw BAD_UNBLOCK_REASON;
    }
    const { sessions, waiting } = call.context;
    const session = sessions.get(readClampedInteger(call, 2));
    const error = call.count === 4 && call.request.is(3, "ERROR") ? errors.UNBLOCKED : null;
    // One that waits for the end of a pause is not to be woken this way.
    const isWoken = session !== undefined && waiting.unblock(session, error);
    call.reply.integer(isWoken ? 1 : 0);
  },
});

function readOnOff(call: Call): boolean {
  if (call.request.is(2, "ON")) return true;
  if (call.request.is(2, "OFF")) return false;
  throw errors.SYNTAX;
}

export const CLIENT_MODES_COMMANDS = [
  CLIENT_PAUSE,
  CLIENT_UNPAUSE,
  CLIENT_REPLY,
  CLIENT_NO_EVICT,
  CLIENT_NO_TOUCH,
  CLIENT_UNBLOCK,
];
