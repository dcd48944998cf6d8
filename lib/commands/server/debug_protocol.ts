/** DEBUG PROTOCOL: a sample of every type of reply, for the tests of clients; the values are Redis's. */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Call } from "../../engine/call.ts";
import { CommandError } from "../../engine/errors.ts";
import type { ReplyWriter } from "../../resp/reply_writer.ts";

const NO_PUSH_IN_RESP2 = new CommandError("ERR RESP2 is not supported by this command");

const SAMPLES: ReadonlyMap<string, (reply: ReplyWriter) => void> = new Map([
  ["string", (reply) => reply.bulk("Hello World")],
  ["integer", (reply) => reply.integer(12345)],
  ["double", (reply) => reply.double(3.141)],
  ["bignum", (reply) => reply.bigNumber("1234567999999999999999999999999999999")],
  ["null", (reply) => reply.null()],
  ["array", (reply) => {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  }],
  ["set", (reply) => {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  }],
  ["map", (reply) => {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.boolean(i === 1);
    }
  }],
  ["attrib", (reply) => {
    if (reply.protocol === 3) {
      reply.attribute(1);
      reply.bulk("key-popularity");
      reply.array(2);
      reply.bulk("key:123");
      reply.integer(90);
    }
    reply.bulk("Some real reply following the attribute");
  }],
  ["push", (reply) => {
    if (reply.protocol === 2) throw NO_PUSH_IN_RESP2;
    reply.push(2);
    reply.bulk("server-cpu-usage");
    reply.integer(42);
    // Clients that put pushes aside still wait for the reply.
    reply.bulk("Some real reply following the push reply");
  }],
  ["verbatim", (reply) => reply.verbatim("txt", "This is a verbatim\nstring")],
  ["true", (reply) => reply.boolean(true)],
  ["false", (reply) => reply.boolean(false)],
]);

const WRONG_TYPE_NAME = new CommandError(
  "ERR Wrong protocol type name. Please use one of the following: " +
    [...SAMPLES.keys()].join("|"),
);

export function replySample(call: Call): void {
  const write = SAMPLES.get(latin1(call.request.view(2)).toLowerCase());
  if (write === undefined) throw WRONG_TYPE_NAME;
  write(call.reply);
}
