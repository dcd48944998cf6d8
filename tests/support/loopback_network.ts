/**
 * A network inside the test: connections are pairs of queues, so a server can be driven without
 * sockets. Writes are taken whole unless `writeLimit` makes them partial.
 */

import type {
  Address,
  Connection,
  Listener,
  ListenOptions,
  Network,
} from "../../lib/host/network.ts";
import { SystemError } from "../../lib/host/system_error.ts";

export class LoopbackNetwork implements Network {
  private readonly listeners = new Map<string, LoopbackListener>();
  private nextPort = 40_000;
  /** The most bytes that one `write` takes, on connections made from now on. */
  writeLimit = Infinity;

  listen(options: ListenOptions): Listener {
    const port = options.port === 0 ? this.nextPort++ : options.port;
    return this.add(`${options.hostname}:${port}`, options.hostname, port);
  }

  listenUnix(path: string): Listener {
    return this.add(path, "", 0, path);
  }

  connect(hostname: string, port: number): Promise<Connection> {
    const remote: Address = { transport: "tcp", hostname, port };
    const local: Address = { transport: "tcp", hostname, port: this.nextPort++ };
    return this.reach(`${hostname}:${port}`, local, remote);
  }

  connectUnix(path: string): Promise<Connection> {
    const address: Address = { transport: "unix", path };
    return this.reach(path, address, address);
  }

  private add(name: string, hostname: string, port: number, path?: string): Listener {
    if (this.listeners.has(name)) throw new SystemError("EADDRINUSE", "Address already in use");
    const close = () => this.listeners.delete(name);
    const listener = new LoopbackListener(hostname, port, path, close);
    this.listeners.set(name, listener);
    return listener;
  }

  private reach(name: string, local: Address, remote: Address): Promise<Connection> {
    const listener = this.listeners.get(name);
    if (listener === undefined) {
      return Promise.reject(new SystemError("ECONNREFUSED", "Connection refused"));
    }
    const there = new ByteQueue();
    const back = new ByteQueue();
    listener.arrive(new LoopbackConnection(there, back, remote, local, this.writeLimit));
    return Promise.resolve(new LoopbackConnection(back, there, local, remote, this.writeLimit));
  }
}

class LoopbackListener implements Listener {
  private readonly arrived: Connection[] = [];
  private readonly accepting: PromiseWithResolvers<Connection>[] = [];
  private closed = false;

  constructor(
    readonly hostname: string,
    readonly port: number,
    readonly path: string | undefined,
    private readonly onClose: () => void,
  ) {}

  arrive(connection: Connection): void {
    const waiting = this.accepting.shift();
    if (waiting === undefined) this.arrived.push(connection);
    else waiting.resolve(connection);
  }

  accept(): Promise<Connection> {
    if (this.closed) return Promise.reject(closedError());
    const connection = this.arrived.shift();
    if (connection !== undefined) return Promise.resolve(connection);
    const waiting = Promise.withResolvers<Connection>();
    this.accepting.push(waiting);
    return waiting.promise;
  }

  close(): void {
    this.closed = true;
    this.onClose();
    for (const connection of this.arrived) connection.close();
    for (const waiting of this.accepting) waiting.reject(closedError());
  }
}

class LoopbackConnection implements Connection {
  private closed = false;

  constructor(
    private readonly incoming: ByteQueue,
    private readonly outgoing: ByteQueue,
    readonly localAddr: Address,
    readonly remoteAddr: Address,
    private readonly writeLimit: number,
  ) {}

  read(target: Uint8Array): Promise<number | null> {
    return this.closed ? Promise.reject(closedError()) : this.incoming.take(target);
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.try(() => {
      if (this.closed) throw closedError();
      const count = Math.min(bytes.length, this.writeLimit);
      this.outgoing.put(bytes.slice(0, count));
      return count;
    });
  }

  close(): void {
    if (this.closed) throw closedError();
    this.closed = true;
    this.outgoing.end();
    this.incoming.abandon();
  }

  closeWrite(): Promise<void> {
    this.outgoing.end();
    return Promise.resolve();
  }
}

/** Bytes in one direction. One read may wait at a time, as on a socket. */
class ByteQueue {
  private readonly chunks: Uint8Array[] = [];
  private ended = false;
  private abandoned = false;
  private waiting: { target: Uint8Array; result: PromiseWithResolvers<number | null> } | null =
    null;

  put(chunk: Uint8Array): void {
    if (this.abandoned || this.ended) throw new SystemError("EPIPE", "Broken pipe");
    if (chunk.length > 0) this.chunks.push(chunk);
    this.serve();
  }

  take(target: Uint8Array): Promise<number | null> {
    if (this.waiting !== null) return Promise.reject(new SystemError("EBUSY", "Resource busy"));
    const result = Promise.withResolvers<number | null>();
    this.waiting = { target, result };
    this.serve();
    return result.promise;
  }

  /** No more bytes will come. */
  end(): void {
    this.ended = true;
    this.serve();
  }

  /** Nobody reads any more: the other side's writes fail. */
  abandon(): void {
    this.abandoned = true;
    this.waiting?.result.reject(closedError());
    this.waiting = null;
  }

  private serve(): void {
    if (this.waiting === null) return;
    const { target, result } = this.waiting;
    if (this.chunks.length === 0) {
      if (!this.ended) return;
      this.waiting = null;
      result.resolve(null);
      return;
    }
    this.waiting = null;
    const chunk = this.chunks[0];
    const count = Math.min(chunk.length, target.length);
    target.set(chunk.subarray(0, count));
    if (count === chunk.length) this.chunks.shift();
    else this.chunks[0] = chunk.subarray(count);
    result.resolve(count);
  }
}

/** As the runtime words it, with the name that `systemErrorKind()` knows. */
function closedError(): Error {
  const error = new Error("connection or listener is closed");
  error.name = "BadResource";
  return error;
}
