/**
 * Our replies against those of a real redis-server, byte for byte: seeded random commands in both
 * protocols, and edge cases written by hand. REDINO_SEED repeats a run, REDINO_COMMANDS makes it
 * longer, REDINO_DIFFERENCES lists more than the first difference.
 */

import { assertEquals } from "@std/assert";
import { splitWords } from "../../lib/config/words.ts";
import {
  Comparison,
  describe,
  type Difference,
  EngineSubject,
  SocketSubject,
  type Words,
} from "../support/differential.ts";
import { needs, startRedis } from "../support/peers.ts";
import { startServerProcess } from "../support/server_process.ts";
import { forgottenCommands, hasCommand, Workload } from "../support/workload.ts";
import { EDGE_CASES } from "../support/workload/edge_cases.ts";

const commandCount = Number(Deno.env.get("REDINO_COMMANDS") ?? 20_000);
const limit = Number(Deno.env.get("REDINO_DIFFERENCES") ?? 3);
const only = Deno.env.get("REDINO_ONLY")?.toUpperCase().split(",");

Deno.test("every command is drawn by random workloads or left out for a reason", () => {
  assertEquals(forgottenCommands(), []);
});

for (const protocol of [2, 3] as const) {
  needs(
    "redis-server",
    `random commands get redis-server's replies in RESP${protocol}`,
    async () => {
      await using redis = await startRedis({ debug: true });
      const theirs = await SocketSubject.connect(redis.port, protocol);
      const comparison = new Comparison(new EngineSubject(protocol), theirs);
      await compareRandom(comparison, protocol, commandCount);
    },
  );

  needs("redis-server", `edge cases get redis-server's replies in RESP${protocol}`, async () => {
    await using redis = await startRedis({ debug: true });
    const theirs = await SocketSubject.connect(redis.port, protocol);
    const comparison = new Comparison(new EngineSubject(protocol), theirs);
    await compareEdgeCases(comparison);
  });

  needs("redis-server", `a server's replies are redis-server's in RESP${protocol}`, async () => {
    await using redis = await startRedis({ debug: true });
    await using server = await startServerProcess({
      args: ["--enable-debug-command", "yes", "--enable-protected-configs", "yes"],
    });
    const ours = await SocketSubject.connect(server.port, protocol);
    const theirs = await SocketSubject.connect(redis.port, protocol);
    const comparison = new Comparison(ours, theirs);
    await compareRandom(comparison, protocol, Math.min(commandCount, 5_000));
  });
}

async function compareRandom(
  comparison: Comparison,
  protocol: number,
  count: number,
): Promise<void> {
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  const workload = new Workload(seed, only);
  try {
    const found = await comparison.run(count, () => workload.next(), limit);
    report(found, `REDINO_SEED=${seed} REDINO_COMMANDS=${count}, RESP${protocol}`);
  } finally {
    comparison.close();
  }
}

async function compareEdgeCases(comparison: Comparison): Promise<void> {
  const found: Difference[] = [];
  try {
    for (const script of EDGE_CASES) {
      const commands = commandsIn(script);
      // Commands that come with a later part of the server are not asked for before.
      const known = commands.filter(([name, second]) =>
        hasCommand(name.toUpperCase()) || hasCommand(`${name}|${second}`.toUpperCase())
      );
      found.push(...await comparison.differencesIn(known));
    }
  } finally {
    comparison.close();
  }
  report(found, "edge cases");
}

function commandsIn(script: string): Words[] {
  const lines = script.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.map((line) => {
    const words = splitWords(line);
    if (words === null) throw new Error(`unbalanced quotes in: ${line}`);
    return words;
  });
}

function report(found: readonly Difference[], run: string): void {
  if (found.length === 0) return;
  throw new Error(
    `${found.length} differences (${run}):\n${found.map(describe).join("\n\n")}`,
  );
}
