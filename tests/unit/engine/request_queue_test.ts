/** The queue of a MULTI: copies of requests, their flags, and memory that does not stay. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { COMMANDS } from "../../../lib/commands/all.ts";
import { Flag } from "../../../lib/engine/command_spec.ts";
import { Registry } from "../../../lib/engine/registry.ts";
import { RequestQueue } from "../../../lib/engine/request_queue.ts";
import { Request } from "../../../lib/resp/request.ts";

const registry = new Registry(COMMANDS);

function queued(name: string): NonNullable<ReturnType<Registry["byName"]>> {
  const command = registry.byName(name);
  assert(command !== undefined);
  return command;
}

function loaded(queue: RequestQueue, index: number): string[] {
  const request = new Request();
  queue.lend(request);
  queue.load(index, request);
  return Array.from({ length: request.count }, (_, i) => latin1(request.view(i)));
}

Deno.test("a queue gives back what was put in, whatever became of the original", () => {
  const queue = new RequestQueue();
  const all: string[][] = [["SET", "", "x"], ["GET", "y".repeat(3_000)], ["PING"]];
  for (let i = 0; i < 200; i++) all.push(["SET", `key${i}`, "v".repeat(i)]);
  for (const words of all) {
    const request = Request.from(words);
    queue.add(queued(words[0]), request);
    request.buffer.fill(0);
  }
  assertEquals(queue.count, all.length);
  for (const [i, words] of all.entries()) {
    assertEquals(loaded(queue, i), words);
    assertEquals(queue.commandAt(i).name, words[0]);
  }
  assertEquals(queue.argumentBytes, all.flat().join("").length);
  assert(queue.memoryBytes > queue.argumentBytes);
});

Deno.test("a queue knows the flags of any and of all of its commands", () => {
  const queue = new RequestQueue();
  queue.add(queued("GET"), Request.from(["GET", "a"]));
  assertEquals(queue.anyFlags & (Flag.WRITE | Flag.READONLY), Flag.READONLY);
  queue.add(queued("SET"), Request.from(["SET", "a", "b"]));
  assertEquals(queue.anyFlags & (Flag.WRITE | Flag.READONLY), Flag.WRITE | Flag.READONLY);
  assertEquals(queue.commonFlags & Flag.READONLY, 0);
  queue.clear();
  assertEquals([queue.count, queue.anyFlags, queue.commonFlags], [0, 0, -1]);
});

Deno.test("a queue that was cleared serves again, unless it is large", () => {
  const queue = new RequestQueue();
  queue.add(queued("SET"), Request.from(["SET", "a", "b"]));
  queue.clear();
  queue.add(queued("GET"), Request.from(["GET", "c"]));
  assertEquals(loaded(queue, 0), ["GET", "c"]);
  assert(queue.isReusable);
  queue.add(queued("GET"), Request.from(["GET", "c".repeat(20_000)]));
  assert(!queue.isReusable);
});
