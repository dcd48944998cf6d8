/** Draws all metrics from what commands reply: INFO, CONFIG GET, SLOWLOG, LATENCY HISTOGRAM. */

import { REDINO_VERSION } from "../../lib/config/version.ts";
import { invariant } from "../../lib/host/invariant.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import type { Commands } from "../engine_access.ts";
import type { Info, InfoObject, InfoSection } from "../figures.ts";
import { infoSection } from "../figures.ts";
import { replyItems, reportValue } from "../reply_json.ts";
import type { Slices } from "../slices.ts";
import type { SampleType } from "./exposition.ts";
import { Exposition } from "./exposition.ts";
import { FIELD_METRICS } from "./names.ts";

const SECTIONS = [
  ...["server", "clients", "memory", "persistence", "stats", "replication", "cpu", "keyspace"],
  ...["cluster", "commandstats", "errorstats", "latencystats"],
];
const EMPTY: InfoSection = {};

/** @param databases how many there are: INFO leaves out those without keys. */
export async function collectMetrics(
  commands: Commands,
  slices: Slices,
  databases: number,
): Promise<string> {
  const sections: [string, InfoSection][] = [];
  for (const name of SECTIONS) {
    sections.push([name, infoSection(commands, name)]);
    await slices.step();
  }
  const info: Info = Object.fromEntries(sections);
  const out = new Exposition();
  out.add(gauge("redis_up", "Whether the server answers."), 1);
  addFields(out, info);
  addInstance(out, info);
  addStatuses(out, info.persistence ?? EMPTY);
  addKeyspace(out, info.keyspace ?? EMPTY, databases);
  addReplicas(out, info.replication ?? EMPTY);
  addErrors(out, info.errorstats ?? EMPTY);
  await slices.step();
  addCommands(out, info.commandstats ?? EMPTY);
  await slices.step();
  addPercentiles(out, info.latencystats ?? EMPTY, info.commandstats ?? EMPTY);
  await slices.step();
  addHistograms(out, commands.run("LATENCY", "HISTOGRAM"), info.commandstats ?? EMPTY);
  await slices.step();
  addSlowLog(out, commands);
  addConfig(out, commands);
  return out.text();
}

function addFields(out: Exposition, info: Info): void {
  for (const metric of FIELD_METRICS) {
    const value = info[metric.section]?.[metric.field];
    // Numbers past 2^53 come as texts.
    const number = typeof value === "string" ? Number.parseFloat(value) : value;
    if (typeof number === "number" && !Number.isNaN(number)) {
      out.add(metric, number * metric.factor);
    }
  }
  const { server_time_usec: nowUs, uptime_in_seconds: uptime } = info.server ?? EMPTY;
  const startedSeconds = Math.floor(Number(nowUs) / 1e6) - Number(uptime);
  out.add(
    gauge("redis_start_time_seconds", "When the server started, in seconds since 1970."),
    startedSeconds,
  );
}

function addInstance(out: Exposition, info: Info): void {
  const { server = EMPTY, memory = EMPTY, replication = EMPTY } = info;
  const names = ["redis_version", "redis_build_id", "redis_mode", "os", "process_id", "run_id"];
  const labels = [...names, "tcp_port"].map((name) => [name, String(server[name] ?? "")]);
  out.add(gauge("redis_instance_info", "What the server is."), 1, {
    ...Object.fromEntries(labels),
    maxmemory_policy: String(memory.maxmemory_policy ?? ""),
    role: String(replication.role ?? ""),
  });
  out.add(gauge("redino_build_info", "The version of Redino."), 1, { version: REDINO_VERSION });
}

function addStatuses(out: Exposition, persistence: InfoSection): void {
  const ok = (field: string): number => persistence[field] === "ok" ? 1 : 0;
  const snapshot = "Whether the last snapshot succeeded.";
  const rewrite = "Whether the last rewrite of the append-only file succeeded.";
  const write = "Whether the last write to the append-only file succeeded.";
  out.add(gauge("redis_rdb_last_bgsave_status", snapshot), ok("rdb_last_bgsave_status"));
  out.add(gauge("redis_aof_last_bgrewrite_status", rewrite), ok("aof_last_bgrewrite_status"));
  out.add(gauge("redis_aof_last_write_status", write), ok("aof_last_write_status"));
}

function addKeyspace(out: Exposition, keyspace: InfoSection, databases: number): void {
  const keys = gauge("redis_db_keys", "Keys of a database.");
  const expiring = gauge("redis_db_keys_expiring", "Keys of a database that expire.");
  const ttl = gauge("redis_db_avg_ttl_seconds", "Mean time that expiring keys have left.");
  for (let i = 0; i < databases; i++) {
    const labels = { db: `db${i}` };
    const fields = (keyspace[labels.db] ?? {}) as InfoObject;
    out.add(keys, Number(fields.keys ?? 0), labels);
    out.add(expiring, Number(fields.expires ?? 0), labels);
    if (Number(fields.avg_ttl ?? 0) > 0) out.add(ttl, Number(fields.avg_ttl) / 1000, labels);
  }
}

function addReplicas(out: Exposition, replication: InfoSection): void {
  const offset = gauge("redis_connected_slave_offset_bytes", "Bytes that a replica acknowledged.");
  const lag = gauge("redis_connected_slave_lag_seconds", "Seconds since a replica was heard of.");
  for (let i = 0; replication[`slave${i}`] !== undefined; i++) {
    const fields = replication[`slave${i}`] as InfoObject;
    const labels = {
      slave_ip: String(fields.ip),
      slave_port: String(fields.port),
      slave_state: String(fields.state),
    };
    out.add(offset, Number(fields.offset), labels);
    out.add(lag, Number(fields.lag), labels);
  }
  if (replication.role !== "slave") return;
  const primary = {
    master_host: String(replication.master_host),
    master_port: String(replication.master_port),
  };
  const info = gauge("redis_slave_info", "The primary that this server follows.");
  out.add(info, 1, { ...primary, read_only: String(replication.slave_read_only ?? "") });
  const link = gauge("redis_master_link_up", "Whether the link to the primary is up.");
  out.add(link, replication.master_link_status === "up" ? 1 : 0, primary);
}

function addErrors(out: Exposition, errors: InfoSection): void {
  const metric = counter("redis_errors_total", "Error replies by their first word.");
  for (const [name, fields] of Object.entries(errors)) {
    const { count } = fields as InfoObject;
    out.add(metric, Number(count), { err: name.slice("errorstat_".length) });
  }
}

function addCommands(out: Exposition, stats: InfoSection): void {
  const calls = counter("redis_commands_total", "Calls of a command.");
  const seconds = counter("redis_commands_duration_seconds_total", "Time spent in a command.");
  const rejected = counter("redis_commands_rejected_calls_total", "Calls that were refused.");
  const failed = counter("redis_commands_failed_calls_total", "Calls that failed.");
  for (const [name, value] of Object.entries(stats)) {
    const fields = value as InfoObject;
    const labels = { cmd: name.slice("cmdstat_".length) };
    out.add(calls, Number(fields.calls), labels);
    out.add(seconds, Number(fields.usec) / 1e6, labels);
    out.add(rejected, Number(fields.rejected_calls), labels);
    out.add(failed, Number(fields.failed_calls), labels);
  }
}

function addPercentiles(out: Exposition, latencies: InfoSection, stats: InfoSection): void {
  const metric = {
    name: "redis_latency_percentiles_usec",
    type: "summary",
    help: "How long calls of a command took, in microseconds.",
  } as const;
  for (const [name, value] of Object.entries(latencies)) {
    const cmd = name.slice("latency_percentiles_usec_".length);
    for (const [percentile, microseconds] of Object.entries(value as InfoObject)) {
      out.add(metric, Number(microseconds), { cmd, quantile: percentile.slice(1) });
    }
    const { usec = 0, calls = 0 } = (stats[`cmdstat_${cmd}`] ?? {}) as InfoObject;
    out.add(metric, Number(usec), { cmd }, "_sum");
    out.add(metric, Number(calls), { cmd }, "_count");
  }
}

function addHistograms(out: Exposition, reply: Reply, stats: InfoSection): void {
  invariant(reply.kind === "map", `LATENCY HISTOGRAM replied ${reply.kind}`);
  const metric = {
    name: "redis_commands_latencies_usec",
    type: "histogram",
    help: "How long calls of a command took, in microseconds.",
  } as const;
  for (const [name, value] of reply.entries) {
    const cmd = String(reportValue(name));
    const { calls, histogram_usec: buckets } = reportValue(value) as {
      calls: number;
      histogram_usec: Record<string, number>;
    };
    for (const [bound, count] of Object.entries(buckets)) {
      out.add(metric, Number(count), { cmd, le: bound }, "_bucket");
    }
    out.add(metric, Number(calls), { cmd, le: "+Inf" }, "_bucket");
    const { usec = 0 } = (stats[`cmdstat_${cmd}`] ?? {}) as InfoObject;
    out.add(metric, Number(usec), { cmd }, "_sum");
    out.add(metric, Number(calls), { cmd }, "_count");
  }
}

function addSlowLog(out: Exposition, commands: Commands): void {
  const length = gauge("redis_slowlog_length", "Entries of the slow log.");
  out.add(length, Number(commands.integer("SLOWLOG", "LEN")));
  const [newest] = commands.items("SLOWLOG", "GET", "1");
  const [id, , microseconds] = newest === undefined ? [] : replyItems(newest).map(reportValue);
  out.add(gauge("redis_slowlog_last_id", "Id of its newest entry."), Number(id ?? 0));
  out.add(
    gauge("redis_last_slow_execution_duration_seconds", "How long its newest entry took."),
    Number(microseconds ?? 0) / 1e6,
  );
}

function addConfig(out: Exposition, commands: Commands): void {
  for (const name of ["io-threads", "maxclients", "maxmemory"]) {
    const reply = reportValue(commands.run("CONFIG", "GET", name)) as Record<string, string>;
    const metric = gauge(`redis_config_${name.replace("-", "_")}`, `The parameter ${name}.`);
    out.add(metric, Number(reply[name]));
  }
}

interface Metric {
  readonly name: string;
  readonly type: SampleType;
  readonly help: string;
}

function gauge(name: string, help: string): Metric {
  return { name, type: "gauge", help };
}

function counter(name: string, help: string): Metric {
  return { name, type: "counter", help };
}
