/** Commands whose reply is too long to be sent do all that they would do otherwise. */

import { assert, assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";
import { Request } from "../../../lib/resp/request.ts";

const DEBUG = { "enable-debug-command": "yes" };
const LIMIT_BYTES = 20_000;

const SETUP: readonly string[][] = [
  ["RPUSH", "list", ...members(3000)],
  ["SADD", "set", ...members(3000)],
  ["ZADD", "zset", ...members(3000).flatMap((member, i) => [String(i), member])],
  ["HSET", "hash", ...members(3000).flatMap((member) => [member, member])],
  ["GEOADD", "geo", ...members(2000).flatMap((member, i) => [`${i / 100}`, "1", member])],
  ["SET", "long", "ab".repeat(400)],
  ["SET", "other", "bca".repeat(400)],
  ...members(1500).map((member) => ["XADD", "stream", "*", "field", member]),
  ["XGROUP", "CREATE", "stream", "group", "0"],
];

const COMMANDS: readonly (readonly string[])[] = [
  ["LRANGE", "list", "0", "-1"],
  ["LPOS", "list", "no", "COUNT", "0"],
  ["SMEMBERS", "set"],
  ["SRANDMEMBER", "set", "-5000"],
  ["SSCAN", "set", "0", "COUNT", "5000"],
  ["SUNION", "set", "nothing"],
  ["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
  ["ZRANGEBYSCORE", "zset", "0", "+inf", "WITHSCORES"],
  ["ZRANDMEMBER", "zset", "-5000", "WITHSCORES"],
  ["ZUNION", "2", "zset", "set", "WITHSCORES"],
  ["ZSCAN", "zset", "0", "COUNT", "5000"],
  ["HGETALL", "hash"],
  ["HRANDFIELD", "hash", "-5000", "WITHVALUES"],
  ["HSCAN", "hash", "0", "COUNT", "5000"],
  ["GEOSEARCH", "geo", "FROMLONLAT", "1", "1", "BYRADIUS", "9000", "km", "ASC", "WITHDIST"],
  ["SORT", "set", "ALPHA"],
  ["LCS", "long", "other", "IDX", "WITHMATCHLEN"],
  ["XRANGE", "stream", "-", "+"],
  ["XREVRANGE", "stream", "+", "-"],
  ["XREAD", "STREAMS", "stream", "stream", "0", "0"],
  ["XREADGROUP", "GROUP", "group", "me", "STREAMS", "stream", ">"],
  ["XPENDING", "stream", "group", "-", "+", "5000"],
  ["XCLAIM", "stream", "group", "you", "0", "1700000000000-0", "1700000000000-1"],
  ["XAUTOCLAIM", "stream", "group", "you", "0", "0", "COUNT", "5000"],
  ["XINFO", "STREAM", "stream", "FULL", "COUNT", "0"],
  ["KEYS", "*"],
  ["COMMAND", "DOCS"],
  ["COMMAND"],
  ["CONFIG", "GET", "*"],
  ["LATENCY", "HISTOGRAM"],
  ["EVAL", "return redis.call('LRANGE', 'list', 0, -1)", "0"],
  ["EVAL", "return redis.call('HGETALL', 'hash')", "0"],
  ["SPOP", "set", "2000"],
  ["LPOP", "list", "2500"],
  ["ZPOPMIN", "zset", "2500"],
  ["HGETDEL", "hash", "FIELDS", "2000", ...members(2000)],
];

for (const protocol of [2, 3] as const) {
  Deno.test(`commands whose reply is refused come to their end, in RESP${protocol}`, () => {
    const plain = new EngineHarness({ config: DEBUG, protocol });
    const refused = new EngineHarness({ config: DEBUG, protocol });
    for (const redis of [plain, refused]) {
      for (const command of SETUP) redis.bytesTo(redis.session, ...command);
      redis.effects = [];
    }
    const { stats } = refused.engine.context;
    for (const command of COMMANDS) {
      plain.bytesTo(plain.session, ...command);
      const session = refused.newSession(protocol);
      session.reply.listener = { replyGrows: (bytes) => bytes <= LIMIT_BYTES };
      for (let times = 0; times < 2; times++) {
        refused.engine.beginTurn();
        if (times === 0) refused.engine.execute(session, Request.from(command));
        else refused.engine.execute(session, Request.from(["LRANGE", "list", "0", "-1"]));
        refused.engine.endTurn();
      }
      assert(session.reply.buffer.length < 5 * LIMIT_BYTES, command.slice(0, 4).join(" "));
      assertEquals(stats.unexpectedErrors, 0, command.slice(0, 4).join(" "));
    }
    assertEquals(refused.effects, plain.effects);
    assertEquals(refused.run("DEBUG", "DIGEST"), plain.run("DEBUG", "DIGEST"));
  });
}

function members(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `member${i}`);
}
