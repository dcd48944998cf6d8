/**
 * Places on earth as numbers of 52 bits, near ones mostly near each other: the bits of longitude and
 * latitude by turns, each a fraction of its range (G. M. Morton, 1966; Niemeyer's geohash, 2008).
 * Latitudes end at ±85.05112878, where a Mercator map is as high as it is wide (EPSG:3857).
 *
 * A search looks at nine cells: the one around the centre and its neighbours, of a size that lets
 * them cover the area. Steps, corrections and their order are those of Redis (geohash_helper.c),
 * since they decide what is found near the poles and the date line, and in which order. Distances
 * are those of the haversine formula on a sphere.
 *
 * @example
 * ```ts
 * import { decodeScore, encodeScore, type Place } from "./geohash.ts";
 *
 * const place: Place = { longitude: 0, latitude: 0 };
 * decodeScore(encodeScore(13.361389, 38.115556), place);
 * if (Math.abs(place.longitude - 13.361389) > 1e-5) throw new Error("unexpected");
 * ```
 */

export const MAX_LONGITUDE = 180;
export const MAX_LATITUDE = 85.05112878;

const EARTH_RADIUS_METERS = 6372797.560856;
/** Half of the equator as Mercator maps have it. */
const MERCATOR_METERS = 20037726.37;
const RADIANS_PER_DEGREE = Math.PI / 180;
/** Bits of each coordinate in a score. */
const STEPS = 26;
/** Half of the bits of a coordinate, which interleaved fit in 32 bits. */
const HALF = 13;
const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";

export interface Place {
  longitude: number;
  latitude: number;
}

/** What is searched: a circle, or a box along the meridians, in meters. */
export interface Area extends Place {
  /** Radius of a circle; NaN for a box. */
  readonly radius: number;
  readonly width: number;
  readonly height: number;
}

/** Scores from `min` up to, not including, `max`. */
export interface ScoreSpan {
  readonly min: number;
  readonly max: number;
}

/** The score of a place within the ranges. */
export function encodeScore(longitude: number, latitude: number): number {
  return interleave(
    Math.floor((longitude + MAX_LONGITUDE) / (2 * MAX_LONGITUDE) * 2 ** STEPS),
    Math.floor((latitude + MAX_LATITUDE) / (2 * MAX_LATITUDE) * 2 ** STEPS),
  );
}

/** The middle of the smallest cell that a score names, whatever the score; written to `place`. */
export function decodeScore(score: number, place: Place): void {
  let longitude: number;
  let latitude: number;
  if (score >= 0 && score < 2 ** 54) {
    const bits = Math.floor(score);
    const high = Math.floor(bits / 2 ** STEPS);
    const low = bits % 2 ** STEPS;
    longitude = everySecondBit(high >>> 1) * 2 ** HALF + everySecondBit(low >>> 1);
    latitude = everySecondBit(high) * 2 ** HALF + everySecondBit(low);
  } else {
    const bits = uint64(score);
    longitude = wideBits(bits >> 1n);
    latitude = wideBits(bits);
  }
  place.longitude = middle(longitude, MAX_LONGITUDE);
  place.latitude = middle(latitude, MAX_LATITUDE);
}

/** The geohash text of a place, 11 characters, whose latitudes range from -90 to 90. */
export function geohashText(longitude: number, latitude: number): string {
  const bits = BigInt(interleave(
    Math.floor((longitude + 180) / 360 * 2 ** STEPS),
    Math.floor((latitude + 90) / 180 * 2 ** STEPS),
  ));
  let text = "";
  for (let shift = 47n; shift > 0n; shift -= 5n) text += ALPHABET[Number(bits >> shift & 31n)];
  // 52 bits are ten characters and two bits, in place of which Redis takes a zero.
  return text + "0";
}

/** The distance between two places in meters. */
export function distanceMeters(
  longitude1: number,
  latitude1: number,
  longitude2: number,
  latitude2: number,
): number {
  const turn = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
  if (turn === 0) return latitudeMeters(latitude1, latitude2);
  const from = radians(latitude1);
  const to = radians(latitude2);
  const rise = Math.sin((to - from) / 2);
  const haversine = rise * rise + Math.cos(from) * Math.cos(to) * turn * turn;
  return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(haversine));
}

/** The distance in meters from an area's centre to a place in it; NaN when it is not in it. */
export function distanceWithin(area: Area, longitude: number, latitude: number): number {
  const { radius, width, height } = area;
  if (radius !== radius) {
    if (latitudeMeters(latitude, area.latitude) > height / 2) return NaN;
    if (distanceMeters(longitude, latitude, area.longitude, latitude) > width / 2) return NaN;
    return distanceMeters(area.longitude, area.latitude, longitude, latitude);
  }
  const distance = distanceMeters(area.longitude, area.latitude, longitude, latitude);
  return distance > radius ? NaN : distance;
}

/** The scores of the cells that cover an area, in the order in which Redis looks at them. */
export function spansAround(area: Area): ScoreSpan[] {
  const bounds = boundsOf(area);
  const { width, height, radius } = area;
  const reach = radius === radius
    ? radius
    : Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2));
  let steps = stepsFor(reach, area.latitude);
  let cell = new Cell(area, steps);
  if (steps > 1 && !cell.neighboursCover(bounds)) cell = new Cell(area, --steps);
  const spans: ScoreSpan[] = [cell.span(0, 0)];
  let last = -1;
  for (const [east, north] of NEIGHBOURS) {
    if (steps >= 2 && cell.isUseless(bounds, east, north)) continue;
    const span = cell.span(east, north);
    // Where cells are so large that they meet again, the same one may come twice in turn.
    if (span.min === last) continue;
    last = span.min;
    spans.push(span);
  }
  return spans;
}

/** North, south, east, west, then the corners, as steps to the east and to the north. */
const NEIGHBOURS: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];

interface Bounds {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

/** One cell of a grid of 2^steps by 2^steps, and those around it, which wrap at the edges. */
class Cell {
  private readonly across: number;
  private readonly up: number;
  private readonly cells: number;

  constructor(place: Place, private readonly steps: number) {
    this.cells = 2 ** steps;
    this.across = Math.floor((place.longitude + 180) / 360 * this.cells);
    this.up = Math.floor((place.latitude + MAX_LATITUDE) / (2 * MAX_LATITUDE) * this.cells);
  }

  span(east: number, north: number): ScoreSpan {
    const bits = interleave(this.column(east), this.row(north));
    const unit = 2 ** (2 * (STEPS - this.steps));
    return { min: bits * unit, max: (bits + 1) * unit };
  }

  neighboursCover(bounds: Bounds): boolean {
    return !(this.southOf(this.row(1) + 1) < bounds.north ||
      this.southOf(this.row(-1)) > bounds.south ||
      this.westOf(this.column(1) + 1) < bounds.east ||
      this.westOf(this.column(-1)) > bounds.west);
  }

  /** Whether the area ends before a neighbour begins. */
  isUseless(bounds: Bounds, east: number, north: number): boolean {
    return (north < 0 && this.southOf(this.up) < bounds.south) ||
      (north > 0 && this.southOf(this.up + 1) > bounds.north) ||
      (east < 0 && this.westOf(this.across) < bounds.west) ||
      (east > 0 && this.westOf(this.across + 1) > bounds.east);
  }

  private column(east: number): number {
    return east === 0 ? this.across : (this.across + east + this.cells) % this.cells;
  }

  private row(north: number): number {
    return north === 0 ? this.up : (this.up + north + this.cells) % this.cells;
  }

  private southOf(row: number): number {
    return -MAX_LATITUDE + row / this.cells * (2 * MAX_LATITUDE);
  }

  private westOf(column: number): number {
    return -180 + column / this.cells * 360;
  }
}

/** The box around an area; towards the poles a meter is more degrees of longitude. */
function boundsOf(area: Area): Bounds {
  const { longitude, latitude, radius } = area;
  const height = radius === radius ? radius : area.height / 2;
  const width = radius === radius ? radius : area.width / 2;
  const rise = degrees(height / EARTH_RADIUS_METERS);
  const edge = latitude < 0 ? latitude - rise : latitude + rise;
  const turn = degrees(width / EARTH_RADIUS_METERS / Math.cos(radians(edge)));
  return {
    west: longitude - turn,
    east: longitude + turn,
    south: latitude - rise,
    north: latitude + rise,
  };
}

/** How fine the grid may be for nine cells to cover so many meters around a place. */
function stepsFor(meters: number, latitude: number): number {
  if (meters === 0) return STEPS;
  let steps = 1;
  for (; meters < MERCATOR_METERS; meters *= 2) steps++;
  steps -= 2;
  const fromEquator = Math.abs(latitude);
  if (fromEquator > 66) steps--;
  if (fromEquator > 80) steps--;
  return Math.min(STEPS, Math.max(1, steps));
}

/** One bit of the longitude, then one of the latitude, from the highest down. */
function interleave(longitude: number, latitude: number): number {
  const high = spread(longitude >>> HALF) * 2 + spread(latitude >>> HALF);
  const low = spread(longitude & 0x1fff) * 2 + spread(latitude & 0x1fff);
  return high * 2 ** STEPS + low;
}

/** Puts a zero before each of 14 bits. */
function spread(bits: number): number {
  bits = (bits | bits << 8) & 0x00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f;
  bits = (bits | bits << 2) & 0x33333333;
  return (bits | bits << 1) & 0x55555555;
}

function everySecondBit(bits: number): number {
  bits &= 0x55555555;
  bits = (bits | bits >>> 1) & 0x33333333;
  bits = (bits | bits >>> 2) & 0x0f0f0f0f;
  bits = (bits | bits >>> 4) & 0x00ff00ff;
  return (bits | bits >>> 8) & 0xffff;
}

/** The same for all 64 bits. */
function wideBits(bits: bigint): number {
  let found = 0;
  for (let i = 0; i < 32; i++) if ((bits >> BigInt(2 * i) & 1n) === 1n) found += 2 ** i;
  return found;
}

/** A double as 64 bits without sign, as x86 processors make them of what C leaves undefined. */
function uint64(score: number): bigint {
  if (score >= 2 ** 64 || score !== score) return 0n;
  if (score < -(2 ** 63)) return 1n << 63n;
  return BigInt.asUintN(64, BigInt(Math.trunc(score)));
}

function middle(index: number, limit: number): number {
  const low = -limit + index / 2 ** STEPS * (2 * limit);
  const high = -limit + (index + 1) / 2 ** STEPS * (2 * limit);
  return Math.max(-limit, Math.min(limit, (low + high) / 2));
}

function latitudeMeters(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS_METERS * Math.abs(radians(latitude2) - radians(latitude1));
}

function radians(angle: number): number {
  return angle * RADIANS_PER_DEGREE;
}

function degrees(angle: number): number {
  return angle / RADIANS_PER_DEGREE;
}
