/**
 * The keys of the few commands whose key specs cannot find them all, or cannot tell how a key is
 * used: SET with or without GET, BITFIELD that only reads, STORE anywhere in SORT, MIGRATE's KEYS.
 */
import type { Request } from "../resp/request.ts";
import { Access } from "./command_spec.ts";

/** Where a request's keys are and how each is used; made once and used again and again. */
export class KeyReferences {
  count = 0;
  /** Argument numbers; the command's own name is argument 0. */
  readonly indexes: number[] = [];
  /** Bits of {@linkcode Access}. */
  readonly access: number[] = [];

  clear(): void {
    this.count = 0;
  }

  add(index: number, access: number): void {
    this.indexes[this.count] = index;
    this.access[this.count] = access;
    this.count++;
  }
}

/** Adds the keys of a request; adding none means that its arguments are wrong. */
export type GetKeys = (request: Request, found: KeyReferences) => void;

const READ = Access.RO | Access.ACCESS;
const READ_AND_UPDATE = Access.RW | Access.ACCESS | Access.UPDATE;
const READ_AND_DELETE = Access.RW | Access.ACCESS | Access.DELETE;
const OVERWRITE = Access.OW | Access.UPDATE;

/** The function for a command that needs one; `name` is in upper case. */
export function specialGetKeys(name: string): GetKeys | undefined {
  return SPECIAL.get(name);
}

const SPECIAL: ReadonlyMap<string, GetKeys> = new Map([
  ["BITFIELD", bitfieldKeys],
  ["GEORADIUS", geoRadiusKeys],
  ["GEORADIUSBYMEMBER", geoRadiusKeys],
  ["MIGRATE", migrateKeys],
  ["SET", setKeys],
  ["SORT", sortKeys],
  ["SORT_RO", sortReadOnlyKeys],
]);

function setKeys(request: Request, found: KeyReferences): void {
  let access: number = OVERWRITE;
  for (let i = 3; i < request.count; i++) {
    if (request.is(i, "GET")) access = READ_AND_UPDATE;
  }
  found.add(1, access);
}

/** Only reads when every operation is a GET; what looks wrong is taken for a write. */
function bitfieldKeys(request: Request, found: KeyReferences): void {
  let i = 2;
  while (i < request.count) {
    const left = request.count - i - 1;
    if (request.is(i, "GET") && left >= 2) i += 3;
    else if (request.is(i, "OVERFLOW") && left >= 1) i += 2;
    else break;
  }
  found.add(1, i < request.count ? READ_AND_UPDATE : READ);
}

/** The last STORE counts; what stands behind BY, GET and LIMIT is not looked at. */
function sortKeys(request: Request, found: KeyReferences): void {
  found.add(1, READ);
  let destination = 0;
  for (let i = 2; i < request.count; i++) {
    if (request.is(i, "LIMIT")) i += 2;
    else if (request.is(i, "BY") || request.is(i, "GET")) i++;
    else if (request.is(i, "STORE") && i + 1 < request.count) destination = ++i;
  }
  if (destination > 0) found.add(destination, OVERWRITE);
}

/** Which other keys BY and GET read depends on the data, so nobody can tell in advance. */
function sortReadOnlyKeys(_request: Request, found: KeyReferences): void {
  found.add(1, READ);
}

/** Used when the key specs fail, which they do when nothing stands behind STORE. */
function geoRadiusKeys(request: Request, found: KeyReferences): void {
  found.add(1, READ);
  let destination = 0;
  for (let i = 5; i + 1 < request.count; i++) {
    if (request.is(i, "STORE") || request.is(i, "STOREDIST")) destination = ++i;
  }
  if (destination > 0) found.add(destination, OVERWRITE);
}

function migrateKeys(request: Request, found: KeyReferences): void {
  for (let i = 6; i < request.count; i++) {
    if (request.is(i, "KEYS")) {
      // A key as well as KEYS is a syntax error, of which the command itself will tell.
      if (request.lengths[3] > 0) return;
      for (let key = i + 1; key < request.count; key++) found.add(key, READ_AND_DELETE);
      return;
    }
    if (request.is(i, "AUTH")) i++;
    else if (request.is(i, "AUTH2")) i += 2;
  }
  found.add(3, READ_AND_DELETE);
}
