/**
 * SORT and SORT_RO: the elements of a list, set or sorted set in an order of their own, of keys that
 * they name (BY), or as they are; the elements or what they name (GET), as a reply or a new list.
 */

import { readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { rangeSpec, unknownSpec } from "../../engine/key_specs.ts";
import { typeOf, ValueType } from "../../values/entry.ts";
import { ListAccess } from "../../values/list/list.ts";
import { SetAccess } from "../../values/set/set.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import { sortByScore, sortByText, sortScore, Strings, unsorted } from "./sort_elements.ts";
import { SortPattern } from "./sort_pattern.ts";

const NO_DOUBLE = new CommandError("ERR One or more scores can't be converted into double");

const COMPLEXITY = "O(N+M*log(M)) for N elements of which M are replied; without sorting O(N)";

/** The one list that is read, and then made for STORE. */
const list = new ListAccess();

export const SORT = command({
  name: "SORT",
  usage: "key [BY pattern#1] [LIMIT offset count] [GET pattern#1] ... [order: ASC | DESC] " +
    "[sorting=ALPHA] [STORE destination]",
  summary: "Puts the elements of a list, set or sorted set in order, and may store them.",
  since: "1.0.0",
  complexity: COMPLEXITY,
  flags: Flag.WRITE | Flag.DENY_OOM,
  keySpecs: [
    rangeSpec(Access.RO | Access.ACCESS, 1),
    unknownSpec(Access.RO | Access.ACCESS),
    unknownSpec(Access.OW | Access.UPDATE),
  ],
  categories: ["@dangerous", "@list", "@set", "@sortedset"],
  run: (call) => sort(call, { mayStore: true }),
});

export const SORT_RO = command({
  name: "SORT_RO",
  usage: "key [BY pattern#1] [LIMIT offset count] [GET pattern#1] ... [order: ASC | DESC] " +
    "[sorting=ALPHA]",
  summary: "Puts the elements of a list, set or sorted set in order.",
  since: "7.0.0",
  complexity: COMPLEXITY,
  flags: Flag.READONLY,
  keySpecs: [
    rangeSpec(Access.RO | Access.ACCESS, 1),
    unknownSpec(Access.RO | Access.ACCESS),
  ],
  categories: ["@dangerous", "@list", "@set", "@sortedset"],
  run: (call) => sort(call, { mayStore: false }),
});

interface SortOptions {
  by: SortPattern | null;
  readonly gets: SortPattern[];
  offset: number;
  /** Below 0: all. */
  limit: number;
  descending: boolean;
  alpha: boolean;
  /** Index of the argument that names the destination; 0 without STORE. */
  store: number;
  sorts: boolean;
}

/** Elements to reply: their numbers, from `start` up to `end`. */
interface Outcome {
  readonly elements: Strings;
  readonly order: Int32Array;
  readonly start: number;
  readonly end: number;
}

function sort(call: Call, { mayStore }: { mayStore: boolean }): void {
  const options = readOptions(call, mayStore);
  const outcome = sorted(call, options, call.lookUpRead(1));
  if (options.store === 0) reply(call, options, outcome);
  else store(call, options, outcome);
}

function readOptions(call: Call, mayStore: boolean): SortOptions {
  const { request, count } = call;
  const options: SortOptions = {
    by: null,
    gets: [],
    offset: 0,
    limit: -1,
    descending: false,
    alpha: false,
    store: 0,
    sorts: true,
  };
  for (let i = 2; i < count; i++) {
    const left = count - i - 1;
    if (request.is(i, "ASC")) options.descending = false;
    else if (request.is(i, "DESC")) options.descending = true;
    else if (request.is(i, "ALPHA")) options.alpha = true;
    else if (request.is(i, "LIMIT") && left >= 2) {
      options.offset = readClampedInteger(call, ++i);
      options.limit = readClampedInteger(call, ++i);
    } else if (request.is(i, "STORE") && left >= 1 && mayStore) {
      options.store = ++i;
    } else if (request.is(i, "BY") && left >= 1) {
      options.by = new SortPattern(request.view(++i));
      if (options.by.isConstant) options.sorts = false;
    } else if (request.is(i, "GET") && left >= 1) {
      options.gets.push(new SortPattern(request.view(++i)));
    } else throw errors.SYNTAX;
  }
  return options;
}

function sorted(call: Call, options: SortOptions, ref: number): Outcome {
  const elements = new Strings();
  if (ref === 0) return { elements, order: unsorted(elements), start: 0, end: 0 };
  const { arena } = call.db;
  const type = typeOf(arena, ref);
  if (type !== ValueType.LIST && type !== ValueType.SET && type !== ValueType.SORTED_SET) {
    throw errors.WRONG_TYPE;
  }
  // A set has no order of its own: what is stored, or a script sees, must not depend on chance.
  const isLasting = options.store !== 0 || call.session.isScript;
  if (!options.sorts && type === ValueType.SET && isLasting) {
    options.sorts = options.alpha = true;
    options.by = null;
  }
  gather(call, ref, type, !options.sorts && options.descending, elements);
  const order = options.sorts ? inOrder(call, options, elements) : unsorted(elements);
  return { elements, order, ...range(options, elements.count) };
}

function gather(
  call: Call,
  ref: number,
  type: number,
  backwards: boolean,
  elements: Strings,
): void {
  if (type === ValueType.LIST) {
    list.open(call.db, ref);
    list.seek(backwards ? list.size - 1 : 0);
    do {
      const { data, offset, length } = list.element;
      elements.add(data, offset, length);
    } while (backwards ? list.previous() : list.next());
  } else if (type === ValueType.SET) {
    const set = new SetAccess().open(call.db, ref);
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      set.point(handle);
      elements.add(set.data, set.offset, set.length);
    }
  } else {
    const set = new SortedSetAccess().open(call.db, ref);
    // As in Redis, whoever sorts a sorted set leaves it as a skip list.
    set.reserve(call.db.limits.sortedSetEntries + 1);
    set.seek(backwards ? set.size - 1 : 0);
    do elements.add(set.data, set.offset, set.length); while (
      backwards ? set.previous() : set.next()
    );
  }
}

function inOrder(call: Call, options: SortOptions, elements: Strings): Int32Array {
  const { by, alpha, descending } = options;
  if (alpha) {
    return sortByText(elements, by === null ? elements : weights(call, by, elements), descending);
  }
  const scores = new Float64Array(elements.count);
  for (let i = 0; i < elements.count; i++) {
    if (by === null) {
      scores[i] = sortScore(elements.bytes, elements.offsets[i], elements.lengths[i]);
    } else if (by.find(call, elements, i)) {
      scores[i] = sortScore(by.bytes, by.offset, by.length);
    }
  }
  if (scores.some(Number.isNaN)) throw NO_DOUBLE;
  return sortByScore(elements, scores, descending);
}

function weights(call: Call, by: SortPattern, elements: Strings): Strings {
  const found = new Strings();
  for (let i = 0; i < elements.count; i++) {
    if (by.find(call, elements, i)) found.add(by.data, by.offset, by.length);
    else found.addMissing();
  }
  return found;
}

/** What LIMIT leaves of so many elements. */
function range(options: SortOptions, count: number): { start: number; end: number } {
  const start = Math.min(Math.max(options.offset, 0), count);
  const end = options.limit < 0 ? count : Math.min(start + options.limit, count);
  return { start, end };
}

function reply(call: Call, options: SortOptions, { elements, order, start, end }: Outcome): void {
  const writer = call.reply;
  const { gets } = options;
  writer.array((end - start) * Math.max(1, gets.length));
  for (let i = start; i < end; i++) {
    const index = order[i];
    if (gets.length === 0) {
      writer.bulkRange(elements.data, elements.offsets[index], elements.lengths[index]);
    }
    for (const get of gets) {
      if (get.find(call, elements, index)) writer.bulkRange(get.data, get.offset, get.length);
      else writer.null();
    }
  }
}

function store(call: Call, options: SortOptions, outcome: Outcome): void {
  const index = options.store;
  const size = (outcome.end - outcome.start) * Math.max(1, options.gets.length);
  if (size === 0) {
    const ref = call.lookUpWrite(index);
    if (ref !== 0) {
      call.db.remove(ref);
      call.changed(index, "del");
    }
  } else {
    collect(call, options, outcome);
    const ref = call.lookUpWrite(index);
    if (ref !== 0) call.db.persist(ref);
    call.putValue(ref, index, ValueType.LIST, list.encoding, list.storage, list.value);
    call.changed(index, "sortstore");
    call.dirty = size;
  }
  call.reply.integer(size);
}

/** Makes {@linkcode list} the outcome, held by no entry; what GET does not find is an empty string. */
function collect(call: Call, options: SortOptions, outcome: Outcome): void {
  const { elements, order, start, end } = outcome;
  list.create(call.db);
  try {
    for (let i = start; i < end; i++) {
      const index = order[i];
      if (options.gets.length === 0) {
        list.pushBack(elements.data, elements.offsets[index], elements.lengths[index]);
      }
      for (const get of options.gets) {
        const found = get.find(call, elements, index);
        list.pushBack(get.data, found ? get.offset : 0, found ? get.length : 0);
      }
    }
  } catch (error) {
    list.release();
    throw error;
  }
}

export const SORT_COMMANDS = [SORT, SORT_RO];
