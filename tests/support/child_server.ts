/**
 * A server in a process of its own, ours or a real redis-server: started on a free port in a directory
 * of its own, ready once it says so, and gone with its directory when the test is over.
 */

import { TextLineStream } from "@std/streams";

export interface ChildServerOptions {
  program: string;
  /** The command line for a port and a data directory. */
  args: (port: number, directory: string) => string[];
  /** The port to listen on; without it a free one is found, and another when that is taken meanwhile. */
  port?: number;
  /** The data directory, which is then left alone; without it a new one is made, and removed. */
  directory?: string;
  /** The line by which it says that it is ready, where that is not redis-server's. */
  ready?: RegExp;
}

const readyLine = /Ready to accept connections/;
const deadlineMs = 20_000;

/** A port that nobody listens on at this moment. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Starts the server and waits until it says that it is ready. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  for (let attempt = 1;; attempt++) {
    const port = options.port ?? freePort();
    const directory = options.directory ?? Deno.makeTempDirSync({ prefix: "redino-test-" });
    const server = new ChildServer(options, port, directory);
    if (await server.lineMatching(options.ready ?? readyLine) !== null) return server;
    await server.stop("SIGKILL");
    const output = server.lines.join("\n");
    const taken = /address already in use|could not create server tcp/i.test(output);
    if (!taken || options.port !== undefined || attempt === 5) {
      throw new Error(`${options.program} did not become ready on port ${port}:\n${output}`);
    }
  }
}

export class ChildServer {
  readonly pid: number;
  /** How the process ended, once it has. */
  readonly status: Promise<Deno.CommandStatus>;
  /** What it wrote so far, standard output and standard error, line by line. */
  readonly lines: string[] = [];
  private readonly child: Deno.ChildProcess;
  private readonly drained: Promise<void>;
  private readonly waiting = new Set<() => void>();
  private ended = false;
  private readonly ownsDirectory: boolean;

  constructor(options: ChildServerOptions, readonly port: number, readonly directory: string) {
    this.ownsDirectory = options.directory === undefined;
    this.child = new Deno.Command(options.program, {
      args: options.args(port, directory),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.child.pid;
    this.status = this.child.status;
    const { stdout, stderr } = this.child;
    this.drained = Promise.all([this.collect(stdout), this.collect(stderr)]).then(() => {
      this.ended = true;
      this.wake();
    });
  }

  /** The first line, so far or to come, that matches; null when the process ends, or takes too long. */
  async lineMatching(pattern: RegExp): Promise<string | null> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.wake();
    }, deadlineMs);
    try {
      for (let seen = 0;;) {
        for (; seen < this.lines.length; seen++) {
          if (pattern.test(this.lines[seen])) return this.lines[seen];
        }
        if (this.ended || late) return null;
        await new Promise<void>((resolve) => this.waiting.add(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends the signal unless the process has ended already, and waits for its end; a process that
   * takes too long over it is killed, which its status tells.
   */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill("SIGKILL"), deadlineMs);
    const status = await this.status;
    clearTimeout(timer);
    await this.drained;
    if (this.ownsDirectory) removeIfThere(this.directory);
    return status;
  }

  async close(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sends the signal without waiting. */
  kill(signal: Deno.Signal): void {
    try {
      this.child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }

  private async collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.lines.push(line);
      this.wake();
    }
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

function removeIfThere(directory: string): void {
  try {
    Deno.removeSync(directory, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
