/**
 * Gives out the keys of a database, in slices and no faster than the reader takes them. Sorted by the
 * bytes of keys, fields and members two exports of the same data are the same bytes, so that a diff
 * shows what differs; the order of a walk needs no memory for the names of all keys.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { Problem } from "../problem.ts";
import { jsonBytes } from "../json_values.ts";
import type { KeyFilter } from "../scan.ts";
import { filterArguments, scanStep, STEP_KEYS } from "../scan.ts";
import { commandBytes, commandLine, commandsOf } from "./commands.ts";
import { jsonLine } from "./json_lines.ts";
import type { KeyPart } from "./key_part.ts";
import type { Reader } from "./read_key.ts";
import { readKey } from "./read_key.ts";
import { sortInSlices } from "./sort_in_slices.ts";

export type Format = "json" | "commands" | "resp";
export type Order = "key" | "scan";

/** Keys whose names are kept to sort them. */
const MAX_SORTED = 5_000_000;
/** Bytes that are sent together. */
const CHUNK_BYTES = 64 * 1024;

export interface ExportAsked extends KeyFilter {
  /** Only these keys, where there are any. */
  readonly names: readonly Uint8Array[];
  readonly format: Format;
  readonly order: Order;
}

/** The export, in pieces of some size. */
export async function* exportKeys(reader: Reader, asked: ExportAsked): AsyncGenerator<Uint8Array> {
  const chunk = new Chunk();
  for await (const key of keysOf(reader, asked)) {
    for await (const piece of piecesOf(reader, key, asked.format)) {
      chunk.add(piece);
      if (chunk.isFull) yield chunk.take();
    }
    if (reader.slices.isOver) await reader.slices.rest();
  }
  if (!chunk.isEmpty) yield chunk.take();
}

async function* piecesOf(
  reader: Reader,
  key: Uint8Array,
  format: Format,
): AsyncGenerator<string | Uint8Array> {
  try {
    for await (const part of readKey(reader, key)) yield* rendered(part, format);
  } catch (error) {
    // It has become another type meanwhile: what was given out of it is not all.
    if (!(error instanceof Problem)) throw error;
    if (format === "json") {
      yield `${JSON.stringify({ key: jsonBytes(key), type: "error", detail: error.message })}\n`;
    }
  }
}

function* rendered(part: KeyPart, format: Format): Generator<string | Uint8Array> {
  if (format === "json") {
    yield jsonLine(part);
    return;
  }
  const render = format === "commands" ? commandLine : commandBytes;
  for (const args of commandsOf(part)) yield render(args);
}

async function* keysOf(reader: Reader, asked: ExportAsked): AsyncGenerator<Uint8Array> {
  if (asked.names.length > 0) {
    for (const name of [...new Set(asked.names.map((key) => latin1(key)))].sort()) {
      yield fromLatin1(name);
    }
    return;
  }
  if (asked.order === "scan") {
    for await (const keys of walked(reader, asked)) yield* keys;
    return;
  }
  const names: string[] = [];
  for await (const keys of walked(reader, asked)) {
    for (const key of keys) names.push(latin1(key));
    if (names.length > MAX_SORTED) {
      throw new Problem(413, `more than ${MAX_SORTED} keys are exported with order=scan only`);
    }
  }
  let last: string | null = null;
  for (const name of await sortInSlices(names, (text) => text, reader.slices)) {
    // A walk may bring a key twice.
    if (name !== last) yield fromLatin1(name);
    last = name;
  }
}

async function* walked(
  { commands, slices }: Reader,
  asked: ExportAsked,
): AsyncGenerator<readonly Uint8Array[]> {
  const filter = filterArguments(asked);
  let cursor = "0";
  do {
    const step = scanStep(commands, cursor, filter, STEP_KEYS);
    yield step.keys;
    cursor = step.cursor;
    await slices.step();
  } while (cursor !== "0");
}

/** What is sent together: all of it text, or all of it bytes. */
class Chunk {
  private text = "";
  private parts: Uint8Array[] = [];
  private length = 0;
  private readonly encoder = new TextEncoder();

  get isEmpty(): boolean {
    return this.length === 0;
  }

  get isFull(): boolean {
    return this.length >= CHUNK_BYTES;
  }

  add(piece: string | Uint8Array): void {
    if (typeof piece === "string") this.text += piece;
    else this.parts.push(piece);
    this.length += piece.length;
  }

  take(): Uint8Array {
    if (this.text !== "") {
      const encoded = this.encoder.encode(this.text);
      this.text = "";
      this.length = 0;
      return encoded;
    }
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.parts = [];
    this.length = 0;
    return bytes;
  }
}
