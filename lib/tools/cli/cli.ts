/** `cli`: from the command line to one of its ways of working, and to an exit code. */

import { utf8 } from "../../bytes/byte_string.ts";
import { ClientError, ReplyError } from "../../client/client_error.ts";
import { REDINO_VERSION, REDIS_VERSION } from "../../config/version.ts";
import { type Console, DenoConsole } from "../../host/console.ts";
import { systemErrorText } from "../../host/system_error.ts";
import { print, printError, type ToolHost } from "../tool_host.ts";
import { CLI_HELP } from "./help_text.ts";
import { interact } from "./interactive.ts";
import { readAll, readLines } from "../standard_input.ts";
import { sampleLatency } from "./latency.ts";
import { type CliOptions, type OutputStyle, parseOptions } from "./options.ts";
import { pipe } from "./pipe.ts";
import { downloadSnapshot } from "./rdb_download.ts";
import { runLines } from "./repeat.ts";
import { repeat } from "./repeat.ts";
import { analyseKeys } from "./key_analysis.ts";
import { CliSession } from "./session.ts";
import { listKeys } from "./scan.ts";
import { showStatistics } from "./statistics.ts";

/** A tool's host with the terminal that it works on. */
export interface CliHost extends ToolHost {
  readonly console: Console;
}

/** The subcommand. */
export function cli(args: readonly string[], host: ToolHost): Promise<number> {
  return runCli(args, { ...host, console: new DenoConsole() });
}

/** Returns the exit code: 0, or 1 for a wrong command line and when the server can't be reached. */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  const parsed = parseOptions(args, host.console.variable("REDISCLI_AUTH"));
  switch (parsed.action) {
    case "help":
      host.write(utf8(CLI_HELP));
      return 0;
    case "version":
      print(host, `redino cli ${REDINO_VERSION} (Redis ${REDIS_VERSION})`);
      return 0;
    case "fail":
      printError(host, parsed.message);
      return 1;
  }
  const { options } = parsed;
  if (options.asksPassword) options.password = await askPassword(host);
  if (options.passwordShown && options.warnsOfPassword) {
    printError(
      host,
      "Warning: Using a password with '-a' or '-u' option on the command line interface may not " +
        "be safe.",
    );
  }
  const style: OutputStyle = options.style ?? (host.console.outputIsTerminal ? "standard" : "raw");
  const session = new CliSession(host, options, style, options.command.length === 0);
  try {
    return await work(host, session, options);
  } catch (error) {
    if (!(error instanceof ClientError || error instanceof ReplyError)) throw error;
    if (error.message !== "") printError(host, `Error: ${error.message}`);
    return 1;
  } finally {
    session.close();
  }
}

async function work(host: CliHost, session: CliSession, options: CliOptions): Promise<number> {
  if (options.mode !== "command" && await session.connect() === null) return 1;
  switch (options.mode) {
    case "scan":
      return await listKeys(session);
    case "bigkeys":
    case "memkeys":
    case "hotkeys":
      return await analyseKeys(session, options.mode);
    case "stat":
      return await showStatistics(session);
    case "latency":
    case "latency-history":
      return await sampleLatency(session, host.console.outputIsTerminal);
    case "pipe":
      return await pipe(session, host.console);
    case "rdb":
      return await downloadSnapshot(session);
    case "eval":
      return await evaluate(host, session, options);
    case "command":
      return await runCommands(host, session, options);
  }
}

async function runCommands(
  host: CliHost,
  session: CliSession,
  options: CliOptions,
): Promise<number> {
  if (options.command.length === 0) {
    if (host.console.inputIsTerminal) return await interact(host, session);
    await session.connect();
    return await runLines(session, readLines(host.console));
  }
  const args = [...options.command];
  if (options.lastFromInput) args.push(await readAll(host.console));
  if (options.inputTag !== null) {
    const tag = utf8(options.inputTag);
    const at = args.findIndex((arg) => sameBytes(arg, tag));
    if (at < 0) {
      printError(host, `Using -X option but stdin tag not match.`);
      return 1;
    }
    args[at] = await readAll(host.console);
  }
  return exitCode(await repeat(session, args, options.repeat), options);
}

/** `--eval FILE keys , arguments`. */
async function evaluate(
  host: CliHost,
  session: CliSession,
  options: CliOptions,
): Promise<number> {
  let script: Uint8Array;
  try {
    script = host.files.readBytes(options.file);
  } catch (error) {
    printError(host, `Can't open file '${options.file}': ${openReason(error)}`);
    return 1;
  }
  const comma = options.command.findIndex((arg) => arg.length === 1 && arg[0] === 0x2c);
  const keys = comma < 0 ? options.command : options.command.slice(0, comma);
  const values = comma < 0 ? [] : options.command.slice(comma + 1);
  const args = [utf8("EVAL"), script, utf8(String(keys.length)), ...keys, ...values];
  return exitCode(await repeat(session, args, options.repeat), options);
}

function exitCode(outcome: string, options: CliOptions): number {
  if (outcome === "failed") return 1;
  return outcome === "refused" && options.failOnError ? 1 : 0;
}

function openReason(error: unknown): string {
  const text = systemErrorText(error);
  // The runtime adds what it was doing, and with which file.
  return text.replace(/: (open|readfile|stat) '.*$/, "");
}

async function askPassword(host: CliHost): Promise<string> {
  host.writeError(utf8("Please input password: "));
  host.console.setRaw(true);
  let password = "";
  try {
    const bytes = new Uint8Array(256);
    const decoder = new TextDecoder();
    for (;;) {
      const count = await host.console.read(bytes);
      if (count === null) break;
      for (const character of decoder.decode(bytes.subarray(0, count), { stream: true })) {
        if (character === "\r" || character === "\n") return password;
        if (character === "\x03") return "";
        if (character === "\x7f" || character === "\b") password = password.slice(0, -1);
        else password += character;
      }
    }
    return password;
  } finally {
    host.console.setRaw(false);
    printError(host, "");
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
