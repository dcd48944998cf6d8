/**
 * The scripts that EVALSHA finds. Those that SCRIPT LOAD was given stay; those that came with EVAL
 * are kept up to a number, the ones used longest ago leaving first, because clients that put values
 * into their scripts would fill the memory otherwise (as Redis does from 7.4 on). Clients send a
 * script again when they are told NOSCRIPT. [hot]
 */

import { latin1 } from "../bytes/byte_string.ts";
import * as copyModule from "../bytes/copy.ts";
import * as shaModule from "../bytes/sha.ts";
import type { Request } from "../resp/request.ts";
import { scriptHead } from "./shebang.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { dataOf, equalData } = copyModule;
const { sha1 } = shaModule;

/** How many scripts of EVAL are kept. */
export const MAX_EVAL_SCRIPTS = 500;
/** A script that was begun anew so often is not run plainly any more. */
export const MAX_RESTARTS = 3;
/** Scripts that are found without making text of their names. */
const RECENT_SCRIPTS = 64;
/** What a script costs beside its text. */
const ENTRY_BYTES = 200;
const NAME_DIGITS = 40;
/** What a script has in its text that looks at a global, by its name or by one put together. */
const READS_KEYS = /KEYS|_G|load/;
const READS_ARGUMENTS = /ARGV|_G|load/;
/** A script longer than this may take long even without any loop. */
const MAX_STRAIGHT_BYTES = 16 * 1024;
/** Words of Lua without which a script can neither loop nor recurse, nor search for long. */
const REPEATS =
  /\b(?:for|while|repeat|function|load|loadstring|coroutine|find|match|gmatch|gsub|rep|sort)\b/;

export interface CachedScript {
  readonly sha: string;
  /** The digits of the same. */
  readonly name: DataView;
  readonly source: Uint8Array;
  /** Bits of ScriptFlag. */
  readonly flags: number;
  /** Nothing in it could repeat anything: see `ScriptRun.isStraight`. */
  readonly isStraight: boolean;
  /** Whether it could look at the tables KEYS and ARGV, which are not made otherwise. */
  readonly readsKeys: boolean;
  readonly readsArguments: boolean;
  /** Its last runs only read and were quick: see `ScriptRun.isPlain`. */
  isQuickReader: boolean;
  /** How often it was begun anew because it was not what that says. */
  restarts: number;
  /** SCRIPT LOAD was given it. */
  isLoaded: boolean;
  /** When it was last asked for, in requests for scripts. */
  usedAt: number;
  /** The compiled function in the machine of that number, and its address there. */
  ref: number;
  address: number;
  machine: number;
}

export class ScriptCache {
  /** How many scripts have left for want of room. */
  evicted = 0;
  private readonly scripts = new Map<string, CachedScript>();
  /** By what their names begin with, the last of each kind. */
  private readonly recent: (CachedScript | null)[] = new Array(RECENT_SCRIPTS).fill(null);
  private uses = 0;
  private evalScripts = 0;
  private sourceBytes = 0;
  /** The last one that was asked for by its text. */
  private last: CachedScript | null = null;
  private lastSource: DataView = new DataView(new ArrayBuffer(0));

  /** @param forget called for each script that leaves. */
  constructor(private readonly forget: (script: CachedScript) => void) {}

  get count(): number {
    return this.scripts.size;
  }

  get bytes(): number {
    return this.sourceBytes + this.scripts.size * ENTRY_BYTES;
  }

  /** The script that EVALSHA names in an argument of 40 bytes. [hot] */
  byName(request: Request, index: number): CachedScript | undefined {
    const slot = slotOf(request.data, request.offsets[index]);
    const recent = this.recent[slot];
    if (recent !== null && isSame(request, index, recent.name)) {
      recent.usedAt = ++this.uses;
      return recent;
    }
    const script = this.scripts.get(request.text(index, NAME_DIGITS + 1).toLowerCase());
    if (script === undefined) return undefined;
    script.usedAt = ++this.uses;
    this.recent[slot] = script;
    return script;
  }

  has(sha: string): boolean {
    return this.scripts.has(sha.toLowerCase());
  }

  /** The script with the text in an argument, when it is there. [hot] */
  bySource(request: Request, index: number): CachedScript | undefined {
    const { last } = this;
    if (last !== null && isSame(request, index, this.lastSource)) {
      last.usedAt = ++this.uses;
      return last;
    }
    const script = this.scripts.get(
      sha1(request.buffer, request.offsets[index], request.lengths[index]),
    );
    if (script !== undefined) this.remember(script);
    return script;
  }

  /**
   * A script that is not kept yet.
   *
   * @throws {CommandError} for a first line that is wrong.
   */
  prepare(request: Request, index: number): CachedScript {
    const source = request.copy(index);
    const text = latin1(source);
    const { flags } = scriptHead(text);
    const sha = sha1(source);
    const isStraight = source.length <= MAX_STRAIGHT_BYTES && !REPEATS.test(text);
    return {
      sha,
      name: dataOf(Uint8Array.from(sha, (digit) => digit.charCodeAt(0))),
      source,
      flags,
      isStraight,
      readsKeys: READS_KEYS.test(text),
      readsArguments: READS_ARGUMENTS.test(text),
      isQuickReader: false,
      restarts: 0,
      isLoaded: false,
      usedAt: 0,
      ref: 0,
      address: 0,
      machine: -1,
    };
  }

  /** Keeps a script that has been compiled. */
  add(script: CachedScript): void {
    this.scripts.set(script.sha, script);
    this.sourceBytes += script.source.length;
    this.remember(script);
    if (script.isLoaded) return;
    this.evalScripts++;
    if (this.evalScripts > MAX_EVAL_SCRIPTS) this.evictOldest();
  }

  /** SCRIPT LOAD of one that is there. */
  keep(script: CachedScript): void {
    if (script.isLoaded) return;
    script.isLoaded = true;
    this.evalScripts--;
  }

  clear(): void {
    for (const script of this.scripts.values()) this.forget(script);
    this.scripts.clear();
    this.evalScripts = 0;
    this.sourceBytes = 0;
    this.last = null;
    this.recent.fill(null);
  }

  private remember(script: CachedScript): void {
    script.usedAt = ++this.uses;
    this.last = script;
    this.lastSource = dataOf(script.source);
  }

  private evictOldest(): void {
    let oldest: CachedScript | null = null;
    for (const script of this.scripts.values()) {
      if (!script.isLoaded && (oldest === null || script.usedAt < oldest.usedAt)) oldest = script;
    }
    if (oldest === null) return;
    this.scripts.delete(oldest.sha);
    const slot = this.recent.indexOf(oldest);
    if (slot >= 0) this.recent[slot] = null;
    if (this.last === oldest) this.last = null;
    this.sourceBytes -= oldest.source.length;
    this.evalScripts--;
    this.evicted++;
    this.forget(oldest);
  }
}

/** Which of the recent scripts a name, at least four digits, may be. */
function slotOf(name: DataView, offset: number): number {
  return Math.imul(name.getInt32(offset, true), 0x9e3779b1) >>> 26;
}

function isSame(request: Request, index: number, bytes: DataView): boolean {
  const { data, offsets, lengths } = request;
  return lengths[index] === bytes.byteLength &&
    equalData(data, offsets[index], bytes, 0, bytes.byteLength);
}
