/** What clients had the server run, for tests that ask what a program has called. */

import type { CommandSpec } from "../engine/command_spec.ts";
import type { CommandListener, Monitor } from "../engine/stats/monitor.ts";
import type { Session } from "../engine/session.ts";
import type { Clock } from "../host/clock.ts";
import type { Request } from "../resp/request.ts";

const text = new TextDecoder();

/** A command that a client sent and that was run. */
export interface RecordedCommand {
  /** Upper case; a subcommand is `CONFIG GET`. */
  readonly name: string;
  /** What followed the name, read as UTF-8. */
  readonly args: readonly string[];
  readonly database: number;
  /** CLIENT ID and the name given by CLIENT SETNAME. */
  readonly client: number;
  readonly clientName: string;
  /** Unix milliseconds by the server's clock. */
  readonly unixMs: number;
}

/** Which commands are recorded; all of them unless given. */
export interface RecordOptions {
  /** Names in any case; `CONFIG` stands for all its subcommands. */
  readonly command?: string | readonly string[];
  /** How many are kept at most; the oldest go first. 100,000 unless given. */
  readonly limit?: number;
}

/**
 * Records commands in the order in which they ran, until it is disposed of. Commands that were
 * refused before they ran are left out, and so is what scripts call; what was queued by MULTI comes
 * before its EXEC.
 */
export class CommandRecorder implements CommandListener, Disposable {
  readonly commands: RecordedCommand[] = [];
  private readonly names: ReadonlySet<string> | null;
  private readonly limit: number;

  constructor(
    private readonly monitor: Monitor,
    private readonly clock: Clock,
    options: RecordOptions,
  ) {
    const { command, limit = 100_000 } = options;
    const names = typeof command === "string" ? [command] : command;
    this.names = names === undefined ? null : new Set(names.map((name) => name.toUpperCase()));
    this.limit = limit;
    monitor.listen(this);
  }

  /** Name and arguments of each, as one would type them. */
  get lines(): string[] {
    return this.commands.map(({ name, args }) => [name, ...args].join(" "));
  }

  /** Forgets what it has and goes on. */
  clear(): void {
    this.commands.length = 0;
  }

  ran(session: Session, command: CommandSpec, request: Request): void {
    // Scripts and the program itself have no connection.
    if (session.link === null) return;
    const words = command.name.split("|");
    const name = words.join(" ");
    if (this.names !== null && !this.names.has(name) && !this.names.has(words[0])) return;
    const args: string[] = [];
    for (let i = words.length; i < request.count; i++) args.push(text.decode(request.view(i)));
    this.commands.push({
      name,
      args,
      database: session.db.index,
      client: session.id,
      clientName: session.name,
      unixMs: this.clock.unixMs(),
    });
    if (this.commands.length > this.limit) this.commands.shift();
  }

  [Symbol.dispose](): void {
    this.monitor.unlisten(this);
  }
}
