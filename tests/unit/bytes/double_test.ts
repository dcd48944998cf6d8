import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import {
  formatDouble,
  formatDoubleShortest,
  parseDouble,
  parseDoubleBound,
} from "../../../lib/bytes/double.ts";
import { Random, seed } from "./random.ts";
import { needs } from "../../support/peers.ts";
import { withRealServer } from "./real_server.ts";

const read = (text: string) => parseDouble(fromLatin1("9" + text + "9"), 1, text.length);
const readBound = (text: string) => parseDoubleBound(fromLatin1("9" + text + "9"), 1, text.length);

const GOOD: [string, number][] = [
  ["0", 0],
  ["-0", -0],
  ["3", 3],
  ["+3", 3],
  ["007", 7],
  ["1.", 1],
  [".5", 0.5],
  ["-.5e1", -5],
  ["0.1", 0.1],
  ["1e22", 1e22],
  ["123456789012345678901234567890", 123456789012345678901234567890],
  ["5e-324", 5e-324],
  ["1.7976931348623157e308", Number.MAX_VALUE],
  ["inf", Infinity],
  ["+INF", Infinity],
  ["-Infinity", -Infinity],
  ["0x10", 16],
  ["-0X1.8p1", -3],
  ["0x.8", 0.5],
  ["0x1p-1074", 5e-324],
  ["0x1.fffffffffffff8p0", 2],
  ["0x1.fffffffffffff7p0", 2 - 2 ** -52],
  ["0e-999999999999", 0],
];
const BAD = ["", " ", " 1", "1 ", ".", "-", "+", "e5", "1e", "1e+", "0x", "0xp1", "0x1p", "nan"];
BAD.push(
  "NaN",
  "-nan",
  "nan(1)",
  "infi",
  "infinityx",
  "1,5",
  "1_0",
  "--1",
  "1\0",
  "1e400",
  "-1e400",
);
BAD.push("1e-400", "0x1p1024", "0x1p-1076", "1e99999999999", "0b1", "0o7", "1.2.3", "\xa01");

Deno.test("parseDouble reads what strtod takes as a whole", () => {
  for (const [text, value] of GOOD) assert(Object.is(read(text), value), text);
});

Deno.test("parseDouble gives NaN for what Redis calls not a float", () => {
  for (const text of BAD) assertEquals(read(text), NaN, JSON.stringify(text));
});

Deno.test("parseDouble reads random decimals as Number does, exactly rounded", () => {
  const random = new Random(seed());
  for (let i = 0; i < 20_000; i++) {
    const digits = "1" + random.text("0123456789", 20);
    const point = random.below(digits.length + 1);
    const text = random.pick(["", "-"]) + digits.slice(0, point) + "." + digits.slice(point);
    assertEquals(read(text), Number(text), text);
  }
});

Deno.test("parseDouble reads whole numbers beyond 15 digits as Number does", () => {
  const random = new Random(seed());
  const texts = ["9007199254740991", "9007199254740992", "9007199254740993", "9999999999999999"];
  for (let i = 0; i < 2_000; i++) texts.push("1" + random.text("0123456789", 18));
  for (let i = 0; i < 2_000; i++) texts.push("90071992547" + random.text("0123456789", 5));
  for (const text of texts) {
    assertEquals(read(text), Number(text), text);
    assertEquals(read(`-${text}.`), -Number(text), text);
  }
});

Deno.test("parseDoubleBound is as lax as ZRANGEBYSCORE", () => {
  assertEquals(readBound(""), 0);
  assertEquals(readBound(" \t1"), 1);
  assertEquals(readBound("1e400"), Infinity);
  assertEquals(readBound("-0x1p5000"), -Infinity);
  assertEquals(readBound("1e-400"), 0);
  assertEquals(readBound("-inf"), -Infinity);
  assertEquals(readBound("2\0x"), 2);
  for (const text of ["1 ", "nan", "x", " ", "1e"]) assertEquals(readBound(text), NaN, text);
});

Deno.test("formatDouble prints 17 significant digits as %.17g does", () => {
  const expected: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [-1.5, "-1.5"],
    [0.1, "0.10000000000000001"],
    [1e15, "1000000000000000"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [1e21, "1e+21"],
    [123456789012345678, "1.2345678901234568e+17"],
    [0.0001, "0.0001"],
    [0.00001, "1.0000000000000001e-05"],
    [5e-324, "4.9406564584124654e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [2251799813685247.25, "2251799813685247.2"],
    [2251799813685246.75, "2251799813685246.8"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
  ];
  for (const [value, text] of expected) assertEquals(formatDouble(value), text);
});

Deno.test("formatDoubleShortest prints the fewest digits in the layout of Redis 7.2", () => {
  const expected: [number, string][] = [
    [0.1, "0.1"],
    [-0, "-0"],
    [3, "3"],
    [-2.5, "-2.5"],
    [1e18, "1000000000000000000"],
    [2 ** 62, "4611686018427387904"],
    [1e21, "1e+21"],
    [1.5e25, "1.5e+25"],
    [0.000001, "0.000001"],
    [1e-7, "1e-7"],
    [1.25e-9, "1.25e-9"],
    [0.001234567890123, "0.001234567890123"],
    [0.0001234567890123, "1.234567890123e-4"],
    [1234.567890123, "1234.567890123"],
    [123456.7890123, "1.234567890123e+5"],
    [5e-324, "5e-324"],
    [-Infinity, "-inf"],
  ];
  for (const [value, text] of expected) assertEquals(formatDoubleShortest(value), text);
});

Deno.test("both formats read back as the same double", () => {
  const random = new Random(seed());
  for (let i = 0; i < 20_000; i++) {
    const value = i % 2 === 0 ? random.double() : (random.below(2 ** 32) - 2 ** 31) / 1000;
    assert(Object.is(read(formatDouble(value)), value), String(value));
    assert(Object.is(read(formatDoubleShortest(value)), value), String(value));
  }
});

needs(
  "redis-server",
  "ZADD and ZSCORE of a real server read and print the same",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      const texts = [...GOOD.map(([text]) => text), ...BAD];
      for (let i = 0; i < 4000; i++) texts.push(String(random.double()));
      for (let i = 0; i < 2000; i++) {
        const quarters = BigInt(random.below(2 ** 32)) * 2n ** 21n + BigInt(random.below(2 ** 21));
        texts.push(`${quarters / 4n}.${["00", "25", "50", "75"][Number(quarters % 4n)]}`);
        texts.push(random.text("0123456789", 20) + "." + random.text("0123456789", 20));
        texts.push(random.text("0123456789+-.exXpinfNaA \0", 6));
      }
      await pipeline([["CONFIG", "SET", "zset-max-listpack-entries", "0"]]);
      const replies = await pipeline(
        texts.flatMap((
          text,
        ) => [["ZADD", "z", "0", "other", text, "m"], ["ZSCORE", "z", "m"], ["DEL", "z"]]),
      );
      texts.forEach((text, i) => {
        const value = read(text);
        const actual = replies[i * 3 + 1];
        if (value !== value) {
          assertEquals(replies[i * 3], "-ERR value is not a valid float", JSON.stringify(text));
        } else {
          assertEquals(actual, formatDouble(value), JSON.stringify(text));
        }
      });
    }),
);

needs(
  "redis-server",
  "ZCOUNT of a real server takes the same bounds",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      const texts = [...GOOD.map(([text]) => text), ...BAD];
      for (let i = 0; i < 3000; i++) texts.push(random.text("0123456789+-.exXpinfNaA \0\t", 6));
      const scores = [-Infinity, -3, -0.5, 0, 0.5, 1, 2, 7, 16, 100, 1e300, Infinity];
      await pipeline(scores.map((score) => ["ZADD", "z", formatDouble(score), `${score}`]));
      const replies = await pipeline(texts.map((text) => ["ZCOUNT", "z", text, "+inf"]));
      texts.forEach((text, i) => {
        const bound = readBound(text);
        const expected = bound === bound
          ? String(scores.filter((score) => score >= bound).length)
          : "-ERR min or max is not a float";
        assertEquals(replies[i], expected, JSON.stringify(text));
      });
    }),
);
