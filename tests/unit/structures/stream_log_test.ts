import { assert, assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { bytesOf, dataOf } from "../../../lib/bytes/copy.ts";
import { Arena } from "../../../lib/structures/arena.ts";
import { LogMark, StreamCursor } from "../../../lib/structures/stream_cursor.ts";
import { StreamId } from "../../../lib/structures/stream_id.ts";
import { type BlockLimits, StreamLog } from "../../../lib/structures/stream_log.ts";
import { Random, seed } from "../bytes/random.ts";

interface Entry {
  readonly id: bigint;
  readonly words: string[];
}

const LIMITS: BlockLimits = { streamNodeEntries: 7, streamNodeBytes: 300 };
const FIRST = new StreamId();
const LAST = StreamId.max();
const cursor = new StreamCursor();

function idOf(whole: bigint): StreamId {
  return StreamId.of(whole >> 64n, BigInt.asUintN(64, whole));
}

function append(log: StreamLog, entry: Entry, limits: BlockLimits): void {
  const data = dataOf(fromLatin1(entry.words.join("")));
  const offsets: number[] = [];
  let at = 0;
  for (const word of entry.words) {
    offsets.push(at);
    at += word.length;
  }
  const lengths = Int32Array.from(entry.words, (word) => word.length);
  const pairs = entry.words.length / 2;
  log.append(idOf(entry.id), data, Int32Array.from(offsets), lengths, 0, pairs, limits);
}

function read(log: StreamLog, from = FIRST, to = LAST, reverse = false): Entry[] {
  const found: Entry[] = [];
  cursor.start(log, from, to, reverse);
  while (cursor.next()) {
    const words: string[] = [];
    const word = () => latin1(bytesOf(cursor.data, cursor.offset, cursor.length));
    for (let left = cursor.pairs; left > 0; left--) {
      cursor.nextField();
      words.push(word());
      cursor.nextValue();
      words.push(word());
    }
    found.push({ id: cursor.id.ms << 64n | cursor.id.seq, words });
  }
  return found;
}

const VALUES = [
  ...["", "0", "127", "128", "-1", "4095", "-4096", "4096", "32767", "-32768", "32768"],
  ...["8388607", "-8388608", "8388608", "2147483647", "-2147483649", "9223372036854775807"],
  ...["-9223372036854775808", "9223372036854775808", "01", "-0", "+1", "a", "x".repeat(63)],
  ...["x".repeat(64), "y".repeat(127), "z".repeat(300), "w".repeat(4095), "v".repeat(4096)],
];

for (const limits of [LIMITS, { streamNodeEntries: 0, streamNodeBytes: 0 }]) {
  const name = `blocks of ${limits.streamNodeEntries} entries`;
  Deno.test(`a log with ${name} is what was appended and not taken away`, () => {
    const random = new Random(seed());
    const arena = new Arena();
    const before = [arena.usedBytes, arena.outsideBytes];
    const log = new StreamLog(arena);
    let model: Entry[] = [];
    let last = 0n;
    for (let step = 0; step < 3_000; step++) {
      const choice = random.below(20);
      if (choice < 13) {
        last += BigInt(random.below(3) + 1) << BigInt([0, 0, 40, 64][random.below(4)]);
        const words: string[] = [];
        for (let left = 1 + random.below(3); left > 0; left--) {
          const field = random.below(4) === 0 ? VALUES[random.below(20)] : `field${left}`;
          words.push(field, VALUES[random.below(VALUES.length)]);
        }
        append(log, { id: last, words }, limits);
        model.push({ id: last, words });
      } else if (choice < 17 && model.length > 0) {
        const at = random.below(model.length);
        assert(cursor.find(log, idOf(model[at].id)));
        log.deleteEntry(cursor.block, cursor.entry);
        assert(!cursor.find(log, idOf(model[at].id)));
        model.splice(at, 1);
      } else if (choice === 17 && model.length > 0) {
        const most = Math.max(0, model.length - random.below(6));
        assertEquals(log.trimToLength(most, true, 0), model.length - most);
        model = model.slice(model.length - most);
      } else if (choice === 18 && model.length > 0) {
        const least = model[random.below(Math.min(8, model.length))].id;
        const kept = model.filter(({ id }) => id >= least);
        assertEquals(log.trimToId(idOf(least), true, 0), model.length - kept.length);
        model = kept;
      } else if (choice === 19) {
        const most = Math.max(0, model.length - random.below(20));
        const removed = log.trimToLength(most, false, 20);
        assert(removed <= Math.min(20, model.length - most));
        model = model.slice(removed);
      }
      assertEquals(log.length, model.length);
      if (step % 50 === 0 && model.length > 0) {
        const [a, b] = [random.below(model.length), random.below(model.length)];
        const [from, to] = [model[Math.min(a, b)].id, model[Math.max(a, b)].id];
        const part = model.filter(({ id }) => id >= from && id <= to);
        assertEquals(read(log, idOf(from), idOf(to)), part);
        assertEquals(read(log, idOf(from), idOf(to), true), part.reverse());
      }
    }
    assertEquals(read(log), model);
    const copy = log.copy();
    const taken = arena.usedBytes + arena.outsideBytes - before[0] - before[1];
    assertEquals(taken, log.memoryBytes + copy.memoryBytes);
    while (log.drain(10));
    assertEquals(read(copy), model);
    while (copy.drain(1_000));
    assertEquals([arena.usedBytes, arena.outsideBytes], before);
  });
}

Deno.test("deleting all entries one by one leaves no block", () => {
  const log = new StreamLog(new Arena());
  for (let i = 1n; i <= 30n; i++) append(log, { id: i, words: ["f", "v"] }, LIMITS);
  assertEquals(log.index.length, 5);
  for (let i = 30n; i >= 1n; i--) {
    assert(cursor.find(log, idOf(i)));
    log.deleteEntry(cursor.block, cursor.entry);
  }
  assertEquals([log.length, log.index.length, log.index.radixNodes()], [0, 0, 1]);
});

for (const most of [20, 300]) {
  Deno.test(`marks in blocks of ${most} entries lead to what comes next, whatever moves`, () => {
    const random = new Random(seed());
    const log = new StreamLog(new Arena());
    const limits = { streamNodeEntries: most, streamNodeBytes: 4096 };
    const readers = Array.from({ length: 4 }, () => ({ last: 0n, mark: new LogMark() }));
    let model: bigint[] = [];
    let added = 0n;
    for (let step = 0; step < 6_000; step++) {
      const choice = random.below(20);
      if (choice < 8) {
        // One after another, so that a block may begin where the one before it was left.
        const field = random.below(10) === 0 ? "other" : "field";
        append(log, { id: ++added, words: [field, "v".repeat(random.below(40))] }, limits);
        model.push(added);
      } else if (choice < 10 && model.length > 0) {
        const at = random.below(model.length);
        assert(cursor.find(log, idOf(model[at])));
        log.deleteEntry(cursor.block, cursor.entry);
        model.splice(at, 1);
      } else if (choice === 10 && random.below(10) === 0) {
        const most = Math.max(0, model.length - random.below(200));
        log.trimToLength(most, true, 0);
        model = model.slice(model.length - most);
      } else {
        const reader = random.pick(readers);
        // As XGROUP SETID does, back or ahead.
        if (random.below(10) === 0) reader.last = model.length === 0 ? 0n : random.pick(model);
        const wanted = model.filter((id) => id > reader.last).slice(0, 1 + random.below(60));
        const found: bigint[] = [];
        cursor.start(log, idOf(reader.last + 1n), LAST, false, reader.mark);
        while (found.length < wanted.length && cursor.next()) {
          found.push(cursor.id.ms << 64n | cursor.id.seq);
          if (random.below(2) === 0) cursor.nextField();
        }
        assertEquals(found, wanted);
        if (found.length === 0) continue;
        cursor.leave(reader.mark);
        reader.last = found[found.length - 1];
      }
    }
  });
}
