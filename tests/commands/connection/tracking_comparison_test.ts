/** Client-side caching against a real redis-server: what each connection is sent, byte for byte. */

import { assertEquals } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { connect, type RespClient, show } from "../../support/resp_client.ts";
import { compareSchedule, Sessions, type Step } from "../../support/several_connections.ts";
import { runnableCommands, Workload } from "../../support/workload.ts";
import { Draw } from "../../support/workload/draw.ts";
import { SCRIPTS } from "./tracking_scripts.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_SCHEDULES") ?? 60);
const STEPS = 80;
const COMMANDS = Number(Deno.env.get("REDINO_COMMANDS") ?? 2_500);

function firstSeed(): number {
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  return seed;
}

/** A line of a script: which connection, then what it sends. */
function steps(script: string): Step[] {
  return script.trim().split("\n").map((line) => {
    const [connection, ...words] = line.trim().split(" ");
    return { connection: Number(connection), words: words.map((word) => word.replace("''", "")) };
  });
}

for (const [name, [protocols, script]] of Object.entries(SCRIPTS)) {
  needs("redis-server", `tracking, ${name}: as redis-server`, async () => {
    await using redis = await startRedis({ debug: true });
    await using control = await connect(redis.port);
    await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    assertEquals(await compareSchedule(redis.port, protocols, steps(script)), null);
  });
}

needs("redis-server", "random tracking is redis-server's", async () => {
  await using redis = await startRedis({ debug: true });
  await using control = await connect(redis.port);
  await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  const first = firstSeed();
  for (let i = 0; i < SCHEDULES; i++) {
    await control.send("FLUSHALL");
    const draw = new Draw(first + i);
    const start = { connection: 1, words: ["SUBSCRIBE", "__redis__:invalidate"] };
    assertEquals(
      await compareSchedule(redis.port, [3, 2, 2, 3], [
        start,
        ...Array.from({ length: STEPS }, () => step(draw)),
      ]),
      null,
      `REDINO_SEED=${first + i} REDINO_SCHEDULES=1`,
    );
  }
});

/** Connection 1 only listens, to what 2 has redirected. */
function step(draw: Draw): Step {
  const connection = draw.pick([0, 2, 3]);
  const key = () => draw.pick(["a1", "a2", "b1", "b2"]);
  const redirect = connection === 2 ? ["REDIRECT", "{1}"] : [];
  const choices: (() => string[])[] = [
    () => ["CLIENT", "TRACKING", "ON", ...redirect, ...modes(draw)],
    () => ["CLIENT", "TRACKING", "ON", ...redirect, ...modes(draw)],
    () => ["CLIENT", "TRACKING", "ON", ...redirect, ...(draw.oneIn(3) ? ["NOLOOP"] : [])],
    () => draw.oneIn(2) ? ["CLIENT", "TRACKING", "OFF"] : ["CLIENT", "TRACKINGINFO"],
    () => ["CLIENT", "CACHING", draw.pick(["YES", "NO"])],
    () => ["CLIENT", "CACHING", draw.pick(["YES", "NO"])],
    () => ["GET", key()],
    () => ["GET", key()],
    () => ["MGET", key(), key(), key()],
    () => ["MGET", key(), key(), key()],
    () => ["LRANGE", key(), "0", "-1"],
    () => ["TTL", key()],
    () => ["SET", key(), "1"],
    () => ["SET", key(), "1", "PXAT", "1"],
    () => ["MSET", key(), "1", key(), "2"],
    () => ["DEL", key(), key()],
    () => ["RENAME", key(), key()],
    () => ["RPUSH", key(), "x"],
    () => ["LMOVE", key(), key(), "LEFT", "RIGHT"],
    () => ["INCR", key()],
    () => ["MULTI"],
    () => ["EXEC"],
    () => ["EXEC"],
    () => draw.oneIn(5) ? ["FLUSHALL"] : ["PING"],
    () => draw.oneIn(5) && connection === 2 ? ["RESET"] : ["SELECT", draw.pick(["0", "1"])],
    () => draw.oneIn(3) ? draw.pick([["GET"], ["NOSUCH"]]) : ["PING"],
  ];
  return { connection, words: draw.pick(choices)() };
}

function modes(draw: Draw): string[] {
  const chosen = draw.pick([
    ["OPTIN"],
    ["OPTOUT"],
    ["BCAST"],
    ["BCAST", "PREFIX", "a"],
    ["BCAST", "PREFIX", "b1", "PREFIX", "a"],
  ]);
  return draw.oneIn(3) ? [...chosen, "NOLOOP"] : chosen;
}

needs("redis-server", "random commands invalidate what redis-server's do", async () => {
  await using redis = await startRedis({ debug: true });
  await using control = await connect(redis.port);
  await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await using reader = await connect(redis.port, { resp: 3 });
  await using listener = await connect(redis.port, { resp: 3 });
  const ours = new Sessions([3, 3, 2]);
  for (const [i, client] of [reader, listener].entries()) {
    const tracking = ["CLIENT", "TRACKING", "ON", ...(i === 1 ? ["BCAST"] : [])];
    await client.send(...tracking);
    ours.run(i, ...tracking);
    await client.write("SUBSCRIBE", END);
    await client.rawPush();
  }
  ours.take();
  const seed = firstSeed();
  const draw = new Draw(seed);
  const names = runnableCommands()
    .filter(({ name, group }) => GROUPS.includes(group) && !OWN_CHOICE.includes(name))
    .map(({ name }) => name);
  const workload = new Workload(seed, names);
  const isRead = new Set(
    runnableCommands().filter(({ flags }) => (flags & READONLY) !== 0).map(({ name }) => name),
  );
  for (let done = 0; done < COMMANDS; done++) {
    const words = workload.next();
    // A write that fails may have made the string longer: a change here, and none for redis-server.
    if (words.some((word) => word.toUpperCase() === "FAIL")) continue;
    const reads = isRead.has(words[0].toUpperCase()) || draw.oneIn(8);
    ours.run(reads ? 0 : 2, ...words);
    const wanted = ours.take();
    await (reads ? reader : control).send(...words.map(fromLatin1));
    await control.send("PUBLISH", END, "");
    const context = `${JSON.stringify(words)}, seed ${seed}`;
    assertEquals(pushesIn(wanted[0]), await pushesTo(reader), `reader: ${context}`);
    assertEquals(pushesIn(wanted[1]), await pushesTo(listener), `BCAST: ${context}`);
    assertEquals(ours.redis.engine.context.tracking.itemCount, await itemsOf(control), context);
  }
});

const READONLY = 1 << 1;
const GROUP_COMMANDS = ["CREATE", "CREATECONSUMER", "DELCONSUMER", "DESTROY", "SETID"]
  .map((name) => `XGROUP|${name}`);
const END = "end-of-command";
const GROUPS = "string generic bitmap list hyperloglog hash set sorted-set geo stream".split(" ");
/**
 * What picks by chance, or looks keys up in the order of a set's members; changes of consumer groups
 * and XSETID, of which redis-server tells nobody though XINFO reads otherwise after them; and
 * commands in which redis-server finds other keys than we do where their arguments are wrong.
 */
const OWN_CHOICE = [
  ...["SPOP", "SORT", "SORT_RO", "XREADGROUP", "XSETID", ...GROUP_COMMANDS],
  ...["SINTERCARD", "XREAD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZUNION"],
];
const HEAD = ">2\r\n$10\r\ninvalidate\r\n";

/** What follows the reply, if there is one. */
function pushesIn(text: string): string {
  const start = text.indexOf(HEAD);
  return start < 0 ? "" : text.slice(start);
}

/** Pairs of a key and a reader that redis-server remembers. */
async function itemsOf(client: RespClient): Promise<number> {
  const info = show(await client.send("INFO", "stats"));
  return Number(/tracking_total_items:(\d+)/.exec(info)?.[1]);
}

async function pushesTo(client: RespClient): Promise<string> {
  let found = "";
  for (;;) {
    const push = latin1(await client.rawPush());
    if (push.includes(END)) return found;
    found += push;
  }
}
