import { assert, assertEquals } from "@std/assert";
import { Config } from "../../../lib/config/config.ts";
import {
  ConfigFileError,
  type ConfigSources,
  loadConfiguration,
  type LoadedConfiguration,
} from "../../../lib/config/config_file.ts";
import { SystemError } from "../../../lib/host/system_error.ts";
import { sample, sources } from "./refusal.ts";

Deno.test("an ordinary redis.conf is taken with all it says", () => {
  const config = new Config();
  const loaded = load(config, sources({}, { path: "fixtures/config/ordinary.conf" }));
  assertEquals(config.get("port"), 7000);
  assertEquals(config.get("protected-mode"), false);
  assertEquals(config.get("maxmemory"), 2 * 1024 ** 3);
  assertEquals(config.text("maxmemory-clients"), "5%");
  assertEquals(config.text("save"), "900 1 300 10 60 10000");
  assertEquals(config.get("requirepass"), 'correct horse "battery" \x00\xff');
  assertEquals(config.get("masterauth"), "it's plain: \\n");
  assertEquals(config.get("replica-priority"), 50);
  assertEquals(config.get("hash-max-listpack-entries"), 64);
  assertEquals(config.get("client-output-buffer-limit").pubsub.softSeconds, 60);
  assertEquals(config.text("notify-keyspace-events"), "AKE");
  assertEquals(config.get("shutdown-on-sigterm"), ["save", "now"]);
  assertEquals(loaded.renames.map(({ args }) => args), [
    ["CONFIG", ""],
    ["FLUSHALL", "REALLY-FLUSHALL"],
  ]);
  assertEquals(loaded.users.map(({ line, args }) => [line, args.join(" ")]), [
    [32, "alice on >secret ~app:* +@all"],
    [33, "bob off"],
  ]);
  assertEquals(loaded.origins.get("replica-priority")?.line, 21);
});

Deno.test("included files are read where they are named, the later line holds", () => {
  const config = new Config();
  const found = ["fixtures/config/included/more_1.conf", "fixtures/config/included/more_2.conf"];
  const loaded = load(
    config,
    sources({}, {
      path: "fixtures/config/included/main.conf",
      expandPattern: (pattern) => pattern.includes("more_") ? found : [],
    }),
  );
  assertEquals([config.get("timeout"), config.get("maxclients"), config.get("hz")], [2, 500, 40]);
  assertEquals(config.text("save"), "60 5");
  assertEquals([...loaded.included].sort(), ["hz", "maxclients", "replicaof", "save", "timeout"]);
});

Deno.test("an error in an included file names the line there", () => {
  const files = { "a.conf": "port 1\n\ninclude b.conf\n", "b.conf": "# x\nbad thing here\n" };
  const error = refused(sources(files, { path: "a.conf" }));
  assertEquals(
    error.report,
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n" +
      "Reading the configuration file, at line 2\n>>> 'bad thing here'\n" +
      "Bad directive or wrong number of arguments\n",
  );
  assertEquals(error.directive?.line, 2);
});

Deno.test("a file that can't be opened is named with the system's reason", () => {
  const missing: Partial<ConfigSources> = {
    readText: (path) => {
      if (path === "a.conf") return "include /etc/none.conf\n";
      throw new SystemError("ENOENT", `No such file or directory (os error 2): open '${path}'`);
    },
  };
  assertEquals(
    refused(sources({}, { ...missing, path: "a.conf" })).report,
    "Fatal error, can't open config file '/etc/none.conf': No such file or directory\n",
  );
});

Deno.test("a file that includes itself is an error, not an endless loop", () => {
  const error = refused(sources({ "a.conf": "include a.conf\n" }, { path: "a.conf" }));
  assertEquals(error.reason, "Too many nested include directives");
});

Deno.test("save lines add up, an empty one forgets what came before", () => {
  assertEquals(loadedSave("save 900 1\nsave 60 5\n"), "900 1 60 5");
  assertEquals(loadedSave('save "900 1"\n'), "900 1");
  assertEquals(loadedSave('save 900 1\nsave ""\n'), "");
  assertEquals(loadedSave('save 900 1\nsave ""\nsave 60 4\n'), "60 4");
  assertEquals(loadedSave("save\n"), "");
  assertEquals(loadedSave("# none\n"), "3600 1 300 100 60 10000");
});

Deno.test("lines may end the windows way, and the file begin with a byte order mark", () => {
  const config = new Config();
  load(config, sources({ "a.conf": "\xef\xbb\xbfport 7001\r\nhz 20\r\n" }, { path: "a.conf" }));
  assertEquals([config.get("port"), config.get("hz")], [7001, 20]);
});

Deno.test("directives of old versions are forgotten", () => {
  const text = "list-max-ziplist-entries 5\nlist-max-ziplist-value 5\nlua-replicate-commands yes\n";
  load(new Config(), sources({ "a.conf": text }, { path: "a.conf" }));
});

Deno.test("a replica can't be in cluster mode", () => {
  const text = "cluster-enabled yes\nreplicaof a 1\n";
  assertEquals(
    refused(sources({ "a.conf": text }, { path: "a.conf" })).report,
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n" +
      "replicaof directive not allowed in cluster mode\n",
  );
});

Deno.test("modules and daemonize are refused clearly", () => {
  const reason = (line: string): string =>
    refused(sources({ "a.conf": line }, { path: "a.conf" })).reason;
  assertEquals(
    reason("loadmodule /x.so"),
    "Modules are not supported: remove the loadmodule directive",
  );
  assert(reason("daemonize yes").includes("service manager"));
});

const WRONG: { line: string; reason: string }[] = JSON.parse(
  new TextDecoder().decode(
    Uint8Array.from(sample("fixtures/config/wrong_lines.json"), (char) => char.charCodeAt(0)),
  ),
);

for (const { line, reason } of WRONG) {
  Deno.test(`the line ${JSON.stringify(line)} is refused`, () => {
    const error = refused(sources({ "a.conf": `port 7000\n${line}\n` }, { path: "a.conf" }));
    // A level of logging that 7.0 didn't have.
    assertEquals(error.reason, reason.replace(/notice, warning$/, "notice, warning, nothing"));
    assertEquals([error.directive?.line, error.directive?.text], [2, line.trim()]);
  });
}

Deno.test("any text is either taken or refused with a reason", () => {
  const seed = 20240711;
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const pieces = ["port", "save", "include", "user", "bind", '"', "'", "\\x", "\\", " ", "\n", "1"];
  for (let round = 0; round < 2000; round++) {
    let text = "";
    for (let i = random(12); i >= 0; i--) {
      text += random(3) > 0 ? pieces[random(pieces.length)] : String.fromCharCode(random(256));
    }
    const result = loadConfiguration(
      new Config(),
      sources({}, { options: text, readText: () => "", expandPattern: () => [] }),
    );
    const fine = !(result instanceof ConfigFileError) || result.reason.length > 0;
    assert(fine, `seed ${seed}, round ${round}: ${JSON.stringify(text)}`);
  }
});

function load(config: Config, from: ConfigSources): LoadedConfiguration {
  const result = loadConfiguration(config, from);
  assert(!(result instanceof ConfigFileError), JSON.stringify(result));
  return result;
}

function refused(from: ConfigSources): ConfigFileError {
  const result = loadConfiguration(new Config(), from);
  assert(result instanceof ConfigFileError, "it was taken");
  return result;
}

function loadedSave(text: string): string | null {
  const config = new Config();
  load(config, sources({ "a.conf": text }, { path: "a.conf" }));
  return config.text("save");
}
