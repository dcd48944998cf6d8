/**
 * Places by name: adding them, and asking where they are and how far apart. A place is a member of a
 * sorted set whose score is its geohash (structures/geohash.ts).
 */

import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import {
  decodeScore,
  distanceMeters,
  encodeScore,
  geohashText,
  type Place,
} from "../../structures/geohash.ts";
import { AddFlag, addScored } from "../sorted_set/add_remove.ts";
import { openRead, zset } from "../sorted_set/opened.ts";
import { readPlace, readUnit, replyDistance, replyPlace } from "./arguments.ts";

export const GEOADD = command({
  name: "GEOADD",
  usage: "key [condition: NX | XX]@6.2.0 [change=CH]@6.2.0 longitude latitude member [longitude " +
    "latitude member ...]",
  summary: "Adds places to a sorted set, or moves places that are in it.",
  since: "3.2.0",
  complexity: "O(log(N)) for each place, N being the number of members in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const { request } = call;
    let flags = 0;
    let from = 2;
    for (; from < call.count; from++) {
      if (request.is(from, "NX")) flags |= AddFlag.NX;
      else if (request.is(from, "XX")) flags |= AddFlag.XX;
      else if (request.is(from, "CH")) flags |= AddFlag.CH;
      else break;
    }
    const words = call.count - from;
    if (words === 0 || words % 3 !== 0) throw errors.SYNTAX;
    if ((flags & AddFlag.NX) !== 0 && (flags & AddFlag.XX) !== 0) throw errors.SYNTAX;
    const scores: number[] = [];
    for (let i = from; i < call.count; i += 3) {
      const { longitude, latitude } = readPlace(call, i);
      scores.push(encodeScore(longitude, latitude));
    }
    const changes = call.dirty;
    addScored(call, flags, scores, from + 2, 3);
    if (call.dirty > changes) propagateAsAdd(call, from, scores);
  },
});

export const GEOPOS = command({
  name: "GEOPOS",
  usage: "key member [member ...]",
  summary: "Replies with the longitude and latitude of places.",
  since: "3.2.0",
  complexity: "O(N) for N places",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  arity: -2,
  run(call) {
    const present = openRead(call, 1);
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      if (present && locate(call, i, first)) replyPlace(call, first);
      else call.reply.nullArray();
    }
  },
});

export const GEOHASH = command({
  name: "GEOHASH",
  usage: "key member [member ...]",
  summary: "Replies with the geohash texts of places.",
  since: "3.2.0",
  complexity: "O(N) for N places",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  arity: -2,
  run(call) {
    const present = openRead(call, 1);
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      if (present && locate(call, i, first)) {
        call.reply.bulk(geohashText(first.longitude, first.latitude));
      } else call.reply.null();
    }
  },
});

export const GEODIST = command({
  name: "GEODIST",
  usage: "key member1 member2 [unit: M | KM | FT | MI]",
  summary: "Replies with the distance between two places.",
  since: "3.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const unit = call.count === 5 ? readUnit(call, 4) : 1;
    if (call.count > 5) throw errors.SYNTAX;
    const found = openRead(call, 1) && locate(call, 2, first) && locate(call, 3, second);
    if (!found) return call.reply.null();
    const { longitude, latitude } = first;
    const meters = distanceMeters(longitude, latitude, second.longitude, second.latitude);
    replyDistance(call, meters / unit);
  },
});

export const PLACE_COMMANDS = [GEOADD, GEOPOS, GEOHASH, GEODIST];

const first: Place = { longitude: 0, latitude: 0 };
const second: Place = { longitude: 0, latitude: 0 };

/** Whether the lent set has the member at an argument; writes where it is. */
function locate(call: Call, index: number, place: Place): boolean {
  const { data, offsets, lengths } = call.request;
  if (zset.find(data, offsets[index], lengths[index]) < 0) return false;
  decodeScore(zset.score, place);
  return true;
}

/** Whoever replays it need not know of coordinates. */
function propagateAsAdd(call: Call, from: number, scores: readonly number[]): void {
  const { request } = call;
  const args: (Uint8Array | string)[] = ["zadd"];
  for (let i = 1; i < from; i++) args.push(request.view(i));
  scores.forEach((score, i) => args.push(String(score), request.view(from + i * 3 + 2)));
  call.propagate(...args);
}
