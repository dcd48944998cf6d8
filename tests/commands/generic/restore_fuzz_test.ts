/** Mutated payloads; tests/fuzz/restore_fuzz.ts feeds many more. */

import { assertEquals } from "@std/assert";
import { fuzzRestore } from "../../fuzz/restore_fuzz.ts";

const payloadCount = 2_000;

Deno.test("mutated payloads are taken or refused, and leave nothing behind", () => {
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  const { taken, refused, largestRatio } = fuzzRestore(seed, payloadCount);
  assertEquals(taken + refused, payloadCount);
  // Payloads that are all refused, or all fine, would show nothing.
  assertEquals(taken > payloadCount / 20 && refused > payloadCount / 4, true, `${taken} taken`);
  assertEquals(largestRatio <= 8, true, `${largestRatio} bytes for one of a payload`);
});
