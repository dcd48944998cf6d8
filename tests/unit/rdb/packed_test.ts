import { assertEquals, assertThrows } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { ByteSlice } from "../../../lib/rdb/byte_slice.ts";
import type { PackedElements } from "../../../lib/rdb/byte_slice.ts";
import { encodeIntset, IntsetReader } from "../../../lib/rdb/intset.ts";
import { ListpackReader } from "../../../lib/rdb/listpack.ts";
import { RdbError } from "../../../lib/rdb/rdb_error.ts";
import { ZiplistReader } from "../../../lib/rdb/ziplist.ts";
import { ZipmapReader } from "../../../lib/rdb/zipmap.ts";
import { listpack, ziplist, zipmap } from "../../support/old_encodings.ts";
import { ELEMENTS } from "../../support/payloads.ts";

type Reader = new (packed: ByteSlice) => PackedElements;

function read(Packed: Reader, bytes: Uint8Array): string[] {
  const slice = new ByteSlice();
  slice.pointAll(bytes);
  const elements = new Packed(slice);
  const found: string[] = [];
  while (elements.next(slice)) found.push(latin1(slice.bytes, slice.offset, slice.length));
  return found;
}

const intset = encodeIntset(BigInt64Array.from([-70000n, -1n, 5n, 1n << 40n]));

Deno.test("a listpack gives back what was put in", () => {
  assertEquals(read(ListpackReader, listpack(ELEMENTS)), ELEMENTS);
  assertEquals(read(ListpackReader, listpack([])), []);
});

Deno.test("a listpack keeps integers as integers, in as few bytes as Redis", () => {
  const sizes: [string, number][] = [
    ["127", 1],
    ["128", 2],
    ["-4096", 2],
    ["4096", 3],
    ["32768", 4],
    ["8388608", 5],
    ["2147483648", 9],
    ["-9223372036854775808", 9],
    ["9223372036854775808", 20],
    ["01", 3],
  ];
  for (const [text, size] of sizes) {
    // Head, length behind the element and end apart.
    assertEquals(listpack([text]).length - 6 - 1 - 1, size, text);
  }
});

Deno.test("a listpack of more elements than its head can count is read to its end", () => {
  const many = Array.from({ length: 70_000 }, (_, i) => String(i % 100));
  const bytes = listpack(many);
  assertEquals([bytes[4], bytes[5]], [255, 255]);
  assertEquals(read(ListpackReader, bytes).length, 70_000);
});

Deno.test("a listpack of a long element has the length behind it in several bytes", () => {
  for (const length of [16_370, 16_378, 16_390, 2_097_140, 2_097_160]) {
    const element = "x".repeat(length);
    assertEquals(read(ListpackReader, listpack([element, "end"])), [element, "end"]);
  }
});

Deno.test("a ziplist is read", () => {
  assertEquals(read(ZiplistReader, ziplist(ELEMENTS)), ELEMENTS);
  assertEquals(read(ZiplistReader, ziplist([])), []);
});

Deno.test("a zipmap is read, unused bytes left out", () => {
  const elements = ELEMENTS.slice(0, 10);
  assertEquals(read(ZipmapReader, zipmap(elements)), elements);
  assertEquals(read(ZipmapReader, zipmap(elements, 4)), elements);
});

Deno.test("an intset is read, whatever its width", () => {
  assertEquals(read(IntsetReader, intset), ["-70000", "-1", "5", "1099511627776"]);
  for (const [bits, width] of [[15n, 2], [31n, 4], [63n, 8]] as const) {
    const edges = [-(1n << bits), 0n, (1n << bits) - 1n];
    const bytes = encodeIntset(BigInt64Array.from(edges));
    assertEquals(bytes[0], width);
    assertEquals(read(IntsetReader, bytes), edges.map(String));
  }
});

Deno.test("an intset out of order is refused", () => {
  for (const values of [[2n, 1n], [1n, 1n], [1n << 40n, (1n << 40n) - 1n], [70000n, 70000n]]) {
    const bytes = encodeIntset(BigInt64Array.from(values));
    assertThrows(() => read(IntsetReader, bytes), RdbError);
  }
});

for (
  const [title, Packed, bytes] of [
    ["listpack", ListpackReader, listpack(ELEMENTS.slice(0, 40))],
    ["ziplist", ZiplistReader, ziplist(ELEMENTS.slice(0, 40))],
    ["zipmap", ZipmapReader, zipmap(ELEMENTS.slice(0, 20))],
    ["intset", IntsetReader, intset],
  ] as [string, Reader, Uint8Array][]
) {
  Deno.test(`a ${title} that is cut short or too long is refused`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => read(Packed, bytes.slice(0, length)), RdbError);
    }
    assertThrows(() => read(Packed, new Uint8Array([...bytes, 0])), RdbError);
  });

  Deno.test(`a ${title} with a wrong byte is refused or read within its bounds`, () => {
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const wrong of [0, 1, 0x7f, 0x80, 0xc0, 0xfe, 0xff, bytes[at] ^ 1]) {
        const changed = bytes.slice();
        changed[at] = wrong;
        try {
          read(Packed, changed);
        } catch (error) {
          if (!(error instanceof RdbError)) throw error;
          refused++;
        }
      }
    }
    assertEquals(refused > bytes.length / 8, true, `${refused} of ${bytes.length * 8}`);
  });
}

Deno.test("packed elements are read in the middle of other bytes", () => {
  const inner = listpack(["a", "12"]);
  const slice = new ByteSlice();
  slice.pointAll(new Uint8Array([...fromLatin1("before"), ...inner, ...fromLatin1("behind")]));
  slice.point(slice.bytes, slice.data, 6, inner.length);
  const reader = new ListpackReader(slice);
  const element = new ByteSlice();
  const found: string[] = [];
  while (reader.next(element)) found.push(latin1(element.view()));
  assertEquals(found, ["a", "12"]);
});
