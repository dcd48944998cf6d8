/** Commands run several times (-r, -i), and lines of commands that are piped in or typed. */

import { latin1 } from "../../bytes/byte_string.ts";
import { print } from "../tool_host.ts";
import { splitArguments } from "./argument_splitting.ts";
import type { CliSession, Interrupt, Outcome } from "./session.ts";
import { lower } from "./session.ts";
import { sleep } from "./sleep.ts";

/** @param count below 0: for ever. */
export async function repeat(
  session: CliSession,
  args: readonly Uint8Array[],
  count: number,
  interrupt?: Interrupt,
): Promise<Outcome> {
  let outcome: Outcome = "done";
  for (let run = 0; count < 0 || run < count; run++) {
    outcome = await session.run(args, interrupt);
    if (outcome === "failed" || outcome === "interrupted") break;
    if (outcome === "refused" && session.options.failOnError) break;
    const { intervalSeconds } = session.options;
    if (intervalSeconds > 0) await sleep(session.host.clock, intervalSeconds * 1000);
  }
  return outcome;
}

/** What a line asks the tool itself for, in place of the server. */
export interface LineCommands {
  /** Shows help on some words. */
  help(words: string[]): void;
  /** A preference, as `:set hints`. */
  set(line: string): void;
}

/** Runs one line; false when it ends the session. */
export async function runLine(
  session: CliSession,
  line: string,
  commands: LineCommands,
  interrupt?: Interrupt,
): Promise<boolean> {
  if (line.trim() === "") return true;
  let args = splitArguments(line);
  if (args === null) {
    print(session.host, "Invalid argument(s)");
    return true;
  }
  const words = args.map((arg) => latin1(arg));
  const name = lower(args[0]);
  if (name === "quit" || name === "exit") return false;
  if (line.trim().startsWith(":")) commands.set(line.trim());
  else if (name === "help" || name === "?") commands.help(words.slice(1));
  else if (name === "clear" && args.length === 1) session.write("\x1b[H\x1b[2J");
  else if (name === "restart") {
    print(session.host, "Use 'restart' only in Lua debugging mode.");
  } else if (name === "connect" && args.length === 3) {
    await session.moveTo(words[1], parseInt(words[2], 10) || 0);
  } else {
    let count = session.options.repeat;
    if (args.length > 1 && /^\d+$/.test(words[0])) {
      count = Number(words[0]);
      args = args.slice(1);
    }
    const { clock } = session.host;
    const startedMs = clock.monotonicMs();
    await repeat(session, args, count, interrupt);
    const seconds = (clock.monotonicMs() - startedMs) / 1000;
    // Redis-cli says how long it took when that was long enough to be noticed.
    if (seconds >= 0.5 && session.style === "standard") {
      print(session.host, `(${seconds.toFixed(2)}s)`);
    }
  }
  return true;
}

/** Runs lines that nobody types. */
export async function runLines(
  session: CliSession,
  lines: AsyncIterable<string>,
): Promise<number> {
  const commands: LineCommands = {
    help: () => print(session.host, "Help is there when the input is a terminal."),
    set: (line) => unknownSetting(session, line),
  };
  for await (const line of lines) {
    if (!await runLine(session, line, commands)) break;
  }
  return 0;
}

export function unknownSetting(session: CliSession, line: string): void {
  if (!/^:set\s+(no)?hints$/i.test(line)) {
    print(session.host, `unknown redis-cli internal command '${line}'`);
  }
}
