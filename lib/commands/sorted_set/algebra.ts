/**
 * Unions, intersections and differences of sorted sets and sets, replied, stored or counted. The
 * result is built as a sorted set that no entry holds, which is then replied or put in place.
 */

import { readClampedInteger, readDouble, readIntegerInRange } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import { replyCount, replyShown, storeResult } from "./opened.ts";
import { openSources, type Source } from "./sources.ts";

const Aggregate = { SUM: 0, MIN: 1, MAX: 2 } as const;

export const ZUNION = command({
  name: "ZUNION",
  usage: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE (aggregate: SUM | MIN | " +
    "MAX)] [WITHSCORES]",
  summary: "Lists the members that any of some sorted sets has.",
  since: "6.2.0",
  complexity: "O(N)+O(M*log(M)) for N members in all inputs and M in the result",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run: (call) => reply(call, unite, true),
});

export const ZUNIONSTORE = command({
  name: "ZUNIONSTORE",
  usage: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE (aggregate: " +
    "SUM | MIN | MAX)]",
  summary: "Stores the members that any of some sorted sets has.",
  since: "2.0.0",
  complexity: "O(N)+O(M*log(M)) for N members in all inputs and M in the result",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => store(call, unite, true, "zunionstore"),
});

export const ZINTER = command({
  name: "ZINTER",
  usage: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE (aggregate: SUM | MIN | " +
    "MAX)] [WITHSCORES]",
  summary: "Lists the members that all of some sorted sets have.",
  since: "6.2.0",
  complexity: "O(N*K)+O(M*log(M)) for N members in the smallest of K inputs and M in the result",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run: (call) => reply(call, intersect, true),
});

export const ZINTERSTORE = command({
  name: "ZINTERSTORE",
  usage: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE (aggregate: " +
    "SUM | MIN | MAX)]",
  summary: "Stores the members that all of some sorted sets have.",
  since: "2.0.0",
  complexity: "O(N*K)+O(M*log(M)) for N members in the smallest of K inputs and M in the result",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => store(call, intersect, true, "zinterstore"),
});

export const ZINTERCARD = command({
  name: "ZINTERCARD",
  usage: "numkeys key [key ...] [LIMIT limit]",
  summary: "Counts the members that all of some sorted sets have.",
  since: "7.0.0",
  complexity: "O(N*K) for N members in the smallest of K inputs",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const count = readKeyCount(call, 1);
    const sources = openSources(call, 2, count);
    let limit = 0;
    for (let i = 2 + count; i < call.count; i += 2) {
      if (!call.request.is(i, "LIMIT") || i + 1 === call.count) throw errors.SYNTAX;
      const most = Number.MAX_SAFE_INTEGER;
      limit = readIntegerInRange(call, i + 1, 0, most, errors.NEGATIVE_LIMIT);
    }
    let common = 0;
    visitCommon(sources, Aggregate.SUM, () => ++common !== limit);
    call.reply.integer(common);
  },
});

export const ZDIFF = command({
  name: "ZDIFF",
  usage: "numkeys key [key ...] [WITHSCORES]",
  summary: "Lists the members that the first sorted set has and no other.",
  since: "6.2.0",
  complexity: "O(N*K)+O(M*log(M)) for N members in the first of K inputs and M in the result",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run: (call) => reply(call, subtract, false),
});

export const ZDIFFSTORE = command({
  name: "ZDIFFSTORE",
  usage: "destination numkeys key [key ...]",
  summary: "Stores the members that the first sorted set has and no other.",
  since: "6.2.0",
  complexity: "O(N*K)+O(M*log(M)) for N members in the first of K inputs and M in the result",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => store(call, subtract, false, "zdiffstore"),
});

export const SORTED_SET_ALGEBRA_COMMANDS = [
  ZUNION,
  ZUNIONSTORE,
  ZINTER,
  ZINTERSTORE,
  ZINTERCARD,
  ZDIFF,
  ZDIFFSTORE,
];

type Operation = (result: SortedSetAccess, sources: Source[], aggregate: number) => void;

interface Query {
  readonly sources: Source[];
  readonly aggregate: number;
  readonly withScores: boolean;
}

function reply(call: Call, operation: Operation, weighted: boolean): void {
  const query = readQuery(call, 1, weighted, true);
  const result = compute(call, operation, query);
  const { size } = result;
  replyCount(call, size, query.withScores);
  if (size > 0) {
    result.seek(0);
    do replyShown(call, result, query.withScores); while (result.next());
  }
  result.release();
}

function store(call: Call, operation: Operation, weighted: boolean, event: string): void {
  storeResult(call, compute(call, operation, readQuery(call, 2, weighted, false)), 1, event);
}

function compute(call: Call, operation: Operation, query: Query): SortedSetAccess {
  const result = new SortedSetAccess().create(call.db, true);
  try {
    operation(result, query.sources, query.aggregate);
  } catch (error) {
    result.release();
    throw error;
  }
  return result;
}

/** @param index that of the number of keys. */
function readQuery(call: Call, index: number, weighted: boolean, replied: boolean): Query {
  const { request } = call;
  const count = readKeyCount(call, index);
  const sources = openSources(call, index + 1, count);
  let aggregate: number = Aggregate.SUM;
  let withScores = false;
  for (let i = index + 1 + count; i < call.count; i++) {
    const left = call.count - i;
    if (weighted && left > count && request.is(i, "WEIGHTS")) {
      for (const source of sources) {
        source.weight = readDouble(call, ++i, errors.WEIGHT_NOT_A_FLOAT);
      }
    } else if (weighted && left > 1 && request.is(i, "AGGREGATE")) {
      aggregate = readAggregate(call, ++i);
    } else if (replied && request.is(i, "WITHSCORES")) withScores = true;
    else throw errors.SYNTAX;
  }
  return { sources, aggregate, withScores };
}

function readKeyCount(call: Call, index: number): number {
  const count = readClampedInteger(call, index);
  if (count < 1) {
    throw new CommandError(
      `ERR at least 1 input key is needed for '${call.command.lowerName}' command`,
    );
  }
  if (count > call.count - index - 1) throw errors.SYNTAX;
  return count;
}

function readAggregate(call: Call, index: number): number {
  const { request } = call;
  if (request.is(index, "SUM")) return Aggregate.SUM;
  if (request.is(index, "MIN")) return Aggregate.MIN;
  if (request.is(index, "MAX")) return Aggregate.MAX;
  throw errors.SYNTAX;
}

/** Redis adds up from the smallest input to the largest, which decides how sums are rounded. */
function bySize(sources: readonly Source[]): Source[] {
  return sources.slice().sort((a, b) => a.size - b.size);
}

function unite(result: SortedSetAccess, sources: Source[], aggregate: number): void {
  for (const source of bySize(sources)) {
    for (let more = source.first(); more; more = source.next()) {
      const { data, offset, length } = source;
      const score = orZero(source.weight * source.score);
      const handle = result.find(data, offset, length);
      if (handle < 0) result.insert(score, data, offset, length);
      else {
        const combined = combine(result.score, score, aggregate);
        // A negative zero and a plain one are told apart.
        if (!Object.is(combined, result.score)) {
          result.rescore(handle, combined, data, offset, length);
        }
      }
    }
  }
}

function intersect(result: SortedSetAccess, sources: Source[], aggregate: number): void {
  visitCommon(sources, aggregate, ({ data, offset, length }, score) => {
    // An input that is given once has no member twice.
    result.find(data, offset, length);
    result.insert(score, data, offset, length);
    return true;
  });
}

/** Visits the members that all inputs have, until the visitor says no. */
function visitCommon(
  sources: readonly Source[],
  aggregate: number,
  visit: (member: Source, score: number) => boolean,
): void {
  const ordered = bySize(sources);
  const smallest = ordered[0];
  for (let more = smallest.first(); more; more = smallest.next()) {
    let score = orZero(smallest.weight * smallest.score);
    let at = 1;
    for (; at < ordered.length; at++) {
      const other = ordered[at].scoreOf(smallest);
      if (other !== other) break;
      score = combine(score, other * ordered[at].weight, aggregate);
    }
    if (at === ordered.length && !visit(smallest, score)) return;
  }
}

function subtract(result: SortedSetAccess, sources: Source[]): void {
  const first = sources[0];
  for (let more = first.first(); more; more = first.next()) {
    let at = 1;
    for (; at < sources.length; at++) {
      const other = sources[at].scoreOf(first);
      if (other === other) break;
    }
    if (at < sources.length) continue;
    result.find(first.data, first.offset, first.length);
    result.insert(first.score, first.data, first.offset, first.length);
  }
}

/** `other` may be NaN, which is infinity times a weight of zero. */
function combine(score: number, other: number, aggregate: number): number {
  if (aggregate === Aggregate.MIN) return other < score ? other : score;
  if (aggregate === Aggregate.MAX) return other > score ? other : score;
  return orZero(score + other);
}

/** Infinities that cancel each other out count as nothing. */
function orZero(score: number): number {
  return score === score ? score : 0;
}
