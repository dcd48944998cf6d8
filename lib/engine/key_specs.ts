/**
 * Key specs: where among a command's arguments its keys are. They are derived from the usage line,
 * and the summaries that COMMAND reports (first key, last key, step, "movablekeys") from them, in
 * the same way as Redis computes those from its own key specs.
 */
import type { ArgumentDoc, BeginSearch, FindKeys, KeySpec } from "./command_spec.ts";
import { sizeOf } from "./usage.ts";

/** Keys from argument `index` on; `lastKey` below zero counts from the end of the arguments. */
export function rangeSpec(access: number, index: number, lastKey = 0, keyStep = 1): KeySpec {
  return { access, begin: { type: "index", index }, find: range(lastKey, keyStep) };
}

/** As many keys behind argument `index` as it says. */
export function keynumSpec(access: number, index: number): KeySpec {
  return {
    access,
    begin: { type: "index", index },
    find: { type: "keynum", keyNumIndex: 0, firstKey: 1, keyStep: 1 },
  };
}

/** Keys behind a keyword that is looked for from argument `startFrom` on (from the end if < 0). */
export function keywordSpec(
  access: number,
  keyword: string,
  startFrom: number,
  lastKey = 0,
  limit = 0,
): KeySpec {
  return { access, begin: { type: "keyword", keyword, startFrom }, find: range(lastKey, 1, limit) };
}

/** Keys that only the command itself can find. */
export function unknownSpec(access: number): KeySpec {
  return { access, begin: { type: "unknown" }, find: { type: "unknown" } };
}

function range(lastKey: number, keyStep: number, limit = 0): FindKeys {
  return { type: "range", lastKey, keyStep, limit };
}

/**
 * The key specs of an argument tree. `access` holds the flags of each, one number for all when
 * they are the same; `words` is how many words name the command.
 */
export function keySpecsOf(
  args: readonly ArgumentDoc[],
  words: number,
  access: number | readonly number[],
): readonly KeySpec[] {
  const found: { begin: BeginSearch; find: FindKeys }[] = [];
  new KeyWalk(found).sequence(args, words, true);
  return found.map((spec, i) => {
    const flags = typeof access === "number" ? access : access[i];
    if (flags === undefined) throw new Error(`no access flags for key spec ${i}`);
    return { access: flags, ...spec };
  });
}

/** Walks over arguments while counting positions, for as long as these are fixed. */
class KeyWalk {
  constructor(private readonly found: { begin: BeginSearch; find: FindKeys }[]) {}

  /** Visits arguments of which the first stands at `start` when `known`, or somewhere behind it. */
  sequence(args: readonly ArgumentDoc[], start: number, known: boolean): void {
    let at = start;
    let fixed = known;
    for (let i = 0; i < args.length; i++) {
      const before = fixed && i > 0 && args[i - 1].name === "numkeys";
      this.visit(args[i], at, fixed, before, args.slice(i + 1));
      const size = sizeOf(args[i]);
      if (!size.exact) fixed = false;
      if (fixed) at += size.least;
    }
  }

  private visit(
    arg: ArgumentDoc,
    at: number,
    fixed: boolean,
    counted: boolean,
    after: readonly ArgumentDoc[],
  ): void {
    if (arg.type === "key") {
      this.key(arg, at, fixed, counted, after);
    } else if (arg.type === "oneof") {
      for (const member of arg.arguments ?? []) this.visit(member, at, fixed, false, after);
    } else if (arg.type === "block") {
      this.block(arg, arg.arguments ?? [], at, fixed);
    }
  }

  private key(
    arg: ArgumentDoc,
    at: number,
    fixed: boolean,
    counted: boolean,
    after: readonly ArgumentDoc[],
  ): void {
    const index = arg.keySpecIndex ?? 0;
    if (index < this.found.length) {
      this.extend(index);
    } else if (arg.token !== undefined) {
      this.add(keywordSpec(0, arg.token, at, arg.multiple ? -1 : 0));
    } else if (!fixed) {
      this.add(unknownSpec(0));
    } else if (counted) {
      this.add(keynumSpec(0, at - 1));
    } else {
      const behind = after.reduce((sum, next) => sum + sizeOf(next).least, 0);
      this.add(rangeSpec(0, at, arg.multiple ? -1 - behind : 0));
    }
  }

  private block(arg: ArgumentDoc, members: readonly ArgumentDoc[], at: number, fixed: boolean) {
    const leading = members[0]?.type === "key";
    if (arg.token !== undefined && leading) {
      // `STREAMS key ... id ...`: the rest of the line is shared out among the lists.
      const lists = members.filter((member) => member.multiple).length;
      this.add(keywordSpec(0, arg.token, at, lists > 0 ? -1 : 0, lists > 1 ? lists : 0));
    } else if (arg.multiple && leading && fixed) {
      const step = members.reduce((sum, member) => sum + sizeOf(member).least, 0);
      this.add(rangeSpec(0, at, -1, step));
    } else {
      this.sequence(members, arg.token === undefined ? at : at + 1, fixed && !arg.optional);
    }
  }

  /** Another key of the same spec stands right behind the ones found. */
  private extend(index: number): void {
    const find = this.found[index].find;
    if (find.type === "range" && find.lastKey >= 0) {
      this.found[index].find = range(find.lastKey + 1, find.keyStep, find.limit);
    }
  }

  private add(spec: KeySpec): void {
    this.found.push({ begin: spec.begin, find: spec.find });
  }
}

/** First key, last key and step as COMMAND reports them; zeros where there are none. */
export interface KeyRange {
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
}

const NO_KEYS: KeyRange = { firstKey: 0, lastKey: 0, keyStep: 0 };

/** The one range that covers the key specs of the simple kind, as old clients want to have it. */
export function keyRangeOf(specs: readonly KeySpec[]): KeyRange {
  let firstKey = 0;
  let lastKey = 0;
  for (const { begin, find } of specs) {
    if (begin.type !== "index" || find.type !== "range") continue;
    const last = find.lastKey >= 0 ? begin.index + find.lastKey : find.lastKey;
    if (specs.length === 1) return { firstKey: begin.index, lastKey: last, keyStep: find.keyStep };
    if (find.keyStep !== 1) return NO_KEYS;
    if (firstKey !== 0 && lastKey !== begin.index - 1) return NO_KEYS;
    if (firstKey === 0) firstKey = begin.index;
    lastKey = last;
  }
  return firstKey === 0 ? NO_KEYS : { firstKey, lastKey, keyStep: 1 };
}

/** Whether {@linkcode keyRangeOf} misses keys: the flag "movablekeys" of COMMAND. */
export function hasMovableKeys(specs: readonly KeySpec[]): boolean {
  return specs.some(({ begin, find }) => begin.type !== "index" || find.type !== "range");
}
