/**
 * MONITOR: shows every command that is run to the sessions that asked for it, in a line like
 *
 *     +1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
 *
 * The dispatcher looks at {@linkcode Monitor.active} after a command and calls
 * {@linkcode Monitor.show} only when somebody watches.
 */

import { quoted } from "../../bytes/byte_string.ts";
import type { Clock } from "../../host/clock.ts";
import type { Request } from "../../resp/request.ts";
import { type CommandSpec, Flag } from "../command_spec.ts";
import { Gate, type Session } from "../session.ts";
import type { Sessions } from "../sessions.ts";
import { REDACTED, secretArguments } from "./redaction.ts";

/** Commands that are never shown: what administrators do, and what asks not to be. */
const HIDDEN = Flag.ADMIN | Flag.SKIP_MONITOR;

/** Hears of every command that was run, whoever sent it; the request is lent. */
export interface CommandListener {
  ran(session: Session, command: CommandSpec, request: Request): void;
}

export class Monitor {
  /** Whether anybody watches. */
  active = false;
  /** Parts of the program that watch. */
  private listeners: readonly CommandListener[] = [];
  private watchers: Session[] = [];

  constructor(private readonly clock: Clock, private readonly sessions: Sessions) {}

  isWatching(session: Session): boolean {
    return (session.gate & Gate.MONITOR) !== 0;
  }

  add(session: Session): void {
    if (!this.isWatching(session)) this.watchers.push(session);
    session.gate |= Gate.MONITOR;
    this.active = true;
  }

  /** Ends it for a session (RESET); one that is closed leaves by itself. */
  remove(session: Session): void {
    session.gate &= ~Gate.MONITOR;
    this.watchers = this.watchers.filter((watcher) => watcher !== session);
    this.setActive();
  }

  listen(listener: CommandListener): void {
    if (!this.listeners.includes(listener)) this.listeners = [...this.listeners, listener];
    this.setActive();
  }

  unlisten(listener: CommandListener): void {
    this.listeners = this.listeners.filter((other) => other !== listener);
    this.setActive();
  }

  private setActive(): void {
    this.active = this.watchers.length > 0 || this.listeners.length > 0;
  }

  /** Writes the line of a command that `session` has run to all who watch. */
  show(session: Session, command: CommandSpec, request: Request): void {
    for (const listener of this.listeners) listener.ran(session, command, request);
    if ((command.flags & HIDDEN) === 0) this.showAlways(session, command, request);
  }

  /** The same for a command that is hidden from {@linkcode show}: a script, which shows itself. */
  showAlways(session: Session, command: CommandSpec, request: Request): void {
    if (this.watchers.length === 0) return;
    const line = this.line(session, command, request);
    for (const watcher of this.watchers) {
      if (this.sessions.get(watcher.id) !== watcher) this.remove(watcher);
      else {
        watcher.reply.simple(line);
        // What the watcher itself ran is flushed with its own replies.
        if (watcher !== session) watcher.link?.flush();
      }
    }
  }

  private line(session: Session, command: CommandSpec, request: Request): string {
    const microseconds = this.clock.unixUs();
    const seconds = Math.floor(microseconds / 1e6);
    const fraction = String(microseconds % 1e6).padStart(6, "0");
    const secrets = secretArguments(command, request);
    let line = `${seconds}.${fraction} [${session.db.index} ${sourceOf(session)}]`;
    for (let i = 0; i < request.count; i++) {
      line += " " + (secrets.has(i) ? `"${REDACTED}"` : quoted(request.view(i)));
    }
    return line;
  }
}

function sourceOf(session: Session): string {
  const link = session.link;
  if (link === null) return "lua";
  return link.isUnixSocket ? `unix:${link.remoteAddress.replace(/:0$/, "")}` : link.remoteAddress;
}
