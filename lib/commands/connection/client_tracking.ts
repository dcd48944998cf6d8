/** CLIENT: what a connection that caches replies wants to be told, and where. */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, cString, errors } from "../../engine/errors.ts";
import type { TrackingState } from "../../engine/tracking_state.ts";

const PLAIN = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;

const ONE_REDIRECTION = new CommandError(
  "ERR A client can only redirect to a single other client",
);
const NO_SUCH_CLIENT = new CommandError(
  "ERR The client ID you want redirect to does not exist",
);
const PREFIX_WITHOUT_BCAST = new CommandError(
  "ERR PREFIX option requires BCAST mode to be enabled",
);
const MODE_SWITCHED = "before disabling tracking for this client, and then re-enabling it with a " +
  "different mode.";
const BCAST_SWITCHED = new CommandError(
  `ERR You can't switch BCAST mode on/off ${MODE_SWITCHED}`,
);
const OPT_SWITCHED = new CommandError(
  `ERR You can't switch OPTIN/OPTOUT mode ${MODE_SWITCHED}`,
);
const OPT_WITH_BCAST = new CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST");
const OPT_BOTH = new CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const CACHING_WITHOUT_TRACKING = new CommandError(
  "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or " +
    "OPTOUT mode enabled",
);
const CACHING_YES = new CommandError(
  "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
);
const CACHING_NO = new CommandError(
  "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
);

interface TrackingArguments {
  /** Id of a session; 0 for none. */
  redirect: number;
  isBroadcast: boolean;
  optsIn: boolean;
  optsOut: boolean;
  noLoop: boolean;
  /** One character a byte. */
  readonly prefixes: string[];
}

export const CLIENT_TRACKING = command({
  name: "CLIENT|TRACKING",
  usage: "(status: ON | OFF) [REDIRECT client-id] [PREFIX prefix] ... [BCAST] [OPTIN] [OPTOUT] " +
    "[NOLOOP]",
  summary: "Has this connection, or another in its place, told when what it has read changes.",
  since: "6.0.0",
  complexity: "O(1); some options cost more",
  flags: PLAIN,
  run(call) {
    const { request, session, context } = call;
    const wanted = readTracking(call);
    if (request.is(2, "ON")) {
      checkModes(wanted, session.tracking);
      if (wanted.isBroadcast) checkPrefixes(wanted.prefixes, session.tracking);
      context.tracking.turnOn(session, wanted.redirect, wanted, wanted.prefixes);
    } else if (request.is(2, "OFF")) context.tracking.turnOff(session);
    else throw errors.SYNTAX;
    call.reply.ok();
  },
});

export const CLIENT_CACHING = command({
  name: "CLIENT|CACHING",
  usage: "(mode: YES | NO)",
  summary: "Says whether the keys that the next command reads are cached.",
  since: "6.0.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    const state = call.session.tracking;
    if (state === null || !state.isOn) throw CACHING_WITHOUT_TRACKING;
    if (call.request.is(2, "YES")) {
      if (!state.options.optsIn) throw CACHING_YES;
    } else if (call.request.is(2, "NO")) {
      if (!state.options.optsOut) throw CACHING_NO;
    } else throw errors.SYNTAX;
    state.caching = true;
    call.reply.ok();
  },
});

export const CLIENT_GETREDIR = command({
  name: "CLIENT|GETREDIR",
  summary: "Replies with the connection that invalidation messages are sent to.",
  since: "6.0.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    call.reply.integer(redirectOf(call.session.tracking));
  },
});

export const CLIENT_TRACKINGINFO = command({
  name: "CLIENT|TRACKINGINFO",
  summary: "Shows what this connection has asked of CLIENT TRACKING.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: PLAIN,
  run(call) {
    const { reply, session } = call;
    const state = session.tracking;
    reply.map(3);
    reply.bulk("flags");
    const flags = flagsOf(state);
    reply.set(flags.length);
    for (const flag of flags) reply.bulk(flag);
    reply.bulk("redirect");
    reply.integer(redirectOf(state));
    reply.bulk("prefixes");
    const prefixes = [...state?.prefixes ?? []].sort();
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.bulkBytes(fromLatin1(prefix));
  },
});

function redirectOf(state: TrackingState | null): number {
  return state?.isOn === true ? state.redirect : -1;
}

function flagsOf(state: TrackingState | null): string[] {
  if (state === null || !state.isOn) return ["off"];
  const { isBroadcast, optsIn, optsOut, noLoop } = state.options;
  const flags = ["on"];
  if (isBroadcast) flags.push("bcast");
  if (optsIn) flags.push("optin");
  if (optsIn && state.caching) flags.push("caching-yes");
  if (optsOut) flags.push("optout");
  if (optsOut && state.caching) flags.push("caching-no");
  if (noLoop) flags.push("noloop");
  if (state.isBroken) flags.push("broken_redirect");
  return flags;
}

function readTracking(call: Call): TrackingArguments {
  const { request } = call;
  const wanted: TrackingArguments = {
    redirect: 0,
    isBroadcast: false,
    optsIn: false,
    optsOut: false,
    noLoop: false,
    prefixes: [],
  };
  for (let i = 3; i < call.count; i++) {
    const hasMore = i + 1 < call.count;
    if (hasMore && request.is(i, "REDIRECT")) {
      if (wanted.redirect !== 0) throw ONE_REDIRECTION;
      wanted.redirect = Number(readBigInteger(call, ++i));
      if (call.context.sessions.get(wanted.redirect) === undefined) throw NO_SUCH_CLIENT;
    } else if (request.is(i, "BCAST")) wanted.isBroadcast = true;
    else if (request.is(i, "OPTIN")) wanted.optsIn = true;
    else if (request.is(i, "OPTOUT")) wanted.optsOut = true;
    else if (request.is(i, "NOLOOP")) wanted.noLoop = true;
    else if (hasMore && request.is(i, "PREFIX")) wanted.prefixes.push(request.text(++i));
    else throw errors.SYNTAX;
  }
  return wanted;
}

/** Modes must fit one another, and those that the connection is in. */
function checkModes(wanted: TrackingArguments, state: TrackingState | null): void {
  if (!wanted.isBroadcast && wanted.prefixes.length > 0) throw PREFIX_WITHOUT_BCAST;
  const isOn = state?.isOn === true;
  const options = state?.options;
  if (isOn && options?.isBroadcast !== wanted.isBroadcast) throw BCAST_SWITCHED;
  if (wanted.isBroadcast && (wanted.optsIn || wanted.optsOut)) throw OPT_WITH_BCAST;
  if (wanted.optsIn && wanted.optsOut) throw OPT_BOTH;
  if ((wanted.optsIn && options?.optsOut) || (wanted.optsOut && options?.optsIn)) {
    throw OPT_SWITCHED;
  }
}

/** No key may have two prefixes of one connection, which would be told of it twice. */
function checkPrefixes(prefixes: readonly string[], state: TrackingState | null): void {
  const existing = [...state?.prefixes ?? []].sort();
  for (const [i, prefix] of prefixes.entries()) {
    const other = existing.find((other) => overlap(prefix, other));
    if (other !== undefined) throw overlapping(prefix, "an existing", other);
    for (const other of prefixes.slice(i + 1)) {
      if (overlap(prefix, other)) throw overlapping(prefix, "another provided", other);
    }
  }
}

function overlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function overlapping(prefix: string, kind: string, other: string): CommandError {
  return new CommandError(
    `ERR Prefix '${cString(prefix)}' overlaps with ${kind} prefix '${cString(other)}'. Prefixes ` +
      "for a single client must not overlap.",
  );
}

export const CLIENT_TRACKING_COMMANDS = [
  CLIENT_TRACKING,
  CLIENT_CACHING,
  CLIENT_GETREDIR,
  CLIENT_TRACKINGINFO,
];
