import { assert, assertEquals, assertLess } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { Arena, ArenaFullError } from "../../../lib/structures/arena.ts";
import { ChunkedList, type FrameSink } from "../../../lib/structures/chunked_list.ts";
import { ListChunks, Room } from "../../../lib/structures/list_chunks.ts";
import { Random, seed } from "../bytes/random.ts";

/** A list used by text, with an array that says what it must hold. */
class TextList {
  readonly arena: Arena = new Arena();
  readonly chunks: ListChunks = new ListChunks(this.arena);
  readonly list: ChunkedList = new ChunkedList(this.chunks);
  model: string[] = [];

  constructor() {
    this.list.borrow(this.chunks.create(10, Room.AT_BACK));
  }

  pushBack(text: string): void {
    this.list.pushBack(...argument(text));
    this.model.push(text);
  }

  pushFront(text: string): void {
    this.list.pushFront(...argument(text));
    this.model.unshift(text);
  }

  insert(index: number, text: string): void {
    this.list.insert(index, ...argument(text));
    this.model.splice(index, 0, text);
  }

  replace(index: number, text: string): void {
    this.list.replace(index, ...argument(text));
    this.model[index] = text;
  }

  removeAt(index: number): void {
    this.list.removeAt(index);
    this.model.splice(index, 1);
  }

  removeFront(elements: number): void {
    this.list.removeFront(elements);
    this.model.splice(0, elements);
  }

  removeFirst(): void {
    this.list.pointFirst();
    this.list.removeFirst();
    this.model.shift();
  }

  removeBack(elements: number): void {
    this.list.removeBack(elements);
    this.model.splice(this.model.length - elements);
  }

  removeLast(): void {
    this.list.pointLast();
    this.list.removeLast();
    this.model.pop();
  }

  removeEqual(text: string, limit: number, fromBack: boolean): void {
    const before = this.model.length;
    let left = limit;
    const kept = (other: string) => other !== text || left-- <= 0;
    if (fromBack) this.model = this.model.reverse().filter(kept).reverse();
    else this.model = this.model.filter(kept);
    const removed = this.list.removeEqual(...argument(text), limit, fromBack);
    assertEquals(removed, before - this.model.length);
  }

  at(index: number): string {
    this.list.seek(index);
    return this.element();
  }

  element(): string {
    const { data, offset, length } = this.chunks;
    return latin1(new Uint8Array(data.buffer, offset, length));
  }

  range(from: number, elements: number): string {
    let text = "";
    const sink: FrameSink = {
      rawRange: (data, offset, length) => {
        text += latin1(new Uint8Array(data.buffer, offset, length));
      },
    };
    this.list.writeRange(from, elements, sink);
    return text;
  }

  check(): void {
    const { list, model } = this;
    assertEquals(list.size, model.length);
    if (model.length === 0) return assertEquals(list.chunkCount, 1);
    assertEquals(this.range(0, model.length), framed(model));
    list.seek(model.length - 1);
    const backwards = [this.element()];
    while (list.previous()) backwards.push(this.element());
    assertEquals(backwards.reverse(), model);
  }
}

function argument(text: string): [DataView, number, number] {
  const bytes = fromLatin1(`..${text}.`);
  return [dataOf(bytes), 2, text.length];
}

function framed(texts: string[]): string {
  return texts.map((text) => `$${text.length}\r\n${text}\r\n`).join("");
}

const texts: Record<string, (random: Random) => string> = {
  "tiny": (random) => String(random.below(10)),
  "short and equal": (random) => "ab".repeat(random.below(4)),
  "of many lengths": (random) => "$3\r\n".repeat(random.below(random.below(4) === 0 ? 60 : 4)),
  "long": (random) => "x".repeat(random.below(3_000)),
  "longer than chunks": (random) => "y".repeat(random.below(20) === 0 ? 9_000 : 4_060),
};

for (const [name, text] of Object.entries(texts)) {
  Deno.test(`a list of elements ${name} agrees with a model`, () => {
    const random = new Random(seed());
    const list = new TextList();
    const most = name.startsWith("long") ? 120 : 3_000;
    for (let step = 0; step < 30_000; step++) {
      const grows = Math.floor(step / (most * 2)) % 2 === 0;
      const size = list.model.length;
      const index = random.below(size + 1);
      switch (size === 0 || grows && size < most ? random.below(4) : random.below(12)) {
        case 0:
        case 1:
          list.pushBack(text(random));
          break;
        case 2:
          list.pushFront(text(random));
          break;
        case 3:
          list.insert(index, text(random));
          break;
        case 4:
          if (random.below(2) === 0) list.removeFirst();
          else list.removeFront(1 + random.below(Math.min(size, 4)));
          break;
        case 5:
          if (random.below(2) === 0) list.removeLast();
          else list.removeBack(1 + random.below(Math.min(size, 4)));
          break;
        case 6:
        case 7:
          if (index < size) list.removeAt(index);
          break;
        case 8:
          if (index < size) list.replace(index, text(random));
          break;
        case 9:
          if (random.below(40) === 0) {
            list.removeEqual(text(random), 1 + random.below(9), random.below(2) === 0);
          }
          break;
        case 10:
          if (random.below(400) === 0) list.removeBack(random.below(size));
          break;
        default:
          if (index < size) assertEquals(list.at(index), list.model[index]);
      }
      if (step % 1_000 === 0) list.check();
    }
    list.check();
  });
}

Deno.test("a list takes back all its memory when it is drained", () => {
  const random = new Random(seed());
  const list = new TextList();
  const { arena } = list;
  list.list.account();
  for (let i = 0; i < 50_000; i++) list.pushFront("z".repeat(random.below(100)));
  assert(arena.outsideBytes > 0);
  const copy = list.list.copy();
  assertEquals(copy.size, 50_000);
  assert(copy.memoryBytes > 50_000 * 50);
  while (list.list.drain(16));
  const before = arena.usedBytes;
  assert(copy.drain(1));
  assertLess(arena.usedBytes, before);
  while (copy.drain(16));
  assertEquals([arena.usedBytes, arena.outsideBytes], [0, 0]);
});

Deno.test("a range begins and ends anywhere", () => {
  const random = new Random(seed());
  const list = new TextList();
  for (let i = 0; i < 2_000; i++) list.pushFront("v".repeat(random.below(12)));
  for (let i = 0; i < 300; i++) {
    const from = random.below(2_000);
    const elements = 1 + random.below(2_000 - from);
    assertEquals(list.range(from, elements), framed(list.model.slice(from, from + elements)));
  }
});

Deno.test("all equal elements of a list of many spans are removed from either side", () => {
  for (const fromBack of [false, true]) {
    const list = new TextList();
    for (let i = 0; i < 200_000; i++) list.pushBack(i % 3 === 0 ? "a" : "b");
    list.removeEqual("a", 60_000, fromBack);
    list.check();
    list.removeEqual("b", Infinity, fromBack);
    list.check();
    list.removeEqual("a", Infinity, fromBack);
    list.check();
    list.pushFront("again");
    list.check();
  }
});

Deno.test("elements inserted again and again at one place leave chunks well filled", () => {
  const list = new TextList();
  for (let i = 0; i < 1_000; i++) list.pushBack("first");
  for (let i = 0; i < 20_000; i++) list.insert(500, "middle");
  list.check();
  assertLess(list.list.memoryBytes, 21_000 * 12 * 2);
});

Deno.test("a queue that stays short does not move up its memory", () => {
  const list = new TextList();
  for (let i = 0; i < 100_000; i++) {
    list.list.pushBack(...argument(`job ${i}`));
    if (i >= 10) list.list.removeFront(1);
  }
  assertEquals([list.at(0), list.list.size, list.list.chunkCount], ["job 99990", 10, 1]);
  assertLess(list.list.memoryBytes, 2_000);
});

Deno.test("elements that come at both ends in turn find room without moving each time", () => {
  const list = new TextList();
  for (let i = 0; i < 3_000; i++) {
    list.pushBack("back");
    list.pushFront("front");
  }
  list.check();
  assertLess(list.list.memoryBytes, 6_000 * 12 * 1.3);
});

Deno.test("a list of 32-byte elements takes less than 40 bytes for each", () => {
  const list = new TextList();
  const element = argument("e".repeat(32));
  for (let i = 0; i < 200_000; i++) list.list.pushBack(...element);
  assertLess(list.list.memoryBytes / 200_000, 40);
});

Deno.test("an operation that ends for want of memory has changed nothing", () => {
  const random = new Random(seed());
  const list = new TextList();
  const { arena } = list;
  const allocate = arena.allocate.bind(arena);
  let failing = false;
  arena.allocate = (size) => {
    if (failing && random.below(2) === 0) throw new ArenaFullError("for the test");
    return allocate(size);
  };
  const text = texts["of many lengths"];
  let failures = 0;
  for (let step = 0; step < 20_000; step++) {
    // What has grown without failures is emptied and filled again with them.
    failing = step % 4_000 > 1_500;
    const before = list.model.slice();
    const index = random.below(before.length + 1);
    try {
      switch (random.below(7)) {
        case 0:
          list.pushBack(text(random));
          break;
        case 1:
          list.pushFront(text(random));
          break;
        case 2:
          list.insert(index, text(random));
          break;
        case 3:
          if (index < before.length) list.replace(index, "z".repeat(random.below(500)));
          break;
        case 4:
          if (index < before.length) list.removeAt(index);
          break;
        case 5:
          if (random.below(100) === 0) list.removeEqual("", 50, false);
          break;
        default:
          if (before.length > 0) list.removeFront(1);
      }
    } catch (error) {
      if (!(error instanceof ArenaFullError)) throw error;
      failures++;
      list.model = before;
    }
    if (step % 200 === 0) list.check();
  }
  assert(failures > 10, `${failures} failures`);
  list.check();
  const { list: drained } = list;
  while (drained.drain(100));
  assertEquals(arena.usedBytes, 0);
});
