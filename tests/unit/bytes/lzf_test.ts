import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { Crc64 } from "../../../lib/bytes/crc64.ts";
import { compressLzf, decompressLzf, LzfError } from "../../../lib/bytes/lzf.ts";
import { Random, seed } from "./random.ts";
import { needs } from "../../support/peers.ts";
import { withRealServer } from "./real_server.ts";

function randomBytes(random: Random, most: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(random.below(most));
  const variety = random.pick([1, 2, 4, 20, 256]);
  for (let at = 0; at < bytes.length; at++) {
    const back = random.below(12000);
    bytes[at] = random.below(4) > 0 && back < at ? bytes[at - back] : random.below(variety);
  }
  return bytes;
}

Deno.test("what compressLzf packs is smaller and decompressLzf restores it", () => {
  const random = new Random(seed());
  let packedCount = 0;
  for (let i = 0; i < 1500; i++) {
    const plain = randomBytes(random, i % 50 === 0 ? 40_000 : 400);
    const offset = random.below(plain.length + 1);
    const length = plain.length - offset;
    const packed = compressLzf(plain, offset, length);
    if (packed === null) continue;
    packedCount++;
    assert(packed.length <= length - 4);
    assertEquals(latin1(decompressLzf(packed, 0, packed.length, length)), latin1(plain, offset));
  }
  assert(packedCount > 300);
});

Deno.test("compressLzf returns null when packing does not pay", () => {
  assertEquals(compressLzf(new Uint8Array(4), 0, 4), null);
  const counting = Uint8Array.from({ length: 200 }, (_, at) => at);
  assertEquals(compressLzf(counting, 0, 200), null);
});

Deno.test("long repeats, far references and the limits of both are restored", () => {
  for (const gap of [8190, 8191, 8192, 8193]) {
    for (const run of [3, 8, 9, 263, 264, 265, 600]) {
      const plain = new Uint8Array(gap + 2 * run);
      for (let at = 0; at < run; at++) plain[at] = plain[gap + at] = 1 + at % 251;
      const packed = compressLzf(plain, 0, plain.length);
      assert(packed !== null);
      assertEquals(decompressLzf(packed, 0, packed.length, plain.length), plain);
    }
  }
});

Deno.test("decompressLzf refuses hostile input with an LzfError", () => {
  const hostile: [number[], number][] = [
    [[5, 1, 2], 6], // literals cut short
    [[0x20], 3], // reference without its distance
    [[0xe0, 1], 10], // long reference without its distance
    [[0x20, 0], 3], // before the start
    [[0, 65, 0x20, 1], 4], // one further back than there is
    [[0, 65, 0x20, 0], 3], // longer than expected
    [[0, 65, 0x20, 0], 5], // shorter than expected
    [[1, 65, 66], 1],
    [[0, 65], 2 ** 40],
    [[0, 65], -1],
    [[0, 65], NaN],
    [[], 1],
  ];
  for (const [bytes, length] of hostile) {
    let thrown: unknown = null;
    try {
      decompressLzf(Uint8Array.from(bytes), 0, bytes.length, length);
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof LzfError, JSON.stringify([bytes, length]));
  }
  assertEquals(decompressLzf(new Uint8Array(0), 0, 0, 0).length, 0);
});

Deno.test("decompressLzf either restores the length or throws an LzfError, on any bytes", () => {
  const random = new Random(seed());
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random.below(24) }, () => random.below(256));
    const expected = random.below(100);
    try {
      assertEquals(decompressLzf(bytes, 0, bytes.length, expected).length, expected);
    } catch (error) {
      assert(error instanceof LzfError);
    }
  }
});

needs(
  "redis-server",
  "a real server restores what compressLzf packs, and the reverse",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      for (let i = 0; i < 300; i++) {
        const plain = randomBytes(random, i % 20 === 0 ? 16_000 : 3000);
        const packed = compressLzf(plain, 0, plain.length);
        if (packed === null) continue;
        const [restored, value] = await pipeline([
          ["RESTORE", "k", "0", dumpPayload(packed, plain.length), "REPLACE"],
          ["GET", "k"],
        ]);
        assertEquals(restored, "OK");
        assert(value === latin1(plain));
        await pipeline([["SET", "k", latin1(plain)]]);
        const [dump] = await pipeline([["DUMP", "k"]]);
        const bytes = fromLatin1(String(dump));
        if (bytes[1] !== 0xc3) continue;
        const [packedLength, afterFirst] = readLength(bytes, 2);
        const [length, start] = readLength(bytes, afterFirst);
        assertEquals(length, plain.length);
        assertEquals(decompressLzf(bytes, start, packedLength, length), plain);
      }
    }),
);

/** A DUMP payload of a compressed string: type 0, 0xc3, both lengths in 32 bits, version, sum. */
function dumpPayload(packed: Uint8Array, length: number): string {
  const bytes = new Uint8Array(packed.length + 22);
  const view = new DataView(bytes.buffer);
  bytes[1] = 0xc3;
  bytes[2] = bytes[7] = 0x80;
  view.setUint32(3, packed.length);
  view.setUint32(8, length);
  bytes.set(packed, 12);
  bytes[packed.length + 12] = 10;
  const crc = new Crc64();
  crc.update(bytes, 0, packed.length + 14);
  crc.writeTo(bytes, packed.length + 14);
  return latin1(bytes);
}

/** An RDB length: the number and where it ends. */
function readLength(bytes: Uint8Array, at: number): [number, number] {
  const kind = bytes[at] >> 6;
  if (kind === 0) return [bytes[at] & 63, at + 1];
  if (kind === 1) return [((bytes[at] & 63) << 8) | bytes[at + 1], at + 2];
  return [new DataView(bytes.buffer).getUint32(at + 1), at + 5];
}
