import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { matchGlob } from "../../../lib/bytes/glob.ts";
import { Random, seed } from "./random.ts";
import { needs } from "../../support/peers.ts";
import { withRealServer } from "./real_server.ts";

const ALPHABET = "ab[]^-\\*?bB\xff";

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const bytes = fromLatin1("*" + pattern + "*");
  const textBytes = fromLatin1("a" + text + "a");
  return matchGlob(bytes, 1, pattern.length, textBytes, 1, text.length, ignoreCase);
}

type Token = "star" | ((char: string) => boolean);

/** The same verdict by other means: the pattern is cut into tokens, which are tried recursively. */
function model(pattern: string, text: string, ignoreCase: boolean): boolean {
  if (text === "") return pattern === "";
  return tryTokens(tokens(pattern, ignoreCase), 0, text);
}

function tryTokens(list: Token[], at: number, text: string): boolean {
  if (at === list.length) return text === "";
  const token = list[at];
  if (token === "star") {
    return tryTokens(list, at + 1, text) || (text !== "" && tryTokens(list, at, text.slice(1)));
  }
  return text !== "" && token(text[0]) && tryTokens(list, at + 1, text.slice(1));
}

function tokens(pattern: string, ignoreCase: boolean): Token[] {
  const fold = (char: string) => ignoreCase ? char.replace(/[A-Z]/, (c) => c.toLowerCase()) : char;
  const list: Token[] = [];
  for (let rest = pattern; rest !== "";) {
    const [, escaped] = /^\\([^])/.exec(rest) ?? [];
    const group = /^\[(\^?)((?:\\[^]|[^\]\\]-[^]|[^\]\\]|\\$)*)\]?/.exec(rest);
    if (rest[0] === "*") {
      list.push("star");
      rest = rest.slice(1);
    } else if (rest[0] === "?") {
      list.push(() => true);
      rest = rest.slice(1);
    } else if (group !== null) {
      const parts = group[2].match(/\\[^]|[^]-[^]|[^]/g) ?? [];
      list.push((char) => parts.some((part) => inPart(part, char, fold)) !== (group[1] === "^"));
      rest = rest.slice(group[0].length);
    } else {
      const literal = escaped ?? rest[0];
      list.push((char) => fold(char) === fold(literal));
      rest = rest.slice(escaped === undefined ? 1 : 2);
    }
  }
  return list;
}

function inPart(part: string, char: string, fold: (char: string) => string): boolean {
  if (part.length === 1) return fold(part) === fold(char);
  if (part[0] === "\\" && part.length === 2) return part[1] === char;
  const signed = (text: string) => (text.charCodeAt(0) << 24) >> 24;
  const [low, high] = [part[0], part[2]].sort((a, b) => signed(a) - signed(b));
  return signed(fold(char)) >= signed(fold(low)) && signed(fold(char)) <= signed(fold(high));
}

Deno.test("matchGlob knows stars, question marks, classes and escapes", () => {
  for (const pattern of ["h?llo", "h*llo", "h[ae]llo", "h[^x]llo", "h[a-f]llo", "*", "h\\ello"]) {
    assert(matches(pattern, "hello"), pattern);
  }
  for (const pattern of ["h?lo", "h*x", "h[^e]llo", "h[f-z]llo", "hell", "hello?", "", "\\*"]) {
    assert(!matches(pattern, "hello"), pattern);
  }
  assert(matches("\\*", "*") && matches("[\\]]", "]") && matches("a**b*", "ab"));
  assert(matches("*ab*ab*c", "ababxabc"));
});

Deno.test("matchGlob keeps the odd cases of Redis", () => {
  assert(matches("", "") && !matches("*", "") && !matches("**", ""));
  assert(matches("[abc", "b") && !matches("[abc", "d"));
  assert(matches("[^", "x") && !matches("[", "["));
  assert(matches("[z-a]", "m"));
  assert(matches("a\\", "a\\"));
  assert(matches("[a-]", "a") && matches("[a-]", "]") && !matches("[a-]", "-"));
  assert(matches("[\xff-a]", "\xff") && matches("[\xff-a]", "A") && !matches("[\xff-a]", "b"));
});

Deno.test("matchGlob ignores the case of letters when told to, but for escapes in classes", () => {
  assert(matches("HeL*", "hello", true) && !matches("HeL*", "hello", false));
  assert(matches("[A-Z]", "q", true) && matches("[Q]", "q", true) && matches("\\Q", "q", true));
  assert(!matches("[\\Q]", "q", true));
});

Deno.test("matchGlob agrees with a recursive model on random patterns", () => {
  const random = new Random(seed());
  let matched = 0;
  for (let i = 0; i < 60_000; i++) {
    const pattern = random.text(ALPHABET, 8);
    const text = random.text("abB]-\\\xff", 6);
    const ignoreCase = random.below(2) === 1;
    const expected = model(pattern, text, ignoreCase);
    if (expected) matched++;
    assertEquals(
      matches(pattern, text, ignoreCase),
      expected,
      JSON.stringify([pattern, text, ignoreCase]),
    );
  }
  assert(matched > 2000);
});

Deno.test("matchGlob stays within pattern times text steps on patterns of 64 KiB", () => {
  const text = "a".repeat(20_000);
  assert(!matches("a*".repeat(32_768), text));
  assert(matches("*a".repeat(15_000), text));
  assert(!matches("*a".repeat(15_000) + "b", text));
  assert(!matches("[a".repeat(32_768), text));
});

needs(
  "redis-server",
  "KEYS of a real server gives the same keys",
  () =>
    withRealServer(async (pipeline) => {
      const random = new Random(seed());
      const keys = new Set<string>([""]);
      while (keys.size < 300) keys.add(random.text("aabB[]^-\\*?\xff\x80", 5));
      await pipeline([...keys].map((key) => ["SET", key, ""]));
      const patterns = Array.from({ length: 4000 }, () => random.text(ALPHABET + "\x80", 8));
      const replies = await pipeline(patterns.map((pattern) => ["KEYS", pattern]));
      patterns.forEach((pattern, i) => {
        if (pattern === "*") return; // KEYS takes this one for all keys, the empty one included
        const expected = [...keys].filter((key) => matches(pattern, key)).sort();
        const actual = replies[i];
        assert(Array.isArray(actual));
        assertEquals(actual.sort(), expected, JSON.stringify(pattern));
      });
    }),
);
