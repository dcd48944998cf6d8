/** The bytes that replicas follow: their memory is used again, and never while it may be read. */

import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { Backlog } from "../../../lib/replication/backlog.ts";

const CHUNK_BYTES = 64 * 1024;

function filled(backlog: Backlog, byte: number): void {
  backlog.append(new Uint8Array(CHUNK_BYTES).fill(byte));
  backlog.committed = backlog.end;
}

/** The memory in which a place lies. */
function memoryAt(backlog: Backlog, place: number): ArrayBufferLike | undefined {
  return backlog.read(place)?.buffer;
}

Deno.test("memory of the backlog that nobody needs is used for what comes", () => {
  const backlog = new Backlog(0);
  filled(backlog, 1);
  filled(backlog, 2);
  const first = memoryAt(backlog, 0);
  assertEquals(backlog.hasGrown, true);
  backlog.trim(0, Infinity);
  assertEquals([backlog.first, backlog.hasGrown], [CHUNK_BYTES, false]);
  assertEquals(backlog.memoryBytes, 2 * CHUNK_BYTES, "the spare one counts");
  filled(backlog, 3);
  assertStrictEquals(memoryAt(backlog, 2 * CHUNK_BYTES), first);
  assertEquals(backlog.memoryBytes, 2 * CHUNK_BYTES);
  assertEquals(backlog.read(CHUNK_BYTES)?.every((byte) => byte === 2), true);
  assertEquals(backlog.read(2 * CHUNK_BYTES)?.every((byte) => byte === 3), true);
});

Deno.test("memory that a write of an ended connection may still read is not used again", () => {
  const backlog = new Backlog(0);
  filled(backlog, 1);
  filled(backlog, 2);
  const lent = backlog.read(0) as Uint8Array;
  backlog.readerGone();
  backlog.trim(0, Infinity);
  assertEquals(backlog.memoryBytes, CHUNK_BYTES);
  filled(backlog, 3);
  assertNotStrictEquals(memoryAt(backlog, 2 * CHUNK_BYTES), lent.buffer);
  assertEquals(lent.every((byte) => byte === 1), true);
});

Deno.test("what a replica still reads is kept, and no spare memory taken from it", () => {
  const backlog = new Backlog(0);
  filled(backlog, 1);
  filled(backlog, 2);
  backlog.trim(0, CHUNK_BYTES - 1);
  assertEquals(backlog.first, 0);
  filled(backlog, 3);
  assertEquals(backlog.read(0)?.every((byte) => byte === 1), true);
});
