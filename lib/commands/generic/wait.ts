/** Waiting until what a client wrote has arrived elsewhere: WAIT and WAITAOF. */

import { readClampedInteger, readIntegerInRange, readTimeoutMs } from "../../engine/arguments.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const TIPS = ["request_policy:all_shards", "response_policy:agg_min"];

export const WAIT = command({
  name: "WAIT",
  usage: "numreplicas timeout:integer",
  summary: "Waits until so many replicas have what this connection wrote; replies how many do.",
  since: "3.0.0",
  complexity: "O(1)",
  flags: Flag.NO_SCRIPT,
  categories: ["@connection"],
  tips: TIPS,
  run(call) {
    const { context, session } = call;
    if (context.replication?.isReplica === true) throw errors.WAIT_ON_REPLICA;
    const replicas = readClampedInteger(call, 1);
    const timeoutMs = readTimeoutMs(call, 2);
    context.acknowledgements.wait(context, session, { local: null, replicas, timeoutMs });
  },
});

export const WAITAOF = command({
  name: "WAITAOF",
  usage: "numlocal:integer numreplicas timeout:integer",
  summary: "Waits until what this connection wrote is on so many disks, here and at replicas.",
  since: "7.2.0",
  complexity: "O(1)",
  flags: Flag.BLOCKING,
  categories: ["@connection"],
  tips: TIPS,
  run(call) {
    const { context, session } = call;
    if (context.replication?.isReplica === true) throw errors.WAITAOF_ON_REPLICA;
    const local = readIntegerInRange(call, 1, 0, 1);
    const replicas = readIntegerInRange(call, 2, 0, MOST, errors.MUST_BE_POSITIVE);
    const timeoutMs = readTimeoutMs(call, 3);
    if (local > 0 && context.durability?.isOn !== true) throw errors.WAITAOF_WITHOUT_AOF;
    context.acknowledgements.wait(context, session, { local, replicas, timeoutMs });
  },
});

export const WAIT_COMMANDS = [WAIT, WAITAOF];
