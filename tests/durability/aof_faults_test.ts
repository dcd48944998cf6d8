/** Disks that are full or broken, and the append-only file switched on and off, on a simulated disk. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CommandError } from "../../lib/engine/errors.ts";
import { breathe, type CrashOptions, SimulatedServer } from "../support/crash_run.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";

const OPTIONS: CrashOptions = { policy: "everysec", turns: 0 };

async function begun(options: CrashOptions = OPTIONS) {
  const disk = new SimulatedDisk(1);
  disk.place("/data/.keep", new Uint8Array(0));
  const server = new SimulatedServer(disk, 1, options);
  await server.start();
  return { disk, server };
}

async function reloaded(disk: SimulatedDisk): Promise<{ digest: string; log: string }> {
  disk.killProcess();
  const server = new SimulatedServer(disk, 2, OPTIONS);
  await server.start();
  const { digest } = server;
  server.end();
  return { digest, log: server.log.messages().join("\n") };
}

/** Runs one command in a turn of its own. */
function run(server: SimulatedServer, ...command: string[]): { reply: string; isHeld: boolean } {
  let reply = "";
  let isHeld = true;
  server.turn(() => reply = server.execute(command), () => isHeld = false);
  return { reply, isHeld };
}

async function settled(disk: SimulatedDisk, server: SimulatedServer): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await breathe();
    disk.finishSyncs();
    await breathe();
    server.clock.advance(2);
  }
}

Deno.test("a full disk refuses writes, serves reads and heals by itself, whichever write it is", async () => {
  for (let free = 0; free < 400; free += 7) {
    const { disk, server } = await begun();
    run(server, "SET", "before", "1");
    disk.freeBytes = free;
    let acknowledged = 0;
    let held = 0;
    for (let i = 0; i < 12; i++) {
      let isOut = false;
      let reply = "";
      server.turn(() => reply = server.execute(["INCR", "counter"]), () => {
        isOut = true;
        if (reply.startsWith(":")) acknowledged++;
      });
      if (!isOut) held++;
      else if (reply.startsWith("-")) {
        assertEquals(
          reply,
          "-MISCONF Errors writing to the AOF file: No space left on device\r\n",
        );
        assertEquals(run(server, "GET", "before"), { reply: "$1\r\n1\r\n", isHeld: false });
        assertMatch(run(server, "PING").reply, /^-MISCONF/);
      }
    }
    assertEquals(held, 1, `${free} bytes: only the turn that failed waits`);
    // What is in the file ends with a whole command.
    const halfway = await reloadedCopy(disk);
    assert(!halfway.log.includes("Truncating"), `${free} bytes: ${halfway.log}`);
    disk.freeBytes = Infinity;
    server.clock.advance(100);
    server.tick();
    assert(server.log.messages().some((line) => line.includes("Redis can write again")));
    const { reply, isHeld } = run(server, "INCR", "counter");
    assertEquals([reply, isHeld], [`:${acknowledged + 1}\r\n`, false]);
    const { digest } = server;
    server.end();
    assertEquals((await reloaded(disk)).digest, digest, `${free} bytes`);
  }
});

async function reloadedCopy(disk: SimulatedDisk): Promise<{ digest: string; log: string }> {
  const copy = new SimulatedDisk(2);
  for (const [path, bytes] of disk.contents()) copy.place(path, bytes);
  return await reloaded(copy);
}

Deno.test("with always nothing is acknowledged after a failed sync or write, and the server ends", async () => {
  for (let fails = 1; fails < 12; fails++) {
    const { disk, server } = await begun({ ...OPTIONS, policy: "always" });
    disk.failSyncIn = fails;
    let acknowledged = 0;
    for (let i = 0; i < 15; i++) {
      server.turn(() => server.execute(["INCR", "counter"]), () => acknowledged++);
      disk.finishSyncs();
      await breathe();
    }
    assertEquals(acknowledged, fails - 1);
    assertMatch(server.failure ?? "", /could not be synced: Input\/output error/);
    server.end();
  }
  const { disk, server } = await begun({ ...OPTIONS, policy: "always" });
  disk.freeBytes = 10;
  assertEquals(run(server, "SET", "key", "value").isHeld, true);
  assertMatch(server.failure ?? "", /^Can't recover from AOF write error/);
  server.end();
});

Deno.test("with always the replies of reads wait as well while a write is not on the disk", async () => {
  const { disk, server } = await begun({ ...OPTIONS, policy: "always" });
  let isOut = false;
  server.turn(() => server.execute(["SET", "key", "value"]), () => isOut = true);
  let isRead = false;
  server.turn(() => server.execute(["GET", "key"]), () => isRead = true);
  assertEquals([isOut, isRead], [false, false]);
  disk.finishSyncs();
  await breathe();
  assertEquals([isOut, isRead], [true, true]);
  assertEquals(run(server, "GET", "key").isHeld, false);
  server.end();
});

Deno.test("turns that end while a sync runs share the next one", async () => {
  const { disk, server } = await begun({ ...OPTIONS, policy: "always" });
  const out: number[] = [];
  for (let i = 0; i < 5; i++) {
    server.turn(() => server.execute(["SET", "key", String(i)]), () => out.push(i));
  }
  const before = disk.operations;
  assertEquals(disk.finishSyncs(), 1);
  await breathe();
  assertEquals(out, [0]);
  assertEquals(disk.finishSyncs(), 1);
  await breathe();
  assertEquals(out, [0, 1, 2, 3, 4]);
  // The end of the first, begin and end of the second.
  assertEquals(disk.operations - before, 3);
  server.end();
});

Deno.test("DEBUG AOF-FLUSH-SLEEP keeps replies back as a slow disk would", async () => {
  const { server } = await begun();
  server.engine.context.switches.aofFlushSleepMs = 500;
  const startMs = server.clock.monotonicMs();
  let repliedMs = 0;
  server.turn(() => server.execute(["INCR", "a"]), () => repliedMs = server.clock.monotonicMs());
  assertEquals(repliedMs - startMs, 500);
  run(server, "GET", "a");
  assertEquals(server.clock.monotonicMs() - startMs, 500, "a turn that writes nothing");
  server.end();
});

Deno.test("with everysec a failed sync refuses writes until a new base and increment are there", async () => {
  const { disk, server } = await begun();
  run(server, "SET", "key", "value");
  server.clock.advance(1000);
  server.tick();
  disk.failSyncIn = 1;
  disk.finishSyncs();
  await breathe();
  assertMatch(run(server, "SET", "key", "other").reply, /^-MISCONF .*Input\/output error/);
  assertEquals(run(server, "GET", "key").reply, "$5\r\nvalue\r\n");
  server.tick();
  await settled(disk, server);
  assertEquals(run(server, "SET", "key", "other").reply, "+OK\r\n");
  assertEquals(server.appendOnly.manifest.base?.seq, 2);
  const { digest } = server;
  server.end();
  assertEquals((await reloaded(disk)).digest, digest);
});

Deno.test("a rewrite that fails leaves everything loadable, no files, and ever longer waits", async () => {
  const { disk, server } = await begun();
  for (let i = 0; i < 8; i++) {
    run(server, "SET", `key${i}`, "x".repeat(50));
    disk.freeBytes = 250;
    run(server, "BGREWRITEAOF");
    await settled(disk, server);
    disk.freeBytes = Infinity;
    assertEquals(server.appendOnly.figures.lastRewriteStatus, "err", `round ${i}`);
    const copy = await reloadedCopy(disk);
    assertEquals(copy.digest, server.digest);
    assert(![...disk.contents().keys()].some((path) => path.includes("temp-")));
  }
  assertEquals(server.appendOnly.figures.consecutiveFailures, 8);
  run(server, "BGREWRITEAOF");
  await settled(disk, server);
  assertEquals(server.appendOnly.figures.lastRewriteStatus, "ok");
  assertEquals(server.appendOnly.manifest.increments.length, 1);
  const { digest } = server;
  server.end();
  assertEquals((await reloaded(disk)).digest, digest);
});

Deno.test("the append-only file is switched off and on again while the server runs", async () => {
  const { disk, server } = await begun();
  run(server, "SET", "key", "1");
  server.config.set([["appendonly", "no"]]);
  assertEquals(server.appendOnly.figures.isOn, false);
  run(server, "SET", "unlogged", "1");
  server.config.set([["appendonly", "yes"]]);
  run(server, "SET", "during", "1");
  await settled(disk, server);
  run(server, "SET", "after", "1");
  const { digest } = server;
  server.appendOnly.closeAtEnd(false);
  server.end();
  assertEquals((await reloaded(disk)).digest, digest);
});

Deno.test("the old single file of Redis before 7 is taken over", async () => {
  const disk = new SimulatedDisk(1);
  const old = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
  disk.place("/data/appendonly.aof", new TextEncoder().encode(old));
  const server = new SimulatedServer(disk, 1, OPTIONS);
  await server.start();
  assertEquals(run(server, "GET", "key").reply, "$5\r\nvalue\r\n");
  assertEquals(disk.stat("/data/appendonly.aof"), null);
  assertEquals(server.appendOnly.manifest.base?.name, "appendonly.aof");
  run(server, "SET", "key", "new");
  const { digest } = server;
  server.end();
  assertEquals((await reloaded(disk)).digest, digest);
});

Deno.test("a command that nobody knows ends loading", async () => {
  const disk = new SimulatedDisk(1);
  disk.place("/data/appendonly.aof", new TextEncoder().encode("*1\r\n$3\r\nFOO\r\n"));
  const server = new SimulatedServer(disk, 1, OPTIONS);
  await assertRejects(() => server.start(), Error, "Unknown command 'FOO' reading");
  server.end();
});

Deno.test("each rewrite goes on in an increment of its own, as redis-server numbers them", async () => {
  const { disk, server } = await begun();
  for (const seq of [2, 3]) {
    run(server, "BGREWRITEAOF");
    await settled(disk, server);
    assertEquals(server.appendOnly.manifest, {
      base: { name: `appendonly.aof.${seq}.base.rdb`, seq },
      increments: [{ name: `appendonly.aof.${seq}.incr.aof`, seq }],
      history: [],
    });
  }
  server.end();
});

Deno.test("DEBUG LOADAOF has the same data", async () => {
  const { disk, server } = await begun();
  run(server, "RPUSH", "list", "a", "b");
  const { digest } = server;
  server.appendOnly.reload();
  assertEquals(server.digest, digest);
  run(server, "RPUSH", "list", "c");
  const after = server.digest;
  server.end();
  assertEquals((await reloaded(disk)).digest, after);
});

Deno.test("DEBUG LOADAOF loads what BGREWRITEAOF wrote while the append-only file is off", async () => {
  const { disk, server } = await begun({ ...OPTIONS, config: { appendonly: "no" } });
  run(server, "RPUSH", "list", "a", "b");
  const { digest } = server;
  const refused = assertThrows(() => server.appendOnly.reload());
  assert(refused instanceof CommandError);
  assertMatch(refused.text, /^ERR Error trying to load the AOF files/);
  assertEquals(server.digest, digest);
  run(server, "BGREWRITEAOF");
  await settled(disk, server);
  assertEquals(run(server, "SET", "later", "1").reply, "+OK\r\n");
  server.appendOnly.reload();
  assertEquals([server.digest, server.failure], [digest, null]);
  // It is off as before, and whoever switches it on finds the directory free.
  run(server, "SET", "later", "2");
  assertEquals(server.appendOnly.figures.isOn, false);
  run(server, "CONFIG", "SET", "appendonly", "yes");
  await settled(disk, server);
  const after = server.digest;
  server.end();
  assertEquals((await reloaded(disk)).digest, after);
});

Deno.test("a file that is switched on within a transaction holds all of it, once", async () => {
  const { disk, server } = await begun({ ...OPTIONS, config: { appendonly: "no" } });
  for (
    const words of ["MULTI", "INCR n", "CONFIG SET appendonly yes", "INCR n", "EXEC", "INCR n"]
  ) {
    run(server, ...words.split(" "));
  }
  assertMatch(server.log.messages().join("\n"), /AOF was enabled during a transaction/);
  server.tick();
  await settled(disk, server);
  run(server, "INCR", "n");
  const { digest } = server;
  server.end();
  assertEquals((await reloaded(disk)).digest, digest);
});

Deno.test("DEBUG LOADAOF tells those who watch that their keys were emptied", async () => {
  const { server } = await begun();
  run(server, "SET", "key", "1");
  run(server, "WATCH", "key");
  server.appendOnly.reload();
  run(server, "MULTI");
  run(server, "GET", "key");
  assertEquals(run(server, "EXEC").reply, "*-1\r\n");
  server.end();
});

Deno.test("BGREWRITEAOF leaves alone the files of a server that appends to them", async () => {
  const { disk, server } = await begun();
  const other = new SimulatedServer(disk, 2, { ...OPTIONS, config: { appendonly: "no" } });
  await other.start();
  run(server, "SET", "key", "1");
  assertMatch(run(other, "BGREWRITEAOF").reply, /^-ERR Can't execute an AOF background rewriting/);
  assertMatch(other.log.messages().at(-1) ?? "", /Another server uses the append-only file/);
  server.end();
  // The other one has given the files back, and gives them back itself when it is done.
  assertEquals(run(other, "BGREWRITEAOF").reply[0], "+");
  await settled(disk, other);
  const third = new SimulatedServer(disk, 3, OPTIONS);
  await third.start();
  assertEquals(third.failure, null);
  for (const ended of [other, third]) ended.end();
});

Deno.test("what was appended before the file was switched on is removed where it comes to nothing", async () => {
  for (const fails of [true, false]) {
    const { disk, server } = await begun({ ...OPTIONS, config: { appendonly: "no" } });
    const temporary = () => [...disk.contents().keys()].filter((path) => path.includes("temp-"));
    run(server, "SET", "key", "x".repeat(500));
    run(server, "CONFIG", "SET", "appendonly", "yes");
    assertEquals(temporary().some((path) => path.endsWith(".incr")), true);
    if (fails) {
      disk.freeBytes = 100;
      await settled(disk, server);
    } else run(server, "CONFIG", "SET", "appendonly", "no");
    assertEquals(temporary(), [], `fails: ${fails}`);
    const log = server.log.messages().join("\n");
    assertMatch(log, /Removing the temp incr aof file temp-appendonly\.aof\.incr/);
    if (fails) {
      disk.freeBytes = Infinity;
      server.tick();
      await settled(disk, server);
      const { digest } = server;
      server.end();
      assertEquals((await reloaded(disk)).digest, digest);
    } else server.end();
  }
});

Deno.test("aof-disable-auto-gc keeps what rewrites have replaced until it is taken back", async () => {
  const { disk, server } = await begun({ ...OPTIONS, config: { "aof-disable-auto-gc": "yes" } });
  for (let i = 0; i < 2; i++) {
    run(server, "BGREWRITEAOF");
    await settled(disk, server);
  }
  const { history } = server.appendOnly.manifest;
  assertEquals(history.map(({ name }) => name.slice("appendonly.aof.".length)), [
    "2.incr.aof",
    "2.base.rdb",
    "1.incr.aof",
    "1.base.rdb",
  ]);
  const kept = () =>
    history.filter(({ name }) => disk.stat(`/data/appendonlydir/${name}`) !== null);
  assertEquals(kept().length, 4);
  server.appendOnly.reload();
  assertEquals(kept().length, 4, "a start does not remove them either");
  run(server, "CONFIG", "SET", "aof-disable-auto-gc", "no");
  assertEquals([kept().length, server.appendOnly.manifest.history.length], [0, 0]);
  server.end();
});

Deno.test("DEBUG LOADAOF before the first base is begun has the data of the files as they were", async () => {
  const { disk, server } = await begun();
  run(server, "SET", "old", "1");
  const { digest } = server;
  run(server, "CONFIG", "SET", "appendonly", "no");
  server.jobs.begin("rdb");
  run(server, "SET", "new", "1");
  run(server, "CONFIG", "SET", "appendonly", "yes");
  server.appendOnly.reload();
  assertEquals(server.digest, digest);
  server.jobs.end();
  run(server, "SET", "later", "1");
  server.tick();
  await settled(disk, server);
  const after = server.digest;
  server.end();
  assertEquals((await reloaded(disk)).digest, after);
});
