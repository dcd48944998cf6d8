/**
 * The values of keys in pages, for every type. A page has a bounded number of elements and ends early
 * when they are big; `cursor` leads to the next one. Elements beyond 64 KiB are shown in part.
 */

import { latin1 } from "../lib/bytes/byte_string.ts";
import { invariant } from "../lib/host/invariant.ts";
import type { Reply } from "../lib/resp/reply_decoder.ts";
import type { Commands } from "./engine_access.ts";
import type { JsonBytes, ShownBytes } from "./json_values.ts";
import { jsonBytes, jsonInteger, shownBytes, wholeCharacters } from "./json_values.ts";
import { Problem } from "./problem.ts";
import { jsonDouble, replyBytes, replyItems } from "./reply_json.ts";
import { scanStep } from "./scan.ts";
import type { Slices } from "./slices.ts";

const DEFAULT_BYTES = 64 * 1024;
const MAX_BYTES = 1024 * 1024;
const DEFAULT_ELEMENTS = 100;
const MAX_ELEMENTS = 1000;
/** Bytes of elements after which a page ends. */
const PAGE_BYTES = 1024 * 1024;
const SHOWN_BYTES = 64 * 1024;
/** Elements that the first step reads; further steps double it while elements are small. */
const FIRST_STEP = 16;
const LAST_STEP = 128;

/** What of a value is asked for. */
export interface PageAsked {
  /** As the page before gave it. */
  readonly cursor: string | undefined;
  /** The first byte of a string, the first element of a list or sorted set. */
  readonly offset: number;
  /** Bytes of a string, elements of anything else. */
  readonly limit: number | undefined;
}

export interface ListElement {
  readonly index: number;
  readonly value: ShownBytes;
}

export interface HashElement {
  readonly field: ShownBytes;
  readonly value: ShownBytes;
  /** Milliseconds left to the field; null for ever. */
  readonly ttlMs: number | string | null;
}

export interface SetElement {
  readonly member: ShownBytes;
}

export interface SortedSetElement {
  readonly rank: number;
  readonly member: ShownBytes;
  readonly score: number | string;
}

export interface StreamElement {
  readonly id: string;
  readonly fields: readonly (readonly [ShownBytes, ShownBytes])[];
}

export interface StringPage {
  readonly value: JsonBytes;
  /** What of the value is shown, from `start` until before `end`, of `total`; in bytes. */
  readonly valueRange: { readonly start: number; readonly end: number; readonly total: number };
  /** Whether something of the value is not shown. */
  readonly truncated: boolean;
}

export interface ElementsPage<E> {
  readonly items: readonly E[];
  /** Elements in all. */
  readonly total: number;
  /** For the next page; null at the end. */
  readonly cursor: string | null;
  readonly done: boolean;
}

export type Element =
  | ListElement
  | HashElement
  | SetElement
  | SortedSetElement
  | StreamElement;

type PageReader = (
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
) => Promise<ElementsPage<Element>>;

/** How to show a value, by what TYPE says. */
const READERS: ReadonlyMap<string, PageReader> = new Map<string, PageReader>([
  ["list", listPage],
  ["hash", hashPage],
  ["set", setPage],
  ["zset", sortedSetPage],
  ["stream", streamPage],
]);

/** A page of a key's value; nothing for a type that is not known here. */
export async function valuePage(
  commands: Commands,
  slices: Slices,
  type: string,
  key: Uint8Array,
  asked: PageAsked,
): Promise<StringPage | ElementsPage<Element> | Record<never, never>> {
  if (type === "string") return stringPage(commands, key, asked);
  return await READERS.get(type)?.(commands, slices, key, asked) ?? {};
}

function stringPage(commands: Commands, key: Uint8Array, asked: PageAsked): StringPage {
  const limit = limitOf(asked, DEFAULT_BYTES, MAX_BYTES);
  const total = Number(commands.integer("STRLEN", key));
  const start = Math.min(asked.offset, total);
  let end = Math.min(start + limit, total);
  // GETRANGE takes the last byte's position, and reads a negative one from the end.
  const shown = start === end
    ? new Uint8Array(0)
    : commands.bytes("GETRANGE", key, String(start), String(end - 1)) ?? new Uint8Array(0);
  if (end < total) end = start + wholeCharacters(shown);
  return {
    value: jsonBytes(shown.subarray(0, end - start)),
    valueRange: { start, end, total },
    truncated: start > 0 || end < total,
  };
}

/** Collects elements in steps until the page is full, by number or by bytes. */
class Page<E> {
  readonly items: E[] = [];
  private bytes = 0;
  private step = FIRST_STEP;

  constructor(readonly limit: number) {}

  get isFull(): boolean {
    return this.items.length >= this.limit || this.bytes >= PAGE_BYTES;
  }

  /** How many elements to read next. */
  get next(): number {
    return Math.min(this.step, this.limit - this.items.length);
  }

  add(element: E): void {
    this.items.push(element);
  }

  shown(bytes: Uint8Array): ShownBytes {
    this.bytes += Math.min(bytes.length, SHOWN_BYTES);
    return shownBytes(bytes, SHOWN_BYTES);
  }

  /** To be called after each step: small elements are read more at a time. */
  grow(): void {
    if (this.bytes < PAGE_BYTES / 16) this.step = Math.min(LAST_STEP, this.step * 2);
  }
}

async function listPage(
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
): Promise<ElementsPage<ListElement>> {
  const total = Number(commands.integer("LLEN", key));
  return await byPosition(slices, asked, total, (page, at, count) => {
    const items = commands.items("LRANGE", key, String(at), String(at + count - 1));
    items.forEach((item, i) => {
      page.add({ index: at + i, value: page.shown(replyBytes(item)) });
    });
    return items.length;
  });
}

async function sortedSetPage(
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
): Promise<ElementsPage<SortedSetElement>> {
  const total = Number(commands.integer("ZCARD", key));
  return await byPosition(slices, asked, total, (page, at, count) => {
    const range = [String(at), String(at + count - 1)];
    const items = commands.items("ZRANGE", key, ...range, "WITHSCORES");
    items.forEach((item, i) => {
      const [member, score] = replyItems(item);
      invariant(score.kind === "double", "a score is a double");
      page.add({
        rank: at + i,
        member: page.shown(replyBytes(member)),
        score: jsonDouble(score.value, score.text),
      });
    });
    return items.length;
  });
}

/** Pages of what has positions; the cursor is the next one. */
async function byPosition<E>(
  slices: Slices,
  asked: PageAsked,
  total: number,
  read: (page: Page<E>, at: number, count: number) => number,
): Promise<ElementsPage<E>> {
  const page = new Page<E>(limitOf(asked, DEFAULT_ELEMENTS, MAX_ELEMENTS));
  let at = asked.cursor === undefined ? asked.offset : numberCursor(asked.cursor);
  while (!page.isFull && at < total) {
    const count = read(page, at, page.next);
    if (count === 0) break;
    at += count;
    page.grow();
    await slices.step();
  }
  return ended(page, total, at < total && page.isFull ? String(at) : null);
}

async function hashPage(
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
): Promise<ElementsPage<HashElement>> {
  const total = Number(commands.integer("HLEN", key));
  return await byScan(slices, asked, total, (page, cursor, count) => {
    const step = scanStep(commands, cursor, [], count, ["HSCAN", key]);
    const fields = step.keys.filter((_, i) => i % 2 === 0);
    if (fields.length === 0) return step.cursor;
    const times = commands.items("HPTTL", key, "FIELDS", String(fields.length), ...fields);
    fields.forEach((field, i) => {
      // One that went meanwhile has none.
      const left = times[i];
      const ttlMs = left?.kind === "integer" && left.value >= 0 ? jsonInteger(left.value) : null;
      page.add({ field: page.shown(field), value: page.shown(step.keys[2 * i + 1]), ttlMs });
    });
    return step.cursor;
  });
}

async function setPage(
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
): Promise<ElementsPage<SetElement>> {
  const total = Number(commands.integer("SCARD", key));
  return await byScan(slices, asked, total, (page, cursor, count) => {
    const step = scanStep(commands, cursor, [], count, ["SSCAN", key]);
    for (const member of step.keys) page.add({ member: page.shown(member) });
    return step.cursor;
  });
}

/** Pages of what is scanned; a small collection comes as a whole, as its scan brings it. */
async function byScan<E>(
  slices: Slices,
  asked: PageAsked,
  total: number,
  read: (page: Page<E>, cursor: string, count: number) => string,
): Promise<ElementsPage<E>> {
  const page = new Page<E>(limitOf(asked, DEFAULT_ELEMENTS, MAX_ELEMENTS));
  let cursor = asked.cursor ?? "0";
  if (!/^\d{1,20}$/.test(cursor)) throw new Problem(400, "ERR invalid cursor");
  do {
    cursor = read(page, cursor, page.next);
    page.grow();
    await slices.step();
  } while (cursor !== "0" && !page.isFull);
  return ended(page, total, cursor === "0" ? null : cursor);
}

async function streamPage(
  commands: Commands,
  slices: Slices,
  key: Uint8Array,
  asked: PageAsked,
): Promise<ElementsPage<StreamElement>> {
  const total = Number(commands.integer("XLEN", key));
  const page = new Page<StreamElement>(limitOf(asked, DEFAULT_ELEMENTS, MAX_ELEMENTS));
  let start = asked.cursor ?? "-";
  if (!/^(?:-|\(?\d{1,20}-\d{1,20})$/.test(start)) throw new Problem(400, "ERR invalid cursor");
  let atEnd = false;
  while (!page.isFull && !atEnd) {
    const count = page.next;
    const entries = commands.items("XRANGE", key, start, "+", "COUNT", String(count));
    for (const entry of entries) {
      const element = streamElement(page, entry);
      page.add(element);
      start = `(${element.id}`;
    }
    atEnd = entries.length < count;
    page.grow();
    await slices.step();
  }
  return ended(page, total, atEnd ? null : start);
}

function streamElement(page: Page<StreamElement>, entry: Reply): StreamElement {
  const [id, content] = replyItems(entry);
  const words = replyItems(content).map(replyBytes);
  const fields: [ShownBytes, ShownBytes][] = [];
  for (let i = 0; i + 1 < words.length; i += 2) {
    fields.push([page.shown(words[i]), page.shown(words[i + 1])]);
  }
  return { id: latin1(replyBytes(id)), fields };
}

function ended<E>(page: Page<E>, total: number, cursor: string | null): ElementsPage<E> {
  return { items: page.items, total, cursor, done: cursor === null };
}

function limitOf({ limit }: PageAsked, initial: number, max: number): number {
  if (limit === undefined) return initial;
  if (limit <= max) return limit;
  throw new Problem(400, `limit must be a whole number between 1 and ${max}`);
}

function numberCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new Problem(400, "ERR invalid cursor");
  return Number(cursor);
}
