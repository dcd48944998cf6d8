/**
 * Subscribing and its end. The reply is one confirmation for each name, a push in RESP3, with the number
 * of subscriptions that the connection then has: channels and patterns together, shard channels apart.
 */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { deniedBlocking } from "../../engine/errors.ts";
import { rangeSpec } from "../../engine/key_specs.ts";
import { Topic, type TopicKind } from "../../engine/subscriptions.ts";

const FLAGS = Flag.PUBSUB | Flag.NO_SCRIPT | Flag.LOADING | Flag.STALE;

export const SUBSCRIBE = command({
  name: "SUBSCRIBE",
  usage: "channel [channel ...]",
  summary: "Listens to channels.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of channels",
  flags: FLAGS,
  run(call) {
    subscribe(call, Topic.CHANNEL);
  },
});

export const PSUBSCRIBE = command({
  name: "PSUBSCRIBE",
  usage: "(pattern: pattern) ...",
  summary: "Listens to all channels whose names match patterns.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of patterns",
  flags: FLAGS,
  run(call) {
    subscribe(call, Topic.PATTERN);
  },
});

export const SSUBSCRIBE = command({
  name: "SSUBSCRIBE",
  usage: "shardchannel [shardchannel ...]",
  summary: "Listens to shard channels.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of shard channels",
  flags: FLAGS,
  keySpecs: [rangeSpec(Access.NOT_KEY, 1, -1)],
  run(call) {
    // In MULTI the two others are let through, as ever.
    if (call.session.deniesBlocking) throw deniedBlocking("SSUBSCRIBE", "a ");
    subscribe(call, Topic.SHARD_CHANNEL);
  },
});

export const UNSUBSCRIBE = command({
  name: "UNSUBSCRIBE",
  usage: "[channel ...]",
  summary: "Listens to channels no longer; without any named, to none.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of channels",
  flags: FLAGS,
  run(call) {
    unsubscribe(call, Topic.CHANNEL);
  },
});

export const PUNSUBSCRIBE = command({
  name: "PUNSUBSCRIBE",
  usage: "[pattern ...]",
  summary: "Listens by patterns no longer; without any named, by none.",
  since: "2.0.0",
  complexity: "O(N) where N is the number of patterns",
  flags: FLAGS,
  run(call) {
    unsubscribe(call, Topic.PATTERN);
  },
});

export const SUNSUBSCRIBE = command({
  name: "SUNSUBSCRIBE",
  usage: "[shardchannel ...]",
  summary: "Listens to shard channels no longer; without any named, to none.",
  since: "7.0.0",
  complexity: "O(N) where N is the number of shard channels",
  flags: FLAGS,
  keySpecs: [rangeSpec(Access.NOT_KEY, 1, -1)],
  run(call) {
    unsubscribe(call, Topic.SHARD_CHANNEL);
  },
});

/** First words of the confirmations, by kind. */
const SUBSCRIBED = ["subscribe", "psubscribe", "ssubscribe"].map(fromLatin1);
const UNSUBSCRIBED = ["unsubscribe", "punsubscribe", "sunsubscribe"].map(fromLatin1);

function subscribe(call: Call, topic: TopicKind): void {
  for (let i = 1; i < call.count; i++) {
    const name = call.request.view(i);
    call.context.pubsub.subscribe(call.session, topic, latin1(name));
    confirm(call, SUBSCRIBED[topic], topic, name);
  }
}

function unsubscribe(call: Call, topic: TopicKind): void {
  const { pubsub } = call.context;
  const word = UNSUBSCRIBED[topic];
  if (call.count > 1) {
    for (let i = 1; i < call.count; i++) {
      const name = call.request.view(i);
      pubsub.unsubscribe(call.session, topic, latin1(name));
      confirm(call, word, topic, name);
    }
    return;
  }
  const names = [...call.session.subscriptions?.names[topic] ?? []];
  for (const name of names) {
    pubsub.unsubscribe(call.session, topic, name);
    confirm(call, word, topic, fromLatin1(name));
  }
  // Whoever was not subscribed at all is told so once.
  if (names.length === 0) confirm(call, word, topic, null);
}

function confirm(call: Call, word: Uint8Array, topic: TopicKind, name: Uint8Array | null): void {
  const { reply, session } = call;
  reply.push(3);
  reply.bulkBytes(word);
  if (name === null) reply.null();
  else reply.bulkBytes(name);
  reply.integer(session.subscriptions?.countBeside(topic) ?? 0);
}

export const SUBSCRIBE_COMMANDS = [
  SUBSCRIBE,
  PSUBSCRIBE,
  SSUBSCRIBE,
  UNSUBSCRIBE,
  PUNSUBSCRIBE,
  SUNSUBSCRIBE,
];
