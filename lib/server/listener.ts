/**
 * Where clients come in: TCP on every address of `bind`, and a Unix socket.
 *
 * The accept loops are our own, since the runtime's iterator ends at the first error: a process
 * that is out of files has to wait for some to be closed, not to stop serving. Errors at start
 * are logged in Redis's words, which start scripts look for.
 */

import { ConfigError } from "../config/config_error.ts";
import type { Config } from "../config/config.ts";
import { hostText } from "../config/words.ts";
import type { Clock, Timer } from "../host/clock.ts";
import type { Files } from "../host/files.ts";
import type { Log } from "../host/log.ts";
import type { Connection, Listener, Network } from "../host/network.ts";
import type { ProcessInfo } from "../host/process.ts";
import { pathIn } from "../host/files.ts";
import { systemErrorKind, systemErrorText } from "../host/system_error.ts";

/** The parts of the host that listening needs. */
export interface ListenHost {
  readonly network: Network;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly process: ProcessInfo;
}

export interface ListenerOptions {
  /** Take a free TCP port, the same on all addresses, in place of `port`. */
  readonly anyPort?: boolean;
}

const ALL_IPV4 = "0.0.0.0";
const ALL_IPV6 = "::";
const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 100;
const LOG_INTERVAL_MS = 1000;
/** How often a port that one address has free is tried on the others. */
const PORT_ATTEMPTS = 20;

export class Listeners {
  /** By address and port. */
  private tcp: Map<string, Listener> = new Map();
  private unix: Listener | null = null;
  /** With the loops that accept from them, which end when they are closed. */
  private readonly open: Map<Listener, Promise<void>> = new Map();
  private readonly retries: Set<Timer> = new Set();
  private readonly unsubscribe: () => void;
  private errorLoggedMs = -LOG_INTERVAL_MS;
  /** The value of `bind` that is listened on. */
  private bindText = "";
  /** Whether addresses are about to be bound, as soon as others of their port are free. */
  private isMoving = false;
  private isClosed = false;

  private constructor(
    private readonly host: ListenHost,
    private readonly config: Config,
    private readonly onConnection: (connection: Connection) => void,
  ) {
    this.unsubscribe = config.subscribe(["port", "bind"], () => this.follow());
  }

  /**
   * Listens on all that the configuration names; each connection is given to `onConnection`.
   *
   * @throws Error with a message for the operator; nothing listens then.
   */
  static open(
    host: ListenHost,
    config: Config,
    onConnection: (connection: Connection) => void,
    options: ListenerOptions = {},
  ): Listeners {
    const listeners = new Listeners(host, config, onConnection);
    try {
      listeners.openTcp(options.anyPort === true);
      listeners.openUnix();
      if (listeners.open.size === 0) {
        throw new Error("Configured to not listen anywhere, exiting.");
      }
    } catch (error) {
      listeners.close();
      throw error;
    }
    return listeners;
  }

  /** The TCP port; 0 when only a Unix socket is listened on. */
  get port(): number {
    for (const listener of this.tcp.values()) return listener.port;
    return 0;
  }

  /** Whether there is a Unix socket, whose file goes with {@linkcode close}. */
  get hasSocketFile(): boolean {
    return this.unix?.path !== undefined;
  }

  /** The addresses and paths that are listened on. */
  get addresses(): string[] {
    const paths = this.unix?.path === undefined ? [] : [this.unix.path];
    return [...this.tcp.keys(), ...paths];
  }

  /** Accepts no more; the connections there are stay. */
  close(): void {
    this.isClosed = true;
    this.unsubscribe();
    for (const timer of this.retries) timer.cancel();
    this.retries.clear();
    for (const listener of [...this.open.keys()]) this.shut(listener);
    this.tcp = new Map();
    const path = this.unix?.path;
    this.unix = null;
    if (path !== undefined) this.removeSocketFile(path);
  }

  private openTcp(anyPort: boolean): void {
    this.bindText = this.config.text("bind") ?? "";
    const port = this.config.get("port");
    if (port === 0 && !anyPort) return;
    for (let attempt = 1;; attempt++) {
      try {
        this.tcp = this.bindAll(anyPort ? 0 : port, new Map());
        return;
      } catch (error) {
        // With a port of the system's choice another one may be free on all addresses.
        if (!anyPort || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** CONFIG SET port, bind: what stays the same is kept open; a failure changes nothing. */
  private follow(): void {
    // Who is about to bind addresses takes those that the configuration has then.
    if (this.isMoving) return;
    const port = this.config.get("port");
    if (port === this.port && this.areExclusive()) {
      void this.move();
      return;
    }
    try {
      this.bindAnew(port);
    } catch {
      throw new ConfigError(
        port === this.port
          ? "Failed to bind to specified addresses."
          : "Unable to listen on this port. Check server logs.",
      );
    }
  }

  /** Listens on what the configuration has, and no longer on the rest. */
  private bindAnew(port: number): void {
    const before = this.tcp;
    this.tcp = port === 0 ? new Map() : this.bindAll(port, before);
    this.bindText = this.config.text("bind") ?? "";
    const kept = new Set(this.tcp.values());
    for (const listener of before.values()) if (!kept.has(listener)) this.shut(listener);
  }

  /**
   * Whether new addresses can be bound only when old ones are closed: one that stands for all of
   * them and a single one exclude each other on a port.
   */
  private areExclusive(): boolean {
    const { added, gone, kept } = this.difference();
    if (added.length === 0 || ![...added, ...gone].some(isWildcard)) return false;
    // Beside what stays it can't be bound either: to be refused at once.
    const isInVain = added.some((wild) =>
      isWildcard(wild) && kept.some((stays) => wild === ALL_IPV6 || !stays.includes(":"))
    );
    return gone.length > 0 && !isInVain;
  }

  /** The addresses of this port that are to be listened on, and those that are not any more. */
  private difference(): Record<"added" | "gone" | "kept", string[]> {
    const now = [...this.tcp.keys()].map((key) => key.slice(0, key.lastIndexOf(":")));
    const wanted = this.hostnames().map(({ hostname }) => hostname);
    return {
      added: wanted.filter((hostname) => !now.includes(hostname)),
      gone: now.filter((hostname) => !wanted.includes(hostname)),
      kept: now.filter((hostname) => wanted.includes(hostname)),
    };
  }

  /**
   * Closes the addresses that go before it binds the new ones. The runtime frees a port only when
   * whoever waits for a connection there has been told, so CONFIG SET is answered before that; a
   * failure is logged, and the old addresses are taken again.
   */
  private async move(): Promise<void> {
    this.isMoving = true;
    const { port } = this;
    const loops: (Promise<void> | undefined)[] = [];
    for (const hostname of this.difference().gone) {
      const key = `${hostname}:${port}`;
      const listener = this.tcp.get(key);
      if (listener === undefined) continue;
      loops.push(this.open.get(listener));
      this.tcp.delete(key);
      this.shut(listener);
    }
    await Promise.all(loops);
    this.isMoving = false;
    if (this.isClosed) return;
    try {
      this.bindAnew(this.config.get("port"));
    } catch {
      this.host.log.warning(
        `Failed to bind to specified addresses, going back to ${this.bindText}`,
      );
      this.config.assign("bind", this.bindText);
      this.bindOld(port);
    }
  }

  private bindOld(port: number): void {
    try {
      this.bindAnew(port);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.host.log.warning(`Nor could the old addresses be bound: ${detail}`);
    }
  }

  /** Listens on every address; those of `before` are taken over. */
  private bindAll(port: number, before: ReadonlyMap<string, Listener>): Map<string, Listener> {
    const bound = new Map<string, Listener>();
    let chosen = port;
    try {
      for (const given of this.hostnames()) {
        const key = `${given.hostname}:${chosen}`;
        if (bound.has(key)) continue;
        const listener = before.get(key) ?? this.bind(given, chosen);
        if (listener === null) continue;
        chosen = listener.port;
        bound.set(`${given.hostname}:${chosen}`, listener);
      }
    } catch (error) {
      const known = new Set(before.values());
      for (const listener of bound.values()) if (!known.has(listener)) this.shut(listener);
      throw error;
    }
    return bound;
  }

  /**
   * The addresses of `bind`. Where an IPv6 socket serves IPv4 as well, both wildcards together
   * are one socket: the second could not be bound.
   */
  private hostnames(): BindAddress[] {
    const found = this.config.get("bind").map((text): BindAddress => {
      const isOptional = text.startsWith("-");
      const name = isOptional ? text.slice(1) : text;
      const hostname = name === "*" ? ALL_IPV4 : name === "::*" ? ALL_IPV6 : name;
      return { name, hostname, isOptional };
    });
    const both = [ALL_IPV4, ALL_IPV6].every((wild) => found.some((it) => it.hostname === wild));
    if (!both || this.host.process.platform === "windows" || !this.hasIpv6()) return found;
    return found.filter((it) => it.hostname !== ALL_IPV4);
  }

  private hasIpv6(): boolean {
    try {
      this.host.network.listen({ hostname: ALL_IPV6, port: 0 }).close();
      return true;
    } catch {
      return false;
    }
  }

  /** Null when an address that may be missing is missing. */
  private bind(address: BindAddress, port: number): Listener | null {
    try {
      const listener = this.host.network.listen({
        hostname: address.hostname,
        port,
        backlog: this.config.get("tcp-backlog"),
      });
      this.start(listener);
      return listener;
    } catch (error) {
      const reason = bindError(error);
      const message =
        `Could not create server TCP listening socket ${address.name}:${port}: ${reason}`;
      this.host.log.warning(`Warning: ${message}`);
      if (address.isOptional && isMissingAddress(error)) return null;
      this.host.log.warning(`Failed listening on port ${port} (TCP), aborting.`);
      throw new Error(message);
    }
  }

  private openUnix(): void {
    const name = hostText(this.config.get("unixsocket"));
    if (name === "") return;
    const path = pathIn(hostText(this.config.get("dir")), name);
    const { network, files, log, process } = this.host;
    try {
      if (process.platform === "windows") {
        throw new Error("Windows has no Unix sockets here: use port and bind");
      }
      this.removeSocketFile(path);
      this.unix = network.listenUnix(path);
      this.start(this.unix);
      const mode = this.config.get("unixsocketperm");
      if (mode !== 0) files.changeMode(path, mode);
    } catch (error) {
      const message = `Failed opening Unix socket: bind: ${systemErrorText(error)}`;
      log.warning(message);
      throw new Error(message);
    }
  }

  /**
   * A server that did not end cleanly leaves the file, which nobody could bind again. An empty file
   * is one that keeps a temporary name; what has bytes in it is somebody's, and stays.
   */
  private removeSocketFile(path: string): void {
    const { files } = this.host;
    const status = files.stat(path);
    if (status === null || status.isDirectory || (status.isFile && status.size > 0)) return;
    files.remove(path);
  }

  private start(listener: Listener): void {
    // The loop looks for its listener here when it has begun.
    this.open.set(listener, NOT_BEGUN);
    this.open.set(listener, this.accept(listener));
  }

  private shut(listener: Listener): void {
    this.open.delete(listener);
    try {
      listener.close();
    } catch {
      // The runtime has closed it already.
    }
  }

  private async accept(listener: Listener): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (this.open.has(listener)) {
      let connection: Connection;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (!this.open.has(listener)) return;
        this.logAcceptError(error);
        await this.pause(retryMs);
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
        continue;
      }
      retryMs = FIRST_RETRY_MS;
      this.admit(connection);
    }
  }

  private admit(connection: Connection): void {
    try {
      connection.setNoDelay?.(true);
      if (this.config.get("tcp-keepalive") > 0) connection.setKeepAlive?.(true);
    } catch {
      // The client has gone already; reading from the connection will tell.
    }
    try {
      this.onConnection(connection);
    } catch (error) {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      this.host.log.warning(`Closing a new connection after a failure: ${detail}`);
      connection.close();
    }
  }

  private logAcceptError(error: unknown): void {
    const now = this.host.clock.monotonicMs();
    if (now - this.errorLoggedMs < LOG_INTERVAL_MS) return;
    this.errorLoggedMs = now;
    this.host.log.warning(`Accepting client connection: accept: ${systemErrorText(error)}`);
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.host.clock.schedule(delayMs, () => {
        this.retries.delete(timer);
        resolve();
      });
      this.retries.add(timer);
    });
  }
}

const NOT_BEGUN = Promise.resolve();

function isWildcard(hostname: string): boolean {
  return hostname === ALL_IPV4 || hostname === ALL_IPV6;
}

interface BindAddress {
  /** As the configuration has it. */
  readonly name: string;
  readonly hostname: string;
  readonly isOptional: boolean;
}

function bindError(error: unknown): string {
  const text = systemErrorText(error);
  const lookUp = "failed to lookup address information: ";
  return text.startsWith(lookUp) ? text.slice(lookUp.length) : `bind: ${text}`;
}

function isMissingAddress(error: unknown): boolean {
  if (systemErrorKind(error) === "address not available") return true;
  return error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
}
