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
}

/** Starts `main.ts` and waits until it accepts connections. */
export function startServerProcess(options: ServerProcessOptions = {}): Promise<ChildServer> {
  const { port, directory } = options;
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
  });
}

export const mainPath = decodeURIComponent(new URL("../../main.ts", import.meta.url).pathname)
  // A file URL of Windows has a slash before the drive.
  .replace(/^\/([A-Za-z]:)/, "$1");
