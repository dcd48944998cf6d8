/**
 * `GET /api/v1/tree`: what stands below a prefix, level by level: how many keys go on with which
 * segment up to the next separator. Counting needs a walk over the whole database, so a reply
 * covers a part of it, and the reader adds up the parts until done.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { JsonBytes } from "../json_values.ts";
import { jsonBytes, keyPath } from "../json_values.ts";
import { bytes, database, integer } from "../query.ts";
import { route } from "../route.ts";
import {
  cursorParameter,
  FILTER_PARAMETERS,
  filterArguments,
  scanStep,
  STEP_KEYS,
} from "../scan.ts";

const DEFAULT_EXAMINED = 50_000;
const MAX_EXAMINED = 1_000_000;
/** Segments told apart in one reply; keys of further ones are only counted. */
const MAX_NODES = 1000;

export interface TreeNode {
  /** The prefix with this segment, and with the separator behind it for a branch. */
  readonly prefix: JsonBytes;
  /** The segment by itself. */
  readonly name: JsonBytes;
  /** Keys below a branch; 1 for a key. */
  readonly keys: number;
  /** Whether this is a key and not a branch. */
  readonly isKey: boolean;
  /** Where the key is shown; null for a branch. */
  readonly href: string | null;
}

export const treeRoute = route({
  path: "/api/v1/tree",
  summary: "Counts the keys below a prefix by their next segment; add up the parts until done.",
  query: {
    db: database,
    prefix: bytes("What the keys begin with; without it all keys."),
    separator: bytes("What stands between segments; a colon by default."),
    type: FILTER_PARAMETERS.type,
    cursor: cursorParameter,
    examine: integer(
      { initial: DEFAULT_EXAMINED, min: 1, max: MAX_EXAMINED },
      "Keys to look at in this part.",
    ),
  },
  async handle(asked) {
    const { db, cursor: start, examine, type } = asked.query;
    const prefix = latin1(asked.query.prefix ?? new Uint8Array(0));
    const separator = latin1(asked.query.separator ?? new Uint8Array([0x3a])) || ":";
    using commands = asked.commands({ database: db });
    const slices = asked.slices();
    const branches = new Branches(prefix, separator);
    // SCAN leaves out what is elsewhere, so that it is not sent and read in vain.
    const filter = filterArguments({ match: fromLatin1(`${globOf(prefix)}*`), type });
    let cursor = start;
    let examined = 0;
    do {
      const step = scanStep(commands, cursor, filter, STEP_KEYS);
      for (const key of step.keys) branches.add(latin1(key));
      examined += STEP_KEYS;
      cursor = step.cursor;
      await slices.step();
    } while (cursor !== "0" && examined < examine);
    return asked.c.json({
      prefix: jsonBytes(fromLatin1(prefix)),
      separator: jsonBytes(fromLatin1(separator)),
      nodes: branches.nodes(db),
      keys: branches.keys,
      keysElsewhere: branches.keysElsewhere,
      cursor: cursor === "0" ? null : cursor,
      done: cursor === "0",
    });
  },
});

/** A pattern that matches a text and nothing else. */
function globOf(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, "\\$&");
}

/** Counts by segment; texts have one character a byte. */
class Branches {
  /** Keys below the prefix. */
  keys = 0;
  /** Of those, keys whose segments are not told apart. */
  keysElsewhere = 0;
  private readonly branches: Map<string, number> = new Map();
  private readonly leaves: Set<string> = new Set();

  constructor(private readonly prefix: string, private readonly separator: string) {}

  add(key: string): void {
    if (!key.startsWith(this.prefix)) return;
    this.keys++;
    const end = key.indexOf(this.separator, this.prefix.length);
    const isFull = this.branches.size + this.leaves.size >= MAX_NODES;
    if (end < 0) {
      if (isFull) this.keysElsewhere++;
      else this.leaves.add(key.slice(this.prefix.length));
      return;
    }
    const name = key.slice(this.prefix.length, end);
    const count = this.branches.get(name);
    if (count === undefined && isFull) this.keysElsewhere++;
    else this.branches.set(name, (count ?? 0) + 1);
  }

  /** Branches first, each kind in the order of its bytes. */
  nodes(db: number): TreeNode[] {
    const found: TreeNode[] = [];
    for (const name of [...this.branches.keys()].sort()) {
      found.push({
        prefix: jsonBytes(fromLatin1(this.prefix + name + this.separator)),
        name: jsonBytes(fromLatin1(name)),
        keys: this.branches.get(name) ?? 0,
        isKey: false,
        href: null,
      });
    }
    for (const name of [...this.leaves].sort()) {
      const key = fromLatin1(this.prefix + name);
      found.push({
        prefix: jsonBytes(key),
        name: jsonBytes(fromLatin1(name)),
        keys: 1,
        isKey: true,
        href: keyPath(key) + (db === 0 ? "" : `?db=${db}`),
      });
    }
    return found;
  }
}
