/** Transactions: commands that are run together, unless watched keys have changed. */

import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";

const ANYTIME = Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;
const QUICK = ANYTIME | Flag.FAST | Flag.ALLOW_BUSY;

export const MULTI = command({
  name: "MULTI",
  summary: "Begins a transaction: what follows is queued until EXEC.",
  since: "1.2.0",
  complexity: "O(1)",
  flags: QUICK,
  run(call) {
    if (call.session.queue !== null) throw errors.MULTI_NESTED;
    call.context.transactions.begin(call.session);
    call.reply.ok();
  },
});

export const EXEC = command({
  name: "EXEC",
  summary: "Runs what was queued since MULTI, unless a watched key has changed.",
  since: "1.2.0",
  complexity: "That of the queued commands",
  flags: ANYTIME | Flag.SKIP_SLOW_LOG,
  run(call) {
    call.context.transactions.execute(call.session, call.reply);
  },
});

export const DISCARD = command({
  name: "DISCARD",
  summary: "Ends a transaction without running any of it, and all watching.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of queued commands",
  flags: QUICK,
  run(call) {
    if (call.session.queue === null) throw errors.DISCARD_WITHOUT_MULTI;
    call.context.transactions.discard(call.session);
    call.reply.ok();
  },
});

export const WATCH = command({
  name: "WATCH",
  usage: "key [key ...]",
  summary: "Makes the next EXEC depend on keys: it runs nothing if one of them changes before.",
  since: "2.2.0",
  complexity: "O(1) for each key",
  flags: QUICK,
  keys: Access.RO,
  run(call) {
    const { session, context, request } = call;
    if (session.queue !== null) throw errors.WATCH_IN_MULTI;
    for (let i = 1; i < call.count; i++) {
      context.transactions.watch(session, call.db, request.view(i));
    }
    call.reply.ok();
  },
});

export const UNWATCH = command({
  name: "UNWATCH",
  summary: "Takes all watching back; changes seen until now no longer count.",
  since: "2.2.0",
  complexity: "O(1) for each watched key",
  flags: QUICK,
  run(call) {
    call.context.transactions.unwatch(call.session);
    call.reply.ok();
  },
});

export const TRANSACTION_COMMANDS = [MULTI, EXEC, DISCARD, WATCH, UNWATCH];
