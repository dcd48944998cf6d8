/** Searching places in a circle or box around a point: GEOSEARCH and what came before it. */

import { bytesOf } from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import {
  type Area,
  decodeScore,
  distanceWithin,
  type Place,
  spansAround,
} from "../../structures/geohash.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import { openRead, storeResult, zset } from "../sorted_set/opened.ts";
import { replyDistance, replyPlace } from "./arguments.ts";
import { Order, Search, SearchOptions } from "./search_options.ts";

export const GEOSEARCH = command({
  name: "GEOSEARCH",
  usage: "key (from: FROMMEMBER member | FROMLONLAT longitude latitude) (by: (circle: BYRADIUS " +
    "radius (unit: M | KM | FT | MI)) | (box: BYBOX width height (unit: M | KM | FT | MI))) " +
    "[order: ASC | DESC] [count: COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
  summary: "Lists the places in a circle or box around a point or a place.",
  since: "6.2.0",
  complexity: "O(N+log(M)) for N places in the cells around the area and M in the sorted set",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run: (call) => search(call, 1, Search.SEARCH, false),
});

export const GEOSEARCHSTORE = command({
  name: "GEOSEARCHSTORE",
  usage: "destination source (from: FROMMEMBER member | FROMLONLAT longitude latitude) (by: " +
    "(circle: BYRADIUS radius (unit: M | KM | FT | MI)) | (box: BYBOX width height (unit: M " +
    "| KM | FT | MI))) [order: ASC | DESC] [count: COUNT count [ANY]] [STOREDIST]",
  summary: "Stores the places in a circle or box around a point or a place.",
  since: "6.2.0",
  complexity: "O(N+log(M)) for N places in the cells around the area and M in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => search(call, 2, Search.SEARCH_STORE, true),
});

export const GEORADIUS = command({
  name: "GEORADIUS",
  usage: "key longitude latitude radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] " +
    "[WITHHASH] [count: COUNT count [ANY]@6.2.0] [order: ASC | DESC] [STORE key] [STOREDIST " +
    "key]",
  summary: "Lists or stores the places in a circle around a point.",
  since: "3.2.0",
  complexity: "O(N+log(M)) for N places in the cells around the circle and M in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RO | Access.ACCESS, Access.OW | Access.UPDATE, Access.OW | Access.UPDATE],
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
  run: (call) => search(call, 1, Search.RADIUS, true),
});

export const GEORADIUS_RO = command({
  name: "GEORADIUS_RO",
  usage: "key longitude latitude radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] " +
    "[WITHHASH] [count: COUNT count [ANY]@6.2.0] [order: ASC | DESC]",
  summary: "Lists the places in a circle around a point.",
  since: "3.2.10",
  complexity: "O(N+log(M)) for N places in the cells around the circle and M in the sorted set",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`GEOSEARCH` with the `BYRADIUS` argument",
  run: (call) => search(call, 1, Search.RADIUS, false),
});

export const GEORADIUSBYMEMBER = command({
  name: "GEORADIUSBYMEMBER",
  usage: "key member radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count: " +
    "COUNT count [ANY]] [order: ASC | DESC] [STORE key] [STOREDIST key]",
  summary: "Lists or stores the places in a circle around a place.",
  since: "3.2.0",
  complexity: "O(N+log(M)) for N places in the cells around the circle and M in the sorted set",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RO | Access.ACCESS, Access.OW | Access.UPDATE, Access.OW | Access.UPDATE],
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
  run: (call) => search(call, 1, Search.RADIUS_BY_MEMBER, true),
});

export const GEORADIUSBYMEMBER_RO = command({
  name: "GEORADIUSBYMEMBER_RO",
  usage: "key member radius (unit: M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count: " +
    "COUNT count [ANY]] [order: ASC | DESC]",
  summary: "Lists the places in a circle around a place.",
  since: "3.2.10",
  complexity: "O(N+log(M)) for N places in the cells around the circle and M in the sorted set",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
  run: (call) => search(call, 1, Search.RADIUS_BY_MEMBER, false),
});

export const GEO_SEARCH_COMMANDS = [
  GEOSEARCH,
  GEOSEARCHSTORE,
  GEORADIUS,
  GEORADIUS_RO,
  GEORADIUSBYMEMBER,
  GEORADIUSBYMEMBER_RO,
];

interface Found extends Place {
  readonly member: Uint8Array;
  readonly score: number;
  /** In meters. */
  readonly distance: number;
}

function search(call: Call, source: number, form: number, mayStore: boolean): void {
  const present = openRead(call, source);
  const options = new SearchOptions(call, form, present, mayStore).read();
  const found = present ? findPlaces(options) : [];
  if (options.storeKey > 0) storePlaces(call, options, found);
  else replyPlaces(call, options, found);
}

/** The places in the area, of the lent set, in the order asked for. */
function findPlaces(options: SearchOptions): Found[] {
  const { count } = options;
  const found = collect(options.area, options.any ? count : Infinity);
  // Of fewer than there are, the nearest are meant.
  const order = count > 0 && options.order === Order.NONE && !options.any
    ? Order.NEAREST
    : options.order;
  if (order === Order.NEAREST) found.sort((a, b) => a.distance - b.distance);
  else if (order === Order.FARTHEST) found.sort((a, b) => b.distance - a.distance);
  return count > 0 ? found.slice(0, count) : found;
}

function collect(area: Area, limit: number): Found[] {
  const found: Found[] = [];
  const place: Place = { longitude: 0, latitude: 0 };
  for (const { min, max } of spansAround(area)) {
    if (found.length >= limit) break;
    const from = zset.countBelow(min, false);
    const end = zset.countBelow(max, false);
    if (from >= end) continue;
    zset.seek(from);
    for (let rank = from; rank < end && found.length < limit; rank++) {
      decodeScore(zset.score, place);
      const distance = distanceWithin(area, place.longitude, place.latitude);
      if (distance === distance) {
        const member = bytesOf(zset.data, zset.offset, zset.length);
        found.push({ ...place, member, score: zset.score, distance });
      }
      zset.next();
    }
  }
  return found;
}

function replyPlaces(call: Call, options: SearchOptions, found: readonly Found[]): void {
  const { reply } = call;
  const { withDistance, withHash, withCoordinates, unit } = options;
  const details = Number(withDistance) + Number(withHash) + Number(withCoordinates);
  reply.array(found.length);
  for (const place of found) {
    if (details > 0) reply.array(details + 1);
    reply.bulkBytes(place.member);
    if (withDistance) replyDistance(call, place.distance / unit);
    if (withHash) replyHash(call, place.score);
    if (withCoordinates) replyPlace(call, place);
  }
}

/** A score as a 64-bit integer; those of places at the eastern edge have 54 bits. */
function replyHash(call: Call, score: number): void {
  const whole = Math.trunc(score);
  if (Number.isSafeInteger(whole)) call.reply.integer(whole);
  else if (Math.abs(whole) < 2 ** 63) call.reply.bigInteger(BigInt(whole));
  else call.reply.bigInteger(-(2n ** 63n));
}

function storePlaces(call: Call, options: SearchOptions, found: readonly Found[]): void {
  const result = new SortedSetAccess().create(call.db, true);
  for (const { member, score, distance } of found) {
    const data = new DataView(member.buffer, member.byteOffset, member.length);
    const stored = options.storesDistances ? distance / options.unit : score;
    if (result.find(data, 0, member.length) < 0) result.insert(stored, data, 0, member.length);
  }
  const searched = call.command.lowerName === "geosearchstore";
  storeResult(call, result, options.storeKey, searched ? "geosearchstore" : "georadiusstore");
  // Each place counts as a change.
  if (found.length > 0) call.dirty += found.length - 1;
}
