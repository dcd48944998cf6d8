/** Commands about the server as a whole: its time, its role, watching it, stopping it. */

import { command } from "../../engine/command.ts";
import type { Call } from "../../engine/call.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, deniedBlocking, errors } from "../../engine/errors.ts";
import { Waiter } from "../../engine/waiting.ts";

const NO_SHUTDOWN = new CommandError("ERR No shutdown in progress.");

export const TIME = command({
  name: "TIME",
  summary: "Tells the server's time: Unix seconds, and microseconds of the second.",
  since: "2.6.0",
  complexity: "O(1)",
  flags: Flag.LOADING | Flag.STALE | Flag.FAST,
  tips: ["nondeterministic_output"],
  run(call) {
    const microseconds = call.context.host.clock.unixUs();
    call.reply.array(2);
    call.reply.bulkInteger(Math.floor(microseconds / 1e6));
    call.reply.bulkInteger(microseconds % 1e6);
  },
});

export const MONITOR = command({
  name: "MONITOR",
  summary: "Shows every command that the server runs from now on.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE,
  run(call) {
    const { monitor } = call.context;
    if (call.session.deniesBlocking) throw deniedBlocking("MONITOR", "");
    // Who watches already gets no second reply, as in Redis.
    if (monitor.isWatching(call.session)) return;
    monitor.add(call.session);
    call.reply.ok();
  },
});

export const SHUTDOWN = command({
  name: "SHUTDOWN",
  usage: "[NOSAVE | SAVE] [NOW]@7.0.0 [FORCE]@7.0.0 [ABORT]@7.0.0",
  summary: "Stops the server, saving the data first where that is configured.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys to save",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.NO_MULTI | Flag.ALLOW_BUSY,
  run(call) {
    const { abort, ...options } = readShutdownOptions(call);
    const { process } = call.context;
    if (abort) {
      if (process === null || !process.abortShutdown()) throw NO_SHUTDOWN;
      call.reply.ok();
      return;
    }
    const { scripts } = call.context;
    if (scripts.isBusy && options.save !== false && scripts.engine !== null) {
      throw scripts.engine.busyError;
    }
    if (process === null) throw errors.SHUTDOWN_FAILED;
    // There is no reply: the connection ends with the server.
    const { session, context } = call;
    const aborted = (): void => void context.waiting.unblock(session, errors.SHUTDOWN_FAILED);
    const waits = process.shutdown(options, aborted);
    if (waits && !session.deniesBlocking) context.waiting.park(new ShutdownWaiter(session), 0);
  },
});

export const LIFECYCLE_COMMANDS = [MONITOR, SHUTDOWN, TIME];

/** Who has asked for a stop that waits for replicas: the end of the connection is the answer. */
class ShutdownWaiter extends Waiter {
  timedOut(): void {}

  leave(): void {}
}

function readShutdownOptions(call: Call) {
  let save: boolean | undefined;
  let now = false;
  let force = false;
  let abort = false;
  for (let i = 1; i < call.count; i++) {
    if (call.request.is(i, "NOSAVE") && save !== true) save = false;
    else if (call.request.is(i, "SAVE") && save !== false) save = true;
    else if (call.request.is(i, "NOW")) now = true;
    else if (call.request.is(i, "FORCE")) force = true;
    else if (call.request.is(i, "ABORT")) abort = true;
    else throw errors.SYNTAX;
  }
  if (abort && (now || force || save !== undefined)) throw errors.SYNTAX;
  return { save, now, force, abort };
}
