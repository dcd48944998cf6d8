import { assertEquals } from "@std/assert";
import type { DurabilityPort } from "../../../lib/engine/ports.ts";
import type { ReplicationPort } from "../../../lib/engine/replication_port.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** Replicas that acknowledge what the test says. */
function replication(redis: EngineHarness): {
  port: ReplicationPort;
  offsets: number[];
  asked: () => number;
} {
  let offset = 0;
  let asked = 0;
  const offsets: number[] = [];
  redis.engine.context.propagation.subscribe({ effect: () => offset += 10 });
  const port: Partial<ReplicationPort> = {
    isReplica: false,
    get offset() {
      return offset;
    },
    acknowledged: (wanted) => offsets.filter((reached) => reached >= wanted).length,
    acknowledgedOnDisk: (wanted) => offsets.filter((reached) => reached - 10 >= wanted).length,
    askForAcknowledgements: () => asked++,
    whenAcknowledged: () => {},
  };
  const complete = port as ReplicationPort;
  redis.engine.context.replication = complete;
  return { port: complete, offsets, asked: () => asked };
}

Deno.test("WAIT without replicas says 0 after its time, or at once when it asks for none", () => {
  const redis = new EngineHarness();
  const waiting = redis.newClient();
  assertEquals(redis.run("WAIT", 0, 0), "(integer) 0");
  assertEquals(redis.run("WAIT", -1, 0), "(integer) 0");
  redis.send(waiting, "WAIT", 1, 100);
  redis.clock.advance(99);
  assertEquals(redis.received(waiting), []);
  redis.clock.advance(1);
  assertEquals(redis.received(waiting), ["(integer) 0"]);
  redis.send(waiting, "MULTI");
  redis.send(waiting, "WAIT", 1, 0);
  redis.send(waiting, "EXEC");
  assertEquals(redis.received(waiting), ["OK", "QUEUED", "1) (integer) 0"]);
});

Deno.test("WAIT waits until so many replicas have what its session wrote last", () => {
  const redis = new EngineHarness();
  const { port, offsets, asked } = replication(redis);
  const [writer, reader] = [redis.newClient(), redis.newClient()];
  redis.send(writer, "SET", "k", 1);
  redis.send(writer, "MULTI");
  redis.send(writer, "SET", "k", 2);
  redis.send(writer, "SET", "k", 3);
  redis.send(writer, "EXEC");
  redis.received(writer);
  assertEquals(writer.replicationOffset, 30);
  for (const command of [["MULTI"], ["SET", "k", "4"], ["EXEC"]]) redis.send(reader, ...command);
  redis.received(reader);
  assertEquals(reader.replicationOffset, 40);
  offsets.push(20, 30);
  redis.send(writer, "WAIT", 1, 0);
  assertEquals(redis.received(writer), ["(integer) 1"]);
  const idle = redis.newClient();
  redis.send(idle, "WAIT", 2, 0);
  assertEquals(redis.received(idle), ["(integer) 2"]);
  assertEquals(asked(), 0);
  redis.send(writer, "WAIT", 2, 0);
  assertEquals([redis.received(writer), asked()], [[], 1]);
  port.whenAcknowledged();
  assertEquals(redis.received(writer), []);
  offsets[0] = 30;
  port.whenAcknowledged();
  assertEquals(redis.received(writer), ["(integer) 2"]);
  assertEquals(redis.engine.context.waiting.count, 0);
});

Deno.test("WAIT says how many there are when its time is up", () => {
  const redis = new EngineHarness();
  const { offsets } = replication(redis);
  const writer = redis.newClient();
  redis.send(writer, "SET", "k", 1);
  offsets.push(10, 0);
  redis.send(writer, "WAIT", 2, 50);
  redis.received(writer);
  redis.clock.advance(50);
  assertEquals(redis.received(writer), ["(integer) 1"]);
});

Deno.test("a replica refuses WAIT and WAITAOF", () => {
  const redis = new EngineHarness();
  Object.defineProperty(replication(redis).port, "isReplica", { value: true });
  for (const command of [["WAIT", "0", "0"], ["WAITAOF", "0", "0", "0"]]) {
    const text = `(error) ERR ${command[0]} cannot be used with replica instances.`;
    assertEquals(redis.run(...command).startsWith(text), true, command[0]);
  }
});

Deno.test("WAITAOF refuses to wait for a local file that is not written", () => {
  const redis = new EngineHarness();
  assertEquals(
    redis.run("WAITAOF", 1, 0, 0),
    "(error) ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
  );
  assertEquals(redis.run("WAITAOF", 0, 0, 0), "1) (integer) 1\n2) (integer) 0");
  assertEquals(
    redis.run("WAITAOF", 2, 0, 0),
    "(error) ERR value is out of range, value must between 0 and 1",
  );
  assertEquals(
    redis.run("WAITAOF", 0, -1, 0),
    "(error) ERR value is out of range, must be positive",
  );
  assertEquals(redis.run("WAITAOF", 0, 0, -1), "(error) ERR timeout is negative");
});

Deno.test("WAITAOF waits for the disks, here and at replicas", () => {
  const redis = new EngineHarness();
  const { port, offsets } = replication(redis);
  const disk = { isOn: true, offset: 0, fsyncedOffset: 0 };
  redis.engine.context.propagation.subscribe({ effect: () => disk.offset++ });
  redis.engine.context.durability = disk satisfies DurabilityPort;
  const writer = redis.newClient();
  redis.send(writer, "SET", "k", 1);
  redis.received(writer);
  redis.send(writer, "WAITAOF", 1, 1, 0);
  disk.fsyncedOffset = 1;
  redis.engine.context.acknowledgements.changed();
  assertEquals(redis.received(writer), []);
  offsets.push(20);
  port.whenAcknowledged();
  assertEquals(redis.received(writer), ["1) (integer) 1\n2) (integer) 1"]);
  redis.send(writer, "SET", "k", 2);
  redis.send(writer, "WAITAOF", 1, 0, 20);
  redis.received(writer);
  redis.clock.advance(20);
  assertEquals(redis.received(writer), ["1) (integer) 0\n2) (integer) 0"]);
});
