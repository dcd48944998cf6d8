/** What sorted set commands propagate and tell, beside a real redis-server. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { needs } from "../../support/peers.ts";

const SCRIPT = String.raw`
ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h
ZADD z NX 1 a
ZADD z XX CH 9 a 1 nope
ZADD z INCR 1.5 b
ZINCRBY z 0.1 c
ZINCRBY z 0 c
ZREM z nope
ZREM z d
ZPOPMIN z
ZPOPMAX z 2
ZPOPMIN z 0
ZMPOP 2 missing z MIN COUNT 2
ZADD z 1 a 2 b 3 c 4 d
ZREMRANGEBYRANK z 0 0
ZREMRANGEBYSCORE z 2 2
ZREMRANGEBYSCORE z 200 300
ZADD lex 0 a 0 b 0 c
ZREMRANGEBYLEX lex [a [b
ZRANGESTORE d z 0 -1
ZRANGESTORE d z 100 200
ZRANGESTORE d z 100 200
ZUNIONSTORE d 2 z lex
ZINTERSTORE d 2 z lex
ZDIFFSTORE d 2 z lex
ZMPOP 1 lex MAX COUNT 10
GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEOADD g NX 13 38 Palermo
GEOADD g CH XX 13 38 Palermo 1 1 nope
GEORADIUS g 15 37 200 km STORE out
GEORADIUS g 15 37 200 km STOREDIST out
GEORADIUSBYMEMBER g Palermo 1 m STORE out
GEOSEARCHSTORE out g FROMLONLAT 15 37 BYBOX 400 400 km
GEOSEARCHSTORE out g FROMLONLAT -15 37 BYBOX 4 4 km
ZREM z a b c d
ZREM z e
ZREMRANGEBYRANK z 0 -1
`;

const commands = SCRIPT.trim().split("\n").map((line) => line.split(" "));

for (const limit of ["128", "0"]) {
  needs(
    "redis-server",
    `effects are redis-server's, with listpacks of up to ${limit}`,
    async () => {
      const config = { "zset-max-listpack-entries": limit };
      const keys = ["z", "lex", "d", "g"];
      const theirs = await tracesOfRedis(commands, keys, config);
      const ours = tracesOfEngine(commands, keys, config);
      assertEquals(ours.effects, theirs.effects);
      assertEquals(ours.events, theirs.events);
      assertEquals(ours.encodings, theirs.encodings);
    },
  );
}
