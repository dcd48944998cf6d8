/** Effects as bytes of the stream: the same ones however the client had sent the command. */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { Backlog } from "../../../lib/replication/backlog.ts";
import { ReplicationStream } from "../../../lib/replication/stream.ts";
import { Request } from "../../../lib/resp/request.ts";
import { Parsed, RequestParser } from "../../../lib/resp/request_parser.ts";
import { encodeCommand } from "../../support/resp_client.ts";

const SELECT = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";

/** What the stream holds after one request that a client has sent. */
function passedOn(sent: Uint8Array): string {
  const parser = new RequestParser({ maxBulkBytes: 1 << 20 });
  parser.feed(sent);
  assertEquals(parser.next(), Parsed.REQUEST);
  return streamed(parser.request);
}

function streamed(request: Request): string {
  const backlog = new Backlog(0);
  let appended = 0;
  const stream = new ReplicationStream(backlog, () => appended++);
  stream.effect(0, request);
  assertEquals(appended, 1);
  assertEquals(backlog.committed, backlog.end);
  let text = "";
  // A long command lies in a piece of memory of its own.
  while (text.length < backlog.end) text += latin1(backlog.read(text.length) as Uint8Array);
  return text;
}

Deno.test("a command goes on as it came, whatever the lengths of its arguments", () => {
  for (const length of [0, 1, 9, 10, 11, 99, 100, 101, 255, 256, 1000, 70_000]) {
    for (const words of [["SET", "k".repeat(length), "v"], ["SET", "k", "v".repeat(length)]]) {
      const sent = encodeCommand(words);
      assertEquals(passedOn(sent), SELECT + latin1(sent), `length ${length}`);
    }
  }
});

Deno.test("a command of one word, and one of many, go on as they came", () => {
  for (const words of [["FLUSHALL"], ["DEL", ...Array.from({ length: 120 }, (_, i) => `k${i}`)]]) {
    const sent = encodeCommand(words);
    assertEquals(passedOn(sent), SELECT + latin1(sent));
  }
});

Deno.test("a command that came inline or from within goes on as a request of RESP", () => {
  const expected = SELECT + latin1(encodeCommand(["SET", "key", "a b"]));
  assertEquals(passedOn(new TextEncoder().encode('SET key "a b"\r\n')), expected);
  assertEquals(streamed(Request.from(["SET", "key", "a b"])), expected);
});

Deno.test("arguments whose ends a client has marked otherwise go on with the usual ones", () => {
  const expected = SELECT + latin1(encodeCommand(["SET", "key", "v"]));
  for (
    const sent of [
      "*3\r\n$3\r\nSETxx$3\r\nkey\r\n$1\r\nvyy",
      "*3\r\n$3\r\nSET\r\n$3\r\nkey..$1\r\nv\r\n",
    ]
  ) {
    assertEquals(passedOn(new TextEncoder().encode(sent)), expected);
  }
});
