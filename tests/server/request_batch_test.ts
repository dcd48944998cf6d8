/** Requests of several clients that arrived together: their order, and what one does to the others. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Session } from "../../lib/engine/session.ts";
import { Request } from "../../lib/resp/request.ts";
import { RequestParser } from "../../lib/resp/request_parser.ts";
import { RequestBatch, type Runner, type Sender } from "../../lib/server/request_batch.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { SilentLink } from "../support/silent_link.ts";

class Client implements Sender {
  readonly parser: RequestParser = new RequestParser({ maxBulkBytes: 1e6 });
  readonly failures: unknown[] = [];
  /** How often all that was sent had been run. */
  rounds = 0;

  constructor(readonly session: Session) {}

  send(...lines: string[]): void {
    for (const line of lines) {
      const words = line.split(" ").map((word) => `$${word.length}\r\n${word}\r\n`);
      this.parser.feed(fromLatin1(`*${words.length}\r\n${words.join("")}`));
    }
  }

  ran(): void {
    this.rounds++;
  }

  failed(error: unknown): void {
    this.failures.push(error);
    this.session.closing = true;
  }

  get replies(): string {
    const { reply } = this.session;
    return latin1(reply.buffer, 0, reply.length);
  }
}

function clients(engine: EngineHarness["engine"], count: number): Client[] {
  return Array.from({ length: count }, () => new Client(engine.openSession()));
}

Deno.test("requests of many clients are run in the order in which they came", () => {
  const { engine } = new EngineHarness();
  const senders = clients(engine, 40);
  senders.forEach((sender, i) => {
    // Some send more than there is room for at once, some nothing that is complete.
    const count = i % 7 === 3 ? 50 : i % 5 === 0 ? 0 : 2;
    for (let n = 0; n < count; n++) sender.send(`APPEND key ${i}.${n},`);
  });
  const expected = senders.flatMap((_, i) =>
    Array.from({ length: i % 7 === 3 ? 50 : i % 5 === 0 ? 0 : 2 }, (_, n) => `${i}.${n},`)
  ).join("");
  new RequestBatch(engine).run(senders);
  const [reader] = clients(engine, 1);
  reader.send("GET key");
  new RequestBatch(engine).run([reader]);
  assertEquals(reader.replies, `$${expected.length}\r\n${expected}\r\n`);
  assertEquals(senders.map(({ rounds }) => rounds), senders.map(() => 1));
});

Deno.test("what one has selected does not concern the next", () => {
  const { engine } = new EngineHarness();
  const [one, other] = clients(engine, 2);
  one.send("SELECT 3", "SET key three", "GET key");
  other.send("SET key none", "GET key");
  new RequestBatch(engine).run([one, other]);
  one.send("GET key");
  other.send("GET key");
  new RequestBatch(engine).run([one, other]);
  const ok = "+OK\r\n";
  assertEquals(one.replies, `${ok}${ok}$5\r\nthree\r\n$5\r\nthree\r\n`);
  assertEquals(other.replies, `${ok}$4\r\nnone\r\n$4\r\nnone\r\n`);
});

Deno.test("who waits is passed over, and goes on where it stopped", () => {
  const { engine } = new EngineHarness();
  const [waiting, pushing] = clients(engine, 2);
  waiting.session.link = new SilentLink(engine.context.sessions, waiting.session, "");
  const batch = new RequestBatch(engine);
  waiting.send("PING", "BLPOP list 0", "PING");
  pushing.send("PING", "PING");
  batch.run([waiting, pushing]);
  assertEquals([waiting.replies, waiting.session.parked], ["+PONG\r\n", true]);
  assertEquals(pushing.replies, "+PONG\r\n+PONG\r\n");
  pushing.send("LPUSH list a");
  batch.run([waiting, pushing]);
  engine.serveWaiting();
  waiting.session.parked = false;
  batch.run([waiting]);
  assertEquals(waiting.replies, "+PONG\r\n*2\r\n$4\r\nlist\r\n$1\r\na\r\n+PONG\r\n");
});

Deno.test("a failure costs the one that caused it its other requests, and nobody else", () => {
  const { engine } = new EngineHarness();
  const [before, failing, behind] = clients(engine, 3);
  const runner: Runner = {
    executeAll(session, requests, from, to) {
      for (let i = from; i < to; i++) {
        if (requests[i].text(0) === "BOOM") throw new Error("boom");
        engine.execute(session, requests[i]);
      }
      return to;
    },
  };
  before.send("PING");
  failing.send("PING", "BOOM", "PING");
  behind.send("PING", "PING");
  new RequestBatch(runner).run([before, failing, behind]);
  const pong = "+PONG\r\n";
  assertEquals([before, failing, behind].map(({ replies }) => replies), [pong, pong, pong + pong]);
  assertEquals(failing.failures.map(String), ["Error: boom"]);
  assertEquals([before.rounds, failing.rounds, behind.rounds], [1, 1, 1]);
});

Deno.test("each request of a pipeline is run as what it names, however much it is like others", () => {
  const { engine } = new EngineHarness();
  const [piped, single] = clients(engine, 2);
  const lines = [
    ...["RPUSH list a", "LPUSH list b", "LPUSH list c", "RPUSH list d", "LLEN list", "LLEN list"],
    ...["HLEN list", "LLEN list", "LLEN none", "llen list", "lpop list", "lpop list", "rpop list"],
    // The same container with subcommands of one length.
    ...["SET key 1", "OBJECT ENCODING key", "OBJECT REFCOUNT key", "OBJECT FREQUENC key"],
    ...["CLIENT GETNAME", "CLIENT GETNAME", "CLIENT SETNAME", "CLIENT GETREDI"],
    // Refused, time and again: by name, by number of arguments, in MULTI.
    ...["NONE key", "NONE key", "GETS key", "GETX key", "LLEN a b", "LLEN a b", "HLEN a b"],
    ...["MULTI", "MULTI", "INCR key", "INCR key", "DECR key", "EXEC", "EXEC", "MULTI", "EXEC"],
  ];
  for (const line of lines) {
    single.send(line);
    new RequestBatch(engine).run([single]);
  }
  const [cleaner] = clients(engine, 1);
  cleaner.send("FLUSHALL");
  const batch = new RequestBatch(engine);
  batch.run([cleaner]);
  piped.send(...lines);
  batch.run([piped]);
  assertEquals(piped.replies, single.replies);
  assertEquals(piped.replies.split("-ERR unknown command").length, 5);
});

Deno.test("a request that is like the one before is not taken for what was run in between", () => {
  const { engine } = new EngineHarness();
  const [loading, other] = clients(engine, 2);
  const runner: Runner = {
    executeAll(session, requests, from, to) {
      for (let i = from; i < to; i++) {
        // As DEBUG LOADAOF runs requests of another session within one.
        engine.execute(other.session, Request.from(["SET", "key", "value"]));
        engine.executeAll(session, requests, i, i + 1);
      }
      return to;
    },
  };
  loading.send("LLEN list", "LLEN list", "LLEN list");
  new RequestBatch(runner).run([loading]);
  assertEquals(loading.replies, ":0\r\n".repeat(3));
});
