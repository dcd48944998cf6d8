/**
 * INFO about the server itself: sections Server, Clients, Replication, CPU, Modules and Cluster.
 *
 * Fields of Redis that have no meaning of their own here, and what they say:
 *
 * | field | value |
 * |---|---|
 * | redis_git_sha1, redis_git_dirty, redis_build_id | zeros: what runs is the source, not a build of it |
 * | monotonic_clock | `performance.now`, the runtime's name for it |
 * | multiplexing_api | what the runtime waits with on this system: epoll, kqueue or iocp |
 * | atomicvar_api | `none`: one thread owns all data |
 * | gcc_version | `0.0.0`, as Redis says when another compiler made it |
 * | process_supervised | `no`: there is no supervisor to talk to |
 * | io_threads_active | 0 |
 * | used_cpu_…_children | 0: no process is forked |
 * | used_cpu_…_main_thread | the whole process: the runtime tells no single thread's share |
 * | cluster_connections, clients_in_timeout_table | 0 while no such client can be |
 */

import { REDINO_VERSION, REDIS_VERSION } from "../../config/version.ts";
import type { Context } from "../../engine/context.ts";
import type { Session } from "../../engine/session.ts";
import type { ProcessInfo } from "../../host/process.ts";
import type { Field, Section } from "./info_section.ts";

const POLLERS: Readonly<Record<ProcessInfo["platform"], string>> = {
  linux: "epoll",
  darwin: "kqueue",
  windows: "iocp",
  other: "poll",
};

const SYSTEMS: Readonly<Record<ProcessInfo["platform"], string>> = {
  linux: "Linux",
  darwin: "Darwin",
  windows: "Windows",
  other: "Unknown",
};

const SERVER: Section = {
  title: "Server",
  isDefault: true,
  fields(context) {
    const { config, host } = context;
    const { clock, process } = host;
    const uptimeSeconds = Math.floor((clock.unixMs() - context.startedMs) / 1000);
    return [
      ["redis_version", REDIS_VERSION],
      ["server_name", "redino"],
      ["redino_version", REDINO_VERSION],
      ["redis_git_sha1", "00000000"],
      ["redis_git_dirty", 0],
      ["redis_build_id", 0],
      ["redis_mode", "standalone"],
      ["os", `${SYSTEMS[process.platform]} ${process.osRelease} ${process.arch}`],
      ["arch_bits", 64],
      ["monotonic_clock", "performance.now"],
      ["multiplexing_api", POLLERS[process.platform]],
      ["atomicvar_api", "none"],
      ["gcc_version", "0.0.0"],
      ["process_id", process.pid],
      ["process_supervised", "no"],
      ["run_id", context.runId],
      ["tcp_port", config.get("port")],
      ["server_time_usec", clock.unixUs()],
      ["uptime_in_seconds", uptimeSeconds],
      ["uptime_in_days", Math.floor(uptimeSeconds / 86_400)],
      ["hz", config.get("hz")],
      ["configured_hz", config.get("hz")],
      ["lru_clock", Math.floor(clock.unixMs() / 1000) & 0xffffff],
      ["executable", process.executable],
      ["config_file", context.configFile ?? ""],
      ["io_threads_active", 0],
      ...(context.process === null || context.process.shutdownInMs === null
        ? []
        : [["shutdown_in_milliseconds", context.process.shutdownInMs] as const]),
    ];
  },
};

const CLIENTS: Section = {
  title: "Clients",
  isDefault: true,
  fields(context) {
    const sessions = [...context.sessions.all()];
    return [
      ["connected_clients", sessions.filter(countsAsClient).length],
      ["cluster_connections", 0],
      ["maxclients", context.config.get("maxclients")],
      ["client_recent_max_input_buffer", context.peaks.clientInputBytes],
      ["client_recent_max_output_buffer", context.peaks.clientOutputBytes],
      ["blocked_clients", sessions.filter((session) => session.isBlocked).length],
      ["tracking_clients", context.tracking.sessionCount],
      ["pubsub_clients", context.pubsub.subscribedSessions],
      ["clients_in_timeout_table", context.waiting.timedCount],
      ["total_blocking_keys", context.blocking.keyCount],
      ["total_blocking_keys_on_nokey", context.blocking.neededKeyCount],
    ];
  },
};

/** As in Redis our primary is a client, and our replicas are none. */
function countsAsClient({ link, kind, primary }: Session): boolean {
  return primary !== null || (link !== null && kind !== "replica");
}

const REPLICATION: Section = {
  title: "Replication",
  isDefault: true,
  fields: (context) => context.replication?.info() ?? ALONE,
};

/** An engine without a server around it has no part in replication. */
const ALONE: readonly Field[] = [["role", "master"], ["connected_slaves", 0]];

const CPU: Section = {
  title: "CPU",
  isDefault: true,
  fields(context: Context): Field[] {
    const system = context.host.process.cpuSystem().toFixed(6);
    const user = context.host.process.cpuUser().toFixed(6);
    return [
      ["used_cpu_sys", system],
      ["used_cpu_user", user],
      ["used_cpu_sys_children", "0.000000"],
      ["used_cpu_user_children", "0.000000"],
      ["used_cpu_sys_main_thread", system],
      ["used_cpu_user_main_thread", user],
    ];
  },
};

const MODULES: Section = { title: "Modules", isDefault: true, fields: () => [] };

const CLUSTER: Section = {
  title: "Cluster",
  isDefault: true,
  fields: () => [["cluster_enabled", 0]],
};

export const SERVER_SECTIONS: readonly Section[] = [
  SERVER,
  CLIENTS,
  REPLICATION,
  CPU,
  MODULES,
  CLUSTER,
];
