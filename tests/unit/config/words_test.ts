import { assertEquals } from "@std/assert";
import {
  binaryText,
  hostText,
  plainWord,
  quotedWord,
  splitWords,
} from "../../../lib/config/words.ts";

Deno.test("a line is split at blanks of any kind", () => {
  assertEquals(splitWords("  save 900\t1 \v x"), ["save", "900", "1", "x"]);
  assertEquals(splitWords(""), []);
});

Deno.test("double quotes take escapes, single quotes only that of themselves", () => {
  assertEquals(splitWords('a "x y\\n\\x41\\xfF\\"\\q\\xzz"'), ["a", 'x y\nA\xff"qxzz']);
  assertEquals(splitWords("a 'it\\'s\\n' ''"), ["a", "it's\\n", ""]);
});

Deno.test("quotes may begin inside a word but must end it", () => {
  assertEquals(splitWords('ab"c d"'), ["abc d"]);
  assertEquals(splitWords('"a"b'), null);
  assertEquals(splitWords("'a'b"), null);
});

Deno.test("quotes that are not closed make a line unusable", () => {
  for (const line of ['a "b', "a 'b", 'a "b\\"', 'a "b\\', "a '\\'", 'a"b']) {
    assertEquals(splitWords(line), null, line);
  }
});

Deno.test("a NUL ends a line", () => {
  assertEquals(splitWords("timeout 1\0 2"), ["timeout", "1"]);
});

Deno.test("every byte survives being quoted and read again", () => {
  let all = "";
  for (let code = 0; code < 256; code++) all += String.fromCharCode(code);
  for (const text of [all, "", "#", "a b", "'", '"', "\\x41", "\\"]) {
    assertEquals(splitWords(quotedWord(text)), [text]);
    assertEquals(splitWords(plainWord(text)), [text]);
    assertEquals(/[\n\r\0]/.test(quotedWord(text)), false);
  }
});

Deno.test("words are quoted only where they need it", () => {
  assertEquals(plainWord("~app:*"), "~app:*");
  assertEquals(plainWord("-::1"), "-::1");
  assertEquals(plainWord("a b"), '"a b"');
});

Deno.test("text of the host's becomes UTF-8 bytes and comes back", () => {
  assertEquals(binaryText("é€"), "\xc3\xa9\xe2\x82\xac");
  assertEquals(hostText(binaryText("é€")), "é€");
});
