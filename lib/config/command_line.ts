/**
 * The command line of redis-server: `[path/to/redis.conf | -] [--directive value …]`.
 *
 * Options become lines of redis.conf, quoted, for the reader of config_file.ts. Where an option ends
 * is Redis's rule: at the next argument that begins with "--", unless that comes right behind the
 * option's name: then it is a value (`--masterauth --secret`), but for `--save --port 7000`.
 * `--port=7000` is ours.
 */

import { ConfigFileError } from "./config_file.ts";
import { binaryText, quotedWord } from "./words.ts";

export interface CommandLine {
  readonly action: "run" | "help" | "version";
  /** redis.conf, as it was given. */
  readonly path: string | null;
  /** Configuration is on standard input as well ("-"). */
  readonly stdin: boolean;
  /** The options as lines of redis.conf; a binary string. */
  readonly options: string;
}

/** Reads the arguments after the program's name. */
export function parseCommandLine(
  given: readonly string[],
): CommandLine | ConfigFileError {
  const first = given[0];
  if (first === "--help" || first === "-h") return plain("help");
  if (first === "--version" || first === "-v") return plain("version");
  if (given.some((arg) => arg.toLowerCase() === "--sentinel")) {
    return new ConfigFileError(
      "Sentinel mode is not supported: this is a data server",
    );
  }
  const args = [...given];
  let path: string | null = null;
  let stdin = false;
  if (first === "-") {
    stdin = true;
    args.shift();
  } else if (first !== undefined && !first.startsWith("-")) {
    path = first;
    args.shift();
  }
  if (args.at(-1) === "-") {
    stdin = true;
    args.pop();
  }
  return {
    action: "run",
    path,
    stdin,
    options: optionLines(args.map(binaryText)),
  };
}

/** A line is a name, perhaps with words in it, and the quoted values that follow. */
interface Line {
  text: string;
  /** How many values it still needs before "--" ends it. */
  needs: number;
}

function optionLines(args: readonly string[]): string {
  const lines: Line[] = [];
  for (const arg of args) {
    const last = lines.at(-1);
    if (arg.startsWith("--") && !(last !== undefined && last.needs > 0)) {
      if (arg !== "--") lines.push(optionLine(arg.slice(2)));
    } else if (last === undefined) {
      lines.push({ text: quotedWord(arg), needs: 0 });
    } else {
      last.text += (last.text === "" ? "" : " ") + quotedWord(arg);
      last.needs--;
    }
  }
  return lines.map((line) => line.text.toLowerCase() === "save" ? 'save ""' : line.text).join(
    "\n",
  );
}

function optionLine(option: string): Line {
  const assigned = /^([^\s=]+)=(.*)$/s.exec(option);
  if (assigned !== null) {
    return { text: `${assigned[1]} ${quotedWord(assigned[2])}`, needs: 0 };
  }
  // A name by itself wants a value; without one `--save` stands for no save points.
  const needs = /^\S+\s*$/.test(option) && option.toLowerCase() !== "save" ? 1 : 0;
  // A line feed would start another directive; no name has one.
  return { text: option.replaceAll("\n", " "), needs };
}

function plain(action: "help" | "version"): CommandLine {
  return { action, path: null, stdin: false, options: "" };
}
