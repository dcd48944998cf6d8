/** Bodies of requests: read up to a limit, and as JSON up to a depth. */

import { Problem } from "./problem.ts";
import type { AdminContext } from "./route.ts";

/** What a body may have where nothing else is said. */
export const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws 413 beyond the limit, 400 for what is no JSON. */
export async function readJson(c: AdminContext, limitBytes = MAX_BODY_BYTES): Promise<unknown> {
  const bytes = await readBytes(c, limitBytes);
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new Problem(400, "the body is not UTF-8");
  }
  requireDepth(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "the body is not JSON");
  }
}

async function readBytes(c: AdminContext, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(c.req.header("content-length") ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.length;
    if (length > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(limitBytes: number): Problem {
  return new Problem(413, `the body has more than ${limitBytes} bytes`);
}

/** Nesting is counted before anything is built of it; brackets within strings are none. */
export function requireDepth(text: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i + 1);
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) throw new Problem(400, `nested deeper than ${MAX_DEPTH}`);
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
}

function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
