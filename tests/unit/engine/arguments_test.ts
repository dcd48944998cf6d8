import { assertEquals } from "@std/assert";
import {
  readBigInteger,
  readClampedInteger,
  readCount,
  readDatabase,
  readDouble,
  readInteger,
  readIntegerInRange,
} from "../../../lib/engine/arguments.ts";
import { Call } from "../../../lib/engine/call.ts";
import { CommandError } from "../../../lib/engine/errors.ts";
import { readExpireTime, readPositiveExpireTime } from "../../../lib/engine/expire_time.ts";
import { Request } from "../../../lib/resp/request.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

const redis = new EngineHarness();
redis.engine.beginTurn();
const now = redis.clock.unixMs();

function callWith(argument: string): Call {
  const { context, registry } = redis.engine;
  const command = registry.byName("get");
  if (command === undefined) throw new Error("GET is not registered");
  const call = new Call(context, redis.session, command);
  call.request = Request.from(["name", argument]);
  return call;
}

/** What a reader makes of a text: its value, or the text of its error. */
function read<T>(reader: (call: Call) => T, argument: string): T | string {
  try {
    return reader(callWith(argument));
  } catch (error) {
    if (error instanceof CommandError) return error.text;
    throw error;
  }
}

const NOT_INTEGER = "ERR value is not an integer or out of range";

Deno.test("readers of integers take what fits and refuse the rest", () => {
  assertEquals(read((call) => readInteger(call, 1), "-42"), -42);
  assertEquals(read((call) => readInteger(call, 1), "9007199254740993"), NOT_INTEGER);
  assertEquals(read((call) => readBigInteger(call, 1), "9007199254740993"), 9007199254740993n);
  assertEquals(read((call) => readBigInteger(call, 1), "9223372036854775808"), NOT_INTEGER);
  const clamped = (text: string) => read((call) => readClampedInteger(call, 1), text);
  assertEquals(clamped("9223372036854775807"), Number.MAX_SAFE_INTEGER);
  assertEquals(clamped("-9223372036854775808"), Number.MIN_SAFE_INTEGER);
  assertEquals(clamped("-9223372036854775809"), NOT_INTEGER);
  for (const text of ["", "x", "1 ", "+1", "01"]) {
    assertEquals(read((call) => readInteger(call, 1), text), NOT_INTEGER, text);
  }
});

Deno.test("a range and a count say what is allowed", () => {
  const inRange = (text: string) => read((call) => readIntegerInRange(call, 1, 0, 9), text);
  assertEquals(inRange("9"), 9);
  assertEquals(inRange("10"), "ERR value is out of range, value must between 0 and 9");
  assertEquals(inRange("9223372036854775807"), inRange("10"));
  assertEquals(inRange("x"), NOT_INTEGER);
  const own = new CommandError("ERR own");
  assertEquals(read((call) => readIntegerInRange(call, 1, 0, 9, own), "x"), "ERR own");
  assertEquals(
    read((call) => readCount(call, 1), "-1"),
    "ERR value is out of range, must be positive",
  );
});

Deno.test("doubles and databases are read with their own errors", () => {
  assertEquals(read((call) => readDouble(call, 1), "-inf"), -Infinity);
  assertEquals(read((call) => readDouble(call, 1), "nan"), "ERR value is not a valid float");
  assertEquals(read((call) => readDatabase(call, 1).index, "15"), 15);
  assertEquals(read((call) => readDatabase(call, 1).index, "16"), "ERR DB index is out of range");
  assertEquals(
    read((call) => readDatabase(call, 1).index, "2147483648"),
    "ERR value is out of range, value must between -2147483648 and 2147483647",
  );
});

Deno.test("an expiry time becomes Unix milliseconds or overflows as 64 bits do", () => {
  const invalid = "ERR invalid expire time in 'expire' command";
  const seconds = (text: string) =>
    read((call) => readExpireTime(call, 1, "s", true, "expire"), text);
  assertEquals(seconds("10"), now + 10_000);
  assertEquals(seconds("-10"), now - 10_000);
  assertEquals(seconds("9223372036854775"), invalid);
  assertEquals(seconds("9223372036854776"), invalid);
  assertEquals(seconds("-9223372036854776"), invalid);
  assertEquals(seconds("-9223372036854775"), Number(-9223372036854775000n + BigInt(now)));
  assertEquals(seconds("9223372036854775808"), NOT_INTEGER);
  const unixMs = (text: string) =>
    read((call) => readExpireTime(call, 1, "ms", false, "expire"), text);
  assertEquals(unixMs("9223372036854775807"), 2 ** 63 - 1024);
  assertEquals(unixMs("-9223372036854775808"), -(2 ** 63));
  assertEquals(unixMs("8796093022209"), 8796093022209);
});

Deno.test("a time to live must be more than zero", () => {
  const positive = (text: string) =>
    read((call) => readPositiveExpireTime(call, 1, "ms", true, "set"), text);
  assertEquals(positive("1"), now + 1);
  assertEquals(positive("9007199254740993"), 9007199254740993n + BigInt(now));
  for (const text of ["0", "-1", "-9223372036854775808"]) {
    assertEquals(positive(text), "ERR invalid expire time in 'set' command", text);
  }
  assertEquals(positive("-x"), NOT_INTEGER);
});
