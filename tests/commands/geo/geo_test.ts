/** Adding, locating and searching places. */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("GEOADD keeps places as scores of a sorted set", () => {
  const redis = sicily();
  assertEquals(redis.run("ZSCORE", "g", "Palermo"), '"3479099956230698"');
  assertEquals(redis.run("GEOADD", "g", "NX", 1, 1, "Palermo"), "(integer) 0");
  assertEquals(redis.run("GEOADD", "g", "XX", "CH", 13, 38, "Palermo"), "(integer) 1");
  assertEquals(redis.effects, [
    "zadd g 3479099956230698 Palermo 3479447370796909 Catania",
    `zadd g XX CH ${redis.run("ZSCORE", "g", "Palermo").slice(1, -1)} Palermo`,
  ]);
  assertEquals(redis.events, ["zadd g", "zadd g"]);
});

Deno.test("places are located, told as text and measured", () => {
  const redis = sicily();
  assertEquals(
    redis.run("GEOPOS", "g", "Palermo", "nope"),
    '1) 1) "13.36138933897018433"\n   2) "38.11555639549629859"\n2) (nil)',
  );
  redis.session.reply.protocol = 3;
  assertEquals(
    latin1(redis.bytesTo(redis.session, "GEOPOS", "g", "Palermo", "nope")),
    "*2\r\n*2\r\n,13.36138933897018433\r\n,38.11555639549629859\r\n_\r\n",
  );
  redis.session.reply.protocol = 2;
  assertEquals(redis.run("GEOHASH", "g", "Palermo", "nope"), '1) "sqc8b49rny0"\n2) (nil)');
  assertEquals(redis.run("GEODIST", "g", "Palermo", "Catania"), '"166274.1516"');
  assertEquals(redis.run("GEODIST", "g", "Palermo", "Catania", "MI"), '"103.3182"');
  assertEquals(redis.run("GEODIST", "g", "Palermo", "nope"), "(nil)");
  assertEquals(redis.run("GEODIST", "missing", "a", "b"), "(nil)");
  assertEquals(redis.run("GEOPOS", "missing", "a"), "1) (nil)");
});

Deno.test("GEOSEARCH finds places in circles and boxes, nearest first when asked", () => {
  const redis = sicily();
  const search = (line: string) => redis.run("GEOSEARCH", "g", ...line.split(" "));
  assertEquals(search("FROMLONLAT 15 37 BYRADIUS 200 km ASC"), '1) "Catania"\n2) "Palermo"');
  assertEquals(search("FROMLONLAT 15 37 BYRADIUS 100 km"), '1) "Catania"');
  assertEquals(search("FROMMEMBER Palermo BYBOX 400 400 km DESC COUNT 1"), '1) "Catania"');
  assertEquals(
    search("FROMLONLAT 15 37 BYBOX 400 400 km ASC COUNT 1 WITHDIST WITHHASH"),
    '1) 1) "Catania"\n   2) "56.4413"\n   3) (integer) 3479447370796909',
  );
  assertEquals(redis.run("GEOSEARCH", "missing", ..."FROMMEMBER a BYRADIUS 1 m".split(" ")), EMPTY);
  assertEquals(redis.run("GEORADIUS", "g", 15, 37, 100, "km"), '1) "Catania"');
  assertEquals(redis.run("GEORADIUSBYMEMBER_RO", "g", "Catania", 1, "m"), '1) "Catania"');
});

Deno.test("what a search finds is stored, by place or by distance", () => {
  const redis = sicily();
  const by = "FROMLONLAT 15 37 BYRADIUS 200 km".split(" ");
  assertEquals(redis.run("GEOSEARCHSTORE", "out", "g", ...by), "(integer) 2");
  assertEquals(redis.run("ZSCORE", "out", "Palermo"), '"3479099956230698"');
  redis.run("GEORADIUS", "g", 15, 37, 200, "km", "STOREDIST", "out");
  assertEquals(redis.run("ZCOUNT", "out", 56, 57), "(integer) 1");
  assertEquals(redis.run("GEOSEARCHSTORE", "out", "missing", ...by), "(integer) 0");
  assertEquals(redis.run("EXISTS", "out"), "(integer) 0");
  assertEquals(redis.events.slice(1), ["geosearchstore out", "georadiusstore out", "del out"]);
});

Deno.test("bad coordinates, units and options are refused", () => {
  const redis = sicily();
  const refusals: [string, string][] = [
    ["GEOADD g 181 1 a", "ERR invalid longitude,latitude pair 181.000000,1.000000"],
    ["GEOADD g x 1 a", "ERR value is not a valid float"],
    ["GEOADD g NX XX 1 1 a", "ERR syntax error"],
    ["GEODIST g a b miles", "ERR unsupported unit provided. please use M, KM, FT, MI"],
    ["GEORADIUS g 1 1 -1 m", "ERR radius cannot be negative"],
    ["GEORADIUS g 1 1 x m", "ERR need numeric radius"],
    ["GEORADIUS g 1 1 1 m COUNT 0", "ERR COUNT must be > 0"],
    ["GEORADIUS g 1 1 1 m ANY", "ERR the ANY argument requires COUNT argument"],
    [
      "GEORADIUS g 1 1 1 m STORE d WITHDIST",
      "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD " +
      "options",
    ],
    ["GEORADIUSBYMEMBER g nope 1 m", "ERR could not decode requested zset member"],
    ["GEORADIUS_RO g 1 1 1 m STORE d", "ERR syntax error"],
    ["GEOSEARCH g FROMLONLAT 1 1 BYBOX 1 -1 m", "ERR height or width cannot be negative"],
    [
      "GEOSEARCH g FROMLONLAT 1 1 ASC ASC ASC",
      "ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
    ],
    [
      "geosearch g BYRADIUS 1 m ASC ASC ASC",
      "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
    ],
  ];
  for (const [command, error] of refusals) {
    assertEquals(redis.run(...command.split(" ")), `(error) ${error}`, command);
  }
});

const EMPTY = "(empty array)";

function sicily(): EngineHarness {
  const redis = new EngineHarness();
  redis.run("GEOADD", "g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania");
  return redis;
}
