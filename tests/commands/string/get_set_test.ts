import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("SET stores any bytes and GET gives them back", () => {
  const redis = new EngineHarness();
  const value = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assertEquals(redis.run("SET", "k", value), "OK");
  assertEquals(
    redis.bytesTo(redis.session, "GET", "k").slice(6, 262),
    value,
  );
});

Deno.test("GET of a missing key is null in both protocols", () => {
  for (const [protocol, text] of [[2, "$-1\r\n"], [3, "_\r\n"]] as const) {
    const redis = new EngineHarness({ protocol });
    const bytes = redis.bytesTo(redis.session, "GET", "none");
    assertEquals(new TextDecoder().decode(bytes), text);
  }
});

Deno.test("SET with NX keeps what is there, with XX what is not", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SET", "k", "1", "XX"), "(nil)");
  assertEquals(redis.run("SET", "k", "1", "nx"), "OK");
  assertEquals(redis.run("SET", "k", "2", "NX"), "(nil)");
  assertEquals(redis.run("SET", "k", "3", "XX"), "OK");
  assertEquals(redis.run("GET", "k"), '"3"');
});

Deno.test("SET with GET replies the old value whether it sets or not", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SET", "k", "1", "GET"), "(nil)");
  assertEquals(redis.run("SET", "k", "2", "GET"), '"1"');
  assertEquals(redis.run("SET", "k", "3", "GET", "NX"), '"2"');
  assertEquals(redis.run("SET", "k", "4", "XX", "GET"), '"2"');
  assertEquals(redis.run("GET", "k"), '"4"');
});

Deno.test("SET forgets a time to live unless told to keep it", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v", "PX", 100);
  redis.run("SET", "k", "w", "KEEPTTL");
  redis.clock.advance(99);
  assertEquals(redis.run("GET", "k"), '"w"');
  redis.clock.advance(1);
  assertEquals(redis.run("GET", "k"), "(nil)");
  redis.run("SET", "k", "v", "PX", 100);
  redis.run("SET", "k", "w");
  redis.clock.advance(1000);
  assertEquals(redis.run("GET", "k"), '"w"');
});

Deno.test("SET takes every form of time", () => {
  const redis = new EngineHarness();
  const now = redis.clock.unixMs();
  const seconds = Math.ceil(now / 1000) + 10;
  const forms = [["EX", 10], ["PX", 10_000], ["EXAT", seconds], ["PXAT", now + 10_000]] as const;
  for (const [option, time] of forms) {
    const expected = option === "EXAT" ? seconds * 1000 : now + 10_000;
    redis.run("SET", "k", "v", option, time);
    assertEquals(redis.effects.pop(), `SET k v PXAT ${expected}`, option);
  }
});

Deno.test("SET with a time in the past leaves a key that is gone at the next look", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SET", "k", "v", "PXAT", 1), "OK");
  assertEquals(redis.run("GET", "k"), "(nil)");
  assertEquals(redis.effects, ["SET k v PXAT 1", "DEL k"]);
});

Deno.test("options that exclude each other are a syntax error", () => {
  const redis = new EngineHarness();
  const error = "(error) ERR syntax error";
  const wrong = ["NX XX", "EX 1 PX 1", "KEEPTTL EX 1", "EX 1 KEEPTTL", "EX", "PERSIST", "GETX"];
  for (const options of wrong) {
    assertEquals(redis.run("SET", "k", "v", ...options.split(" ")), error, options);
  }
  redis.run("SET", "k", "v");
  for (const options of ["EX 1 PERSIST", "PERSIST EX 1", "KEEPTTL", "NX", "EX", "EX 1 PX 1"]) {
    assertEquals(redis.run("GETEX", "k", ...options.split(" ")), error, options);
  }
});

Deno.test("the last of two times of the same kind holds", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v", "PX", "nonsense", "PX", 50);
  redis.clock.advance(50);
  assertEquals(redis.run("GET", "k"), "(nil)");
});

Deno.test("times that do not fit 64 bits are refused as Redis refuses them", () => {
  const redis = new EngineHarness();
  const invalid = "(error) ERR invalid expire time in 'set' command";
  const notInteger = "(error) ERR value is not an integer or out of range";
  const times: [string, string, string][] = [
    ["EX", "0", invalid],
    ["PX", "-1", invalid],
    ["EX", "9223372036854775", invalid],
    ["EX", "9223372036854776", invalid],
    ["PX", "9223372036854775807", invalid],
    ["EXAT", "9223372036854776", invalid],
    ["EXAT", "9223372036854775", "OK"],
    ["PXAT", "9223372036854775807", "OK"],
    ["PXAT", "9223372036854775808", notInteger],
    ["EX", "-9223372036854775808", invalid],
    ["EX", "-9223372036854775809", notInteger],
    ["EX", "1.5", notInteger],
    ["EX", "", notInteger],
  ];
  for (const [option, time, reply] of times) {
    assertEquals(redis.run("SET", "k", "v", option, time), reply, `${option} ${time}`);
  }
});

Deno.test("a time beyond 2^53 is kept and propagated exactly", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v", "PXAT", "9223372036854775807");
  redis.run("GETEX", "k", "EXAT", "9223372036854775");
  assertEquals(redis.effects, [
    "SET k v PXAT 9223372036854775807",
    "PEXPIREAT k 9223372036854775000",
  ]);
  assertEquals(redis.run("PEXPIRETIME", "k"), "(integer) 9223372036854775000");
});

Deno.test("SETEX and PSETEX name themselves in their errors", () => {
  const redis = new EngineHarness();
  for (const name of ["setex", "psetex"]) {
    const error = `(error) ERR invalid expire time in '${name}' command`;
    assertEquals(redis.run(name, "k", "0", "v"), error);
    assertEquals(redis.run(name, "k", "9223372036854775807", "v"), error);
    assertEquals(redis.run(name, "k", 10, "v"), "OK");
  }
  redis.clock.advance(10);
  assertEquals(redis.run("GET", "k"), "(nil)");
});

Deno.test("SETNX sets a key once", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SETNX", "k", "1"), "(integer) 1");
  assertEquals(redis.run("SETNX", "k", "2"), "(integer) 0");
  assertEquals(redis.run("GET", "k"), '"1"');
});

Deno.test("GETSET replaces a value and its time to live", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("GETSET", "k", "1"), "(nil)");
  redis.run("SET", "k", "2", "PX", 10);
  assertEquals(redis.run("GETSET", "k", "3"), '"2"');
  redis.clock.advance(10);
  assertEquals(redis.run("GET", "k"), '"3"');
});

Deno.test("GETDEL replies and deletes", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("GETDEL", "k"), "(nil)");
  redis.run("SET", "k", "v");
  assertEquals(redis.run("GETDEL", "k"), '"v"');
  assertEquals(redis.run("GET", "k"), "(nil)");
});

Deno.test("GETEX changes the time to live only when asked", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v", "PX", 100);
  assertEquals(redis.run("GETEX", "k"), '"v"');
  redis.run("GETEX", "k", "PERSIST");
  redis.clock.advance(100);
  assertEquals(redis.run("GETEX", "k", "PX", 5), '"v"');
  redis.clock.advance(5);
  assertEquals(redis.run("GETEX", "k"), "(nil)");
});

Deno.test("GETEX with a time in the past deletes the key", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  assertEquals(redis.run("GETEX", "k", "EXAT", 1), '"v"');
  assertEquals(redis.effects.pop(), "DEL k");
  assertEquals(redis.events.pop(), "del k");
});

Deno.test("commands of whole strings check the number of their arguments", () => {
  const redis = new EngineHarness();
  for (const words of ["GET", "GET a b", "SET a", "SETNX a", "SETEX a 1", "GETSET a", "GETDEL"]) {
    const [name, ...args] = words.split(" ");
    assertEquals(
      redis.run(name, ...args),
      `(error) ERR wrong number of arguments for '${name.toLowerCase()}' command`,
    );
  }
});
