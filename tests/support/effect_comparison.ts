/**
 * What a command leaves behind on our engine and on a real redis-server: the commands propagated
 * (read from its append-only file), the keyspace events, and the encodings of the keys.
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { EngineHarness } from "./engine_harness.ts";
import { startRedis } from "./peers.ts";
import { type Argument, connect, show } from "./resp_client.ts";

/** A key that only marks the end of a script. */
const END_KEY = "end-of-script";

export interface Traces {
  /** Propagated commands, times in milliseconds as `<ms>`. */
  readonly effects: string[];
  /** `event key`. */
  readonly events: string[];
  /** OBJECT ENCODING of each key asked for. */
  readonly encodings: string[];
}

/** Runs a script on a new server that keeps an append-only file; `config` as on its command line. */
export async function tracesOfRedis(
  script: readonly Argument[][],
  keys: readonly string[] = [],
  config: Readonly<Record<string, string>> = {},
): Promise<Traces> {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  try {
    await using server = await startRedis({
      directory,
      debug: true,
      args: [
        ...["--appendonly", "yes", "--appendfsync", "always", "--notify-keyspace-events", "KEA"],
        ...Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]),
      ],
    });
    await using listener = await connect(server.port, { resp: 3 });
    await listener.write("PSUBSCRIBE", "__keyevent@0__:*");
    await listener.nextPush();
    await using client = await connect(server.port);
    // Keys expire when they are looked at, and not when the server finds the time.
    await client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await client.pipeline([...script]);
    const encodings: string[] = [];
    for (const key of keys) encodings.push(show(await client.send("OBJECT", "ENCODING", key)));
    await client.send("SET", END_KEY, "");
    const events: string[] = [];
    for (;;) {
      const push = await listener.nextPush();
      if (push.kind !== "push") throw new Error(`expected a push, got ${push.kind}`);
      const [, , channel, key] = push.items.map((item) =>
        item.kind === "bulk" && item.bytes !== null ? latin1(item.bytes) : ""
      );
      if (key === END_KEY) break;
      events.push(`${channel.slice(channel.indexOf(":") + 1)} ${key}`);
    }
    return { effects: readEffects(directory), events, encodings };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Runs the same script on our engine. */
export function tracesOfEngine(
  script: readonly Argument[][],
  keys: readonly string[] = [],
  config: Readonly<Record<string, string>> = {},
): Traces {
  const redis = new EngineHarness({ config });
  for (const command of script) redis.run(...command);
  const effects = redis.effects.map(withoutTimes);
  const events = [...redis.events];
  return { effects, events, encodings: keys.map((key) => redis.run("OBJECT", "ENCODING", key)) };
}

function readEffects(directory: string): string[] {
  const files = [...Deno.readDirSync(`${directory}/appendonlydir`)];
  const name = files.find((file) => file.name.endsWith(".incr.aof"))?.name;
  const decoder = new ReplyDecoder();
  decoder.feed(Deno.readFileSync(`${directory}/appendonlydir/${name}`));
  const effects: string[] = [];
  for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
    if (reply.kind !== "array" || reply.items === null) continue;
    const words = reply.items.map((item) =>
      item.kind === "bulk" && item.bytes !== null ? latin1(item.bytes) : ""
    );
    if (words[0] !== "SELECT" && words[1] !== END_KEY) effects.push(withoutTimes(words.join(" ")));
  }
  return effects;
}

/** Times of this century in milliseconds. */
function withoutTimes(effect: string): string {
  return effect.replace(/\b[1-4]\d{12}\b/g, "<ms>");
}
