/** MEMORY: what the memory is spent on, in all and by key. */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import { humanBytes } from "./info_section.ts";
import { memoryFigures, netBytes, ratio, tableBytes } from "./memory_figures.ts";

const REPORT_TIPS = [
  "nondeterministic_output",
  "request_policy:all_shards",
  "response_policy:special",
];

/** A slot of the key table. */
const SLOT_BYTES = 4;

export const MEMORY = command({
  name: "MEMORY",
  summary: "Holds the subcommands about memory.",
  since: "4.0.0",
  complexity: "Depends on subcommand.",
});

export const MEMORY_USAGE = command({
  name: "MEMORY|USAGE",
  usage: "key [SAMPLES count]",
  summary: "Estimates the bytes that a key takes, value and all.",
  since: "4.0.0",
  complexity: "O(N) where N is the number of samples",
  flags: Flag.READONLY,
  keys: Access.RO,
  run(call) {
    readSamples(call);
    const ref = call.peek(2);
    if (ref === 0) call.reply.null();
    else call.reply.integer(call.db.memoryOf(ref) + SLOT_BYTES);
  },
});

export const MEMORY_STATS = command({
  name: "MEMORY|STATS",
  summary: "Shows what the memory is spent on.",
  since: "4.0.0",
  complexity: "O(N) where N is the number of clients and databases",
  tips: REPORT_TIPS,
  run: replyStats,
});

export const MEMORY_DOCTOR = command({
  name: "MEMORY|DOCTOR",
  summary: "Says whether something is wrong with the use of memory.",
  since: "4.0.0",
  complexity: "O(1)",
  tips: REPORT_TIPS,
  run(call) {
    call.reply.verbatim("txt", memoryReport(call));
  },
});

export const MEMORY_MALLOC_STATS = command({
  name: "MEMORY|MALLOC-STATS",
  summary: "Shows what the allocator says of itself.",
  since: "4.0.0",
  complexity: "O(1)",
  tips: REPORT_TIPS,
  run(call) {
    const { arena } = call.context.store.state;
    const process = call.context.host.process.memory();
    call.reply.verbatim(
      "txt",
      [
        `arena: ${arena.usedBytes} bytes in use`,
        `arena: ${arena.reservedBytes} bytes of addresses reserved`,
        `heap: ${process.heapUsedBytes} bytes in use`,
        `heap: ${process.heapTotalBytes} bytes taken from the system`,
        `buffers outside the heap: ${process.externalBytes} bytes`,
        `resident: ${process.rssBytes} bytes`,
        "",
      ].join("\n"),
    );
  },
});

export const MEMORY_PURGE = command({
  name: "MEMORY|PURGE",
  summary: "Asks for unused memory to be given back; here that happens by itself.",
  since: "4.0.0",
  complexity: "O(1)",
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    call.reply.ok();
  },
});

export const MEMORY_HELP = helpCommand({
  container: "MEMORY",
  since: "4.0.0",
  entries: [
    ["DOCTOR", "Says whether something is wrong with the use of memory."],
    ["MALLOC-STATS", "Shows what the allocator says of itself."],
    ["PURGE", "Asks for unused memory to be given back; here that happens by itself."],
    ["STATS", "Shows what the memory is spent on."],
    [
      "USAGE <key> [SAMPLES <count>]",
      "Estimates the bytes that a key takes. Of a value with many elements <count> are",
      "measured (5 by default, all of them for 0).",
    ],
  ],
});

export const MEMORY_COMMANDS = [
  MEMORY,
  MEMORY_DOCTOR,
  MEMORY_HELP,
  MEMORY_MALLOC_STATS,
  MEMORY_PURGE,
  MEMORY_STATS,
  MEMORY_USAGE,
];

/** Checks the options. Strings are measured exactly, so that the count does not matter to them. */
function readSamples(call: Call): void {
  for (let i = 3; i < call.count; i += 2) {
    if (!call.request.is(i, "SAMPLES") || i + 1 === call.count) throw errors.SYNTAX;
    if (readClampedInteger(call, i + 1) < 0) throw errors.SYNTAX;
  }
}

function replyStats(call: Call): void {
  const { reply, context } = call;
  const figures = memoryFigures(context);
  const used = context.store.databases.filter((db) => db.size > 0);
  const totals: readonly (readonly [string, number])[] = [
    ["peak.allocated", figures.peak],
    ["total.allocated", figures.used],
    ["startup.allocated", figures.startup],
    ["replication.backlog", figures.backlog],
    ["clients.slaves", figures.replicas],
    ["clients.normal", figures.clients],
    ["cluster.links", 0],
    ["aof.buffer", 0],
    ["lua.caches", context.scripts.figures.cachedBytes],
    ["functions.caches", context.scripts.figures.functionBytes],
  ];
  const after: readonly (readonly [string, number])[] = [
    ["overhead.total", figures.overhead],
    ["keys.count", figures.keys],
    ["keys.bytes-per-key", figures.keys === 0 ? 0 : Math.floor(netBytes(figures) / figures.keys)],
    ["dataset.bytes", figures.dataset],
  ];
  const ratios: readonly (readonly [string, number, number])[] = [
    ["allocator-fragmentation", figures.active, figures.allocated],
    ["allocator-rss", figures.resident, figures.active],
    ["rss-overhead", figures.resident, figures.resident],
  ];
  reply.map(totals.length + used.length + after.length + 5 + ratios.length * 2 + 2);
  writeIntegers(call, totals);
  for (const db of used) {
    const { main, expires } = tableBytes(db);
    reply.bulk(`db.${db.index}`);
    reply.map(3);
    writeIntegers(call, [
      ["overhead.hashtable.main", main],
      ["overhead.hashtable.expires", expires],
      ["overhead.hashtable.slot-to-keys", 0],
    ]);
  }
  writeIntegers(call, after);
  writeDouble(call, "dataset.percentage", share(figures.dataset, netBytes(figures)));
  writeDouble(call, "peak.percentage", share(figures.used, figures.peak));
  writeIntegers(call, [
    ["allocator.allocated", figures.allocated],
    ["allocator.active", figures.active],
    ["allocator.resident", figures.resident],
  ]);
  for (const [name, part, whole] of ratios) {
    writeDouble(call, `${name}.ratio`, ratio(part, whole));
    writeIntegers(call, [[`${name}.bytes`, part - whole]]);
  }
  writeDouble(call, "fragmentation", ratio(figures.resident, figures.used));
  writeIntegers(call, [["fragmentation.bytes", figures.resident - figures.used]]);
}

function writeIntegers(call: Call, rows: readonly (readonly [string, number])[]): void {
  for (const [name, value] of rows) {
    call.reply.bulk(name);
    call.reply.integer(value);
  }
}

function writeDouble(call: Call, name: string, value: number): void {
  call.reply.bulk(name);
  call.reply.double(value);
}

/** In percent. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part * 100 / whole;
}

function memoryReport(call: Call): string {
  const { context } = call;
  const figures = memoryFigures(context);
  const limit = context.config.get("maxmemory");
  const system = context.host.process.totalSystemMemoryBytes;
  const findings: string[] = [];
  if (figures.peak > figures.used * 1.5 && figures.peak > SMALL_BYTES) {
    findings.push(
      `The peak was ${humanBytes(figures.peak)}, now ${humanBytes(figures.used)} are in use: the ` +
        "process may hold more memory than it needs until it is used again.",
    );
  }
  if (limit > 0 && figures.used > limit * 0.9) {
    findings.push(
      `${humanBytes(figures.used)} of the ${humanBytes(limit)} of maxmemory are in use: soon ` +
        `keys are evicted or writes refused (maxmemory-policy ${
          context.config.get("maxmemory-policy")
        }).`,
    );
  }
  if (figures.resident > system * 0.8) {
    findings.push(
      `The process takes ${humanBytes(figures.resident)} of the machine's ${humanBytes(system)}: ` +
        "the system may begin to swap. Set maxmemory, or store less.",
    );
  }
  if (figures.clients > LARGE_CLIENT_BYTES && figures.clients > figures.used / 4) {
    findings.push(
      `The buffers of clients take ${humanBytes(figures.clients)}: CLIENT LIST shows (tot-mem) ` +
        "who does not read its replies, or sends very large requests.",
    );
  }
  if (findings.length === 0) return "Nothing is wrong with the use of memory.\n";
  return findings.map((finding) => `- ${finding}\n`).join("");
}

/** Below this a peak says nothing. */
const SMALL_BYTES = 5 * 2 ** 20;
const LARGE_CLIENT_BYTES = 16 * 2 ** 20;
