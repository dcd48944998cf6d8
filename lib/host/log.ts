/**
 * The server's log, in Redis's format, since operators and the scripts that start servers read it:
 *
 *     <pid>:<role> <dd Mon yyyy hh:mm:ss.mmm> <level> <message>
 *
 * The role is M (primary), S (replica), C (child) or X (sentinel); the level is one of `. - * #`; the
 * time is local. One event is one line: control characters in a message, which may quote what a client
 * sent, are written as escapes.
 */

import type { Clock } from "./clock.ts";

export interface Log {
  /** Where lines tell what the server is at the moment. */
  role?: RoleChar;
  debug(message: string): void;
  /** @param message or what makes it, where that is much for a line that is seldom wanted. */
  verbose(message: string | (() => string)): void;
  notice(message: string): void;
  warning(message: string): void;
}

/** The values of the parameter `loglevel`, from the most to the least that is written. */
export type LogLevel = "debug" | "verbose" | "notice" | "warning" | "nothing";

export type RoleChar = "M" | "S" | "C" | "X";

export interface RedisLogOptions {
  clock: Clock;
  pid: number;
  level?: LogLevel;
  /** Empty, as by default, for standard output. */
  path?: string;
}

/** Writes to standard output, or to a file that is opened for each line so that it can be rotated. */
export class RedisLog implements Log {
  /** Lines below this level are left out; may change while the server runs. */
  level: LogLevel;
  /** The file written to; empty for standard output. May change while the server runs. */
  path: string;
  role: RoleChar = "M";
  private readonly clock: Clock;
  private readonly pid: number;

  constructor(options: RedisLogOptions) {
    this.clock = options.clock;
    this.pid = options.pid;
    this.level = options.level ?? "notice";
    this.path = options.path ?? "";
  }

  debug(message: string): void {
    this.print(0, ".", message);
  }

  verbose(message: string | (() => string)): void {
    this.print(1, "-", message);
  }

  notice(message: string): void {
    this.print(2, "*", message);
  }

  warning(message: string): void {
    this.print(3, "#", message);
  }

  /** Writes `text` as it stands, whatever the level: the banner at the start. */
  raw(text: string): void {
    this.append(text);
  }

  private print(rank: number, levelChar: string, message: string | (() => string)): void {
    if (rank < levelRanks[this.level]) return;
    const text = typeof message === "string" ? message : message();
    this.append(formatLogLine(this.pid, this.role, this.clock.unixMs(), levelChar, text));
  }

  private append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    // A log that can't be written (a full disk, a pipe that nobody reads) must not stop the server.
    try {
      if (this.path === "") {
        appendTo(Deno.stdout, bytes);
      } else {
        using file = Deno.openSync(this.path, { append: true, create: true });
        appendTo(file, bytes);
      }
    } catch {
      return;
    }
  }
}

/** One line of the log, with its end. */
export function formatLogLine(
  pid: number,
  role: RoleChar,
  unixMs: number,
  levelChar: string,
  message: string,
): string {
  const time = new Date(unixMs);
  const day = digits(time.getDate(), 2);
  const date = `${day} ${monthNames[time.getMonth()]} ${time.getFullYear()}`;
  const clock = `${digits(time.getHours(), 2)}:${digits(time.getMinutes(), 2)}:` +
    `${digits(time.getSeconds(), 2)}.${digits(time.getMilliseconds(), 3)}`;
  return `${pid}:${role} ${date} ${clock} ${levelChar} ${escapeControls(message)}\n`;
}

/** Control characters as `\n`, `\r`, `\t` or `\xHH`, so that a text stays on one line. */
export function escapeControls(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

const levelRanks: Record<LogLevel, number> = {
  debug: 0,
  verbose: 1,
  notice: 2,
  warning: 3,
  nothing: 4,
};

const monthNames = [
  "Jan",
  "Feb",
  "Mar",
  "Apr",
  "May",
  "Jun",
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
];

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function appendTo(sink: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += sink.writeSync(bytes.subarray(written));
}
