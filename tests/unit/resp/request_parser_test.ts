import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { ByteBuffer } from "../../../lib/bytes/byte_buffer.ts";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import { Request } from "../../../lib/resp/request.ts";
import { Parsed, type ReadMemory, RequestParser } from "../../../lib/resp/request_parser.ts";
import { Frames } from "../../fuzz/frames.ts";
import { needs, startRedis } from "../../support/peers.ts";

const MAX_BULK_BYTES = 512 * 1024 * 1024;

/** Everything that has an end of its own: what it parses to, or the error it ends in. */
const CASES: readonly string[] = [
  "*1\r\n$4\r\nPING\r\n",
  "*2\r\n$3\r\nGET\r\n$0\r\n\r\n",
  "*3\r\n$3\r\nSET\r\n$12\r\nabcdefghijkl\r\n$5\r\na\r\nbc\r\n*1\r\n$4\r\nPING\r\n",
  "*0\r\nPING\r\n",
  "*-1\r\n*1\r\n$4\r\nPING\r\n",
  "*-9223372036854775808\r\nPING\r\n",
  "*-9223372036854775809\r\nPING\r\n",
  "*1\rx$4\r\nPING\r\n",
  "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
  "PING\r\n",
  "PING\n",
  "PING\r\r\n",
  "  PING \t x \r\n",
  "\r\n\r\n\nPING\r\n",
  "\x0bPING\x0cx\x0by\r\n",
  'SET a "\\x41\\n\\q\\x4"\r\nGET a\r\n',
  'ECHO "\\r\\n\\t\\a\\b\\\\\\""\r\n',
  "SET a 'x\\'y\\n'\r\n",
  "'' \"\" a\r\n",
  'ECHO a"b c"\r\n',
  'ECHO "a"\x0b"b"\r\n',
  'ECHO "a"b\r\n',
  "ECHO 'a'b\r\n",
  'ECHO "a\r\n',
  "ECHO 'a\r\n",
  'ECHO "a\\"\r\n',
  "*x\r\n",
  "*\r\n",
  "*+1\r\n",
  "* 1\r\n",
  "*1 \r\n",
  "*01\r\n",
  "*-0\r\n",
  "*-01\r\n",
  "*2147483648\r\n",
  "*9223372036854775807\r\n",
  "*99999999999999999999\r\n",
  "*1\n$4\n\r\n",
  "*1\r\n+x\r\n",
  "*1\r\n\r\n",
  "*1\r\n\n\r\n",
  "*1\r\n\xff\r\n",
  "*1\r\n$-1\r\n",
  "*1\r\n$abc\r\n",
  "*1\r\n$\r\n",
  "*1\r\n$01\r\n",
  "*1\r\n$00\r\n",
  "*1\r\n$-0\r\n",
  "*1\r\n$4 \r\n",
  "*1\r\n$536870913\r\n",
  "*1\r\n$99999999999999999999\r\n",
  "*2\r\n$4\r\nECHO\r\n$-5\r\n",
  "A".repeat(64 * 1024 + 1),
  "*" + "1".repeat(64 * 1024 + 1),
  "*1\r\n$" + "1".repeat(64 * 1024 + 1),
  "*1\r\n" + "1".repeat(64 * 1024 + 1),
  "PING\0\r\n" + "A".repeat(64 * 1024),
  "*1\0\r\n" + "A".repeat(64 * 1024),
];

/** The requests in some bytes, and the error at their end, as text. */
function parse(parts: Iterable<Uint8Array>, parser = newParser()): string[] {
  const found: string[] = [];
  for (const part of parts) {
    parser.feed(part);
    for (;;) {
      const parsed = parser.next();
      if (parsed === Parsed.INCOMPLETE) break;
      if (parsed === Parsed.ERROR) return [...found, `! ${parser.error}`];
      found.push(words(parser.request));
    }
  }
  return found;
}

function words(request: Request): string {
  const all: string[] = [];
  for (let i = 0; i < request.count; i++) all.push(latin1(request.view(i)));
  return JSON.stringify(all);
}

function newParser(): RequestParser {
  return new RequestParser({ maxBulkBytes: MAX_BULK_BYTES });
}

function bytesOf(text: string): Uint8Array {
  return fromLatin1(text);
}

function* cutInto(bytes: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + size());
    yield bytes.subarray(at, end);
    at = end;
  }
}

Deno.test("requests are the same whole, byte by byte and cut at random", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (const text of CASES) {
    const whole = parse([bytesOf(text)]);
    const name = JSON.stringify(text.slice(0, 40));
    assert(whole.length > 0, name);
    assertEquals(parse(cutInto(bytesOf(text), () => 1)), whole, `${name}, byte by byte`);
    for (let round = 0; round < 5; round++) {
      const parts = cutInto(bytesOf(text), () => 1 + random.below(40));
      assertEquals(parse(parts), whole, `${name}, seed ${seed}`);
    }
  }
});

Deno.test("a line may begin with any white space, but only blanks, tabs and line ends part words", () => {
  assertEquals(parse([bytesOf("\x0bPING\x0cx\x0by z\r\n")]), ['["PING\\fx\\u000by","z"]']);
});

Deno.test("quotes in a line are read as a shell would", () => {
  assertEquals(parse([bytesOf('SET "a b" \'c"d\' "\\x00\\xfF"\r\n')]), [
    '["SET","a b","c\\"d","\\u0000ÿ"]',
  ]);
  assertEquals(parse([bytesOf('ECHO a"b c"\r\n')]), ['["ECHO","ab c"]']);
  assertEquals(parse([bytesOf("'' a\r\n")]), ['["","a"]']);
});

Deno.test("a NUL hides the rest of a header or line, up to the length limit", () => {
  assertEquals(parse([bytesOf("PING\0\r\nPING\r\n")]), []);
  assertEquals(parse([bytesOf("*1\r\n\0$4\r\nPING\r\n")]), []);
});

Deno.test("what an earlier read left in the buffer does not end a line that is too long", () => {
  const parser = newParser();
  const limit = 64 * 1024;
  // Line ends all over the buffer, then a header that never ends: its length alone decides.
  parse([bytesOf("\r\n".repeat(300_000))], parser);
  const found = parse(cutInto(bytesOf("*" + "1".repeat(limit + 10)), () => 777), parser);
  assertEquals(found, ["! Protocol error: too big mbulk count string"]);
});

Deno.test("empty lines by the ten thousand are passed over", () => {
  assertEquals(parse([bytesOf("\r\n".repeat(50_000) + "PING\r\n")]), ['["PING"]']);
  assertEquals(parse([bytesOf("*0\r\n".repeat(50_000) + "PING\r\n")]), ['["PING"]']);
});

Deno.test("a request of a million arguments arrives in many reads", () => {
  const count = 1_000_000;
  const parser = newParser();
  const text = `*${count}\r\n` + "$1\r\nx\r\n".repeat(count);
  let requests = 0;
  for (const part of cutInto(bytesOf(text), () => 100_000)) {
    parser.feed(part);
    if (parser.next() === Parsed.REQUEST) requests++;
  }
  assertEquals(requests, 1);
  assertEquals(parser.request.count, count);
  assertEquals(parser.request.text(count - 1), "x");
  assertEquals(parser.next(), Parsed.INCOMPLETE);
});

Deno.test("a large argument arrives in many reads, with what follows it", () => {
  const parser = newParser();
  const value = new Uint8Array(5_000_000).map((_, i) => i * 7);
  parser.feed(bytesOf(`*2\r\n$4\r\nECHO\r\n$${value.length}\r\n`));
  for (const part of cutInto(value, () => 65_536)) {
    assertEquals(parser.next(), Parsed.INCOMPLETE);
    parser.feed(part);
  }
  parser.feed(bytesOf("\r\nPING\r\n"));
  assertEquals(parser.next(), Parsed.REQUEST);
  assertEquals(parser.request.view(1), value);
  assertEquals(parser.next(), Parsed.REQUEST);
  assertEquals(parser.request.text(0), "PING");
});

Deno.test("the buffer goes back to a small one when little is sent", () => {
  const parser = newParser();
  parser.feed(bytesOf(`*2\r\n$4\r\nECHO\r\n$3000000\r\n${"x".repeat(3_000_000)}\r\n`));
  assertEquals(parser.next(), Parsed.REQUEST);
  assertEquals(parser.next(), Parsed.INCOMPLETE);
  for (let i = 0; i < 100; i++) parse([bytesOf("PING\r\n")], parser);
  parser.space();
  assertLess(parser.bufferBytes, 2048);
});

Deno.test("a header that announces much reserves nothing", () => {
  const parser = newParser();
  parser.feed(bytesOf("*2147483647\r\n$536870912\r\nabc"));
  assertEquals(parser.next(), Parsed.INCOMPLETE);
  parser.space();
  assertLess(parser.bufferBytes, 2048);
});

Deno.test("tighter limits hold until the client has authenticated", () => {
  for (
    const [text, error] of [
      ["*11\r\n", "unauthenticated multibulk length"],
      ["*10\r\n$16385\r\n", "unauthenticated bulk length"],
    ]
  ) {
    const parser = newParser();
    parser.authenticated = false;
    assertEquals(parse([bytesOf(text)], parser), [`! Protocol error: ${error}`]);
    assertEquals(parse([bytesOf(text)]), []);
  }
  const parser = newParser();
  parser.authenticated = false;
  assertEquals(parse([bytesOf("*10\r\n$16384\r\n")], parser), []);
});

Deno.test("a request keeps its arguments while more is read behind it", () => {
  const parser = newParser();
  parser.feed(bytesOf("PING\r\n*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n"));
  assertEquals(parser.next(), Parsed.REQUEST);
  assertEquals(parser.next(), Parsed.REQUEST);
  for (let i = 0; i < 40; i++) parser.feed(bytesOf("PING\r\n".repeat(1000)));
  assertEquals(words(parser.request), '["ECHO","hello"]');
  let pings = 0;
  while (parser.next() === Parsed.REQUEST) pings++;
  assertEquals(pings, 40_000);
});

Deno.test("what was discarded is not parsed", () => {
  const parser = newParser();
  assertEquals(parse([bytesOf("*2\r\n$4\r\nEC")], parser), []);
  parser.discard();
  assertEquals(parser.pendingBytes, 0);
  assertEquals(parse([bytesOf("PING\r\n")], parser), ['["PING"]']);
});

needs("redis-server", "protocol errors are worded as redis-server words them", async () => {
  await using redis = await startRedis();
  for (const text of CASES) {
    const error = parse([bytesOf(text)]).find((line) => line.startsWith("! "));
    if (error === undefined) continue;
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: redis.port });
    await connection.write(bytesOf(text));
    const target = new Uint8Array(1000);
    const count = await connection.read(target) ?? 0;
    connection.close();
    const reply = latin1(target.subarray(0, count));
    const expected = `-ERR ${error.slice(2).replace(/[\r\n]/g, " ")}\r\n`;
    assert(reply.endsWith(expected), `${JSON.stringify(text.slice(0, 40))}: ${reply}`);
  }
});

Deno.test("a pipeline a little longer than the buffer does not make it grow and shrink", () => {
  const parser = newParser();
  const pipeline = bytesOf("*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n".repeat(48));
  const sizes = new Set<number>();
  for (let i = 0; i < 50; i++) {
    parse([pipeline.subarray(0, 1024), pipeline.subarray(1024)], parser);
    parser.space();
    if (i > 0) sizes.add(parser.bufferBytes);
  }
  assertEquals(sizes.size, 1);
});

Deno.test("a batch holds the requests that are complete, in order", () => {
  const parser = newParser();
  const batch = Array.from({ length: 4 }, () => new Request());
  parser.feed(
    bytesOf("*1\r\n$1\r\na\r\n*2\r\n$1\r\nb\r\n$2\r\ncc\r\n*1\r\n$1\r\nd\r\n*1\r\n$5\r\nef"),
  );
  assertEquals(parser.nextBatch(batch, 0, 2), 2);
  assertEquals(parser.ended, Parsed.REQUEST);
  assertEquals([batch[0].text(0), batch[1].text(0), batch[1].text(1)], ["a", "b", "cc"]);
  assertEquals(parser.nextBatch(batch, 0, 4), 1);
  assertEquals(parser.ended, Parsed.INCOMPLETE);
  assertEquals(batch[0].text(0), "d");
  parser.feed(bytesOf("ghi\r\n"));
  assertEquals(parser.nextBatch(batch, 0, 4), 1);
  assertEquals(batch[0].text(0), "efghi");
});

Deno.test("a batch holds what is found one by one, however much the requests are alike", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (let round = 0; round < 1000; round++) {
    const bytes = bytesOf(alikeRequests(random));
    const parts = [...cutInto(bytes, () => 1 + random.below(200))];
    assertEquals(parseInBatches(parts), parse(parts), latin1(bytes));
  }
});

Deno.test("a batch holds what is found one by one of requests that were broken on purpose", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const frames = new Frames(seed);
  for (let count = 0; count < 10_000; count++) {
    const frame = frames.next();
    const pieces = frames.pieces(frame);
    assertEquals(parseInBatches(pieces), parse(pieces), latin1(frame));
  }
});

Deno.test("a request repeats the one before by its name's very bytes, and by its key until that changes", () => {
  const marks = (...lines: string[]) => {
    const parser = newParser();
    const batch = Array.from({ length: 16 }, () => new Request());
    for (const line of lines) parser.feed(framed(line.split(" ")));
    const count = parser.nextBatch(batch, 0, batch.length);
    return batch.slice(0, count).map(({ repeatsCommand, repeatsKey }) =>
      repeatsKey ? "key" : repeatsCommand ? "command" : "none"
    );
  };
  assertEquals(marks("PING", "PING", "PING"), ["none", "command", "command"]);
  assertEquals(marks("LPUSH k a", "LPUSH k b", "RPUSH k c"), ["none", "key", "none"]);
  assertEquals(marks("GET a", "GET b", "GET b", "GET b"), [
    "none",
    "command",
    "command",
    "command",
  ]);
  assertEquals(marks("GET a", "GET a", "GET b", "GET b"), ["none", "key", "none", "key"]);
  assertEquals(marks("GET a", "get a", "GET ab", "GET ab x"), ["none", "none", "none", "none"]);
  assertEquals(marks("SET k 1", "SET k 12", "SET k 3"), ["none", "none", "none"]);
  assertEquals(marks("GET k", "TTL k", "TTL k"), ["none", "none", "key"]);
  const [long, other] = ["x".repeat(300), "x".repeat(299) + "y"];
  assertEquals(marks(`GET ${long}`, `GET ${long}`, `GET ${other}`), ["none", "command", "command"]);
});

function framed(args: readonly string[]): Uint8Array {
  const parts = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return bytesOf(`*${args.length}\r\n${parts.join("")}`);
}

/** A pipeline of requests that mostly have the shape of the one before, and may end in an error. */
function alikeRequests(random: SeededRandom): string {
  const pick = (choices: readonly string[]) => choices[random.below(choices.length)];
  let text = "";
  let lengths = [3, 5];
  for (let i = random.below(40); i >= 0; i--) {
    if (random.below(4) === 0) {
      const longest = random.below(10) === 0 ? 130 : 12;
      const count = random.below(20) === 0 ? 20 : random.below(50) === 0 ? 5_000 : random.below(4);
      lengths = Array.from({ length: 1 + count }, () => random.below(longest));
    } else if (random.below(8) === 0) {
      text += pick([
        "*0\r\n",
        "PING\r\n",
        "\r\n",
        'SET a "\\x41"\r\n',
        "*-1\r\n",
        // Once unescaped where they lie, lines can begin as other requests do.
        "\t*2\r\n",
        '"*1\\r\\n" "$4" PING\r\n',
        "        *1 $4\r\n",
      ]);
    } else if (random.below(60) === 0) text += pick(["*1\r\nx", "*x\r\n", "*1\r\n$01\r\n"]);
    // What ends an argument is passed over unseen, as in Redis.
    const end = random.below(20) === 0 ? "xx" : "\r\n";
    const words = lengths.map((length) => `$${length}\r\n${pick(["a", "$"]).repeat(length)}${end}`);
    text += `*${lengths.length}\r\n${words.join("")}`;
  }
  return text;
}

/** The same as {@linkcode parse}, by batches. */
function parseInBatches(parts: Iterable<Uint8Array>): string[] {
  const parser = newParser();
  const batch = Array.from({ length: 16 }, () => new Request());
  const found: string[] = [];
  for (const part of parts) {
    parser.feed(part);
    do {
      const count = parser.nextBatch(batch, 0, batch.length);
      for (const request of batch.slice(0, count)) found.push(words(request));
      if (parser.ended === Parsed.ERROR) return [...found, `! ${parser.error}`];
    } while (parser.ended === Parsed.REQUEST);
  }
  return found;
}

Deno.test("a request that waits stays while more is read, and those behind it are found again", () => {
  const parser = newParser();
  const batch = Array.from({ length: 4 }, () => new Request());
  const many = Array.from({ length: 200 }, (_, i) => `*1\r\n$3\r\n${100 + i}\r\n`).join("");
  parser.feed(bytesOf("*1\r\n$4\r\nwait\r\n*2\r\n$1\r\nb\r\n$1\r\nc\r\n*1\r\n$9\r\npar"));
  assertEquals(parser.nextBatch(batch, 0, 4), 2);
  parser.backTo(batch, 0);
  parser.feed(bytesOf("tially\r\n" + many));
  assertEquals(parser.request.text(0), "wait");
  const found: string[] = [];
  for (let count = -1; count !== 0;) {
    count = parser.nextBatch(batch, 0, 4);
    for (let i = 0; i < count; i++) found.push(batch[i].text(0));
  }
  assertEquals(found.slice(0, 4), ["b", "partially", "100", "101"]);
  assertEquals(found.length, 202);
});

Deno.test("a parser whose search has thrown shares no request with the next", () => {
  const batch = Array.from({ length: 4 }, () => new Request());
  const failing = new RequestParser({
    get maxBulkBytes(): number {
      throw new Error("no limit");
    },
  });
  failing.feed(bytesOf("*1\r\n$1\r\na\r\n*1\r\n$100\r\n"));
  assertThrows(() => failing.nextBatch(batch, 0, 4), Error, "no limit");
  failing.abandon();
  assert(!batch.includes(failing.request));
  const other = newParser();
  other.feed(bytesOf("*2\r\n$1\r\nb\r\n"));
  assertEquals(other.nextBatch(batch, 0, 4), 0);
  failing.release();
  other.feed(bytesOf("$1\r\nc\r\n"));
  assertEquals(other.nextBatch(batch, 0, 4), 1);
  assertEquals([batch[0].text(0), batch[0].text(1)], ["b", "c"]);
});

Deno.test("an inline request ends a batch, so that it is never parsed twice", () => {
  const parser = newParser();
  const batch = Array.from({ length: 4 }, () => new Request());
  parser.feed(bytesOf('*1\r\n$1\r\na\r\nset k "x\\ty"\r\n*1\r\n$1\r\nb\r\n'));
  assertEquals(parser.nextBatch(batch, 0, 4), 1);
  parser.backTo(batch, 0);
  assertEquals(parser.nextBatch(batch, 0, 4), 2);
  assertEquals([batch[0].text(2), batch[1].text(0)], ["x\ty", "b"]);
});

Deno.test("every buffer that was taken is given back once, the last one by release", () => {
  const out = new Set<ByteBuffer>();
  const sizes: number[] = [];
  const memory: ReadMemory = {
    take: (bytes) => {
      const buffer = new ByteBuffer(bytes);
      out.add(buffer);
      sizes.push(bytes);
      return buffer;
    },
    give: (buffer) => assert(out.delete(buffer)),
  };
  const parser = new RequestParser({ maxBulkBytes: 1e9 }, true, memory);
  const request = (length: number) =>
    fromLatin1(`*2\r\n$4\r\nECHO\r\n$${length}\r\n${"x".repeat(length)}\r\n`);
  for (const length of [100, 5_000, 300_000, 100, 70_000]) {
    parser.feed(request(length));
    assertEquals(parser.next(), Parsed.REQUEST);
    assertEquals(parser.request.lengths[1], length);
    assertEquals(parser.next(), Parsed.INCOMPLETE);
    assertEquals(out.size, 1);
  }
  for (let i = 0; i < 500; i++) {
    parser.feed(request(10));
    while (parser.next() === Parsed.REQUEST);
  }
  parser.feed(request(100).subarray(0, 50));
  parser.release();
  assertEquals([out.size, parser.bufferBytes, parser.pendingBytes], [0, 0, 0]);
  assert(sizes.length > 6 && sizes.at(-1) === 1024, `${sizes}`);
});
