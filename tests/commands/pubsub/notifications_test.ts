/** Keyspace notifications: which events, to which channels, in which order, and at what cost. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { classOfEvent } from "../../../lib/engine/event_classes.ts";
import { ReplyDecoder } from "../../../lib/resp/reply_decoder.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** `channel message` of what a listener to everything is sent while commands run. */
function heard(classes: string, script: (string | number)[][]): string[] {
  const redis = new EngineHarness({ config: { "notify-keyspace-events": classes } });
  const listener = redis.newSession(3);
  redis.bytesTo(listener, "PSUBSCRIBE", "*");
  for (const request of script) {
    if (request[0] === "wait") redis.clock.advance(Number(request[1]));
    else redis.run(...request);
  }
  const decoder = new ReplyDecoder();
  decoder.feed(listener.reply.buffer.slice(0, listener.reply.length));
  const found: string[] = [];
  for (let push = decoder.next(); push !== undefined; push = decoder.next()) {
    assert(push.kind === "push");
    const words = push.items.map((item) => item.kind === "bulk" ? latin1(item.bytes!) : "");
    assertEquals(words[0], "pmessage");
    found.push(words.slice(2).join(" "));
  }
  return found;
}

Deno.test("a change is told by its key, then by its event", () => {
  assertEquals(heard("KEA", [["SELECT", 3], ["SET", "key", 1]]), [
    "__keyspace@3__:key set",
    "__keyevent@3__:set key",
  ]);
  assertEquals(heard("EA", [["SET", "key", 1]]), ["__keyevent@0__:set key"]);
  assertEquals(heard("KA", [["SET", "key", 1]]), ["__keyspace@0__:key set"]);
});

Deno.test("nothing is told without a channel or without a class", () => {
  for (const classes of ["", "K", "E", "KE", "A", "AKx".replace("AK", "")]) {
    assertEquals(heard(classes, [["SET", "key", 1], ["DEL", "key"]]), [], classes);
  }
});

Deno.test("only events of the classes asked for are told", () => {
  const script = [["SET", "a", 1], ["RPUSH", "l", 1], ["SADD", "s", 1], ["HSET", "h", 1, 2]];
  const rest = [["ZADD", "z", 1, 2], ["DEL", "a"], ["SET", "x", 1, "PX", 5], ["wait", 5]];
  const events = (classes: string) =>
    heard(`E${classes}`, [...script, ...rest, ["GET", "x"]])
      .map((line) => line.replace("__keyevent@0__:", ""));
  assertEquals(events("$"), ["set a", "set x"]);
  assertEquals(events("l"), ["rpush l"]);
  assertEquals(events("s"), ["sadd s"]);
  assertEquals(events("h"), ["hset h"]);
  assertEquals(events("z"), ["zadd z"]);
  assertEquals(events("g"), ["del a", "expire x"]);
  assertEquals(events("x"), ["expired x"]);
  assertEquals(events("m"), ["keymiss x"]);
  assertEquals(events("n"), ["new a", "new l", "new s", "new h", "new z", "new x"]);
});

Deno.test("classes can be changed while the server runs", () => {
  const found = heard("", [
    ["SET", "a", 1],
    ["CONFIG", "SET", "notify-keyspace-events", "E$"],
    ["SET", "b", 1],
    ["CONFIG", "SET", "notify-keyspace-events", ""],
    ["SET", "c", 1],
  ]);
  assertEquals(found, ["__keyevent@0__:set b"]);
});

Deno.test("misses and new keys are watched for only when they are asked for", () => {
  const redis = new EngineHarness();
  const { state } = redis.engine.context.store;
  const watched = (classes: string) => {
    redis.run("CONFIG", "SET", "notify-keyspace-events", classes);
    return [state.observesMisses, state.observesNewKeys];
  };
  assertEquals(watched("KEA"), [false, false]);
  assertEquals(watched("Km"), [true, false]);
  assertEquals(watched("En"), [false, true]);
  assertEquals(watched("mn"), [false, false]);
  assertEquals(watched(""), [false, false]);
});

Deno.test("an event for the session that causes it comes behind the reply", () => {
  const redis = new EngineHarness({ config: { "notify-keyspace-events": "Ex" }, protocol: 3 });
  redis.run("MSET", "a", 1, "b", 2);
  redis.run("PEXPIRE", "b", 5);
  redis.bytesTo(redis.session, "SUBSCRIBE", "__keyevent@0__:expired");
  redis.clock.advance(5);
  assertEquals(
    latin1(redis.bytesTo(redis.session, "MGET", "a", "b")),
    "*2\r\n$1\r\n1\r\n_\r\n>3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:expired\r\n$1\r\nb\r\n",
  );
});

Deno.test("every event that commands name has a class", () => {
  const missing: string[] = [];
  const look = (directory: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(directory)) {
      const path = `${directory}/${name}`;
      if (isDirectory) look(path);
      else {for (const event of eventsIn(Deno.readTextFileSync(path))) {
          if (classOfEvent(event) === undefined) missing.push(`${path}: ${event}`);
        }}
    }
  };
  look("lib/commands");
  look("lib/engine");
  assertEquals(missing, []);
});

function eventsIn(source: string): string[] {
  const calls = source.matchAll(/\b(?:changed|changedKey)\([^;]*?"([a-z_-]+)"\s*,?\s*\)/g);
  return [...calls].map(([, event]) => event);
}
