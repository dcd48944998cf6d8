/** Memory of connections that are gone serves those that come. */

import { assert, assertEquals } from "@std/assert";
import { ReadBuffers } from "../../lib/server/read_buffers.ts";
import { LocalServer, settle } from "../support/local_server.ts";

Deno.test("a buffer that was given back is taken again for the same size only", () => {
  const buffers = new ReadBuffers();
  const [small, large] = [buffers.take(1024), buffers.take(4096)];
  buffers.give(small);
  buffers.give(large);
  assert(buffers.take(4096) === large);
  assert(buffers.take(4096) !== large);
  assert(buffers.take(1024) === small);
});

Deno.test("odd and large buffers are not kept, nor more than a megabyte of one size", () => {
  const buffers = new ReadBuffers();
  for (const bytes of [0, 1000, 1 << 20]) {
    const buffer = new Uint8Array(bytes);
    buffers.give(buffer);
    assert(buffers.take(bytes) !== buffer, `${bytes}`);
  }
  const many = Array.from({ length: 100 }, () => new Uint8Array(65_536));
  for (const buffer of many) buffers.give(buffer);
  const known = new Set<Uint8Array>(many);
  let kept = 0;
  while (known.has(buffers.take(65_536))) kept++;
  assertEquals(kept, 16);
});

Deno.test("clients that come and go use the same buffer again", async () => {
  using server = new LocalServer();
  const taken = new Set<Uint8Array>();
  const { reads } = server.clients;
  const take = reads.take.bind(reads);
  reads.take = (bytes) => {
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
