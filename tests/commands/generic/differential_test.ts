/**
 * The same random commands to our engine and to a real server: replies byte for byte, keyspace
 * events, and what is propagated against what the real one writes to its append-only file.
 *
 * The clocks of the two can't be set alike, so times are absolute and far away, or in the past.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Session } from "../../../lib/engine/session.ts";
import { type Reply, ReplyDecoder } from "../../../lib/resp/reply_decoder.ts";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { type Argument, connect, type RespClient, show } from "../../support/resp_client.ts";
import { Random, seed } from "../../unit/bytes/random.ts";

const COMMANDS_PER_RUN = 1500;
const DATABASES = 2;

const keys = ["a", "b", "c", "d", "e", "", "key:1", "key:2", "K\xff\0\r\n"].map(bytes);
const values = ["", "1", "-7", "9999", "10000", "text", "x".repeat(44), "x".repeat(45)];
values.push("y".repeat(1100), "z".repeat(70_000), "9223372036854775807", "007");
const milliseconds = ["4000000000000", "4000000000001", "9223372036854775807", "1", "0", "-1"];
milliseconds.push("9223372036854775806", "4503599627370497", "18014398509481985", "abc", "");
milliseconds.push("-9223372036854775808", "9223372036854775808", "01", "1.5", "-0");
const seconds = ["4000000000", "9223372036854775", "9223372036854776", "0", "-5", "9007199254741"];
seconds.push("9007199254740993", "-9223372036854775", "-9223372036854776", "nan", " 1");
const elapsed = ["0", "-1", "-100000", "9223372036854775807", "-9223372036854775808", "x"];
const conditions = ["NX", "xx", "Gt", "LT", "nope", ""];
const patterns = ["*", "**", "", "?", "key:*", "[a-c]", "[^a]", "\\a", "k*", "*:2", "[", "*\xff*"];
const databases = ["0", "1", "1", "15", "16", "-1", "x", "2147483648", ""];

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function randomCommand(random: Random): Argument[] {
  const key = () => random.pick(keys);
  const some = (items: string[], most: number) =>
    Array.from({ length: random.below(most + 1) }, () => random.pick(items));
  const several = () => Array.from({ length: 1 + random.below(3) }, key);
  switch (random.below(22)) {
    case 0:
    case 1:
    case 2:
      return ["SET", key(), random.pick(values)];
    case 3:
      return [random.pick(["DEL", "UNLINK", "EXISTS", "TOUCH"]), ...several()];
    case 4:
      return [random.pick(["TYPE", "GET", "EXPIRETIME", "PEXPIRETIME"]), key()];
    case 5:
    case 6:
      return ["PEXPIRETIME", key()];
    case 7:
      return ["RENAME", key(), key()];
    case 8:
      return ["RENAMENX", key(), key()];
    case 9:
      return ["MOVE", key(), random.pick(databases)];
    case 10:
      return ["COPY", key(), key(), ...some(["REPLACE", "DB", "1", "0", "db", "what"], 3)];
    case 11:
      return ["COPY", key(), key(), "DB", random.pick(databases), ...some(["replace"], 1)];
    case 12:
    case 13:
    case 14:
      return ["PEXPIREAT", key(), random.pick(milliseconds), ...some(conditions, 2)];
    case 15:
    case 16:
      return ["EXPIREAT", key(), random.pick(seconds), ...some(conditions, 2)];
    case 17: {
      const name = random.pick(["EXPIRE", "PEXPIRE", "expire"]);
      return [name, key(), random.pick(elapsed), ...some(conditions, 1)];
    }
    case 18:
      return ["PERSIST", key()];
    case 19:
      return ["OBJECT", random.pick(["ENCODING", "encoding", "FREQ", "nope"]), ...several()];
    case 20:
      return ["KEYS", bytes(random.pick(patterns))];
    default:
      return ["SCAN", "0", "COUNT", "1000", ...scanOptions(random)];
  }
}

function scanOptions(random: Random): Argument[] {
  switch (random.below(5)) {
    case 0:
      return ["MATCH", bytes(random.pick(patterns))];
    case 1:
      return ["TYPE", random.pick(["string", "STRING", "list", "nothing"])];
    case 2:
      return [random.pick(["COUNT", "MATCH", "WHAT"])];
    case 3:
      return ["COUNT", random.pick(["0", "-1", "x", "9223372036854775807"])];
    default:
      return [];
  }
}

/** The bytes of a reply; lists of keys come in no order, so they are put in one. */
function comparable(command: Argument[], reply: Uint8Array): string {
  if (command[0] !== "KEYS" && command[0] !== "SCAN") return latin1(reply);
  const decoder = new ReplyDecoder();
  decoder.feed(reply);
  const decoded = decoder.next();
  return decoded === undefined ? "nothing" : sorted(decoded).join("\n");
}

function sorted(reply: Reply): string[] {
  if (reply.kind !== "array" || reply.items === null) return [show(reply)];
  return reply.items.flatMap((item) => item.kind === "array" ? sorted(item) : [show(item)]).sort();
}

/** What a server wrote to its append-only file, as the harness writes down effects. */
function readEffects(directory: string): string[] {
  const folder = `${directory}/appendonlydir`;
  const file = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".incr.aof"));
  const content = Deno.readFileSync(`${folder}/${file?.name}`);
  const effects: string[] = [];
  let db = "";
  for (const args of commandsIn(content)) {
    if (args[0] === "SELECT") db = args[1] === "0" ? "" : `db${args[1]}: `;
    else effects.push(db + args.join(" "));
  }
  return effects;
}

function commandsIn(content: Uint8Array): string[][] {
  const decoder = new ReplyDecoder();
  decoder.feed(content);
  const commands: string[][] = [];
  for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
    if (reply.kind !== "array" || reply.items === null) throw new Error("not a command");
    commands.push(reply.items.map((item) => {
      if (item.kind !== "bulk" || item.bytes === null) throw new Error("not an argument");
      return latin1(item.bytes);
    }));
  }
  return commands;
}

/** The events that a subscriber was sent, up to the one for the key `end`. */
async function readEvents(subscriber: RespClient): Promise<string[]> {
  const events: string[] = [];
  for (;;) {
    const push = await subscriber.nextPush();
    if (push.kind !== "push") throw new Error("not a push");
    const words = push.items.map((item) =>
      item.kind === "bulk" && item.bytes !== null ? latin1(item.bytes) : ""
    );
    if (words[0] !== "pmessage") continue;
    if (words[3] === "end") return events;
    events.push(`${words[2].replace(/^.*__:/, "")} ${words[3]}`);
  }
}

for (const protocol of [2, 3] as const) {
  needs(
    "redis-server",
    `generic commands reply, notify and propagate as Redis does (RESP${protocol})`,
    async () => {
      const random = new Random(seed());
      const args = ["--appendonly", "yes", "--notify-keyspace-events", "EAnm"];
      await using server = await startRedis({ args });
      await using subscriber = await connect(server.port, { resp: 3 });
      await subscriber.write("PSUBSCRIBE", "__keyevent@*__:*");
      const redis = new EngineHarness({ protocol });
      const { store, keyspace } = redis.engine.context;
      store.state.observesMisses = true;
      store.state.observesNewKeys = true;
      keyspace.announcesNewKeys = true;
      const clients: RespClient[] = [];
      const sessions: Session[] = [];
      for (let db = 0; db < DATABASES; db++) {
        clients.push(await connect(server.port, { resp: protocol }));
        await clients[db].send("SELECT", db);
        sessions.push(redis.newSession(protocol));
        sessions[db].db = redis.engine.context.store.databases[db];
      }
      const history: string[] = [];
      for (let i = 0; i < COMMANDS_PER_RUN; i++) {
        const command = randomCommand(random);
        const db = random.below(DATABASES);
        history.push(`db${db}: ${command.map(shown).join(" ")}`);
        const theirs = clients[db].rawReplies(1);
        await clients[db].write(...command);
        const ours = redis.bytesTo(sessions[db], ...command);
        assertEquals(
          comparable(command, ours),
          comparable(command, (await theirs)[0]),
          history.slice(-30).join("\n"),
        );
      }
      await clients[0].send("SET", "end", "");
      const events = await readEvents(subscriber);
      assertGreater(events.length, COMMANDS_PER_RUN / 10);
      assertEquals(redis.events, events);
      assertEquals([...redis.effects, "SET end "], readEffects(server.directory));
      for (const client of clients) client.close();
    },
  );
}

function shown(argument: Argument): string {
  return JSON.stringify(argument instanceof Uint8Array ? latin1(argument) : String(argument))
    .slice(0, 60);
}

for (const lazy of ["no", "yes"]) {
  needs(
    "redis-server",
    `relative times are propagated as Redis does (lazyfree-lazy-expire ${lazy})`,
    async () => {
      const script: Argument[][] = [
        ["SET", "k", "v"],
        ["EXPIRE", "k", 100, "nx"],
        ["EXPIRE", "k", 200, "GT", "XX"],
        ["EXPIRE", "k", 100, "GT"],
        ["PEXPIRE", "k", 300_000],
        ["pexpire", "k", 300_000, "Lt"],
        ["EXPIREAT", "k", 4_000_000_000],
        ["pexpireat", "k", "4000000000000"],
        ["RENAME", "k", "l"],
        ["COPY", "l", "k"],
        ["PERSIST", "l"],
        ["EXPIRE", "l", -1],
        ["PEXPIREAT", "k", 1],
        ["SET", "k", "v"],
        ["EXPIREAT", "k", 0, "LT"],
      ];
      const config = { "lazyfree-lazy-expire": lazy };
      const ours = tracesOfEngine(script, [], config);
      assertEquals(ours, await tracesOfRedis(script, [], config));
      assertEquals(ours.effects.length, script.length - 2);
    },
  );
}
