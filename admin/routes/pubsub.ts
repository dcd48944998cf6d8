/** `GET /api/v1/pubsub`: who listens to what. The messages themselves are in events.ts. */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import type { TopicKind } from "../../lib/engine/subscriptions.ts";
import { Topic } from "../../lib/engine/subscriptions.ts";
import type { AdminEngine } from "../engine_access.ts";
import type { JsonBytes } from "../json_values.ts";
import { jsonBytes } from "../json_values.ts";
import { integer } from "../query.ts";
import { route } from "../route.ts";

export interface TopicShown {
  readonly name: JsonBytes;
  readonly subscribers: number;
}

export const pubsubRoute = route({
  path: "/api/v1/pubsub",
  summary: "Shows channels, patterns and shard channels with their subscribers.",
  query: {
    limit: integer({ initial: 1000, min: 1, max: 1000 }, "Names of each kind to show."),
  },
  handle(asked) {
    const { engine } = asked;
    const { pubsub, commands: table } = engine.context;
    const topics = (topic: TopicKind) => ({
      total: pubsub.count(topic),
      items: namesOf(engine, topic, asked.query.limit),
    });
    return asked.c.json({
      channels: topics(Topic.CHANNEL),
      patterns: topics(Topic.PATTERN),
      shardChannels: topics(Topic.SHARD_CHANNEL),
      subscribedClients: pubsub.subscribedSessions,
      published: table.byName("PUBLISH")?.stats.calls ?? 0,
      publishedToShards: table.byName("SPUBLISH")?.stats.calls ?? 0,
    });
  },
});

function namesOf({ context }: AdminEngine, topic: TopicKind, limit: number): TopicShown[] {
  const shown: TopicShown[] = [];
  for (const name of context.pubsub.names(topic)) {
    if (shown.length === limit) break;
    const subscribers = context.pubsub.subscribersOf(topic, name);
    shown.push({ name: jsonBytes(fromLatin1(name)), subscribers });
  }
  return shown;
}
