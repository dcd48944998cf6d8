import { assertEquals } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { NameTable } from "../../../lib/engine/name_table.ts";
import { Random, seed } from "../bytes/random.ts";

/** Looks a name up among other bytes, as it lies in a request. */
function find<Value>(table: NameTable<Value>, name: string): Value | undefined {
  const bytes = fromLatin1(`$9\r\n${name}\r\n$3`);
  return table.find(dataOf(bytes), 4, name.length);
}

Deno.test("a name of any length is found in any case", () => {
  const names = ["a", "Of", "GET", "ping", "LPUSH", "ZPOPMIN", "getrange", "SISMEMBER"];
  names.push("ZREVRANGEBYSCORE", "GEORADIUSBYMEMBER_RO");
  const table = new NameTable(names.map((name) => [name, name]));
  for (const name of names) {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      assertEquals(find(table, written), name);
    }
  }
});

Deno.test("what differs in one byte, or in length, is another name", () => {
  const names = ["get", "ping", "lpush", "sismember", "zrevrangebyscore"];
  const table = new NameTable(names.map((name) => [name, name]));
  for (const name of names) {
    for (let i = 0; i < name.length; i++) {
      for (let byte = 0; byte < 256; byte++) {
        const written = name.slice(0, i) + String.fromCharCode(byte) + name.slice(i + 1);
        // Letters alone have two cases: "@" is no backquote, "[" no brace.
        const isCase = /[A-Za-z]/.test(written[i]) && written.toLowerCase() === name;
        assertEquals(find(table, written), isCase ? name : undefined, `${name} ${i} ${byte}`);
      }
    }
    assertEquals(find(table, name.slice(1)), undefined);
    assertEquals(find(table, `${name}x`), undefined);
  }
  assertEquals(find(table, ""), undefined);
});

Deno.test("names with the same first and last bytes are told apart", () => {
  const names = ["abcd1wxyz", "abcd2wxyz", "abcd12wxyz", "abcd21wxyz", "abcdwxyz", "abcdxyz"];
  const table = new NameTable(names.map((name) => [name, name]));
  for (const name of names) assertEquals(find(table, name), name);
  assertEquals(find(table, "abcd3wxyz"), undefined);
  assertEquals(find(table, "abcd22wxyz"), undefined);
});

Deno.test("random names are found as a map finds them", () => {
  const random = new Random(seed());
  const map = new Map<string, number>();
  for (let i = 0; i < 500; i++) map.set(random.text("abc-|_19", 12) || "x", i);
  const table = new NameTable(map);
  for (const [name, value] of map) assertEquals(find(table, name.toUpperCase()), value);
  for (let i = 0; i < 5_000; i++) {
    const name = random.text("abc-|_19", 12);
    // The name found last is remembered.
    for (let times = random.below(3); times >= 0; times--) {
      assertEquals(find(table, name), map.get(name));
    }
  }
});
