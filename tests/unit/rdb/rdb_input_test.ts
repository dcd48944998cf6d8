/** Input that comes piece by piece: what is lent stays, the sum is of what was taken, memory is bounded. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Crc64 } from "../../../lib/bytes/crc64.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import { RdbShortRead } from "../../../lib/rdb/rdb_error.ts";
import { inputOf, type Pull, RdbInput } from "../../../lib/rdb/rdb_input.ts";

/** Gives at most `most` bytes at once. */
function dripping(bytes: Uint8Array, most: number): Pull {
  let at = 0;
  return (target) => {
    const count = Math.min(most, target.length, bytes.length - at);
    target.set(bytes.subarray(at, at + count));
    at += count;
    return count;
  };
}

Deno.test("bytes come as they are, in whatever pieces, and their sum is right", () => {
  const seed = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (let run = 0; run < 200; run++) {
    const bytes = random.bytes(random.uint32() % 5000);
    const known = random.uint32() % 2 === 0;
    const input = new RdbInput(
      dripping(bytes, 1 + random.uint32() % 700),
      known ? bytes.length : Infinity,
      true,
      64,
    );
    const lent: { bytes: Uint8Array; at: number; from: number; length: number }[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(bytes.length - at, random.uint32() % 300);
      const place = input.take(length);
      lent.push({ bytes: input.bytes, at: place, from: at, length });
      at += length;
      assertEquals(input.offset, at);
      if (random.uint32() % 4 === 0) {
        check(lent, bytes);
        input.releaseLent();
        lent.length = 0;
      }
    }
    check(lent, bytes);
    const sum = new Crc64();
    sum.update(bytes);
    assertEquals(input.checksum().toString(), sum.toString());
    assertThrows(() => input.take(1), RdbShortRead);
  }
});

function check(
  lent: readonly { bytes: Uint8Array; at: number; from: number; length: number }[],
  all: Uint8Array,
): void {
  for (const { bytes, at, from, length } of lent) {
    assertEquals(bytes.subarray(at, at + length), all.subarray(from, from + length));
  }
}

Deno.test("a length that lies costs no memory", () => {
  const known = inputOf(new Uint8Array(1000));
  assertThrows(() => known.take(2 ** 40), RdbShortRead);
  assert(known.heldBytes <= 1 << 18, `${known.heldBytes} bytes held`);
  const unknown = new RdbInput(dripping(new Uint8Array(1000), 100));
  assertThrows(() => unknown.take(2 ** 40), RdbShortRead);
  assert(unknown.heldBytes <= 5 << 20, `${unknown.heldBytes} bytes held`);
});

Deno.test("buffers stay few however long the input is", () => {
  const input = new RdbInput((target) => target.length, Infinity, false, 1024);
  for (let i = 0; i < 10_000; i++) {
    input.take(700);
    input.releaseLent();
    assert(input.heldBytes <= 3 * 1024, `${input.heldBytes} bytes held`);
  }
});
