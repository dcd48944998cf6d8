/** Our own server as users start it: `deno run -A main.ts` in a process of its own. */

import { type ChildServer, startChildServer } from "./child_server.ts";

export type { ChildServer as ServerProcess } from "./child_server.ts";
export { freePort } from "./child_server.ts";

export interface ServerProcessOptions {
  /** More of the command line, after what the test needs to be alone (port, directory, no saving). */
  args?: string[];
  port?: number;
  /** The data directory, which is then left alone when the server stops. */
  directory?: string;
  /** The line of its log to wait for, where that is not the one by which it is ready. */
  ready?: RegExp;
}

/** Starts `main.ts` and waits until it accepts connections. */
export function startServerProcess(options: ServerProcessOptions = {}): Promise<ChildServer> {
  const { port, directory, ready } = options;
  return startChildServer({
    program: Deno.execPath(),
    args: (chosenPort, chosenDirectory) => [
      ...["run", "-A", "--no-prompt", mainPath],
      ...["--port", String(chosenPort), "--admin-port", "no"],
      ...["--dir", chosenDirectory, "--save", ""],
      ...(options.args ?? []),
    ],
    ...(port === undefined ? {} : { port }),
    ...(directory === undefined ? {} : { directory }),
    ...(ready === undefined ? {} : { ready }),
  });
}

export const mainPath = decodeURIComponent(new URL("../../main.ts", import.meta.url).pathname)
  // A file URL of Windows has a slash before the drive.
  .replace(/^\/([A-Za-z]:)/, "$1");
