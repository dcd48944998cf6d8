/** Sending messages, and what can be asked about those who listen. */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { matchGlob } from "../../bytes/glob.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { helpCommand } from "../../engine/help.ts";
import { rangeSpec } from "../../engine/key_specs.ts";
import { Target } from "../../engine/propagation.ts";
import { Topic, type TopicKind } from "../../engine/subscriptions.ts";

const ANYTIME = Flag.PUBSUB | Flag.LOADING | Flag.STALE;

/** Replicas get PUBLISH and SPUBLISH, the append-only file does not: no message changes the data. */
const PUBLISHING = ANYTIME | Flag.FAST | Flag.MAY_REPLICATE;

export const PUBLISH = command({
  name: "PUBLISH",
  usage: "channel message",
  summary: "Sends a message to all who listen to a channel, and counts them.",
  since: "2.0.0",
  complexity: "O(N+M) for N listeners to the channel and M patterns of all clients",
  flags: PUBLISHING,
  run(call) {
    const { request, context } = call;
    call.reply.integer(context.pubsub.publishArguments(request));
    replicate(call);
  },
});

export const SPUBLISH = command({
  name: "SPUBLISH",
  usage: "shardchannel message",
  summary: "Sends a message to all who listen to a shard channel, and counts them.",
  since: "7.0.0",
  complexity: "O(N) for N listeners to the shard channel",
  flags: PUBLISHING,
  keySpecs: [rangeSpec(Access.NOT_KEY, 1)],
  run(call) {
    const { request, context } = call;
    call.reply.integer(context.pubsub.publishToShard(request));
    replicate(call);
  },
});

export const PUBSUB = command({
  name: "PUBSUB",
  summary: "Holds the subcommands about channels and patterns.",
  since: "2.8.0",
  complexity: "Depends on subcommand.",
});

export const PUBSUB_CHANNELS = command({
  name: "PUBSUB|CHANNELS",
  usage: "[pattern]",
  summary: "Lists the channels that somebody listens to.",
  since: "2.8.0",
  complexity: "O(N) where N is the number of such channels",
  flags: ANYTIME,
  run(call) {
    replyNames(call, Topic.CHANNEL);
  },
});

export const PUBSUB_SHARDCHANNELS = command({
  name: "PUBSUB|SHARDCHANNELS",
  usage: "[pattern]",
  summary: "Lists the shard channels that somebody listens to.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of such shard channels",
  flags: ANYTIME,
  run(call) {
    replyNames(call, Topic.SHARD_CHANNEL);
  },
});

export const PUBSUB_NUMSUB = command({
  name: "PUBSUB|NUMSUB",
  usage: "[channel ...]",
  summary: "Counts who listens to channels by their names.",
  since: "2.8.0",
  complexity: "O(N) where N is the number of channels asked for",
  flags: ANYTIME,
  run(call) {
    replyCounts(call, Topic.CHANNEL);
  },
});

export const PUBSUB_SHARDNUMSUB = command({
  name: "PUBSUB|SHARDNUMSUB",
  usage: "[shardchannel ...]",
  summary: "Counts who listens to shard channels.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of shard channels asked for",
  flags: ANYTIME,
  run(call) {
    replyCounts(call, Topic.SHARD_CHANNEL);
  },
});

export const PUBSUB_NUMPAT = command({
  name: "PUBSUB|NUMPAT",
  summary: "Counts the different patterns that somebody listens by.",
  since: "2.8.0",
  complexity: "O(1)",
  flags: ANYTIME,
  run(call) {
    call.reply.integer(call.context.pubsub.count(Topic.PATTERN));
  },
});

const PUBSUB_HELP = helpCommand({ container: "PUBSUB", since: "6.2.0" });

function replyNames(call: Call, topic: TopicKind): void {
  const { reply, request } = call;
  const pattern = call.count > 2 ? request.view(2) : null;
  const start = reply.length;
  let count = 0;
  for (const text of call.context.pubsub.names(topic)) {
    const name = fromLatin1(text);
    if (
      pattern !== null &&
      !matchGlob(pattern, 0, pattern.length, name, 0, name.length, false)
    ) continue;
    reply.bulkBytes(name);
    count++;
  }
  reply.arrayAt(start, count);
}

/** Name and count in turn; a flat array in RESP3 too, as in Redis. */
function replyCounts(call: Call, topic: TopicKind): void {
  const { reply, request } = call;
  reply.array((call.count - 2) * 2);
  for (let i = 2; i < call.count; i++) {
    const name = request.view(i);
    reply.bulkBytes(name);
    reply.integer(call.context.pubsub.subscribersOf(topic, latin1(name)));
  }
}

/** Sends the same to who listens at replicas. */
function replicate(call: Call): void {
  const { context, db, request, targets } = call;
  context.propagation.emit(db.index, request, targets & Target.REPLICAS);
}

export const PUBLISH_COMMANDS = [
  PUBLISH,
  SPUBLISH,
  PUBSUB,
  PUBSUB_CHANNELS,
  PUBSUB_HELP,
  PUBSUB_NUMPAT,
  PUBSUB_NUMSUB,
  PUBSUB_SHARDCHANNELS,
  PUBSUB_SHARDNUMSUB,
];
