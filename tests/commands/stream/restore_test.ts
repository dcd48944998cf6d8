/** RESTORE of streams: what comes of each version, and what is refused. */

import { assert, assertEquals } from "@std/assert";
import { RdbType } from "../../../lib/rdb/opcodes.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { PARTS, type StreamParts, streamPayload } from "../../support/stream_payloads.ts";

const BAD_FORMAT = "(error) ERR Bad data format";

function restored(parts: StreamParts): EngineHarness {
  const redis = new EngineHarness();
  assertEquals(redis.run("RESTORE", "key", 0, streamPayload(parts)), "OK");
  return redis;
}

Deno.test("a restored stream has its entries, groups and pending entries", () => {
  const redis = restored(PARTS);
  assertEquals(redis.run("XLEN", "key"), "(integer) 4");
  assertEquals(
    redis.run("XRANGE", "key", "-", "+", "COUNT", 2).split("\n").map((line) => line.trim()),
    [
      ...['1) 1) "1000-1"', '2) 1) "name"', '2) "first"', '3) "size"', '4) "-7"'],
      ...['2) 1) "1001-0"', '2) 1) "other"', '2) "a longer value of some forty characters"'],
    ],
  );
  const pending = redis.run("XPENDING", "key", "group", "-", "+", 9);
  assertEquals(pending.match(/"[^"]*"/g), [
    ...['"1000-1"', '"a"', '"1000-5"', '"b"', '"1001-0"', '"a"'],
  ]);
  assert(pending.includes("(integer) 1099511627776"));
  assertEquals(redis.run("XACK", "key", "group", "1000-5", "1001-0"), "(integer) 2");
  assertEquals(redis.run("XADD", "key", "18446744073709551615-4", "f", "v").slice(-3), '-4"');
  assertEquals(redis.run("XLEN", "key"), "(integer) 5");
});

Deno.test("consumers have the time they were active from 7.2 on, before that the time seen", () => {
  const times = (type: number) =>
    [
      ...restored({ ...PARTS, type }).run("XINFO", "STREAM", "key", "FULL").matchAll(
        /"active-time"\s+\d+\) \(integer\) (-?\d+)/g,
      ),
    ].map((match) => match[1]);
  assertEquals(times(RdbType.STREAM_LISTPACKS_3), ["1700000000008", "1700000000008", "-1"]);
  assertEquals(times(RdbType.STREAM_LISTPACKS_2), Array(3).fill("1700000000009"));
});

Deno.test("a stream without entries is restored as a key", () => {
  const redis = restored({ ...PARTS, blocks: [], length: 0, groups: [] });
  assertEquals(redis.run("TYPE", "key"), "stream");
  assertEquals(redis.run("XLEN", "key"), "(integer) 0");
});

Deno.test("COPY and RESTORE make the same stream", () => {
  const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
  redis.run("RESTORE", "key", 0, streamPayload(PARTS));
  const dump = redis.reply("DUMP", "key");
  assert(dump.kind === "bulk" && dump.bytes !== null);
  redis.run("RESTORE", "restored", 0, dump.bytes);
  redis.run("COPY", "key", "copied");
  const look = (key: string) => [
    redis.run("XINFO", "STREAM", key, "FULL", "COUNT", 0),
    redis.run("DEBUG", "DIGEST-VALUE", key),
    redis.run("DUMP", key),
  ];
  assertEquals(look("restored"), look("key"));
  assertEquals(look("copied"), look("key"));
});

/** The parts with another first block. */
function withElements(change: (elements: string[]) => void): StreamParts {
  const elements = [...PARTS.blocks[0].elements];
  change(elements);
  return { ...PARTS, blocks: [{ ...PARTS.blocks[0], elements }, PARTS.blocks[1]] };
}

function withElement(at: number, text: string): StreamParts {
  return withElements((elements) => elements[at] = text);
}

const [first, second] = PARTS.blocks;
const [group] = PARTS.groups;
const [a, b, c] = group.consumers;

const WRONG: Readonly<Record<string, StreamParts>> = {
  "fewer live entries than said": { ...withElement(0, "3"), length: 5 },
  "more live entries than said": { ...withElement(0, "1"), length: 3 },
  "live entries that are deleted": withElements((elements) => elements.splice(0, 2, "1", "2")),
  "a negative count": withElements((elements) => elements.splice(0, 2, "4", "-1")),
  "a count that is text": withElement(1, "one"),
  "a count of 64 bits": withElement(1, "4294967297"),
  "more fields than there are": withElement(2, "1000000"),
  "fewer fields than there are": withElement(2, "1"),
  "no end of the first entry": withElement(5, "1"),
  "unknown flags": withElement(6, "6"),
  "flags of two bytes": withElement(6, "258"),
  "an id that is text": withElement(7, "x"),
  "an id before the block's": withElement(8, "-1"),
  "an id twice": withElements((elements) => elements.splice(19, 2, "0", "0")),
  "a deleted entry before a live one": withElement(14, "-1"),
  "an entry of another size": withElement(11, "6"),
  "an entry with more fields than there are": withElement(21, "1000000"),
  "more than the entries": withElements((elements) => elements.push("2")),
  "a cut entry": withElements((elements) => elements.pop()),
  "no elements": withElements((elements) => elements.length = 0),
  "blocks in the wrong order": { ...PARTS, blocks: [second, first] },
  "a block twice": { ...PARTS, blocks: [first, first] },
  "a block within another": { ...PARTS, blocks: [first, { ...second, id: [1000, 9] }] },
  "another length": { ...PARTS, length: 5 },
  "a last id before the entries'": { ...PARTS, lastId: [1001, 0] },
  "a group twice": { ...PARTS, groups: [group, group] },
  "a pending entry twice": {
    ...PARTS,
    groups: [{ ...group, pending: [...group.pending, group.pending[0]] }],
  },
  "a pending entry of nobody": { ...PARTS, groups: [{ ...group, consumers: [a] }] },
  "a pending entry of two": {
    ...PARTS,
    groups: [{ ...group, consumers: [a, b, { ...c, pending: a.pending }] }],
  },
  "a consumer's entry that is not pending": {
    ...PARTS,
    groups: [{ ...group, consumers: [a, b, { ...c, pending: [[7, 7]] }] }],
  },
  "a consumer twice": {
    ...PARTS,
    groups: [{ ...group, consumers: [a, b, { ...b, pending: [] }] }],
  },
  "a time before time": {
    ...PARTS,
    groups: [{ ...group, consumers: [a, b, { ...c, seen: -(2n ** 63n) }] }],
  },
};

Deno.test("streams that are not right are refused, and leave nothing behind", () => {
  const redis = new EngineHarness();
  redis.run("SET", "key", "value");
  const { store } = redis.engine.context;
  const used = () => {
    while (store.lazyFree.tick(1000, redis.clock));
    return store.state.arena.usedBytes + store.state.arena.outsideBytes;
  };
  assertEquals(redis.run("RESTORE", "other", 0, streamPayload(PARTS)), "OK");
  redis.run("DEL", "other");
  const before = used();
  for (const [title, parts] of Object.entries(WRONG)) {
    const reply = redis.run("RESTORE", "key", 0, streamPayload(parts), "REPLACE");
    assertEquals(reply, BAD_FORMAT, title);
    assertEquals(used(), before, title);
  }
  assertEquals(redis.run("GET", "key"), '"value"');
});

Deno.test("a stream that is cut at any byte is refused", () => {
  const redis = new EngineHarness();
  redis.run("CONFIG", "SET", "enable-debug-command", "yes");
  const whole = streamPayload(PARTS);
  redis.engine.context.switches.skipsChecksums = true;
  for (let length = 1; length < whole.length - 10; length++) {
    const cut = new Uint8Array([...whole.subarray(0, length), ...whole.subarray(-10)]);
    assertEquals(redis.run("RESTORE", "key", 0, cut), BAD_FORMAT, `${length} bytes`);
  }
});
