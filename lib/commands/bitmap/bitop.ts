/**
 * BITOP: AND, OR, XOR and NOT over whole strings.
 *
 * Values lie at any address, and words are read at multiples of four only. So the sources are
 * taken through a small aligned buffer, a piece at a time, which stays in the processor's cache.
 */

import { dataOf } from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { Encoding } from "../../values/entry.ts";
import { StringView } from "../../values/string/string.ts";

const Operation = { AND: 0, OR: 1, XOR: 2, NOT: 3 } as const;

const PIECE_BYTES = 1 << 14;
const PIECE = new Uint8Array(PIECE_BYTES);
const PIECE_WORDS = new Int32Array(PIECE.buffer);
/** Length of the shorter sources counts as zero bytes; so does a missing key. */
const NOTHING = new Uint8Array(0);

export const BITOP = command({
  name: "BITOP",
  usage: "operation destkey key [key ...]",
  summary: "Combines strings bit by bit and stores what comes of it.",
  since: "2.6.0",
  complexity: "O(N) for N bytes in all sources",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run(call) {
    const operation = readOperation(call);
    if (operation === Operation.NOT && call.count !== 4) throw errors.BITOP_NOT_ONE_KEY;
    const sources = readSources(call);
    let length = 0;
    for (const source of sources) length = Math.max(length, source.length);
    // Computed before the target is looked up: the sources are lent from the store.
    const result = combine(operation, sources, length);
    const ref = call.lookUpWrite(2);
    if (length > 0) {
      if (ref !== 0) call.db.persist(ref);
      call.setString(ref, 2, dataOf(result), 0, length, Encoding.RAW);
      call.changed(2, "set");
    } else if (ref !== 0) {
      call.db.remove(ref);
      call.changed(2, "del");
    }
    call.reply.integer(length);
  },
});

export const BITOP_COMMANDS = [BITOP];

function readOperation(call: Call): number {
  const { request } = call;
  if (request.is(1, "AND")) return Operation.AND;
  if (request.is(1, "OR")) return Operation.OR;
  if (request.is(1, "XOR")) return Operation.XOR;
  if (request.is(1, "NOT")) return Operation.NOT;
  throw errors.SYNTAX;
}

/** The bytes of each source, lent from the store. */
function readSources(call: Call): Uint8Array[] {
  const sources: Uint8Array[] = [];
  for (let i = 3; i < call.count; i++) {
    const ref = call.lookUpRead(i);
    if (ref !== 0) call.requireString(ref);
    sources.push(ref === 0 ? NOTHING : new StringView().point(call.db.arena, ref).view());
  }
  return sources;
}

function combine(operation: number, sources: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 4) * 4);
  const words = new Int32Array(bytes.buffer);
  bytes.set(sources[0]);
  if (operation === Operation.NOT) {
    for (let i = 0; i < words.length; i++) words[i] = ~words[i];
    return bytes;
  }
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    const size = Math.min(PIECE_BYTES, bytes.length - from);
    for (let i = 1; i < sources.length; i++) {
      const part = sources[i].subarray(from, from + size);
      PIECE.set(part);
      PIECE.fill(0, part.length, size);
      combineWords(operation, words, from >>> 2, size >>> 2);
    }
  }
  return bytes;
}

/** Combines words of the result with those of the piece. */
function combineWords(operation: number, words: Int32Array, from: number, count: number): void {
  if (operation === Operation.AND) {
    for (let i = 0; i < count; i++) words[from + i] &= PIECE_WORDS[i];
  } else if (operation === Operation.OR) {
    for (let i = 0; i < count; i++) words[from + i] |= PIECE_WORDS[i];
  } else {
    for (let i = 0; i < count; i++) words[from + i] ^= PIECE_WORDS[i];
  }
}
