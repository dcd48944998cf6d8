/** The queue of a MULTI: copies of requests, their flags, and memory that does not stay. */

import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
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

Deno.test("a queue takes arguments that lie in no order, or far apart", () => {
  const queue = new RequestQueue();
  const bytes = fromLatin1(`value${".".repeat(100)}keySET`);
  const [set, get] = [new Request(bytes), new Request(bytes)];
  for (const [offset, length] of [[108, 3], [105, 3], [0, 5]]) set.push(offset, length);
  for (const [offset, length] of [[0, 5], [105, 3]]) get.push(offset, length);
  queue.add(queued("SET"), set);
  queue.add(queued("GET"), get);
  assertEquals(loaded(queue, 0), ["SET", "key", "value"]);
  assertEquals(loaded(queue, 1), ["value", "key"]);
  assertEquals(queue.argumentBytes, 19);
});

Deno.test("a queue gives back its requests in any order", () => {
  const queue = new RequestQueue();
  for (let i = 0; i < 5; i++) queue.add(queued("GET"), Request.from(["GET", `key${i}`]));
  for (const i of [3, 4, 0, 2, 2, 1, 2]) assertEquals(loaded(queue, i), ["GET", `key${i}`]);
});

Deno.test("a queue keeps the hash of a key that is known, and no other request's", () => {
  const queue = new RequestQueue();
  const [hashed, plain] = [Request.from(["GET", "a"]), Request.from(["GET", "b"])];
  hashed.hasKeyHash = true;
  hashed.keyHash = -7;
  queue.add(queued("GET"), hashed);
  queue.add(queued("GET"), plain);
  const request = new Request();
  queue.lend(request);
  queue.load(0, request);
  assertEquals([request.hasKeyHash, request.keyHash], [true, -7]);
  queue.load(1, request);
  assertEquals(request.hasKeyHash, false);
});

Deno.test("a queue is brief until it has many requests, or one that may take long", () => {
  const queue = new RequestQueue();
  for (let i = 0; i < 64; i++) queue.add(queued("GET"), Request.from(["GET", "a"]));
  assert(queue.isBrief);
  queue.add(queued("GET"), Request.from(["GET", "a"]));
  assert(!queue.isBrief);
  queue.clear();
  queue.add(queued("SET"), Request.from(["SET", "a", "b", "EX", "10"]));
  assert(queue.isBrief);
  queue.add(queued("SINTER"), Request.from(["SINTER", "a", "b"]));
  assert(!queue.isBrief);
  queue.clear();
  assert(queue.isBrief);
  queue.add(queued("LRANGE"), Request.from(["LRANGE", "a", "0", "-1"]));
  assert(!queue.isBrief);
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
