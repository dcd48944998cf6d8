import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { crc16, keySlot } from "../../../lib/bytes/crc16.ts";
import { Crc64 } from "../../../lib/bytes/crc64.ts";
import { sha1, sha1Bytes, sha256 } from "../../../lib/bytes/sha.ts";
import { shortSha1 } from "../../../lib/bytes/sha1.ts";
import { Random, seed } from "./random.ts";
import { needs } from "../../support/peers.ts";
import { withRealServer } from "./real_server.ts";

const slot = (key: string) => keySlot(fromLatin1("{" + key), 1, key.length);

Deno.test("crc16 gives the check value of CRC-16/XMODEM", () => {
  assertEquals(crc16(fromLatin1("x123456789"), 1, 9), 0x31c3);
  assertEquals(crc16(new Uint8Array(0), 0, 0), 0);
});

Deno.test("keySlot hashes the tag alone, unless it is empty or does not end", () => {
  assertEquals(slot("{user1000}.following"), slot("user1000"));
  assertEquals(slot("foo{{bar}}zap"), slot("{bar"));
  assertEquals(slot("foo{bar}{zap}"), slot("bar"));
  assertEquals(slot("foo}{bar}"), slot("bar"));
  for (const key of ["foo{}{bar}", "foo{bar", "foo}bar", "{", "{}", ""]) {
    assertEquals(slot(key), crc16(fromLatin1(key), 0, key.length) & 16383);
  }
});

needs(
  "redis-server",
  "keySlot agrees with CLUSTER KEYSLOT of a real server",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      const keys = Array.from({ length: 3000 }, () => random.text("{}ab\0\xff", 8));
      const replies = await pipeline(keys.map((key) => ["CLUSTER", "KEYSLOT", key]));
      keys.forEach((key, i) => assertEquals(String(slot(key)), replies[i], JSON.stringify(key)));
    }, ["--cluster-enabled", "yes"]),
);

Deno.test("Crc64 gives the check value of CRC-64/Jones", () => {
  const crc = new Crc64();
  crc.update(fromLatin1("123456789"));
  assertEquals(crc.toString(), "e9c6d914c4b8d9ca");
  const bytes = new Uint8Array(10);
  crc.writeTo(bytes, 1);
  assertEquals(
    bytes,
    new Uint8Array([0, 0xca, 0xd9, 0xb8, 0xc4, 0x14, 0xd9, 0xc6, 0xe9, 0]),
  );
  assert(crc.equals(bytes, 1));
  bytes[8] ^= 1;
  assert(!crc.equals(bytes, 1));
  crc.reset();
  assertEquals(crc.toString(), "0000000000000000");
});

Deno.test("Crc64 agrees with a bitwise model however the bytes are divided", () => {
  const random = new Random(seed());
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    const crc = new Crc64();
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(bytes.length - at, random.below(40));
      crc.update(bytes, at, length);
      at += length;
    }
    assertEquals(crc.toString(), bitwiseCrc64(bytes).toString(16).padStart(16, "0"));
  }
});

needs(
  "redis-server",
  "Crc64 is the checksum of a real DUMP payload",
  () =>
    withRealServer(async (pipeline) => {
      await pipeline([["SET", "k", "\0\xffvalue".repeat(50)]]);
      const [payload] = await pipeline([["DUMP", "k"]]);
      const bytes = fromLatin1(String(payload));
      const crc = new Crc64();
      crc.update(bytes, 0, bytes.length - 8);
      assert(crc.equals(bytes, bytes.length - 8));
    }),
);

Deno.test("sha1 and sha256 give the published values for abc", () => {
  const bytes = fromLatin1("xabcx");
  assertEquals(sha1(bytes, 1, 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(sha1Bytes(bytes, 1, 3)[19], 0x9d);
  assertEquals(
    sha256(bytes, 1, 3),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("sha1 agrees with the runtime's for every length of the last block, and for long texts", () => {
  const random = new Random(seed());
  const lengths = [...Array(200).keys(), 1499, 1500, 1501, 5000];
  for (const length of lengths) {
    const offset = random.below(4);
    const bytes = new Uint8Array(offset + length + 3).map(() => random.below(256));
    const expected = createHash("sha1").update(bytes.subarray(offset, offset + length)).digest();
    assertEquals(sha1(bytes, offset, length), expected.toString("hex"));
    assertEquals(shortSha1(bytes, offset, length), new Uint8Array(expected));
  }
});

function bitwiseCrc64(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >> 1n) ^ ((crc & 1n) === 1n ? 0x95ac9329ac4bc9b5n : 0n);
    }
  }
  return crc;
}
