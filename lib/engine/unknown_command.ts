/** Requests that name no command: what they are told, and those that a web browser was made to send. */

import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { CommandError, quotedArgument } from "./errors.ts";
import { refuse } from "./failures.ts";
import type { Session } from "./session.ts";

/** Bytes of the name, and of the arguments behind it, that the error quotes. */
const QUOTED_BYTES = 128;
const LOG_INTERVAL_MS = 60_000;

/** The error for a second word that the command does not know. */
export function unknownSubcommand(command: CommandSpec, request: Request): CommandError {
  const name = quotedArgument(request, 1, QUOTED_BYTES);
  return new CommandError(`ERR unknown subcommand '${name}'. Try ${command.name} HELP.`);
}

export class UnknownCommands {
  /** When such a request was in the log: whoever sends them is not to fill it. */
  private notedMs = -LOG_INTERVAL_MS;

  constructor(private readonly context: Context) {}

  /** Replies the error, or cuts off a client whose requests are a web browser's. */
  refuse(session: Session, request: Request): void {
    if (!isSentByBrowser(request)) {
      return refuse(this.context, session, undefined, unknownCommand(request));
    }
    this.noteAttack();
    // What follows may be commands in the body: nothing more of it is run.
    session.closing = true;
    session.link?.close();
  }

  private noteAttack(): void {
    const { clock, log } = this.context.host;
    const now = clock.monotonicMs();
    if (now - this.notedMs < LOG_INTERVAL_MS) return;
    this.notedMs = now;
    log.warning(
      "Possible SECURITY ATTACK detected: a client sent POST or Host: as a command, as HTTP " +
        "requests do that were redirected to this port (cross protocol scripting). The " +
        "connection was closed.",
    );
  }
}

/** The error with the name and the first arguments. */
function unknownCommand(request: Request): CommandError {
  let args = "";
  for (let i = 1; i < request.count && args.length < QUOTED_BYTES; i++) {
    args += `'${quotedArgument(request, i, QUOTED_BYTES - args.length)}' `;
  }
  const name = quotedArgument(request, 0, QUOTED_BYTES);
  return new CommandError(`ERR unknown command '${name}', with args beginning with: ${args}`);
}

/** Whether it is the first line, or a header, of an HTTP request. */
function isSentByBrowser(request: Request): boolean {
  return request.is(0, "POST") || request.is(0, "HOST:");
}
