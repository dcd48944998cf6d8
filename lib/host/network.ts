/**
 * Listening and connecting, over TCP and Unix sockets.
 *
 * A `Connection` has the runtime's own shape, so that `Deno.TcpConn` and `Deno.UnixConn` are used as
 * they are: no wrapper stands between the server and the calls that it makes for every request.
 */

import { SystemError } from "./system_error.ts";

/** What gives the server its listeners and its links to other servers. */
export interface Network {
  /** Throws a system error (see `system_error.ts`) when the address can't be had. */
  listen(options: ListenOptions): Listener;
  /** Listens on a Unix socket; the file at `path` must not exist yet. */
  listenUnix(path: string): Listener;
  connect(hostname: string, port: number): Promise<Connection>;
  connectUnix(path: string): Promise<Connection>;
}

export interface ListenOptions {
  hostname: string;
  /** 0 picks a free port. */
  port: number;
  /** How many connections the operating system keeps waiting for `accept()`. */
  backlog?: number;
}

export interface Listener {
  /** Rejects when the listener is closed ("closed"), or the process is out of files, and so on. */
  accept(): Promise<Connection>;
  close(): void;
  /** Empty for a Unix socket. */
  readonly hostname: string;
  /** The port really taken; 0 for a Unix socket. */
  readonly port: number;
  /** Of a Unix socket. */
  readonly path?: string;
}

export type Address =
  | { transport: "tcp" | "udp"; hostname: string; port: number }
  | { transport: "unix" | "unixpacket"; path: string };

export interface Connection {
  /** Bytes read into the start of `target`; null when the other side has ended its side. */
  read(target: Uint8Array): Promise<number | null>;
  /** Bytes taken from `bytes`: often fewer than given. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  /** Ends our side only: the other one reads the end, and can still write. */
  closeWrite(): Promise<void>;
  /** TCP only. */
  setNoDelay?(on?: boolean): void;
  /** TCP only. */
  setKeepAlive?(on?: boolean): void;
  readonly remoteAddr: Address;
  readonly localAddr: Address;
}

/**
 * One end of a connection in Redis's form. The other side of a Unix socket has no path of its own:
 * then our end names it.
 *
 * @param local the end that is ours.
 */
export function addressText(address: Address, local: Address): string {
  if ("path" in address) return `${"path" in local ? local.path : address.path}:0`;
  const { hostname, port } = address;
  // An IPv4 client of an IPv6 socket.
  if (hostname.startsWith("::ffff:")) return `${hostname.slice(7)}:${port}`;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Writes all of `bytes`, in as many calls as it takes. For links that have no queue of their own. */
export async function writeAll(connection: Connection, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await connection.write(written === 0 ? bytes : bytes.subarray(written));
  }
}

/** The real network. */
export class DenoNetwork implements Network {
  listen(options: ListenOptions): Listener {
    const { hostname, port, backlog } = options;
    const listener = Deno.listen(
      backlog === undefined ? { hostname, port } : { hostname, port, tcpBacklog: backlog },
    );
    return new DenoListener(listener, listener.addr.hostname, listener.addr.port);
  }

  listenUnix(path: string): Listener {
    requireUnixSockets();
    return new DenoListener(Deno.listen({ transport: "unix", path }), "", 0, path);
  }

  connect(hostname: string, port: number): Promise<Connection> {
    return Deno.connect({ hostname, port });
  }

  async connectUnix(path: string): Promise<Connection> {
    requireUnixSockets();
    return await Deno.connect({ transport: "unix", path });
  }
}

function requireUnixSockets(): void {
  if (Deno.build.os !== "windows") return;
  throw new SystemError("ENOTSUP", "Unix sockets are not supported on Windows");
}

class DenoListener implements Listener {
  constructor(
    private readonly listener: Deno.TcpListener | Deno.UnixListener,
    readonly hostname: string,
    readonly port: number,
    readonly path?: string,
  ) {}

  accept(): Promise<Connection> {
    return this.listener.accept();
  }

  close(): void {
    this.listener.close();
  }
}
