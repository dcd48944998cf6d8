/** Messages and keyspace events against those of a real redis-server. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { connect } from "../../support/resp_client.ts";
import { compareSchedule, Sessions, type Step } from "../../support/several_connections.ts";
import { runnableCommands, Workload } from "../../support/workload.ts";
import { Draw } from "../../support/workload/draw.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_SCHEDULES") ?? 100);
const STEPS = 60;
const COMMANDS = 4_000;
const ALL_EVENTS = { "notify-keyspace-events": "KEAmn" };

function firstSeed(): number {
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  return seed;
}

needs("redis-server", "subscribers are sent what redis-server sends", async () => {
  await using redis = await startRedis({
    debug: true,
    args: ["--notify-keyspace-events", "KEAmn"],
  });
  await using control = await connect(redis.port);
  await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  const first = firstSeed();
  for (let i = 0; i < SCHEDULES; i++) {
    await control.send("FLUSHALL");
    const draw = new Draw(first + i);
    const steps = Array.from({ length: STEPS }, () => step(draw));
    assertEquals(
      await compareSchedule(redis.port, [2, 2, 3, 3], steps, ALL_EVENTS),
      null,
      `REDINO_SEED=${first + i} REDINO_SCHEDULES=1`,
    );
  }
});

const CHANNELS = ["a1", "a2", "b1", "__keyevent@0__:set", "__keyevent@0__:expired"];
const PATTERNS = ["a*", "b?", "__keyspace@0__:k*", "c[x"];

/** Connections 0 and 3 send, 1 and 2 listen; no channel matches two of the patterns. */
function step(draw: Draw): Step {
  if (draw.oneIn(2)) {
    const connection = draw.pick([0, 3]);
    const key = () => draw.pick(["k1", "k2", "other"]);
    const choices: string[][] = [
      ["PUBLISH", draw.pick(CHANNELS), draw.string()],
      ["PUBLISH", draw.pick(CHANNELS), draw.string()],
      ["SPUBLISH", draw.pick(CHANNELS), draw.string()],
      ["PUBSUB", "NUMSUB", ...CHANNELS],
      ["PUBSUB", "SHARDNUMSUB", ...CHANNELS],
      ["PUBSUB", "NUMPAT"],
      ["PUBSUB", "CHANNELS"],
      ["PUBSUB", "CHANNELS", "a*"],
      ["PUBSUB", "SHARDCHANNELS"],
      ["SET", key(), "1"],
      ["SET", key(), "1", "PXAT", "1"],
      ["GET", key()],
      ["DEL", key()],
      ["RENAME", key(), key()],
      ["MULTI"],
      ["EXEC"],
      ["EXEC"],
    ];
    const words = draw.pick(choices);
    return { connection, words, anyOrder: words[1]?.endsWith("CHANNELS") || words[0] === "EXEC" };
  }
  const connection = draw.pick([1, 2]);
  const [how, names] = draw.pick([
    ["SUBSCRIBE", CHANNELS] as const,
    ["PSUBSCRIBE", PATTERNS] as const,
    ["SSUBSCRIBE", CHANNELS] as const,
  ]);
  const chosen = Array.from({ length: 1 + draw.below(3) }, () => draw.pick(names));
  switch (draw.below(6)) {
    case 0:
      return { connection, words: [how.replace("SUB", "UNSUB")], anyOrder: true };
    case 1:
      return { connection, words: [how.replace("SUB", "UNSUB"), ...chosen] };
    case 2:
      return { connection, words: draw.pick([["PING"], ["PING", "x"], ["NOSUCH"], ["GET"]]) };
    case 3:
      return connection === 1 ? { connection, words: ["RESET"] } : { connection, words: ["PING"] };
    default:
      return { connection, words: [how, ...chosen] };
  }
}

needs("redis-server", "random commands have redis-server's events", async () => {
  await using redis = await startRedis({
    debug: true,
    args: ["--notify-keyspace-events", "KEAmn"],
  });
  await using worker = await connect(redis.port);
  await worker.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await using listener = await connect(redis.port, { resp: 3 });
  await listener.write("PSUBSCRIBE", "*");
  await listener.rawPush();
  const seed = firstSeed();
  const names = runnableCommands()
    .filter(({ name, group }) => GROUPS.includes(group) && !OWN_ORDER.includes(name))
    .map(({ name }) => name);
  const workload = new Workload(seed, names);
  const ours = new Sessions([2, 3], ALL_EVENTS);
  ours.run(1, "PSUBSCRIBE", "*");
  ours.take();
  for (let done = 0; done < COMMANDS; done++) {
    const words = workload.next();
    // A write that fails may have made the string longer: a change here, and none for redis-server.
    if (words.some((word) => word.toUpperCase() === "FAIL")) continue;
    ours.run(0, ...words);
    const [, wanted] = ours.take();
    await worker.send(...words.map(fromLatin1));
    await worker.send("PUBLISH", END, "");
    let found = "";
    for (;;) {
      const push = latin1(await listener.rawPush());
      if (push.includes(END)) break;
      found += push;
    }
    assertEquals(eventsOf(wanted), eventsOf(found), `${JSON.stringify(words)}, seed ${seed}`);
  }
});

const END = "end-of-command";
const GROUPS = "string generic bitmap list hyperloglog hash set sorted-set geo".split(" ");
/** What picks by chance, or looks keys up in the order of a set's members. */
const OWN_ORDER = ["SPOP", "SORT", "SORT_RO"];

/** A frame a line, for a report that people can read. */
function eventsOf(bytes: string): string[] {
  return bytes.split(">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n").map((text) =>
    text.replaceAll("\r\n", " ")
  );
}
