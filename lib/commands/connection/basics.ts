/** Commands that say whether the other side is there. */

import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";

export const PING = command({
  name: "PING",
  usage: "[message]",
  summary: "Replies with the message, or PONG without one.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.FAST,
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  run(call) {
    if (call.count === 1) call.reply.simple("PONG");
    else call.reply.bulkRange(call.request.buffer, call.request.offsets[1], call.request.lengths[1]);
  },
});

export const BASICS_COMMANDS = [PING];
