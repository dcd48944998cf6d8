/** CLIENT KILL, in its old form with one address and in its new one with filters. */

import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, cString, errors } from "../../engine/errors.ts";
import type { Session } from "../../engine/session.ts";
import { isOfType, readClientType } from "./client.ts";

const NO_SUCH_CLIENT = new CommandError("ERR No such client");
const BAD_ID = new CommandError("ERR client-id should be greater than 0");
const NOT_AN_AGE = new CommandError("ERR maxage is not an integer or out of range");
const BAD_AGE = new CommandError("ERR maxage should be greater than 0");

/** A client is meant when it has all that is not null here. */
interface Filter {
  id: number | null;
  type: string | null;
  user: string | null;
  address: string | null;
  localAddress: string | null;
  minAgeSeconds: number | null;
  skipMe: boolean;
}

export const CLIENT_KILL = command({
  name: "CLIENT|KILL",
  usage: "(filter: ip:port@-2.8.12 | (new-format: [ID client-id]@2.8.12 | [TYPE " +
    "(normal_master_slave_pubsub: NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | " +
    "PUBSUB)]@2.8.12 | [USER username] | [ADDR ip:port] | [LADDR ip:port]@6.2.0 | [SKIPME " +
    "yes/no]) ...)",
  summary: "Closes the connections that are meant.",
  since: "2.4.0",
  complexity: "O(N) where N is the number of connections",
  flags: Flag.ADMIN | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE,
  arity: -3,
  run(call) {
    const isOldForm = call.count === 3;
    const filter = isOldForm ? oldFilter(call) : readFilter(call);
    let killed = 0;
    for (const session of [...call.context.sessions.all()]) {
      if (!matches(call, filter, session)) continue;
      kill(call, session);
      killed++;
    }
    if (!isOldForm) call.reply.integer(killed);
    else if (killed === 0) throw NO_SUCH_CLIENT;
    else call.reply.ok();
  },
});

function kill(call: Call, session: Session): void {
  // Whoever kills itself still gets the reply.
  session.closing = true;
  if (session !== call.session) (session.link ?? session.primary)?.close();
}

/** The old form may kill the connection that asks. */
function oldFilter(call: Call): Filter {
  return { ...EVERYBODY, address: call.request.text(2), skipMe: false };
}

const EVERYBODY: Filter = {
  id: null,
  type: null,
  user: null,
  address: null,
  localAddress: null,
  minAgeSeconds: null,
  skipMe: true,
};

function readFilter(call: Call): Filter {
  const { request } = call;
  const filter = { ...EVERYBODY };
  for (let i = 2; i < call.count; i += 2) {
    const value = i + 1;
    if (value === call.count) throw errors.SYNTAX;
    if (request.is(i, "ID")) filter.id = readPositive(call, value, BAD_ID, BAD_ID);
    else if (request.is(i, "TYPE")) filter.type = readClientType(call, value);
    else if (request.is(i, "ADDR")) filter.address = request.text(value);
    else if (request.is(i, "LADDR")) filter.localAddress = request.text(value);
    else if (request.is(i, "USER")) filter.user = readUser(call, value);
    else if (request.is(i, "SKIPME")) filter.skipMe = readYesNo(call, value);
    else if (request.is(i, "MAXAGE")) {
      filter.minAgeSeconds = readPositive(call, value, NOT_AN_AGE, BAD_AGE);
    } else throw errors.SYNTAX;
  }
  return filter;
}

function readPositive(
  call: Call,
  index: number,
  notANumber: CommandError,
  tooSmall: CommandError,
): number {
  const value = readBigInteger(call, index, notANumber);
  if (value < 1n) throw tooSmall;
  return Number(value);
}

function readUser(call: Call, index: number): string {
  const user = call.request.text(index);
  if (!call.context.authentication.isUser(user)) {
    throw new CommandError(`ERR No such user '${cString(user)}'`);
  }
  return user;
}

function readYesNo(call: Call, index: number): boolean {
  if (call.request.is(index, "YES")) return true;
  if (call.request.is(index, "NO")) return false;
  throw errors.SYNTAX;
}

function matches(call: Call, filter: Filter, session: Session): boolean {
  if (filter.skipMe && session === call.session) return false;
  if (filter.id !== null && session.id !== filter.id) return false;
  if (filter.type !== null && !isOfType(session, filter.type)) return false;
  if (filter.user !== null && (session.primary !== null || session.user !== filter.user)) {
    return false;
  }
  const ends = session.link ?? session.primary;
  if (filter.address !== null && ends?.remoteAddress !== filter.address) return false;
  if (filter.localAddress !== null && ends?.localAddress !== filter.localAddress) return false;
  const ageMs = call.context.store.state.now - session.createdMs;
  return filter.minAgeSeconds === null || Math.floor(ageMs / 1000) >= filter.minAgeSeconds;
}

export const CLIENT_KILL_COMMANDS = [CLIENT_KILL];
