/** GET /metrics: the names of redis_exporter, and what Prometheus's own check says. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { adminEngine } from "../../admin/engine_access.ts";
import { startAdmin } from "../../admin/server.ts";
import { systemHost } from "../../lib/host/system_host.ts";
import { CapturedLog } from "../support/fake_host.ts";
import { needs } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { freePort } from "../support/child_server.ts";
import { startServer } from "../../lib/mod.ts";
import { AdminClient } from "./admin_client.ts";

/** What only the exporter can tell: of itself and its scrapes. */
const OF_THE_EXPORTER = /^redis_(?:exporter_|target_scrape_|last_key_groups_)/;
/** Names that Prometheus's lint refuses; here they end in `_seconds`. */
const RENAMED = /^redis_(?:aof_(?:current|last)_rewrite|rdb_(?:current|last)_bgsave)_duration_sec$/;

Deno.test("metrics tell commands, errors, keys and latencies", async () => {
  const admin = new AdminClient();
  const { redis } = admin;
  for (let i = 0; i < 3; i++) redis.run("SET", `a${i}`, "1", "EX", "100");
  redis.run("GET", "a0");
  redis.run("LPUSH", "a0", "x");
  const response = await admin.fetch("/metrics");
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const samples = samplesOf(await response.text());
  assertEquals(samples.get('redis_commands_total{cmd="set"}'), 3);
  assertEquals(samples.get('redis_errors_total{err="WRONGTYPE"}'), 1);
  assertEquals(samples.get('redis_commands_failed_calls_total{cmd="lpush"}'), 1);
  assertEquals(samples.get('redis_db_keys{db="db0"}'), 3);
  assertEquals(samples.get('redis_db_keys_expiring{db="db0"}'), 3);
  assertEquals(samples.get('redis_db_keys{db="db15"}'), 0);
  assertEquals(samples.get("redis_up"), 1);
  assertEquals(samples.get('redis_commands_latencies_usec_bucket{cmd="set",le="+Inf"}'), 3);
  assertEquals(samples.get('redis_commands_latencies_usec_count{cmd="set"}'), 3);
  assert((samples.get("redis_memory_used_bytes") ?? 0) > 0);
});

Deno.test("labels hold any text", async () => {
  const admin = new AdminClient();
  admin.redis.engine.context.stats.countError('A"\\B x');
  const text = await (await admin.fetch("/metrics")).text();
  assertMatch(text, /redis_errors_total\{err="A\\"\\\\B"\} 1\n/);
});

needs("promtool", "Prometheus's check finds nothing to say", async () => {
  const admin = new AdminClient();
  for (
    const args of [["SET", "a", "1", "EX", "9"], ["GET", "a"], ["XADD", "x", "*", "f", "v"], [
      "NOSUCH",
    ]]
  ) {
    admin.redis.run(...args);
  }
  const text = await (await admin.fetch("/metrics")).text();
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals([code, said], [0, ""]);
});

needs(
  "prometheus-redis-exporter",
  "the exporter scrapes the server, and its names are ours",
  async () => {
    await using server = await startServer();
    await using client = await connect(server.port);
    for (const args of [["SET", "a", "1", "EX", "9"], ["GET", "a"], ["NOSUCH"], ["SELECT", "0"]]) {
      await client.send(...args);
    }
    await using admin = await startAdmin(adminEngine(server.engine, server), {
      hostname: "127.0.0.1",
      port: 0,
    });
    const theirs = await scrapeByExporter(server.port);
    const ours = await (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
    assertMatch(theirs, /^redis_up 1$/m);
    const names = new Set(samplesOf(ours).keys().map(nameOf));
    const missing = new Set(samplesOf(theirs).keys().map(nameOf))
      .values()
      .filter((name) => name.startsWith("redis_") && !names.has(name))
      .filter((name) => !OF_THE_EXPORTER.test(name) && !RENAMED.test(name))
      .toArray();
    assertEquals(missing, []);
    // The values of what does not change between two looks are the same.
    const [left, right] = [samplesOf(ours), samplesOf(theirs)];
    for (const name of ["redis_config_maxclients", 'redis_db_keys{db="db0"}', "redis_process_id"]) {
      assertEquals(left.get(name), right.get(name), name);
    }
  },
);

async function scrapeByExporter(port: number): Promise<string> {
  const listen = `127.0.0.1:${freePort()}`;
  const child = new Deno.Command("prometheus-redis-exporter", {
    args: ["-redis.addr", `redis://127.0.0.1:${port}`, "-web.listen-address", listen],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (let attempt = 0;; attempt++) {
      try {
        return await (await fetch(`http://${listen}/metrics`)).text();
      } catch (error) {
        if (attempt === 200) throw error;
        // It does not listen yet: as long as a refused connection takes, and a little more.
        await new Promise((resolve) =>
          systemHost(() => new CapturedLog()).clock.schedule(25, () => resolve(null))
        );
      }
    }
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

/** Values by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const space = line.lastIndexOf(" ");
    return [line.slice(0, space), Number(line.slice(space + 1))];
  }));
}

function nameOf(sample: string): string {
  return sample.replace(/\{[^]*$/, "");
}
