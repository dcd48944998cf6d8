/**
 * A load as BullMQ makes it: workers that take jobs from a queue with the library's own script, on
 * keys and job data such as it has.
 */

import { moveToActive } from "bullmq/dist/esm/scripts/moveToActive-11.js";
import { sha1 } from "../../lib/bytes/sha.ts";
import { connect, encodeCommand } from "../support/resp_client.ts";

const PREFIX = "bull:queue:";
/** The keys of the script, in its order. */
const KEYS = [
  ...["wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused"],
  ...["meta", "pc", "marker"],
].map((name) => PREFIX + name);
const JOB = {
  name: "send",
  data: JSON.stringify({ to: "somebody@example.org", subject: "x".repeat(40), retries: 3 }),
  opts: JSON.stringify({ attempts: 3, backoff: { type: "exponential", delay: 1000 } }),
  timestamp: "1760000000000",
  delay: "0",
  priority: "0",
};
/** How the reply ends when a job was taken, and when there is none. */
export const JOB_END = ":0\r\n:0\r\n";

/** Puts so many jobs into the queue, and the script where EVALSHA finds it. */
export async function fillQueue(port: number, count: number): Promise<void> {
  await using client = await connect(port);
  await client.send("FLUSHDB");
  await client.send("SCRIPT", "LOAD", moveToActive.content);
  await client.send("HSET", `${PREFIX}meta`, "opts.maxLenEvents", "10000", "version", "bullmq:6");
  const fields = Object.entries(JOB).flat();
  for (let start = 0; start < count; start += 500) {
    const commands: string[][] = [];
    for (let i = start; i < Math.min(start + 500, count); i++) {
      commands.push(["HSET", `${PREFIX}${i + 1}`, ...fields]);
      commands.push(["LPUSH", `${PREFIX}wait`, String(i + 1)]);
    }
    await client.pipeline(commands);
  }
}

/** The request by which a worker takes a job. */
export function takeJob(worker: number): Uint8Array {
  const sha = sha1(new TextEncoder().encode(moveToActive.content));
  const options = packed({ token: `5f0c9a52-9d7e-4c1b-8a55-${worker}`, name: "worker" }, 30_000);
  const args = [PREFIX, "1760000001000", options];
  return encodeCommand(["EVALSHA", sha, String(moveToActive.keys), ...KEYS, ...args]);
}

/** The script's options in MessagePack: short texts, and how long a lock lasts, in milliseconds. */
function packed(texts: Readonly<Record<string, string>>, lockMs: number): Uint8Array {
  const bytes: number[] = [];
  const text = (value: string) => {
    bytes.push(0xd9, value.length, ...Array.from(value, (char) => char.charCodeAt(0)));
  };
  bytes.push(0x80 | Object.keys(texts).length + 1);
  for (const [name, value] of Object.entries(texts)) {
    text(name);
    text(value);
  }
  text("lockDuration");
  bytes.push(0xcd, lockMs >> 8, lockMs & 0xff);
  return Uint8Array.from(bytes);
}
