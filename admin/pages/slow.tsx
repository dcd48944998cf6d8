/** `/slow`: the slow log, how long commands take, and the latency events. */

import type { InfoObject } from "../figures.ts";
import type { LatencyShown, SlowEntry } from "../routes/statistics.ts";
import { count, duration, microseconds, moment, oneLine } from "./format.ts";
import type { Page } from "./page.ts";
import { Card, Empty, Example, Table } from "./pieces.tsx";

interface SlowLog {
  readonly items: readonly SlowEntry[];
  readonly total: number;
  readonly thresholdMicroseconds: number;
  readonly maxLength: number;
}

interface LatencyEvent {
  readonly event: string;
  readonly time: number;
  readonly latestMs: number;
  readonly worstMs: number;
}

interface Latency {
  readonly items: readonly LatencyShown[];
  readonly events: readonly LatencyEvent[];
}

const REFRESH_MS = 5000;
const SHOWN_ARGUMENTS = 200;

export const slowPage: Page = {
  path: "/slow",
  title: "Slow log",
  name: "slow",
  async render(asked) {
    const log = await asked.api<SlowLog>("/api/v1/slowlog", { limit: 128 });
    const latency = await asked.api<Latency>("/api/v1/latency");
    return (
      <>
        <SlowEntries log={log} />
        <Times latency={latency} />
        <Events events={latency.events} />
      </>
    );
  },
};

function SlowEntries({ log }: { log: SlowLog }) {
  const threshold = log.thresholdMicroseconds;
  const note = threshold < 0
    ? "the slow log is off"
    : `commands of ${microseconds(threshold)} and more, the last ${count(log.maxLength)}`;
  const row = (entry: SlowEntry) => (
    <tr>
      <td class="figure">{String(entry.id)}</td>
      <td class="when">{moment(entry.time)}</td>
      <td class="figure strong">{microseconds(entry.microseconds)}</td>
      <td class="command">
        <code>{commandLine(entry)}</code>
      </td>
      <td class="whole">
        <code>{entry.client}</code> {entry.name}
      </td>
    </tr>
  );
  return (
    <Card title="Slow log" id="slow-log" refresh={REFRESH_MS} note={note}>
      {log.items.length === 0
        ? (
          <Empty title="No command was slow so far.">
            <p>To log more, lower the limit, in microseconds:</p>
            <Example lines={["CONFIG SET slowlog-log-slower-than 1000"]} />
          </Empty>
        )
        : (
          <Table label="Slow log" columns={["#Id", "Time (UTC)", "#Took", "Command", "Client"]}>
            {log.items.map(row)}
          </Table>
        )}
    </Card>
  );
}

function commandLine({ args }: SlowEntry): string {
  const text = args.map((arg) => oneLine(arg)).map((arg) => arg.includes(" ") ? `"${arg}"` : arg)
    .join(" ");
  return text.length > SHOWN_ARGUMENTS ? `${text.slice(0, SHOWN_ARGUMENTS)}…` : text;
}

function Times({ latency }: { latency: Latency }) {
  const items = [...latency.items].sort((a, b) => Number(b.calls) - Number(a.calls));
  const columns = ["Command", "#Calls", "#p50", "#p99", "#p99.9", "Spread, 1 µs to 1 s"];
  const row = (item: LatencyShown) => (
    <tr>
      <td>
        <code>{item.command.replace("|", " ").toUpperCase()}</code>
      </td>
      <td class="figure">{count(item.calls)}</td>
      <td class="figure">{percentile(item.percentiles, "p50")}</td>
      <td class="figure">{percentile(item.percentiles, "p99")}</td>
      <td class="figure">{percentile(item.percentiles, "p99.9")}</td>
      <td>
        <Histogram of={item} />
      </td>
    </tr>
  );
  return (
    <Card title="Times of commands" id="times" refresh={REFRESH_MS}>
      {items.length === 0
        ? <Empty title="No client has run a command yet." />
        : <Table label="Times of commands" columns={columns}>{items.map(row)}</Table>}
    </Card>
  );
}

function percentile(percentiles: InfoObject, name: string): string {
  const value = percentiles[name];
  return value === undefined ? "–" : microseconds(value);
}

const BARS = 21;
const BAR_WIDTH = 6;
const HEIGHT = 20;

/** One bar for each doubling of the time. */
function Histogram({ of }: { of: LatencyShown }) {
  const calls = new Array<number>(BARS).fill(0);
  let before = 0;
  for (const step of of.histogram) {
    const bar = Math.min(BARS - 1, Math.max(0, Math.round(Math.log2(step.microseconds))));
    calls[bar] += Number(step.calls) - before;
    before = Number(step.calls);
  }
  const most = Math.max(1, ...calls);
  const bar = (value: number, at: number) => {
    const height = value === 0 ? 1 : Math.max(2, Math.round(HEIGHT * value / most));
    return (
      <rect
        class={value === 0 ? "step none" : "step"}
        x={String(at * BAR_WIDTH)}
        y={String(HEIGHT - height)}
        width={String(BAR_WIDTH - 1)}
        height={String(height)}
      >
        <title>{`up to ${microseconds(2 ** at)}: ${count(value)}`}</title>
      </rect>
    );
  };
  const label = `Spread of the times of ${of.command}`;
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${BARS * BAR_WIDTH} ${HEIGHT}`}
      preserveAspectRatio="xMinYMax"
      role="img"
      aria-label={label}
    >
      {calls.map(bar)}
    </svg>
  );
}

function Events({ events }: { events: readonly LatencyEvent[] }) {
  const row = (event: LatencyEvent) => (
    <tr>
      <td>
        <code>{event.event}</code>
      </td>
      <td class="when">{moment(event.time)}</td>
      <td class="figure">{duration(event.latestMs)}</td>
      <td class="figure">{duration(event.worstMs)}</td>
    </tr>
  );
  return (
    <Card title="Latency events" id="events" refresh={REFRESH_MS}>
      {events.length === 0
        ? (
          <Empty title="Nothing took noticeably long.">
            <p>
              Events are noted when they take longer than <code>latency-monitor-threshold</code>
              {" "}
              (milliseconds; 0 notes none).
            </p>
          </Empty>
        )
        : (
          <Table label="Latency events" columns={["Event", "Last (UTC)", "#It took", "#Worst"]}>
            {events.map(row)}
          </Table>
        )}
    </Card>
  );
}
