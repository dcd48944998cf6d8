import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { command, type CommandDefinition } from "../../../lib/engine/command.ts";
import { Access, Flag } from "../../../lib/engine/command_spec.ts";
import { Registry } from "../../../lib/engine/registry.ts";
import { factRegistry } from "../../support/fact_registry.ts";

Deno.test("every command is found by the bytes of its name in any case", () => {
  const registry = factRegistry();
  assertEquals(registry.count, 240);
  for (const made of registry.all()) {
    assertStrictEquals(find(registry, made.name), made);
    assertStrictEquals(find(registry, made.lowerName), made);
    assertStrictEquals(find(registry, made.lowerName[0] + made.name.slice(1)), made);
    assertStrictEquals(registry.byName(made.name), made);
    for (const [name, subcommand] of made.subcommands) {
      const bytes = dataOf(fromLatin1("..." + name.toUpperCase()));
      assertStrictEquals(registry.findSubcommand(made, bytes, 3, name.length), subcommand);
      assertStrictEquals(registry.byName(`${made.name}|${name}`), subcommand);
      assertStrictEquals(subcommand.parent, made);
    }
  }
});

Deno.test("what is only like a name is not found", () => {
  const registry = factRegistry();
  const unlike = [
    "",
    "GE",
    "GETT",
    "\x07ET",
    "GET\x00",
    "CONFIG|GET",
    "RESTORE\x0dASKING",
    "\xc7ET",
  ];
  for (const name of unlike) assertEquals(find(registry, name), undefined, name);
  const config = registry.byName("config")!;
  assertEquals(registry.findSubcommand(config, dataOf(fromLatin1("GOT")), 0, 3), undefined);
  const get = registry.byName("get")!;
  assertEquals(registry.findSubcommand(get, dataOf(fromLatin1("GET")), 0, 3), undefined);
  assertEquals(registry.byName("config|nosuch"), undefined);
  assertEquals(registry.byName("config|get|x"), undefined);
  assertEquals(registry.byName("get|get"), undefined);
});

Deno.test("commands come in the order of their names, each subcommand behind its container", () => {
  const registry = new Registry({ server: [configSet, config, configGet], string: [get, append] });
  assertEquals([...registry.all()].map((made) => made.lowerName), ["append", "config", "get"]);
  assertEquals([...registry.allWithSubcommands()].map((made) => made.lowerName), [
    "append",
    "config",
    "config|get",
    "config|set",
    "get",
  ]);
  assertEquals(registry.byName("get")!.group, "string");
  assertEquals(registry.byName("get")!.categories, ["@read", "@string", "@fast"]);
  assertEquals(registry.byName("config")!.categories, ["@slow"]);
  assert(registry.byName("config")!.hasSubcommands);
});

Deno.test("two registries count for themselves", () => {
  const registries = [new Registry({ string: [get] }), new Registry({ string: [get] })];
  const [first, second] = registries.map((registry) => registry.byName("get")!);
  first.stats.calls = 3;
  assertEquals(second.stats.calls, 0);
  registries[1].resetStats();
  assertEquals(first.stats.calls, 3);
  registries[0].resetStats();
  assertEquals(first.stats.calls, 0);
});

Deno.test("a renamed command is found under its new name only, an emptied one not at all", () => {
  const registry = new Registry({ string: [get, append] });
  const made = registry.byName("get");
  registry.rename("Get", "Fetch");
  assertEquals(find(registry, "GET"), undefined);
  assertStrictEquals(find(registry, "FETCH"), made);
  assertStrictEquals(registry.byName("fetch"), made);
  assertEquals(made!.lowerName, "get");
  registry.rename("append", "");
  assertEquals(find(registry, "append"), undefined);
  assertEquals([...registry.all()], [made]);
  assertThrows(() => registry.rename("get", "x"), Error, "No such command in rename-command");
});

Deno.test("a rename onto another command changes nothing", () => {
  const registry = new Registry({ string: [get, append] });
  assertThrows(
    () => registry.rename("get", "APPEND"),
    Error,
    "Target command name already exists",
  );
  assertEquals(registry.byName("get")!.name, "GET");
  assertEquals(registry.byName("append")!.name, "APPEND");
});

Deno.test("lists of commands that contradict themselves are refused", () => {
  assertThrows(() => new Registry({ a: [get], b: [get] }), Error, '"get" is listed twice');
  assertThrows(() => new Registry({ a: [configGet] }), Error, '"config|get" has no container');
  assertThrows(() => new Registry({ a: [config] }), Error, "neither run nor subcommands");
  assertThrows(
    () => new Registry({ a: [config, configGet, configGet] }),
    Error,
    '"config|get" is listed twice',
  );
});

Deno.test("declarations that contradict themselves are refused", () => {
  const base = { summary: "Does something.", since: "1.0.0", run: () => {} };
  assertThrows(() => command({ ...base, name: "get" }), Error, "upper case");
  assertThrows(() => command({ ...base, name: "GET", usage: "key" }), Error, '"keys" is not given');
  assertThrows(
    () => command({ name: "GET", usage: "member", summary: "", since: "1.0.0" }),
    Error,
    'no "run"',
  );
  assertThrows(
    () => command({ ...base, name: "COPY", usage: "source destination", keys: [Access.RO] }),
    Error,
    "no access flags for key spec 1",
  );
});

Deno.test("calls of FAST commands are brief up to a few arguments", () => {
  const base = { name: "X", summary: "Does something.", since: "1.0.0", run: () => {} };
  const brief = (flags: number) => command({ ...base, usage: "field", flags }).briefArguments;
  assertEquals(brief(Flag.FAST), 8);
  assertEquals(brief(0), 0);
  assertEquals(brief(Flag.FAST | Flag.BLOCKING), 0);
  assertEquals(command({ ...base, briefArguments: 2 }).briefArguments, 2);
});

const get = simple("GET", "key", Flag.READONLY | Flag.FAST);
const append = simple("APPEND", "key value", Flag.WRITE);
const configGet = simple("CONFIG|GET", "parameter", Flag.ADMIN);
const configSet = simple("CONFIG|SET", "parameter value", Flag.ADMIN);
const config = command({ name: "CONFIG", summary: "Holds subcommands.", since: "2.0.0" });

function simple(name: string, usage: string, flags: number): CommandDefinition {
  return command({
    name,
    usage,
    summary: "Does something.",
    since: "1.0.0",
    flags,
    keys: Access.RO,
    run: () => {},
  });
}

function find(registry: Registry, name: string) {
  const bytes = dataOf(fromLatin1(`<${name}>`));
  return registry.find(bytes, 1, name.length);
}
