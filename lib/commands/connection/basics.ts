/** What a connection is used for first and last: PING, ECHO, SELECT, RESET, QUIT. */

import { readDatabase } from "../../engine/arguments.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, wrongArity } from "../../engine/errors.ts";
import { Gate, ReplyMode } from "../../engine/session.ts";

const BEFORE_AUTH = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE | Flag.FAST | Flag.NO_AUTH |
  Flag.ALLOW_BUSY;

export const PING = command({
  name: "PING",
  usage: "[message]",
  summary: "Replies with the message, or PONG without one.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.FAST,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    const { request, reply } = call;
    if (call.count > 2) throw wrongArity("ping");
    if ((call.session.gate & Gate.SUBSCRIBED) !== 0 && reply.protocol === 2) {
      // A RESP2 subscriber expects arrays only.
      reply.array(2);
      reply.bulk("pong");
      if (call.count === 1) reply.bulk("");
      else reply.bulkRange(request.data, request.offsets[1], request.lengths[1]);
    } else if (call.count === 1) reply.simple("PONG");
    else reply.bulkRange(request.data, request.offsets[1], request.lengths[1]);
  },
});

export const ECHO = command({
  name: "ECHO",
  usage: "message",
  summary: "Replies with the message.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.LOADING | Flag.STALE | Flag.FAST,
  run(call) {
    call.reply.bulkRange(call.request.data, call.request.offsets[1], call.request.lengths[1]);
  },
});

export const SELECT = command({
  name: "SELECT",
  usage: "index",
  summary: "Chooses the database that this connection works on.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.LOADING | Flag.STALE | Flag.FAST,
  run(call) {
    call.session.db = readDatabase(call, 1);
    call.reply.ok();
  },
});

export const QUIT = command({
  name: "QUIT",
  summary: "Closes the connection once the reply is sent.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: BEFORE_AUTH,
  arity: -1,
  run(call) {
    call.session.closing = true;
    call.reply.ok();
  },
});

const NOT_NORMAL = new CommandError("ERR can only reset normal client connections");

export const RESET = command({
  name: "RESET",
  summary: "Puts the connection back to how it was when it was opened.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: BEFORE_AUTH,
  run(call) {
    const { session, context } = call;
    if (session.kind === "replica") throw NOT_NORMAL;
    session.db = context.store.databases[0];
    session.reply.protocol = 2;
    session.replyMode = ReplyMode.ON;
    session.name = "";
    session.noEvict = false;
    session.noTouch = false;
    context.transactions.discard(session);
    context.pubsub.leave(session);
    context.tracking.turnOff(session);
    context.monitor.remove(session);
    context.authentication.reset(session);
    call.reply.simple("RESET");
  },
});

export const BASICS_COMMANDS = [PING, ECHO, SELECT, QUIT, RESET];
