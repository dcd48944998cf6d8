/** Coordinates, distances and units as arguments, and how distances and coordinates are replied. */

import { readDouble } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import { MAX_LATITUDE, MAX_LONGITUDE, type Place } from "../../structures/geohash.ts";

/**
 * The longitude at an argument and the latitude at the next.
 *
 * @throws NOT_A_FLOAT, or `ERR invalid longitude,latitude pair …`
 */
export function readPlace(call: Call, index: number): Place {
  const longitude = readDouble(call, index);
  const latitude = readDouble(call, index + 1);
  if (Math.abs(longitude) <= MAX_LONGITUDE && Math.abs(latitude) <= MAX_LATITUDE) {
    return { longitude, latitude };
  }
  throw new CommandError(
    `ERR invalid longitude,latitude pair ${sixPlaces(longitude)},${sixPlaces(latitude)}`,
  );
}

/**
 * Meters in the unit at an argument.
 *
 * @throws DISTANCE_UNIT
 */
export function readUnit(call: Call, index: number): number {
  const { request } = call;
  if (request.is(index, "M")) return 1;
  if (request.is(index, "KM")) return 1000;
  if (request.is(index, "FT")) return 0.3048;
  if (request.is(index, "MI")) return 1609.34;
  throw errors.DISTANCE_UNIT;
}

/** A distance as text with four places. */
export function replyDistance(call: Call, distance: number): void {
  call.reply.bulk(fixed(distance, 4));
}

export function replyPlace(call: Call, place: Place): void {
  call.reply.array(2);
  replyCoordinate(call, place.longitude);
  replyCoordinate(call, place.latitude);
}

/** In full up to 17 places, which is what Redis shows of it as a long double. */
function replyCoordinate(call: Call, degrees: number): void {
  const text = degrees.toFixed(17).replace(/\.?0+$/, "");
  if (call.reply.protocol === 3) call.reply.doubleText(text);
  else call.reply.bulk(text);
}

function sixPlaces(value: number): string {
  return fixed(value, 6);
}

/** C's `%.<places>f`. */
function fixed(value: number, places: number): string {
  if (Math.abs(value) === Infinity) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return `-${fixed(0, places)}`;
  if (Math.abs(value) < 1e21) return value.toFixed(places);
  return `${BigInt(value)}.${"0".repeat(places)}`;
}
