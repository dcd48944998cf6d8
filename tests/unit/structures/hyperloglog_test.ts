import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import {
  Added,
  addToDense,
  cacheCardinality,
  cachedCardinality,
  DENSE_BYTES,
  estimateRegisters,
  HyperLogLog,
  isHyperLogLog,
  REGISTERS,
} from "../../../lib/structures/hyperloglog.ts";
import { Random, seed } from "../bytes/random.ts";

const LIMIT = 3000;

function add(counter: HyperLogLog, element: string, limit = LIMIT): number {
  const bytes = fromLatin1(element);
  return counter.add(dataOf(bytes), 0, bytes.length, limit);
}

function registersOf(counter: HyperLogLog): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  assert(counter.mergeInto(registers));
  return registers;
}

Deno.test("estimates are within the error of the method, whatever the form", () => {
  const random = new Random(seed());
  const prefix = random.below(1e9);
  const counter = new HyperLogLog().clear();
  let checkpoint = 1;
  for (let count = 1; count <= 300_000; count++) {
    add(counter, `${prefix}:${count}`);
    if (count !== checkpoint) continue;
    checkpoint = Math.ceil(checkpoint * 1.7);
    const estimate = counter.estimate();
    assertEquals(estimateRegisters(registersOf(counter)), estimate);
    assertLess(Math.abs(estimate - count), 2 + count * 6 * 1.04 / 128, `${count}`);
  }
  assertFalse(counter.isSparse);
});

Deno.test("sparse and dense registers stay the same", () => {
  const random = new Random(seed());
  const sparse = new HyperLogLog().clear();
  const dense = new HyperLogLog().clear();
  assert(dense.toDense());
  for (let i = 0; i < 4_000; i++) {
    const index = random.below(random.below(2) === 0 ? 200 : REGISTERS);
    const value = 1 + random.below(i < 3_900 ? 32 : 51);
    assertEquals(sparse.raise(index, value, 1e9), dense.raise(index, value, 0));
    if (i % 200 === 0) assertEquals(registersOf(sparse), registersOf(dense));
  }
  assertFalse(sparse.isSparse);
  assertEquals(registersOf(sparse), registersOf(dense));
  assertEquals(sparse.length, DENSE_BYTES);
});

Deno.test("the sparse form ends at its limit of bytes", () => {
  const counter = new HyperLogLog().clear();
  let longest = 0;
  for (let i = 0; counter.isSparse; i++) {
    longest = counter.length;
    add(counter, `e${i}`, 200);
  }
  assertLess(longest, 201);
  assertLess(190, longest);
});

Deno.test("dense counters are counted in where they lie", () => {
  const counter = new HyperLogLog().clear();
  assert(counter.toDense());
  const memory = new Uint8Array(DENSE_BYTES + 20);
  memory.set(counter.bytes.subarray(0, DENSE_BYTES), 7);
  for (let i = 0; i < 5_000; i++) {
    const element = fromLatin1(`e${i}`);
    const added = addToDense(memory, 7, dataOf(element), 0, element.length);
    assertEquals(added, add(counter, `e${i}`));
  }
  assertEquals(memory.subarray(7 + 16, 7 + DENSE_BYTES), counter.bytes.subarray(16, DENSE_BYTES));
  assertEquals(memory.subarray(7 + DENSE_BYTES).every((byte) => byte === 0), true);
  assertEquals(cachedCardinality(memory, 7), null);
  cacheCardinality(memory, 7, 12345678901);
  assertEquals(cachedCardinality(memory, 7), 12345678901n);
});

Deno.test("damaged bytes are found out or counted with, and nothing worse", () => {
  const random = new Random(seed());
  const counter = new HyperLogLog();
  for (let round = 0; round < 3_000; round++) {
    counter.clear();
    for (let i = random.below(60); i > 0; i--) add(counter, String(random.below(1e6)));
    const bytes = counter.bytes.slice(0, counter.length);
    for (let i = random.below(4); i >= 0; i--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const end = random.below(3) === 0 ? random.below(bytes.length) : bytes.length;
    if (!isHyperLogLog(bytes, 0, end)) continue;
    const { length } = counter.load(bytes, 0, end);
    counter.describeRuns();
    const sound = counter.estimate() >= 0;
    assertEquals(
      new HyperLogLog().load(bytes, 0, length).mergeInto(new Uint8Array(REGISTERS)),
      sound,
    );
    let added: number = Added.NO;
    for (let i = 0; i < 20 && added !== Added.CORRUPTED; i++) added = add(counter, `x${i}`);
    if (sound) assert(counter.estimate() > 0);
  }
});

Deno.test("other bytes are no counters", () => {
  const counter = new HyperLogLog().clear();
  assert(isHyperLogLog(counter.bytes, 0, counter.length));
  assertFalse(isHyperLogLog(counter.bytes, 0, 15));
  assertFalse(isHyperLogLog(counter.bytes, 1, counter.length));
  assert(counter.toDense());
  assert(isHyperLogLog(counter.bytes, 0, DENSE_BYTES));
  assertFalse(isHyperLogLog(counter.bytes, 0, DENSE_BYTES - 1));
});
