/**
 * The scripts that EVALSHA finds. Those that SCRIPT LOAD was given stay; those that came with EVAL
 * are kept up to a number, the ones used longest ago leaving first, because clients that put values
 * into their scripts would fill the memory otherwise (as Redis does from 7.4 on). Clients send a
 * script again when they are told NOSCRIPT.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { sha1 } from "../bytes/sha.ts";
import type { Request } from "../resp/request.ts";
import { scriptHead } from "./shebang.ts";

/** How many scripts of EVAL are kept. */
export const MAX_EVAL_SCRIPTS = 500;
/** A script that was begun anew so often is not run plainly any more. */
export const MAX_RESTARTS = 3;
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
  /** The compiled function in the machine of that number. */
  ref: number;
  machine: number;
}

export class ScriptCache {
  /** How many scripts have left for want of room. */
  evicted = 0;
  /** In the order of their use, as far as they may leave. */
  private readonly scripts = new Map<string, CachedScript>();
  private evalScripts = 0;
  private sourceBytes = 0;
  /** The last one that was asked for, and the digits of its name. */
  private last: CachedScript | null = null;
  private readonly lastName = new Uint8Array(NAME_DIGITS);

  /** @param forget called for each script that leaves. */
  constructor(private readonly forget: (script: CachedScript) => void) {}

  get count(): number {
    return this.scripts.size;
  }

  get bytes(): number {
    return this.sourceBytes + this.scripts.size * ENTRY_BYTES;
  }

  /** The script that EVALSHA names in an argument. [hot] */
  byName(request: Request, index: number): CachedScript | undefined {
    const { last, lastName } = this;
    if (last !== null && isSame(request, index, lastName)) return last;
    const script = this.scripts.get(request.text(index, NAME_DIGITS + 1).toLowerCase());
    if (script !== undefined) this.used(script);
    return script;
  }

  has(sha: string): boolean {
    return this.scripts.has(sha.toLowerCase());
  }

  /** The script with the text in an argument, when it is there. [hot] */
  bySource(request: Request, index: number): CachedScript | undefined {
    const { last } = this;
    if (last !== null && isSame(request, index, last.source)) return last;
    const script = this.scripts.get(
      sha1(request.buffer, request.offsets[index], request.lengths[index]),
    );
    if (script !== undefined) this.used(script);
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
      source,
      flags,
      isStraight,
      readsKeys: READS_KEYS.test(text),
      readsArguments: READS_ARGUMENTS.test(text),
      isQuickReader: false,
      restarts: 0,
      isLoaded: false,
      ref: 0,
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
  }

  private used(script: CachedScript): void {
    if (!script.isLoaded) {
      this.scripts.delete(script.sha);
      this.scripts.set(script.sha, script);
    }
    this.remember(script);
  }

  private remember(script: CachedScript): void {
    this.last = script;
    for (let i = 0; i < NAME_DIGITS; i++) this.lastName[i] = script.sha.charCodeAt(i);
  }

  private evictOldest(): void {
    for (const script of this.scripts.values()) {
      if (script.isLoaded) continue;
      this.scripts.delete(script.sha);
      this.sourceBytes -= script.source.length;
      this.evalScripts--;
      this.evicted++;
      this.forget(script);
      return;
    }
  }
}

function isSame(request: Request, index: number, bytes: Uint8Array): boolean {
  if (request.lengths[index] !== bytes.length) return false;
  const { buffer } = request;
  const offset = request.offsets[index];
  for (let i = 0; i < bytes.length; i++) if (buffer[offset + i] !== bytes[i]) return false;
  return true;
}
