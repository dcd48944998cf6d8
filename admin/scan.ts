/**
 * Walks over keys by SCAN, in slices: a step costs the same however many keys there are, and what
 * exists all the way through a walk is in it; a key that moves may come twice.
 */

import { latin1 } from "../lib/bytes/byte_string.ts";
import { invariant } from "../lib/host/invariant.ts";
import type { Argument, Commands } from "./engine_access.ts";
import { bytes, text } from "./query.ts";
import type { Parameter } from "./query.ts";

/** Keys that one step of a walk looks at: what a slice has time for. */
export const STEP_KEYS = 200;

/** The query parameters of everything that walks over keys. */
export const FILTER_PARAMETERS = {
  match: bytes("A glob-style pattern that keys match."),
  type: text("Only keys of this type, as TYPE names it.", /^[\w-]{1,32}$/),
};

/** Stricter than SCAN, which takes a sign or an empty text and starts again. */
export const cursorParameter: Parameter<string> = {
  ...text("The cursor of the page before, to go on from there."),
  read(value) {
    return text("", /^\d{1,20}$/, "ERR invalid cursor").read(value, "cursor") ?? "0";
  },
};

export interface KeyFilter {
  readonly match?: Uint8Array | undefined;
  readonly type?: string | undefined;
}

/** As arguments of SCAN. */
export function filterArguments({ match, type }: KeyFilter): Argument[] {
  const filter: Argument[] = [];
  if (match !== undefined) filter.push("MATCH", match);
  if (type !== undefined) filter.push("TYPE", type);
  return filter;
}

export interface ScanStep {
  readonly keys: readonly Uint8Array[];
  /** SCAN's own, "0" at the end. */
  readonly cursor: string;
}

/** One SCAN; of the elements of a collection with the command's name and its key. */
export function scanStep(
  commands: Commands,
  cursor: string,
  filter: readonly Argument[],
  count: number,
  command: readonly Argument[] = ["SCAN"],
): ScanStep {
  const reply = commands.rawReply([...command, cursor, ...filter, "COUNT", String(count)]);
  const reader = new ScanReply(reply);
  invariant(reader.header(ASTERISK) === 2, "SCAN replied no cursor and keys");
  const next = latin1(reader.bulk());
  const keys: Uint8Array[] = [];
  for (let left = reader.header(ASTERISK); left > 0; left--) keys.push(reader.bulk());
  return { keys, cursor: next };
}

/**
 * Reads arrays of strings, and nothing else, from a reply that is whole. A walk over a million keys
 * reads a million of them, for which a decoder of everything would take several times as long.
 */
class ScanReply {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The number in a line that begins with `mark`. */
  header(mark: number): number {
    const { bytes } = this;
    invariant(bytes[this.at] === mark, "SCAN replied something else than strings");
    let value = 0;
    let at = this.at + 1;
    for (; bytes[at] !== CARRIAGE_RETURN; at++) value = value * 10 + bytes[at] - ZERO;
    this.at = at + 2;
    return value;
  }

  bulk(): Uint8Array {
    const length = this.header(DOLLAR);
    const found = this.bytes.slice(this.at, this.at + length);
    this.at += length + 2;
    return found;
  }
}

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
const CARRIAGE_RETURN = 0x0d;
