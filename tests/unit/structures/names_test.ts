import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { Names } from "../../../lib/structures/names.ts";
import { Random, seed } from "../bytes/random.ts";

interface Named {
  readonly name: Uint8Array;
  readonly number: number;
}

function find(names: Names<Named>, name: string): number | undefined {
  const bytes = fromLatin1(`<${name}>`);
  return names.find(dataOf(bytes), 1, name.length)?.number;
}

Deno.test("what has a name is found by its bytes until it is deleted", () => {
  const random = new Random(seed());
  const names = new Names<Named>();
  const model = new Map<string, Named>();
  for (let step = 0; step < 20_000; step++) {
    // Few letters, so that names come again and fall together.
    const name = random.text("aAbB\x00\xff", 5);
    assertEquals(find(names, name), model.get(name)?.number);
    assertEquals(names.get(name), model.get(name));
    const known = model.get(name);
    if (known === undefined && random.below(3) > 0) {
      const added = { name: fromLatin1(name), number: step };
      names.add(added);
      model.set(name, added);
    } else if (known !== undefined && random.below(4) === 0) {
      names.delete(known);
      model.delete(name);
    }
    assertEquals(names.size, model.size);
  }
  const sorted = [...model.keys()].sort();
  assertEquals(names.sorted().map(({ name }) => latin1(name)), sorted);
  assertEquals([...names.keys()].sort(), sorted);
  names.clear();
  assertEquals(sorted.map((name) => find(names, name)), sorted.map(() => undefined));
});
