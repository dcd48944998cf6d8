/** Geohashes: known places, round trips, and searches that miss nothing. */

import { assert, assertEquals } from "@std/assert";
import {
  type Area,
  decodeScore,
  distanceMeters,
  distanceWithin,
  encodeScore,
  geohashText,
  type Place,
  spansAround,
} from "../../../lib/structures/geohash.ts";
import { Random, seed } from "../bytes/random.ts";

Deno.test("places in Sicily have the scores, texts and distance of the Redis manual", () => {
  assertEquals(encodeScore(13.361389, 38.115556), 3479099956230698);
  assertEquals(encodeScore(15.087269, 37.502669), 3479447370796909);
  const [palermo, catania] = [decoded(3479099956230698), decoded(3479447370796909)];
  assertEquals(geohashText(palermo.longitude, palermo.latitude), "sqc8b49rny0");
  assertEquals(geohashText(catania.longitude, catania.latitude), "sqdtr74hyu0");
  const { longitude, latitude } = palermo;
  const meters = distanceMeters(longitude, latitude, catania.longitude, catania.latitude);
  assertEquals(meters.toFixed(4), "166274.1516");
});

Deno.test("a place comes back within its cell, at the edges too", () => {
  const random = new Random(seed());
  for (let i = 0; i < 2_000; i++) {
    const longitude = i === 0 ? 180 : i === 1 ? -180 : random.below(36e7) / 1e6 - 180;
    const latitude = i === 0 ? 85.05112878 : random.below(17e7) / 1e6 - 85;
    const place = decoded(encodeScore(longitude, latitude));
    assert(Math.abs(place.longitude - longitude) < 1e-5, `${longitude}`);
    assert(Math.abs(place.latitude - latitude) < 1e-5, `${latitude}`);
  }
});

Deno.test("any double can be decoded as a score", () => {
  for (const score of [-1, 0.5, 1e300, -1e300, Infinity, -Infinity, 2 ** 53, 2 ** 60, NaN]) {
    const { longitude, latitude } = decoded(score);
    assert(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 85.05112878, `${score}`);
  }
});

Deno.test("the spans around an area hold all places in it", () => {
  const random = new Random(seed());
  for (let round = 0; round < 300; round++) {
    const area = randomArea(random);
    const spans = spansAround(area);
    for (let i = 0; i < 100; i++) {
      // Places near the centre, but not beyond the date line, where Redis does not look either.
      const longitude = Math.max(-179, Math.min(179, area.longitude + spread(random)));
      const latitude = Math.max(-84, Math.min(84, area.latitude + spread(random)));
      const score = encodeScore(longitude, latitude);
      const place = decoded(score);
      const distance = distanceWithin(area, place.longitude, place.latitude);
      if (distance !== distance) continue;
      assert(
        spans.some(({ min, max }) => score >= min && score < max),
        `${longitude},${latitude} in ${JSON.stringify(area)}`,
      );
    }
  }
});

function decoded(score: number): Place {
  const place = { longitude: 0, latitude: 0 };
  decodeScore(score, place);
  return place;
}

function spread(random: Random): number {
  return (random.below(2_000_001) / 1e6 - 1) * 10 ** (random.below(4) - 2);
}

/** Circles and boxes of up to 300 km, away from the poles. */
function randomArea(random: Random): Area {
  const meters = 10 ** (1 + random.below(5)) * (1 + random.below(30) / 10);
  const box = random.below(2) === 0;
  return {
    longitude: random.below(300) - 150 + random.below(1000) / 1000,
    latitude: random.below(120) - 60 + random.below(1000) / 1000,
    radius: box ? NaN : meters,
    width: box ? meters : NaN,
    height: box ? meters * (1 + random.below(3)) : NaN,
  };
}
