/** Walks over all keys, and `--scan`, which prints them. */

import { quoted } from "../../bytes/byte_string.ts";
import type { Reply } from "../../resp/reply_decoder.ts";
import { itemsOf, required, textOf } from "../reply_fields.ts";
import type { CliSession } from "./session.ts";
import { sleep } from "./sleep.ts";

/** The keys, page by page, as binary-safe replies. */
export async function* keyPages(session: CliSession): AsyncGenerator<Uint8Array[]> {
  const { pattern, type, count, intervalSeconds } = session.options;
  const tail: (string | number | Uint8Array)[] = [];
  if (pattern !== null) tail.push("MATCH", pattern);
  if (count !== null) tail.push("COUNT", count);
  if (type !== null) tail.push("TYPE", type);
  let cursor = "0";
  for (let page = 1;; page++) {
    const reply = required(await session.ask("SCAN", cursor, ...tail));
    const [next, keys] = itemsOf(reply);
    cursor = textOf(next);
    yield itemsOf(keys).map(bytesOf);
    if (cursor === "0") return;
    if (intervalSeconds > 0 && (session.options.mode === "scan" || page % 100 === 0)) {
      await sleep(session.host.clock, intervalSeconds * 1000);
    }
  }
}

export async function listKeys(session: CliSession): Promise<number> {
  for await (const keys of keyPages(session)) {
    const lines = keys.map((key) => session.style === "standard" ? quoted(key) : plain(key));
    if (lines.length > 0) session.write(lines.join("\n") + "\n");
  }
  return 0;
}

function plain(key: Uint8Array): string {
  let text = "";
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}

function bytesOf(reply: Reply): Uint8Array {
  return reply.kind === "bulk" && reply.bytes !== null ? reply.bytes : new Uint8Array(0);
}
