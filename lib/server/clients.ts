/**
 * All connected clients: who is let in, who has to go, and what memory they take together.
 */

import type { Config } from "../config/config.ts";
import type { BufferLimits } from "../config/special_parameters.ts";
import type { Engine } from "../engine/engine.ts";
import { clientInfo } from "../engine/client_info.ts";
import type { Address, Connection as HostConnection } from "../host/network.ts";
import { writeAll } from "../host/network.ts";
import { fromLatin1 } from "../bytes/byte_string.ts";
import { BufferPool } from "./buffer_pool.ts";
import { type ClientLimits, Connection, type ConnectionOwner } from "./connection.ts";
import type { Flushable, Turn } from "./turn.ts";

/** Offsets into a read buffer have 31 bits. */
const MAX_QUERY_BYTES = 2 ** 31 - 256 * 1024;

/**
 * So often, at least, is the memory of clients looked at while they send as much as they may take:
 * between two ticks they must not come far beyond it.
 */
const LOOKS_PER_LIMIT = 16;

const TOO_MANY = fromLatin1("-ERR max number of clients reached\r\n");
const DENIED = fromLatin1(
  "-DENIED Redis is running in protected mode: protected-mode is on and the default user has no " +
    "password, so only clients on this machine are served. To let others in, do one of these: " +
    "1) send 'CONFIG SET protected-mode no' from this machine (and CONFIG REWRITE to keep it), " +
    "if the network is trusted; 2) set 'protected-mode no' in the configuration file and " +
    "restart; 3) start the server with '--protected-mode no'; 4) set a password with " +
    "'requirepass', which is the safe way.\r\n",
);

export class Clients implements ConnectionOwner {
  readonly buffers: BufferPool = new BufferPool();
  readonly limits: ClientLimits;
  /** Bytes that the connections take, as of the last {@linkcode tick}, but for those closed since. */
  memoryBytes = 0;
  memoryLimitBytes = 0;
  /** Bytes read, and of long replies, since the memory was looked at. */
  private movedBytes = 0;
  /** Whether the memory will be looked at when the turn ends. */
  private isLookDue = false;
  private readonly lookAtEnd: Flushable = {
    flush: () => this.lookAtMemory(),
    hold: () => this.lookAtMemory(),
    release: () => true,
    close: () => {},
  };
  private readonly connections: Set<Connection> = new Set();

  constructor(readonly engine: Engine, readonly turn: Turn) {
    const { config, pubsub } = engine.context;
    pubsub.memory = this.buffers;
    const limits = {
      maxBulkBytes: 0,
      maxQueryBytes: 0,
      output: outputLimits(config),
    };
    this.limits = limits;
    engine.context.memory.measureOthers = () => this.measure();
    const follow = (): void => {
      limits.maxBulkBytes = config.get("proto-max-bulk-len");
      limits.maxQueryBytes = Math.min(config.get("client-query-buffer-limit"), MAX_QUERY_BYTES);
      limits.output = outputLimits(config);
      const { amount, percent } = config.get("maxmemory-clients");
      this.memoryLimitBytes = percent ? Math.floor(config.get("maxmemory") * amount / 100) : amount;
      this.lookSoon();
    };
    follow();
    config.subscribe(
      [
        "proto-max-bulk-len",
        "client-query-buffer-limit",
        "client-output-buffer-limit",
        "maxmemory-clients",
        "maxmemory",
        "repl-backlog-size",
      ],
      follow,
    );
  }

  get count(): number {
    return this.connections.size;
  }

  /** Serves a new connection, or tells it why not and closes it. */
  accept(socket: HostConnection): void {
    const { config, stats, authentication } = this.engine.context;
    if (this.connections.size >= config.get("maxclients")) {
      stats.connectionsRejected++;
      void refuse(socket, TOO_MANY);
      return;
    }
    if (config.get("protected-mode") && !authentication.required && !isLocal(socket.remoteAddr)) {
      stats.connectionsRejected++;
      void refuse(socket, DENIED);
      return;
    }
    stats.connectionsReceived++;
    const connection = new Connection(this, socket);
    this.connections.add(connection);
    // Counted from now on, so that a limit holds before the next tick as well.
    connection.countedBytes = connection.memoryBytes;
    this.countMemory(this.memoryBytes + connection.countedBytes);
    connection.readOn();
  }

  /** What it took is free at once: keys are not evicted, nor writes refused, for who has gone. */
  closed(connection: Connection): void {
    this.connections.delete(connection);
    this.countMemory(this.memoryBytes - connection.countedBytes);
  }

  /** Closes clients that are idle or over a limit, and counts the memory of the others. */
  tick(nowMs: number): void {
    const idleLimitMs = this.engine.context.config.get("timeout") * 1000;
    // A set's walk goes on soundly while what it comes to is removed.
    for (const connection of this.connections) connection.tick(nowMs, idleLimitMs);
    this.lookAtMemory();
  }

  received(bytes: number): void {
    this.movedBytes += bytes;
    if (this.movedBytes * LOOKS_PER_LIMIT >= this.memoryLimitBytes) this.lookAtMemory();
  }

  replies(bytes: number): void {
    this.movedBytes += bytes;
    if (this.movedBytes * LOOKS_PER_LIMIT >= this.memoryLimitBytes) this.lookSoon();
  }

  private lookSoon(): void {
    if (this.isLookDue || this.memoryLimitBytes === 0 || this.connections.size === 0) return;
    this.isLookDue = true;
    this.turn.begin();
    this.turn.flushAtEnd(this.lookAtEnd);
  }

  /** Counts the memory of all clients, and closes some of them where it is too much. */
  private lookAtMemory(): void {
    this.movedBytes = 0;
    this.isLookDue = false;
    this.measure();
    const limit = this.memoryLimitBytes;
    if (limit > 0 && this.memoryBytes > limit) this.evict(limit);
  }

  private measure(): void {
    let bytes = 0;
    for (const connection of this.connections) {
      connection.countedBytes = connection.memoryBytes;
      bytes += connection.countedBytes;
    }
    this.countMemory(bytes);
  }

  private countMemory(bytes: number): void {
    this.memoryBytes = bytes;
    this.engine.context.memory.otherBytes = bytes;
  }

  closeAll(): void {
    this.engine.context.pause.end();
    this.engine.context.waiting.close();
    for (const connection of [...this.connections]) connection.close();
  }

  /** Closes those that take most until the rest is within the limit. */
  private evict(limitBytes: number): void {
    const { stats, host, store } = this.engine.context;
    const largestFirst = [...this.connections]
      .filter(({ session }) => !session.noEvict && session.kind !== "replica")
      .sort((a, b) => b.countedBytes - a.countedBytes);
    for (const connection of largestFirst) {
      if (this.memoryBytes <= limitBytes) break;
      host.log.notice(
        `Evicting client: ${clientInfo(connection.session, store.state.now)}`,
      );
      connection.close();
      stats.evictedClients++;
    }
  }
}

/** The text is sent if the client takes it at once: nobody waits for who is refused. */
async function refuse(socket: HostConnection, reply: Uint8Array): Promise<void> {
  try {
    await writeAll(socket, reply);
  } catch {
    // It has gone already.
  }
  try {
    socket.close();
  } catch {
    // The runtime has closed it already.
  }
}

/**
 * A replica that is cut off comes back and is sent the same from the backlog: as in Redis it may lag
 * by as much as that holds, whatever its limit.
 */
function outputLimits(config: Config): BufferLimits {
  const limits = config.get("client-output-buffer-limit");
  const { hardBytes } = limits.replica;
  if (hardBytes === 0) return limits;
  const least = Math.max(hardBytes, config.get("repl-backlog-size"));
  return { ...limits, replica: { ...limits.replica, hardBytes: least } };
}

function isLocal(address: Address): boolean {
  if ("path" in address) return true;
  const host = address.hostname.startsWith("::ffff:")
    ? address.hostname.slice(7)
    : address.hostname;
  return host === "::1" || host === "localhost" || host.startsWith("127.");
}
