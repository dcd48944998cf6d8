import { assert, assertEquals, assertLess } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { bytesOf, dataOf } from "../../../lib/bytes/copy.ts";
import { CHUNK_BYTES } from "../../../lib/structures/list_chunks.ts";
import { Encoding, Storage, storageOf, ValueType } from "../../../lib/values/entry.ts";
import { ListAccess } from "../../../lib/values/list/list.ts";
import { TextStore } from "../store/text_store.ts";

/** A database with a list of these elements at a key, and another access than the one that made it. */
class KeyedList {
  readonly texts: TextStore = new TextStore();
  readonly db = this.texts.db();
  readonly access: ListAccess = new ListAccess();
  readonly ref: number;

  constructor(elements: readonly string[]) {
    const list = new ListAccess().create(this.db);
    for (const element of elements) list.pushBack(...rangeOf(element));
    const key = dataOf(fromLatin1("list"));
    assertEquals(this.db.lookUpWrite(key, 0, 4), 0);
    this.ref = this.db.putValue(
      0,
      key,
      0,
      4,
      ValueType.LIST,
      list.encoding,
      list.storage,
      list.value,
    );
  }

  open(): ListAccess {
    return this.access.open(this.db, this.ref);
  }

  get storage(): number {
    return storageOf(this.db.arena, this.ref);
  }

  get elements(): string[] {
    const list = new ListAccess().open(this.db, this.ref);
    const elements: string[] = [];
    list.seek(0);
    do elements.push(textOf(list)); while (list.next());
    return elements;
  }
}

function textOf(list: ListAccess): string {
  const { data, offset, length } = list.element;
  return latin1(bytesOf(data, offset, length));
}

function rangeOf(text: string): [DataView, number, number] {
  return [dataOf(fromLatin1(text)), 0, text.length];
}

const long = Array.from({ length: 1_000 }, (_, i) => `element ${i}`);

Deno.test("a short list is a block, a long one an object, and it becomes a block again", () => {
  const keyed = new KeyedList(["a"]);
  assertEquals([keyed.storage, keyed.elements], [Storage.BLOCK, ["a"]]);
  for (const element of long) keyed.open().pushBack(...rangeOf(element));
  assertEquals([keyed.storage, keyed.elements], [Storage.OBJECT, ["a", ...long]]);
  const list = keyed.open();
  assertEquals([list.size, list.encoding], [1_001, Encoding.QUICKLIST]);
  while (keyed.open().size > 3) keyed.access.removeFront(1);
  assertEquals([keyed.storage, keyed.elements], [Storage.BLOCK, long.slice(-3)]);
});

Deno.test("every operation that can change how a list is kept leaves its entry right", () => {
  const keyed = new KeyedList(["a", "b", "a"]);
  const big = "x".repeat(CHUNK_BYTES);
  const changes: [string, (list: ListAccess) => void, string[], number][] = [
    ["insert", (list) => list.insert(1, ...rangeOf(big)), ["a", big, "b", "a"], Storage.OBJECT],
    ["replace", (list) => list.replace(1, ...rangeOf("y")), ["a", "y", "b", "a"], Storage.BLOCK],
    [
      "pushFront",
      (list) => list.pushFront(...rangeOf(big)),
      [big, "a", "y", "b", "a"],
      Storage.OBJECT,
    ],
    [
      "removeEqual",
      (list) => list.removeEqual(...rangeOf(big), 1, true),
      ["a", "y", "b", "a"],
      Storage.BLOCK,
    ],
    [
      "pushBack",
      (list) => list.pushBack(...rangeOf(big)),
      ["a", "y", "b", "a", big],
      Storage.OBJECT,
    ],
    ["removeBack", (list) => list.removeBack(2), ["a", "y", "b"], Storage.BLOCK],
    ["removeFront", (list) => list.removeFront(2), ["b"], Storage.BLOCK],
  ];
  for (const [name, change, elements, storage] of changes) {
    change(keyed.open());
    assertEquals(keyed.elements, elements, name);
    assertEquals(keyed.storage, storage, name);
  }
});

Deno.test("the same access serves lists of several databases and stores", () => {
  const lists = [new KeyedList(["a"]), new KeyedList(long), new KeyedList(["b", "c"])];
  const access = new ListAccess();
  for (const { db, ref } of [...lists, ...lists]) {
    access.open(db, ref).pushBack(...rangeOf("end"));
  }
  assertEquals(lists.map(({ elements }) => elements.length), [3, 1_002, 4]);
});

Deno.test("removing a list gives back its memory, and so does releasing one that has no key", () => {
  const { db, ref } = new KeyedList(["a"]);
  db.remove(ref);
  for (const elements of [["a"], long]) {
    const before = [db.arena.usedBytes, db.arena.outsideBytes];
    const list = new ListAccess().create(db);
    for (const element of elements) list.pushFront(...rangeOf(element));
    assert(db.arena.usedBytes > before[0]);
    list.release();
    assertEquals([db.arena.usedBytes, db.arena.outsideBytes], before);
  }
});

Deno.test("a flush in between does not upset the account of memory outside the arena", () => {
  const { db, texts, access, ref } = new KeyedList(long);
  access.open(db, ref).removeFront(999);
  texts.store.clear();
  const before = db.arena.outsideBytes;
  const list = access.create(db);
  for (const element of long) list.pushFront(...rangeOf(element));
  assertLess(before, db.arena.outsideBytes);
  list.release();
  assertEquals(db.arena.outsideBytes, before);
});

Deno.test("a short list takes little more than its bytes", () => {
  const { db, ref } = new KeyedList(["one", "two", "three"]);
  assertLess(db.memoryOf(ref), 48 + 80);
});
