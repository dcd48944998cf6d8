import { assert, assertEquals } from "@std/assert";
import { Config } from "../../../lib/config/config.ts";
import { ConfigError } from "../../../lib/config/config_error.ts";
import { ROWS } from "../../../lib/config/parameters.ts";
import { replyOf } from "./refusal.ts";

Deno.test("CONFIG SET of several pairs changes nothing when one of them is wrong", () => {
  const config = started();
  let told = 0;
  config.subscribe(["timeout", "hz"], () => told++);
  assertEquals(
    replyOf(() => config.set([["timeout", "5"], ["hz", "x"]])),
    "CONFIG SET failed (possibly related to argument 'hz') - " +
      "argument couldn't be parsed into an integer",
  );
  assertEquals([config.get("timeout"), config.get("hz"), told], [0, 10, 0]);
});

Deno.test("a subscriber is told once of a change of several parameters, when all are stored", () => {
  const config = started();
  const seen: number[][] = [];
  config.subscribe(
    ["timeout", "hz"],
    (now) => seen.push([now.get("timeout"), now.get("hz")]),
  );
  config.set([["timeout", "5"], ["hz", "20"], ["maxclients", "7"]]);
  assertEquals(seen, [[5, 20]]);
});

Deno.test("a subscriber isn't told of a value that was set to what it was", () => {
  const config = started();
  let told = 0;
  config.subscribe("maxmemory", () => told++);
  config.set([["maxmemory", "0kb"]]);
  assertEquals(told, 0);
});

Deno.test("a subscriber can leave", () => {
  const config = started();
  let told = 0;
  const leave = config.subscribe("timeout", () => told++);
  leave();
  config.set([["timeout", "5"]]);
  assertEquals(told, 0);
});

Deno.test("a veto undoes all pairs, and those who followed are told again", () => {
  const config = started();
  const followed: number[] = [];
  config.subscribe("timeout", (now) => followed.push(now.get("timeout")));
  config.subscribe("port", (now) => {
    if (now.get("port") === 1) throw new ConfigError("Unable to listen on this port.");
  });
  assertEquals(
    replyOf(() => config.set([["timeout", "5"], ["port", "1"]])),
    "CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port.",
  );
  assertEquals(followed, [5, 0]);
  assertEquals([config.get("timeout"), config.get("port")], [0, 6379]);
});

Deno.test("a subscriber's own mistake is not taken for a veto, but undoes the change as well", () => {
  const config = started();
  config.subscribe("timeout", () => {
    throw new TypeError("a mistake");
  });
  let caught: unknown;
  try {
    config.set([["timeout", "5"]]);
  } catch (error) {
    caught = error;
  }
  assert(caught instanceof TypeError);
  assertEquals(config.get("timeout"), 0);
});

Deno.test("immutable parameters can be set until the server has started", () => {
  const config = new Config();
  config.set([["databases", "4"]]);
  config.start();
  assertEquals(
    replyOf(() => config.set([["Databases", "8"]])),
    "CONFIG SET failed (possibly related to argument 'Databases') - can't set immutable config",
  );
  assertEquals(config.get("databases"), 4);
});

Deno.test("an immutable parameter that Redis has not takes the value that it has, and no other", () => {
  const config = started();
  const refused = (name: string): string =>
    `CONFIG SET failed (possibly related to argument '${name}') - can't set immutable config`;
  for (const [name, row] of ROWS) {
    if (!name.startsWith("admin-")) {
      assert(!row.ours, name);
      continue;
    }
    const text = config.text(name) ?? "";
    assertEquals(replyOf(() => config.set([[name, text], ["timeout", "5"]])), "OK");
    assertEquals(replyOf(() => config.set([[name, "1234"]])), refused(name));
    assertEquals(config.text(name), text);
  }
  assertEquals(config.get("timeout"), 5);
  assertEquals(replyOf(() => config.set([["databases", "16"]])), refused("databases"));
});

Deno.test("the owner of a parameter can assign it at any time, untold", () => {
  const config = started();
  let told = 0;
  config.subscribe("replicaof", () => told++);
  config.assign("replicaof", "10.0.0.1 6379");
  assertEquals(config.text("slaveof"), "10.0.0.1 6379");
  config.assign("replicaof", "");
  assertEquals([config.text("replicaof"), told], ["", 0]);
});

Deno.test("protected parameters need enable-protected-configs, which may mean local clients", () => {
  const refused = "CONFIG SET failed (possibly related to argument 'dir') - " +
    "can't set protected config";
  const tryWith = (allowed: string, local: boolean): string => {
    const config = new Config();
    config.set([["enable-protected-configs", allowed]]);
    config.start();
    return replyOf(() => config.set([["dir", "/data"]], { local }));
  };
  assertEquals(tryWith("no", true), refused);
  assertEquals(tryWith("local", false), refused);
  assertEquals(tryWith("local", true), "OK");
  assertEquals(tryWith("yes", false), "OK");
});

Deno.test("what touches the data set can't be set while one is loaded", () => {
  const config = started();
  let error: unknown;
  try {
    config.set([["appendonly", "yes"]], { loading: true });
  } catch (thrown) {
    error = thrown;
  }
  assert(error instanceof ConfigError && error.kind === "loading");
  assertEquals(replyOf(() => config.set([["timeout", "5"]], { loading: true })), "OK");
});

Deno.test("unknown names and duplicates are refused, an alias beside its name is not", () => {
  const config = started();
  assertEquals(
    replyOf(() => config.set([["nosuch", "1"], ["daemonize", "yes"]])),
    "Unknown option or number of arguments for CONFIG SET - 'nosuch'",
  );
  assertEquals(
    replyOf(() => config.set([["timeout", "1"], ["timeout", "2"]])),
    "CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter",
  );
  config.set([["slave-priority", "1"], ["replica-priority", "2"]]);
  assertEquals(config.get("replica-priority"), 2);
});

Deno.test("names that are properties of every object are unknown", () => {
  const config = started();
  for (const name of ["__proto__", "constructor", "toString", ""]) {
    assertEquals(config.text(name), null);
    assertEquals(
      replyOf(() => config.set([[name, "1"]])),
      `Unknown option or number of arguments for CONFIG SET - '${name}'`,
    );
  }
});

Deno.test("CONFIG GET lists names and aliases that match, each once", () => {
  const config = started();
  assertEquals(config.match(["*-priority", "slave-prio*"], wildcard), [
    ["replica-priority", "100"],
    ["slave-priority", "100"],
  ]);
});

Deno.test("CONFIG GET of a name without wildcards answers with the name as given", () => {
  const config = started();
  assertEquals(config.match(["TIMEOUT", "timeout", "nosuch"], wildcard), [["TIMEOUT", "0"]]);
});

Deno.test("hidden parameters are shown under their exact name only", () => {
  const config = started();
  assertEquals(config.match(["watchdog*"], wildcard), []);
  assertEquals(config.match(["watchdog-period"], wildcard), [["watchdog-period", "0"]]);
});

Deno.test("CONFIG SET of client-output-buffer-limit leaves the other classes as they are", () => {
  const config = started();
  config.set([["client-output-buffer-limit", "pubsub 1 2 3"]]);
  config.set([["client-output-buffer-limit", "normal 4 5 6"]]);
  assertEquals(
    config.text("client-output-buffer-limit"),
    "normal 4 5 6 slave 268435456 67108864 60 pubsub 1 2 3",
  );
});

function started(): Config {
  const config = new Config();
  config.start();
  return config;
}

/** Knows "*" at the ends of a pattern; the real matcher is injected by the command. */
function wildcard(pattern: string, name: string): boolean {
  const inner = pattern.replaceAll("*", "");
  if (pattern.startsWith("*")) return name.endsWith(inner);
  return name.startsWith(inner);
}
