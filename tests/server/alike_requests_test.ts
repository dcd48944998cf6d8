/**
 * Pipelines of requests that repeat each other's command and key, which are run in one go: whatever stands in
 * them, they do what they would do one by one.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { AlikeRunner } from "../../lib/engine/alike_run.ts";
import type { Command } from "../../lib/engine/command.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { Request } from "../../lib/resp/request.ts";
import { RequestParser } from "../../lib/resp/request_parser.ts";
import { RequestBatch, type Sender } from "../../lib/server/request_batch.ts";
import { ArenaFullError } from "../../lib/structures/arena.ts";
import { EngineHarness, type HarnessOptions } from "../support/engine_harness.ts";

type Words = readonly string[];

/** How many requests each command has run in one go. */
const inOneGo = new Map<string, number>();

/** An engine behind a parser and a batch, as a connection has them. */
class PipedEngine {
  readonly harness: EngineHarness;
  private readonly batch: RequestBatch;
  private readonly sender: Sender;

  constructor(options: HarnessOptions) {
    this.harness = new EngineHarness(options);
    const { engine, session } = this.harness;
    for (const command of engine.registry.all()) watch(command);
    this.batch = new RequestBatch(engine);
    this.sender = {
      session,
      parser: new RequestParser({ maxBulkBytes: 1e6 }),
      ran: () => {},
      failed: (error) => {
        throw error;
      },
    };
  }

  /** Runs requests as one pipeline, or each by itself; what they were replied. */
  run(requests: readonly Words[], isPiped: boolean): string {
    const { engine, session } = this.harness;
    session.reply.length = 0;
    engine.beginTurn();
    for (const words of requests) {
      this.sender.parser.feed(fromLatin1(framed(words)));
      if (!isPiped) this.batch.run([this.sender]);
    }
    if (isPiped) this.batch.run([this.sender]);
    engine.endTurn();
    return latin1(session.reply.buffer, 0, session.reply.length);
  }

  /** All that was changed and counted. */
  get state(): unknown {
    const { engine, effects, events } = this.harness;
    const { stats, store } = engine.context;
    const calls = [...engine.registry.all()]
      .map(({ name, stats }) => [name, stats.calls, stats.failed, stats.rejected])
      .filter(([, calls, failed]) => calls !== 0 || failed !== 0);
    return {
      digest: this.harness.run("DEBUG", "DIGEST"),
      order: KEYS.map((key) => this.harness.run("LRANGE", key, "0", "-1")),
      frequencies: KEYS.map((key) => this.harness.run("OBJECT", "FREQ", key)),
      dirty: stats.dirty,
      found: [store.state.hits, store.state.misses],
      processed: stats.commandsProcessed,
      calls,
      effects,
      events,
    };
  }
}

/** Has the command count what it runs in one go. */
function watch(command: Command): void {
  const { runAlike, name } = command;
  if (runAlike === null) return;
  const counting: AlikeRunner = (call, from, to, requests) => {
    const next = runAlike(call, from, to, requests);
    inOneGo.set(name, (inOneGo.get(name) ?? 0) + next - from);
    return next;
  };
  Object.assign(command, { runAlike: counting });
}

const KEYS = ["a", "b", "list", "longer key"];
const NAMES = [
  ...["LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "LPOP", "RPOP", "LPOP", "RPOP", "LLEN"],
  ...["SADD", "SPOP", "SPOP", "ZADD", "ZADD", "ZPOPMIN", "ZPOPMAX", "ZRANGE", "ZRANGE"],
  ...["HSET", "HPEXPIRE", "SET", "DEL", "EXPIRE"],
];

function framed(words: Words): string {
  return `*${words.length}\r\n` + words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
}

const fields = Array.from({ length: 40 }, (_, i) => `field${i + 10}`);

/** Some requests of one command and key, with values of their own, most of one length. */
function alike(random: SeededRandom): Words[] {
  const name = NAMES[random.below(NAMES.length)];
  // Mostly a key of the command's own type, so that there is something to work on.
  const own = name.startsWith("Z") ? "b" : name.startsWith("H") ? "longer key" : undefined;
  const usual = own ?? (name === "SADD" || name === "SPOP" ? "a" : "list");
  const key = random.below(4) > 0 ? usual : KEYS[random.below(KEYS.length)];
  const length = random.below(12) === 0 ? 1 + random.below(9_000) : 2;
  const value = () => random.below(10 ** 6).toString(36).padStart(length, "x").slice(-length);
  const rank = () => random.below(40) === 0 ? "x" : `${random.below(9)}`;
  const more = random.below(8) === 0 ? 1 : 0;
  return Array.from({ length: 1 + random.below(40) }, () => {
    if (name.includes("PUSH")) return [name, key, value(), ...more === 1 ? [value()] : []];
    if (name.includes("POP")) {
      return more === 1 ? [name, key, String(random.below(4))] : [name, key];
    }
    if (name === "SADD" || name === "SET") return [name, key, value()];
    if (name === "ZADD") return [name, key, String(random.below(100)), value()];
    if (name === "HSET") return [name, key, fields[random.below(40)], value()];
    if (name === "ZRANGE") return [name, key, rank(), rank()];
    if (name === "HPEXPIRE") return [name, key, "500", "FIELDS", "1", fields[random.below(40)]];
    return name === "EXPIRE" ? [name, key, "1"] : [name, key];
  });
}

const MODES: Readonly<Record<string, HarnessOptions>> = {
  "by itself": { records: "nothing" },
  "with effects": { records: "effects" },
  "in RESP3": { records: "effects", protocol: 3 },
  "with events": { records: "effects and events" },
  "with access counted": {
    records: "nothing",
    config: { "maxmemory-policy": "allkeys-lfu" },
  },
  "with little memory": { records: "nothing", config: { maxmemory: "1mb" } },
  "with each call measured": { records: "nothing", config: { "slowlog-log-slower-than": "0" } },
};

/** Modes in which each request, or change, is seen by itself. */
const OBSERVED = [
  ...["with events", "with access counted", "with little memory", "with each call measured"],
];

for (const [mode, options] of Object.entries(MODES)) {
  Deno.test(`requests that repeat each other do what they would one by one, ${mode}`, () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const random = new SeededRandom(seed);
    inOneGo.clear();
    const [piped, single] = [new PipedEngine(options), new PipedEngine(options)];
    for (let round = 0; round < 1_000; round++) {
      const requests = Array.from({ length: 1 + random.below(4) }, () => alike(random)).flat();
      const replies = piped.run(requests, true).split("\r\n");
      const expected = single.run(requests, false).split("\r\n");
      const differs = replies.findIndex((line, i) => line !== expected[i]);
      const where = `seed ${seed}, round ${round}, line ${differs}`;
      assertEquals(replies[differs], expected[differs], where);
      const ms = random.below(400);
      for (const { harness } of [piped, single]) harness.clock.advance(ms);
    }
    assertEquals(piped.state, single.state, `seed ${seed}`);
    const names = [...piped.harness.engine.registry.all()].filter(({ runAlike }) =>
      runAlike !== null
    );
    const isEach = OBSERVED.includes(mode);
    for (const { name } of names) {
      const count = inOneGo.get(name) ?? 0;
      if (isEach) assertEquals(count, 0, name);
      else assertGreater(count, 0, `${name}, seed ${seed}`);
    }
  });
}

Deno.test("pushes that find no memory in the midst of a pipeline fail, and only those", () => {
  for (const name of ["LPUSH", "RPUSH"]) {
    const states = [true, false].map((isPiped) => {
      const piped = new PipedEngine({ records: "effects" });
      const { arena } = piped.harness.engine.context.store.databases[0];
      const allocate = arena.allocate.bind(arena);
      piped.run([[name, "list", "first"]], isPiped);
      let left = 2;
      arena.allocate = (size) => {
        if (left-- <= 0) throw new ArenaFullError();
        return allocate(size);
      };
      const pushes = Array.from(
        { length: 60 },
        (_, i) => [name, "list", `${i}`.padStart(900, "x")],
      );
      const replies = piped.run(pushes, isPiped);
      arena.allocate = allocate;
      return { replies, state: piped.state };
    });
    assertGreater(states[0].replies.split("-OOM").length, 2);
    assertEquals(states[0], states[1]);
  }
});

Deno.test("a client that waits for a list gets what the first push of a pipeline brings", () => {
  const piped = new PipedEngine({ records: "nothing" });
  const { harness } = piped;
  const waiting = harness.newClient();
  harness.send(waiting, "BLPOP", "list", "0");
  assertEquals(
    piped.run([["RPUSH", "list", "1"], ["RPUSH", "list", "2"], ["RPUSH", "list", "3"]], true),
    ":1\r\n:1\r\n:2\r\n",
  );
  assertEquals(harness.received(waiting), ['1) "list"\n2) "1"']);
  assertEquals(harness.run("LRANGE", "list", "0", "-1"), '1) "2"\n2) "3"');
});

Deno.test("a monitor sees each of the requests that repeat each other", () => {
  const piped = new PipedEngine({ records: "nothing" });
  const { harness } = piped;
  const monitor = harness.newClient();
  harness.send(monitor, "MONITOR");
  piped.run(Array.from({ length: 5 }, () => ["LPUSH", "list", "value"]), true);
  assertEquals(harness.received(monitor).filter((line) => line.includes("LPUSH")).length, 5);
});

Deno.test("who wants no replies gets none to requests that repeat each other", () => {
  const piped = new PipedEngine({ records: "nothing" });
  const push = ["RPUSH", "list", "value"];
  const requests = [push, push, ["CLIENT", "REPLY", "OFF"], push, push, push];
  assertEquals(piped.run([...requests, ["CLIENT", "REPLY", "ON"]], true), ":1\r\n:2\r\n+OK\r\n");
  assertEquals(piped.harness.run("LLEN", "list"), "(integer) 5");
});

Deno.test("a key that is found past its time by requests that repeat each other is removed at once", () => {
  const redis = new EngineHarness({ records: "effects" });
  const { engine, session, clock, effects } = redis;
  redis.run("RPUSH", "list", "value");
  redis.run("PEXPIRE", "list", 100);
  clock.advance(200);
  effects.length = 0;
  const pops = [Request.from(["LPOP", "list"]), Request.from(["LPOP", "list"])];
  // As where the first one took so long that the clock was read again.
  for (const pop of pops) pop.repeatsCommand = pop.repeatsKey = true;
  session.reply.length = 0;
  engine.beginTurn();
  engine.executeAll(session, pops, 0, 2);
  assertEquals(effects, ["DEL list"]);
  engine.endTurn();
  assertEquals(latin1(session.reply.buffer, 0, session.reply.length), "$-1\r\n$-1\r\n");
});

Deno.test("requests that repeat each other after another command are run by what they name", () => {
  const { engine, session } = new EngineHarness({ records: "nothing" });
  const push = (value: string) => Request.from(["RPUSH", "list", value]);
  const requests = [push("a"), push("b"), push("c"), Request.from(["LLEN", "list"])];
  for (const request of requests.slice(1, 3)) {
    request.repeatsCommand = true;
    request.repeatsKey = true;
  }
  engine.beginTurn();
  assertEquals(engine.executeAll(session, requests, 0, requests.length), requests.length);
  engine.endTurn();
  assertEquals(latin1(session.reply.buffer, 0, session.reply.length), ":1\r\n:2\r\n:3\r\n:3\r\n");
});
