/** `/`: what the server does now and has done. The script draws the charts from INFO, each second. */

import type { Info, InfoObject, InfoSection } from "../figures.ts";
import { byteSize, count, duration, microseconds, moment } from "./format.ts";
import type { Page, PageAsked } from "./page.ts";
import { Card, Empty, Example, Facts, Table } from "./pieces.tsx";

export interface DatabaseShown {
  readonly db: number;
  readonly keys: number;
  readonly expires: number;
  readonly avgTtlMs: number;
}

interface CommandStats {
  readonly command: string;
  readonly calls: number;
  readonly microseconds: number;
  readonly microsecondsPerCall: number;
  readonly failed: number;
}

const BUSIEST = 12;
const REFRESH_MS = 5000;

export const overviewPage: Page = {
  path: "/",
  title: "Overview",
  name: "overview",
  async render(asked) {
    const info = await asked.api<Info>("/api/v1/info");
    const databases = await asked.api<{ items: DatabaseShown[] }>("/api/v1/dbs");
    const stats = await asked.api<{ items: CommandStats[] }>("/api/v1/commands/stats");
    const chart = (of: Chart) => <ChartCard of={of} info={info} />;
    const used = databases.items.filter(({ keys }) => keys > 0);
    return (
      <>
        {used.length === 0 ? <FirstSteps asked={asked} /> : null}
        <div class="charts">{CHARTS.map(chart)}</div>
        <noscript>
          <p class="hint">The charts are drawn by JavaScript; the figures are as of now.</p>
        </noscript>
        <div class="columns">
          <div class="stack">
            <Keyspace databases={used} />
            <ServerFacts info={info} />
            <Durability info={info} />
          </div>
          <Busiest stats={stats.items} />
        </div>
      </>
    );
  },
};

interface Chart {
  readonly name: string;
  readonly title: string;
  /** What the two lines are, where there are two. */
  readonly lines?: readonly [string, string];
  readonly value: (info: Info) => string;
}

const CHARTS: readonly Chart[] = [
  {
    name: "operations",
    title: "Operations a second",
    value: (info) => count(info.stats?.instantaneous_ops_per_sec ?? 0),
  },
  {
    name: "memory",
    title: "Memory used",
    value: (info) => byteSize(info.memory?.used_memory ?? 0),
  },
  {
    name: "hits",
    title: "Reads that hit",
    lines: ["hits", "misses"],
    value: (info) => hitRate(info.stats),
  },
  {
    name: "clients",
    title: "Clients",
    lines: ["connected", "blocked"],
    value: (info) => count(info.clients?.connected_clients ?? 0),
  },
  { name: "latency", title: "Time of a command", value: () => "–" },
];

function hitRate(stats: InfoSection | undefined): string {
  const hits = Number(stats?.keyspace_hits ?? 0);
  const all = hits + Number(stats?.keyspace_misses ?? 0);
  return all === 0 ? "–" : `${(100 * hits / all).toFixed(1)} %`;
}

function ChartCard({ of, info }: { of: Chart; info: Info }) {
  const legend = of.lines === undefined ? null : (
    <p class="legend">
      <span class="line-1">{of.lines[0]}</span> <span class="line-2">{of.lines[1]}</span>
    </p>
  );
  return (
    <section class="card chart" data-chart={of.name} aria-labelledby={`chart-${of.name}`}>
      <h2 id={`chart-${of.name}`}>{of.title}</h2>
      <p class="chart-value">{of.value(info)}</p>
      {legend}
      <svg class="plot" viewBox="0 0 240 60" preserveAspectRatio="none" aria-hidden="true"></svg>
      <p class="chart-note muted" aria-hidden="true">&nbsp;</p>
    </section>
  );
}

function FirstSteps({ asked }: { asked: PageAsked }) {
  const port = asked.parts.engine.context.config.get("port");
  return (
    <section class="card welcome" aria-labelledby="welcome-title">
      <h2 id="welcome-title">No keys yet</h2>
      <p>Connect any Redis client to port {port}, or begin with redis-cli:</p>
      <Example
        lines={[
          `redis-cli -p ${port} SET greeting hello`,
          `redis-cli -p ${port} HSET user:1 name Ada born 1815`,
          `redis-cli -p ${port} ZADD scores 10 ada 7 alan`,
        ]}
      />
      <p>
        Without redis-cli: <code>deno run -A main.ts cli -p {port}</code>. Then{" "}
        <a href="/browse">browse the keys</a> or try the <a href="/console">console</a>.
      </p>
    </section>
  );
}

function Keyspace({ databases }: { databases: readonly DatabaseShown[] }) {
  const row = ({ db, keys, expires, avgTtlMs }: DatabaseShown) => (
    <tr>
      <td>
        <a href={`/browse?db=${db}`}>db{db}</a>
      </td>
      <td class="figure">{count(keys)}</td>
      <td class="figure">{count(expires)}</td>
      <td class="figure">{avgTtlMs === 0 ? "–" : duration(avgTtlMs)}</td>
    </tr>
  );
  return (
    <Card title="Databases" id="databases" refresh={REFRESH_MS}>
      {databases.length === 0 ? <Empty title="All databases are empty." /> : (
        <Table
          label="Databases"
          columns={["Database", "#Keys", "#That expire", "#Mean time left"]}
        >
          {databases.map(row)}
        </Table>
      )}
    </Card>
  );
}

function Busiest({ stats }: { stats: readonly CommandStats[] }) {
  const busiest = [...stats].sort((a, b) => b.calls - a.calls).slice(0, BUSIEST);
  const row = (one: CommandStats) => (
    <tr>
      <td>
        <code>{one.command.toUpperCase()}</code>
      </td>
      <td class="figure">{count(one.calls)}</td>
      <td class="figure">{microseconds(one.microsecondsPerCall)}</td>
      <td class="figure">{count(one.failed)}</td>
    </tr>
  );
  return (
    <Card
      title="Busiest commands"
      id="busiest"
      refresh={REFRESH_MS}
      note={<a href="/slow">times in detail</a>}
    >
      {busiest.length === 0
        ? <Empty title="No client has run a command yet." />
        : (
          <Table label="Busiest commands" columns={["Command", "#Calls", "#Mean", "#Failed"]}>
            {busiest.map(row)}
          </Table>
        )}
    </Card>
  );
}

function ServerFacts({ info }: { info: Info }) {
  const { server = {}, memory = {}, clients = {}, stats = {}, replication = {} } = info;
  return (
    <Card title="Server" id="server" refresh={REFRESH_MS}>
      <Facts
        of={[
          ["Answers as", `Redis ${server.redis_version}`],
          ["Up for", duration(Number(server.uptime_in_seconds) * 1000)],
          ["Port", String(server.tcp_port)],
          ["Process", String(server.process_id)],
          ["System", String(server.os)],
          ["Role", replication.role === "slave" ? "replica" : "primary"],
          ["Memory limit", Number(memory.maxmemory) === 0 ? "none" : byteSize(memory.maxmemory)],
          ["Memory peak", byteSize(memory.used_memory_peak)],
          ["Most clients", count(clients.maxclients)],
          ["Commands run", count(stats.total_commands_processed)],
          ["Expired keys", count(stats.expired_keys)],
          ["Evicted keys", count(stats.evicted_keys)],
        ]}
      />
    </Card>
  );
}

function Durability({ info }: { info: Info }) {
  const { persistence = {} as InfoObject } = info;
  const isAppending = persistence.aof_enabled === 1;
  const lastSave = Number(persistence.rdb_last_save_time ?? 0);
  return (
    <Card title="Durability" id="durability" refresh={REFRESH_MS}>
      <Facts
        of={[
          ["Append-only file", isAppending ? "on" : "off"],
          ["Its last write", isAppending ? String(persistence.aof_last_write_status) : "–"],
          ["Its size", isAppending ? byteSize(persistence.aof_current_size ?? 0) : "–"],
          ["Last snapshot", lastSave === 0 ? "never" : `${moment(lastSave)} UTC`],
          ["It went", String(persistence.rdb_last_bgsave_status ?? "–")],
          ["Changes since", count(persistence.rdb_changes_since_last_save ?? 0)],
        ]}
      />
    </Card>
  );
}
