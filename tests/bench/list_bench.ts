/**
 * What lists of 1,000, 100,000 and 10 million elements of 32 bytes cost, per call, commands and
 * sockets apart: `deno bench -A tests/bench/list_bench.ts`. Each round makes CALLS calls, so
 * divide its time by that; ranges are one call a round.
 */

import { dataOf } from "../../lib/bytes/copy.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { ReplyWriter } from "../../lib/resp/reply_writer.ts";
import { Arena } from "../../lib/structures/arena.ts";
import { ChunkedList } from "../../lib/structures/chunked_list.ts";
import { ListChunks, Room } from "../../lib/structures/list_chunks.ts";

const CALLS = 1000;
const random = new SeededRandom(1);
const element = dataOf(new Uint8Array(32).fill(120));
let sink = 0;

for (const size of [1_000, 100_000, 10_000_000]) {
  const list = listOf(size, 32);
  const group = `${size} elements`;
  const indexes = Array.from({ length: CALLS }, () => random.below(size));
  Deno.bench({ name: `push and pop in front, ${size}`, group }, () => {
    for (let i = 0; i < CALLS; i++) list.pushFront(element, 0, 32);
    list.removeFront(CALLS - 1);
    list.removeFront(1);
  });
  Deno.bench({ name: `push at the end, pop one by one, ${size}`, group }, () => {
    for (let i = 0; i < CALLS; i++) list.pushBack(element, 0, 32);
    for (let i = 0; i < CALLS; i++) list.removeBack(1);
  });
  Deno.bench({ name: `seek the middle, ${size}`, group }, () => {
    for (let i = 0; i < CALLS; i++) {
      list.seek((size >> 1) + (i & 7));
      sink += list.chunks.offset;
    }
  });
  Deno.bench({ name: `seek anywhere, ${size}`, group }, () => {
    for (let i = 0; i < CALLS; i++) {
      list.seek(indexes[i]);
      sink += list.chunks.offset;
    }
  });
}

for (const elements of [100, 300, 600]) {
  const list = listOf(10_000, 3);
  const reply = new ReplyWriter();
  Deno.bench({ name: `range of ${elements} elements of 3 bytes`, group: "range" }, () => {
    reply.length = 0;
    list.writeRange(0, elements, reply);
  });
}

Deno.bench({ name: "keep the results", group: "sink" }, () => {
  if (sink === -1) throw new Error("unexpected");
});

function listOf(size: number, length: number): ChunkedList {
  const chunks = new ListChunks(new Arena());
  const list = new ChunkedList(chunks);
  list.borrow(chunks.create(0, Room.AT_BACK));
  for (let i = 0; i < size; i++) list.pushBack(element, 0, length);
  return list;
}
