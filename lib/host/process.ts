/**
 * What the server tells about the process it runs in (INFO, MEMORY, CONFIG GET dir), and the signals
 * that the operating system sends it.
 */

import process from "node:process";

export interface ProcessInfo {
  readonly pid: number;
  readonly platform: "linux" | "windows" | "darwin" | "other";
  /** As `uname -m` says it: "x86_64", "aarch64". */
  readonly arch: string;
  /** The kernel's release. */
  readonly osRelease: string;
  /** The absolute path of the runtime, or of the compiled program. */
  readonly executable: string;
  /** The arguments of the program, without its own name. */
  readonly argv: readonly string[];
  /** Processor time spent in our own code, in seconds. */
  cpuUser(): number;
  /** Processor time spent in the operating system for us, in seconds. */
  cpuSystem(): number;
  /** Memory that is really in use, as the operating system counts it. */
  rssBytes(): number;
  memory(): ProcessMemory;
  /** Of the machine. */
  readonly totalSystemMemoryBytes: number;
  workingDirectory(): string;
  /** Throws a system error when there is no such directory. */
  changeDirectory(path: string): void;
}

export interface ProcessMemory {
  rssBytes: number;
  /** Objects of the JavaScript heap. */
  heapUsedBytes: number;
  /** What the JavaScript heap has taken from the operating system. */
  heapTotalBytes: number;
  /** Buffers that are kept outside the JavaScript heap. */
  externalBytes: number;
}

/** The real process. */
export class DenoProcess implements ProcessInfo {
  readonly pid = Deno.pid;
  readonly platform = platformName();
  readonly arch = Deno.build.arch;
  readonly osRelease = Deno.osRelease();
  readonly executable = Deno.execPath();
  readonly argv: readonly string[] = Deno.args;
  readonly totalSystemMemoryBytes = Deno.systemMemoryInfo().total;

  cpuUser(): number {
    return process.cpuUsage().user / 1e6;
  }

  cpuSystem(): number {
    return process.cpuUsage().system / 1e6;
  }

  rssBytes(): number {
    return Deno.memoryUsage().rss;
  }

  memory(): ProcessMemory {
    const { rss, heapUsed, heapTotal, external } = Deno.memoryUsage();
    return {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
    };
  }

  workingDirectory(): string {
    return Deno.cwd();
  }

  changeDirectory(path: string): void {
    Deno.chdir(path);
  }
}

function platformName(): ProcessInfo["platform"] {
  const os = Deno.build.os;
  return os === "linux" || os === "windows" || os === "darwin" ? os : "other";
}

export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGBREAK";

export interface Signals {
  /** Calls `handler` on each signal of that name; does nothing where the platform has none. */
  on(signal: SignalName, handler: () => void): void;
  /** Takes all handlers back: the signals do again what they do by default. */
  close(): void;
}

/** The real signals. */
export class DenoSignals implements Signals {
  private readonly listening: { signal: SignalName; handler: () => void }[] = [];

  on(signal: SignalName, handler: () => void): void {
    try {
      Deno.addSignalListener(signal, handler);
    } catch {
      // SIGBREAK is known on Windows only, SIGTERM and SIGHUP not everywhere: nobody can send them.
      return;
    }
    this.listening.push({ signal, handler });
  }

  close(): void {
    for (const { signal, handler } of this.listening) Deno.removeSignalListener(signal, handler);
    this.listening.length = 0;
  }
}
