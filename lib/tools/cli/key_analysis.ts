/**
 * `--bigkeys`, `--memkeys` and `--hotkeys`: walks over all keys and tells which are the largest of
 * their type, or the most used.
 */

import { quoted } from "../../bytes/byte_string.ts";
import { errorText } from "../../client/redis_client.ts";
import type { Reply } from "../../resp/reply_decoder.ts";
import { print, printError } from "../tool_host.ts";
import { required, textOf } from "../reply_fields.ts";
import { keyPages } from "./scan.ts";
import type { CliSession } from "./session.ts";

interface TypeTally {
  readonly name: string;
  /** The command that tells the size, and what it counts. */
  readonly command: string;
  readonly unit: string;
  keys: number;
  total: number;
  biggest: number;
  biggestKey: string | null;
}

/** In the order of the summary. */
const TYPES: readonly (readonly [name: string, command: string, unit: string])[] = [
  ["list", "LLEN", "items"],
  ["hash", "HLEN", "fields"],
  ["string", "STRLEN", "bytes"],
  ["stream", "XLEN", "entries"],
  ["set", "SCARD", "members"],
  ["zset", "ZCARD", "members"],
];

const HOTTEST = 16;

export async function analyseKeys(
  session: CliSession,
  mode: "bigkeys" | "memkeys" | "hotkeys",
): Promise<number> {
  const total = Number(textOf(required(await session.ask("DBSIZE"))));
  const say = (line: string) => print(session.host, line);
  say("");
  say(
    `# Scanning the entire keyspace to find ${
      mode === "hotkeys" ? "hot" : "biggest"
    } keys as well as`,
  );
  say("# average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec");
  say("# per 100 SCAN commands (not usually needed).");
  say("");
  return mode === "hotkeys"
    ? await findHotKeys(session, total)
    : await findBigKeys(session, total, mode === "memkeys");
}

async function findBigKeys(session: CliSession, total: number, byMemory: boolean): Promise<number> {
  const tallies = new Map<string, TypeTally>(
    TYPES.map((
      [name, command, unit],
    ) => [name, newTally(name, command, byMemory ? "bytes" : unit)]),
  );
  let sampled = 0;
  let keyBytes = 0;
  for await (const keys of keyPages(session)) {
    const progress = total === 0 ? 0 : Math.min(100, 100 * sampled / total);
    const typed = await sizesOf(session, keys, tallies, byMemory);
    keys.forEach((key, index) => {
      const { tally, size } = typed[index];
      if (tally === null) return;
      sampled++;
      keyBytes += key.length;
      tally.keys++;
      tally.total += size;
      if (tally.biggestKey === null || size > tally.biggest) {
        tally.biggest = size;
        tally.biggestKey = quoted(key);
        session.write(
          `[${percent(progress)}] Biggest ${tally.name.padEnd(6)} found so far ` +
            `'${tally.biggestKey}' with ${size} ${tally.unit}\n`,
        );
      }
    });
  }
  summarize(session, [...tallies.values()], sampled, keyBytes);
  return 0;
}

interface SizedKey {
  /** Null for a key that is gone. */
  tally: TypeTally | null;
  size: number;
}

async function sizesOf(
  session: CliSession,
  keys: Uint8Array[],
  tallies: Map<string, TypeTally>,
  byMemory: boolean,
): Promise<SizedKey[]> {
  const client = await session.connect();
  if (client === null || keys.length === 0) return [];
  const types = (await client.pipeline(keys.map((key) => ["TYPE", key]))).map(textOf);
  const { memorySamples } = session.options;
  const samples = memorySamples === null ? [] : ["SAMPLES", memorySamples];
  const sized = types.map((type): SizedKey => {
    if (type === "none") return { tally: null, size: 0 };
    let tally = tallies.get(type);
    if (tally === undefined) {
      tally = newTally(type, "", byMemory ? "bytes" : "");
      tallies.set(type, tally);
    }
    return { tally, size: 0 };
  });
  const requests = keys.map((key, index) => {
    if (byMemory) return ["MEMORY", "USAGE", key, ...samples];
    return [sized[index].tally?.command || "EXISTS", key];
  });
  const sizes = await client.pipeline(requests);
  sizes.forEach((reply, index) => {
    sized[index].size = sizeOf(reply, sized[index].tally);
  });
  return sized;
}

function sizeOf(reply: Reply, tally: TypeTally | null): number {
  if (reply.kind !== "integer" || (tally?.command === "" && tally.unit === "")) return 0;
  return Number(reply.value);
}

function newTally(name: string, command: string, unit: string): TypeTally {
  return { name, command, unit, keys: 0, total: 0, biggest: 0, biggestKey: null };
}

function summarize(
  session: CliSession,
  tallies: TypeTally[],
  sampled: number,
  keyBytes: number,
): void {
  const average = sampled === 0 ? 0 : keyBytes / sampled;
  let text = "\n-------- summary -------\n\n";
  text += `Sampled ${sampled} keys in the keyspace!\n`;
  text += `Total key length in bytes is ${keyBytes} (avg len ${average.toFixed(2)})\n\n`;
  for (const tally of tallies) {
    if (tally.biggestKey === null || tally.biggest === 0) continue;
    text += `Biggest ${tally.name.padStart(6)} found '${tally.biggestKey}' has ` +
      `${tally.biggest} ${tally.unit}\n`;
  }
  text += "\n";
  for (const { name, keys, total, unit } of tallies) {
    const share = percent(sampled === 0 ? 0 : 100 * keys / sampled);
    text += `${keys} ${name}s with ${total} ${unit} ` +
      `(${share} of keys, avg size ${(keys === 0 ? 0 : total / keys).toFixed(2)})\n`;
  }
  session.write(text);
}

async function findHotKeys(session: CliSession, total: number): Promise<number> {
  const hottest: { key: string; uses: number }[] = [];
  let sampled = 0;
  for await (const keys of keyPages(session)) {
    const client = await session.connect();
    if (client === null) return 1;
    const progress = total === 0 ? 0 : Math.min(100, 100 * sampled / total);
    const replies = await client.pipeline(keys.map((key) => ["OBJECT", "FREQ", key]));
    for (const [index, reply] of replies.entries()) {
      const refusal = errorText(reply);
      if (refusal !== null && !/no such key/i.test(refusal)) {
        printError(session.host, `Error: ${refusal}`);
        return 1;
      }
      sampled++;
      const uses = reply.kind === "integer" ? Number(reply.value) : 0;
      if (uses === 0 || (hottest.length === HOTTEST && uses <= hottest[HOTTEST - 1].uses)) continue;
      const key = quoted(keys[index]);
      hottest.push({ key, uses });
      hottest.sort((a, b) => b.uses - a.uses);
      hottest.length = Math.min(hottest.length, HOTTEST);
      session.write(`[${percent(progress)}] Hot key '${key}' found so far with counter ${uses}\n`);
    }
  }
  let text = `\n-------- summary -------\n\nSampled ${sampled} keys in the keyspace!\n`;
  for (const { key, uses } of hottest) {
    text += `hot key found with counter: ${uses}\tkeyname: ${key}\n`;
  }
  session.write(text);
  return 0;
}

function percent(value: number): string {
  return `${value.toFixed(2).padStart(5, "0")}%`;
}
