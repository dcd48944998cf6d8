/** Who a client is and which protocol it speaks: AUTH and HELLO. */

import { REDIS_VERSION } from "../../config/version.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors, quotedArgument } from "../../engine/errors.ts";
import { readInteger } from "../../engine/arguments.ts";
import { readClientWord } from "./client_words.ts";

const BEFORE_AUTH = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.FAST | Flag.NO_AUTH |
  Flag.ALLOW_BUSY;

const NO_PROTO = new CommandError("NOPROTO unsupported protocol version");
const NOT_A_VERSION = new CommandError(
  "ERR Protocol version is not an integer or out of range",
);
const HELLO_NO_AUTH = new CommandError(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH " +
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol " +
    "version at the same time",
);

export const AUTH = command({
  name: "AUTH",
  usage: "[username]@6.0.0 password",
  summary: "Proves who the client is.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of passwords of the user",
  flags: BEFORE_AUTH,
  run(call) {
    const { request, session, context } = call;
    const { authentication } = context;
    if (call.count > 3) throw errors.SYNTAX;
    const last = call.count - 1;
    const password = request.copy(last);
    if (call.count === 2) authentication.requirePassword();
    const user = call.count === 2 ? "default" : request.text(1);
    authentication.authenticate(session, user, password);
    call.reply.ok();
  },
});

export const HELLO = command({
  name: "HELLO",
  usage: "[arguments: protover [AUTH username password] [SETNAME clientname]]",
  summary: "Chooses the protocol, and tells what the server is.",
  since: "6.0.0",
  complexity: "O(1)",
  flags: BEFORE_AUTH,
  run(call) {
    const { session, context } = call;
    const wanted = readHello(call);
    if (wanted.user !== null) {
      context.authentication.authenticate(session, wanted.user, wanted.password);
    }
    if (!session.isAuthenticated) throw HELLO_NO_AUTH;
    if (wanted.name !== null) session.name = wanted.name;
    if (wanted.protocol !== 0) session.reply.protocol = wanted.protocol;
    replyHello(call);
  },
});

interface HelloArguments {
  /** 0: unchanged. */
  protocol: number;
  user: string | null;
  password: Uint8Array;
  name: string | null;
}

function readHello(call: Call): HelloArguments {
  const { request } = call;
  const wanted: HelloArguments = {
    protocol: 0,
    user: null,
    password: new Uint8Array(0),
    name: null,
  };
  if (call.count === 1) return wanted;
  wanted.protocol = readInteger(call, 1, NOT_A_VERSION);
  if (wanted.protocol !== 2 && wanted.protocol !== 3) throw NO_PROTO;
  for (let i = 2; i < call.count; i++) {
    const left = call.count - 1 - i;
    if (left >= 2 && request.is(i, "AUTH")) {
      wanted.user = request.text(i + 1);
      wanted.password = request.copy(i + 2);
      i += 2;
    } else if (left >= 1 && request.is(i, "SETNAME")) {
      wanted.name = readClientWord(call, ++i, "Client names");
    } else {
      throw new CommandError(`ERR Syntax error in HELLO option '${quotedArgument(request, i)}'`);
    }
  }
  return wanted;
}

function replyHello(call: Call): void {
  const { reply, session } = call;
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(REDIS_VERSION);
  reply.bulk("proto");
  reply.integer(reply.protocol);
  reply.bulk("id");
  reply.integer(session.id);
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

export const AUTH_COMMANDS = [AUTH, HELLO];
