// The charts of the overview: INFO once a second, as rates between two samples. What was seen is kept for
// this tab, so that coming back to the page does not begin anew.

import { draw, followPointer } from "./charts.js";
import { ask } from "./client.js";
import { byteSize, count, microseconds } from "./words.js";

const PERIOD_MS = 1000;
const KEPT = 130;
const STORED = "redino-samples";
const PATH = "/api/v1/info?section=stats,memory,clients,commandstats";

const per = (figure) => `${count(Math.round(figure))}/s`;
const charts = {
  operations: { text: ([value]) => per(value) },
  memory: { unit: 1024, text: ([value]) => byteSize(value) },
  hits: {
    text: ([hits, misses]) =>
      misses === undefined ? per(hits) : `${per(hits)} hits, ${per(misses)} misses`,
  },
  clients: {
    text: ([connected, blocked]) =>
      blocked === undefined
        ? count(connected)
        : `${count(connected)} connected, ${count(blocked)} blocked`,
  },
  latency: { text: ([value]) => value === null ? "no commands" : microseconds(value) },
};

/** Running totals and figures of one moment. */
function readingOf(info, time) {
  let calls = 0;
  let spent = 0;
  for (const one of Object.values(info.commandstats ?? {})) {
    calls += one.calls;
    spent += one.usec;
  }
  const { stats, memory, clients } = info;
  return {
    time,
    operations: Number(stats.total_commands_processed),
    hits: Number(stats.keyspace_hits),
    misses: Number(stats.keyspace_misses),
    memory: Number(memory.used_memory),
    connected: clients.connected_clients,
    blocked: clients.blocked_clients,
    calls,
    spent,
  };
}

/** What happened between two readings; counters that were reset count from zero. */
function sampleOf(before, now) {
  const seconds = (now.time - before.time) / 1000;
  const grown = (name) => Math.max(0, now[name] - before[name]) / seconds;
  const calls = now.calls - before.calls;
  return {
    time: now.time,
    operations: [grown("operations")],
    memory: [now.memory],
    hits: [grown("hits"), grown("misses")],
    clients: [now.connected, now.blocked],
    latency: [calls > 0 && now.spent >= before.spent ? (now.spent - before.spent) / calls : null],
  };
}

export function startOverview({ signal }) {
  const cards = new Map();
  for (const card of document.querySelectorAll("[data-chart]")) {
    cards.set(card.dataset.chart, card);
    followPointer(card, () => show(card.dataset.chart), signal);
  }
  let samples = stored();
  let before;
  let timer;

  const show = (name) => {
    const shown = samples.map(({ time, [name]: values }) => ({ time, values }));
    draw(cards.get(name), shown, Date.now(), charts[name]);
  };

  const read = async () => {
    try {
      const reading = readingOf(await ask(PATH, { signal }), Date.now());
      if (before !== undefined && reading.time - before.time < 5 * PERIOD_MS) {
        samples.push(sampleOf(before, reading));
        samples = samples.slice(-KEPT);
        store(samples);
      }
      before = reading;
      for (const name of cards.keys()) tell(name);
    } catch {
      // The charts then show a gap.
    }
    if (signal.aborted) return;
    if (!document.hidden) { for (const name of cards.keys()) show(name); }
    timer = setTimeout(read, PERIOD_MS);
  };

  const tell = (name) => {
    const last = samples[samples.length - 1];
    if (last === undefined) return;
    const text = charts[name].text(last[name]);
    const place = cards.get(name).querySelector(".chart-value");
    if (name === "hits") place.textContent = hitRate(last.hits);
    else place.textContent = name === "clients" ? count(last.clients[0]) : text;
  };

  signal.addEventListener("abort", () => clearTimeout(timer));
  for (const name of cards.keys()) show(name);
  read();
}

function hitRate([hits, misses]) {
  const all = hits + misses;
  return all === 0 ? "no reads" : `${(100 * hits / all).toFixed(1)} %`;
}

function stored() {
  try {
    const found = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

function store(samples) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(samples));
  } catch {
    // Then the charts begin anew.
  }
}
