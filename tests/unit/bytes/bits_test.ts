import { assertEquals } from "@std/assert";
import { bitsOfByte, countBits, findBit } from "../../../lib/bytes/bits.ts";
import { SeededRandom } from "../../../lib/host/random.ts";

Deno.test("countBits counts at every address and length", () => {
  const random = new SeededRandom(7);
  const bytes = random.bytes(400);
  for (let offset = 0; offset < 9; offset++) {
    let expected = 0;
    for (let length = 0; offset + length < bytes.length; length++) {
      assertEquals(countBits(bytes, offset, length), expected, `${offset} ${length}`);
      expected += slowCount(bytes[offset + length]);
    }
  }
});

Deno.test("countBits counts long runs of ones without overflow", () => {
  const bytes = new Uint8Array(1 << 20).fill(0xff);
  assertEquals(countBits(bytes, 0, bytes.length), 8 << 20);
  assertEquals(countBits(bytes.subarray(3), 2, 100_001), 800_008);
});

Deno.test("findBit finds the first bit at every place", () => {
  for (const bit of [0, 1]) {
    for (let size = 1; size < 90; size++) {
      for (let offset = 0; offset < 5; offset++) {
        const bytes = new Uint8Array(offset + size + 3).fill(bit === 1 ? 0 : 0xff);
        assertEquals(findBit(bytes, offset, size, bit), -1);
        const place = size * 8 - 1 - (size * 5) % 8;
        bytes[offset + (place >>> 3)] ^= 0x80 >>> (place & 7);
        assertEquals(findBit(bytes, offset, size, bit), place, `${bit} ${size} ${offset}`);
      }
    }
  }
});

Deno.test("findBit looks no further than it is told", () => {
  const bytes = Uint8Array.of(0, 0, 0xff);
  assertEquals(findBit(bytes, 0, 2, 1), -1);
  assertEquals(findBit(bytes, 2, 0, 1), -1);
});

Deno.test("bitsOfByte counts the low byte", () => {
  for (let byte = 0; byte < 256; byte++) assertEquals(bitsOfByte(byte), slowCount(byte));
  assertEquals(bitsOfByte(-256), 0);
});

function slowCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
}
