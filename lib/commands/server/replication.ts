/** Who follows whom: roles, and what replicas and primaries say to each other. */

import { readInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { ReplicaFacts, ReplicationPort } from "../../engine/replication_port.ts";

const NO_REPLICATION = new CommandError("ERR this server takes no part in replication");
const BAD_PORT = new CommandError("ERR Invalid master port");
const FOR_NO_REPLICA = new CommandError("ERR Command is not valid when client is a replica.");
const MAX_PORT = 65535;

const FOLLOW_FLAGS = Flag.ADMIN | Flag.NO_SCRIPT | Flag.STALE | Flag.NO_ASYNC_LOADING;
const SYNC_FLAGS = Flag.ADMIN | Flag.NO_SCRIPT | Flag.NO_ASYNC_LOADING | Flag.NO_MULTI;

export const REPLICAOF = command({
  name: "REPLICAOF",
  usage: "(args: (host-port: host port) | (no-one: NO ONE))",
  summary: "Makes the server a replica of another one, or a primary again.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: FOLLOW_FLAGS,
  run: follow,
});

export const SLAVEOF = command({
  name: "SLAVEOF",
  usage: "(args: (host-port: host port) | (no-one: NO ONE))",
  summary: "The older name of REPLICAOF.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: FOLLOW_FLAGS,
  docFlags: ["deprecated"],
  deprecatedSince: "5.0.0",
  replacedBy: "`REPLICAOF`",
  run: follow,
});

export const PSYNC = command({
  name: "PSYNC",
  usage: "replicationid offset",
  summary: "Makes the connection a replica's: sends it what it lacks of the stream, or all data.",
  since: "2.8.0",
  complexity: "O(N) where N is the number of keys that have to be sent",
  flags: SYNC_FLAGS,
  arity: -3,
  run(call) {
    const { request, session } = call;
    // Nothing is replied to who is a replica already.
    if (session.kind === "replica") return;
    const failover = call.count > 3 && request.is(3, "FAILOVER");
    const offset = offsetOf(call);
    portOf(call).synchronize(session, { id: request.text(1, 41), offset, failover });
  },
});

export const SYNC = command({
  name: "SYNC",
  summary: "Makes the connection a replica's, which is sent all data.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys that have to be sent",
  flags: SYNC_FLAGS,
  run(call) {
    if (call.session.kind === "replica") return;
    portOf(call).synchronize(call.session, { id: null, offset: NaN, failover: false });
  },
});

export const REPLCONF = command({
  name: "REPLCONF",
  summary:
    "Says to a primary what a replica is like and how far it is, and asks that of a replica.",
  since: "3.0.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.ALLOW_BUSY,
  arity: -1,
  docFlags: ["syscmd"],
  run(call) {
    if (call.count % 2 === 0) throw errors.SYNTAX;
    const { request, session } = call;
    const port = portOf(call);
    let facts: ReplicaFacts = {};
    for (let i = 1; i < call.count; i += 2) {
      if (request.is(i, "ACK")) return acknowledge(call, port, i);
      if (request.is(i, "GETACK")) return port.tellOffset(session);
      facts = { ...facts, ...factAt(call, i) };
    }
    port.describeReplica(session, facts);
    call.reply.ok();
  },
});

export const FAILOVER = command({
  name: "FAILOVER",
  usage: "[TO (target: host port [FORCE])] [ABORT] [TIMEOUT milliseconds]",
  summary: "Hands the role of primary to a replica once it has all data.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.STALE,
  run(call) {
    const { request } = call;
    const port = portOf(call);
    if (call.count === 2 && request.is(1, "ABORT")) {
      port.abortFailover();
      return call.reply.ok();
    }
    let target: { host: string; port: number } | null = null;
    let force = false;
    let timeoutMs = 0;
    for (let i = 1; i < call.count; i++) {
      const more = call.count - 1 - i;
      if (request.is(i, "TIMEOUT") && more >= 1 && timeoutMs === 0) {
        timeoutMs = readInteger(call, ++i);
        if (timeoutMs <= 0) throw new CommandError("ERR FAILOVER timeout must be greater than 0");
      } else if (request.is(i, "TO") && more >= 2 && target === null) {
        target = { host: request.text(i + 1), port: readInteger(call, i + 2) };
        i += 2;
      } else if (request.is(i, "FORCE") && !force) force = true;
      else throw errors.SYNTAX;
    }
    port.failover({ target, force, timeoutMs });
    call.reply.ok();
  },
});

export const ROLE = command({
  name: "ROLE",
  summary: "Tells whether the server is a primary or a replica, and who is linked to it.",
  since: "2.8.12",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.FAST,
  categories: ["@admin", "@dangerous"],
  run(call) {
    const { reply } = call;
    const role = call.context.replication?.role() ?? { name: "master", offset: 0, replicas: [] };
    if (role.name === "slave") {
      reply.array(5);
      reply.bulk("slave");
      reply.bulk(role.host);
      reply.integer(role.port);
      reply.bulk(role.state);
      reply.integer(role.offset);
      return;
    }
    reply.array(3);
    reply.bulk("master");
    reply.integer(role.offset);
    reply.array(role.replicas.length);
    for (const { address, port, offset } of role.replicas) {
      reply.array(3);
      reply.bulk(address);
      reply.bulk(String(port));
      reply.bulk(String(offset));
    }
  },
});

export const REPLICATION_COMMANDS = [FAILOVER, PSYNC, REPLCONF, REPLICAOF, ROLE, SLAVEOF, SYNC];

/** The offset of PSYNC; null for what is no number, which the log is to tell of. */
function offsetOf(call: Call): number | null {
  try {
    return readInteger(call, 2);
  } catch {
    return null;
  }
}

function portOf(call: Call): ReplicationPort {
  const { replication } = call.context;
  if (replication === null) throw NO_REPLICATION;
  return replication;
}

function follow(call: Call): void {
  const { request, session, reply } = call;
  const replication = portOf(call);
  if (request.is(1, "NO") && request.is(2, "ONE")) {
    replication.unfollow(session);
    return reply.ok();
  }
  if (session.kind === "replica") throw FOR_NO_REPLICA;
  const port = readInteger(call, 2, BAD_PORT);
  if (port < 0 || port > MAX_PORT) throw BAD_PORT;
  const changed = replication.follow(request.text(1), port, session);
  if (changed) reply.ok();
  else reply.simple("OK Already connected to specified master");
}

/** `ACK offset`, perhaps with `FACK offset`; there is no reply. */
function acknowledge(call: Call, port: ReplicationPort, index: number): void {
  if (call.session.kind !== "replica") return;
  const offset = readInteger(call, index + 1);
  const onDisk = call.count > index + 3 && call.request.is(index + 2, "FACK")
    ? readInteger(call, index + 3)
    : null;
  port.acknowledge(call.session, offset, onDisk);
}

function factAt(call: Call, index: number): ReplicaFacts {
  const { request } = call;
  const value = index + 1;
  if (request.is(index, "LISTENING-PORT")) return { listeningPort: readInteger(call, value) };
  if (request.is(index, "IP-ADDRESS")) return { address: request.text(value, 255) };
  if (request.is(index, "CAPA")) {
    if (request.is(value, "EOF")) return { understandsEndMark: true };
    return request.is(value, "PSYNC2") ? { understandsNewId: true } : {};
  }
  if (request.is(index, "RDB-ONLY")) {
    const flag = readInteger(call, value);
    if (flag === 0 || flag === 1) return { snapshotOnly: flag === 1 };
    throw new CommandError("ERR value is out of range, value must between 0 and 1");
  }
  if (request.is(index, "RDB-FILTER-ONLY")) return { filter: filterOf(request.text(value)) };
  // From 7.2 on; what it says makes no difference to us.
  if (request.is(index, "VERSION")) return {};
  throw new CommandError(`ERR Unrecognized REPLCONF option: ${request.text(index, 128)}`);
}

function filterOf(text: string): ReadonlySet<"functions"> {
  const filter = new Set<"functions">();
  for (const word of text.split(" ").filter((word) => word !== "")) {
    if (word !== "functions") {
      throw new CommandError(`ERR Unsupported rdb-filter-only option: ${word}`);
    }
    filter.add(word);
  }
  return filter;
}
