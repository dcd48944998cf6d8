/** CLIENT: what a connection tells of itself and of others. */

import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { clientInfo } from "../../engine/client_info.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors, quotedArgument } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import type { Session } from "../../engine/session.ts";
import { readClientWord } from "./client_words.ts";

const PLAIN = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;

const INVALID_ID = new CommandError("ERR Invalid client ID");

export const CLIENT = command({
  name: "CLIENT",
  summary: "Commands about connections.",
  since: "2.4.0",
  complexity: "Depends on the subcommand.",
});

export const CLIENT_ID = command({
  name: "CLIENT|ID",
  summary: "Replies with the number of this connection.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    call.reply.integer(call.session.id);
  },
});

export const CLIENT_INFO = command({
  name: "CLIENT|INFO",
  summary: "Describes this connection.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: PLAIN,
  tips: ["nondeterministic_output"],
  run(call) {
    call.reply.verbatim("txt", line(call, call.session));
  },
});

export const CLIENT_LIST = command({
  name: "CLIENT|LIST",
  usage: "[TYPE (NORMAL | MASTER | REPLICA | PUBSUB)]@5.0.0 [ID (id: client-id [client-id " +
    "...])]@6.2.0",
  summary: "Describes connections, one a line.",
  since: "2.4.0",
  complexity: "O(N) where N is the number of connections",
  flags: Flag.ADMIN | PLAIN,
  tips: ["nondeterministic_output"],
  run(call) {
    let text = "";
    for (const session of listed(call)) text += line(call, session);
    call.reply.verbatim("txt", text);
  },
});

export const CLIENT_SETNAME = command({
  name: "CLIENT|SETNAME",
  usage: "connection-name",
  summary: "Gives this connection a name; an empty one takes it back.",
  since: "2.6.9",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    call.session.name = readClientWord(call, 2, "Client names");
    call.reply.ok();
  },
});

export const CLIENT_GETNAME = command({
  name: "CLIENT|GETNAME",
  summary: "Replies with the name of this connection.",
  since: "2.6.9",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    if (call.session.name === "") call.reply.null();
    else call.reply.bulk(call.session.name);
  },
});

export const CLIENT_SETINFO = command({
  name: "CLIENT|SETINFO",
  usage: "(attr: LIB-NAME libname | LIB-VER libver)",
  summary: "Tells which client library is used, and its version.",
  since: "7.2.0",
  complexity: "O(1)",
  flags: PLAIN,
  tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
  run(call) {
    const { request, session } = call;
    const attribute = quotedArgument(request, 2);
    const isName = request.is(2, "LIB-NAME");
    if (!isName && !request.is(2, "LIB-VER")) {
      throw new CommandError(`ERR Unrecognized option '${attribute}'`);
    }
    const value = readClientWord(call, 3, attribute);
    if (isName) session.libraryName = value;
    else session.libraryVersion = value;
    call.reply.ok();
  },
});

const CLIENT_HELP = helpCommand({ container: "CLIENT", since: "5.0.0" });

/** Kinds of clients as TYPE options name them; null for a word that is none. */
export function readClientType(call: Call, index: number): string {
  const { request } = call;
  if (request.is(index, "NORMAL")) return "normal";
  if (request.is(index, "MASTER")) return "master";
  if (request.is(index, "REPLICA") || request.is(index, "SLAVE")) return "replica";
  if (request.is(index, "PUBSUB")) return "pubsub";
  throw new CommandError(`ERR Unknown client type '${quotedArgument(request, index)}'`);
}

/** Whether a session's client is of a kind that {@linkcode readClientType} has read. */
export function isOfType(session: Session, type: string): boolean {
  return (session.primary === null ? session.kind : "master") === type;
}

function listed(call: Call): Session[] {
  const { request, context } = call;
  const { sessions } = context;
  if (call.count === 2) return [...sessions.all()];
  if (call.count === 4 && request.is(2, "TYPE")) {
    const type = readClientType(call, 3);
    return [...sessions.all()].filter((session) => isOfType(session, type));
  }
  if (call.count < 4 || !request.is(2, "ID")) throw errors.SYNTAX;
  const found: Session[] = [];
  for (let i = 3; i < call.count; i++) {
    const session = sessions.get(Number(readBigInteger(call, i, INVALID_ID)));
    if (session !== undefined) found.push(session);
  }
  return found;
}

function line(call: Call, session: Session): string {
  const running = session === call.session ? call.request : undefined;
  return `${clientInfo(session, call.context.store.state.now, running)}\n`;
}

export const CLIENT_COMMANDS = [
  CLIENT,
  CLIENT_ID,
  CLIENT_INFO,
  CLIENT_LIST,
  CLIENT_SETNAME,
  CLIENT_GETNAME,
  CLIENT_SETINFO,
  CLIENT_HELP,
];
