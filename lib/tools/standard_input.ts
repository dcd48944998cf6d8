/** Standard input as a whole, line by line, or as chunks. */

import type { Console } from "../host/console.ts";

const LF = 0x0a;

/** Chunks as they come; each is the reader's own. */
export async function* readChunks(console: Console): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await console.read(buffer);
    if (count === null) return;
    yield buffer.slice(0, count);
  }
}

export async function readAll(console: Console): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of readChunks(console)) {
    chunks.push(chunk);
    total += chunk.length;
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Lines as UTF-8 text, without their ends (LF or CR LF); a last one without an end counts. */
export async function* readLines(console: Console): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let pending = "";
  for await (const chunk of readChunks(console)) {
    pending += decoder.decode(chunk, { stream: true });
    if (!chunk.includes(LF)) continue;
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  pending += decoder.decode();
  if (pending !== "") yield pending;
}
