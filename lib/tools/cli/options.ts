/** The command line of `cli`: redis-cli's options, and what is left as the command. */

import { parseServerUri } from "../server_uri.ts";
import { unquote } from "./argument_splitting.ts";
import { utf8 } from "../../bytes/byte_string.ts";

/** How replies are printed; null: "standard" on a terminal, "raw" otherwise. */
export type OutputStyle = "standard" | "raw" | "csv" | "json" | "quoted-json";

export type Mode =
  | "command"
  | "scan"
  | "bigkeys"
  | "memkeys"
  | "hotkeys"
  | "stat"
  | "latency"
  | "latency-history"
  | "pipe"
  | "eval"
  | "rdb";

export interface CliOptions {
  hostname: string;
  port: number;
  socket: string | null;
  password: string | null;
  username: string | null;
  db: number;
  protocol: 2 | 3 | null;
  style: OutputStyle | null;
  repeat: number;
  intervalSeconds: number;
  lastFromInput: boolean;
  inputTag: string | null;
  elementDelimiter: string;
  replyDelimiter: string;
  failOnError: boolean;
  mode: Mode;
  file: string;
  pattern: Uint8Array | null;
  type: string | null;
  count: number | null;
  memorySamples: number | null;
  pipeTimeoutSeconds: number;
  warnsOfPassword: boolean;
  /** Whether the password stood on the command line, where others can see it. */
  passwordShown: boolean;
  asksPassword: boolean;
  showsPushes: boolean | null;
  quotedInput: boolean;
  verbose: boolean;
  command: Uint8Array[];
}

export type ParsedOptions =
  | { readonly action: "run"; readonly options: CliOptions }
  | { readonly action: "help" | "version" }
  | { readonly action: "fail"; readonly message: string };

export function defaultOptions(): CliOptions {
  return {
    hostname: "127.0.0.1",
    port: 6379,
    socket: null,
    password: null,
    username: null,
    db: 0,
    protocol: null,
    style: null,
    repeat: 1,
    intervalSeconds: 0,
    lastFromInput: false,
    inputTag: null,
    elementDelimiter: "\n",
    replyDelimiter: "\n",
    failOnError: false,
    mode: "command",
    file: "",
    pattern: null,
    type: null,
    count: null,
    memorySamples: null,
    pipeTimeoutSeconds: 30,
    warnsOfPassword: true,
    passwordShown: false,
    asksPassword: false,
    showsPushes: null,
    quotedInput: false,
    verbose: false,
    command: [],
  };
}

class OptionError extends Error {}

type Flag = (options: CliOptions) => void;
type Setting = (options: CliOptions, value: string) => void;

const FLAGS: ReadonlyMap<string, Flag> = new Map<string, Flag>([
  ["-2", (options) => options.protocol = 2],
  ["-3", (options) => options.protocol = 3],
  ["-x", (options) => options.lastFromInput = true],
  ["-e", (options) => options.failOnError = true],
  // Redirections are followed by nobody here: a single server has none.
  ["-c", () => {}],
  ["--raw", (options) => options.style = "raw"],
  ["--no-raw", (options) => options.style = "standard"],
  ["--csv", (options) => options.style = "csv"],
  ["--json", (options) => setJson(options, "json")],
  ["--quoted-json", (options) => setJson(options, "quoted-json")],
  ["--quoted-input", (options) => options.quotedInput = true],
  ["--scan", (options) => options.mode = "scan"],
  ["--bigkeys", (options) => options.mode = "bigkeys"],
  ["--memkeys", (options) => options.mode = "memkeys"],
  ["--hotkeys", (options) => options.mode = "hotkeys"],
  ["--stat", (options) => options.mode = "stat"],
  ["--latency", (options) => options.mode = "latency"],
  ["--latency-history", (options) => options.mode = "latency-history"],
  ["--pipe", (options) => options.mode = "pipe"],
  ["--askpass", (options) => options.asksPassword = true],
  ["--no-auth-warning", (options) => options.warnsOfPassword = false],
  ["--verbose", (options) => options.verbose = true],
]);

const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ["-h", (options, value) => options.hostname = value],
  ["-p", (options, value) => options.port = portNumber(value)],
  ["-s", (options, value) => options.socket = value],
  ["-a", setPassword],
  ["--pass", setPassword],
  ["--user", (options, value) => options.username = value],
  ["-u", setUri],
  ["-n", (options, value) => options.db = integer(value)],
  ["-r", (options, value) => options.repeat = integer(value)],
  ["-i", (options, value) => options.intervalSeconds = seconds(value)],
  ["-d", (options, value) => options.elementDelimiter = value],
  ["-D", (options, value) => options.replyDelimiter = value],
  ["-X", (options, value) => options.inputTag = value],
  ["--pattern", (options, value) => options.pattern = utf8(value)],
  ["--quoted-pattern", (options, value) => options.pattern = unquoted(value)],
  ["--type", (options, value) => options.type = value],
  ["--count", (options, value) => options.count = integer(value)],
  ["--memkeys-samples", (options, value) => {
    options.mode = "memkeys";
    options.memorySamples = integer(value);
  }],
  ["--pipe-timeout", (options, value) => options.pipeTimeoutSeconds = integer(value)],
  ["--show-pushes", (options, value) => options.showsPushes = /^(y|1)/i.test(value)],
  ["--eval", (options, value) => setFile(options, "eval", value)],
  ["--rdb", (options, value) => setFile(options, "rdb", value)],
]);

/** @param environmentPassword of REDISCLI_AUTH. */
export function parseOptions(
  args: readonly string[],
  environmentPassword?: string,
): ParsedOptions {
  const options = defaultOptions();
  if (environmentPassword !== undefined) options.password = environmentPassword;
  try {
    let at = 0;
    for (; at < args.length; at++) {
      const name = args[at];
      const isLast = at === args.length - 1;
      if (name === "--help" || (name === "-h" && isLast)) return { action: "help" };
      if (name === "--version" || name === "-v") return { action: "version" };
      const flag = FLAGS.get(name);
      const setting = SETTINGS.get(name);
      if (flag !== undefined) flag(options);
      else if (setting !== undefined && !isLast) setting(options, args[++at]);
      else if (name.startsWith("-")) {
        throw new OptionError(`Unrecognized option or bad number of args for: '${name}'`);
      } else break;
    }
    options.command = args.slice(at).map(options.quotedInput ? unquotedArgument : utf8);
    return { action: "run", options };
  } catch (error) {
    if (error instanceof OptionError) return { action: "fail", message: error.message };
    throw error;
  }
}

function setJson(options: CliOptions, style: OutputStyle): void {
  options.style = style;
  options.protocol ??= 3;
}

function setPassword(options: CliOptions, value: string): void {
  options.password = value;
  options.passwordShown = true;
}

function setFile(options: CliOptions, mode: Mode, value: string): void {
  options.mode = mode;
  options.file = value;
}

function setUri(options: CliOptions, value: string): void {
  const server = parseServerUri(value);
  if (typeof server === "string") throw new OptionError(server);
  options.hostname = server.hostname;
  options.port = server.port;
  if (server.username !== null) options.username = server.username;
  if (server.password !== null) setPassword(options, server.password);
  if (server.db !== null) options.db = server.db;
}

function integer(value: string): number {
  const number = parseInt(value, 10);
  return Number.isNaN(number) ? 0 : number;
}

function portNumber(value: string): number {
  const port = integer(value);
  if (port < 0 || port > 65535) throw new OptionError("Invalid server port.");
  return port;
}

function seconds(value: string): number {
  const number = parseFloat(value);
  return Number.isNaN(number) || number < 0 ? 0 : number;
}

function unquoted(value: string): Uint8Array {
  const bytes = unquote(value);
  if (bytes === null) throw new OptionError("Invalid quoted string specified for --quoted-pattern");
  return bytes;
}

function unquotedArgument(value: string): Uint8Array {
  const bytes = unquote(value);
  if (bytes === null) throw new OptionError("Invalid quoted string");
  return bytes;
}
