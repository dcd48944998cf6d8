/** Subcommands of the program, run inside the test; what they write is kept. */

import { systemHost } from "../../lib/host/system_host.ts";
import { subcommandOf } from "../../lib/tools/subcommands.ts";
import { CapturedLog } from "./fake_host.ts";

export interface ToolOutcome {
  readonly code: number;
  /** Standard output and standard error, as UTF-8. */
  readonly output: string;
  readonly errors: string;
}

export async function runTool(args: readonly string[]): Promise<ToolOutcome> {
  const tool = subcommandOf(args);
  if (tool === null) throw new Error(`there is no subcommand ${args[0]}`);
  const output: Uint8Array<ArrayBuffer>[] = [];
  const errors: Uint8Array<ArrayBuffer>[] = [];
  const code = await tool(args.slice(1), {
    ...systemHost(() => new CapturedLog()),
    write: (bytes) => output.push(bytes.slice()),
    writeError: (bytes) => errors.push(bytes.slice()),
  });
  const text = (parts: Uint8Array<ArrayBuffer>[]) => new Blob(parts).text();
  return { code, output: await text(output), errors: await text(errors) };
}
