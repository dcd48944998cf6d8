import { assertEquals } from "@std/assert";
import { Access } from "../../../lib/engine/command_spec.ts";
import { extractChannels, extractKeys, hasKeys } from "../../../lib/engine/key_extraction.ts";
import { KeyReferences } from "../../../lib/engine/special_keys.ts";
import { Request } from "../../../lib/resp/request.ts";
import { factRegistry } from "../../support/fact_registry.ts";

const registry = factRegistry();

Deno.test("keys are found by range, by count and behind keywords", () => {
  assertEquals(keys("get k"), ["k"]);
  assertEquals(keys("mset a 1 b 2"), ["a", "b"]);
  assertEquals(keys("blpop a b 0"), ["a", "b"]);
  assertEquals(keys("zunionstore d 2 a b WEIGHTS 1 2"), ["d", "a", "b"]);
  assertEquals(keys("xread COUNT 1 streams a b 0 0"), ["a", "b"]);
  assertEquals(keys("georadius k 1 1 1 m STORE a storedist b"), ["k", "a", "b"]);
  assertEquals(keys("object encoding k"), ["k"]);
  assertEquals(keys("ping"), []);
});

Deno.test("requests with wrong arguments have no keys", () => {
  assertEquals(keys("zunion 3 a b"), []);
  assertEquals(keys("zunion x a b"), []);
  assertEquals(keys("zunion 0 a"), []);
  assertEquals(keys("zunionstore d 9 a"), []);
  assertEquals(keys("zunion"), []);
  assertEquals(keys("migrate h p k 0 100 KEYS a b"), []);
});

Deno.test("how a key is used depends on the options of SET and BITFIELD", () => {
  assertEquals(access("set k v"), [Access.OW | Access.UPDATE]);
  assertEquals(access("set k v ex 1 get"), [Access.RW | Access.ACCESS | Access.UPDATE]);
  assertEquals(access("bitfield k GET u8 0"), [Access.RO | Access.ACCESS]);
  assertEquals(access("bitfield k INCRBY u8 0 1"), [Access.RW | Access.ACCESS | Access.UPDATE]);
  assertEquals(access("sort k STORE d"), [Access.RO | Access.ACCESS, Access.OW | Access.UPDATE]);
});

Deno.test("shard channels are found, but not as keys", () => {
  const found = new KeyReferences();
  const ssubscribe = registry.byName("ssubscribe")!;
  const request = Request.from(["SSUBSCRIBE", "a", "b"]);
  extractKeys(ssubscribe, request, found);
  assertEquals(found.count, 0);
  assertEquals(hasKeys(ssubscribe), false);
  extractChannels(ssubscribe, request, found);
  assertEquals(found.indexes.slice(0, found.count), [1, 2]);
});

Deno.test("a list of keys that is used again holds only the latest", () => {
  const found = new KeyReferences();
  extractKeys(registry.byName("del")!, Request.from(["DEL", "a", "b", "c"]), found);
  assertEquals(found.count, 3);
  extractKeys(registry.byName("get")!, Request.from(["GET", "a"]), found);
  assertEquals(found.count, 1);
});

function extract(line: string): { request: Request; found: KeyReferences } {
  const words = line.split(" ");
  const request = Request.from(words);
  const found = new KeyReferences();
  const made = registry.byName(words[0])!;
  extractKeys(made.subcommands.get(words[1]) ?? made, request, found);
  return { request, found };
}

function keys(line: string): string[] {
  const { request, found } = extract(line);
  return found.indexes.slice(0, found.count).map((index) => request.text(index));
}

function access(line: string): number[] {
  const { found } = extract(line);
  return found.access.slice(0, found.count);
}
