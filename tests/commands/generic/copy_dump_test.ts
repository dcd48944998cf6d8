import { assertEquals, assertMatch } from "@std/assert";
import { Crc64 } from "../../../lib/bytes/crc64.ts";
import { QuicklistContainer, RdbType } from "../../../lib/rdb/opcodes.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { listpack, payload, textScore, ziplist, zipmap } from "../../support/old_encodings.ts";
import { SAMPLES } from "../../support/payloads.ts";

const BAD_FORMAT = "(error) ERR Bad data format";
const BAD_FOOTER = "(error) ERR DUMP payload version or checksum are wrong";
const BUSY = "(error) BUSYKEY Target key name already exists.";
const SYNTAX = "(error) ERR syntax error";

function dump(redis: EngineHarness, key: string): Uint8Array {
  const reply = redis.reply("DUMP", key);
  if (reply.kind !== "bulk" || reply.bytes === null) throw new Error(`no payload of ${key}`);
  return reply.bytes;
}

/** A harness with a string "value" at "key", and its payload. */
function withString(config: Record<string, string> = {}): [EngineHarness, Uint8Array] {
  const redis = new EngineHarness({ config });
  redis.run("SET", "key", "value");
  const bytes = dump(redis, "key");
  redis.effects = [];
  redis.events = [];
  return [redis, bytes];
}

for (const protocol of [2, 3] as const) {
  Deno.test(`DUMP of a missing key is null, RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    assertEquals(redis.run("DUMP", "missing"), "(nil)");
  });
}

Deno.test("DUMP gives the bytes that redis-server gives", () => {
  const [, bytes] = withString();
  const body = [0, 5, ...new TextEncoder().encode("value"), 10, 0];
  assertEquals([...bytes.slice(0, 9)], body);
  const sum = new Crc64();
  sum.update(new Uint8Array(body));
  assertEquals(sum.equals(bytes, 9), true);
});

Deno.test("RESTORE of every encoding gives a value that its own DUMP restores", () => {
  for (const { title, bytes } of SAMPLES) {
    const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
    assertEquals(redis.run("RESTORE", "key", 0, bytes), "OK", title);
    assertEquals(redis.run("RESTORE", "copy", 0, dump(redis, "key")), "OK", title);
    const [first, second] = redis.run("DEBUG", "DIGEST-VALUE", "key", "copy").split("\n");
    assertEquals(first.slice(3), second.slice(3), title);
    assertEquals(redis.run("OBJECT", "ENCODING", "copy"), redis.run("OBJECT", "ENCODING", "key"));
  }
});

Deno.test("RESTORE takes the encoding that its own thresholds ask for", () => {
  const redis = new EngineHarness({
    config: { "hash-max-listpack-entries": "2", "zset-max-listpack-entries": "2" },
  });
  const small = payload(RdbType.HASH_ZIPLIST, (writer) => {
    writer.stringOf(ziplist(["a", "1", "b", "2", "c", "3"]));
  });
  const scores = payload(RdbType.ZSET_LISTPACK, (writer) => {
    writer.stringOf(listpack(["a", "1", "b", "2", "c", "3"]));
  });
  const integers = payload(RdbType.SET, (writer) => {
    writer.lengthOf(2);
    for (const text of ["1", "2"]) writer.stringOf(new TextEncoder().encode(text));
  });
  redis.run("RESTORE", "hash", 0, small);
  redis.run("RESTORE", "zset", 0, scores);
  redis.run("RESTORE", "set", 0, integers);
  assertEquals(redis.run("OBJECT", "ENCODING", "hash"), '"hashtable"');
  assertEquals(redis.run("OBJECT", "ENCODING", "zset"), '"skiplist"');
  assertEquals(redis.run("OBJECT", "ENCODING", "set"), '"intset"');
});

Deno.test("RESTORE keeps the times of fields that expire, and drops those that have", () => {
  const redis = new EngineHarness();
  const now = redis.clock.unixMs();
  const bytes = payload(RdbType.HASH_METADATA, (writer) => {
    writer.milliseconds(BigInt(now - 1000));
    writer.lengthOf(3);
    const times = [0, 1, 6001];
    ["lives", "gone", "expires"].forEach((field, i) => {
      writer.lengthOf(times[i]);
      writer.stringOf(new TextEncoder().encode(field));
      writer.stringOf(new TextEncoder().encode("value"));
    });
  }, 12);
  assertEquals(redis.run("RESTORE", "key", 0, bytes), "OK");
  assertEquals(redis.run("HLEN", "key"), "(integer) 2");
  assertEquals(redis.run("HGET", "key", "expires"), '"value"');
  redis.run("RESTORE", "copy", 0, dump(redis, "key"));
  redis.clock.advance(5001);
  assertEquals(redis.run("HGET", "copy", "expires"), "(nil)");
  assertEquals(redis.run("HGET", "copy", "lives"), '"value"');
});

Deno.test("RESTORE leaves a hash out of which every field is past its time", () => {
  const redis = new EngineHarness();
  const bytes = payload(RdbType.HASH_LISTPACK_EX, (writer) => {
    writer.milliseconds(1n);
    writer.stringOf(listpack(["field", "value", "1"]));
  }, 12);
  assertEquals(redis.run("RESTORE", "key", 0, bytes), "OK");
  assertEquals(redis.run("EXISTS", "key"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("RESTORE refuses a key that is there, unless it may replace it", () => {
  const [redis, bytes] = withString();
  assertEquals(redis.run("RESTORE", "key", 0, bytes), BUSY);
  redis.run("RPUSH", "list", "a");
  redis.run("PEXPIRE", "list", 1000);
  assertEquals(redis.run("RESTORE", "list", 0, bytes, "REPLACE"), "OK");
  assertEquals(redis.run("GET", "list"), '"value"');
  assertEquals(redis.run("TTL", "list"), "(integer) -1");
});

Deno.test("RESTORE sets a time to live, relative or absolute", () => {
  const [redis, bytes] = withString();
  const now = redis.clock.unixMs();
  assertEquals(redis.run("RESTORE", "relative", 1500, bytes), "OK");
  assertEquals(redis.run("PTTL", "relative"), "(integer) 1500");
  assertEquals(redis.run("RESTORE", "absolute", now + 2000, bytes, "ABSTTL"), "OK");
  assertEquals(redis.run("PTTL", "absolute"), "(integer) 2000");
  assertEquals(redis.run("RESTORE", "never", 0, bytes, "ABSTTL"), "OK");
  assertEquals(redis.run("PTTL", "never"), "(integer) -1");
});

Deno.test("RESTORE of what is past its time only deletes what it was to replace", () => {
  const [redis, bytes] = withString();
  assertEquals(redis.run("RESTORE", "past", 1, bytes, "ABSTTL"), "OK");
  assertEquals(redis.effects, []);
  assertEquals(redis.run("RESTORE", "key", 1, bytes, "ABSTTL", "REPLACE"), "OK");
  assertEquals(redis.run("EXISTS", "key", "past"), "(integer) 0");
  assertEquals(redis.effects, ["DEL key"]);
  assertEquals(redis.events, ["del key"]);
  assertEquals(redis.run("RESTORE", "far", "9223372036854775807", bytes), "OK");
  assertEquals(redis.run("EXISTS", "far"), "(integer) 0");
});

Deno.test("RESTORE sets idle time or frequency, whichever the policy asks for", () => {
  const [redis, bytes] = withString();
  redis.run("RESTORE", "idle", 0, bytes, "IDLETIME", 500);
  assertEquals(redis.run("OBJECT", "IDLETIME", "idle"), "(integer) 500");
  const [lfu, same] = withString({ "maxmemory-policy": "allkeys-lfu" });
  lfu.run("RESTORE", "used", 0, same, "FREQ", 200);
  assertEquals(lfu.run("OBJECT", "FREQ", "used"), "(integer) 200");
  lfu.run("RESTORE", "new", 0, same);
  assertEquals(lfu.run("OBJECT", "FREQ", "new"), "(integer) 5");
});

Deno.test("RESTORE refuses wrong options", () => {
  const [redis, bytes] = withString();
  const wrong: [string, (string | number)[]][] = [
    [SYNTAX, ["NOSUCH"]],
    [SYNTAX, ["IDLETIME"]],
    [SYNTAX, ["FREQ", 1, "IDLETIME", 1]],
    [SYNTAX, ["IDLETIME", 1, "FREQ", 1]],
    ["(error) ERR value is not an integer or out of range", ["IDLETIME", "x"]],
    ["(error) ERR Invalid IDLETIME value, must be >= 0", ["IDLETIME", -1]],
    ["(error) ERR Invalid FREQ value, must be >= 0 and <= 255", ["FREQ", 256]],
    ["(error) ERR Invalid FREQ value, must be >= 0 and <= 255", ["FREQ", -1]],
  ];
  for (const [reply, options] of wrong) {
    assertEquals(redis.run("RESTORE", "new", 0, bytes, ...options), reply, options.join(" "));
  }
  assertEquals(
    redis.run("RESTORE", "new", -1, bytes),
    "(error) ERR Invalid TTL value, must be >= 0",
  );
  assertEquals(
    redis.run("RESTORE", "new", "1.5", bytes),
    "(error) ERR value is not an integer or out of range",
  );
  assertEquals(
    redis.run("RESTORE", "new", 0),
    "(error) ERR wrong number of arguments for 'restore' command",
  );
  // As in Redis, options are looked at first, then the key, the time and the payload.
  assertEquals(redis.run("RESTORE", "key", "x", "", "NOSUCH"), SYNTAX);
  assertEquals(redis.run("RESTORE", "key", "x", ""), BUSY);
  assertEquals(redis.run("EXISTS", "new"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("RESTORE refuses payloads cut short, changed, or of a later version", () => {
  const [redis, bytes] = withString();
  for (let length = 0; length < bytes.length; length++) {
    assertEquals(redis.run("RESTORE", "new", 0, bytes.slice(0, length)), BAD_FOOTER);
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] ^= 4;
    assertEquals(redis.run("RESTORE", "new", 0, changed), BAD_FOOTER);
  }
  const later = payload(RdbType.STRING, (writer) => writer.lengthOf(0), 13);
  assertEquals(redis.run("RESTORE", "new", 0, later), BAD_FOOTER);
  assertEquals(redis.run("EXISTS", "new"), "(integer) 0");
});

Deno.test("RESTORE looks at no checksum when it is told not to", () => {
  const [redis, bytes] = withString({ "enable-debug-command": "yes" });
  bytes[bytes.length - 1] ^= 1;
  redis.run("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 1);
  assertEquals(redis.run("RESTORE", "new", 0, bytes), "OK");
});

Deno.test("RESTORE refuses values that are wrong, and changes nothing", () => {
  const text = (...words: string[]) => words.map((word) => new TextEncoder().encode(word));
  const wrong: [string, number, (writer: Parameters<Parameters<typeof payload>[1]>[0]) => void][] =
    [
      ["no value", RdbType.STRING, () => {}],
      ["empty list", RdbType.LIST_QUICKLIST_2, (writer) => writer.lengthOf(0)],
      ["empty set", RdbType.SET, (writer) => writer.lengthOf(0)],
      ["empty hash", RdbType.HASH_LISTPACK, (writer) => writer.stringOf(listpack([]))],
      ["count too large", RdbType.LIST, (writer) => writer.lengthOf(2 ** 40)],
      ["odd number of elements", RdbType.HASH_LISTPACK, (writer) => {
        writer.stringOf(listpack(["a", "1", "b"]));
      }],
      ["a field twice", RdbType.HASH_ZIPMAP, (writer) => {
        writer.stringOf(zipmap(["a", "1", "a", "2"]));
      }],
      ["a member twice", RdbType.SET, (writer) => {
        writer.lengthOf(2);
        for (const word of text("a", "a")) writer.stringOf(word);
      }],
      ["a scored member twice", RdbType.ZSET_LISTPACK, (writer) => {
        writer.stringOf(listpack(["a", "1", "a", "2"]));
      }],
      ["a score that is no number", RdbType.ZSET_ZIPLIST, (writer) => {
        writer.stringOf(ziplist(["a", "one"]));
      }],
      ["a score of NaN", RdbType.ZSET, (writer) => {
        writer.lengthOf(1);
        writer.stringOf(text("a")[0]);
        writer.raw(textScore("nan"));
      }],
      ["an unknown node", RdbType.LIST_QUICKLIST_2, (writer) => {
        writer.lengthOf(1);
        writer.lengthOf(3);
        writer.stringOf(listpack(["a"]));
      }],
      ["a node without its element", RdbType.LIST_QUICKLIST_2, (writer) => {
        writer.lengthOf(1);
        writer.lengthOf(QuicklistContainer.PLAIN);
        writer.stringOf(new Uint8Array(0));
      }],
      ["a stream that is cut short", RdbType.STREAM_LISTPACKS_2, (writer) => writer.lengthOf(0)],
      ["a module's value", RdbType.MODULE_2, (writer) => writer.lengthOf(1)],
      ["an unknown type", 8, (writer) => writer.lengthOf(1)],
    ];
  const redis = new EngineHarness();
  redis.run("SET", "key", "value");
  redis.effects = [];
  for (const [title, type, write] of wrong) {
    assertEquals(
      redis.run("RESTORE", "key", 0, payload(type, write), "REPLACE"),
      BAD_FORMAT,
      title,
    );
  }
  assertEquals(redis.run("GET", "key"), '"value"');
  assertEquals(redis.effects, []);
});

Deno.test("the log says, when it is verbose, why RESTORE has refused a value", () => {
  const redis = new EngineHarness();
  const refusals: [number, Uint8Array, RegExp][] = [
    [RdbType.ZSET_ZIPLIST, ziplist(["a", "1"]).fill(9, 0, 4), /-> Zset ziplist integrity check f/],
    [RdbType.HASH_ZIPMAP, zipmap(["a", "1", "a", "2"]), /-> Zipmap integrity check failed: /],
    [RdbType.LIST_ZIPLIST, ziplist(["a"]).subarray(0, 8), /-> List ziplist integrity check f/],
    [RdbType.MODULE_2, new Uint8Array(1), /^Internal error in RDB reading, in RESTORE -> /],
  ];
  for (const [type, packed, expected] of refusals) {
    const bytes = payload(type, (writer) => writer.stringOf(packed));
    assertEquals(redis.run("RESTORE", "new", 0, bytes), BAD_FORMAT);
    assertMatch(redis.log.messages("verbose").at(-1) ?? "", expected);
  }
});

Deno.test("RESTORE propagates the time when the key expires, and makes an event", () => {
  const [redis, bytes] = withString();
  const now = redis.clock.unixMs();
  redis.run("RESTORE", "a", 0, bytes);
  redis.run("RESTORE", "b", 1000, bytes, "REPLACE");
  redis.run("RESTORE", "c", now + 5, bytes, "ABSTTL");
  const shown = redis.effects.map((effect) => effect.split(" "));
  assertEquals(shown.map((words) => words.slice(0, 3)), [
    ["RESTORE", "a", "0"],
    ["RESTORE", "b", String(now + 1000)],
    ["RESTORE", "c", String(now + 5)],
  ]);
  assertEquals(shown[1].slice(-2), ["REPLACE", "ABSTTL"]);
  assertEquals(redis.events, ["restore a", "restore b", "restore c"]);
});

Deno.test("RESTORE-ASKING is RESTORE", () => {
  const [redis, bytes] = withString();
  assertEquals(redis.run("RESTORE-ASKING", "new", 0, bytes), "OK");
  assertEquals(redis.run("GET", "new"), '"value"');
});

Deno.test("MIGRATE needs a connection to wait on", () => {
  const redis = new EngineHarness();
  redis.run("SET", "key", "value");
  assertEquals(
    redis.run("MIGRATE", "127.0.0.1", 1, "key", 0, 100),
    "(error) ERR MIGRATE needs a connection to wait on: it can't run in a transaction or script",
  );
});
