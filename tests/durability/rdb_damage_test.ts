/**
 * Damaged RDB files: cut at every byte, with every bit flipped, with lengths that lie. What comes of
 * one is a clear error or the same data, never another error and never other data.
 */

import { assert, assertEquals } from "@std/assert";
import { LoadError } from "../../lib/persistence/snapshot/loader.ts";
import { Opcode, RdbType } from "../../lib/rdb/opcodes.ts";
import { datasetDigest } from "../../lib/store/digest.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { SAMPLES } from "../support/payloads.ts";
import { loadFile, RdbFileBuilder } from "../support/rdb_file.ts";

/** Values of every type and encoding, as short as they come. */
function smallFile(head = "REDIS0012"): Uint8Array {
  const file = new RdbFileBuilder(head).aux("redis-ver", "7.4.0").opcode(Opcode.FUNCTION_2)
    .text("#!lua").select(0).resize(20, 2).expiresAtMs(4_000_000_000_000n).string("k", "v")
    .lengths(Opcode.IDLE, 7).string("n", "-12345").select(3);
  const short = SAMPLES.filter(({ bytes }) => bytes.length < 160);
  const types = new Set<number>();
  for (const { bytes, title } of short) {
    if (types.has(bytes[0]) && !title.includes("compressed")) continue;
    types.add(bytes[0]);
    file.payload(title, bytes);
  }
  return file.key("zset", RdbType.ZSET_2, (writer) => {
    writer.lengthOf(1);
    writer.stringOf(new Uint8Array([65]));
    writer.binaryDouble(1.5);
  }).end();
}

/** Digest of what a file holds; null when it is refused. */
function digestOf(redis: EngineHarness, bytes: Uint8Array): string | null {
  redis.engine.context.store.clear();
  redis.log.lines.length = 0;
  try {
    loadFile(redis, bytes, { takeFunction: () => {} });
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    assert(error.message.startsWith("RDB at byte "), error.message);
    return null;
  }
  return datasetDigest(redis.engine.context.store);
}

Deno.test("a file cut at any byte is refused", () => {
  const redis = new EngineHarness();
  const bytes = smallFile();
  assert(digestOf(redis, bytes) !== null);
  for (let length = 0; length < bytes.length; length++) {
    assertEquals(digestOf(redis, bytes.subarray(0, length)), null, `cut at byte ${length}`);
  }
});

Deno.test("a flipped bit anywhere is noticed, or changes nothing", () => {
  const redis = new EngineHarness();
  const bytes = smallFile();
  const digest = digestOf(redis, bytes);
  let harmless = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >>> 3] ^= 1 << (bit & 7);
    const found = digestOf(redis, bytes);
    if (found !== null) {
      assertEquals(found, digest, `bit ${bit & 7} of byte ${bit >>> 3}`);
      harmless++;
    }
    bytes[bit >>> 3] ^= 1 << (bit & 7);
  }
  // Version 12 with one bit flipped may be one that has no checksum.
  assert(harmless <= 3, `${harmless} flips were not noticed`);
});

Deno.test("without checksums a flipped bit still brings no other error", () => {
  const redis = new EngineHarness({ config: { rdbchecksum: "no" } });
  const bytes = smallFile();
  let refused = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 3) {
    bytes[bit >>> 3] ^= 1 << (bit & 7);
    if (digestOf(redis, bytes) === null) refused++;
    bytes[bit >>> 3] ^= 1 << (bit & 7);
  }
  assert(refused > bytes.length / 3, `${refused} flips were refused`);
});

Deno.test("lengths that lie cost no memory", () => {
  const huge = new Uint8Array([0x81, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff]);
  const long = new Uint8Array([0x80, 0x7f, 0xff, 0xff, 0xff]);
  const types = Object.values(RdbType).filter((type) => type < 256);
  const redis = new EngineHarness({ config: { rdbchecksum: "no" } });
  const before = redis.engine.context.store.usedBytes;
  for (const length of [huge, long]) {
    for (const type of types) {
      const file = new RdbFileBuilder().opcode(type).text("k").raw(length).raw(new Uint8Array(64));
      assertEquals(digestOf(redis, file.end()), null, `type ${type}`);
    }
    for (const opcode of [Opcode.AUX, Opcode.FUNCTION_2, RdbType.STRING]) {
      assertEquals(digestOf(redis, new RdbFileBuilder().opcode(opcode).raw(length).end()), null);
    }
    // Room for more keys than the file has bytes for is not made.
    const file = new RdbFileBuilder().opcode(Opcode.RESIZE_DB).raw(length).raw(length).end();
    assert(digestOf(redis, file) !== null);
    const reserved = redis.engine.context.store.usedBytes - before;
    assert(reserved < 1 << 16, `${reserved} bytes for no keys`);
    // 2^31 bytes out of 8.
    const bomb = new RdbFileBuilder().opcode(RdbType.STRING).text("k")
      .raw(new Uint8Array([0xc3, 8])).raw(length).raw(new Uint8Array([0, 65, 0xe0, 255, 0, 0, 65]))
      .end();
    assertEquals(digestOf(redis, bomb), null);
  }
  redis.engine.context.store.clear();
  const grown = redis.engine.context.store.usedBytes - before;
  assert(grown < 1 << 20, `${grown} bytes more`);
});
