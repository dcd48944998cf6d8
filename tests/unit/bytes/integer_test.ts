import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import {
  formatBigInteger,
  formatInteger,
  integerLength,
  parseBigInteger,
  parseInteger,
} from "../../../lib/bytes/integer.ts";
import { Random, seed } from "./random.ts";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

function read(text: string): number {
  return parseInteger(fromLatin1("7" + text + "7"), 1, text.length);
}

function readBig(text: string): bigint | null {
  return parseBigInteger(fromLatin1("7" + text + "7"), 1, text.length);
}

function write(value: number | bigint): string {
  const target = new Uint8Array(32);
  const length = typeof value === "number"
    ? formatInteger(value, target, 3)
    : formatBigInteger(value, target, 3);
  return latin1(target, 3, length);
}

Deno.test("parseInteger reads canonical integers that a double holds exactly", () => {
  for (const value of [0, 1, -1, 9, 10, 123456789, 1234567890, -1234567890, 2 ** 31, -(2 ** 31)]) {
    assertEquals(read(String(value)), value);
  }
  assertEquals(read("9007199254740991"), Number.MAX_SAFE_INTEGER);
  assertEquals(read("-9007199254740991"), Number.MIN_SAFE_INTEGER);
  assertEquals(read("9007199254740992"), NaN);
  assertEquals(read("-9007199254740993"), NaN);
  assertEquals(read("9999999999999999"), NaN);
});

Deno.test("integers refuse every text that is not canonical", () => {
  const bad = ["", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "1\0", "a"];
  bad.push("--1", "1-", "123456789a", "12345678a9", "12345678901234567x", "x2345678901234567");
  bad.push("1234567890123456:", "1234567/90", "00000000000000001", "-000000000000000000");
  for (const text of bad) {
    assertEquals(read(text), NaN, JSON.stringify(text));
    assertEquals(readBig(text), null, JSON.stringify(text));
  }
});

Deno.test("parseBigInteger covers the signed 64-bit range and no more", () => {
  for (
    const value of [0n, -1n, 2n ** 53n, -(2n ** 53n), 10n ** 18n, MAX, MAX - 1n, MIN, MIN + 1n]
  ) {
    assertEquals(readBig(value.toString()), value);
    assertEquals(write(value), value.toString());
  }
  for (const value of [MAX + 1n, MIN - 1n, 9999999999999999999n, 10n ** 19n, -(10n ** 19n)]) {
    assertEquals(readBig(value.toString()), null);
  }
});

Deno.test("formatInteger and integerLength agree with String at every power of ten", () => {
  for (let exponent = 0; exponent <= 15; exponent++) {
    for (const difference of [-1, 0, 1, 5]) {
      for (const sign of [1, -1]) {
        const value = sign * (10 ** exponent + difference) + 0;
        assertEquals(write(value), String(value));
        assertEquals(integerLength(value), String(value).length);
      }
    }
  }
  assertEquals(write(-0), "0");
  assertEquals(write(Number.MIN_SAFE_INTEGER), "-9007199254740991");
});

Deno.test("random integers are read back as they were written", () => {
  const random = new Random(seed());
  for (let i = 0; i < 20_000; i++) {
    const bits = BigInt(random.below(64));
    const word = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
    const value = BigInt.asIntN(64, word) >> bits;
    const text = value.toString();
    assertEquals(readBig(text), value);
    assertEquals(write(value), text);
    const safe = Number.isSafeInteger(Number(value));
    assertEquals(read(text), safe ? Number(value) : NaN);
    if (safe) assertEquals(write(Number(value)), text);
  }
});

Deno.test("formatInteger writes nothing outside of its bytes", () => {
  const target = new Uint8Array(40).fill(0xee);
  assertEquals(formatInteger(-1234567890123, target, 10), 14);
  assertEquals(target[9], 0xee);
  assertEquals(target[24], 0xee);
});
