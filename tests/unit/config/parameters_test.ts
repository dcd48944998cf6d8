import { assert, assertEquals } from "@std/assert";
import { Config } from "../../../lib/config/config.ts";
import {
  isSensitive,
  NAMES,
  PARAMETERS,
  ROWS,
  WITHOUT_EFFECT,
} from "../../../lib/config/parameters.ts";
import { replyOf, sample } from "./refusal.ts";

const recorded: Record<string, string> = JSON.parse(
  sample("fixtures/config/redis_7.0_defaults.json"),
);

Deno.test("every directive of Redis 7.0 is known, with its default", () => {
  const config = new Config();
  for (const [name, value] of Object.entries(recorded)) {
    assertEquals(config.text(name), value, name);
  }
});

Deno.test("the directives beyond 7.0 are those of 7.2, hyphens for underscores, and ours", () => {
  const extra = [...NAMES].filter(([name, parameter]) =>
    !(name in recorded) && !PARAMETERS[parameter].hidden
  );
  assertEquals(extra.map(([name]) => name).sort(), [
    "admin-bind",
    "admin-port",
    "admin-token-file",
    "admin-write",
    "aof-rewrite-cpulist",
    "bgsave-cpulist",
    "bio-cpulist",
    "cluster-announce-human-nodename",
    "locale-collate",
    "server-cpulist",
    "set-max-listpack-entries",
    "set-max-listpack-value",
  ]);
});

Deno.test("every parameter takes back what CONFIG GET said, by name and alias", () => {
  const config = new Config();
  const texts = new Map([...NAMES.keys()].map((name) => [name, config.text(name) ?? ""]));
  for (const [name, text] of texts) {
    assertEquals(replyOf(() => config.set([[name, text]])), "OK", name);
    assertEquals(config.text(name), text);
  }
});

/** Values that a parameter shows differently from how they were given. */
const SHOWN: [name: string, given: string, shown: string][] = [
  ["maxmemory", "1k", "1000"],
  ["maxmemory", "1KB", "1024"],
  ["maxmemory", "2gb", "2147483648"],
  ["maxmemory", "", "0"],
  ["maxmemory", "00012", "12"],
  ["maxmemory", "18446744073709551615", "18446744073709551615"],
  ["maxmemory-clients", "7%", "7%"],
  ["maxmemory-clients", "0%", "0"],
  ["slowlog-log-slower-than", "9223372036854775807", "9223372036854775807"],
  ["notify-keyspace-events", "KEA", "AKE"],
  ["notify-keyspace-events", "KEAmn", "AKEmn"],
  ["notify-keyspace-events", "Kg$lshzxet", "g$lshzxetK"],
  ["notify-keyspace-events", "g$lshzxetdn", "An"],
  ["save", "1 0 +5 1", "1 0 5 1"],
  ["save", "", ""],
  ["latency-tracking-info-percentiles", "50.123456789 1e1 0x10", "50.123457 10 16"],
  ["latency-tracking-info-percentiles", "", ""],
  ["shutdown-on-sigint", "FORCE now save", "save now force"],
  ["shutdown-on-sigint", "default save", "save"],
  ["oom-score-adj", "RELATIVE", "yes"],
  ["appendfsync", "ALWAYS", "always"],
  ["activerehashing", "NO", "no"],
  ["bind", "", ""],
  ["bind", "* -::*", "* -::*"],
  ["hz", "0", "1"],
  ["hz", "10000", "500"],
  ["repl-backlog-size", "1", "16384"],
  ["unixsocketperm", "0700", "700"],
  ["replicaof", "Primary.example 6379", "Primary.example 6379"],
  ["replicaof", "no one", ""],
  ["admin-port", "NO", "no"],
  ["admin-port", "0", "0"],
  [
    "client-output-buffer-limit",
    "REPLICA 1mb 1k 5",
    "normal 0 0 0 slave 1048576 1000 5 pubsub 33554432 8388608 60",
  ],
  ["masterauth", "a\0\r\n\xff", "a\0\r\n\xff"],
];

for (const [name, given, shown] of SHOWN) {
  Deno.test(`${name} set to ${JSON.stringify(given)} shows as ${JSON.stringify(shown)}`, () => {
    const config = new Config();
    config.set([[name, given]]);
    assertEquals(config.text(name), shown);
    config.set([[name, shown]]);
    assertEquals(config.text(name), shown, "taken back");
  });
}

Deno.test("values are typed", () => {
  const config = new Config();
  config.set([
    ["maxmemory", "1mb"],
    ["maxmemory-clients", "5%"],
    ["save", "60 1 30 2"],
    ["replicaof", "host 1"],
    ["admin-port", "no"],
    ["notify-keyspace-events", "KA"],
    ["shutdown-on-sigint", "now"],
    ["unixsocketperm", "700"],
  ]);
  const maxmemory: number = config.get("maxmemory");
  const appendonly: boolean = config.get("appendonly");
  const fsync: "everysec" | "always" | "no" = config.get("appendfsync");
  assertEquals([maxmemory, appendonly, fsync], [1048576, false, "everysec"]);
  assertEquals(config.get("maxmemory-clients"), { amount: 5, percent: true });
  assertEquals(config.get("save"), [{ seconds: 60, changes: 1 }, { seconds: 30, changes: 2 }]);
  assertEquals(config.get("replicaof"), { host: "host", port: 1 });
  assertEquals(config.get("admin-port"), null);
  assertEquals(config.get("notify-keyspace-events"), "g$lshzxetdK");
  assertEquals(config.get("shutdown-on-sigint"), ["now"]);
  assertEquals(config.get("unixsocketperm"), 0o700);
  assertEquals(config.get("bind"), ["127.0.0.1", "-::1"]);
  assertEquals(config.get("oom-score-adj-values"), [0, 200, 800]);
  assertEquals(config.get("latency-tracking-info-percentiles"), [50, 99, 99.9]);
  assertEquals(config.get("client-output-buffer-limit").replica, {
    hardBytes: 268435456,
    softBytes: 67108864,
    softSeconds: 60,
  });
});

/** Refusals that a real server has no like of, or words the same but we must not compare there. */
const REFUSED: [name: string, value: string, reason: string][] = [
  ["daemonize", "yes", "going into the background is not supported"],
  ["admin-port", "65536", "argument must be between 0 and 65535 inclusive, or 'no'"],
  ["admin-port", "", "argument must be between 0 and 65535 inclusive, or 'no'"],
  ["tls-port", "6380", "Unable to update TLS configuration. Check server logs."],
  ["tls-replication", "yes", "Unable to update TLS configuration. Check server logs."],
  ["maxmemory", "17179869184gb", "argument must be a memory value"],
  ["maxmemory-clients", "9223372036854775808", "argument must be a memory or percent value"],
  ["dbfilename", "a/b", "dbfilename can't be a path, just a filename"],
  ["dbfilename", "..", "dbfilename can't be a path, just a filename"],
  ["dbfilename", "a\\b", "dbfilename can't be a path, just a filename"],
  ["dbfilename", "a\0.rdb", "dbfilename can't be a path, just a filename"],
  ["appenddirname", "", "appenddirname can't be empty"],
  ["dir", "/tmp\0/x", "No such file or directory"],
  ["replicaof", "a\nb 1", "Invalid master host"],
  ["replicaof", "a 65536", "Invalid master port"],
];

for (const [name, value, reason] of REFUSED) {
  Deno.test(`${name} refuses ${JSON.stringify(value)}`, () => {
    const config = new Config();
    const before = config.text(name);
    const reply = replyOf(() => config.set([[name, value]]));
    const start = `CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
    assertEquals(reply.slice(0, start.length), start);
    assertEquals(config.text(name), before);
  });
}

Deno.test("each parameter without effect says why, and the common ones are not among them", () => {
  for (const [name, reason] of WITHOUT_EFFECT) assert(reason.length > 10, name);
  assert(WITHOUT_EFFECT.has("io-threads") && WITHOUT_EFFECT.has("tls-cert-file"));
  assert(!WITHOUT_EFFECT.has("maxmemory") && !WITHOUT_EFFECT.has("port"));
});

Deno.test("passwords are marked as such", () => {
  const marked = [...ROWS].filter(([, row]) => row.sensitive).map(([name]) => name);
  assertEquals(marked, [
    "admin-token",
    "requirepass",
    "masterauth",
    "masteruser",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
  ]);
  assert(isSensitive("RequirePass") && !isSensitive("port") && !isSensitive("constructor"));
});
