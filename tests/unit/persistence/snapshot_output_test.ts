import { assertEquals } from "@std/assert";
import { SnapshotOutput } from "../../../lib/persistence/snapshot/output.ts";
import { QUEUE_CAP_BYTES, QUEUE_PAUSE_BYTES } from "../../../lib/persistence/snapshot/snapshot.ts";
import type { SnapshotSink } from "../../../lib/persistence/snapshot/snapshot.ts";

const MEBIBYTE = 1 << 20;

/** An output whose sink is slow until it is told to go on, and what it told its owner. */
class Slow {
  readonly told: string[] = [];
  readonly taken: number[] = [];
  readonly output: SnapshotOutput;
  private settle: (() => void) | null = null;

  constructor(takesNow: boolean) {
    const sink: SnapshotSink = {
      write: (chunk) => {
        this.taken.push(chunk[0]);
        return new Promise((resolve) => this.settle = resolve);
      },
      ...(takesNow ? { writeNow: (chunk: Uint8Array) => void this.taken.push(chunk[0]) } : {}),
    };
    this.output = new SnapshotOutput(sink, "crc64", {
      failed: (_error, reason) => this.told.push(`failed: ${reason}`),
      drained: () => this.told.push("drained"),
      finished: () => this.told.push("finished"),
    });
  }

  put(first: number): void {
    const chunk = new Uint8Array(MEBIBYTE);
    chunk[0] = first;
    this.output.put(chunk);
  }

  async goOn(): Promise<void> {
    this.settle?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

Deno.test("the output is full while the sink is slow, and says when it is not", async () => {
  const slow = new Slow(true);
  for (let i = 0; i < QUEUE_PAUSE_BYTES / MEBIBYTE; i++) slow.put(i);
  assertEquals(slow.output.isFull, true);
  assertEquals(slow.told, []);
  await slow.goOn();
  assertEquals(slow.output.isFull, false);
  assertEquals(slow.told, ["drained"]);
  slow.output.end();
  for (let left = 10; left > 0; left--) await slow.goOn();
  assertEquals(slow.told.filter((word) => word === "finished"), ["finished"]);
  assertEquals(slow.told.at(-1), "finished");
  assertEquals(slow.taken.slice(0, 4), [0, 1, 2, 3]);
});

Deno.test("beyond the cap chunks go to a sink that takes them at once, in their order", () => {
  const slow = new Slow(true);
  const count = QUEUE_CAP_BYTES / MEBIBYTE + 1;
  for (let i = 0; i < count; i++) slow.put(i);
  assertEquals(slow.taken, Array.from({ length: count }, (_, i) => i));
  assertEquals(slow.output.isFull, false, "only what is under way counts");
  assertEquals(slow.told, []);
});

Deno.test("beyond the cap the snapshot fails where the sink can't take more", () => {
  const slow = new Slow(false);
  for (let i = 0; i <= QUEUE_CAP_BYTES / MEBIBYTE; i++) slow.put(i);
  assertEquals(slow.told, ["failed: more than 67108864 bytes wait for whoever takes the snapshot"]);
  assertEquals(slow.output.queuedBytes, 0);
});
