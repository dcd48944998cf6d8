/** Takes in what export.ts gave out: parts of keys, or commands, as they come in, in slices. */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { splitWords } from "../../lib/config/words.ts";
import { Flag } from "../../lib/engine/command_spec.ts";
import { ReplyDecoder, ReplyFormatError } from "../../lib/resp/reply_decoder.ts";
import { requireDepth } from "../body.ts";
import type { AdminEngine, Commands } from "../engine_access.ts";
import { requireAllowed } from "../policy.ts";
import { Problem } from "../problem.ts";
import { replyBytes, replyItems } from "../reply_json.ts";
import type { Slices } from "../slices.ts";
import { commandsOf } from "./commands.ts";
import { parseJsonLine } from "./json_lines.ts";

/** The longest line: what is read before its end is kept. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** Failures that are told one by one. */
const MAX_ERRORS = 100;
const LINE_FEED = 0x0a;
const ASTERISK = 0x2a;

/** What is done about keys that exist. */
export type Existing = "replace" | "skip" | "fail";

export interface Outcome {
  /** Lines or commands that were taken. */
  taken: number;
  /** Of those, keys that exist and were left as they are. */
  skipped: number;
  failed: number;
  /** The first hundred failures. */
  readonly errors: { readonly line: number; readonly detail: string }[];
}

export interface Importer {
  readonly engine: AdminEngine;
  readonly commands: Commands;
  readonly slices: Slices;
}

/** Lines of JSON; each is taken in one turn or, where it fails, noted. */
export async function importJson(
  importer: Importer,
  body: AsyncIterable<Uint8Array>,
  existing: Existing,
): Promise<Outcome> {
  const outcome: Outcome = { taken: 0, skipped: 0, failed: 0, errors: [] };
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const taker = new PartTaker(importer.commands, existing);
  let number = 0;
  for await (const line of linesOf(body)) {
    number++;
    if (line.length === 0) continue;
    try {
      const text = decodedLine(decoder, line);
      if (taker.take(text)) outcome.taken++;
      else outcome.skipped++;
    } catch (error) {
      note(outcome, number, error);
    }
    await importer.slices.step();
  }
  return outcome;
}

function decodedLine(decoder: TextDecoder, line: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    throw new Problem(400, "the line is not UTF-8");
  }
  requireDepth(text);
  return text;
}

/** Makes keys of their parts, which follow each other. */
class PartTaker {
  /** The key whose further parts are left out. */
  private skipped: string | null = null;

  constructor(private readonly commands: Commands, private readonly existing: Existing) {}

  /** False for a key that exists and stays. */
  take(text: string): boolean {
    const part = parseJsonLine(text);
    const name = latin1(part.key);
    if (part.part > 1 && this.skipped === name) return false;
    this.skipped = null;
    if (part.part === 1 && this.existing !== "replace") {
      if (Number(this.commands.integer("EXISTS", part.key)) === 1) {
        this.skipped = name;
        if (this.existing === "skip") return false;
        throw new Problem(409, "the key exists");
      }
    }
    try {
      for (const args of commandsOf(part)) this.commands.run(...args);
    } catch (error) {
      this.skipped = name;
      throw error;
    }
    return true;
  }
}

/** Commands that write, as lines of redis-cli or as RESP, told apart by the first byte. */
export async function importCommands(
  importer: Importer,
  body: AsyncIterable<Uint8Array>,
): Promise<Outcome> {
  const outcome: Outcome = { taken: 0, skipped: 0, failed: 0, errors: [] };
  let number = 0;
  for await (const args of commandsIn(body)) {
    number++;
    if (args !== null && args.length === 0) continue;
    try {
      if (args === null) throw new Problem(400, "ERR unbalanced quotes");
      requireWrite(importer.engine, args);
      importer.commands.run(...args);
      outcome.taken++;
    } catch (error) {
      note(outcome, number, error);
    }
    await importer.slices.step();
  }
  return outcome;
}

function requireWrite(engine: AdminEngine, args: readonly Uint8Array[]): void {
  const spec = requireAllowed(engine, args, true);
  if (spec !== undefined && (spec.flags & Flag.WRITE) === 0) {
    throw new Problem(400, `ERR ${spec.lowerName.replace("|", " ")} changes no key`);
  }
}

async function* commandsIn(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[] | null> {
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done) return;
  const all = prepended(first.value, chunks);
  if (first.value[0] === ASTERISK) yield* requestsOf(all);
  else {
    for await (const line of linesOf(all)) {
      yield splitWords(latin1(line).replace(/\r$/, ""))?.map(fromLatin1) ?? null;
    }
  }
}

async function* prepended(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* requestsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  // A request is an array of strings, as a reply can be.
  const decoder = new ReplyDecoder({ depth: 1, lengthBytes: MAX_LINE_BYTES, items: 1024 * 1024 });
  try {
    for await (const chunk of body) {
      decoder.feed(chunk);
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
        yield replyItems(next).map(replyBytes);
      }
    }
  } catch (error) {
    if (error instanceof ReplyFormatError) throw new Problem(400, `ERR ${error.message}`);
    throw error;
  }
  if (decoder.pending) throw new Problem(400, "ERR the last command is not complete");
}

/** Lines without their ends. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield joined(begun, chunk.subarray(start, end));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) begun.push(chunk.slice(start));
    begunBytes += chunk.length - start;
    if (begunBytes > MAX_LINE_BYTES) {
      throw new Problem(413, `a line has more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (begun.length > 0) yield joined(begun, new Uint8Array(0));
}

function joined(parts: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  if (parts.length === 0) return last;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, last.length));
  let at = 0;
  for (const part of [...parts, last]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function note(outcome: Outcome, line: number, error: unknown): void {
  if (!(error instanceof Problem)) throw error;
  outcome.failed++;
  if (outcome.errors.length < MAX_ERRORS) outcome.errors.push({ line, detail: error.message });
}
