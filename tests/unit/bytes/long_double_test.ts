import { assertEquals } from "@std/assert";
import { addFloats } from "../../../lib/bytes/long_double.ts";
import { Random, seed } from "./random.ts";
import { needs } from "../../support/peers.ts";
import { withRealServer } from "./real_server.ts";

const ERRORS = {
  "not a float": "-ERR value is not a valid float",
  "nan or infinity": "-ERR increment would produce NaN or Infinity",
};

const EXTREMES = ["0", "-0", "1", "-1", "1e300", "-1e300", "1e-300", "1e4932", "-1e4932", "1e5000"];
EXTREMES.push("1.18973149535723176502e4932", "5.9e4931", "1e-4932", "3.6e-4951", "1.8e-4951");
EXTREMES.push(
  "1e-5000",
  "1e999999999999",
  "1e-999999999999",
  "0e999999999999",
  "18446744073709551615",
);
EXTREMES.push(
  "18446744073709551616",
  "-9223372036854775808",
  "0.1",
  "0.2",
  "3.0e3",
  "10.50",
  "5.0e3",
);
EXTREMES.push(
  "0x1p3",
  "-0x1.8p-3",
  "0x1.00000000000000008p0",
  "0x1p16383",
  "0x1p16384",
  "0x1p-16445",
);
EXTREMES.push(
  "0x1p-16446",
  "0x1.1p-16446",
  "0x",
  "0x.p1",
  " 1",
  "1 ",
  "\t1",
  "",
  ".",
  "1.",
  ".5",
  "e1",
);
EXTREMES.push(
  "inf",
  "-inf",
  "+Infinity",
  "nan",
  "-nan",
  "nan()",
  "infi",
  "1e",
  "1e+",
  "1\0",
  "--1",
);
EXTREMES.push("0.00000000000000001", "0.000000000000000005", "0.0000000000000000049", "-1e-18");
EXTREMES.push(
  "0.000000000000000015",
  "7.62939453125e-06",
  "1" + "0".repeat(5117),
  "0".repeat(5118) + "1",
);
EXTREMES.push("0".repeat(5119) + "1", "12345678901234567890.12345678901234567890");

/** The reply of a real server's SET and INCRBYFLOAT. */
function expected(a: string, b: string): string {
  const sum = addFloats(a, b);
  return sum.ok ? sum.text : ERRORS[sum.error];
}

function randomFloat(random: Random): string {
  const sign = random.pick(["", "", "-", "+"]);
  const digits = random.text("0123456789", 20);
  switch (random.below(6)) {
    case 0:
      return sign + digits + random.pick(["", "."]);
    case 1:
      return sign + random.text("0123456789", 4) + "." + random.text("0123456789", 4);
    case 2:
      return sign + digits + "." + random.text("0123456789", 25);
    case 3:
      return sign + digits + "e" + random.pick(["", "-", "+"]) + random.below(40);
    case 4:
      return sign + random.double();
    default:
      return sign + "0x" + random.text("0123456789abcdef", 20) + "." +
        random.text("0123456789abcdef", 9) + "p" + (random.below(200) - 100);
  }
}

Deno.test("addFloats adds as INCRBYFLOAT does in the Redis documentation", () => {
  assertEquals(addFloats("10.50", "0.1"), { ok: true, text: "10.6" });
  assertEquals(addFloats("10.6", "-5"), { ok: true, text: "5.6" });
  assertEquals(addFloats("5.0e3", "2.0e2"), { ok: true, text: "5200" });
});

Deno.test("addFloats keeps 64 bits of mantissa, where doubles keep 53", () => {
  assertEquals(addFloats("9223372036854775807", "1"), { ok: true, text: "9223372036854775808" });
  assertEquals(addFloats("18446744073709551615", "1"), { ok: true, text: "18446744073709551616" });
  assertEquals(addFloats("18446744073709551616", "1"), { ok: true, text: "18446744073709551616" });
  assertEquals(addFloats("0.1", "0.2"), { ok: true, text: "0.3" });
});

Deno.test("addFloats tells what is not a float from sums that are not finite", () => {
  for (const text of ["", " 1", "1 ", "nan", "abc", "1e5000", "1e-5000"]) {
    assertEquals(addFloats("1", text), { ok: false, error: "not a float" });
    assertEquals(addFloats(text, "inf"), { ok: false, error: "not a float" });
  }
  assertEquals(addFloats("1", "-inf"), { ok: false, error: "nan or infinity" });
  assertEquals(addFloats("1e4932", "1e4932"), { ok: false, error: "nan or infinity" });
});

Deno.test("addFloats prints no negative zero", () => {
  assertEquals(addFloats("-0", "-0"), { ok: true, text: "0" });
  assertEquals(addFloats("0", "-1e-30"), { ok: true, text: "0" });
});

needs(
  "redis-server",
  "INCRBYFLOAT of a real server gives the same sums and errors",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      const pairs: [string, string][] = [];
      for (const a of EXTREMES) for (const b of EXTREMES) pairs.push([a, b]);
      for (let i = 0; i < 10_000; i++) pairs.push([randomFloat(random), randomFloat(random)]);
      for (let at = 0; at < pairs.length; at += 500) {
        const part = pairs.slice(at, at + 500);
        const replies = await pipeline(
          part.flatMap(([a, b]) => [["SET", "k", a], ["INCRBYFLOAT", "k", b]]),
        );
        part.forEach(([a, b], i) => {
          assertEquals(replies[i * 2 + 1], expected(a, b), JSON.stringify([a, b]));
        });
      }
    }),
);
