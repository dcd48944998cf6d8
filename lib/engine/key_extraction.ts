/**
 * Finds the keys in a request by the key specs of its command, for ACL checks, client tracking,
 * cluster slots and COMMAND GETKEYS. Specs come first; the functions of special_keys.ts serve
 * where a spec is unknown, incomplete or has variable flags.
 */
import type { Request } from "../resp/request.ts";
import { Access, type CommandSpec, type KeySpec } from "./command_spec.ts";
import { type KeyReferences, specialGetKeys } from "./special_keys.ts";

/** The part of a command that key extraction looks at. */
export type KeyedCommand = Pick<CommandSpec, "name" | "keySpecs">;

/**
 * Puts the keys of a request (whose argument 0 is the command's name) into `found`, in the order
 * of the key specs. For a command that has keys (see {@linkcode hasKeys}), none found means that
 * the arguments are wrong, or that the command needs no keys (EVAL with 0).
 */
export function extractKeys(command: KeyedCommand, request: Request, found: KeyReferences): void {
  found.clear();
  if (!hasVariableFlags(command.keySpecs)) {
    if (bySpecs(command.keySpecs, request, found)) return;
    found.clear();
  }
  specialGetKeys(command.name)?.(request, found);
}

/** Whether any argument of the command can be a key; shard channels are not. */
export function hasKeys(command: KeyedCommand): boolean {
  return command.keySpecs.some((spec) => (spec.access & Access.NOT_KEY) === 0);
}

/** Indexes of the shard channels of a request: what its key specs mark as not being keys. */
export function extractChannels(
  command: KeyedCommand,
  request: Request,
  found: KeyReferences,
): void {
  found.clear();
  for (const spec of command.keySpecs) {
    if ((spec.access & Access.NOT_KEY) !== 0) bySpec(spec, request, found);
  }
}

function hasVariableFlags(specs: readonly KeySpec[]): boolean {
  for (let i = 0; i < specs.length; i++) {
    if ((specs[i].access & Access.VARIABLE_FLAGS) !== 0) return true;
  }
  return false;
}

/** Whether the specs were enough to tell. */
function bySpecs(specs: readonly KeySpec[], request: Request, found: KeyReferences): boolean {
  for (let i = 0; i < specs.length; i++) {
    if ((specs[i].access & Access.NOT_KEY) !== 0) continue;
    if (!bySpec(specs[i], request, found)) return false;
  }
  return true;
}

function bySpec(spec: KeySpec, request: Request, found: KeyReferences): boolean {
  const { begin, find } = spec;
  let first = 0;
  if (begin.type === "index") {
    first = begin.index;
  } else if (begin.type === "keyword") {
    first = behindKeyword(begin.keyword, begin.startFrom, request);
    if (first === 0) return true;
  } else {
    return false;
  }
  let last = 0;
  let step = 1;
  if (find.type === "range") {
    step = find.keyStep;
    if (find.lastKey >= 0) last = first + find.lastKey;
    else if (find.limit === 0) last = request.count + find.lastKey;
    else last = first + Math.trunc((request.count - first) / find.limit) + find.lastKey;
  } else if (find.type === "keynum") {
    step = find.keyStep;
    const keys = wholeNumber(request, first + find.keyNumIndex);
    first += find.firstKey;
    last = first + (keys - 1) * step;
  } else {
    return false;
  }
  // The comparison is false for NaN, the number of keys that was no number.
  if (!(last < request.count && last >= first && first < request.count)) return false;
  for (let i = first; i <= last; i += step) found.add(i, spec.access);
  return (spec.access & Access.INCOMPLETE) === 0;
}

/** The argument behind a keyword, or 0; from the end it is looked for backwards. */
function behindKeyword(keyword: string, startFrom: number, request: Request): number {
  if (startFrom < 0) {
    for (let i = request.count + startFrom; i > 1; i--) {
      if (request.is(i, keyword)) return i + 1;
    }
    return 0;
  }
  for (let i = startFrom; i < request.count - 1; i++) {
    if (request.is(i, keyword)) return i + 1;
  }
  return 0;
}

function wholeNumber(request: Request, index: number): number {
  if (index >= request.count || request.lengths[index] > 9) return NaN;
  const text = request.text(index);
  return /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : NaN;
}
