import { assert, assertEquals, assertFalse } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { Int64 } from "../../../lib/bytes/int64.ts";
import { Random, seed } from "./random.ts";

function parse(integer: Int64, text: string): boolean {
  // Not at the start of its memory, as arguments are.
  return integer.parse(dataOf(fromLatin1(`12${text}34`)), 2, text.length);
}

function valueOf({ high, low }: Int64): bigint {
  return BigInt(high) << 32n | BigInt(low >>> 0);
}

Deno.test("64-bit integers are read and written exactly", () => {
  const random = new Random(seed());
  const integer = new Int64();
  const target = new Uint8Array(32);
  const edges = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]
    .flatMap((edge) => [edge - 1n, edge, edge + 1n, -edge]);
  const values = Array.from({ length: 5_000 }, () => {
    const bits = BigInt.asIntN(
      64,
      BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32)),
    );
    return bits >> BigInt(random.below(64));
  });
  for (const value of [...edges, ...values]) {
    const text = String(value);
    if (BigInt.asIntN(64, value) !== value) {
      assertFalse(parse(integer, text), text);
      continue;
    }
    assert(parse(integer, text), text);
    assertEquals(valueOf(integer), value);
    assertEquals(latin1(target, 3, integer.format(target, 3)), text);
  }
});

Deno.test("only the text that an integer is written as is read, and nothing else changes it", () => {
  const integer = new Int64();
  assert(parse(integer, "-5"));
  const texts = ["", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "--1", "0x1", "1-"];
  texts.push("9223372036854775808", "-9223372036854775809", "99999999999999999999", "1".repeat(21));
  texts.push("12345678901234567x", "x234567890123456");
  for (const text of texts) assertFalse(parse(integer, text), text);
  assertEquals(valueOf(integer), -5n);
});
