/**
 * redis.conf: from text to a loaded configuration, or to the error that redis-server would print.
 *
 * Options of the command line are lines like those of the file and come after them, so that there is
 * one reader, one set of errors and one rule of precedence: the later line holds. Directives that are
 * no parameters (`user`, `rename-command`) are handed back for those who own what they are about.
 */

import { systemErrorText } from "../host/system_error.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config_error.ts";
import { findParameter, type ParameterName } from "./parameters.ts";
import { REDIS_VERSION } from "./version.ts";
import { hostText, splitWords } from "./words.ts";

/** A line that says something. All texts are binary strings. */
export interface Directive {
  /** The file it is in; null for standard input and the command line. */
  readonly path: string | null;
  /** Counted from 1, within its file. */
  readonly line: number;
  /** The line without blanks around it. */
  readonly text: string;
  /** In lower case. */
  readonly name: string;
  readonly args: readonly string[];
}

/** Where configuration is read from. Paths are texts of the host's, contents binary strings. */
export interface ConfigSources {
  /** redis.conf, if one was named. */
  readonly path?: string | null;
  /** What standard input held, if it was named. */
  readonly stdin?: string | null;
  /** Lines made from the command line (`CommandLine.options`). */
  readonly options?: string;
  /** Reads a file, or throws the operating system's error. */
  readText(path: string): string;
  /** The files that an `include` with wildcards means, in order. */
  expandPattern(pattern: string): readonly string[];
}

/** What a configuration says beyond the values that went into the `Config`. */
export interface LoadedConfiguration {
  /** `user` lines: name and rules. */
  readonly users: readonly Directive[];
  /** `rename-command FROM TO` lines; an empty TO removes the command. */
  readonly renames: readonly Directive[];
  /** Parameters that files named by `include` have set. */
  readonly included: ReadonlySet<ParameterName>;
  /** The line that set each parameter last: for errors that only its owner can find. */
  readonly origins: ReadonlyMap<ParameterName, Directive>;
}

/** A configuration that can't be used; a value, not thrown. */
export class ConfigFileError {
  constructor(
    /** In Redis's words where it has some. */
    readonly reason: string,
    /** The line at fault, where it is one. */
    readonly directive: Pick<Directive, "path" | "line" | "text"> | null = null,
  ) {}

  /** What redis-server prints on standard error before it exits with 1. */
  get report(): string {
    const at = this.directive === null
      ? ""
      : `Reading the configuration file, at line ${this.directive.line}\n` +
        `>>> '${hostText(this.directive.text)}'\n`;
    return `\n*** FATAL CONFIG FILE ERROR (Redis ${REDIS_VERSION}) ***\n${at}${this.reason}\n`;
  }
}

/** A file that can't be read. redis-server says so in a line of its log, and exits with 1. */
export class ConfigOpenError extends ConfigFileError {
  override get report(): string {
    return `Fatal error, ${this.reason}\n`;
  }
}

/** Reads everything that `sources` names into `config`, which has not been started yet. */
export function loadConfiguration(
  config: Config,
  sources: ConfigSources,
): LoadedConfiguration | ConfigFileError {
  const loader = new Loader(config, sources);
  const error = loader.loadAll();
  if (error !== null) return error;
  if (config.get("cluster-enabled") && config.get("replicaof") !== null) {
    return new ConfigFileError(
      "replicaof directive not allowed in cluster mode",
    );
  }
  return loader;
}

class Loader implements LoadedConfiguration {
  readonly users: Directive[] = [];
  readonly renames: Directive[] = [];
  readonly included = new Set<ParameterName>();
  readonly origins = new Map<ParameterName, Directive>();
  private depth = 0;

  constructor(
    private readonly config: Config,
    private readonly sources: ConfigSources,
  ) {}

  loadAll(): ConfigFileError | null {
    const { path, stdin, options } = this.sources;
    let text = "";
    if (path !== undefined && path !== null) {
      const read = this.read(path);
      if (read instanceof ConfigFileError) return read;
      text = read;
    }
    text += stdin ?? "";
    // The blank line is Redis's: it counts in the line numbers of options.
    if (options) text += "\n" + options;
    return this.load(text, path ?? null);
  }

  private read(path: string): string | ConfigOpenError {
    try {
      return this.sources.readText(path);
    } catch (error) {
      const reason = systemErrorText(error).replace(`: ${path}`, "");
      return new ConfigOpenError(`can't open config file '${path}': ${reason}`);
    }
  }

  private load(text: string, path: string | null): ConfigFileError | null {
    const lines = withoutByteOrderMark(text).split("\n");
    for (let i = 0; i < lines.length; i++) {
      const place = { path, line: i + 1, text: trimmed(lines[i]) };
      if (place.text === "" || place.text.startsWith("#")) continue;
      const words = splitWords(place.text);
      if (words === null) {
        return new ConfigFileError(
          "Unbalanced quotes in configuration line",
          place,
        );
      }
      if (words.length === 0) continue;
      const directive = {
        ...place,
        name: words[0].toLowerCase(),
        args: words.slice(1),
      };
      const error = this.take(directive);
      if (error !== null) return error;
    }
    return null;
  }

  private take(directive: Directive): ConfigFileError | null {
    const { name, args } = directive;
    const parameter = findParameter(name);
    if (parameter !== null) return this.takeParameter(directive, parameter);
    if (OBSOLETE.has(name) && args.length === 1) return null;
    if (name === "include" && args.length === 1) return this.include(directive);
    if (name === "user" && args.length >= 1) {
      this.users.push(directive);
      return null;
    }
    if (name === "rename-command" && args.length === 2) {
      this.renames.push(directive);
      return null;
    }
    return new ConfigFileError(whyUnknown(directive), directive);
  }

  private takeParameter(
    directive: Directive,
    name: ParameterName,
  ): ConfigFileError | null {
    try {
      this.config.load(directive.name, directive.args);
    } catch (error) {
      if (error instanceof ConfigError) {
        return new ConfigFileError(error.message, directive);
      }
      throw error;
    }
    this.origins.set(name, directive);
    if (this.depth > 0) this.included.add(name);
    return null;
  }

  private include(directive: Directive): ConfigFileError | null {
    if (this.depth === MAX_DEPTH) {
      return new ConfigFileError(
        "Too many nested include directives",
        directive,
      );
    }
    const target = hostText(directive.args[0]);
    const paths = /[*?[]/.test(target) ? this.sources.expandPattern(target) : [target];
    this.depth++;
    for (const path of paths) {
      const text = this.read(path);
      const error = text instanceof ConfigFileError ? text : this.load(text, path);
      if (error !== null) return error;
    }
    this.depth--;
    return null;
  }
}

/** Redis itself recurses until its stack ends when a file includes itself. */
const MAX_DEPTH = 32;

/** Directives of old versions that are read and forgotten, as Redis does. */
const OBSOLETE = new Set([
  "list-max-ziplist-entries",
  "list-max-ziplist-value",
  "lua-replicate-commands",
]);

function whyUnknown({ name, args }: Directive): string {
  if (name === "loadmodule" && args.length > 0) {
    return "Modules are not supported: remove the loadmodule directive";
  }
  if (name === "sentinel") {
    return "sentinel directive while not in sentinel mode";
  }
  if (name.includes(".")) {
    return args.length === 0
      ? "Module config specified without value"
      : "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting";
  }
  return "Bad directive or wrong number of arguments";
}

function trimmed(line: string): string {
  return line.replace(/^[ \t\r\n]+/, "").replace(/[ \t\r\n]+$/, "");
}

/** Editors on Windows begin a UTF-8 file with one. */
function withoutByteOrderMark(text: string): string {
  return text.startsWith("\xef\xbb\xbf") ? text.slice(3) : text;
}
