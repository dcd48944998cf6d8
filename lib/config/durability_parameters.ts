/** Rows of the parameter table: snapshots, the append-only file, replication, the cluster. */

import { pathProblem } from "../host/files.ts";
import { ConfigError } from "./config_error.ts";
import {
  choice,
  COUNT,
  INT_MAX,
  INT_MIN,
  integer,
  LONG_COUNT,
  LONG_MAX,
  memory,
  optionalText,
  PORT,
  text,
  ULONG_MAX,
  yesNo,
} from "./parameter.ts";
import { primaryAddress, savePoints } from "./special_parameters.ts";

const TEST_AID = "an aid for Redis's own tests";
/** A smaller backlog is raised to this, as Redis does. */
const MIN_BACKLOG_BYTES = 16n * 1024n;

export const SNAPSHOT_PARAMETERS = {
  "dir": text(".", { protected: true, denyLoading: true, check: requirePath }),
  "save": savePoints("3600 1 300 100 60 10000"),
  "dbfilename": text("dump.rdb", {
    protected: true,
    check: (name) => requireBaseName("dbfilename", "filename", name),
  }),
  "stop-writes-on-bgsave-error": yesNo("yes"),
  "rdbcompression": yesNo("yes"),
  "rdbchecksum": yesNo("yes", { immutable: true }),
  "rdb-del-sync-files": yesNo("no"),
  "rdb-save-incremental-fsync": yesNo("yes"),
  "sanitize-dump-payload": choice(["no", "yes", "clients"], "no"),
  "rdb-key-save-delay": integer(0, [INT_MIN, INT_MAX], {
    hidden: true,
  }),
  "key-load-delay": integer(0, [INT_MIN, INT_MAX], {
    hidden: true,
    withoutEffect: TEST_AID,
  }),
  "loading-process-events-interval-bytes": integer(2097152, [1024n, INT_MAX], {
    hidden: true,
    withoutEffect: TEST_AID,
  }),
};

export const APPEND_ONLY_PARAMETERS = {
  "appendonly": yesNo("no", { denyLoading: true }),
  "appendfsync": choice(["everysec", "always", "no"], "everysec"),
  "appendfilename": text("appendonly.aof", {
    immutable: true,
    check: (name) => requireBaseName("appendfilename", "filename", name),
  }),
  "appenddirname": text("appendonlydir", {
    immutable: true,
    check: (name) => requireBaseName("appenddirname", "dirname", name),
  }),
  "aof-load-truncated": yesNo("yes"),
  "aof-use-rdb-preamble": yesNo("yes"),
  "aof-timestamp-enabled": yesNo("no"),
  "aof-disable-auto-gc": yesNo("no"),
  "aof-rewrite-incremental-fsync": yesNo("yes"),
  "auto-aof-rewrite-percentage": integer(100, COUNT),
  "auto-aof-rewrite-min-size": memory("64mb", LONG_COUNT),
  "no-appendfsync-on-rewrite": yesNo("no"),
};

export const REPLICATION_PARAMETERS = {
  "replicaof": primaryAddress({ aliases: ["slaveof"], immutable: true }),
  "masterauth": optionalText({ sensitive: true }),
  "masteruser": optionalText({ sensitive: true }),
  "min-replicas-to-write": integer(0, COUNT, {
    aliases: ["min-slaves-to-write"],
  }),
  "min-replicas-max-lag": integer(10, COUNT, {
    aliases: ["min-slaves-max-lag"],
  }),
  "propagation-error-behavior": choice(
    ["ignore", "panic", "panic-on-replicas"],
    "ignore",
  ),
  "repl-backlog-size": memory("1mb", [1n, LONG_MAX], {
    clamp: [MIN_BACKLOG_BYTES, LONG_MAX],
  }),
  "repl-backlog-ttl": integer(3600, LONG_COUNT),
  "repl-disable-tcp-nodelay": yesNo("no"),
  "repl-diskless-load": choice(
    ["disabled", "on-empty-db", "swapdb"],
    "disabled",
    {
      denyLoading: true,
    },
  ),
  "repl-diskless-sync": yesNo("yes"),
  "repl-diskless-sync-delay": integer(5, COUNT),
  "repl-diskless-sync-max-replicas": integer(0, COUNT),
  "repl-ping-replica-period": integer(10, [1n, INT_MAX], {
    aliases: ["repl-ping-slave-period"],
  }),
  "repl-timeout": integer(60, [1n, INT_MAX]),
  "replica-announce-ip": optionalText({ aliases: ["slave-announce-ip"] }),
  "replica-announce-port": integer(0, PORT, {
    aliases: ["slave-announce-port"],
  }),
  "replica-announced": yesNo("yes"),
  "replica-ignore-disk-write-errors": yesNo("no"),
  "replica-ignore-maxmemory": yesNo("yes", {
    aliases: ["slave-ignore-maxmemory"],
  }),
  "replica-lazy-flush": yesNo("no", { aliases: ["slave-lazy-flush"] }),
  "replica-priority": integer(100, COUNT, { aliases: ["slave-priority"] }),
  "replica-read-only": yesNo("yes", { aliases: ["slave-read-only"] }),
  "replica-serve-stale-data": yesNo("yes", {
    aliases: ["slave-serve-stale-data"],
  }),
};

export const CLUSTER_PARAMETERS = {
  "cluster-enabled": yesNo("no", { immutable: true }),
  "cluster-config-file": text("nodes.conf", { immutable: true }),
  "cluster-port": integer(0, PORT, { immutable: true }),
  "cluster-node-timeout": integer(15000, LONG_COUNT),
  "cluster-announce-ip": optionalText(),
  "cluster-announce-hostname": optionalText({ check: requireHostname }),
  "cluster-announce-human-nodename": optionalText({ check: requireNodeName }),
  "cluster-announce-port": integer(0, PORT),
  "cluster-announce-tls-port": integer(0, PORT),
  "cluster-announce-bus-port": integer(0, PORT),
  "cluster-preferred-endpoint-type": choice([
    "ip",
    "hostname",
    "unknown-endpoint",
  ], "ip"),
  "cluster-replica-validity-factor": integer(10, COUNT, {
    aliases: ["cluster-slave-validity-factor"],
  }),
  "cluster-replica-no-failover": yesNo("no", {
    aliases: ["cluster-slave-no-failover"],
  }),
  "cluster-migration-barrier": integer(1, COUNT),
  "cluster-allow-replica-migration": yesNo("yes"),
  "cluster-require-full-coverage": yesNo("yes"),
  "cluster-allow-reads-when-down": yesNo("no"),
  "cluster-allow-pubsubshard-when-down": yesNo("yes"),
  "cluster-link-sendbuf-limit": memory("0", [0n, ULONG_MAX]),
};

/** Files of ours stay in `dir`: a name must not lead out of it, nor be cut short by a NUL. */
function requireBaseName(parameter: string, noun: string, name: string): void {
  if (name === "" && parameter !== "dbfilename") {
    throw new ConfigError(`${parameter} can't be empty`);
  }
  if (/[/\\\0]/.test(name) || name === "." || name === "..") {
    throw new ConfigError(`${parameter} can't be a path, just a ${noun}`);
  }
  // By itself, `a:b` would be `b` on drive A.
  const problem = pathProblem(`./${name}`);
  if (problem !== null) throw new ConfigError(`${parameter} can't be a ${noun} here: ${problem}`);
}

function requirePath(path: string): void {
  if (path === "" || path.includes("\0")) {
    throw new ConfigError("No such file or directory");
  }
}

function requireHostname(name: string): void {
  if (name.length >= 256) {
    throw new ConfigError("Hostnames must be less than 256 characters");
  }
  requireNameChars(name);
}

function requireNodeName(name: string): void {
  if (name.length > 64) {
    throw new ConfigError(
      "Human readable node names must be at most 64 characters",
    );
  }
  requireNameChars(name);
}

function requireNameChars(name: string): void {
  if (!/^[A-Za-z0-9.-]*$/.test(name)) {
    throw new ConfigError(
      "Hostnames may only contain alphanumeric characters, hyphens or dots",
    );
  }
}
