/**
 * A primary's stream that changes a huge value while a snapshot of ours has not saved it: it stands
 * still until then, and holds up nobody else. Of a replica that is told CLIENT PAUSE as well.
 */

import { assert, assertEquals } from "@std/assert";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import { Backlog } from "../../lib/replication/backlog.ts";
import { PrimaryStream } from "../../lib/replication/primary_stream.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { encodeCommand } from "../support/resp_client.ts";

const HUGE = { elements: 1000, bytes: 1 << 20, asideBytes: 1 << 16, mostAsideBytes: 1 << 20 };
const ELEMENTS = Array.from({ length: 3000 }, (_, i) => `e${i}`);

class Follower {
  readonly redis = new EngineHarness();
  readonly backlog = new Backlog(0);
  readonly stream = new PrimaryStream(this.redis.engine, this.backlog, () => {}, 0);
  private readonly snapshots = new Snapshots(
    this.redis.engine.context,
    { sliceMs: 0, stepsPerLook: 1 },
    HUGE,
  );

  /** Takes commands in one piece; how many bytes they were. */
  receive(...commands: string[][]): number {
    let bytes = 0;
    for (const words of commands) {
      const request = encodeCommand(words);
      for (let at = 0; at < request.length;) {
        const space = this.stream.space();
        const part = request.subarray(at, at + space.length);
        space.set(part);
        this.redis.engine.beginTurn();
        this.stream.received(space.subarray(0, part.length));
        this.redis.engine.endTurn();
        at += part.length;
      }
      bytes += request.length;
    }
    return bytes;
  }

  /** The same for short ones that come together. */
  receiveAtOnce(...commands: string[][]): void {
    const parts = commands.map((words) => encodeCommand(words));
    const space = this.stream.space();
    let length = 0;
    for (const part of parts) {
      space.set(part, length);
      length += part.length;
    }
    this.redis.engine.beginTurn();
    this.stream.received(space.subarray(0, length));
    this.redis.engine.endTurn();
  }

  goOn(): void {
    this.redis.engine.beginTurn();
    this.stream.goOn();
    this.redis.engine.endTurn();
  }

  begin() {
    return this.snapshots.begin({
      format: "rdb",
      aofPreamble: false,
      replication: null,
      sink: { write: () => {} },
      onDone: () => {},
    });
  }
}

Deno.test("a primary's stream waits before a huge value that is being saved", async () => {
  const follower = new Follower();
  const { redis, stream, backlog } = follower;
  const before = follower.receive(["RPUSH", "huge", ...ELEMENTS]);
  const snapshot = follower.begin();
  follower.receiveAtOnce(["SET", "a", "1"], ["RPUSH", "huge", "new"], ["SET", "b", "2"]);
  const { pausedBy } = stream;
  assert(pausedBy !== null);
  assertEquals([redis.run("GET", "a"), redis.run("GET", "b")], ['"1"', "(nil)"]);
  assertEquals(redis.run("LLEN", "huge"), "(integer) 3000");
  const set = encodeCommand(["SET", "a", "1"]).length;
  assertEquals(backlog.committed, before + set, "what was not applied is not acknowledged");
  assertEquals(redis.engine.context.store.state.expires, true);
  redis.clock.advance(0);
  await pausedBy;
  follower.goOn();
  assertEquals(stream.pausedBy, null);
  assertEquals([redis.run("GET", "b"), redis.run("LLEN", "huge")], ['"2"', "(integer) 3001"]);
  assertEquals(backlog.committed, stream.readOffset);
  assertEquals(snapshot.finishedForWriters, 0);
});

Deno.test("a transaction of the primary's is applied as a whole when it had to wait", async () => {
  const follower = new Follower();
  const { redis, stream, backlog } = follower;
  const before = follower.receive(["RPUSH", "huge", ...ELEMENTS]);
  follower.begin();
  follower.receiveAtOnce(["MULTI"], ["SET", "a", "1"], ["LPOP", "huge"], ["EXEC"]);
  const { pausedBy } = stream;
  assert(pausedBy !== null);
  assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
  assertEquals(backlog.committed, before);
  redis.clock.advance(0);
  await pausedBy;
  follower.goOn();
  assertEquals([redis.run("GET", "a"), redis.run("LLEN", "huge")], ['"1"', "(integer) 2999"]);
  assertEquals(backlog.committed, stream.readOffset);
});

Deno.test("a link that ends while its stream waits forgets what was not applied", async () => {
  const follower = new Follower();
  const { redis, stream, backlog } = follower;
  const before = follower.receive(["RPUSH", "huge", ...ELEMENTS]);
  const snapshot = follower.begin();
  follower.receiveAtOnce(["RPUSH", "huge", "new"], ["SET", "b", "2"]);
  const { pausedBy } = stream;
  stream.end();
  await pausedBy;
  assertEquals([backlog.committed, backlog.end], [before, before]);
  assertEquals(redis.engine.context.delayedWriters.count, 0);
  snapshot.abort("by the test");
  assertEquals([redis.run("EXISTS", "b"), redis.run("LLEN", "huge")], [
    "(integer) 0",
    "(integer) 3000",
  ]);
});

Deno.test("of many requests that come together each counts once it was applied", () => {
  const follower = new Follower();
  const { redis, stream, backlog } = follower;
  const sets = Array.from({ length: 24 }, (_, i) => ["SET", `key:${i}`, String(i)]);
  follower.receiveAtOnce(...sets, ["MULTI"], ["INCR", "n"]);
  const applied = sets.reduce((bytes, words) => bytes + encodeCommand(words).length, 0);
  assertEquals(backlog.committed, applied, "a transaction counts only as a whole");
  assertEquals([redis.run("DBSIZE"), redis.run("GET", "key:23")], ["(integer) 24", '"23"']);
  follower.receiveAtOnce(["EXEC"], ["INCR", "n"]);
  assertEquals(redis.run("GET", "n"), '"2"');
  assertEquals(backlog.committed, stream.readOffset);
});

for (const mode of ["WRITE", "ALL"]) {
  Deno.test(`a primary's stream waits for the end of CLIENT PAUSE ${mode}`, async () => {
    const follower = new Follower();
    const { redis, stream, backlog } = follower;
    redis.run("CLIENT", "PAUSE", 1000, mode);
    const ping = follower.receive(["PING"]);
    if (mode === "WRITE") assertEquals([stream.pausedBy, backlog.committed], [null, ping]);
    else {
      assertEquals(backlog.committed, 0);
      await pass(follower);
      redis.run("CLIENT", "PAUSE", 1000, mode);
    }
    follower.receiveAtOnce(["SET", "a", "1"], ["SET", "b", "2"]);
    assertEquals([redis.run("GET", "a"), backlog.committed], ["(nil)", ping]);
    assert(stream.readOffset > ping);
    await pass(follower);
    assertEquals([redis.run("GET", "a"), redis.run("GET", "b")], ['"1"', '"2"']);
    assertEquals(backlog.committed, stream.readOffset);
  });
}

/** Time passes until the pause is over. */
async function pass(follower: Follower): Promise<void> {
  const { pausedBy } = follower.stream;
  assert(pausedBy !== null);
  follower.redis.clock.advance(1000);
  await pausedBy;
  follower.goOn();
  assertEquals(follower.stream.pausedBy, null);
}
