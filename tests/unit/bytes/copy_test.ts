import { assertEquals } from "@std/assert";
import { copyBytes, dataOf } from "../../../lib/bytes/copy.ts";

Deno.test("a copy takes its own bytes, of any number and at any place, and no other", () => {
  const source = Uint8Array.from({ length: 400 }, (_, i) => i * 7 + 1);
  for (let length = 0; length <= 300; length++) {
    for (const [from, to] of [[0, 0], [3, 6], [5, 2]]) {
      const target = new Uint8Array(400).fill(0xee);
      const wanted = target.slice();
      wanted.set(source.subarray(from, from + length), to);
      copyBytes(dataOf(source), from, dataOf(target), to, length);
      assertEquals(target, wanted, `${length} bytes from ${from} to ${to}`);
    }
  }
});
