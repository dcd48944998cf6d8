/** INFO: its sections, their fields and that the values follow what happens. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { REDINO_VERSION } from "../../../lib/config/version.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** Ours, and those that came with Redis 7.4. */
const OWN_FIELDS = [
  ...["server_name", "redino_version", "expired_subkeys", "pubsub_clients"],
  // Of 7.2 and 7.4.
  ...["total_blocking_keys", "total_blocking_keys_on_nokey", "evicted_scripts"],
];

Deno.test("INFO everything has the sections and fields of Redis 7.0 in their order", () => {
  const redis = new EngineHarness();
  const text = Deno.readTextFileSync("fixtures/info/redis-7.0-info-fields.json");
  const wanted = JSON.parse(text) as Record<string, string[]>;
  const found = sections(info(redis, "everything"));
  assertEquals([...found.keys()], Object.keys(wanted));
  for (const [title, fields] of Object.entries(wanted)) {
    if (fields.some((field) => field.includes("<"))) continue;
    // An engine alone takes no part in replication: tests/replication looks at that section.
    if (title === "Errorstats" || title === "Replication") continue;
    const names = [...found.get(title)!.keys()].filter((name) => !OWN_FIELDS.includes(name));
    assertEquals(names, fields, title);
  }
});

Deno.test("INFO says which Redis it is like and what it is", () => {
  const server = sections(info(new EngineHarness(), "server")).get("Server")!;
  assertEquals(server.get("redis_version"), "7.2.4");
  assertEquals(server.get("server_name"), "redino");
  assertEquals(server.get("redino_version"), REDINO_VERSION);
  assertEquals(server.get("process_id"), String(Deno.pid));
  assertMatch(server.get("run_id")!, /^[0-9a-f]{40}$/);
});

Deno.test("the version is that of deno.json", () => {
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json")) as { version: string };
  assertEquals(REDINO_VERSION, version);
});

Deno.test("INFO shows the sections that are asked for, in any case and once each", () => {
  const redis = new EngineHarness();
  const titles = (...names: string[]) => [...sections(info(redis, ...names)).keys()];
  const defaults = titles();
  assertEquals(defaults.length, 11);
  for (const hidden of ["Commandstats", "Latencystats"]) assert(!defaults.includes(hidden));
  assertEquals(titles("default"), defaults);
  assertEquals(titles("KEYSPACE", "server", "Server"), ["Server", "Keyspace"]);
  assertEquals(titles("default", "commandstats").length, 12);
  assertEquals(titles("all"), titles("everything"));
  assertEquals(titles("nosuchsection"), []);
  assertEquals(redis.run("INFO", "nosuchsection"), '""');
});

Deno.test("INFO is lines with CRLF, sections parted by an empty one", () => {
  const redis = new EngineHarness();
  assertEquals(
    info(redis, "modules", "cluster"),
    "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n",
  );
});

Deno.test("INFO is verbatim text in RESP3", () => {
  const redis = new EngineHarness({ protocol: 3 });
  const reply = redis.reply("INFO", "cluster");
  assert(reply.kind === "verbatim");
  assertEquals(reply.format, "txt");
});

Deno.test("keyspace counts keys and those that expire, and their mean time to live", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "1");
  redis.run("SET", "b", "1", "PX", 1000);
  redis.run("SET", "c", "1", "PX", 3000);
  assertEquals(field(redis, "keyspace", "db0"), "keys=3,expires=2,avg_ttl=2000");
  redis.run("FLUSHALL");
  assertEquals(sections(info(redis, "keyspace")).get("Keyspace")!.size, 0);
});

Deno.test("stats count commands, hits, misses and errors", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "1");
  redis.run("GET", "a");
  redis.run("GET", "b");
  redis.run("NOSUCHCOMMAND");
  redis.run("GET");
  assertEquals(field(redis, "stats", "keyspace_hits"), "1");
  assertEquals(field(redis, "stats", "keyspace_misses"), "1");
  assertEquals(field(redis, "stats", "total_error_replies"), "2");
  assertEquals(field(redis, "errorstats", "errorstat_ERR"), "count=2");
  assertMatch(
    field(redis, "commandstats", "cmdstat_get"),
    /^calls=2,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=1,failed_calls=0$/,
  );
  assertMatch(field(redis, "commandstats", "cmdstat_config|get", "CONFIG", "GET", "x"), /^calls=1/);
});

Deno.test("latencystats has the percentiles that are configured, unless tracking is off", () => {
  const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
  redis.run("DEBUG", "SLEEP", "0.02");
  const shown = () => sections(info(redis, "latencystats")).get("Latencystats")!;
  const name = "latency_percentiles_usec_debug";
  assertMatch(
    shown().get(name)!,
    /^p50=20\d\d\d\.\d{3},p99=20\d\d\d\.\d{3},p99\.9=20\d\d\d\.\d{3}$/,
  );
  redis.run("CONFIG", "SET", "latency-tracking-info-percentiles", "75 100");
  assertMatch(shown().get(name)!, /^p75=20\d\d\d\.\d{3},p100=20\d\d\d\.\d{3}$/);
  redis.run("CONFIG", "SET", "latency-tracking", "no");
  assertEquals(shown().size, 0);
});

Deno.test("rates are the mean of the last samples", () => {
  const redis = new EngineHarness();
  const { rates } = redis.engine.context;
  const counts = { inputBytes: 0, outputBytes: 0 };
  for (let sample = 0; sample < 16; sample++) {
    for (let i = 0; i < 5; i++) redis.run("PING");
    redis.clock.advance(100);
    counts.inputBytes += 1024;
    counts.outputBytes += 2048;
    rates.tick(redis.clock.unixMs(), counts);
  }
  assertEquals(field(redis, "stats", "instantaneous_ops_per_sec"), "50");
  assertEquals(field(redis, "stats", "instantaneous_input_repl_kbps"), "10.00");
  assertEquals(field(redis, "stats", "instantaneous_output_repl_kbps"), "20.00");
  for (let sample = 0; sample < 17; sample++) {
    redis.clock.advance(100);
    rates.tick(redis.clock.unixMs(), null);
  }
  assertEquals(field(redis, "stats", "instantaneous_ops_per_sec"), "0");
});

Deno.test("the peak of memory stays when the memory is free again", () => {
  const redis = new EngineHarness();
  const { peaks } = redis.engine.context;
  redis.run("SET", "big", "x".repeat(100_000));
  peaks.tick(redis.clock.unixMs());
  redis.run("FLUSHALL");
  assert(Number(field(redis, "memory", "used_memory_peak")) > 100_000);
  assert(Number(field(redis, "memory", "used_memory")) < 10_000);
});

Deno.test("time above maxmemory is counted", () => {
  const redis = new EngineHarness();
  const { peaks } = redis.engine.context;
  redis.run("SET", "big", "x".repeat(100_000));
  redis.run("CONFIG", "SET", "maxmemory", "50kb");
  peaks.tick(redis.clock.unixMs());
  redis.clock.advance(300);
  assertEquals(field(redis, "stats", "current_eviction_exceeded_time"), "300");
  redis.run("CONFIG", "SET", "maxmemory", "0");
  peaks.tick(redis.clock.unixMs());
  assertEquals(field(redis, "stats", "current_eviction_exceeded_time"), "0");
  assertEquals(field(redis, "stats", "total_eviction_exceeded_time"), "300");
});

Deno.test("uptime follows the clock", () => {
  const redis = new EngineHarness();
  redis.clock.advance(2 * 86_400_000 + 5_000);
  assertEquals(field(redis, "server", "uptime_in_seconds"), "172805");
  assertEquals(field(redis, "server", "uptime_in_days"), "2");
});

function info(redis: EngineHarness, ...names: string[]): string {
  const reply = redis.reply("INFO", ...names);
  assert(reply.kind === "bulk" && reply.bytes !== null);
  return new TextDecoder().decode(reply.bytes);
}

function sections(text: string): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    if (line.startsWith("# ")) found.set(line.slice(2), fields = new Map());
    else if (line !== "") {
      fields.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1));
    }
  }
  return found;
}

/** A field of a section, after a command if one is given. */
function field(redis: EngineHarness, section: string, name: string, ...before: string[]): string {
  if (before.length > 0) redis.run(...before);
  const [[, fields]] = sections(info(redis, section));
  const value = fields.get(name);
  assert(value !== undefined, `INFO ${section} has ${name}`);
  return value;
}
