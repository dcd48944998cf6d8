/**
 * The program's arguments → a configuration ready to start a server with, or what to tell the
 * operator. Reads files through the host; everything else about configuration is in lib/config.
 */

import { fromLatin1, latin1 } from "../bytes/byte_string.ts";
import { matchGlob } from "../bytes/glob.ts";
import { parseCommandLine } from "../config/command_line.ts";
import { Config } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import type { LoadedConfiguration } from "../config/config_file.ts";
import { ConfigFileError, loadConfiguration } from "../config/config_file.ts";
import type { ParameterName } from "../config/parameters.ts";
import { binaryText, hostText } from "../config/words.ts";
import type { Host } from "../engine/context.ts";
import { type Files, pathIn, pathProblem } from "../host/files.ts";
import { systemErrorText } from "../host/system_error.ts";
import { USAGE_TEXT, VERSION_TEXT } from "./usage.ts";

/** What the arguments ask for. */
export type Configured =
  | {
    readonly action: "run";
    readonly config: Config;
    readonly loaded: LoadedConfiguration;
    /** Full path of redis.conf, null when none was named. */
    readonly configFile: string | null;
  }
  | { readonly action: "print"; readonly text: string }
  | { readonly action: "fail"; readonly report: string };

/** @param readStdin gives all of standard input, asked for when the arguments name it (`-`). */
export function configure(
  args: readonly string[],
  host: Pick<Host, "files" | "process">,
  readStdin: () => Uint8Array,
): Configured {
  const commandLine = parseCommandLine(args);
  if (commandLine instanceof ConfigFileError) return fail(commandLine);
  if (commandLine.action === "help") return { action: "print", text: USAGE_TEXT };
  if (commandLine.action === "version") return { action: "print", text: VERSION_TEXT };

  const { files } = host;
  const config = new Config();
  const loaded = loadConfiguration(config, {
    path: commandLine.path,
    stdin: commandLine.stdin ? latin1(readStdin()) : null,
    options: commandLine.options,
    readText: (path) => latin1(files.readBytes(path)),
    expandPattern: (pattern) => expandPattern(pattern, host),
  });
  if (loaded instanceof ConfigFileError) return fail(loaded);
  const wrong = settlePaths(config, loaded, host);
  if (wrong !== null) return fail(wrong);
  const configFile = commandLine.path === null ? null : files.realPath(commandLine.path);
  return { action: "run", config, loaded, configFile };
}

function fail(error: ConfigFileError): Configured {
  return { action: "fail", report: error.report };
}

/** Makes `dir` a full path and finds out now whether it and the log file can be used. */
function settlePaths(
  config: Config,
  loaded: LoadedConfiguration,
  host: Pick<Host, "files">,
): ConfigFileError | null {
  const problem = (name: ParameterName, reason: string): ConfigFileError =>
    new ConfigFileError(reason, loaded.origins.get(name) ?? null);
  try {
    config.assign("dir", fullDirectory(host.files, hostText(config.get("dir"))));
  } catch (error) {
    const hint = hasEscapedPath(loaded.origins.get("dir")?.text ?? "") ? BACKSLASH_HINT : "";
    return problem("dir", systemErrorText(error) + hint);
  }
  const logFile = hostText(config.get("logfile"));
  if (logFile === "") return null;
  try {
    host.files.open(pathIn(hostText(config.get("dir")), logFile), { append: true, create: true })
      .close();
    return null;
  } catch (error) {
    return problem("logfile", `Can't open the log file: ${systemErrorText(error)}`);
  }
}

/**
 * CONFIG SET dir: a directory that is not there is refused. A relative path starts in the directory
 * before, which would be the process's working directory in Redis.
 */
export function followDirectory(config: Config, files: Files): void {
  let current = hostText(config.get("dir"));
  config.subscribe("dir", () => {
    try {
      const next = fullDirectory(files, pathIn(current, hostText(config.get("dir"))));
      config.assign("dir", next);
      current = hostText(next);
    } catch (error) {
      throw new ConfigError(systemErrorText(error));
    }
  });
}

/**
 * The full path of a directory, as a binary string.
 *
 * @throws {Error} when there is none.
 */
function fullDirectory(files: Files, path: string): string {
  const wrong = pathProblem(path);
  if (wrong !== null) throw new Error(wrong);
  const directory = files.realPath(path);
  if (files.stat(directory)?.isDirectory !== true) throw new Error("Not a directory");
  return binaryText(directory);
}

/** `dir "C:\new"` holds a line feed, which nobody who writes it expects. */
function hasEscapedPath(line: string): boolean {
  return /"[A-Za-z]:[^"]*\\[^\\"]/.test(line.replaceAll("\\\\", "/"));
}

const BACKSLASH_HINT =
  ' (between " a backslash begins an escape: write \\\\ or /, or use single quotes)';

/** The files that `include` with wildcards in its last part means, sorted. */
function expandPattern(pattern: string, host: Pick<Host, "files">): string[] {
  const slash = Math.max(pattern.lastIndexOf("/"), pattern.lastIndexOf("\\"));
  const directory = slash < 0 ? "." : pattern.slice(0, slash + 1);
  const glob = fromLatin1(pattern.slice(slash + 1));
  const matching = host.files.list(directory).filter((name) => {
    const bytes = new TextEncoder().encode(name);
    return matchGlob(glob, 0, glob.length, bytes, 0, bytes.length, false);
  });
  return matching.map((name) => slash < 0 ? name : directory + name);
}
