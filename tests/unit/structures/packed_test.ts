import { assertEquals, assertGreater, assertLess, assertNotEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { Arena } from "../../../lib/structures/arena.ts";
import { Packed, packedSize } from "../../../lib/structures/packed.ts";
import { Random, seed } from "../bytes/random.ts";

/** Packed elements used by text. */
class TextBlock {
  readonly arena = new Arena();
  readonly packed = new Packed(this.arena);
  block: number;

  constructor(capacityBytes?: number) {
    this.block = this.packed.create(capacityBytes);
  }

  append(text: string): void {
    this.block = this.packed.append(this.block, ...bytesOf(text));
  }

  appendPair(first: string, second: string): void {
    this.block = this.packed.appendPair(this.block, ...bytesOf(first), ...bytesOf(second));
  }

  insert(index: number, text: string): void {
    this.block = this.packed.insert(this.block, this.at(index), ...bytesOf(text));
  }

  replace(index: number, text: string): void {
    this.block = this.packed.replace(this.block, this.at(index), ...bytesOf(text));
  }

  remove(index: number, elements = 1): void {
    this.block = this.packed.remove(this.block, this.at(index), elements);
  }

  /** Number of the first element with this text, among every `stride`-th from `from` on. */
  find(text: string, stride = 1, from = 0): number {
    const found = this.packed.find(this.block, ...bytesOf(text), stride, from);
    for (let index = 0; found >= 0; index++) if (this.at(index) === found) return index;
    return -1;
  }

  at(index: number): number {
    return this.packed.nth(this.block, index);
  }

  get texts(): string[] {
    const { packed, block } = this;
    const texts: string[] = [];
    for (let at = packed.first(block); at >= 0; at = packed.next(block, at)) {
      const { bytes, offset, length } = packed.point(block, at);
      texts.push(latin1(bytes, offset, length));
    }
    assertEquals(packed.count(block), texts.length);
    return texts;
  }
}

/** Bytes that lie somewhere in a buffer, not at its start. */
function bytesOf(text: string): [DataView, number, number] {
  return [dataOf(fromLatin1(`<${text}>`)), 1, text.length];
}

/** Texts of the lengths around which lengths are written otherwise or copied otherwise. */
function someText(random: Random): string {
  const lengths = [0, 1, 3, 4, 5, 8, 12, 20, 60, 252, 253, 254, 255, 256, 257, 300, 1000];
  const length = random.below(4) === 0 ? random.pick(lengths) : random.below(10);
  let text = "";
  while (text.length < length) text += "ab\x00\xfe\xff"[random.below(5)];
  return text;
}

Deno.test("packed elements agree with a model under random changes", () => {
  const random = new Random(seed());
  for (let round = 0; round < 40; round++) {
    const packed = new TextBlock();
    const model: string[] = [];
    const wanted = [3, 30, 200][round % 3];
    for (let step = 0; step < 400; step++) {
      const index = random.below(model.length + 1);
      const text = someText(random);
      if (random.below(8) === 0) {
        packed.appendPair(text, text + text);
        model.push(text, text + text);
      } else if (random.below(wanted * 2) >= model.length || model.length === 0) {
        packed.insert(index, text);
        model.splice(index, 0, text);
      } else if (random.below(2) === 0) {
        packed.replace(index % model.length, text);
        model[index % model.length] = text;
      } else {
        const elements = 1 + random.below(Math.min(4, model.length - index % model.length));
        packed.remove(index % model.length, elements);
        model.splice(index % model.length, elements);
      }
      if (step % 20 === 0) assertEquals(packed.texts, model);
      const probe = model.length > 0 ? random.pick(model) : text;
      const stride = 1 + random.below(3);
      const from = random.below(3);
      const expected = model.findIndex((item, i) =>
        item === probe && i >= from && (i - from) % stride === 0
      );
      assertEquals(packed.find(probe, stride, from), expected);
      const used = 8 + model.reduce((sum, item) => sum + packedSize(item.length), 0);
      assertEquals(packed.packed.usedBytes(packed.block), used);
    }
    assertEquals(packed.texts, model);
    packed.arena.free(packed.block);
    assertEquals(packed.arena.usedBytes, 0);
  }
});

Deno.test("elements that differ only at their start, or only at their end, are told apart", () => {
  const packed = new TextBlock();
  for (const text of ["a", "b", "user:0001", "user:0002", "1user:000", "2user:000"]) {
    packed.append(text);
  }
  assertEquals(packed.texts.map((text) => packed.find(text)), [0, 1, 2, 3, 4, 5]);
  assertEquals(packed.find("3user:000"), -1);
  assertEquals(packed.find("user:0003"), -1);
  assertEquals(packed.find("c"), -1);
});

Deno.test("an empty block has no first element and no place for any number", () => {
  const packed = new TextBlock();
  assertEquals(packed.packed.first(packed.block), -1);
  assertEquals(packed.at(0), -1);
  assertEquals(packed.find("a"), -1);
  packed.append("");
  assertEquals(packed.texts, [""]);
  assertEquals(packed.find(""), 0);
  packed.remove(0);
  assertEquals(packed.packed.first(packed.block), -1);
});

Deno.test("a block created with room does not move while it is filled", () => {
  const packed = new TextBlock(1000);
  const before = packed.block;
  while (packed.packed.usedBytes(packed.block) <= 990) packed.append("some text");
  assertEquals(packed.block, before);
  for (let i = 0; i < 10; i++) packed.append("some text");
  assertNotEquals(packed.block, before);
});

Deno.test("a block gives memory back when most of it is removed", () => {
  const packed = new TextBlock();
  for (let i = 0; i < 2000; i++) packed.append(`element ${i}`);
  const full = packed.arena.usedBytes;
  assertLess(full, packed.packed.usedBytes(packed.block) * 1.3);
  packed.remove(10, 1900);
  assertLess(packed.arena.usedBytes, full / 8);
  assertEquals(packed.texts.length, 100);
  assertEquals(packed.texts[10], "element 1910");
});

Deno.test("a large block moves seldom while it grows", () => {
  const packed = new TextBlock();
  let moves = 0;
  for (let i = 0; i < 20_000; i++) {
    const before = packed.block;
    packed.append("0123456789");
    if (packed.block !== before) moves++;
  }
  assertGreater(moves, 10);
  assertLess(moves, 60);
});

Deno.test("a sink is handed all elements, or each second from the first or the second on", () => {
  const packed = new TextBlock();
  const long = "x".repeat(300);
  const texts = ["", "a", long, "b".repeat(253), "c".repeat(254), "last"];
  const sunk = (stride: number, from: number): string[] => {
    const found: string[] = [];
    packed.packed.writeTo(
      {
        bulkRange: (data, offset, length) =>
          found.push(latin1(new Uint8Array(data.buffer, data.byteOffset + offset, length))),
      },
      packed.block,
      stride,
      from,
    );
    return found;
  };
  assertEquals(sunk(1, 0), []);
  for (const text of texts) packed.append(text);
  assertEquals(sunk(1, 0), texts);
  assertEquals(sunk(2, 0), ["", long, "c".repeat(254)]);
  assertEquals(sunk(2, 1), ["a", "b".repeat(253), "last"]);
});
