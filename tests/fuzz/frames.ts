/**
 * Requests broken on purpose: valid ones with flipped bits, wrong lengths, pieces cut out or spliced in,
 * and lines of garbage. The same seed makes the same frames.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import { COMMANDS } from "../../lib/commands/all.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { factsByName } from "../tools/command_facts.ts";

/** What mutation starts from; nothing here waits, needs much memory, or changes the server. */
const REQUESTS: readonly string[][] = [
  ["PING"],
  ["PING", "hello"],
  ["ECHO", "a\0b\r\nc"],
  ["SET", "key:1", "value"],
  ["SET", "key:2", "12345", "EX", "100000"],
  ["SET", "key:3", "x".repeat(300)],
  ["SET", "key:4", "x".repeat(5000)],
  ["GET", "key:1"],
  ["GET", "missing"],
  ["MGET", "key:1", "key:2", "key:3"],
  ["MSET", "key:5", "a", "key:6", "b"],
  ["INCR", "counter"],
  ["INCRBY", "counter", "9223372036854775807"],
  ["APPEND", "key:7", "abc"],
  ["STRLEN", "key:7"],
  ["DEL", "key:1", "key:2"],
  ["EXISTS", "key:1"],
  ["TYPE", "key:1"],
  ["TTL", "key:2"],
  ["SELECT", "1"],
  ["HELLO", "3"],
  ["HELLO", "2"],
  ["NOSUCH", "a", "b"],
  ["GET"],
  [],
  [""],
];

/**
 * Commands that frames may name. Mutation makes any word out of any other sooner or later, and some
 * commands end, stop or load the server; others may not be built yet.
 */
const ALLOWED = new Set(
  REQUESTS.map((words) => words[0] ?? "").filter((name) =>
    Object.values(COMMANDS).flat().some(({ options }) => options.name === name)
  ),
);

/** All that redis-server knows and frames must not say. */
const FORBIDDEN = new Set(
  [...factsByName().keys()].map((name) => name.toUpperCase()).filter((name) => !ALLOWED.has(name)),
);

const NUMBERS = [
  ...["0", "-0", "-1", "-2", "1", "2", "3", "10", "100", "1024", "65536", "1048576", "1048577"],
  ...["536870912", "536870913", "2147483647", "2147483648", "-2147483648", "4294967296"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775809", "", " 5", "+5", "05"],
  ...["5 ", "1e3", "0x10", "99999999999999999999999", "x", "-", "1\0", "1\n"],
];

const TYPES = "*$+-:_,#!=(~%>|.\0 \r\n";

const LINES = [
  ...["PING\r\n", "PING\n", "\r\n", "\n", " \r\n", "ECHO hello\r\n", 'ECHO "a\\x00b\\n"\r\n'],
  ...['ECHO "open\r\n', "ECHO 'open\r\n", 'ECHO "a"b\r\n', "ECHO 'a\\'b'\r\n", "GET key:1 \r\n"],
  ...["set key:1 'v' \n", "\0\r\n", "PING\0\r\n", "\xff\xfe\r\n", "GET / HTTP/1.1\r\n\r\n"],
  ...['"PING"\r\n', "\tPING\v\f\r\n", "*\r\n", "$\r\n", "*-1\r\n", "*0\r\n", "*1\r\n$-1\r\n"],
  ...["*1\r\n:4\r\nPING\r\n", "*2\r\n*1\r\n", "%1\r\n+a\r\n+b\r\n", "_\r\n", "#t\r\n"],
  ...["*1\r\n$0\r\n\r\n", "*2\r\n$4\r\nPING\r\n$0\r\n\r\n", "*1 \r\n$4\r\nPING\r\n"],
];

export class Frames {
  private readonly random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** The next frame that says nothing forbidden. */
  next(): Uint8Array {
    for (;;) {
      const frame = this.make();
      if (!saysForbidden(frame)) return fromLatin1(frame);
    }
  }

  /** Where the frame is cut into writes: up to four pieces. */
  pieces(frame: Uint8Array): Uint8Array[] {
    const cuts = new Set<number>();
    for (let left = this.random.below(4); left > 0; left--) cuts.add(this.below(frame.length + 1));
    const edges = [0, ...[...cuts].sort((a, b) => a - b), frame.length];
    const pieces = edges.slice(1).map((end, i) => frame.subarray(edges[i], end));
    return pieces.filter((piece) => piece.length > 0);
  }

  private make(): string {
    let frame = this.start();
    for (let left = this.below(4); left > 0; left--) frame = this.mutate(frame);
    if (this.oneIn(3)) frame += this.valid();
    return frame;
  }

  private start(): string {
    if (this.oneIn(400)) return this.pick(["*", "$", "PING ", "*1\r\n$"]) + "1".repeat(70_000);
    if (this.oneIn(30)) return this.valid().repeat(1 + this.below(300));
    if (this.oneIn(5)) return this.pick(LINES);
    if (this.oneIn(25)) return this.garbage(200);
    let frame = "";
    for (let left = 1 + this.below(4); left > 0; left--) frame += this.valid();
    return frame;
  }

  private mutate(frame: string): string {
    const at = this.below(frame.length + 1);
    const length = this.below(8);
    switch (this.below(10)) {
      case 0: {
        if (at === frame.length) return frame;
        const flipped = frame.charCodeAt(at) ^ (1 << this.below(8));
        return frame.slice(0, at) + String.fromCharCode(flipped) + frame.slice(at + 1);
      }
      case 1:
        return frame.slice(0, at);
      case 2:
        return frame.slice(0, at) + frame.slice(at + length);
      case 3:
        return frame.slice(0, at) + frame.slice(at, at + length) + frame.slice(at);
      case 4:
        return frame.slice(0, at) + this.garbage(8) + frame.slice(at);
      case 5:
        return frame.slice(0, at) + this.valid() + frame.slice(at);
      case 6:
        return frame.slice(0, at) + this.pick(TYPES) + frame.slice(at + this.below(2));
      case 7:
        return this.replaceOne(frame, /\r\n/g, this.pick(["\n", "\r", "", "\r\r\n", "\0\r\n"]));
      default:
        return this.replaceOne(frame, /(?<=[*$])-?\d+/g, this.pick(NUMBERS));
    }
  }

  private replaceOne(frame: string, pattern: RegExp, replacement: string): string {
    const matches = [...frame.matchAll(pattern)];
    if (matches.length === 0) return frame;
    const match = this.pick(matches);
    return frame.slice(0, match.index) + replacement +
      frame.slice(match.index + match[0].length);
  }

  private valid(): string {
    if (this.oneIn(6)) return this.pick(LINES);
    const words = this.pick(REQUESTS);
    return `*${words.length}\r\n` + words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
  }

  private garbage(most: number): string {
    let text = "";
    for (let left = this.below(most); left > 0; left--) {
      text += String.fromCharCode(this.below(256));
    }
    return text;
  }

  private below(limit: number): number {
    return this.random.below(limit);
  }

  private oneIn(times: number): boolean {
    return this.random.below(times) === 0;
  }

  private pick<T>(items: ArrayLike<T>): T {
    return items[this.random.below(items.length)];
  }
}

function saysForbidden(frame: string): boolean {
  const words = frame.toUpperCase().split(/[^A-Z0-9_-]+/);
  return words.some((word) => FORBIDDEN.has(word));
}

/** The frame as a string literal, to be kept in a test. */
export function literal(frame: Uint8Array): string {
  return JSON.stringify(latin1(frame)).replaceAll(/[\x7f-\xff]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16)}`;
  });
}
