import { assert, assertEquals } from "@std/assert";
import {
  compareBytes,
  equalBytes,
  equalIgnoreCase,
  fromLatin1,
  indexOfByte,
  latin1,
  quoted,
  utf8,
} from "../../../lib/bytes/byte_string.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

Deno.test("latin1 gives one char for each byte and fromLatin1 gives the bytes back", () => {
  for (const length of [0, 1, 24, 25, 256, 4096, 4097, 100_000]) {
    const bytes = Uint8Array.from({ length: length + 2 }, (_, at) => at * 7);
    const text = latin1(bytes, 1, length);
    assertEquals(text.length, length);
    assertEquals(fromLatin1(text), bytes.slice(1, length + 1));
  }
  assertEquals(latin1(ALL).charCodeAt(0x80), 0x80);
  assertEquals(latin1(ALL, 254), "\xfe\xff");
});

Deno.test("utf8 encodes text beyond latin1", () => {
  assertEquals(utf8("a€"), new Uint8Array([0x61, 0xe2, 0x82, 0xac]));
});

Deno.test("equalBytes compares runs at their own offsets", () => {
  const a = fromLatin1("xxabc");
  assert(equalBytes(a, 2, fromLatin1("abc"), 0, 3));
  assert(!equalBytes(a, 2, fromLatin1("abd"), 0, 3));
  assert(equalBytes(a, 0, fromLatin1("z"), 1, 0));
});

Deno.test("compareBytes orders unsigned bytes, a prefix first", () => {
  const order = ["", "\0", "A", "a", "a\0", "aa", "ab", "b", "\x80", "\xff", "\xff\xff"];
  order.forEach((a, i) => {
    order.forEach((b, j) => {
      const result = compareBytes(fromLatin1("?" + a), 1, a.length, fromLatin1(b), 0, b.length);
      assertEquals(Math.sign(result), Math.sign(i - j), JSON.stringify([a, b]));
    });
  });
});

Deno.test("equalIgnoreCase ignores the case of A to Z only", () => {
  const same = (text: string, lower: string) =>
    equalIgnoreCase(fromLatin1("." + text), 1, text.length, fromLatin1(lower));
  assert(same("GeT", "get"));
  assert(same("CLIENT|kill", "client|kill"));
  assert(!same("GET", "gets"));
  assert(!same("@", "`"));
  assert(!same("[", "{"));
  assert(!same("\xc0", "\xe0"));
  assert(same("", ""));
});

Deno.test("indexOfByte finds the first one inside the run, in short and long runs", () => {
  for (const length of [10, 64, 65, 500]) {
    const bytes = new Uint8Array(length + 20);
    bytes[3] = bytes[length + 12] = 9;
    assertEquals(indexOfByte(bytes, 9, 0, length), 3);
    assertEquals(indexOfByte(bytes, 9, 4, length), -1);
    assertEquals(indexOfByte(bytes, 9, 13, length), length + 12);
  }
});

Deno.test("quoted escapes as sdscatrepr does", () => {
  const text = 'a"\\\n\r\t\x07\b\0\x1b\x7f\x80\xff é~';
  const expected = '"a\\"\\\\\\n\\r\\t\\a\\b\\x00\\x1b\\x7f\\x80\\xff \\xe9~"';
  assertEquals(quoted(fromLatin1(text)), expected);
  assertEquals(quoted(fromLatin1("abc"), 1, 1), '"b"');
});
