/** Memory of connections that are gone, and of replies that were sent, serves those that come. */

import { assert, assertEquals } from "@std/assert";
import type { ByteBuffer } from "../../lib/bytes/byte_buffer.ts";
import { BufferPool } from "../../lib/server/buffer_pool.ts";
import { LocalServer, settle } from "../support/local_server.ts";

Deno.test("a buffer that was given back is taken again for the same size only", () => {
  const pool = new BufferPool();
  const [small, large] = [pool.take(1024), pool.take(4096)];
  pool.give(small);
  pool.give(large);
  assert(pool.take(4096) === large);
  assert(pool.take(4096) !== large);
  assert(pool.take(1024) === small);
});

Deno.test("no two buffers that are out share a byte", () => {
  const pool = new BufferPool();
  const sizes = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 3000];
  const out = sizes.flatMap((bytes) => Array.from({ length: 20 }, () => pool.take(bytes)));
  out.forEach(({ bytes }, i) => bytes.fill(i));
  out.forEach(({ bytes, data }, i) => {
    assert(bytes.every((byte) => byte === i), `${i}`);
    assertEquals([data.getUint8(0), data.byteLength], [i, bytes.length]);
  });
  assertEquals(out.map(({ bytes }) => bytes.length), sizes.flatMap((size) => Array(20).fill(size)));
});

Deno.test("a buffer for much output has room for all of it", () => {
  const pool = new BufferPool();
  for (const bytes of [1, 65_536, 65_537, 262_145, 1_048_576, 1_048_577]) {
    assert(pool.takeLarge(bytes).bytes.length >= bytes);
    assert(pool.takeChunk(bytes).bytes.length >= bytes);
  }
  assertEquals(pool.takeChunk(100_000).bytes.length, 100_000);
});

Deno.test("odd buffers are not kept, nor more than some of one size", () => {
  const pool = new BufferPool();
  for (const bytes of [0, 1000, 2048, 1 << 22]) {
    const buffer = pool.take(bytes);
    pool.give(buffer);
    assert(pool.take(bytes) !== buffer, `${bytes}`);
  }
  const many = Array.from({ length: 200 }, () => pool.take(65_536));
  for (const buffer of many) pool.give(buffer);
  const known = new Set<ByteBuffer>(many);
  let kept = 0;
  while (known.has(pool.take(65_536))) kept++;
  assertEquals(kept, 128);
});

Deno.test("clients that come and go read into the same buffer", async () => {
  using server = new LocalServer();
  const taken = new Set<ByteBuffer>();
  const { buffers } = server.clients;
  const take = buffers.take.bind(buffers);
  buffers.take = (bytes) => {
    const buffer = take(bytes);
    taken.add(buffer);
    return buffer;
  };
  for (let i = 0; i < 20; i++) {
    const client = await server.connect();
    assertEquals((await client.send("PING")).kind, "simple");
    // Some leave by themselves, some are sent away.
    if (i % 2 === 0) await client.send("QUIT");
    client[Symbol.dispose]();
    await settle();
  }
  assertEquals(taken.size, 1);
});
