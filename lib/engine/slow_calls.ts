/** What is told of single calls that took long: the slow log and the latency monitor. [hot] */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import * as commandSpecModule from "./command_spec.ts";
import type { Context } from "./context.ts";
import type { Session } from "./session.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { Flag } = commandSpecModule;

/** Notes a call that was measured, if it took as long as somebody wants to be told of. */
export function noteSlow(
  context: Context,
  session: Session,
  request: Request,
  command: CommandSpec,
  elapsedMs: number,
): void {
  const { slowLog, latency, host } = context;
  if (latency.thresholdMs > 0 && elapsedMs >= latency.thresholdMs) {
    const event = (command.flags & Flag.FAST) !== 0 ? "fast-command" : "command";
    latency.record(event, elapsedMs);
  }
  const microseconds = elapsedMs * 1000;
  if (
    slowLog.thresholdMicroseconds >= 0 && microseconds >= slowLog.thresholdMicroseconds &&
    (command.flags & Flag.SKIP_SLOW_LOG) === 0
  ) {
    slowLog.record(
      command,
      request,
      Math.floor(microseconds),
      Math.floor(host.clock.unixMs() / 1000),
      {
        address: session.link?.remoteAddress ?? "",
        name: session.name,
      },
    );
  }
}
