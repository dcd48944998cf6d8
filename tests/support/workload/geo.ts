/** Places: all over the earth, along the date line and near the poles. */

import type { Draw, Makers } from "./draw.ts";
import type { Rules } from "./rule.ts";
import { roundedDistances } from "./sameness.ts";

const makers: Makers = { key, member, member1: member, member2: member };
const searches = ["WITHDIST", "WITHCOORD", "WITHHASH"];

export const GEO_RULES: Rules = {
  GEOADD: { weight: 40, make: add },
  GEODIST: { makers, same: roundedDistances },
  GEOHASH: { makers },
  GEOPOS: { makers },
  GEORADIUS: { make: (draw) => radius(draw, true), same: roundedDistances },
  GEORADIUS_RO: { make: (draw) => radius(draw, false), same: roundedDistances },
  GEORADIUSBYMEMBER: { make: (draw) => radiusByMember(draw, true), same: roundedDistances },
  GEORADIUSBYMEMBER_RO: { make: (draw) => radiusByMember(draw, false), same: roundedDistances },
  GEOSEARCH: { weight: 60, make: search, same: roundedDistances },
  GEOSEARCHSTORE: {
    make: (draw) => {
      const words = search(draw).filter((word) => !searches.includes(word) || draw.oneIn(20));
      return [`geo:stored:${draw.below(2)}`, ...words];
    },
  },
};

function key(draw: Draw): string {
  return draw.oneIn(20) ? draw.key() : `geo:${draw.below(3)}`;
}

function member(draw: Draw): string {
  return draw.oneIn(20) ? draw.string() : `place:${draw.below(60)}`;
}

/** Longitude and latitude: anywhere, close together, at the edges, or out of range. */
function place(draw: Draw): string[] {
  switch (draw.below(6)) {
    case 0:
      return [degrees(draw, 13, 1), degrees(draw, 38, 1)];
    case 1:
      return [draw.pick(["179.9", "-179.9", "180", "-180", "0"]), degrees(draw, 0, 80)];
    case 2:
      return [degrees(draw, 0, 180), draw.pick(["85", "-85", "85.05112878", "84.5", "-80", "0"])];
    case 3:
      return draw.oneIn(5) ? [draw.double(), draw.double()] : [degrees(draw, 0, 180), "70"];
    default:
      return [degrees(draw, 0, 180), degrees(draw, 0, 85)];
  }
}

/** Four places at least: of equally near places, which ones COUNT takes is each server's own. */
function degrees(draw: Draw, centre: number, spread: number): string {
  return (centre + (draw.below(2e6 + 1) / 1e6 - 1) * spread).toFixed(4 + draw.below(3));
}

function distance(draw: Draw): string {
  if (draw.oneIn(25)) return draw.double();
  return (10 ** draw.below(8) * (1 + draw.below(100) / 20)).toFixed(draw.below(3));
}

function unit(draw: Draw): string {
  return draw.oneIn(30) ? "miles" : draw.pick(["m", "m", "km", "ft", "mi", "KM"]);
}

function add(draw: Draw): string[] {
  const args = [key(draw)];
  if (draw.oneIn(5)) args.push(draw.pick(["NX", "XX", "CH", "ch", "GT"]));
  for (let left = draw.below(6); left >= 0; left--) args.push(...place(draw), member(draw));
  return args;
}

function details(draw: Draw): string[] {
  const words: string[][] = searches.filter(() => draw.oneIn(3)).map((word) => [word]);
  if (draw.oneIn(2)) words.push([draw.pick(["ASC", "DESC"])]);
  if (draw.oneIn(4)) {
    words.push(["COUNT", draw.oneIn(12) ? draw.integer() : String(1 + draw.below(9))]);
    if (draw.oneIn(3)) words.push(["ANY"]);
  }
  draw.shuffle(words);
  return words.flat();
}

function search(draw: Draw): string[] {
  const from = draw.oneIn(3) ? ["FROMMEMBER", member(draw)] : ["FROMLONLAT", ...place(draw)];
  const by = draw.oneIn(2)
    ? ["BYRADIUS", distance(draw), unit(draw)]
    : ["BYBOX", distance(draw), distance(draw), unit(draw)];
  const parts = draw.oneIn(3) ? [by, from] : [from, by];
  if (draw.oneIn(25)) parts.push(draw.pick([from, by, ["FROMLONLAT", "1", "2"]]));
  return [key(draw), ...parts.flat(), ...details(draw)];
}

function radius(draw: Draw, stores: boolean): string[] {
  return [key(draw), ...place(draw), distance(draw), unit(draw), ...storing(draw, stores)];
}

function radiusByMember(draw: Draw, stores: boolean): string[] {
  return [key(draw), member(draw), distance(draw), unit(draw), ...storing(draw, stores)];
}

/** Not STOREDIST: one distance in three hundred has another last digit, since arcsines differ. */
function storing(draw: Draw, stores: boolean): string[] {
  if (!(stores && draw.oneIn(3))) return details(draw);
  const words = details(draw).filter((word) => !searches.includes(word) || draw.oneIn(10));
  return [...words, "STORE", `geo:stored:${draw.below(2)}`];
}
