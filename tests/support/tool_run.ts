/**
 * Tools run inside the test, on a terminal that is none: input is given, output collected, keys are
 * typed when the test says so.
 */

import { systemHost } from "../../lib/host/system_host.ts";
import type { Console } from "../../lib/host/console.ts";
import type { ToolHost } from "../../lib/tools/tool_host.ts";

export type ConsoleHost = ToolHost & { readonly console: Console };
export type ConsoleTool = (args: readonly string[], host: ConsoleHost) => Promise<number>;

export interface RunOptions {
  /** All of standard input. */
  input?: string | Uint8Array;
  /** Input and output are a terminal. */
  terminal?: boolean;
  variables?: Record<string, string>;
}

export interface Finished {
  code: number;
  /** Binary strings: one character for each byte. */
  out: string;
  err: string;
}

const deadlineMs = 15_000;
const encoder = new TextEncoder();

export async function runTool(
  tool: ConsoleTool,
  args: string[],
  options: RunOptions = {},
): Promise<Finished> {
  const running = new RunningTool(tool, args, options);
  if (options.terminal !== true) {
    running.console.type(options.input ?? "");
    running.console.end();
  }
  const code = await running.exit;
  return { code, out: running.out, err: running.err };
}

export class RunningTool {
  out = "";
  err = "";
  readonly console: TypedConsole;
  /** The exit code. */
  readonly exit: Promise<number>;
  private readonly watchers = new Set<() => void>();

  constructor(tool: ConsoleTool, args: string[], options: RunOptions = {}) {
    this.console = new TypedConsole(options.terminal === true, options.variables ?? {});
    const quiet = () => {};
    const log = { debug: quiet, verbose: quiet, notice: quiet, warning: quiet };
    const host: ConsoleHost = {
      ...systemHost(() => log),
      console: this.console,
      write: (bytes) => {
        this.out += binaryText(bytes);
        for (const look of this.watchers) look();
      },
      writeError: (bytes) => {
        this.err += binaryText(bytes);
        for (const look of this.watchers) look();
      },
    };
    this.exit = within(tool(args, host), () => `the tool to end; so far: ${this.out}${this.err}`);
    // The test may fail before it waits for the end.
    this.exit.catch(() => {});
  }

  /** Types keys, and waits until new output matches; returns that output. */
  async type(keys: string, expected: RegExp): Promise<string> {
    const from = this.out.length;
    this.console.type(keys);
    return await this.until(expected, from);
  }

  /** Waits until the output from some place on matches. */
  async until(expected: RegExp, from = 0): Promise<string> {
    const seen = Promise.withResolvers<string>();
    const look = () => {
      const text = this.out.slice(from);
      if (expected.test(text)) seen.resolve(text);
    };
    this.watchers.add(look);
    look();
    try {
      return await within(
        seen.promise,
        () => `${expected} in ${JSON.stringify(this.out.slice(from))}`,
      );
    } finally {
      this.watchers.delete(look);
    }
  }
}

/** Standard input that a test types into. */
class TypedConsole implements Console {
  readonly inputIsTerminal: boolean;
  readonly outputIsTerminal: boolean;
  readonly errorIsTerminal: boolean;
  raw = false;
  private readonly chunks: Uint8Array[] = [];
  private waiting: (() => void) | null = null;
  private ended = false;

  constructor(terminal: boolean, private readonly variables: Record<string, string>) {
    this.inputIsTerminal = this.outputIsTerminal = this.errorIsTerminal = terminal;
  }

  type(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    if (bytes.length > 0) this.chunks.push(bytes);
    this.waiting?.();
  }

  end(): void {
    this.ended = true;
    this.waiting?.();
  }

  columns(): number {
    return 80;
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (this.chunks.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => this.waiting = resolve);
    }
    const chunk = this.chunks.shift();
    if (chunk === undefined) return null;
    const count = Math.min(chunk.length, target.length);
    target.set(chunk.subarray(0, count));
    if (count < chunk.length) this.chunks.unshift(chunk.subarray(count));
    return count;
  }

  setRaw(on: boolean): void {
    this.raw = on;
  }

  variable(name: string): string | undefined {
    return this.variables[name];
  }
}

export function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** What a program of Redis prints for the same arguments and input. */
export async function runPeer(
  program: string,
  args: string[],
  input: string | Uint8Array = "",
): Promise<Finished> {
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const bytes = typeof input === "string" ? encoder.encode(input) : input;
  // It may end without reading what it is given.
  writer.write(bytes).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, out: binaryText(stdout), err: binaryText(stderr) };
}

async function within<T>(promise: Promise<T>, what: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited for ${what()}`)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
