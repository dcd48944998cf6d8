/**
 * The blocking forms of taking members from sorted sets: BZPOPMIN, BZPOPMAX and BZMPOP. What there is
 * to be had at once is had as by the other forms, and propagated as by them.
 */

import { readTimeoutSeconds } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { ValueType } from "../../values/entry.ts";
import { openEntry } from "./opened.ts";
import { popAsMulti, popMembers, readMultiPop } from "./pop.ts";

const POPS = Flag.WRITE | Flag.NO_SCRIPT | Flag.BLOCKING | Flag.FAST;

export const BZPOPMIN = command({
  name: "BZPOPMIN",
  usage: "key [key ...] timeout",
  summary: "Removes the member with the lowest score from the first set that is there, or waits.",
  since: "5.0.0",
  complexity: "O(K)+O(log(N)) for K keys and N members",
  flags: POPS,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run: (call) => blockingPop(call, serveLowest),
});

export const BZPOPMAX = command({
  name: "BZPOPMAX",
  usage: "key [key ...] timeout",
  summary: "Removes the member with the highest score from the first set that is there, or waits.",
  since: "5.0.0",
  complexity: "O(K)+O(log(N)) for K keys and N members",
  flags: POPS,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run: (call) => blockingPop(call, serveHighest),
});

export const BZMPOP = command({
  name: "BZMPOP",
  usage: "timeout numkeys key [key ...] (where: MIN | MAX) [COUNT count]",
  summary: "Pops members of the first sorted set among several keys that is there, or waits.",
  since: "7.0.0",
  complexity: "O(K)+O(M*log(N)) for K keys and M members popped of N",
  flags: Flag.WRITE | Flag.BLOCKING,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    const { firstKey, lastKey } = readMultiPop(call, 2);
    takeOrWait(call, firstKey, lastKey, readTimeoutSeconds(call, 1), serveMany);
  },
});

export const SORTED_SET_BLOCKING_COMMANDS = [BZPOPMIN, BZPOPMAX, BZMPOP];

/** Takes what there is at a key argument and replies with it; false when there is nothing. */
type Serve = (call: Call, index: number) => boolean;

function blockingPop(call: Call, serve: Serve): void {
  const last = call.count - 2;
  const timeoutMs = readTimeoutSeconds(call, last + 1);
  takeOrWait(call, 1, last, timeoutMs, serve);
}

function takeOrWait(
  call: Call,
  firstKey: number,
  lastKey: number,
  timeoutMs: number,
  serve: Serve,
): void {
  for (let i = firstKey; i <= lastKey; i++) if (serve(call, i)) return;
  const wait = { type: ValueType.SORTED_SET, firstKey, lastKey, timeoutMs, serve };
  if (!call.context.blocking.wait(call, wait)) call.reply.nullArray();
}

function serveLowest(call: Call, index: number): boolean {
  return serveOne(call, index, false);
}

function serveHighest(call: Call, index: number): boolean {
  return serveOne(call, index, true);
}

function serveOne(call: Call, index: number, highest: boolean): boolean {
  const ref = call.lookUpWrite(index);
  if (ref === 0) return false;
  openEntry(call, ref);
  const { request, reply } = call;
  reply.array(3);
  reply.bulkRange(request.data, request.offsets[index], request.lengths[index]);
  popMembers(call, index, ref, highest, 1, false);
  call.propagate(highest ? "ZPOPMAX" : "ZPOPMIN", request.view(index));
  return true;
}

function serveMany(call: Call, index: number): boolean {
  if (call.lookUpWrite(index) === 0) return false;
  const { highest, count } = readMultiPop(call, 2);
  popAsMulti(call, index, highest, count);
  return true;
}
