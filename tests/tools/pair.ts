/**
 * Our server and a redis-server side by side, each in a process of its own on a free port, for tools
 * that measure both in one run. What a process used is read from /proc, where there is one.
 */

import { type ChildServer, startChildServer } from "../support/child_server.ts";
import { startServerProcess } from "../support/server_process.ts";

export type Side = "ours" | "theirs";
export const SIDES: readonly Side[] = ["ours", "theirs"];
export const NAMES: Readonly<Record<Side, string>> = { ours: "Redino", theirs: "redis-server" };

export interface PairOptions {
  /** More of both command lines. */
  args?: string[];
  /** Measures redis-server beside itself: how much the figures scatter by themselves. */
  noise?: boolean;
}

export type Pair = Readonly<Record<Side, ChildServer>>;

/** Runs `body` with both servers, which end with it, and on Ctrl+C. */
export async function withPair(
  options: PairOptions,
  body: (pair: Pair) => Promise<void>,
): Promise<void> {
  await withServer("theirs", options, async (theirs) => {
    await withServer("ours", options, (ours) => body({ ours, theirs }));
  });
}

/** The same with one of them. */
export async function withServer(
  side: Side,
  options: PairOptions,
  body: (server: ChildServer) => Promise<void>,
): Promise<void> {
  await withChild(await startSide(side, options), body);
}

/** The same with a server that runs already. */
export async function withChild(
  server: ChildServer,
  body: (server: ChildServer) => Promise<void>,
): Promise<void> {
  const interrupted = () => {
    server.kill("SIGKILL");
    // Whoever was interrupted first ends the process; the others have got their signal by then.
    queueMicrotask(() => Deno.exit(130));
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    await body(server);
  } finally {
    Deno.removeSignalListener("SIGINT", interrupted);
    await server.close();
  }
}

function startSide(side: Side, options: PairOptions): Promise<ChildServer> {
  const args = options.args ?? [];
  if (side === "ours" && options.noise !== true) return startServerProcess({ args });
  return startChildServer({
    program: "redis-server",
    args: (port, directory) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
      ...args,
    ],
  });
}

/** Seconds of processor time that the process has used, all its threads; NaN without /proc. */
export function cpuSeconds(pid: number): number {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return NaN;
  // The program's name in parentheses may hold blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** USER_HZ, which Linux shows to programs as 100 on all usual systems. */
const ticksPerSecond = 100;

/** Resident memory in bytes; NaN without /proc. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? "");
  return line === null ? NaN : Number(line[1]) * 1024;
}

/** The most resident memory it ever had, in bytes; NaN without /proc. */
export function peakResidentBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? "");
  return line === null ? NaN : Number(line[1]) * 1024;
}

function readProc(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
