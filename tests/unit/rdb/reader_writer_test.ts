import { assertEquals, assertThrows } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { ByteSlice } from "../../../lib/rdb/byte_slice.ts";
import { ByteSource, MemorySource } from "../../../lib/rdb/byte_source.ts";
import { RdbError } from "../../../lib/rdb/rdb_error.ts";
import { RdbReader } from "../../../lib/rdb/rdb_reader.ts";
import { RdbWriter } from "../../../lib/rdb/rdb_writer.ts";
import { ELEMENTS } from "../../support/payloads.ts";

/** Shows as little as it may: every piece is as short as what was asked for. */
class PieceSource extends ByteSource {
  constructor(private readonly rest: Uint8Array) {
    super();
  }

  private given = 0;

  protected override refill(count: number): boolean {
    const unread = this.bytes.slice(this.position, this.end);
    const more = this.rest.slice(this.given, this.given + count - unread.length);
    if (unread.length + more.length < count) return false;
    this.given += more.length;
    this.bytes = new Uint8Array([...unread, ...more]);
    this.data = dataOf(this.bytes);
    this.position = 0;
    this.end = this.bytes.length;
    return true;
  }
}

const LENGTHS = [0, 1, 63, 64, 16383, 16384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
const BIG_LENGTHS = [...LENGTHS.map(BigInt), 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

for (
  const [title, Source] of [
    ["memory", MemorySource],
    ["pieces", PieceSource],
  ] as [string, new (bytes: Uint8Array) => ByteSource][]
) {
  for (const compresses of [true, false]) {
    Deno.test(`what is written is read from ${title}, compression ${compresses}`, () => {
      const writer = new RdbWriter(compresses);
      const strings = [...ELEMENTS, "compressible ".repeat(100)];
      for (const length of LENGTHS) writer.lengthOf(length);
      for (const length of BIG_LENGTHS) writer.bigLengthOf(length);
      for (const text of strings) writer.stringOf(fromLatin1(text));
      writer.binaryDouble(-1.5);
      writer.milliseconds(-(2n ** 62n));
      const reader = new RdbReader(new Source(writer.view().slice()));
      for (const length of LENGTHS) assertEquals(reader.length(), length);
      for (const length of BIG_LENGTHS) assertEquals(reader.bigLength(), length);
      const kept = new ByteSlice();
      const slice = new ByteSlice();
      reader.string(kept);
      for (const text of strings.slice(1)) {
        reader.string(slice);
        assertEquals(latin1(slice.view()), text);
      }
      assertEquals(latin1(kept.view()), strings[0]);
      assertEquals(reader.binaryDouble(), -1.5);
      assertEquals(reader.milliseconds(), -(2n ** 62n));
      assertThrows(() => reader.byte(), RdbError);
    });
  }
}

Deno.test("small integers are written as integers, long texts compressed", () => {
  const sizes: [string, number][] = [
    ["-128", 2],
    ["128", 3],
    ["-32769", 5],
    ["2147483647", 5],
    ["2147483648", 11],
    ["007", 4],
    ["a".repeat(20), 21],
    ["a".repeat(1000), 18],
  ];
  for (const [text, size] of sizes) {
    const writer = new RdbWriter(true);
    writer.stringOf(fromLatin1(text));
    assertEquals(writer.length, size, text);
  }
});

Deno.test("scores as text are read, and what is no number refused", () => {
  const reader = (...bytes: number[]) => new RdbReader(new MemorySource(new Uint8Array(bytes)));
  assertEquals(reader(3, 0x31, 0x2e, 0x35).textDouble(), 1.5);
  assertEquals(reader(254).textDouble(), Infinity);
  assertEquals(reader(255).textDouble(), -Infinity);
  assertThrows(() => reader(253).textDouble(), RdbError);
  assertThrows(() => reader(1, 0x78).textDouble(), RdbError);
  assertThrows(() => reader(0, 0, 0, 0, 0, 0, 0xf8, 0x7f).binaryDouble(), RdbError);
});

Deno.test("lengths that promise too much are refused before there is memory for them", () => {
  const hostile: number[][] = [
    [0x80, 0xff, 0xff, 0xff, 0xff],
    [0x81, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
    [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x82, 1],
    [0xc4],
    // Compressed: 2 bytes of input for 2 GiB, for 80 bytes, and a length that is not there.
    [0xc3, 2, 0x80, 0x7f, 0xff, 0xff, 0xff, 0, 0x61],
    [0xc3, 2, 0x40, 80, 0, 0x61],
    [0xc3, 0x80, 0x7f, 0xff, 0xff, 0xff, 1, 0],
  ];
  for (const bytes of hostile) {
    const reader = new RdbReader(new MemorySource(new Uint8Array(bytes)));
    assertThrows(() => reader.string(new ByteSlice()), RdbError);
  }
});
