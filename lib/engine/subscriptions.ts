/** What one session is subscribed to; names have one character a byte. */

/** The three kinds of names that one can subscribe to. */
export const Topic = { CHANNEL: 0, PATTERN: 1, SHARD_CHANNEL: 2 } as const;

export type TopicKind = (typeof Topic)[keyof typeof Topic];

export class Subscriptions {
  /** By {@linkcode Topic}. */
  readonly names: readonly [Set<string>, Set<string>, Set<string>] = [
    new Set(),
    new Set(),
    new Set(),
  ];

  /** The count that confirmations show: shard channels are counted by themselves. */
  countBeside(topic: TopicKind): number {
    const [channels, patterns, shardChannels] = this.names;
    return topic === Topic.SHARD_CHANNEL ? shardChannels.size : channels.size + patterns.size;
  }

  get total(): number {
    const [channels, patterns, shardChannels] = this.names;
    return channels.size + patterns.size + shardChannels.size;
  }
}
