/** `--stat`: one line of figures about the server every second. */

import { infoFields, required } from "../reply_fields.ts";
import type { CliSession } from "./session.ts";
import { sleep } from "./sleep.ts";

const LINES_BETWEEN_HEADERS = 20;

export async function showStatistics(session: CliSession): Promise<number> {
  const { clock } = session.host;
  const pauseMs = session.options.intervalSeconds > 0
    ? session.options.intervalSeconds * 1000
    : 1000;
  let previous: number | null = null;
  for (let line = 0;; line++) {
    const info = infoFields(required(await session.ask("INFO")));
    const requests = Number(info.get("total_commands_processed") ?? 0);
    if (line % LINES_BETWEEN_HEADERS === 0) session.write(HEADER);
    const more = previous === null ? 0 : requests - previous;
    session.write(statisticsLine(info, `${requests} (+${more})`));
    previous = requests;
    await sleep(clock, pauseMs);
    if (session.options.repeat > 1 && line + 1 >= session.options.repeat) return 0;
  }
}

const HEADER = "------- data ------ --------------------- load -------------------- - child -\n" +
  "keys       mem      clients blocked requests            connections          \n";

function statisticsLine(info: Map<string, string>, requests: string): string {
  let keys = 0;
  for (const [name, value] of info) {
    if (/^db\d+$/.test(name)) keys += Number(/keys=(\d+)/.exec(value)?.[1] ?? 0);
  }
  const column = (value: string | undefined, width: number) => (value ?? "0").padEnd(width);
  return column(String(keys), 11) +
    column(shortBytes(Number(info.get("used_memory") ?? 0)), 9) +
    column(info.get("connected_clients"), 8) +
    column(info.get("blocked_clients"), 8) +
    column(requests, 20) +
    column(info.get("total_connections_received"), 12) +
    childText(info) + "\n";
}

/** What runs in the background: a snapshot, a rewrite of the append-only file, or both. */
function childText(info: Map<string, string>): string {
  const saves = info.get("rdb_bgsave_in_progress") === "1";
  const rewrites = info.get("aof_rewrite_in_progress") === "1";
  if (saves && rewrites) return "SAVE+AOF";
  return saves ? "SAVE" : rewrites ? "AOF" : "";
}

function shortBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  for (const unit of ["K", "M", "G"]) {
    bytes /= 1024;
    if (bytes < 1024 || unit === "G") return `${bytes.toFixed(2)}${unit}`;
  }
  return "";
}
