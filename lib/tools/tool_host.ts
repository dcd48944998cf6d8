/** What the tools are given of the outside world: a server's host, and a terminal to write to. */

import type { ServerHost } from "../server/server.ts";

export interface ToolHost extends ServerHost {
  /** Writes to standard output, all of it. */
  write(bytes: Uint8Array): void;
  /** Writes to standard error, all of it. */
  writeError(bytes: Uint8Array): void;
}

/** What a subcommand of the program is: its arguments → the exit code. */
export type Tool = (args: readonly string[], host: ToolHost) => Promise<number>;

const encoder = new TextEncoder();

export function print(host: ToolHost, line: string): void {
  host.write(encoder.encode(`${line}\n`));
}

export function printError(host: ToolHost, line: string): void {
  host.writeError(encoder.encode(`${line}\n`));
}
