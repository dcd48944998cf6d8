/**
 * Places beside a real redis-server: seeded random points, searched by circles and boxes of all sizes
 * around points and places, with every detail compared byte for byte.
 */

import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import {
  Comparison,
  describe,
  EngineSubject,
  SocketSubject,
  type Words,
} from "../../support/differential.ts";
import { needs, startRedis } from "../../support/peers.ts";

const POINTS = 1_500;
const SEARCHES = 1_500;

needs("redis-server", "searches find what redis-server finds, in its order", async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  await using server = await startRedis();
  const comparison = new Comparison(
    new EngineSubject(2),
    await SocketSubject.connect(server.port, 2),
  );
  try {
    const random = new SeededRandom(seed);
    const commands = function* (): Generator<Words> {
      for (let i = 0; i < POINTS; i++) yield ["GEOADD", "g", ...point(random), `place:${i}`];
      yield ["ZRANGE", "g", "0", "-1", "WITHSCORES"];
      for (let i = 0; i < SEARCHES; i++) yield* search(random);
    }();
    const differences = await comparison.differencesIn([...commands]);
    assertEquals(differences.map(describe).join("\n"), "");
  } finally {
    comparison.close();
  }
});

function search(random: SeededRandom): Words[] {
  const from = random.below(3) === 0
    ? ["FROMMEMBER", place(random)]
    : ["FROMLONLAT", ...point(random)];
  const by = random.below(2) === 0
    ? ["BYRADIUS", meters(random), "m"]
    : ["BYBOX", meters(random), meters(random), "m"];
  const order = random.below(2) === 0 ? [] : [random.below(2) === 0 ? "ASC" : "DESC"];
  return [
    ["GEOSEARCH", "g", ...from, ...by, ...order, "WITHDIST", "WITHHASH", "WITHCOORD"],
    ["GEODIST", "g", place(random), place(random), "ft"],
    ["GEOHASH", "g", place(random)],
  ];
}

/** All over the earth, half of them in one region, some at the date line or near a pole. */
function point(random: SeededRandom): string[] {
  const kind = random.below(10);
  if (kind < 5) return [near(random, 2, 4), near(random, 48, 4)];
  if (kind === 5) {
    return [near(random, random.below(2) === 0 ? 179.5 : -179.5, 0.5), near(random, 0, 85)];
  }
  if (kind === 6) return [near(random, 0, 180), near(random, random.below(2) === 0 ? 82 : -82, 3)];
  return [near(random, 0, 180), near(random, 0, 85)];
}

function near(random: SeededRandom, centre: number, spread: number): string {
  return (centre + (random.below(2e9 + 1) / 1e9 - 1) * spread).toFixed(8);
}

function place(random: SeededRandom): string {
  return `place:${random.below(POINTS)}`;
}

function meters(random: SeededRandom): string {
  return (10 ** random.below(7) * (1 + random.below(90) / 10)).toFixed(1);
}
