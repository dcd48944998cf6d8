/**
 * Real Redis programs, and Prometheus's, the judges in any doubt; and the browser that pages are
 * looked at with. Where one is not installed its tests are ignored and say so; with
 * REDINO_REQUIRE_PEERS=1, as in CI, they fail instead.
 */

import { type ChildServer, startChildServer } from "./child_server.ts";
import { connect } from "./resp_client.ts";

export type Peer =
  | "redis-server"
  | "redis-cli"
  | "redis-benchmark"
  | "redis-sentinel"
  | "nutcracker"
  | "prometheus-redis-exporter"
  | "promtool"
  | "chromium";

const installed = new Map<Peer, boolean>();

/** Whether the program can be run; asked once. */
export function isInstalled(peer: Peer): boolean {
  let known = installed.get(peer);
  if (known === undefined) {
    known = canRun(peer);
    installed.set(peer, known);
  }
  return known;
}

/** Registers a test that needs such programs. */
export function needs(
  peers: Peer | Peer[],
  name: string,
  run: (context: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = [peers].flat().filter((peer) => !isInstalled(peer));
  if (missing.length === 0) {
    Deno.test(name, run);
    return;
  }
  const reason = `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not installed`;
  if (Deno.env.get("REDINO_REQUIRE_PEERS") === "1") {
    Deno.test(name, () => {
      throw new Error(`${reason}, and REDINO_REQUIRE_PEERS=1 asks for it`);
    });
    return;
  }
  console.log(`ignored: ${name}: ${reason}`);
  Deno.test({ name, ignore: true, fn: run });
}

export interface RedisOptions {
  /** More of redis-server's command line. */
  args?: string[];
  /** Allows DEBUG, MODULE and changes of protected parameters from this machine. */
  debug?: boolean;
  /** A port that is to be taken; without it a free one is found. */
  port?: number;
  /** The data directory, which is then left alone when the server stops. */
  directory?: string;
}

/** Starts a redis-server that saves nothing, and waits until it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<ChildServer> {
  const allowances = ["--enable-debug-command", "yes", "--enable-protected-configs", "yes"];
  const server = await startChildServer({
    program: "redis-server",
    args: (port, directory) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
      ...(options.debug ? allowances : []),
      ...(options.args ?? []),
    ],
    ...(options.directory === undefined ? {} : { directory: options.directory }),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  await using client = await connect(server.port);
  const reply = await client.send("PING");
  // With a password the refusal is the answer.
  if (reply.kind === "simple" || reply.kind === "error") return server;
  await server.close();
  throw new Error(`redis-server answered PING with ${reply.kind}`);
}

function canRun(program: string): boolean {
  try {
    const { success } = new Deno.Command(program, {
      args: ["--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
